import type { Selectable } from 'kysely'
import { outTradeNo } from '../../domain/orders/number.ts'
import { canShowAgain, cashierLives } from '../../domain/payments/decision.ts'
import type { PaymentMethod } from '../../domain/payments/method.ts'
import type { Db, Tx } from '../client.ts'
import { readChannel } from '../orders/attempts.ts'
import type { Encryptor } from '../platform/encryption.ts'
import type { PaymentsTable } from '../schema/payments.ts'

export type Payment = Selectable<PaymentsTable>

/** @param amount decimal CNY */
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

/** Oldest first. */
export async function listPayments(db: Db, orderNo: string): Promise<Payment[]> {
  return db.selectFrom('payments').selectAll().where('order_no', '=', orderNo).orderBy('attempt_no').execute()
}

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
      | 'paid_reported'
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

/** Closes an attempt that nobody can pay any more. @returns false where it is already decided */
export async function closeAttempt(tx: Tx, tradeNo: string): Promise<boolean> {
  const closed = await tx
    .updateTable('payments')
    .set({ state: 'closed', updated_at: new Date() })
    .where('out_trade_no', '=', tradeNo)
    .where('state', 'in', ['unpaid', 'closing'])
    .executeTakeFirst()
  return closed.numUpdatedRows > 0n
}

export interface OpenPayment {
  readonly outTradeNo: string
  readonly method: PaymentMethod
  /** Whether the customer can pay it with the current method and client. */
  readonly opened: boolean
  readonly attempts?: number
}

/** @returns null where every attempt is closed */
export async function readOpenPayment(
  db: Db,
  sealer: Encryptor,
  orderNo: string,
): Promise<OpenPayment | null> {
  const payments = await listPayments(db, orderNo)
  const open = payments.findLast(({ state }) => state === 'unpaid' || state === 'closing')
  if (!open) return null
  const { client } = await readChannel(db, sealer, orderNo)
  const { state, method } = open
  const order = await db
    .selectFrom('points_exchange_orders')
    .select('payment_info')
    .where('order_no', '=', orderNo)
    .executeTakeFirstOrThrow()
  const inApp = order.payment_info?.trade_no === open.out_trade_no && Boolean(order.payment_info.jsapi)
  const ageMs = Date.now() - open.updated_at.getTime()
  const attempt = {
    state: state === 'unpaid' ? state : ('closing' as const),
    method,
    client: open.client,
    opened:
      open.provider_ref !== null &&
      (open.pay_url !== null || inApp) &&
      cashierLives(method, open.client ?? 'h5', ageMs),
  }
  return {
    outTradeNo: open.out_trade_no,
    method,
    opened: canShowAgain(attempt, { client }),
    attempts: payments.length,
  }
}

export async function countAttempts(db: Db, orderNo: string): Promise<number> {
  const { count } = await db
    .selectFrom('payments')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('order_no', '=', orderNo)
    .executeTakeFirstOrThrow()
  return Number(count)
}
