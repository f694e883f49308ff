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

export interface Wire {
  readonly method: Method
  readonly channel: Channel
  /** Such as `/v1`. */
  readonly path: string
  tradeNotices(trade: Trade, happened: 'paid' | 'declined' | 'closed', asAnotherMerchant: boolean): Notice[]
  refundNotices(trade: Trade, refund: Refund, all: readonly Refund[]): Notice[]
  routes(desk: Desk): Hono<{ Bindings: HttpBindings }>
}

/** Each change is stored with its notices in one transaction. */
export interface Desk {
  readonly db: DatabaseSync
  readonly notifier: Notifier
  readonly wires: Readonly<Partial<Record<Method, Wire>>>
  payUrl(ref: string): string
  /** How often the shop asked for each trade since the start, by its number; a close of the mall asks, too. */
  readonly queries: Map<string, number>
}

export function countQuery({ queries }: Desk, outTradeNo: string): void {
  queries.set(outTradeNo, (queries.get(outTradeNo) ?? 0) + 1)
}

/** Repeatable. @returns undefined where there is no such trade */
export function pay(desk: Desk, ref: string): Trade | 'refused' | undefined {
  const result = inTransaction(desk.db, () => {
    const trade = findTrade(desk.db, ref)
    if (!trade || trade.state === 'paid' || trade.state === 'refunded') return trade
    return trade.state === 'closed' ? 'refused' : receive(desk, trade)
  })
  desk.notifier.wake()
  return result
}

/** The trade stays open for another attempt. */
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

/** Accepts money in any state; a trade that was already paid or refunded causes a new event. */
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

/** Pays a closed trade: the bank was slower than the shop. */
export function payLate(desk: Desk, ref: string): Trade | 'refused' | undefined {
  const trade = findTrade(desk.db, ref)
  return trade && trade.state !== 'closed' ? 'refused' : forcePay(desk, ref)
}

/** Runs in the caller's transaction. */
export function closeOpen(desk: Desk, trade: Trade): Trade {
  if (trade.state !== 'unpaid' && trade.state !== 'declined') return trade
  const closed = setTradeState(desk.db, trade, 'closed')
  announce(desk, closed, 'closed')
  return closed
}

/** Runs in the caller's transaction. */
export function receive(desk: Desk, trade: Trade): Trade {
  const paid = setTradeState(desk.db, trade, 'paid')
  const lied = takeFault(desk.db, trade.method, 'wrong_amount')
  const misnamed = takeFault(desk.db, trade.method, 'wrong_merchant')
  announce(desk, lied ? { ...paid, amountFen: paid.amountFen === 1n ? 2n : 1n } : paid, 'paid', !!misnamed)
  return paid
}

/** Runs in the caller's transaction. */
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

/** Call it about once a second. */
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
