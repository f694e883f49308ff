import { fenFromDecimal } from '../../domain/money.ts'
import type { Notification, VerifiedNotification } from '../port.ts'
import type { AlipayAccount } from './api.ts'
import { type Charset, charsetNamed, decodeText } from './charset.ts'
import { signedBytes, verifyRsa2 } from './signature.ts'
import { fromShanghaiText } from './time.ts'

const BODY_MAX = 65_536
const FIELDS_MAX = 100

type Fields = ReadonlyMap<string, string>

/**
 * Never throws. Accepts any age: Alipay repeats for 25 hours or longer, and a replay has the same `eventId`.
 */
export function verifyAlipayNotification(
  rawBody: Uint8Array,
  account: Pick<AlipayAccount, 'appId' | 'sellerId' | 'alipayPublicKey'>,
): VerifiedNotification {
  const received = readFields(rawBody)
  if (!received) return { ok: false, fault: 'malformed' }
  const charset = charsetNamed(asciiOf(received.get('charset')) ?? 'utf-8')
  const fields = charset && decodeFields(received, charset)
  if (charset && !fields) return { ok: false, fault: 'malformed' }
  const signature = asciiOf(received.get('sign'))
  // The payload must not choose the algorithm.
  if (!signature || asciiOf(received.get('sign_type')) !== 'RSA2') return { ok: false, fault: 'unsigned' }
  const signed = signedBytes([...received].filter(([name]) => name !== 'sign_type'))
  if (!isSigned(signed, signature, account.alipayPublicKey)) return { ok: false, fault: 'bad_signature' }
  if (!fields) return { ok: false, fault: 'unknown_charset' }
  if (fields.get('app_id') !== account.appId || fields.get('seller_id') !== account.sellerId) {
    return { ok: false, fault: 'other_merchant' }
  }
  const notification = readNotification(fields)
  return notification ? { ok: true, notification } : { ok: false, fault: 'malformed' }
}

function isSigned(signed: Uint8Array, signature: string, publicKey: string): boolean {
  try {
    return verifyRsa2(signed, signature, publicKey)
  } catch {
    return false
  }
}

const ESCAPE = /%([0-9A-Fa-f]{2})/g

/**
 * The fields' bytes, without any decoding but that of the form: the signature covers them. No byte of a character of
 * several bytes is a `&`, `=`, `%` or `+`. Strict: ambiguous forms are rejected.
 */
function readFields(rawBody: Uint8Array): ReadonlyMap<string, Buffer> | undefined {
  if (rawBody.length === 0 || rawBody.length > BODY_MAX) return undefined
  const fields = new Map<string, Buffer>()
  for (const pair of Buffer.from(rawBody).toString('latin1').split('&')) {
    const equals = pair.indexOf('=')
    const name = pair.slice(0, Math.max(equals, 0))
    if (!/^[A-Za-z]\w{0,63}$/.test(name) || fields.has(name) || fields.size === FIELDS_MAX) return undefined
    const value = pair.slice(equals + 1).replaceAll('+', ' ')
    if (value.replaceAll(ESCAPE, '').includes('%')) return undefined
    const bytes = value.replaceAll(ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    fields.set(name, Buffer.from(bytes, 'latin1'))
  }
  return fields
}

/** @returns undefined where a field is not in this charset */
function decodeFields(received: ReadonlyMap<string, Buffer>, charset: Charset): Fields | undefined {
  try {
    return new Map([...received].map(([name, value]) => [name, decodeText(value, charset)]))
  } catch {
    return undefined
  }
}

/** One character per byte: a field that is not ASCII is none of those that it is compared with. */
const asciiOf = (value: Buffer | undefined): string | undefined => value?.toString('latin1')

const isNumber = (text: string | undefined): text is string => /^[\w-]{1,64}$/.test(text ?? '')

function readNotification(fields: Fields): Notification | undefined {
  const at = (name: string) => fromShanghaiText(fields.get(name) ?? '')
  const [tradeNo, outTradeNo] = [fields.get('trade_no'), fields.get('out_trade_no')]
  const [status = '', refundNo = ''] = [fields.get('trade_status'), fields.get('out_biz_no')]
  const amountFen = fenFromDecimal(fields.get('total_amount') ?? '')
  const sentAt = at('notify_time')
  if (!sentAt || !isNumber(tradeNo)) return undefined
  // One trade has several events, and `notify_id` is not documented to distinguish them.
  const eventId = [tradeNo, status, refundNo].join('/').slice(0, 255)
  if (fields.get('notify_type') !== 'trade_status_sync') {
    return { eventId, kind: 'ignored', occurredAt: sentAt }
  }
  if (!isNumber(outTradeNo) || amountFen === undefined || amountFen <= 0n) return undefined
  const said = { eventId, outTradeNo, providerRef: outTradeNo, paymentRef: tradeNo }
  if (isRefund(fields)) {
    // `refund_fee` is the total of all refunds so far, so this refund's amount is unknown.
    const refund = isNumber(refundNo) ? { refundNo, refundRef: refundNo } : {}
    return { ...said, ...refund, kind: 'refunded', occurredAt: at('gmt_refund') ?? sentAt }
  }
  switch (status) {
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      return { ...said, kind: 'paid', amountFen, occurredAt: at('gmt_payment') ?? sentAt }
    case 'TRADE_CLOSED':
      return { ...said, kind: 'closed', amountFen, occurredAt: at('gmt_close') ?? sentAt }
    default:
      return { ...said, kind: 'ignored', occurredAt: sentAt }
  }
}

/**
 * TRADE_SUCCESS after a partial refund, TRADE_CLOSED after a full one; `refund_fee` is 0.00 if closed unpaid.
 */
function isRefund(fields: Fields): boolean {
  const back = fields.get('refund_fee')
  return (
    !!fields.get('gmt_refund') ||
    !!fields.get('out_biz_no') ||
    (back !== undefined && back !== '' && fenFromDecimal(back) !== 0n)
  )
}
