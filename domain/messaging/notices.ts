/** Verified notifications that the mall has stored, and their outcomes. Amounts are decimal CNY. */

export type PaymentNoticeKind = 'paid' | 'declined' | 'closed' | 'refunded' | 'refund_failed' | 'ignored'
const ORDER_NOTICE_KINDS = ['accepted', 'shipped', 'finished', 'canceled'] as const
export type NoticeKind = KeptNotice['kind']

export interface KeptPaymentNotice {
  readonly eventId: string
  readonly kind: PaymentNoticeKind
  readonly outTradeNo?: string
  readonly amount?: string
  readonly paymentRef?: string
}

export interface PaymentNotice extends KeptPaymentNotice {
  readonly kind: 'paid' | 'declined' | 'closed'
  readonly outTradeNo: string
}

export interface OrderNotice {
  readonly eventId: string
  readonly kind: (typeof ORDER_NOTICE_KINDS)[number]
  readonly carrier?: string
  readonly trackingNo?: string
}

/** What the order domain says of states that only the mall decides: kept, and moves nothing. */
export interface EarlyOrderNotice {
  readonly eventId: string
  readonly kind: 'order_created' | 'order_paid'
}

export type KeptNotice = KeptPaymentNotice | OrderNotice | EarlyOrderNotice

export function isOrderNotice(notice: KeptNotice): notice is OrderNotice {
  return (ORDER_NOTICE_KINDS as readonly NoticeKind[]).includes(notice.kind)
}

export function isPaymentNotice(notice: KeptPaymentNotice | EarlyOrderNotice): notice is PaymentNotice {
  if (!('outTradeNo' in notice)) return false
  const { kind, outTradeNo } = notice
  return outTradeNo !== undefined && (kind === 'paid' || kind === 'declined' || kind === 'closed')
}

export type NoticeOutcome =
  | 'signalled'
  /** No workflow needs it. */
  | 'not_relevant'
  | 'no_order'
  | 'exchange_ended'
  | 'refund_started'
