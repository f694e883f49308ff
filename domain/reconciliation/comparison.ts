import { dayInShanghai } from '../business-time.ts'
import type { Fen } from '../money.ts'
import { decimalFromFen } from '../money.ts'
import { orderNoOf } from '../orders/number.ts'
import type { OrderStatus, PaymentStatus } from '../orders/status.ts'
import { type Disagreement, moneySide, named, type Side } from './findings.ts'

/** Rules for comparing the books. A notice in transit or a lagging list is not a discrepancy. */

/** Anything newer may still be in transit, in either direction, and is left to the next run. */
export const MARGIN_MS = 3 * 60_000
/** The mall's own work takes seconds; after this it is stuck. */
export const LONG_MS = 15 * 60_000
/** Banks may take days for a refund; after this an operator should look. */
export const LONG_REFUND_MS = 24 * 3_600_000

/** `money` is decimal CNY. */
export interface Sum {
  readonly count: number
  readonly money: string
}

export interface BillTotals {
  readonly lines: number
  readonly payments: Sum
  readonly refunds: Sum
}

export interface Totals {
  /** Null: the provider's bill is not available yet. */
  readonly bills?: Readonly<Record<string, BillTotals | null>>
  readonly orders?: Readonly<Partial<Record<OrderStatus, Sum & { readonly points: number }>>>
  readonly payments?: Readonly<Partial<Record<PaymentStatus, Sum>>>
  /** Totals of an earlier version under names that are not recognised. */
  readonly others?: Readonly<Record<string, string>>
}

export const FINDING_KINDS = [
  // A source could not be read:
  'provider_unreachable',
  'bill_missing',
  'engine_unreachable',
  // A provider's bill against our payments:
  'payment_unknown', // paid under an unknown number
  'payment_not_counted', // paid at the provider, open or closed here
  'payment_missing', // counted here, not paid at the provider
  'payment_amount',
  'payment_twice', // one attempt was paid several times
  'refund_unknown', // refunded under an unknown number
  'refund_not_counted', // refunded at the provider, pending or failed here
  'refund_missing', // recorded here, not refunded at the provider
  'refund_amount',
  'refund_twice',
  // Our own books against each other:
  'payment_against_order',
  'order_against_books',
  'amount_against_ledger',
  'ledger',
  'earning_against_ledger',
  // Orders against Temporal:
  'workflow_missing', // an open order without a workflow
  'workflow_left_running', // a settled order whose workflow still runs
  'attempt_stuck',
  'payment_stuck',
  'notice_undelivered',
  'refund_stuck',
] as const

export type FindingKind = (typeof FINDING_KINDS)[number]

export interface Finding extends Disagreement {
  readonly kind: FindingKind
  /** Sent to the order's workflow where that resolves the finding. */
  readonly tell?: PaidMoney
}

export interface PaidMoney {
  readonly outTradeNo: string
  /** Absent where the payment is known and only its follow-up is owed. */
  readonly amountFen?: Fen
  readonly paymentRef?: string
}

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
  /** Null where the payment is not counted. */
  readonly paidAt: Date | null
}

export interface CountedRefund {
  readonly refundNo: string
  readonly outTradeNo: string
  readonly amountFen: Fen
  readonly state: string
  readonly at: Date
}

/** What the bill names and what was counted on its day. */
export interface Counted {
  readonly payments: readonly CountedPayment[]
  readonly refunds: readonly CountedRefund[]
}

/** @param now lines newer than `MARGIN_MS` before it are not compared */
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
    // A refund made in the provider's console has no refund number of ours.
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
  // The payment is known: reporting it again makes the workflow process only its pending refunds.
  const tell = ours.state === 'pending' ? { tell: { outTradeNo } } : {}
  return [{ kind: 'refund_not_counted', ...said, ...tell }]
}

/** An adjacent day's bill may have what is returned: ask the provider before calling it missing. */
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

/** @param theirs the provider's answer */
export function missingPayment(payment: CountedPayment, theirs: Side): Finding {
  const { outTradeNo, orderNo } = payment
  return { kind: 'payment_missing', subject: named(outTradeNo), ours: countedSide(payment), theirs, orderNo }
}

export function missingRefund(refund: CountedRefund, theirs: Side): Finding {
  const { refundNo, outTradeNo } = refund
  const orderNo = orderNoOf(outTradeNo) ?? null
  return { kind: 'refund_missing', subject: named(refundNo), ours: countedSide(refund), theirs, orderNo }
}
