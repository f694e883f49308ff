import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { z } from 'zod'
import { findRefundByNumber, findTrade, refundsOf, type Trade } from '../books.ts'
import type { Notice } from '../notify.ts'
import { countQuery, type Desk, type Wire } from '../teller.ts'
import { billFile, billLink } from './bill.ts'
import { NO_SUCH_ORDER, refusal, WechatRefusalError } from './errors.ts'
import { METHOD, type Product, refundNotice, refundObject, sealEvent, transactionObject } from './objects.ts'
import { closeOrder, findOrder, openOrder } from './orders.ts'
import { createRefund } from './refunds.ts'
import { post, read, reply } from './request.ts'
import { checkRequest, signatureHeaders, type WechatMerchant } from './signature.ts'

/** 支付成功回调通知: 15 repeats within about a day. */
const RETRY_SECONDS = [
  ...[15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600],
  ...[10_800, 10_800, 10_800, 21_600, 21_600],
]
const SOMEBODY_ELSE = { appId: 'wx9999999999999999', mchId: '1999999999' }

const SUMMARIES = {
  SUCCESS: '退款成功',
  PROCESSING: '退款处理中',
  ABNORMAL: '退款异常',
  CLOSED: '退款关闭',
} as const

const PRODUCTS: readonly Product[] = ['jsapi', 'h5', 'native']
const asked = z.strictObject({ mchid: z.string() })

export function createWechatWire(merchant: WechatMerchant, webhookUrl: string): Wire {
  const key = { serial: merchant.keyId, privateKey: merchant.privateKey }
  let sends = 0
  return {
    method: METHOD,
    path: '/v3',
    channel: {
      url: webhookUrl,
      retrySeconds: RETRY_SECONDS,
      headers: (body, now, wrongly) => {
        sends += 1
        // During migration, notifications alternate between both keys.
        const turn = sends % 2 === 0 ? (merchant.certificate ?? key) : key
        return {
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'Mozilla/4.0',
          'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
          ...signatureHeaders(turn, body, now, wrongly),
        }
      },
    },
    tradeNotices: (trade, happened, asAnotherMerchant) => {
      if (happened !== 'paid') return []
      const named = asAnotherMerchant ? { ...merchant, ...SOMEBODY_ELSE } : merchant
      // Without refunds: the order at the time of payment.
      const order = transactionObject(named, { ...trade, state: 'paid' }, [])
      return [notice(trade, sealEvent(merchant, 'TRANSACTION.SUCCESS', 'transaction', '支付成功', order))]
    },
    refundNotices: (trade, refund) => {
      const about = refundNotice(merchant, trade, refund)
      const summary = SUMMARIES[about.refund_status]
      return [notice(trade, sealEvent(merchant, `REFUND.${about.refund_status}`, 'refund', summary, about))]
    },
    routes: (desk) => routes(desk, merchant),
  }
}

function notice(trade: Trade, event: ReturnType<typeof sealEvent>): Notice {
  return { method: METHOD, outTradeNo: trade.outTradeNo, eventId: event.id, body: JSON.stringify(event) }
}

function routes(desk: Desk, merchant: WechatMerchant) {
  const { db } = desk
  const app = new Hono<{ Bindings: HttpBindings }>()

  app.use(async (c, next) => {
    checkRequest(merchant, c.env.incoming, await c.req.text(), new Date())
    return await next()
  })
  app.onError((error, c) => {
    if (error instanceof WechatRefusalError) return reply(c, merchant, error.answer)
    throw error
  })

  for (const product of PRODUCTS) {
    app.post(`/pay/transactions/${product}`, (c) =>
      post(c, desk, merchant, openOrder(desk, merchant, product)),
    )
  }
  app.get('/pay/transactions/out-trade-no/:number', (c) => {
    const { mchid } = read(asked, c.req.query())
    countQuery(desk, c.req.param('number'))
    const trade = mchid === merchant.mchId ? findOrder(desk, c.req.param('number')) : undefined
    if (!trade) return reply(c, merchant, NO_SUCH_ORDER)
    const body = transactionObject(merchant, trade, refundsOf(db, trade.ref))
    return reply(c, merchant, { status: 200, body })
  })
  app.post('/pay/transactions/out-trade-no/:number/close', (c) =>
    post(c, desk, merchant, closeOrder(desk, c.req.param('number'))),
  )
  app.post('/refund/domestic/refunds', (c) => post(c, desk, merchant, createRefund(desk)))
  app.get('/refund/domestic/refunds/:number', (c) => {
    const refund = findRefundByNumber(db, METHOD, c.req.param('number'))
    const trade = refund && findTrade(db, refund.tradeRef)
    if (!trade) return reply(c, merchant, refusal(404, 'RESOURCE_NOT_EXISTS', '退款单不存在'))
    return reply(c, merchant, { status: 200, body: refundObject(trade, refund) })
  })
  app.get('/bill/tradebill', (c) => reply(c, merchant, billLink(desk, merchant, c.req.query())))
  app.get('/billdownload/file', (c) =>
    c.body(billFile(desk, merchant, c.req.query()), 200, { 'content-type': 'text/plain; charset=utf-8' }),
  )
  app.all('*', (c) => reply(c, merchant, refusal(404, 'RESOURCE_NOT_EXISTS', '请求的URL不存在')))
  return app
}
