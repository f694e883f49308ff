import type { OrderStatus, PaymentStatus } from '../orders/status.ts'
import { factsOf, type PaymentClient, type PaymentMethod } from './method.ts'

/**
 * What is decided about the attempts to pay one order. Pure, so that every order of events can be played; the
 * activities do as is said here, under the order's lock.
 */

export interface MoneyArrived {
  readonly order: OrderStatus
  readonly payment: PaymentStatus
  readonly amountMatches: boolean
}

/**
 * What to do with money that a provider reports. Each payment is taken once or given back once:
 * - `settle`: the order waited for it
 * - `refund`: the order is canceled, paid by another attempt, waits under another attempt, or the amount is wrong
 * - `repeat`: this payment was decided before
 */
export function decideMoney({ order, payment, amountMatches }: MoneyArrived): 'settle' | 'refund' | 'repeat' {
  if (payment === 'paid' || payment === 'refunding' || payment === 'refunded') return 'repeat'
  if (order !== 'order_created' || payment === 'closed' || !amountMatches) return 'refund'
  return 'settle'
}

/** An attempt that is not closed, as its row has it. */
export interface OpenAttempt {
  readonly state: 'unpaid' | 'closing'
  readonly method: PaymentMethod
  /** Null before it was to be opened. */
  readonly client: PaymentClient | null
  /** The provider has answered where it can be paid, and the answer is still good. */
  readonly opened: boolean
}

const MINUTE_MS = 60_000

/**
 * Whether the address or data that a provider answered with still leads to its cashier.
 * @param ageMs since the provider answered
 */
export function cashierLives(method: PaymentMethod, client: PaymentClient, ageMs: number): boolean {
  const lives = factsOf(method)?.cashierLivesMinutes
  return lives === undefined || ageMs < (client === 'h5' ? lives.h5 : lives.other) * MINUTE_MS
}

/**
 * Whether a customer who wants to pay again can be shown the open attempt. If not, it is closed before another
 * one takes its place: also where he only stands elsewhere than before, since each product of a provider has a
 * cashier of its own, and where its opening was never answered, since somebody may see it all the same.
 * @param method undefined: as before
 */
export function canShowAgain(
  attempt: OpenAttempt,
  wanted: { readonly method?: PaymentMethod | undefined; readonly client: PaymentClient },
): boolean {
  if (attempt.state !== 'unpaid' || !attempt.opened) return false
  if (wanted.method !== undefined && wanted.method !== attempt.method) return false
  return (attempt.client ?? 'h5') === wanted.client
}

/**
 * What follows from a provider's word on an attempt that is to be closed:
 * - `release`: nobody can pay it any more, or another attempt is to take its place and what comes in on this
 *   one goes back
 * - `take`: money came in first, and is decided by `decideMoney`
 * - `ask_again`: nobody knows, so nothing may be released
 * @param replaced another attempt is to take its place
 */
export function decideClose(
  word: 'closed' | 'paid' | 'not_known_yet' | 'no_answer',
  replaced: boolean,
): 'release' | 'take' | 'ask_again' {
  if (word === 'paid') return 'take'
  if (word === 'closed') return 'release'
  // A cashier that the provider never saw opened dies at its expiry; the customer does not wait for that.
  return word === 'not_known_yet' && replaced ? 'release' : 'ask_again'
}

/**
 * What becomes of each attempt when its order is canceled. Cash of the wallet is back at once; a provider's
 * money is owed until the provider has answered for good.
 */
export function afterCancel(payment: PaymentStatus, method: PaymentMethod): PaymentStatus {
  switch (payment) {
    case 'unpaid':
    case 'closing':
      return 'closed'
    case 'paid':
      return method === 'wallet' ? 'refunded' : 'refunding'
    default:
      return payment
  }
}

/** Whether an attempt that is to go back whole is back. @param owed refunds without a final answer */
export function afterRefund(payment: PaymentStatus, owed: number): PaymentStatus {
  return payment === 'refunding' && owed === 0 ? 'refunded' : payment
}
