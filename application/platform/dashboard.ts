import type { Db } from '../../db/client.ts'
import {
  countLostEndpoints,
  countOpenFindings,
  countOrdersByHour,
  findLowStock,
  findNeedingAttention,
  findSlowRefunds,
  findUnanswered,
  findUndecided,
  findUndelivered,
  findWaiting,
  type HourOfOrders,
  type LowStock,
  sumCashByHour,
  sumTakenBack,
  type Waiting,
} from '../../db/platform/dashboard.ts'
import { dateInShanghai, dayInShanghai } from '../../domain/business-time.ts'
import { fenOf, type Money, moneyFromFen } from '../../domain/money.ts'
import type { Attention } from '../../domain/orders/attention.ts'
import type { OrderStatus } from '../../domain/orders/status.ts'
import { LONG_REFUND_MS, MARGIN_MS } from '../../domain/reconciliation/comparison.ts'

const HOUR_MS = 3_600_000
const HOURS_A_DAY = 24
const DAY_MS = HOURS_A_DAY * HOUR_MS
const DAYS = 14
const FINDING_DAYS = 30
const LISTED = 5

/** Totals of a day; points and cash are gross of refunds. */
export interface Figures {
  readonly exchanges: number
  /** Counts orders that were canceled or refunded after payment, too. */
  readonly taken: number
  readonly failed: number
  readonly points: number
  readonly cash: Money
}

export interface DayFigures extends Figures {
  /** `YYYY-MM-DD` in Shanghai. */
  readonly day: string
}

/** Overdue or waiting items. Times are ISO 8601 UTC. */
export interface WaitingView {
  readonly count: number
  readonly orderNo: string | null
  readonly since: string | null
}

export interface Dashboard {
  readonly today: DayFigures
  /** Redemptions per hour of the day in Shanghai, up to the current hour. */
  readonly hours: readonly {
    readonly hour: number
    readonly today: number | null
    readonly yesterday: number
  }[]
  /** Oldest first; the last is today. */
  readonly days: readonly DayFigures[]
  readonly takenBack: { readonly points: number; readonly money: Money }
  readonly queues: Readonly<Record<Queue, WaitingView>>
  readonly attention: {
    readonly orders: readonly { order_no: string; product_title: string; needs_attention: Attention }[]
    readonly count: number
  }
  readonly slowRefunds: WaitingView
  readonly undelivered: WaitingView
  readonly undecided: WaitingView
  /** Messages of customers that wait for an answer. */
  readonly unanswered: WaitingView
  readonly findings: { readonly count: number; readonly id: string | null }
  /** Endpoints that were switched off because nothing reached them. */
  readonly endpoints: { readonly count: number; readonly id: string | null }
  readonly stock: { readonly low: readonly LowStock[]; readonly count: number; readonly soldOut: number }
}

export const QUEUES = {
  to_accept: { status: 'order_paid', isSent: undefined },
  to_ship: { status: 'order_accepted', isSent: true },
  to_hand_over: { status: 'order_accepted', isSent: false },
  to_pay: { status: 'order_created', isSent: undefined },
} as const satisfies Record<string, { status: OrderStatus; isSent: boolean | undefined }>

export type Queue = keyof typeof QUEUES

export async function readQueue(db: Db, queue: Queue): Promise<WaitingView> {
  const { status, isSent } = QUEUES[queue]
  return viewOf(await findWaiting(db, status, isSent))
}

/** @param now ms since the epoch */
export async function readDashboard(db: Db, now: number): Promise<Dashboard> {
  const today = dayInShanghai(dateInShanghai(now)).from
  const from = new Date(today.getTime() - (DAYS - 1) * DAY_MS)
  const late = new Date(now - MARGIN_MS)
  const [
    orders,
    cash,
    takenBack,
    queues,
    attention,
    refunds,
    notices,
    attempts,
    unanswered,
    findings,
    endpoints,
    stock,
  ] = await Promise.all([
    countOrdersByHour(db, from),
    sumCashByHour(db, from),
    sumTakenBack(db, today),
    readQueues(db),
    findNeedingAttention(db, LISTED),
    findSlowRefunds(db, new Date(now - LONG_REFUND_MS)),
    findUndelivered(db, late),
    findUndecided(db, late),
    findUnanswered(db),
    countOpenFindings(db, dateInShanghai(now - FINDING_DAYS * DAY_MS)),
    countLostEndpoints(db),
    findLowStock(db, LISTED),
  ])
  const days = Array.from({ length: DAYS }, (_, n) => ({
    day: dateInShanghai(from.getTime() + n * DAY_MS),
    ...figuresOf(orders.filter(isOn(n)), cash.filter(isOn(n))),
  }))
  const hourNow = Math.floor((now - today.getTime()) / HOUR_MS)
  const ordersIn = (hour: number) => orders.find((one) => one.hour === hour)?.total ?? 0
  return {
    today: days[DAYS - 1] as DayFigures,
    hours: Array.from({ length: HOURS_A_DAY }, (_, hour) => ({
      hour,
      today: hour > hourNow ? null : ordersIn((DAYS - 1) * HOURS_A_DAY + hour),
      yesterday: ordersIn((DAYS - 2) * HOURS_A_DAY + hour),
    })),
    days,
    takenBack: { points: Number(takenBack.points), money: moneyFromFen(fenOf(takenBack.money)) },
    queues,
    attention,
    slowRefunds: viewOf(refunds),
    undelivered: viewOf(notices),
    undecided: viewOf(attempts),
    unanswered: viewOf(unanswered),
    findings,
    endpoints,
    stock,
  }
}

async function readQueues(db: Db): Promise<Dashboard['queues']> {
  const [to_accept, to_ship, to_hand_over, to_pay] = await Promise.all([
    readQueue(db, 'to_accept'),
    readQueue(db, 'to_ship'),
    readQueue(db, 'to_hand_over'),
    readQueue(db, 'to_pay'),
  ])
  return { to_accept, to_ship, to_hand_over, to_pay }
}

const isOn =
  (day: number) =>
  ({ hour }: { readonly hour: number }): boolean =>
    Math.floor(hour / HOURS_A_DAY) === day

function figuresOf(orders: readonly HourOfOrders[], cash: readonly { cash: string }[]): Figures {
  const sum = (count: (of: HourOfOrders) => number) => orders.reduce((all, one) => all + count(one), 0)
  return {
    exchanges: sum(({ total }) => total),
    taken: sum(({ taken }) => taken),
    failed: sum(({ failed }) => failed),
    points: sum(({ points }) => Number(points)),
    cash: moneyFromFen(cash.reduce((all, one) => all + fenOf(one.cash), 0n)),
  }
}

const viewOf = ({ count, order_no, since }: Waiting): WaitingView => ({
  count,
  orderNo: order_no,
  since: since?.toISOString() ?? null,
})
