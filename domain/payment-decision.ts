import type { OrderStatus, PaymentStatus } from './order-status.ts'

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
