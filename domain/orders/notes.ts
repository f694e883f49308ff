import type { RefusalCode } from '../errors.ts'

/** What is noted with an event of an order: a code that code decides on, with its data. Texts: `i18n/note-texts.ts`. */

export const CANCEL_CODES = [
  'payment_timeout',
  'canceled_by_customer',
  'canceled_by_operator',
  'canceled_by_order_domain',
] as const

export type CancelCode = (typeof CANCEL_CODES)[number] | RefusalCode

export type OrderNote =
  /** The provider has declined the customer's payment. */
  | { readonly code: 'payment_declined' }
  /** Money came in that the order did not wait for; it is refunded. */
  | { readonly code: 'payment_not_due' }
  | { readonly code: 'refunded_in_part'; readonly data: { readonly reason: string } }
  /** A refund has arrived. */
  | { readonly code: 'refunded' }
  | { readonly code: 'refund_settled_by_hand' }
  /** Receipt was confirmed by the clock. */
  | { readonly code: 'auto_confirm' }
  | { readonly code: 'canceled'; readonly data: { readonly cause: CancelCode } }
  /** Canceled by a person, in that person's words. */
  | { readonly code: 'canceled_with_words'; readonly data: { readonly words: string } }
  /** Words of an earlier version that stand for nothing known. */
  | { readonly code: 'other'; readonly data: { readonly words: string } }

export const NOTE_CODES = [
  'payment_declined',
  'payment_not_due',
  'refunded_in_part',
  'refunded',
  'refund_settled_by_hand',
  'auto_confirm',
  'canceled',
  'canceled_with_words',
  'other',
] as const satisfies readonly OrderNote['code'][]

/**
 * Why an order was canceled. Only the mall itself says so by a code; what a person has typed stays words, whatever
 * it is.
 * @param reason a code, or the words of the person
 */
export function cancelNote(reason: string, by: { readonly type: string }): OrderNote {
  return by.type === 'system' || reason === `canceled_by_${by.type}`
    ? { code: 'canceled', data: { cause: reason as CancelCode } }
    : { code: 'canceled_with_words', data: { words: reason } }
}
