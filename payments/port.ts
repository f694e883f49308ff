import type { PaymentClient, ProviderMethod, ProviderName } from '../domain/payments/method.ts'

/**
 * What the mall asks of a payment provider. All amounts are fen. Every call may be repeated: the provider
 * recognises a repeat by our own numbers (`outTradeNo`, `refundNo`).
 *
 * A call that fails throws `ProviderRefusalError` where the provider said no for good, and any other error where
 * the outcome is not known (network, time-out, 429, 5xx); then the same call is to be repeated.
 */
export interface PaymentProvider {
  readonly method: ProviderMethod
  /** Its part of the address of its notifications: `/api/webhooks/payments/{name}`. */
  readonly name: ProviderName
  /** What the provider wants to read when a notification is kept; anything else makes it send again. */
  readonly received: string
  /**
   * Codes of refused refunds where the same request works once the shop has done something there, such as topped
   * up its balance. Nobody knows when, so an operator is to see it.
   */
  readonly refundWaitsForShop: readonly string[]
  /** Opens the attempt. A repeat with the same attempt returns the same payment. */
  create(attempt: PaymentAttempt): Promise<OpenedPayment>
  /** What the provider's books say now. */
  query(payment: PaymentRef): Promise<ProviderPayment>
  /**
   * Makes sure that nobody can pay this attempt any more. `paid`: money had come in first, and it is to be
   * taken or given back.
   * @throws NotKnownYet where the provider knows no such attempt, and somebody may still open and pay it
   */
  close(payment: PaymentRef): Promise<'closed' | 'paid'>
  /** Gives money of a paid attempt back. `failed` is final for this `refundNo`. */
  refund(refund: RefundRequest): Promise<RefundOutcome>
  /** @param refundRef the provider's own number, as `refund` returned it. */
  queryRefund(refund: {
    readonly outTradeNo: string
    readonly refundNo: string
    readonly refundRef: string
  }): Promise<RefundOutcome>
  /**
   * Verifies a notification and reads it.
   * @param rawBody the bytes as they came in, before any decoding
   * @returns the notification, or why it is not believed. Never throws, whatever the input.
   */
  verify(rawBody: Uint8Array, headers: Headers, now: Date): VerifiedNotification
  /**
   * The provider's own list of what was paid and given back on a day.
   * @param day `YYYY-MM-DD` in Shanghai
   * @returns undefined where the bill is not made yet
   */
  downloadBill(day: string): Promise<BillLine[] | undefined>
}

/** One movement of money in the provider's books. */
export interface BillLine {
  readonly kind: 'payment' | 'refund'
  readonly outTradeNo: string
  /** Our own number of the refund, with `refund`. */
  readonly refundNo?: string
  /** What was paid, or given back: positive in both. */
  readonly amountFen: bigint
  readonly paymentRef?: string
  readonly at: Date
}

export interface PaymentAttempt {
  /** `{order_no}-{n}` */
  readonly outTradeNo: string
  readonly amountFen: bigint
  readonly subject: string
  /** The mall's own deadline. The provider's expiry may come later, so this alone closes nothing. */
  readonly expiresAt: Date
  /** Where the customer comes back to after the cashier page. */
  readonly returnUrl: string
  readonly client: PaymentClient
  /** Who pays inside WeChat, as WeChat names him to this shop. */
  readonly openid?: string | undefined
  /** The customer's address on the network. */
  readonly clientIp?: string | undefined
}

export interface OpenedPayment {
  /** The provider's own number of the attempt; keep it for every later call. */
  readonly providerRef: string
  /** The cashier page, or what a QR code is to hold. Null where the customer's app opens the cashier. */
  readonly payUrl: string | null
  /** What the page inside WeChat hands to `WeixinJSBridge` to open the cashier. */
  readonly jsapi?: Readonly<Record<string, string>>
}

export interface PaymentRef {
  readonly outTradeNo: string
  /** Undefined only where `create` never answered: repeat `create` first, it returns the same payment. */
  readonly providerRef: string | undefined
  /** The deadline that was given to `create`. */
  readonly expiresAt: Date
}

/** `unknown`: the provider knows no such attempt, or the attempt has no `providerRef` to ask by. */
export type ProviderState = 'unpaid' | 'paid' | 'closed' | 'unknown'

export interface ProviderPayment {
  readonly state: ProviderState
  /** What was asked for. Compare with our own amount before anything is captured. */
  readonly amountFen?: bigint
  /** The provider's number of the money that came in; refunds name it. */
  readonly paymentRef?: string
  readonly refundedFen?: bigint
}

export interface RefundRequest {
  readonly outTradeNo: string
  readonly providerRef: string
  /** Where known (from a notification or `query`), saves one request. */
  readonly paymentRef?: string | undefined
  readonly refundNo: string
  readonly amountFen: bigint
  readonly reason: string
}

export type RefundState = 'done' | 'pending' | 'failed'

export interface RefundOutcome {
  readonly state: RefundState
  readonly refundRef: string
  /** Why it failed, in the provider's words. */
  readonly reason?: string
}

/**
 * A verified notification. Its amount and state are compared with our own row; money that is not what we
 * wait for goes back.
 */
export interface Notification {
  /** The provider's own number of the event, the same in every repeat. */
  readonly eventId: string
  readonly kind: 'paid' | 'declined' | 'closed' | 'refunded' | 'refund_failed' | 'ignored'
  readonly outTradeNo?: string
  readonly providerRef?: string
  readonly paymentRef?: string
  /** Our own number of the refund; with `refunded` and `refund_failed`. */
  readonly refundNo?: string
  readonly refundRef?: string
  /** With `paid` the amount that came in, with `refunded` and `refund_failed` that of this refund. */
  readonly amountFen?: bigint
  readonly occurredAt: Date
}

/** Why a notification is not believed. `stale` includes times too far ahead. */
type NotificationFault = 'unsigned' | 'bad_signature' | 'stale' | 'malformed' | 'other_merchant'

export type VerifiedNotification =
  | { readonly ok: true; readonly notification: Notification }
  | { readonly ok: false; readonly fault: NotificationFault }

/**
 * The provider knows no such attempt. That proves nothing: a customer who has the cashier's address may still
 * open it, until it expires. Ask again then.
 */
export class NotKnownYetError extends Error {
  override name = 'NotKnownYetError'
  /** From here on an attempt that is still unknown can never be paid. */
  readonly deadAt: Date

  constructor(outTradeNo: string, deadAt: Date) {
    super(`${outTradeNo} is not known at the provider, and may be opened until ${deadAt.toISOString()}`)
    this.deadAt = deadAt
  }
}

/** The provider said no, and the same request will never succeed. */
export class ProviderRefusalError extends Error {
  override name = 'ProviderRefusalError'
  /** The provider's own code, such as `charge_already_refunded`. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}
