import type { Tx } from '../db/client.ts'
import { type Charge, lockCharge } from '../db/fulfilment/charges.ts'
import type { ExchangeOrder } from '../db/orders/orders.ts'
import { isRefundable } from '../domain/fulfilment/charge.ts'

type Order = Pick<ExchangeOrder, 'order_no' | 'delivery' | 'status'>

/** Whether the supplier may have charged, so that the order cannot be taken back. Under the order's lock. */
export async function isUndecided(tx: Tx, order: Order): Promise<boolean> {
  const charge = await chargeOf(tx, order)
  return charge !== undefined && !isRefundable(charge)
}

/**
 * Whether the supplier may have charged, or may still be asked to: it charges for the whole order, so no part is refunded
 * before. Under the order's lock.
 */
export async function isOpen(tx: Tx, order: Order): Promise<boolean> {
  const charge = await chargeOf(tx, order)
  return charge !== undefined && charge.state !== 'failed'
}

/** @returns undefined where nothing is charged, or the charge has succeeded */
async function chargeOf(tx: Tx, { order_no, delivery, status }: Order): Promise<Charge | undefined> {
  return delivery === 'charge' && status === 'order_paid' ? lockCharge(tx, order_no) : undefined
}
