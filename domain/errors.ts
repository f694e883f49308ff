/** Why a request is refused. The API gives each code its status and its text; see `i18n/error-texts.ts`. */
export type RefusalCode =
  | 'NOT_FOUND'
  | 'FORBIDDEN'
  | 'PRODUCT_NOT_ON_SALE'
  | 'ADDRESS_REQUIRED'
  | 'PAYMENT_METHOD_UNSUPPORTED'
  | 'PRICE_CHANGED'
  | 'USER_LEVEL_TOO_LOW'
  | 'EXCHANGE_LIMIT_EXCEEDED'
  | 'TOO_MANY_UNPAID_ORDERS'
  | 'BELOW_MIN_POINTS'
  | 'POINTS_PER_ORDER_EXCEEDED'
  | 'OUT_OF_STOCK'
  | 'INSUFFICIENT_POINTS'
  | 'INSUFFICIENT_BALANCE'
  | 'ORDER_NOT_CANCELABLE'
  | 'ORDER_STATE_CONFLICT'
  | 'REFUND_EXCEEDS_REST'
  | 'RISK_REJECTED'
  | 'REFUND_IS_WHOLE'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'RATE_LIMITED'
  | 'UNAVAILABLE'

/** Which of several rules with one code refuses. `unpaid_pieces`: the pieces that a customer may hold unpaid. */
export type RefusalRule = 'unpaid_pieces'

/** Why something is FORBIDDEN that the role alone would allow. */
export type ForbiddenReason =
  /** It is the caller's own wallet, level, earning or order. */
  | 'own_account'
  /** An outside wallet keeps the points. */
  | 'points_elsewhere'

/** A refusal with its gap: what is required and what there is, as text ready for a message. */
export interface Refusal {
  readonly code: RefusalCode
  /** With FORBIDDEN only; undefined: the role does not allow it. */
  readonly reason?: ForbiddenReason | undefined
  readonly required?: string | undefined
  readonly available?: string | undefined
  /** Undefined: the usual rule of the code. */
  readonly rule?: RefusalRule | undefined
}

/** An expected failure. Everything else that is thrown is a bug or an outage. */
export class DomainError extends Error {
  override name = 'DomainError'
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.code)
    this.refusal = refusal
  }
}
