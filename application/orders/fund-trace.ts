import { findAttempt } from '../../db/orders/attempts.ts'
import { type BookedFor, listOrderEntries } from '../../db/wallet/reads.ts'
import { fenOf, type Money, moneyFromFen } from '../../domain/money.ts'
import type { PaymentMethod } from '../../domain/payments/method.ts'
import type { OrderReader, OrderView } from './view.ts'

/** Point amounts add up to the order's points; cash amounts to its cash, once it is paid. */
export interface FundTrace {
  readonly points: readonly PointsPlace[]
  readonly cash: readonly CashPlace[]
  /** True: in the external wallet, so the mall's ledger has no entries. */
  readonly outside: boolean
}

export type PointsPlace =
  /** Not deducted: no result yet, or never an order. */
  | { readonly place: 'untouched'; readonly points: number; readonly settled: boolean }
  | { readonly place: 'held'; readonly points: number; readonly since: string }
  | { readonly place: 'spent'; readonly points: number; readonly since: string }
  | {
      readonly place: 'returned'
      readonly points: number
      readonly at: string
      /** Lots that received the points; the rest repaid a debt. */
      readonly lots: readonly { readonly points: number; readonly expires_at: string | null }[]
    }

export type CashPlace =
  | { readonly place: 'due'; readonly money: Money; readonly until: string | null }
  /** The result of the payment is being checked: it is being closed, or may be paid. */
  | { readonly place: 'closing'; readonly money: Money }
  | { readonly place: 'never_paid'; readonly money: Money }
  | {
      readonly place: 'paid'
      readonly money: Money
      readonly since: string
      readonly method: PaymentMethod | null
    }
  | {
      readonly place: 'returning'
      readonly money: Money
      readonly since: string
      readonly undue: UnappliedPayment | null
    }
  | {
      readonly place: 'returned'
      readonly money: Money
      readonly at: string
      readonly to: 'wallet' | 'payer'
      readonly undue: UnappliedPayment | null
    }

/** A payment after the order was canceled, or a second one. */
export type UnappliedPayment = 'late' | 'twice'

export async function readFundTrace(
  { db, vault }: Pick<OrderReader, 'db' | 'vault'>,
  order: OrderView,
): Promise<FundTrace> {
  const [entries, attempt] = await Promise.all([
    listOrderEntries(db, vault, order.owner_id, order.order_no),
    findAttempt(db, order.order_no),
  ])
  return wherePoints(order, entries, attempt?.points_wallet === 'outside')
}

function wherePoints(order: OrderView, entries: readonly BookedFor[], outside: boolean): FundTrace {
  const of = (currency: string) => entries.filter((entry) => entry.currency === currency)
  return {
    points: outside ? pointsOutside(order) : pointsInLedger(order, of('ZJF')),
    cash: cashOf(order, of('CNY')),
    outside,
  }
}

function pointsInLedger(order: OrderView, entries: readonly BookedFor[]): PointsPlace[] {
  if (order.total_points === 0) return []
  let taken: BookedFor | undefined
  const returned: PointsPlace[] = []
  for (const entry of entries) {
    if (entry.kind === 'hold' || entry.kind === 'capture') taken = entry
    // A tombstone changes no balance.
    else if (BigInt(entry.plain.available) > 0n) returned.push(returnedBy(entry))
  }
  const back = returned.reduce((sum, { points }) => sum + points, 0)
  const rest = order.total_points - back
  if (!taken) return [untouched(order)]
  if (rest <= 0) return returned
  const place = taken.kind === 'hold' ? 'held' : 'spent'
  return [{ place, points: rest, since: taken.created_at.toISOString() }, ...returned]
}

function returnedBy({ plain, created_at }: BookedFor): PointsPlace {
  return {
    place: 'returned',
    points: Number(plain.available),
    at: created_at.toISOString(),
    lots: plain.lots.map(([expiresAt, amount]) => ({
      points: Number(amount),
      expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
    })),
  }
}

const untouched = ({ total_points, status }: OrderView): PointsPlace => ({
  place: 'untouched',
  points: total_points,
  settled: status === 'order_canceled',
})

/** The order's own steps call the external wallet, so its state implies theirs. */
function pointsOutside(order: OrderView): PointsPlace[] {
  const { total_points: points, status } = order
  if (points === 0) return []
  const created = reached(order, 'order_created')
  if (created === undefined || status === 'exchanged') return [untouched(order)]
  if (status === 'order_canceled') {
    return [{ place: 'returned', points, at: reached(order, status) ?? order.updated_at, lots: [] }]
  }
  if (status === 'order_created') return [{ place: 'held', points, since: created }]
  return [{ place: 'spent', points, since: reached(order, 'order_paid') ?? created }]
}

function cashOf(order: OrderView, entries: readonly BookedFor[]): CashPlace[] {
  const due = fenOf(order.total_money)
  const paidAt = reached(order, 'order_paid')
  const isLate = paidAt === undefined && order.status === 'order_canceled'
  const undueAs: UnappliedPayment = isLate ? 'late' : 'twice'
  const back = [
    ...walletReturns(entries),
    ...order.refunds.flatMap((refund) => providerRefund(refund, undueAs)),
  ]
  const extra = back.filter(({ undue }) => undue !== null)
  if (due === 0n) return extra
  // "Not paid" next to a refunded late payment would contradict it.
  if (isLate && extra.length > 0) return extra
  if (paidAt === undefined) return [unpaid(order), ...extra]
  const ours = back.filter(({ undue }) => undue === null)
  const kept = due - ours.reduce((sum, { money }) => sum + fenOf(money), 0n)
  const method = order.payment_info.payment_method
  const paid: CashPlace[] =
    kept > 0n ? [{ place: 'paid', money: moneyFromFen(kept), since: paidAt, method }] : []
  return [...paid, ...ours, ...extra]
}

function unpaid({ total_money: money, status, payment_status, payment_info }: OrderView): CashPlace {
  if (status === 'order_canceled') return { place: 'never_paid', money }
  if (payment_status === 'closing') return { place: 'closing', money }
  return { place: 'due', money, until: payment_info.expires_at }
}

type CashBack = Extract<CashPlace, { place: 'returning' | 'returned' }>

function walletReturns(entries: readonly BookedFor[]): CashBack[] {
  return entries
    .filter(({ kind, plain }) => kind !== 'capture' && BigInt(plain.available) > 0n)
    .map(({ plain, created_at }) => ({
      place: 'returned',
      money: moneyFromFen(BigInt(plain.available)),
      at: created_at.toISOString(),
      to: 'wallet',
      undue: null,
    }))
}

/** Empty without a provider: the ledger has the refunds to the wallet. */
function providerRefund(refund: OrderView['refunds'][number], undueAs: UnappliedPayment): CashBack[] {
  const { provider_refund_no, refund_no, money, state, at, done_at } = refund
  if (provider_refund_no === null || fenOf(money) === 0n) return []
  const undue = provider_refund_no === refund_no ? undueAs : null
  if (state === 'pending') return [{ place: 'returning', money, since: at, undue }]
  return [{ place: 'returned', money, at: done_at ?? at, to: 'payer', undue }]
}

const reached = (order: OrderView, status: string): string | undefined =>
  order.timeline.find((event) => event.status === status)?.at
