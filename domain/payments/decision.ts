import type { Fen } from '../money.ts'
import type { OrderStatus, PaymentStatus } from '../orders/status.ts'
import { factsOf, type PaymentClient, type PaymentMethod } from './method.ts'

/** Pure decisions about payment attempts; the activities apply them under the order's lock. */

export interface MoneyArrived {
  readonly order: OrderStatus
  readonly payment: PaymentStatus
  readonly amountMatches: boolean
}

/**
 * Applies or refunds each reported payment exactly once.
 * @returns `repeat` where it was decided before
 */
export function decideMoney({ order, payment, amountMatches }: MoneyArrived): 'settle' | 'refund' | 'repeat' {
  if (payment === 'paid' || payment === 'refunding' || payment === 'refunded') return 'repeat'
  if (order !== 'order_created' || payment === 'closed' || !amountMatches) return 'refund'
  return 'settle'
}

export interface OpenAttempt {
  readonly state: 'unpaid' | 'closing'
  readonly method: PaymentMethod
  /** Null before the attempt is opened. */
  readonly client: PaymentClient | null
  /** The provider has returned a cashier that is still valid. */
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
 * If not, the attempt is closed before the next: each client has a cashier of its own, and an attempt without
 * an answer may still be payable.
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
 * `ask_again`: unknown, so nothing may be released. @param replaced another attempt takes its place; a late
 * payment of this one is refunded
 */
export function decideClose(
  word: 'closed' | 'paid' | 'not_known_yet' | 'no_answer',
  replaced: boolean,
): 'release' | 'take' | 'ask_again' {
  if (word === 'paid') return 'take'
  if (word === 'closed') return 'release'
  // A cashier that the provider never saw opened ends at its expiry; the customer does not wait for that.
  return word === 'not_known_yet' && replaced ? 'release' : 'ask_again'
}

/** Wallet cash is refunded immediately; a provider's refund stays pending until its final answer. */
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

/** @param owed refunds of the attempt without a final answer */
export function afterRefund(payment: PaymentStatus, owed: number): PaymentStatus {
  return payment === 'refunding' && owed === 0 ? 'refunded' : payment
}

/** Whether the provider refunded the whole payment without the mall: there is nothing left to apply. */
export function isFullyRefunded(found: { readonly amountFen?: Fen; readonly refundedFen?: Fen }): boolean {
  const { amountFen, refundedFen } = found
  return amountFen !== undefined && amountFen > 0n && refundedFen !== undefined && refundedFen >= amountFen
}
