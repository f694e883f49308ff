import type { Tx } from '../db/client.ts'
import { type Actor, type ExchangeOrder, lockOrder, moveOrder, SYSTEM } from '../db/orders.ts'
import { listPayments, recordPayment, recordRefund, updatePayment } from '../db/payments.ts'
import type { PaymentInfo } from '../db/schema.ts'
import { commitStock, releaseStock } from '../db/stock.ts'
import { capture, giveBack, hold } from '../db/wallet.ts'
import { DomainError } from '../domain/errors.ts'
import { decimalFromFen, fenFromDecimal } from '../domain/money.ts'
import type { OutsideStep } from '../domain/steps.ts'

/** Refunds carry a fixed number, so that asking again never pays twice. */
const refundNoOf = (outTradeNo: string) => `${outTradeNo}-R1`

export interface OwedRefund {
  readonly outTradeNo: string
  readonly refundNo: string
}

/**
 * The order is paid for: captures the points, commits the stock and moves the order. Cash of the wallet is
 * taken here, in the same transaction.
 * @param done what the caller's transaction, or an outside system, has done itself
 * @throws DomainError INSUFFICIENT_BALANCE when the cash wallet holds too little
 */
export async function settle(
  tx: Tx,
  orderNo: string,
  done: { readonly pointsCaptured: boolean; readonly stockCommitted: boolean },
  paidBy?: { readonly outTradeNo: string; readonly paymentRef: string | undefined },
): Promise<void> {
  const order = await lockOrder(tx, orderNo)
  const due = fenFromDecimal(order.total_money) ?? 0n
  let tradeNo = paidBy?.paymentRef ?? null
  // Points before cash, here as everywhere: two accounts are always locked in this order.
  if (!done.pointsCaptured && order.total_points > 0) await capture(tx, order.owner_id, 'ZJF', orderNo)
  if (due > 0n && !paidBy) tradeNo = await takeFromWallet(tx, order, due)
  if (paidBy) {
    await updatePayment(tx, paidBy.outTradeNo, {
      state: 'paid',
      paid_at: new Date(),
      ...(paidBy.paymentRef ? { payment_ref: paidBy.paymentRef } : {}),
    })
  }
  if (!done.stockCommitted) await commitStock(tx, orderNo)
  const method = paidBy ? order.payment_method : due > 0n ? ('wallet' as const) : null
  const info: PaymentInfo = {
    payment_method: method,
    trade_no: tradeNo,
    pay_url: null,
    expires_at: order.pay_by?.toISOString() ?? null,
  }
  await moveOrder(tx, orderNo, 'order_paid', SYSTEM, {
    payment_status: 'paid',
    payment_method: method,
    payment_info: JSON.stringify(info),
  })
}

async function takeFromWallet(tx: Tx, order: ExchangeOrder, due: bigint): Promise<string> {
  const spend = { ownerId: order.owner_id, currency: 'CNY' as const, amount: due, orderNo: order.order_no }
  if (!(await hold(tx, spend, 'capture'))) {
    throw new DomainError({ code: 'INSUFFICIENT_BALANCE', required: decimalFromFen(due) })
  }
  const payment = await recordPayment(tx, order.order_no, 'wallet', order.total_money, 'paid')
  return payment.out_trade_no
}

/**
 * Cancels an order and gives back all that is ours: points, stock, cash of the wallet. Money at a provider is
 * written down as owed; the caller has it refunded. A repeat finds the order canceled and changes nothing.
 * @returns the refunds still owed at providers
 */
export async function cancelOrder(
  tx: Tx,
  orderNo: string,
  reason: string,
  actor: Actor,
  outsideSteps: readonly OutsideStep[],
): Promise<OwedRefund[]> {
  const order = await lockOrder(tx, orderNo)
  const payments = await listPayments(tx, orderNo)
  if (order.status !== 'order_canceled') {
    if (!outsideSteps.includes('points') && order.total_points > 0) {
      await giveBack(tx, order.owner_id, 'ZJF', orderNo, reason)
    }
    let refunding = false
    for (const payment of payments) {
      if (payment.state === 'unpaid' || payment.state === 'closing') {
        await updatePayment(tx, payment.out_trade_no, { state: 'closed' })
      } else if (payment.state === 'paid' && payment.method === 'wallet') {
        await giveBack(tx, order.owner_id, 'CNY', orderNo, reason)
        await updatePayment(tx, payment.out_trade_no, { state: 'refunded', refunded_amount: payment.amount })
      } else if (payment.state === 'paid') {
        await oweRefund(tx, payment.out_trade_no, payment.amount, reason)
        refunding = true
      } else if (payment.state === 'refunding') {
        refunding = true
      }
    }
    const wasPaid = order.payment_status === 'paid'
    const payment_status = refunding ? 'refunding' : wasPaid ? 'refunded' : 'closed'
    await moveOrder(tx, orderNo, 'order_canceled', actor, {
      payment_status,
      cancel_reason: reason,
      note: reason,
    })
    if (!outsideSteps.includes('stock')) await releaseStock(tx, orderNo)
  }
  return owedRefunds(tx, orderNo)
}

/** Money of this attempt is to go back. */
export async function oweRefund(tx: Tx, outTradeNo: string, amount: string, reason: string): Promise<void> {
  await updatePayment(tx, outTradeNo, { state: 'refunding' })
  await recordRefund(tx, { refundNo: refundNoOf(outTradeNo), outTradeNo, amount, reason })
}

export async function owedRefunds(tx: Tx, orderNo: string): Promise<OwedRefund[]> {
  const rows = await tx
    .selectFrom('payment_refunds as refund')
    .innerJoin('payments as payment', 'payment.out_trade_no', 'refund.out_trade_no')
    .select(['refund.refund_no', 'refund.out_trade_no'])
    .where('payment.order_no', '=', orderNo)
    .where('refund.state', '=', 'pending')
    .orderBy('refund.refund_no')
    .execute()
  return rows.map((row) => ({ outTradeNo: row.out_trade_no, refundNo: row.refund_no }))
}
