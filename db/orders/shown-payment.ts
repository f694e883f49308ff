import { sql } from 'kysely'
import type { PaymentMethod } from '../../domain/payments/method.ts'
import type { Tx } from '../client.ts'
import type { PaymentInfo } from '../schema/points-exchange-orders.ts'
import { lastingAttention, tellChange } from './external-orders.ts'
import type { ExchangeOrder } from './orders.ts'

/** The payment as the order shows it to its customer. */

export async function showNewAttempt(tx: Tx, orderNo: string, method: PaymentMethod): Promise<void> {
  await tx
    .updateTable('points_exchange_orders')
    .set({ payment_status: 'unpaid', payment_method: method, updated_at: new Date() })
    .where('order_no', '=', orderNo)
    .execute()
}

/** Shows where to pay, unless the order no longer waits for a payment. */
export async function showCashier(
  tx: Tx,
  orderNo: string,
  method: PaymentMethod,
  info: PaymentInfo,
): Promise<void> {
  await tx
    .updateTable('points_exchange_orders')
    .set({ payment_info: JSON.stringify(info), payment_method: method, updated_at: new Date() })
    .where('order_no', '=', orderNo)
    .where('status', '=', 'order_created')
    .execute()
}

export async function showClosing(tx: Tx, orderNo: string): Promise<void> {
  await tx
    .updateTable('points_exchange_orders')
    .set({ payment_status: 'closing', updated_at: new Date() })
    .where('order_no', '=', orderNo)
    .execute()
}

/** Removes the cashier of a closed attempt, unless the order already shows another attempt. */
export async function hideCashier(tx: Tx, orderNo: string, outTradeNo: string): Promise<void> {
  await tx
    .updateTable('points_exchange_orders')
    .set({
      payment_info: sql`(payment_info - 'jsapi') || '{"pay_url": null}'::jsonb`,
      updated_at: new Date(),
    })
    .where('order_no', '=', orderNo)
    .where(sql`payment_info ->> 'trade_no'`, '=', outTradeNo)
    .execute()
}

/** Removes an attempt that cannot be paid again: the customer opens another one. */
export async function hidePayment(tx: Tx, orderNo: string): Promise<void> {
  await tx
    .updateTable('points_exchange_orders')
    .set({ payment_info: null, updated_at: new Date() })
    .where('order_no', '=', orderNo)
    .execute()
}

/** Shows the customer that a refund of the order is pending. */
export async function showRefunding(tx: Tx, orderNo: string): Promise<void> {
  await tx
    .updateTable('points_exchange_orders')
    .set({ payment_status: 'refunding', updated_at: new Date() })
    .where('order_no', '=', orderNo)
    .execute()
}

/** Shows that no refund of the order is pending any more. @param order as it is now, locked */
export async function showRefunded(tx: Tx, order: ExchangeOrder): Promise<void> {
  const shown = order.status === 'order_canceled' ? 'refunded' : 'paid'
  // The refund of an unapplied payment never changed the status of an order that continues.
  const isChanged = order.payment_status === 'refunding'
  // A canceled order is told what was refunded, and no status of its payment.
  if (isChanged && shown === 'paid') await tellChange(tx, order.order_no).execute()
  await tx
    .updateTable('points_exchange_orders')
    .set({
      ...(isChanged ? { payment_status: shown } : {}),
      ...(order.needs_attention?.code === 'refund' ? { needs_attention: lastingAttention() } : {}),
      updated_at: new Date(),
    })
    .where('order_no', '=', order.order_no)
    .execute()
}
