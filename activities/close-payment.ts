import { ApplicationFailure } from '@temporalio/common'
import type { Db } from '../db/client.ts'
import { lockOrder, noteCancelCause } from '../db/orders/orders.ts'
import { hideCashier, showClosing } from '../db/orders/shown-payment.ts'
import { closeAttempt, type Payment, updatePayment } from '../db/payments/payments.ts'
import type { CancelCause } from '../db/schema/points-exchange-orders.ts'
import { decimalFromFen } from '../domain/money.ts'
import type { OrderStatus } from '../domain/orders/status.ts'
import { decideClose, isFullyRefunded } from '../domain/payments/decision.ts'
import { NotKnownYetError } from '../payments/port.ts'
import { openAtProvider } from './open-payment.ts'
import {
  mustFindPayment,
  type PaymentDeps,
  providerOf,
  type ReportedMoney,
  unlessRefused,
} from './payment-deps.ts'
import { requireCurrentRun } from './run.ts'

export type CloseOutcome =
  | { readonly closed: true }
  | { readonly closed: false; readonly paid: ReportedMoney }

/** The longest wait before a provider is asked again whether an attempt has expired. */
const ASK_AGAIN_MS = 15_000

/**
 * Marks the attempt as being closed, which the customer sees, before the provider is asked to close it.
 * @param cause why the order is to be canceled; undefined: another attempt replaces this one
 * @returns the order's status: an order that is paid or canceled has nothing to close
 */
export async function beginClosing(
  { db }: PaymentDeps,
  outTradeNo: string,
  showOnOrder: boolean,
  cause?: CancelCause,
): Promise<OrderStatus> {
  return db.transaction().execute(async (tx) => {
    const { order_no } = await mustFindPayment(tx, outTradeNo)
    const order = await lockOrder(tx, order_no)
    requireCurrentRun(order)
    const { state } = await mustFindPayment(tx, outTradeNo)
    if (order.status !== 'exchanged' && order.status !== 'order_created') return order.status
    if (cause && order.cancel_cause === null) await noteCancelCause(tx, order_no, cause)
    if (state !== 'unpaid') return order.status
    await updatePayment(tx, outTradeNo, { state: 'closing' })
    if (showOnOrder) await showClosing(tx, order_no)
    return order.status
  })
}

/**
 * Closes the attempt at its provider. Throws, to be retried, until the provider has answered "closed" or "paid":
 * nothing is released on a guess.
 * @param replaced another attempt is to replace this one: if the provider does not know it yet, it is left to expire,
 *   and refunded if it is paid after all
 */
export async function closePayment(
  deps: PaymentDeps,
  outTradeNo: string,
  replaced = false,
): Promise<CloseOutcome> {
  const { db } = deps
  const payment = await mustFindPayment(db, outTradeNo)
  if (payment.state !== 'unpaid' && payment.state !== 'closing') return { closed: true }
  await requireCurrent(db, payment.order_no)
  const provider = providerOf(deps, payment.method)
  // Opening it again finds a payment whose first answer was lost. If the provider refuses, nobody can pay it.
  const providerRef = payment.provider_ref ?? (await openAtProvider(deps, payment).catch(unlessRefused))
  if (providerRef === undefined) {
    await markClosed(db, payment)
    return { closed: true }
  }
  const { pay_by } = await db
    .selectFrom('points_exchange_orders')
    .select('pay_by')
    .where('order_no', '=', payment.order_no)
    .executeTakeFirstOrThrow()
  const ref = { outTradeNo, providerRef, expiresAt: pay_by ?? payment.created_at }
  let unanswered: unknown
  const word = await provider.close(ref).catch((error: unknown) => {
    unanswered = error
    return error instanceof NotKnownYetError ? ('not_known_yet' as const) : ('no_answer' as const)
  })
  const decision = decideClose(word, replaced)
  if (decision === 'ask_again') {
    if (!(unanswered instanceof NotKnownYetError)) throw unanswered
    throw ApplicationFailure.create({
      message: unanswered.message,
      type: 'NotKnownYetError',
      nextRetryDelay: Math.min(Math.max(unanswered.deadAt.getTime() - Date.now(), 100), ASK_AGAIN_MS),
    })
  }
  if (decision === 'release') {
    await markClosed(db, payment)
    return { closed: true }
  }
  const found = await provider.query(ref)
  if (isFullyRefunded(found)) {
    await markClosed(db, payment)
    return { closed: true }
  }
  // Keeps the attempt open until this money is booked, even if the order is canceled first.
  await updatePayment(db, outTradeNo, { paid_reported: true })
  return {
    closed: false,
    paid: {
      outTradeNo,
      ...(found.amountFen === undefined ? {} : { amount: decimalFromFen(found.amountFen) }),
      ...(found.paymentRef ? { paymentRef: found.paymentRef } : {}),
    },
  }
}

/** Nobody can pay this attempt any more, so its cashier is no longer shown. Does not change an attempt already decided. */
export async function markClosed(db: Db, { order_no, out_trade_no }: Payment): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockOrder(tx, order_no)
    if (await closeAttempt(tx, out_trade_no)) await hideCashier(tx, order_no, out_trade_no)
  })
}

/** @throws SupersededError */
async function requireCurrent(db: Db, orderNo: string): Promise<void> {
  const { run_id } = await db
    .selectFrom('points_exchange_orders')
    .select('run_id')
    .where('order_no', '=', orderNo)
    .executeTakeFirstOrThrow()
  requireCurrentRun({ run_id })
}
