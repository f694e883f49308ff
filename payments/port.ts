import type { PaymentClient, ProviderMethod, ProviderName } from '../domain/payments/method.ts'

/**
 * Amounts are fen. Every call is idempotent by our own numbers. `ProviderRefusalError` is a final refusal;
 * after any other error the outcome is unknown, and the same call must be repeated.
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
  query(payment: PaymentRef): Promise<ProviderPayment>
  /**
   * Ensures that the attempt can no longer be paid. `paid`: the money must be applied or refunded.
   * @throws NotKnownYetError where the provider has no such attempt but a customer may still open it
   */
  close(payment: PaymentRef): Promise<'closed' | 'paid'>
  /** `failed` is final for this `refundNo`. */
  refund(refund: RefundRequest): Promise<RefundOutcome>
  queryRefund(refund: {
    readonly outTradeNo: string
    readonly refundNo: string
    readonly refundRef: string
  }): Promise<RefundOutcome>
  /** Never throws. @param rawBody the bytes as received, before any decoding */
  verify(rawBody: Uint8Array, headers: Headers, now: Date): VerifiedNotification
  /** @param day `YYYY-MM-DD` in Shanghai @returns undefined where the bill is not available yet */
  downloadBill(day: string): Promise<BillLine[] | undefined>
}

export interface BillLine {
  readonly kind: 'payment' | 'refund'
  readonly outTradeNo: string
  readonly refundNo?: string
  /** Positive for both kinds. */
  readonly amountFen: bigint
  readonly paymentRef?: string
  readonly at: Date
}

export interface PaymentAttempt {
  readonly outTradeNo: string
  readonly amountFen: bigint
  readonly subject: string
  /** The mall's deadline; the provider's expiry may be later. */
  readonly expiresAt: Date
  readonly returnUrl: string
  readonly client: PaymentClient
  /** The payer's id inside WeChat, specific to this shop. */
  readonly openid?: string | undefined
  readonly clientIp?: string | undefined
}

export interface OpenedPayment {
  /** The provider's number of the attempt; every later call needs it. */
  readonly providerRef: string
  /** A cashier page or QR code content. Null where the customer's app opens the cashier. */
  readonly payUrl: string | null
  /** The parameters of `WeixinJSBridge`. */
  readonly jsapi?: Readonly<Record<string, string>>
}

export interface PaymentRef {
  readonly outTradeNo: string
  /** Undefined only where `create` never answered: repeat `create` first. */
  readonly providerRef: string | undefined
  readonly expiresAt: Date
}

export type ProviderState = 'unpaid' | 'paid' | 'closed' | 'unknown'

export interface ProviderPayment {
  readonly state: ProviderState
  /** The requested amount; compare it with our own before capturing. */
  readonly amountFen?: bigint
  readonly paymentRef?: string
  readonly refundedFen?: bigint
}

export interface RefundRequest {
  readonly outTradeNo: string
  readonly providerRef: string
  readonly paymentRef?: string | undefined
  readonly refundNo: string
  readonly amountFen: bigint
  readonly reason: string
}

export type RefundState = 'done' | 'pending' | 'failed'

export interface RefundOutcome {
  readonly state: RefundState
  readonly refundRef: string
  readonly reason?: string
}

export interface Notification {
  /** The same in every repeat. */
  readonly eventId: string
  readonly kind: 'paid' | 'declined' | 'closed' | 'refunded' | 'refund_failed' | 'ignored'
  readonly outTradeNo?: string
  readonly providerRef?: string
  readonly paymentRef?: string
  readonly refundNo?: string
  readonly refundRef?: string
  /** With `refunded` and `refund_failed`: this refund's amount. */
  readonly amountFen?: bigint
  readonly occurredAt: Date
}

/** `stale` includes times too far in the future; `unknown_charset`: signed, and in a charset that is not read. */
type NotificationFault =
  | 'unsigned'
  | 'bad_signature'
  | 'stale'
  | 'malformed'
  | 'unknown_charset'
  | 'other_merchant'

export type VerifiedNotification =
  | { readonly ok: true; readonly notification: Notification }
  | { readonly ok: false; readonly fault: NotificationFault }

/** Proves nothing: a customer with the cashier's URL may still open it until it expires. */
export class NotKnownYetError extends Error {
  override name = 'NotKnownYetError'
  /** An attempt that is still unknown after this can never be paid. */
  readonly deadAt: Date

  constructor(outTradeNo: string, deadAt: Date) {
    super(`${outTradeNo} is not known at the provider, and may be opened until ${deadAt.toISOString()}`)
    this.deadAt = deadAt
  }
}

export class ProviderRefusalError extends Error {
  override name = 'ProviderRefusalError'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}
