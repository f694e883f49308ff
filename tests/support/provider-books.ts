import type { Db } from '../../db/client.ts'
import { decimalFromFen, fenOf } from '../../domain/money.ts'
import { orderNoOf } from '../../domain/orders/number.ts'

export interface Trade {
  readonly out_trade_no: string
  readonly state: string
  readonly amount: string
  readonly refunded: string
}

export interface Kept {
  readonly orderNo: string
  readonly status: string
  /**
   * Decimal CNY: the rest of what an active order cost, else 0. The provider still has what was refunded
   * outside by hand.
   */
  readonly due: string
  /** Decimal CNY: what the provider holds for us on all payment attempts of this order. */
  readonly kept: string
}

/**
 * Compares the provider's books with ours, an entry per order that the provider knows. At rest they agree: a
 * paid order's money is kept once, without its refunds, and nothing of a canceled order.
 */
export async function compareBooks(db: Db, trades: readonly Trade[]): Promise<Kept[]> {
  const orders = await db
    .selectFrom('points_exchange_orders')
    .select(['order_no', 'status', 'total_money', 'payment_method'])
    .execute()
  const parts = await db.selectFrom('order_refunds').select(['order_no', 'money']).execute()
  const byHand = await db
    .selectFrom('payment_refunds as refund')
    .innerJoin('payments as payment', 'payment.out_trade_no', 'refund.out_trade_no')
    .select(['payment.order_no', 'refund.amount as money'])
    .where('refund.state', '=', 'done_by_hand')
    .execute()
  const known = new Map(orders.map((order) => [order.order_no, order]))
  const sumOf = (rows: readonly { readonly order_no: string; readonly money: string }[], orderNo: string) =>
    rows.filter((row) => row.order_no === orderNo).reduce((sum, row) => sum + fenOf(row.money), 0n)
  const byOrder = Map.groupBy(trades, (trade) => orderNoOf(trade.out_trade_no) ?? trade.out_trade_no)
  return [...byOrder].map(([orderNo, attempts]) => {
    const order = known.get(orderNo)
    const live = order && !['exchanged', 'order_created', 'order_canceled'].includes(order.status)
    const left =
      live && order.payment_method !== 'wallet' ? fenOf(order.total_money) - sumOf(parts, orderNo) : 0n
    const due = left + sumOf(byHand, orderNo)
    const kept = attempts
      .filter(({ state }) => state === 'paid' || state === 'refunded')
      .reduce((sum, trade) => sum + fenOf(trade.amount) - fenOf(trade.refunded), 0n)
    const status = order?.status ?? 'no such order'
    return { orderNo, status, due: decimalFromFen(due), kept: decimalFromFen(kept) }
  })
}
