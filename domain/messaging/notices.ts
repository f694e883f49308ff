/** What is told to the mall from outside, verified and kept, and what became of it. Amounts are decimal CNY. */

export type PaymentNoticeKind = 'paid' | 'declined' | 'closed' | 'refunded' | 'refund_failed' | 'ignored'
const ORDER_NOTICE_KINDS = ['accepted', 'shipped', 'finished', 'canceled'] as const
export type NoticeKind = PaymentNoticeKind | (typeof ORDER_NOTICE_KINDS)[number]

/** A payment provider's notification as it is kept. */
export interface KeptPaymentNotice {
  readonly eventId: string
  readonly kind: PaymentNoticeKind
  readonly outTradeNo?: string
  readonly amount?: string
  readonly paymentRef?: string
}

/** One that the order's workflow is told. */
export interface PaymentNotice extends KeptPaymentNotice {
  readonly kind: 'paid' | 'declined' | 'closed'
  readonly outTradeNo: string
}

/** A verified event of the order domain. */
export interface OrderNotice {
  readonly eventId: string
  readonly kind: (typeof ORDER_NOTICE_KINDS)[number]
  readonly carrier?: string
  readonly trackingNo?: string
}

export type KeptNotice = KeptPaymentNotice | OrderNotice

export function isOrderNotice(notice: KeptNotice): notice is OrderNotice {
  return (ORDER_NOTICE_KINDS as readonly NoticeKind[]).includes(notice.kind)
}

/** Whether the order's workflow has anything to do with it. */
export function isPaymentNotice(notice: KeptPaymentNotice): notice is PaymentNotice {
  const { kind, outTradeNo } = notice
  return outTradeNo !== undefined && (kind === 'paid' || kind === 'declined' || kind === 'closed')
}

/** What became of a notice once it was delivered. */
export type NoticeOutcome =
  /** The order's workflow was told. */
  | 'signalled'
  /** No workflow has anything to do with it. */
  | 'not_relevant'
  | 'no_order'
  | 'exchange_ended'
  | 'refund_started'
