import type { RefusalCode } from '../errors.ts'

/** The note on an order event: a code with data. `i18n/note-texts.ts` has the texts. */

export const CANCEL_CODES = [
  'payment_timeout',
  'canceled_by_customer',
  'canceled_by_operator',
  'canceled_by_order_domain',
  /** All its pieces were returned or refunded. */
  'returned_in_full',
  /** The supplier did not charge the account. */
  'charge_failed',
] as const

export type CancelCode = (typeof CANCEL_CODES)[number] | RefusalCode

export type OrderNote =
  | { readonly code: 'payment_declined' }
  /** A payment that the order was not waiting for; it is refunded. */
  | { readonly code: 'payment_not_due' }
  | { readonly code: 'refunded_in_part'; readonly data: { readonly reason: string } }
  | { readonly code: 'refunded' }
  | { readonly code: 'refund_settled_by_hand' }
  | { readonly code: 'auto_confirm' }
  /** The mall gave the customer what they redeemed. */
  | { readonly code: 'handed_out' }
  | { readonly code: 'code_replaced' }
  /** The supplier charged the customer's account. */
  | { readonly code: 'charged' }
  /** The supplier charged it after the order was refunded. */
  | { readonly code: 'charged_after_refund' }
  /** A parcel with a part of the order; more are to follow. */
  | { readonly code: 'parcel_sent'; readonly data: { readonly quantity: string } }
  | {
      readonly code: 'tracking_corrected'
      readonly data: { readonly before: string; readonly after: string }
    }
  | { readonly code: 'address_changed' }
  | { readonly code: 'confirm_extended'; readonly data: { readonly days: string } }
  | { readonly code: 'canceled'; readonly data: { readonly cause: CancelCode } }
  | { readonly code: 'canceled_with_words'; readonly data: { readonly words: string } }
  /** Written by an earlier version in a form that is not recognised. */
  | { readonly code: 'other'; readonly data: { readonly words: string } }

export const NOTE_CODES = [
  'payment_declined',
  'payment_not_due',
  'refunded_in_part',
  'refunded',
  'refund_settled_by_hand',
  'auto_confirm',
  'handed_out',
  'code_replaced',
  'charged',
  'charged_after_refund',
  'parcel_sent',
  'tracking_corrected',
  'address_changed',
  'confirm_extended',
  'canceled',
  'canceled_with_words',
  'other',
] as const satisfies readonly OrderNote['code'][]

/** Only the mall's own reasons are codes; a person's words stay text, even where they equal a code. */
export function cancelNote(reason: string, by: { readonly type: string }): OrderNote {
  return by.type === 'system' || reason === `canceled_by_${by.type}`
    ? { code: 'canceled', data: { cause: reason as CancelCode } }
    : { code: 'canceled_with_words', data: { words: reason } }
}
