import { commitStock, releaseStock } from '../db/catalogue/stock.ts'
import type { Tx } from '../db/client.ts'
import { watchRefunded } from '../db/fulfilment/charges.ts'
import { voidVoucher } from '../db/fulfilment/vouchers.ts'
import { closeAfterSales } from '../db/orders/after-sales.ts'
import { showLasting } from '../db/orders/external-orders.ts'
import { type Actor, type ExchangeOrder, lockOrder, moveOrder, SYSTEM } from '../db/orders/orders.ts'
import {
  announceRefund,
  claimedOf,
  countOwed,
  type OwedRefund,
  owedRefunds,
  readRemainder,
  recordOrderRefund,
  recordRefund,
} from '../db/orders/refunds.ts'
import { listPayments, type Payment, recordPayment, updatePayment } from '../db/payments/payments.ts'
import type { PaymentInfo } from '../db/schema/points-exchange-orders.ts'
import type { LedgerCipher } from '../db/wallet/ledger-cipher.ts'
import { capture, giveBack, hold } from '../db/wallet/order-holds.ts'
import { DomainError } from '../domain/errors.ts'
import { decimalFromFen, type Fen, fenOf } from '../domain/money.ts'
import type { ExternalStep } from '../domain/orders/external-steps.ts'
import { cancelNote } from '../domain/orders/notes.ts'
import { isPaid } from '../domain/orders/status.ts'
import { afterCancel, afterRefund } from '../domain/payments/decision.ts'
import type { PaymentMethod } from '../domain/payments/method.ts'
import { causeOfReturn } from './return-cause.ts'

/**
 * Captures points and wallet cash, commits the stock and moves the order to "paid".
 * @param done what is already done @throws DomainError INSUFFICIENT_BALANCE
 */
export async function settle(
  tx: Tx,
  vault: LedgerCipher,
  orderNo: string,
  done: { readonly pointsCaptured: boolean; readonly stockCommitted: boolean },
  paidBy?: { readonly outTradeNo: string; readonly paymentRef: string | undefined },
): Promise<void> {
  const order = await lockOrder(tx, orderNo)
  const due = fenOf(order.total_money)
  let tradeNo = paidBy?.paymentRef ?? null
  // Points before cash, here and wherever both accounts are locked: else two transactions may wait for each other.
  if (!done.pointsCaptured && order.total_points > 0) {
    await capture(tx, vault, { ownerId: order.owner_id, currency: 'ZJF', orderNo })
  }
  if (due > 0n && !paidBy) tradeNo = await captureFromWallet(tx, vault, order, due)
  if (paidBy) {
    await updatePayment(tx, paidBy.outTradeNo, {
      state: 'paid',
      paid_at: new Date(),
      ...(paidBy.paymentRef ? { payment_ref: paidBy.paymentRef } : {}),
    })
  }
  if (!done.stockCommitted) await commitStock(tx, orderNo)
  const method = paidBy ? order.payment_method : due > 0n ? ('wallet' as const) : null
  await moveOrder(tx, orderNo, 'order_paid', SYSTEM, paidColumns(method, tradeNo, order.pay_by))
}

export function paidColumns(method: PaymentMethod | null, tradeNo: string | null, payBy: Date | null) {
  const info: PaymentInfo = {
    payment_method: method,
    trade_no: tradeNo,
    pay_url: null,
    expires_at: payBy?.toISOString() ?? null,
  }
  return { payment_status: 'paid' as const, payment_method: method, payment_info: JSON.stringify(info) }
}

/** @throws DomainError INSUFFICIENT_BALANCE */
export async function captureFromWallet(
  tx: Tx,
  vault: LedgerCipher,
  order: Pick<ExchangeOrder, 'order_no' | 'owner_id' | 'total_money'>,
  due: Fen,
): Promise<string> {
  const spend = { ownerId: order.owner_id, currency: 'CNY' as const, amount: due, orderNo: order.order_no }
  if (!(await hold(tx, vault, spend, 'capture'))) {
    throw new DomainError({ code: 'INSUFFICIENT_BALANCE', required: decimalFromFen(due) })
  }
  const payment = await recordPayment(tx, order.order_no, 'wallet', order.total_money, 'paid')
  return payment.out_trade_no
}

/**
 * Returns points, stock and wallet cash. Provider refunds become pending; the caller completes them.
 * Repeatable.
 * @param graceMs see `causeOfReturn` @returns the pending refunds at providers, without partial ones
 */
export async function cancelOrder(
  tx: Tx,
  vault: LedgerCipher,
  orderNo: string,
  reason: string,
  actor: Actor,
  outsideSteps: readonly ExternalStep[],
  graceMs: number,
): Promise<OwedRefund[]> {
  const order = await lockOrder(tx, orderNo)
  if (order.status !== 'order_canceled') {
    const wasPaid = isPaid(order.status)
    const note = cancelNote(reason, actor)
    const back = { cause: causeOfReturn(wasPaid, actor.type, note), graceMs }
    const refund = wasPaid ? await recordRemainderRefund(tx, order, reason, actor) : undefined
    if (!outsideSteps.includes('points') && order.total_points > 0) {
      await giveBack(tx, vault, { ownerId: order.owner_id, currency: 'ZJF', orderNo, reason, terms: back })
    }
    for (const payment of await listPayments(tx, orderNo)) {
      // The provider reported "paid": this money is booked next, then refunded.
      if (payment.state === 'closing' && payment.paid_reported) continue
      const state = afterCancel(payment.state, payment.method)
      if (state === payment.state) continue
      if (state === 'refunding') {
        await scheduleRefund(tx, payment, reason, refund ?? null)
        continue
      }
      await updatePayment(tx, payment.out_trade_no, {
        state,
        ...(state === 'refunded' ? { refunded_amount: payment.amount } : {}),
      })
      if (state === 'refunded') {
        await giveBack(tx, vault, { ownerId: order.owner_id, currency: 'CNY', orderNo, reason, terms: back })
      }
    }
    const refunding = (await listPayments(tx, orderNo)).some(({ state }) => state === 'refunding')
    await moveOrder(tx, orderNo, 'order_canceled', actor, {
      payment_status: refunding ? 'refunding' : wasPaid ? 'refunded' : 'closed',
      cancel_reason: reason,
      note,
    })
    if (refund) await announceRefund(tx, orderNo, refund)
    if (!outsideSteps.includes('stock')) await releaseStock(tx, orderNo)
    if (order.delivery === 'voucher') await voidVoucher(tx, orderNo)
    if (order.delivery === 'charge') {
      await watchRefunded(tx, orderNo)
      await showLasting(tx, orderNo)
    }
    await closeAfterSales(tx, orderNo)
  }
  return owedRefunds(tx, orderNo, 'order')
}

/** Refunds the remainder of a paid order. @returns its refund number; undefined where nothing is left */
async function recordRemainderRefund(
  tx: Tx,
  order: ExchangeOrder,
  reason: string,
  by: Actor,
): Promise<string | undefined> {
  const rest = await readRemainder(tx, order)
  if (rest.points === 0n && rest.fen === 0n) return undefined
  const { refund_no } = await recordOrderRefund(tx, {
    orderNo: order.order_no,
    kind: 'rest',
    points: Number(rest.points),
    money: decimalFromFen(rest.fen),
    reason,
    by,
    operationKey: `${order.order_no}/rest`,
  })
  return refund_no
}

/**
 * Schedules a refund for whatever is not yet being refunded. @param orderRefund null for a payment that was
 * not due
 * @param held fen at the provider, where that differs from the requested amount
 */
export async function scheduleRefund(
  tx: Tx,
  { out_trade_no, amount }: Pick<Payment, 'out_trade_no' | 'amount'>,
  reason: string,
  orderRefund: string | null,
  held: Fen = fenOf(amount),
): Promise<void> {
  const rest = held - (await claimedOf(tx, out_trade_no))
  if (rest > 0n) await recordRefund(tx, out_trade_no, decimalFromFen(rest), reason, orderRefund)
  const owed = await countOwed(tx, out_trade_no)
  await updatePayment(tx, out_trade_no, {
    state: afterRefund('refunding', owed),
    amount: decimalFromFen(held),
  })
}
