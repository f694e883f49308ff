import { fenFromDecimal } from '../../domain/money.ts'
import type { Notification, VerifiedNotification } from '../port.ts'
import type { AlipayAccount } from './api.ts'
import { signedText, verifyRsa2 } from './signature.ts'
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
  const fields = readFields(rawBody)
  if (!fields) return { ok: false, fault: 'malformed' }
  const signature = fields.get('sign')
  // The payload must not choose the algorithm.
  if (!signature || fields.get('sign_type') !== 'RSA2') return { ok: false, fault: 'unsigned' }
  const text = signedText([...fields].filter(([name]) => name !== 'sign_type'))
  if (!isSigned(text, signature, account.alipayPublicKey)) return { ok: false, fault: 'bad_signature' }
  if (fields.get('charset')?.toLowerCase() !== 'utf-8') return { ok: false, fault: 'malformed' }
  if (fields.get('app_id') !== account.appId || fields.get('seller_id') !== account.sellerId) {
    return { ok: false, fault: 'other_merchant' }
  }
  const notification = readNotification(fields)
  return notification ? { ok: true, notification } : { ok: false, fault: 'malformed' }
}

function isSigned(text: string, signature: string, publicKey: string): boolean {
  try {
    return verifyRsa2(text, signature, publicKey)
  } catch {
    return false
  }
}

/** Strict: ambiguous forms are rejected. */
function readFields(rawBody: Uint8Array): Fields | undefined {
  if (rawBody.length === 0 || rawBody.length > BODY_MAX) return undefined
  const fields = new Map<string, string>()
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(rawBody)
    for (const pair of text.split('&')) {
      const equals = pair.indexOf('=')
      const name = pair.slice(0, Math.max(equals, 0))
      if (!/^[A-Za-z]\w{0,63}$/.test(name) || fields.has(name) || fields.size === FIELDS_MAX) return undefined
      fields.set(name, decodeURIComponent(pair.slice(equals + 1).replaceAll('+', ' ')))
    }
  } catch {
    return undefined
  }
  return fields
}

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
