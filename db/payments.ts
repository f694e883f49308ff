import type { Selectable } from 'kysely'
import { outTradeNo } from '../domain/order-no.ts'
import type { PaymentMethod } from '../domain/payment.ts'
import type { Db, Tx } from './client.ts'
import type { PaymentsTable } from './schema.ts'

export type Payment = Selectable<PaymentsTable>

/** Numbers and records the next attempt to pay. @param amount decimal CNY */
export async function recordPayment(
  tx: Tx,
  orderNo: string,
  method: PaymentMethod,
  amount: string,
  state: 'unpaid' | 'paid',
): Promise<Payment> {
  const last = await tx
    .selectFrom('payments')
    .select((eb) => eb.fn.max('attempt_no').as('no'))
    .where('order_no', '=', orderNo)
    .executeTakeFirst()
  const n = (last?.no ?? 0) + 1
  return tx
    .insertInto('payments')
    .values({
      order_no: orderNo,
      attempt_no: n,
      out_trade_no: outTradeNo(orderNo, n),
      method,
      amount,
      state,
      paid_at: state === 'paid' ? new Date() : null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function findPayment(db: Db, tradeNo: string): Promise<Payment | undefined> {
  return db.selectFrom('payments').selectAll().where('out_trade_no', '=', tradeNo).executeTakeFirst()
}

/** The attempts of an order, oldest first. */
export async function listPayments(db: Db, orderNo: string): Promise<Payment[]> {
  return db.selectFrom('payments').selectAll().where('order_no', '=', orderNo).orderBy('attempt_no').execute()
}

/** @param change only these columns change */
export async function updatePayment(
  db: Db,
  tradeNo: string,
  change: Partial<
    Pick<
      Payment,
      | 'state'
      | 'amount'
      | 'provider_ref'
      | 'payment_ref'
      | 'pay_url'
      | 'client'
      | 'refunded_amount'
      | 'paid_at'
    >
  >,
): Promise<void> {
  await db
    .updateTable('payments')
    .set({ ...change, updated_at: new Date() })
    .where('out_trade_no', '=', tradeNo)
    .execute()
}
