import type { Db } from '../../db/client.ts'
import {
  countCreated,
  countEvents,
  listTopProducts,
  PERIODS,
  type Period,
  type Span,
  sumPayments,
  sumRefunds,
  type TopProduct,
} from '../../db/orders/period-statistics.ts'
import { dateInShanghai, dayInShanghai, isDay } from '../../domain/business-time.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import { fenOf, type Money, moneyFromFen } from '../../domain/money.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import { csvHead, csvHeaders, csvLine, figure, text } from '../platform/csv.ts'

export { PERIODS, type Period }

/** Days of a span, also of weeks and months. */
const SPAN_DAYS_MAX = 366
const DAY_MS = 86_400_000
const TOP = 10

/** Points and cash are gross; what went back counts when the refund was decided. */
export interface PeriodFigures {
  /** `YYYY-MM-DD` in Shanghai: the first day of the period. */
  readonly period: string
  readonly created: number
  readonly paid: number
  readonly finished: number
  readonly canceled: number
  /** Orders that were refunded, in part or whole. */
  readonly refunded: number
  readonly points_spent: number
  readonly points_returned: number
  readonly cash_in: Money
  readonly cash_out: Money
}

export interface PeriodStatistics {
  readonly from: string
  readonly to: string
  readonly by: Period
  /** Oldest first, without gaps. */
  readonly periods: readonly PeriodFigures[]
  readonly products: readonly TopProduct[]
}

export interface StatisticsAsk {
  /** `YYYY-MM-DD`; both days are included. */
  readonly from: string
  readonly to: string
  readonly by: Period
}

/** The last 30 days. @param now ms since 1970 */
export function defaultSpan(now: number): StatisticsAsk {
  return { from: dateInShanghai(now - 29 * DAY_MS), to: dateInShanghai(now), by: 'day' }
}

/** @throws InvalidInputError where the span is reversed or too long */
function spanOf({ from, to, by }: StatisticsAsk): Span {
  for (const [field, day] of [
    ['from', from],
    ['to', to],
  ] as const) {
    if (!isDay(day)) throw new InvalidInputError({ field, rule: 'format' })
  }
  const span = { from: dayInShanghai(from).from, to: dayInShanghai(to).to, by }
  if (span.from >= span.to) throw new InvalidInputError({ field: 'to', rule: 'min', bound: from })
  const last = dateInShanghai(span.from.getTime() + (SPAN_DAYS_MAX - 1) * DAY_MS)
  if (to > last) throw new InvalidInputError({ field: 'to', rule: 'max', bound: last })
  return span
}

/** @throws InvalidInputError where the span is reversed or longer than `SPAN_DAYS_MAX` */
export async function readPeriodStatistics(db: Db, ask: StatisticsAsk): Promise<PeriodStatistics> {
  const span = spanOf(ask)
  const [created, events, refunds, payments, products] = await Promise.all([
    countCreated(db, span),
    countEvents(db, span),
    sumRefunds(db, span),
    sumPayments(db, span),
    listTopProducts(db, span, TOP),
  ])
  const periods = periodsOf(span).map((period): PeriodFigures => {
    const is = (row: { readonly period: string }) => row.period === period
    const event = events.find(is)
    const refund = refunds.find(is)
    return {
      period,
      created: created.find(is)?.created ?? 0,
      paid: event?.paid ?? 0,
      finished: event?.finished ?? 0,
      canceled: event?.canceled ?? 0,
      refunded: refund?.refunded ?? 0,
      points_spent: Number(event?.points ?? 0),
      points_returned: Number(refund?.points ?? 0),
      cash_in: moneyFromFen(fenOf(payments.find(is)?.money ?? '0.00')),
      cash_out: moneyFromFen(fenOf(refund?.money ?? '0.00')),
    }
  })
  return { ...ask, periods, products }
}

/** The first days of all periods of the span. */
function periodsOf({ from, to, by }: Span): string[] {
  const starts = new Set<string>()
  for (let at = from.getTime(); at < to.getTime(); at += DAY_MS) starts.add(startOf(dateInShanghai(at), by))
  return [...starts]
}

function startOf(day: string, by: Period): string {
  if (by === 'month') return `${day.slice(0, 7)}-01`
  if (by === 'day') return day
  const at = Date.parse(`${day}T00:00:00Z`)
  const sinceMonday = (new Date(at).getUTCDay() + 6) % 7
  return new Date(at - sinceMonday * DAY_MS).toISOString().slice(0, 10)
}

const HEADERS = {
  zh: [
    '日期（起）',
    '下单',
    '付款',
    '完成',
    '取消',
    '退款订单',
    '消耗积分',
    '退回积分',
    '收款（元）',
    '退款（元）',
  ],
  en: [
    'From',
    'Created',
    'Paid',
    'Finished',
    'Canceled',
    'Refunded orders',
    'Points spent',
    'Points returned',
    'Cash in (CNY)',
    'Cash out (CNY)',
  ],
} as const

/** The periods as a table for spreadsheets. @throws InvalidInputError */
export async function statisticsTable(db: Db, ask: StatisticsAsk, lang: Lang) {
  const { periods } = await readPeriodStatistics(db, ask)
  const lines = periods.map((row) =>
    csvLine([
      text(row.period),
      ...[row.created, row.paid, row.finished, row.canceled, row.refunded].map((n) => figure(`${n}`)),
      ...[row.points_spent, row.points_returned].map((n) => figure(`${n}`)),
      figure(row.cash_in.amount),
      figure(row.cash_out.amount),
    ]),
  )
  return { body: csvHead(HEADERS[lang]) + lines.join(''), headers: csvHeaders('statistics.csv') }
}
