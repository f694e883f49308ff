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
    Pick<Payment, 'state' | 'provider_ref' | 'payment_ref' | 'pay_url' | 'refunded_amount' | 'paid_at'>
  >,
): Promise<void> {
  await db
    .updateTable('payments')
    .set({ ...change, updated_at: new Date() })
    .where('out_trade_no', '=', tradeNo)
    .execute()
}

/** Writes down that money is to go back, once per refund number, before the provider is asked. */
export async function recordRefund(
  tx: Tx,
  refund: {
    readonly refundNo: string
    readonly outTradeNo: string
    readonly amount: string
    readonly reason: string
  },
): Promise<void> {
  await tx
    .insertInto('payment_refunds')
    .values({
      refund_no: refund.refundNo,
      out_trade_no: refund.outTradeNo,
      amount: refund.amount,
      reason: refund.reason,
      refund_ref: null,
      failure: null,
    })
    .onConflict((conflict) => conflict.column('refund_no').doNothing())
    .execute()
}

export async function findRefund(db: Db, refundNo: string) {
  return db.selectFrom('payment_refunds').selectAll().where('refund_no', '=', refundNo).executeTakeFirst()
}

/**
 * The provider has refused this refund for good. Its number is spent: the money is still owed, under the next
 * one.
 */
export async function giveUpRefund(db: Db, refundNo: string, failure: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const failed = await tx
      .updateTable('payment_refunds')
      .set({ state: 'failed', failure, updated_at: new Date() })
      .where('refund_no', '=', refundNo)
      .where('state', '=', 'pending')
      .returning(['out_trade_no', 'amount', 'reason'])
      .executeTakeFirst()
    if (!failed) return
    const n = Number(/-R(\d+)$/.exec(refundNo)?.[1] ?? 1) + 1
    await recordRefund(tx, {
      refundNo: `${failed.out_trade_no}-R${n}`,
      outTradeNo: failed.out_trade_no,
      amount: failed.amount,
      reason: failed.reason,
    })
  })
}
