import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Notification, VerifiedNotification } from '../port.ts'

/** Stripe's default tolerance (docs.stripe.com/webhooks/signature), here in both directions. */
const TOLERANCE_SECONDS = 300
const HEADER_MAX = 4_096

/** Never throws. @param rawBody the bytes as received */
export function verifyStripeNotification(
  rawBody: Uint8Array,
  headers: Headers,
  secret: string,
  now: Date,
): VerifiedNotification {
  const header = headers.get('stripe-signature')
  if (!header || header.length > HEADER_MAX || secret === '') return { ok: false, fault: 'unsigned' }
  const parsed = readSignatureHeader(header)
  if (!parsed) return { ok: false, fault: 'unsigned' }
  const expected = createHmac('sha256', secret).update(`${parsed.timestamp}.`).update(rawBody).digest()
  // During secret rotation there are several v1 signatures; all are compared.
  const matches = parsed.signatures.filter((signature) => timingSafeEqual(signature, expected))
  if (matches.length === 0) return { ok: false, fault: 'bad_signature' }
  const ageSeconds = Math.floor(now.getTime() / 1000) - Number(parsed.timestamp)
  if (Math.abs(ageSeconds) > TOLERANCE_SECONDS) return { ok: false, fault: 'stale' }
  const notification = readEvent(rawBody)
  return notification ? { ok: true, notification } : { ok: false, fault: 'malformed' }
}

/** `t=1492774577,v1=5257a8…,v0=6ffbb5…`; only v1 is accepted, to prevent downgrades. */
function readSignatureHeader(header: string) {
  const pairs = header.split(',').map((pair) => /^([a-z0-9]{1,8})=(.*)$/s.exec(pair))
  if (pairs.includes(null)) return undefined
  const values = (scheme: string) =>
    pairs.filter((pair) => pair?.[1] === scheme).map((pair) => pair?.[2] ?? '')
  const [timestamp, ...others] = values('t')
  const signatures = values('v1').filter((hex) => /^[0-9a-f]{64}$/.test(hex))
  if (timestamp === undefined || others.length > 0 || !/^\d{1,11}$/.test(timestamp)) return undefined
  if (signatures.length === 0) return undefined
  return { timestamp, signatures: signatures.map((hex) => Buffer.from(hex, 'hex')) }
}

const fen = z.int().nonnegative().transform(BigInt)
const metadata = z
  .record(z.string(), z.string())
  .nullish()
  .transform((pairs) => pairs ?? {})
const id = z.string().min(1).max(255)
const idOrObject = z.union([id, z.object({ id }).transform((object) => object.id)]).nullish()

const event = z.object({
  id,
  object: z.literal('event'),
  type: z.string().max(100),
  created: z.int().nonnegative().max(99_999_999_999),
  data: z.object({ object: z.unknown() }),
})
const session = z.object({
  id,
  object: z.literal('checkout.session'),
  client_reference_id: id.nullish(),
  payment_status: z.enum(['paid', 'unpaid', 'no_payment_required']),
  amount_total: fen,
  currency: z.string(),
  payment_intent: idOrObject,
})
const intent = z.object({ id, object: z.literal('payment_intent'), amount: fen, metadata })
const charge = z.object({ id, object: z.literal('charge'), payment_intent: idOrObject, metadata })
const refund = z.object({
  id,
  object: z.literal('refund'),
  amount: fen,
  currency: z.string(),
  status: z.enum(['pending', 'requires_action', 'succeeded', 'failed', 'canceled']),
  payment_intent: idOrObject,
  metadata,
})

type Said = Omit<Notification, 'eventId' | 'occurredAt'>
const IGNORED: Said = { kind: 'ignored' }

const READERS: Readonly<Record<string, (object: unknown) => Said>> = {
  'checkout.session.completed': (object) => fromSession('paid', object),
  'checkout.session.async_payment_succeeded': (object) => fromSession('paid', object),
  'checkout.session.async_payment_failed': (object) => fromSession('declined', object),
  'checkout.session.expired': (object) => fromSession('closed', object),
  'payment_intent.payment_failed': fromIntent,
  'charge.refunded': fromCharge,
  'refund.created': fromRefund,
  'refund.updated': fromRefund,
  'refund.failed': fromRefund,
}

function readEvent(rawBody: Uint8Array): Notification | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(rawBody)
    const { id: eventId, type, created, data } = event.parse(JSON.parse(text))
    const said = Object.hasOwn(READERS, type) ? READERS[type]?.(data.object) : undefined
    return { eventId, occurredAt: new Date(created * 1000), ...(said ?? IGNORED) }
  } catch {
    return undefined
  }
}

function fromSession(kind: 'paid' | 'declined' | 'closed', object: unknown): Said {
  const said = session.parse(object)
  if (!said.client_reference_id || said.currency !== 'cny') return IGNORED
  // The payment is still processing: async_payment_succeeded follows.
  if (kind === 'paid' && said.payment_status !== 'paid') return IGNORED
  return {
    kind,
    outTradeNo: said.client_reference_id,
    providerRef: said.id,
    amountFen: said.amount_total,
    ...(said.payment_intent && { paymentRef: said.payment_intent }),
  }
}

function fromIntent(object: unknown): Said {
  const said = intent.parse(object)
  const outTradeNo = said.metadata.out_trade_no
  if (!outTradeNo) return IGNORED
  return { kind: 'declined', outTradeNo, paymentRef: said.id, amountFen: said.amount }
}

/** Has the total of all refunds and no refund number, so no amount is reported. */
function fromCharge(object: unknown): Said {
  const said = charge.parse(object)
  const outTradeNo = said.metadata.out_trade_no
  if (!outTradeNo) return IGNORED
  return { kind: 'refunded', outTradeNo, ...(said.payment_intent && { paymentRef: said.payment_intent }) }
}

function fromRefund(object: unknown): Said {
  const said = refund.parse(object)
  const { refund_no: refundNo, out_trade_no: outTradeNo } = said.metadata
  const settled = said.status !== 'pending' && said.status !== 'requires_action'
  if (!refundNo || !outTradeNo || said.currency !== 'cny' || !settled) return IGNORED
  return {
    kind: said.status === 'succeeded' ? 'refunded' : 'refund_failed',
    outTradeNo,
    refundNo,
    refundRef: said.id,
    amountFen: said.amount,
    ...(said.payment_intent && { paymentRef: said.payment_intent }),
  }
}
