import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { decimalFromFen, type Fen } from '../domain/money.ts'
import type { ProviderMethod } from '../domain/payments/method.ts'

/** The ways to pay the sandbox speaks a wire form for. */
export type Method = ProviderMethod

export type TradeState = 'unpaid' | 'declined' | 'paid' | 'closed' | 'refunded'

export interface Trade {
  /** The provider's number; it is the key to the cashier. */
  readonly ref: string
  readonly method: Method
  readonly outTradeNo: string
  readonly paymentRef: string
  readonly amountFen: Fen
  readonly subject: string
  readonly state: TradeState
  /** Includes declined attempts. */
  readonly attempts: number
  readonly returnUrl: string
  /** Only for the cashier's countdown. */
  readonly payBy: Date | undefined
  readonly expiresAt: Date
  readonly createdAt: Date
  /** The last payment. */
  readonly paidAt: Date | undefined
  /** Data specific to the method, as JSON. */
  readonly wire: string
}

export type RefundState = 'pending' | 'done' | 'failed'

export interface Refund {
  readonly ref: string
  readonly tradeRef: string
  readonly amountFen: Fen
  readonly state: RefundState
  readonly createdAt: Date
  readonly wire: string
}

type Row = Record<string, SQLOutputValue>

export function insertTrade(db: DatabaseSync, trade: Omit<Trade, 'state' | 'attempts' | 'paidAt'>): Trade {
  db.prepare(
    `INSERT INTO trades (ref, method, out_trade_no, payment_ref, amount_fen, subject, state, return_url, pay_by,
       expires_at, created_at, wire) VALUES (?, ?, ?, ?, ?, ?, 'unpaid', ?, ?, ?, ?, ?)`,
  ).run(
    trade.ref,
    trade.method,
    trade.outTradeNo,
    trade.paymentRef,
    trade.amountFen,
    trade.subject,
    trade.returnUrl,
    trade.payBy?.getTime() ?? null,
    trade.expiresAt.getTime(),
    trade.createdAt.getTime(),
    trade.wire,
  )
  return { ...trade, state: 'unpaid', attempts: 0, paidAt: undefined }
}

export function findTrade(db: DatabaseSync, ref: string): Trade | undefined {
  return oneTrade(db, 'SELECT * FROM trades WHERE ref = ?', ref)
}

/** The newest, where several trades have one number. */
export function findTradeByNumber(db: DatabaseSync, outTradeNo: string): Trade | undefined {
  return oneTrade(db, 'SELECT * FROM trades WHERE out_trade_no = ? ORDER BY rowid DESC LIMIT 1', outTradeNo)
}

export function findTradeByPayment(db: DatabaseSync, paymentRef: string): Trade | undefined {
  return oneTrade(db, 'SELECT * FROM trades WHERE payment_ref = ?', paymentRef)
}

/** At most 100. */
export function findExpired(db: DatabaseSync, now: Date): Trade[] {
  const statement = db.prepare(
    "SELECT * FROM trades WHERE state IN ('unpaid', 'declined') AND expires_at <= ? LIMIT 100",
  )
  statement.setReadBigInts(true)
  return statement.all(now.getTime()).map(tradeFromRow)
}

export function setTradeState(db: DatabaseSync, trade: Trade, state: TradeState): Trade {
  const attempts = trade.attempts + (state === 'paid' || state === 'declined' ? 1 : 0)
  const paidAt = state === 'paid' ? new Date() : trade.paidAt
  db.prepare('UPDATE trades SET state = ?, attempts = ?, paid_at = ? WHERE ref = ?').run(
    state,
    attempts,
    paidAt?.getTime() ?? null,
    trade.ref,
  )
  return { ...trade, state, attempts, paidAt }
}

export function insertRefund(db: DatabaseSync, refund: Refund): void {
  db.prepare(
    'INSERT INTO refunds (ref, trade_ref, amount_fen, state, created_at, wire) VALUES (?, ?, ?, ?, ?, ?)',
  ).run(refund.ref, refund.tradeRef, refund.amountFen, refund.state, refund.createdAt.getTime(), refund.wire)
  completeRefund(db, refund.tradeRef)
}

export function setRefundState(db: DatabaseSync, refund: Refund, state: RefundState): Refund {
  db.prepare('UPDATE refunds SET state = ? WHERE ref = ?').run(state, refund.ref)
  completeRefund(db, refund.tradeRef)
  return { ...refund, state }
}

/** A trade is `refunded` only after a full refund. */
function completeRefund(db: DatabaseSync, tradeRef: string): void {
  db.prepare(
    `UPDATE trades SET state = 'refunded' WHERE ref = ? AND state = 'paid'
       AND amount_fen = (SELECT sum(amount_fen) FROM refunds WHERE trade_ref = trades.ref AND state = 'done')`,
  ).run(tradeRef)
}

export function findRefund(db: DatabaseSync, ref: string): Refund | undefined {
  const statement = db.prepare('SELECT * FROM refunds WHERE ref = ?')
  statement.setReadBigInts(true)
  const row = statement.get(ref)
  return row && refundFromRow(row)
}

export function findRefundByNumber(db: DatabaseSync, method: Method, refundNo: string): Refund | undefined {
  const statement = db.prepare(
    `SELECT * FROM refunds WHERE wire ->> '$.refundNo' = ?
       AND trade_ref IN (SELECT ref FROM trades WHERE method = ?)`,
  )
  statement.setReadBigInts(true)
  const row = statement.get(refundNo, method)
  return row && refundFromRow(row)
}

/** Newest first. */
export function refundsOf(db: DatabaseSync, tradeRef: string): Refund[] {
  const statement = db.prepare('SELECT * FROM refunds WHERE trade_ref = ? ORDER BY rowid DESC')
  statement.setReadBigInts(true)
  return statement.all(tradeRef).map(refundFromRow)
}

/** Includes pending refunds. */
export function fenGivenBack(refunds: readonly Refund[]): Fen {
  return refunds.filter(({ state }) => state !== 'failed').reduce((sum, refund) => sum + refund.amountFen, 0n)
}

/** Oldest first, without `to`. */
export function paidBetween(db: DatabaseSync, method: Method, from: Date, to: Date): Trade[] {
  const statement = db.prepare(
    'SELECT * FROM trades WHERE method = ? AND paid_at >= ? AND paid_at < ? ORDER BY paid_at',
  )
  statement.setReadBigInts(true)
  return statement.all(method, from.getTime(), to.getTime()).map(tradeFromRow)
}

/** Oldest first, without `to`; includes failed refunds. */
export function refundedBetween(db: DatabaseSync, method: Method, from: Date, to: Date): Refund[] {
  const statement = db.prepare(
    `SELECT * FROM refunds WHERE created_at >= ? AND created_at < ?
       AND trade_ref IN (SELECT ref FROM trades WHERE method = ?) ORDER BY created_at`,
  )
  statement.setReadBigInts(true)
  return statement.all(from.getTime(), to.getTime(), method).map(refundFromRow)
}

export function readBooks(db: DatabaseSync) {
  const statement = db.prepare(
    `SELECT out_trade_no, method, amount_fen, state,
       (SELECT coalesce(sum(amount_fen), 0) FROM refunds WHERE trade_ref = trades.ref AND refunds.state = 'done') AS refunded
     FROM trades ORDER BY rowid`,
  )
  statement.setReadBigInts(true)
  return statement.all().map((row) => ({
    out_trade_no: row.out_trade_no as string,
    method: row.method as Method,
    amount: decimalFromFen(row.amount_fen as bigint),
    state: row.state as TradeState,
    refunded: decimalFromFen(row.refunded as bigint),
  }))
}

function oneTrade(db: DatabaseSync, sql: string, ...values: string[]): Trade | undefined {
  const statement = db.prepare(sql)
  // Amounts are bigint; times are converted back to numbers below.
  statement.setReadBigInts(true)
  const row = statement.get(...values)
  return row && tradeFromRow(row)
}

function tradeFromRow(row: Row): Trade {
  return {
    ref: row.ref as string,
    method: row.method as Method,
    outTradeNo: row.out_trade_no as string,
    paymentRef: row.payment_ref as string,
    amountFen: row.amount_fen as bigint,
    subject: row.subject as string,
    state: row.state as TradeState,
    attempts: Number(row.attempts),
    returnUrl: row.return_url as string,
    payBy: row.pay_by === null ? undefined : new Date(Number(row.pay_by)),
    expiresAt: new Date(Number(row.expires_at)),
    createdAt: new Date(Number(row.created_at)),
    paidAt: row.paid_at === null ? undefined : new Date(Number(row.paid_at)),
    wire: row.wire as string,
  }
}

function refundFromRow(row: Row): Refund {
  return {
    ref: row.ref as string,
    tradeRef: row.trade_ref as string,
    amountFen: row.amount_fen as bigint,
    state: row.state as RefundState,
    createdAt: new Date(Number(row.created_at)),
    wire: row.wire as string,
  }
}
