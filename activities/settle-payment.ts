import type { Tx } from '../db/client.ts'
import { markBooked } from '../db/messaging/inbox.ts'
import { type ExchangeOrder, findOrderForUpdate, recordEvent, SYSTEM } from '../db/orders/orders.ts'
import { hidePayment, showRefunding } from '../db/orders/shown-payment.ts'
import { findPayment, type Payment, updatePayment } from '../db/payments/payments.ts'
import { type Fen, fenOf } from '../domain/money.ts'
import type { ExternalStep } from '../domain/orders/external-steps.ts'
import { decideMoney, isFullyRefunded } from '../domain/payments/decision.ts'
import { markClosed } from './close-payment.ts'
import {
  mustFindPayment,
  type PaymentDeps,
  providerOf,
  type ReportedMoney,
  unlessRefused,
} from './payment-deps.ts'
import { requireCurrentRun } from './run.ts'
import { scheduleRefund, settle } from './settle.ts'

export type MoneyOutcome = 'settled' | 'refund' | 'repeat' | 'unknown'

/**
 * Applies reported money exactly once: settles the order, or schedules a refund. Of a wrong amount, refunds what the
 * provider holds.
 */
export async function settlePayment(
  deps: PaymentDeps,
  money: ReportedMoney,
  outsideSteps: readonly ExternalStep[],
): Promise<MoneyOutcome> {
  const { db, vault } = deps
  const named = await findPayment(db, money.outTradeNo)
  const isOdd = named && isUndecided(named) && !isOurAmount(money, named)
  // Asked before the order is locked, because a provider may be slow.
  const held = isOdd ? await readHeld(deps, named) : undefined
  if (isOdd && held === 0n) {
    await markClosed(db, named)
    await markBooked(db, money.outTradeNo)
    return 'repeat'
  }
  return db.transaction().execute(async (tx) => {
    await markBooked(tx, money.outTradeNo)
    const known = await findPayment(tx, money.outTradeNo)
    if (!known) return 'unknown'
    const order = await findOrderForUpdate(tx, known.order_no)
    // Read again under the order's lock: a concurrent notification may have decided it.
    const payment = await mustFindPayment(tx, money.outTradeNo)
    if (!order) return 'unknown'
    requireCurrentRun(order)
    const decision = decideMoney({
      order: order.status,
      payment: payment.state,
      amountMatches: isOurAmount(money, payment),
    })
    if (decision === 'repeat') {
      // An earlier try whose answer was lost has settled or refunded it.
      return payment.state === 'paid' ? 'settled' : payment.state === 'refunding' ? 'refund' : 'repeat'
    }
    if (decision === 'refund') {
      await refundUnapplied(tx, order, payment, money, held)
      return 'refund'
    }
    await settle(
      tx,
      vault,
      order.order_no,
      { pointsCaptured: outsideSteps.includes('points'), stockCommitted: outsideSteps.includes('stock') },
      { outTradeNo: money.outTradeNo, paymentRef: money.paymentRef },
    )
    return 'settled'
  })
}

async function refundUnapplied(
  tx: Tx,
  order: ExchangeOrder,
  payment: Payment,
  money: ReportedMoney,
  held: Fen | undefined,
): Promise<void> {
  if (money.paymentRef) await updatePayment(tx, money.outTradeNo, { payment_ref: money.paymentRef })
  await scheduleRefund(tx, payment, 'money not due', null, held)
  if (order.status === 'order_canceled') {
    await showRefunding(tx, order.order_no)
  } else if (order.status === 'order_created' && order.payment_info?.trade_no === money.outTradeNo) {
    // This cashier cannot be paid again; the customer opens another one.
    await hidePayment(tx, order.order_no)
  }
  const key = `refund/${money.outTradeNo}`
  await recordEvent(tx, order.order_no, key, order.status, SYSTEM, { code: 'payment_not_due' })
}

/**
 * Asks the provider what it holds of an attempt that was paid with a wrong amount: a notification alone is not enough.
 * @returns undefined when it does not say that the attempt was paid
 */
async function readHeld(deps: PaymentDeps, payment: Payment): Promise<Fen | undefined> {
  const { out_trade_no: outTradeNo, provider_ref, created_at: expiresAt } = payment
  const found = await providerOf(deps, payment.method)
    .query({ outTradeNo, providerRef: provider_ref ?? undefined, expiresAt })
    .catch(unlessRefused)
  if (found?.state !== 'paid' || found.amountFen === undefined) return undefined
  return isFullyRefunded(found) ? 0n : found.amountFen - (found.refundedFen ?? 0n)
}

/** Adds the decline to the timeline of an order that still waits for its payment. */
export async function noteDeclined({ db }: PaymentDeps, outTradeNo: string, eventId: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const payment = await findPayment(tx, outTradeNo)
    const order = payment && (await findOrderForUpdate(tx, payment.order_no))
    if (order?.status !== 'order_created') return
    requireCurrentRun(order)
    const key = `declined/${eventId}`
    await recordEvent(tx, order.order_no, key, order.status, SYSTEM, { code: 'payment_declined' })
  })
}

/** Whether money for this attempt is still to be settled or refunded. */
function isUndecided({ state }: Payment): boolean {
  return state === 'unpaid' || state === 'closing' || state === 'closed'
}

function isOurAmount({ amount }: ReportedMoney, payment: Payment): boolean {
  return amount === undefined || fenOf(amount) === fenOf(payment.amount)
}
