import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { findRefund, findTrade, findTradeByPayment, refundsOf, type Trade } from '../books.ts'
import type { Notice } from '../notify.ts'
import { countQuery, type Desk, type Wire } from '../teller.ts'
import { listMovements } from './balance.ts'
import { type Answer, noSuch, refusal, StripeRefusalError } from './errors.ts'
import { EXPAND, integer, readForm, required } from './form.ts'
import {
  chargeObject,
  eventObject,
  intentObject,
  METHOD,
  newId,
  refundObject,
  sessionObject,
} from './objects.ts'
import { post, reply } from './post.ts'
import { createRefund } from './refunds.ts'
import { expandIntent, expandSession, expireSession, openSession } from './sessions.ts'

const API_VERSION = '2026-10-28.endive'
const HOUR_S = 3_600

/** Three days as at Stripe, but with shorter first pauses. */
const RETRY_SECONDS = [
  ...[1, 2, 5, 10, 30, 60, 300, 900],
  ...[1, 2, 4, 8, 12, 12, 12, 12, 8].map((hours) => hours * HOUR_S),
]

export function createStripeWire(account: {
  readonly secretKey: string
  readonly webhookSecret: string
  readonly webhookUrl: string
}): Wire {
  return {
    method: METHOD,
    path: '/v1',
    channel: {
      url: account.webhookUrl,
      retrySeconds: RETRY_SECONDS,
      headers: (body, now, wrongly) => ({
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        'stripe-signature': sign(body, wrongly ? `${account.webhookSecret}?` : account.webhookSecret, now),
      }),
    },
    tradeNotices: (trade, happened) => {
      switch (happened) {
        case 'paid':
          return [notice(trade, 'checkout.session.completed', sessionObject(trade, ''))]
        case 'closed':
          return [notice(trade, 'checkout.session.expired', sessionObject(trade, ''))]
        case 'declined':
          return [notice(trade, 'payment_intent.payment_failed', intentObject(trade))]
      }
    },
    refundNotices: (trade, refund, all) => {
      const about = refundObject(trade, refund)
      if (refund.state === 'failed') return [notice(trade, 'refund.failed', about)]
      return [
        notice(trade, 'charge.refunded', chargeObject(trade, all)),
        notice(trade, 'refund.updated', about),
      ]
    },
    routes: (desk) => routes(desk, account.secretKey),
  }
}

/** Signed again for each send (docs.stripe.com/webhooks/signature). */
function sign(body: string, secret: string, now: Date): string {
  const t = Math.floor(now.getTime() / 1000)
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`
}

function notice(trade: Trade, type: string, object: object): Notice {
  const event = eventObject(type, object, API_VERSION)
  const body = JSON.stringify(event, null, 2)
  return { method: METHOD, outTradeNo: trade.outTradeNo, eventId: event.id, body }
}

function routes(desk: Desk, secretKey: string) {
  const { db } = desk
  const app = new Hono<{ Bindings: HttpBindings }>()

  app.use(async (c, next) => {
    c.header('request-id', newId('req', 14))
    c.header('stripe-version', API_VERSION)
    const refused = checkKey(c.req.header('authorization'), secretKey)
    if (refused) return reply(c, refused)
    return await next()
  })
  app.onError((error, c) => {
    if (error instanceof StripeRefusalError) return reply(c, error.answer)
    throw error
  })

  app.post('/checkout/sessions', (c) => post(c, desk, openSession(desk)))
  app.get('/checkout/sessions/:id', (c) => {
    const expand = expandOf(c)
    const trade = findTrade(db, c.req.param('id'))
    if (trade?.method !== METHOD) return reply(c, noSuch('checkout.session', c.req.param('id'), 'session'))
    countQuery(desk, trade.outTradeNo)
    return c.json(expandSession(desk, trade, expand))
  })
  app.post('/checkout/sessions/:id/expire', (c) => post(c, desk, expireSession(desk, c.req.param('id'))))
  app.get('/payment_intents/:id', (c) => {
    const expand = expandOf(c)
    const trade = findTradeByPayment(db, c.req.param('id'))
    if (!trade?.attempts) return reply(c, noSuch('payment_intent', c.req.param('id'), 'intent'))
    return c.json(expandIntent(desk, trade, expand.has('latest_charge')))
  })
  app.post('/refunds', (c) => post(c, desk, createRefund(desk)))
  app.get('/refunds', (c) => {
    const form = readForm(queryOf(c), [/^(payment_intent|limit)$/])
    const limit = integer(form, 'limit', 1, 100) ?? 10
    const trade = findTradeByPayment(db, required(form, 'payment_intent'))
    const all = trade ? refundsOf(db, trade.ref) : []
    const data = all.slice(0, limit).map((refund) => trade && refundObject(trade, refund))
    return c.json({ object: 'list', url: '/v1/refunds', has_more: all.length > limit, data })
  })
  app.get('/refunds/:id', (c) => {
    const refund = findRefund(db, c.req.param('id'))
    const trade = refund && findTrade(db, refund.tradeRef)
    if (trade?.method !== METHOD || !refund) return reply(c, noSuch('refund', c.req.param('id'), 'id'))
    return c.json(refundObject(trade, refund))
  })
  app.get('/balance_transactions', (c) => c.json(listMovements(db, queryOf(c))))
  app.all('*', (c) => reply(c, refusal(404, `Unrecognized request URL (${c.req.method}: ${c.req.path}).`)))
  return app
}

function queryOf(c: Context): string {
  return new URL(c.req.url).search.slice(1)
}

function expandOf(c: Context): ReadonlySet<string> {
  const wanted = new Set(readForm(queryOf(c), [EXPAND]).values())
  for (const name of wanted) {
    if (!['payment_intent', 'payment_intent.latest_charge', 'latest_charge'].includes(name)) {
      throw new StripeRefusalError(
        refusal(400, `This property cannot be expanded (${name}).`, { param: 'expand' }),
      )
    }
  }
  return wanted
}

function checkKey(authorization: string | undefined, secretKey: string): Answer | undefined {
  const given = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1]
  if (given === undefined) {
    return refusal(
      401,
      'You did not provide an API key. Use the header "Authorization: Bearer YOUR_SECRET_KEY".',
    )
  }
  const hash = (text: string) => createHash('sha256').update(text).digest()
  if (timingSafeEqual(hash(given), hash(secretKey))) return undefined
  return refusal(401, `Invalid API Key provided: ${given.slice(0, 7)}****${given.slice(-4)}`)
}
