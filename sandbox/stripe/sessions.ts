import { findTrade, insertTrade, refundsOf, type Trade } from '../books.ts'
import { takeFault } from '../faults.ts'
import { closeOpen, type Desk, receive } from '../teller.ts'
import { noSuch, refusal, StripeRefusalError } from './errors.ts'
import { AMOUNT_MAX, type Form, integer, METADATA, metadata, oneOf, required, webAddress } from './form.ts'
import {
  chargeObject,
  intentObject,
  isPaid,
  METHOD,
  newId,
  type SessionWire,
  sessionObject,
} from './objects.ts'
import type { Action } from './post.ts'

const HOUR_MS = 3_600_000

const FIELDS = [
  /^(mode|currency|client_reference_id|success_url|cancel_url|expires_at|locale)$/,
  /^payment_method_types\[\d{0,2}\]$/,
  /^line_items\[\d\]\[(quantity|price_data\]\[(currency|unit_amount|product_data\]\[(name|description)))\]$/,
  METADATA,
  /^payment_intent_data\[metadata\]\[[\w-]{1,40}\]$/,
]

/** docs.stripe.com/api/checkout/sessions/create */
export function openSession(desk: Desk): Action<Parameters<typeof insertTrade>[1]> {
  return {
    fields: FIELDS,
    read: (form) => {
      oneOf(form, 'mode', ['payment'])
      const ref = newId('cs_test', 58)
      const createdAt = new Date()
      const indexes = new Set([...form.keys()].flatMap((name) => /^line_items\[(\d)\]/.exec(name)?.[1] ?? []))
      if (indexes.size === 0) required(form, 'line_items')
      const items = [...indexes].map((index) => readItem(form, `line_items[${index}]`))
      const amountFen = items.reduce((sum, item) => sum + item.amountFen, 0n)
      if (amountFen < 1n || amountFen > BigInt(AMOUNT_MAX)) {
        const code = amountFen < 1n ? 'amount_too_small' : 'amount_too_large'
        throw new StripeRefusalError(refusal(400, `The total must be 1 to ${AMOUNT_MAX}.`, { code }))
      }
      const labels = metadata(form, 'metadata')
      const payBy = new Date(labels.pay_by ?? Number.NaN)
      const wire: SessionWire = {
        metadata: labels,
        paymentMetadata: metadata(form, 'payment_intent_data[metadata]'),
        successUrl: webAddress(form, 'success_url').replaceAll('{CHECKOUT_SESSION_ID}', ref),
        cancelUrl: form.has('cancel_url') ? webAddress(form, 'cancel_url') : null,
      }
      return {
        ref,
        method: METHOD,
        outTradeNo: form.get('client_reference_id') ?? ref,
        paymentRef: newId('pi'),
        amountFen,
        subject: items.map(({ name }) => name).join('、'),
        returnUrl: wire.successUrl,
        payBy: Number.isNaN(payBy.getTime()) ? undefined : payBy,
        expiresAt: readExpiry(form, createdAt),
        createdAt,
        wire: JSON.stringify(wire),
      }
    },
    act: (trade) => {
      const opened = insertTrade(desk.db, trade)
      return { status: 200, body: sessionObject(opened, desk.payUrl(opened.ref)) }
    },
  }
}

function readItem(form: Form, item: string) {
  required(form, `${item}[price_data][unit_amount]`)
  required(form, `${item}[quantity]`)
  oneOf(form, `${item}[price_data][currency]`, ['cny'])
  const each = integer(form, `${item}[price_data][unit_amount]`, 0, AMOUNT_MAX) ?? 0
  const quantity = integer(form, `${item}[quantity]`, 1, 999_999) ?? 1
  return {
    name: required(form, `${item}[price_data][product_data][name]`),
    amountFen: BigInt(each) * BigInt(quantity),
  }
}

/** 30 minutes to 24 hours from now; the default is 24 hours. */
function readExpiry(form: Form, now: Date): Date {
  const hours24 = new Date(now.getTime() + 24 * HOUR_MS)
  const seconds = integer(form, 'expires_at', 0, Number.MAX_SAFE_INTEGER)
  if (seconds === undefined) return hours24
  const expiresAt = new Date(seconds * 1000)
  const fits = expiresAt.getTime() >= now.getTime() + 1_800_000 && expiresAt <= hours24
  if (fits) return expiresAt
  const rule = expiresAt > hours24 ? 'less than 24 hours' : 'at least 30 minutes'
  throw new StripeRefusalError(
    refusal(400, `The \`expires_at\` timestamp must be ${rule} from Checkout Session creation.`, {
      param: 'expires_at',
    }),
  )
}

/** docs.stripe.com/api/checkout/sessions/expire */
export function expireSession(desk: Desk, id: string): Action<void> {
  return {
    fields: [],
    read: () => undefined,
    act: () => {
      const found = findTrade(desk.db, id)
      if (found?.method !== METHOD) return noSuch('checkout.session', id, 'session')
      const open = found.state === 'unpaid' || found.state === 'declined'
      const trade = open && takeFault(desk.db, METHOD, 'pay_during_close') ? receive(desk, found) : found
      if (isPaid(trade) || trade.state === 'closed') {
        const { status } = sessionObject(trade, '')
        return refusal(
          400,
          `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${status}.`,
        )
      }
      return { status: 200, body: sessionObject(closeOpen(desk, trade), '') }
    },
  }
}

export function expandSession(desk: Desk, trade: Trade, expand: ReadonlySet<string>) {
  const session = sessionObject(trade, desk.payUrl(trade.ref))
  const charge = expand.has('payment_intent.latest_charge')
  if (session.payment_intent === null || !(charge || expand.has('payment_intent'))) return session
  return { ...session, payment_intent: expandIntent(desk, trade, charge) }
}

export function expandIntent(desk: Desk, trade: Trade, withCharge: boolean) {
  const intent = intentObject(trade)
  if (intent.latest_charge === null || !withCharge) return intent
  return { ...intent, latest_charge: chargeObject(trade, refundsOf(desk.db, trade.ref)) }
}
