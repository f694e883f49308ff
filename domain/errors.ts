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

/** How a field can be wrong; the names are the seed's (5.3) where it has one. */
export type FieldRule =
  | 'required'
  | 'integer'
  | 'type'
  | 'min'
  | 'max'
  | 'min_length'
  | 'max_length'
  | 'in'
  | 'format'
  | 'unknown'
  | 'characters'
  | 'depth'
  | 'future'
  | 'past'
  | 'one_of'
  | 'exists'
  | 'taken'
  | 'stock_delta_only'
  | 'publish_only'
  | 'invalid'

export interface FieldError {
  /** The path of the field, such as `properties.limit.max_per_user`. */
  readonly field: string
  readonly rule: FieldRule
  /** The bound, the allowed values, or the expected type; put into the text where it has a place for it. */
  readonly bound?: string | undefined
}

/** A request that is well formed but names what cannot be, such as an unknown category. */
export class InvalidInputError extends Error {
  override name = 'InvalidInputError'
  readonly errors: readonly FieldError[]
  constructor(...errors: FieldError[]) {
    super(errors.map(({ field, rule }) => `${field}.${rule}`).join(', '))
    this.errors = errors
  }
}
