import type { DatabaseSync } from 'node:sqlite'
import type { HttpBindings } from '@hono/node-server'
import type { Hono } from 'hono'
import {
  findExpired,
  findTrade,
  type Method,
  type Refund,
  type RefundState,
  refundsOf,
  setRefundState,
  setTradeState,
  type Trade,
} from './books.ts'
import { inTransaction } from './database.ts'
import { takeFault } from './faults.ts'
import type { Channel, Notice, Notifier } from './notify.ts'

/** One provider: its API, and how it tells the merchant what happened. */
export interface Wire {
  readonly method: Method
  readonly channel: Channel
  /** Where its API begins, such as `/v1`. */
  readonly path: string
  /** The notices a merchant gets when the trade has come to this; none where the provider sends none. */
  tradeNotices(trade: Trade, happened: 'paid' | 'declined' | 'closed', asAnotherMerchant: boolean): Notice[]
  refundNotices(trade: Trade, refund: Refund, all: readonly Refund[]): Notice[]
  routes(desk: Desk): Hono<{ Bindings: HttpBindings }>
}

/** What it takes to change the books: each change and its notices are one transaction. */
export interface Desk {
  readonly db: DatabaseSync
  readonly notifier: Notifier
  readonly wires: Readonly<Partial<Record<Method, Wire>>>
  /** The cashier page of a trade. */
  payUrl(ref: string): string
}

/**
 * The customer pays. Paying twice pays once.
 * @returns the trade as it is now, or `refused` because it is closed, or nothing where there is none.
 */
export function pay(desk: Desk, ref: string): Trade | 'refused' | undefined {
  const result = inTransaction(desk.db, () => {
    const trade = findTrade(desk.db, ref)
    if (!trade || trade.state === 'paid' || trade.state === 'refunded') return trade
    return trade.state === 'closed' ? 'refused' : receive(desk, trade)
  })
  desk.notifier.wake()
  return result
}

/** The bank says no. The trade stays open, and can be paid by another attempt. */
export function decline(desk: Desk, ref: string): Trade | 'refused' | undefined {
  const result = inTransaction(desk.db, () => {
    const trade = findTrade(desk.db, ref)
    if (!trade) return undefined
    if (trade.state !== 'unpaid' && trade.state !== 'declined') return 'refused'
    const declined = setTradeState(desk.db, trade, 'declined')
    announce(desk, declined, 'declined')
    return declined
  })
  desk.notifier.wake()
  return result
}

/**
 * Money arrives whatever the state: a closed trade becomes paid; for one that is paid already, or given back,
 * the merchant is told once more by a new event.
 */
export function forcePay(desk: Desk, ref: string): Trade | undefined {
  const result = inTransaction(desk.db, () => {
    const trade = findTrade(desk.db, ref)
    if (!trade) return undefined
    if (trade.state !== 'paid' && trade.state !== 'refunded') return receive(desk, trade)
    announce(desk, trade, 'paid')
    return trade
  })
  desk.notifier.wake()
  return result
}

/** The money of a closed trade arrives all the same: the bank was slower than the shop. */
export function payLate(desk: Desk, ref: string): Trade | 'refused' | undefined {
  const trade = findTrade(desk.db, ref)
  return trade && trade.state !== 'closed' ? 'refused' : forcePay(desk, ref)
}

/** Inside the caller's transaction: closes the trade if it is open. Returns it as it is now. */
export function closeOpen(desk: Desk, trade: Trade): Trade {
  if (trade.state !== 'unpaid' && trade.state !== 'declined') return trade
  const closed = setTradeState(desk.db, trade, 'closed')
  announce(desk, closed, 'closed')
  return closed
}

/** Inside the caller's transaction: the money is here. */
export function receive(desk: Desk, trade: Trade): Trade {
  const paid = setTradeState(desk.db, trade, 'paid')
  const lied = takeFault(desk.db, trade.method, 'wrong_amount')
  const misnamed = takeFault(desk.db, trade.method, 'wrong_merchant')
  announce(desk, lied ? { ...paid, amountFen: paid.amountFen === 1n ? 2n : 1n } : paid, 'paid', !!misnamed)
  return paid
}

/** Inside the caller's transaction: a refund has come to rest. */
export function settleRefund(desk: Desk, trade: Trade, refund: Refund, state: RefundState): Refund {
  const settled = setRefundState(desk.db, refund, state)
  for (const notice of desk.wires[trade.method]?.refundNotices(
    trade,
    settled,
    refundsOf(desk.db, trade.ref),
  ) ?? []) {
    desk.notifier.enqueue(notice)
  }
  return settled
}

/** The provider's own expiry. Call it every second or so. */
export function closeExpired(desk: Desk): void {
  const expired = findExpired(desk.db, new Date())
  if (expired.length === 0) return
  inTransaction(desk.db, () => {
    for (const trade of expired) closeOpen(desk, trade)
  })
  desk.notifier.wake()
}

function announce(
  desk: Desk,
  trade: Trade,
  happened: 'paid' | 'declined' | 'closed',
  asAnotherMerchant = false,
): void {
  for (const notice of desk.wires[trade.method]?.tradeNotices(trade, happened, asAnotherMerchant) ?? []) {
    desk.notifier.enqueue(notice)
  }
}
