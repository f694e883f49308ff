import { dayInShanghai } from '../business-time.ts'
import type { Fen } from '../money.ts'
import { decimalFromFen } from '../money.ts'
import { orderNoOf } from '../orders/number.ts'
import type { OrderStatus, PaymentStatus } from '../orders/status.ts'
import { type Disagreement, moneySide, named, type Side } from './findings.ts'

/**
 * The rules by which the books are compared. A discrepancy is something that a notice on its way, or a list that
 * lags behind, does not explain.
 */

/** What happened within this time may still be on its way, in either direction: it is left to the next run. */
export const MARGIN_MS = 3 * 60_000
/** What the mall does by itself is done within seconds; after this it is stuck. */
export const LONG_MS = 15 * 60_000
/** A bank may take days to give money back, so after one it is time to look. */
export const LONG_REFUND_MS = 24 * 3_600_000

/** How many, and what they add up to in decimal CNY. */
export interface Sum {
  readonly count: number
  readonly money: string
}

/** What a provider's bill of a day adds up to. */
export interface BillTotals {
  readonly lines: number
  readonly payments: Sum
  readonly refunds: Sum
}

/** What a run has added up. What was not read, or not written down, is not there. */
export interface Totals {
  /** By the provider's name; null: its bill is not made yet, so nothing was compared with it. */
  readonly bills?: Readonly<Record<string, BillTotals | null>>
  /** All orders as they were then. */
  readonly orders?: Readonly<Partial<Record<OrderStatus, Sum & { readonly points: number }>>>
  readonly payments?: Readonly<Partial<Record<PaymentStatus, Sum>>>
  /** What an earlier version has added up under names that stand for nothing known. */
  readonly others?: Readonly<Record<string, string>>
}

export const FINDING_KINDS = [
  // A book could not be read:
  'provider_unreachable',
  'bill_missing',
  'engine_unreachable',
  // A provider's bill against our payments:
  'payment_unknown', // money under a number that we never gave
  'payment_not_counted', // paid there, and here it waits or is closed
  'payment_missing', // counted here, and not paid there
  'payment_amount',
  'payment_twice', // one attempt was paid several times
  'refund_unknown', // given back, and nobody here wrote it down
  'refund_not_counted', // given back there, and here it waits or has failed
  'refund_missing', // given back here, and not there
  'refund_amount',
  'refund_twice',
  // Our own books against one another:
  'payment_against_order',
  'order_against_books',
  'amount_against_ledger',
  'ledger',
  'earning_against_ledger',
  // Orders against the workflow engine:
  'workflow_missing', // an order that is not at rest, and nobody works on it
  'workflow_left_running', // an order that is at rest, and somebody still works on it
  'attempt_stuck',
  'payment_stuck',
  'notice_undelivered',
  'refund_stuck',
] as const

export type FindingKind = (typeof FINDING_KINDS)[number]

/** A disagreement as a run keeps it; its subject is unique within its kind. */
export interface Finding extends Disagreement {
  readonly kind: FindingKind
  /** What the order's workflow is to be told, where that puts it right. */
  readonly tell?: PaidMoney
}

/** Money that came in, by a provider's word. */
export interface PaidMoney {
  readonly outTradeNo: string
  /** Absent where it is known and only what follows is owed. */
  readonly amountFen?: Fen
  readonly paymentRef?: string
}

/** One movement of money in a provider's bill. */
export interface BilledMoney {
  readonly kind: 'payment' | 'refund'
  readonly outTradeNo: string
  readonly refundNo?: string
  readonly amountFen: Fen
  readonly paymentRef?: string
  readonly at: Date
}

export interface CountedPayment {
  readonly outTradeNo: string
  readonly orderNo: string
  readonly amountFen: Fen
  readonly state: string
  /** When we counted it; null where we did not. */
  readonly paidAt: Date | null
}

export interface CountedRefund {
  readonly refundNo: string
  readonly outTradeNo: string
  readonly amountFen: Fen
  readonly state: string
  /** When its state last changed. */
  readonly at: Date
}

/** Our side of a bill: whatever the bill names, and whatever we counted on its day. */
export interface Counted {
  readonly payments: readonly CountedPayment[]
  readonly refunds: readonly CountedRefund[]
}

/**
 * Money in the bill that we do not know, or count otherwise.
 * @param now what happened less than `MARGIN_MS` before may still be on its way
 */
export function compareBill(bill: readonly BilledMoney[], counted: Counted, now: Date): Finding[] {
  const payments = new Map(counted.payments.map((payment) => [payment.outTradeNo, payment]))
  const refunds = new Map(counted.refunds.map((refund) => [refund.refundNo, refund]))
  const isFresh = ({ at }: BilledMoney) => at.getTime() > now.getTime() - MARGIN_MS
  const paid = Map.groupBy(
    bill.filter(({ kind }) => kind === 'payment'),
    ({ outTradeNo }) => outTradeNo,
  )
  const back = Map.groupBy(
    bill.filter(({ kind }) => kind === 'refund'),
    // One that was made at the provider's desk bears no number of ours.
    ({ refundNo, outTradeNo }) => refundNo ?? outTradeNo,
  )
  return [
    ...[...paid].flatMap(([outTradeNo, lines]) => checkPaid(lines, payments.get(outTradeNo), isFresh)),
    ...[...back].flatMap(([refundNo, lines]) =>
      checkGivenBack(refundNo, lines, refunds.get(refundNo), isFresh),
    ),
  ]
}

type IsFresh = (line: BilledMoney) => boolean

function checkPaid(
  lines: readonly BilledMoney[],
  ours: CountedPayment | undefined,
  isFresh: IsFresh,
): Finding[] {
  const [line] = lines
  if (!line) return []
  const { outTradeNo, amountFen, paymentRef } = line
  const about = { subject: named(outTradeNo), orderNo: orderNoOf(outTradeNo) ?? null }
  const theirs = moneySide('paid', ...lines.map((one) => decimalFromFen(one.amountFen)))
  if (!ours) return [{ kind: 'payment_unknown', ...about, ours: null, theirs }]
  const said = { ...about, ours: countedSide(ours), theirs }
  if (lines.length > 1) return [{ kind: 'payment_twice', ...said }]
  if (amountFen !== ours.amountFen) return [{ kind: 'payment_amount', ...said }]
  if (['paid', 'refunding', 'refunded'].includes(ours.state) || isFresh(line)) return []
  const tell = { outTradeNo, amountFen, ...(paymentRef === undefined ? {} : { paymentRef }) }
  return [{ kind: 'payment_not_counted', ...said, tell }]
}

function checkGivenBack(
  refundNo: string,
  lines: readonly BilledMoney[],
  ours: CountedRefund | undefined,
  isFresh: IsFresh,
): Finding[] {
  const [line] = lines
  if (!line) return []
  const { outTradeNo, amountFen } = line
  const about = { subject: named(refundNo), orderNo: orderNoOf(outTradeNo) ?? null }
  const theirs = moneySide('refunded', ...lines.map((one) => decimalFromFen(one.amountFen)))
  if (!ours || ours.outTradeNo !== outTradeNo)
    return [{ kind: 'refund_unknown', ...about, ours: null, theirs }]
  const said = { ...about, ours: countedSide(ours), theirs }
  if (lines.length > 1) return [{ kind: 'refund_twice', ...said }]
  if (amountFen !== ours.amountFen) return [{ kind: 'refund_amount', ...said }]
  if (ours.state === 'done' || isFresh(line)) return []
  // The money came in once, so to hear of it again makes the workflow see only to what it owes.
  const tell = ours.state === 'pending' ? { tell: { outTradeNo } } : {}
  return [{ kind: 'refund_not_counted', ...said, ...tell }]
}

/**
 * What we counted on a day and its bill lacks. It may stand in the next day's bill, or in the one before: ask
 * the provider before it is called missing.
 */
export function lackingIn(bill: readonly BilledMoney[], counted: Counted, day: string, now: Date): Counted {
  const { from, to } = dayInShanghai(day)
  const settledBy = now.getTime() - MARGIN_MS
  const isDue = (at: Date) => at >= from && at < to && at.getTime() <= settledBy
  const paid = new Set(bill.filter(({ kind }) => kind === 'payment').map(({ outTradeNo }) => outTradeNo))
  const back = new Set(bill.map(({ refundNo }) => refundNo))
  return {
    payments: counted.payments.filter(
      ({ outTradeNo, paidAt }) => paidAt !== null && isDue(paidAt) && !paid.has(outTradeNo),
    ),
    refunds: counted.refunds.filter(
      ({ refundNo, state, at }) => state === 'done' && isDue(at) && !back.has(refundNo),
    ),
  }
}

const countedSide = ({ state, amountFen }: CountedPayment | CountedRefund): Side =>
  moneySide(state, decimalFromFen(amountFen))

/** @param theirs what the provider said when it was asked */
export function missingPayment(payment: CountedPayment, theirs: Side): Finding {
  const { outTradeNo, orderNo } = payment
  return { kind: 'payment_missing', subject: named(outTradeNo), ours: countedSide(payment), theirs, orderNo }
}

/** @param theirs what the provider said when it was asked */
export function missingRefund(refund: CountedRefund, theirs: Side): Finding {
  const { refundNo, outTradeNo } = refund
  const orderNo = orderNoOf(outTradeNo) ?? null
  return { kind: 'refund_missing', subject: named(refundNo), ours: countedSide(refund), theirs, orderNo }
}
