/** Why a request is refused. `i18n/error-texts.ts` has the texts. */
export type RefusalCode =
  | 'NOT_FOUND'
  | 'FORBIDDEN'
  | 'PRODUCT_NOT_ON_SALE'
  | 'SKU_REQUIRED'
  | 'ADDRESS_REQUIRED'
  | 'PAYMENT_METHOD_UNSUPPORTED'
  | 'PRICE_CHANGED'
  | 'STALE'
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
  | 'DELIVERY_MISMATCH'
  | 'ORDER_SERVICE_REFUSED'
  | 'SHIPMENT_EXCEEDS_REST'
  | 'CARRIER_MISMATCH'
  | 'ALREADY_EXTENDED'
  | 'ACCOUNT_REQUIRED'
  | 'CHARGE_UNAVAILABLE'
  | 'CHARGE_UNDECIDED'
  | 'VOUCHER_USED'
  | 'VOUCHER_EXPIRED'
  | 'VOUCHER_VOID'
  | 'UNDO_TOO_LATE'
  | 'REFUND_EXCEEDS_REST'
  | 'RISK_REJECTED'
  | 'REFUND_IS_WHOLE'
  | 'ENDPOINT_DISABLED'
  | 'TOO_MANY_ENDPOINTS'
  | 'NOT_RETURNABLE'
  | 'RETURN_PERIOD_OVER'
  | 'NOTHING_TO_RETURN'
  | 'AFTER_SALE_QUANTITY_EXCEEDED'
  | 'AFTER_SALE_WHOLE_ONLY'
  | 'AFTER_SALE_STATE_CONFLICT'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'RATE_LIMITED'
  | 'UNAVAILABLE'

/**
 * Distinguishes rules that share a code. `unpaid_pieces`: the limit on pieces in unpaid orders; `points`: the price in
 * points, not in cash; `not_yet` and `over`: outside the times in which the product is on sale, `available` says when.
 */
export const REFUSAL_RULES = ['unpaid_pieces', 'points', 'not_yet', 'over'] as const
export type RefusalRule = (typeof REFUSAL_RULES)[number]

export type ForbiddenReason =
  | 'own_account'
  /** The store has named staff, and the caller is not one of them. */
  | 'other_store'
  /** An external wallet keeps the points. */
  | 'points_elsewhere'

/** A refusal with the required and the available amount, as text ready for a message. */
export interface Refusal {
  readonly code: RefusalCode
  /** Only with FORBIDDEN; undefined: the role lacks the right. */
  readonly reason?: ForbiddenReason | undefined
  readonly required?: string | undefined
  readonly available?: string | undefined
  readonly rule?: RefusalRule | undefined
  /** What is missing in the address, with ADDRESS_REQUIRED. */
  readonly fields?: readonly string[] | undefined
}

/** An expected failure; anything else that is thrown is a bug or an outage. */
export class DomainError extends Error {
  override name = 'DomainError'
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.code)
    this.refusal = refusal
  }
}

export type FieldRule =
  | 'required'
  | 'integer'
  | 'type'
  | 'min'
  | 'max'
  | 'max_pixels'
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
  | 'image'
  | 'taken'
  | 'stock_delta_only'
  | 'stock_is_codes'
  | 'stock_at_shop'
  | 'check_digit'
  | 'voucher_only'
  | 'charge_only'
  | 'per_sku'
  | 'not_yet'
  | 'over'
  | 'after'
  | 'cycle'
  | 'max_depth'
  | 'publish_only'
  | 'https'
  | 'public_address'
  | 'invalid'

export interface FieldError {
  readonly field: string
  readonly rule: FieldRule
  /** The limit, the allowed values or the expected type, for the message. */
  readonly bound?: string | undefined
}

/** A well-formed request with an impossible value, such as an unknown category. */
export class InvalidInputError extends Error {
  override name = 'InvalidInputError'
  readonly errors: readonly FieldError[]
  constructor(...errors: FieldError[]) {
    super(errors.map(({ field, rule }) => `${field}.${rule}`).join(', '))
    this.errors = errors
  }
}
