import { randomInt } from 'node:crypto'
import { fenGivenBack, type Refund, type Trade } from '../books.ts'

export const METHOD = 'bank_card'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** @param prefix such as `pi` */
export function newId(prefix: string, length = 24): string {
  return `${prefix}_${Array.from({ length }, () => ALPHABET[randomInt(62)]).join('')}`
}

export interface SessionWire {
  readonly metadata: Record<string, string>
  readonly paymentMetadata: Record<string, string>
  readonly successUrl: string
  readonly cancelUrl: string | null
}

export interface RefundWire {
  readonly metadata: Record<string, string>
  readonly reason: string | null
}

const seconds = (time: Date) => Math.floor(time.getTime() / 1000)
const wireOf = (trade: Trade) => JSON.parse(trade.wire) as SessionWire
/** JSON integers; the form reader keeps amounts below 100,000,000. */
const integerOf = (fen: bigint) => Number(fen)
export const isPaid = (trade: Trade) => trade.state === 'paid' || trade.state === 'refunded'

/** docs.stripe.com/api/checkout/sessions/object */
export function sessionObject(trade: Trade, payUrl: string) {
  const wire = wireOf(trade)
  const status = isPaid(trade) ? 'complete' : trade.state === 'closed' ? 'expired' : 'open'
  return {
    id: trade.ref,
    object: 'checkout.session',
    amount_subtotal: integerOf(trade.amountFen),
    amount_total: integerOf(trade.amountFen),
    cancel_url: wire.cancelUrl,
    client_reference_id: trade.outTradeNo,
    created: seconds(trade.createdAt),
    currency: 'cny',
    customer: null,
    expires_at: seconds(trade.expiresAt),
    livemode: false,
    metadata: wire.metadata,
    mode: 'payment',
    // Created with the first payment attempt, not with the session.
    payment_intent: trade.attempts > 0 ? trade.paymentRef : null,
    payment_method_types: ['card'],
    payment_status: isPaid(trade) ? 'paid' : 'unpaid',
    status,
    success_url: wire.successUrl,
    ui_mode: 'hosted_page',
    url: status === 'open' ? payUrl : null,
  }
}

/** docs.stripe.com/api/payment_intents/object */
export function intentObject(trade: Trade) {
  const paid = isPaid(trade)
  return {
    id: trade.paymentRef,
    object: 'payment_intent',
    amount: integerOf(trade.amountFen),
    amount_received: paid ? integerOf(trade.amountFen) : 0,
    canceled_at: null,
    created: seconds(trade.createdAt),
    currency: 'cny',
    last_payment_error:
      trade.state === 'declined'
        ? {
            type: 'card_error',
            code: 'card_declined',
            decline_code: 'generic_decline',
            message: 'Your card was declined.',
          }
        : null,
    latest_charge: paid ? chargeId(trade) : null,
    livemode: false,
    metadata: wireOf(trade).paymentMetadata,
    payment_method_types: ['card'],
    status: paid ? 'succeeded' : trade.state === 'closed' ? 'canceled' : 'requires_payment_method',
  }
}

/** docs.stripe.com/api/charges/object */
export function chargeObject(trade: Trade, refunds: readonly Refund[]) {
  const back = fenGivenBack(refunds)
  return {
    id: chargeId(trade),
    object: 'charge',
    amount: integerOf(trade.amountFen),
    amount_captured: integerOf(trade.amountFen),
    amount_refunded: integerOf(back),
    captured: true,
    created: seconds(trade.createdAt),
    currency: 'cny',
    livemode: false,
    metadata: wireOf(trade).paymentMetadata,
    paid: true,
    payment_intent: trade.paymentRef,
    refunded: back === trade.amountFen,
    status: 'succeeded',
  }
}

/** docs.stripe.com/api/refunds/object */
export function refundObject(trade: Trade, refund: Refund) {
  const wire = JSON.parse(refund.wire) as RefundWire
  return {
    id: refund.ref,
    object: 'refund',
    amount: integerOf(refund.amountFen),
    charge: chargeId(trade),
    created: seconds(refund.createdAt),
    currency: 'cny',
    metadata: wire.metadata,
    payment_intent: trade.paymentRef,
    reason: wire.reason,
    status: ({ done: 'succeeded', pending: 'pending', failed: 'failed' } as const)[refund.state],
    ...(refund.state === 'failed' && { failure_reason: 'expired_or_canceled_card' }),
  }
}

/** docs.stripe.com/api/events/object: a snapshot of the object. */
export function eventObject(type: string, object: object, apiVersion: string) {
  return {
    id: newId('evt'),
    object: 'event',
    api_version: apiVersion,
    created: seconds(new Date()),
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  }
}

function chargeId(trade: Trade): string {
  return trade.paymentRef.replace(/^pi_/, 'ch_')
}
