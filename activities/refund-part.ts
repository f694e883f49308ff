import type { Tx } from '../db/client.ts'
import { type Actor, type ExchangeOrder, recordEvent } from '../db/orders/orders.ts'
import { announceRefund, type OrderRefund, recordOrderRefund, recordRefund } from '../db/orders/refunds.ts'
import { showRefunding } from '../db/orders/shown-payment.ts'
import { listPayments, updatePayment } from '../db/payments/payments.ts'
import type { LedgerCipher } from '../db/wallet/ledger-cipher.ts'
import { giveBackPart } from '../db/wallet/order-holds.ts'
import { decimalFromFen, fenOf } from '../domain/money.ts'
import type { Amounts } from '../domain/orders/refund.ts'

export interface PartDeps {
  readonly vault: LedgerCipher
  readonly expiryGraceMs: number
}

/**
 * Refunds a part of a paid order, under its lock: points and wallet cash immediately, provider money as a pending
 * refund. The caller has checked the amounts.
 */
export async function bookPart(
  tx: Tx,
  deps: PartDeps,
  order: ExchangeOrder,
  part: Amounts,
  cause: { readonly reason: string; readonly by: Actor; readonly operationKey: string },
): Promise<OrderRefund> {
  const refund = await recordOrderRefund(tx, {
    orderNo: order.order_no,
    kind: 'part',
    points: Number(part.points),
    money: decimalFromFen(part.fen),
    ...cause,
  })
  // Points before cash, wherever both accounts are locked: prevents deadlocks.
  if (part.points > 0n) await refundFromLedger(tx, deps, order, 'ZJF', part.points, refund)
  if (part.fen > 0n) await refundCash(tx, deps, order, part.fen, refund)
  const { reason, by } = cause
  await recordEvent(tx, order.order_no, `refund/${refund.refund_no}`, order.status, by, {
    code: 'refunded_in_part',
    data: { reason },
  })
  await announceRefund(tx, order.order_no, refund.refund_no)
  return refund
}

async function refundCash(
  tx: Tx,
  deps: PartDeps,
  order: ExchangeOrder,
  fen: bigint,
  refund: OrderRefund,
): Promise<void> {
  const paid = (await listPayments(tx, order.order_no)).find(({ state }) => state === 'paid')
  if (!paid) throw new Error(`${order.order_no} is ${order.status}, and no attempt paid it`)
  if (paid.method === 'wallet') {
    await refundFromLedger(tx, deps, order, 'CNY', fen, refund)
    const refunded = fenOf(paid.refunded_amount) + fen
    await updatePayment(tx, paid.out_trade_no, { refunded_amount: decimalFromFen(refunded) })
    return
  }
  await recordRefund(tx, paid.out_trade_no, refund.money, refund.reason, refund.refund_no)
  await showRefunding(tx, order.order_no)
}

async function refundFromLedger(
  tx: Tx,
  { vault, expiryGraceMs }: PartDeps,
  { order_no: orderNo, owner_id: ownerId }: ExchangeOrder,
  currency: 'ZJF' | 'CNY',
  amount: bigint,
  { refund_no, reason, actor_type, actor_id }: OrderRefund,
): Promise<void> {
  const spend = { ownerId, currency, amount, orderNo }
  // Only paid orders have partial refunds.
  const back = { cause: 'mall' as const, graceMs: expiryGraceMs }
  const operatorId = actor_type === 'operator' ? (actor_id ?? undefined) : undefined
  const part = { ...spend, part: refund_no, reason, operatorId, terms: back }
  if (await giveBackPart(tx, vault, part)) return
  throw new Error(`${refund_no}: the ledger has less ${currency} of ${orderNo} to give back`)
}
