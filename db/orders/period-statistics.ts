import { sql } from 'kysely'
import { PAYMENT_METHODS } from '../../domain/payments/method.ts'
import type { Db } from '../client.ts'

/** Sums by calendar period in Shanghai. Every query is bounded by time and reads an index of it. */

export const PERIODS = ['day', 'week', 'month'] as const
export type Period = (typeof PERIODS)[number]

export interface Span {
  readonly from: Date
  /** Exclusive. */
  readonly to: Date
  readonly by: Period
}

type Column = ReturnType<typeof sql>

/** `YYYY-MM-DD`: the first day of the period; weeks begin on Monday. */
const periodOf = (by: Period, at: Column) =>
  sql`to_char(date_trunc(${sql.lit(by)}, ${at} at time zone 'Asia/Shanghai'), 'YYYY-MM-DD')`

export async function countCreated(db: Db, { from, to, by }: Span) {
  const { rows } = await sql<{ period: string; created: number }>`
    select ${periodOf(by, sql`exchange_time`)} as period, count(*)::int as created
    from points_exchange_orders
    where exchange_time >= ${from} and exchange_time < ${to} and deleted_at is null
    group by 1`.execute(db)
  return rows
}

/** Points are those of orders that were paid in the period. */
export async function countEvents(db: Db, { from, to, by }: Span) {
  const { rows } = await sql<{
    period: string
    paid: number
    finished: number
    canceled: number
    points: string
  }>`
    select ${periodOf(by, sql`e.created_at`)} as period,
      (count(*) filter (where e.event_key = 'order_paid'))::int as paid,
      (count(*) filter (where e.event_key = 'order_finished'))::int as finished,
      (count(*) filter (where e.event_key = 'order_canceled'))::int as canceled,
      coalesce(sum(o.total_points) filter (where e.event_key = 'order_paid'), 0)::text as points
    from order_events e join points_exchange_orders o on o.order_no = e.order_no
    where e.event_key in ('order_paid', 'order_finished', 'order_canceled')
      and e.created_at >= ${from} and e.created_at < ${to} and o.deleted_at is null
    group by 1`.execute(db)
  return rows
}

/** Refunds of paid orders, in parts or whole, when they were decided. Decimal CNY. */
export async function sumRefunds(db: Db, { from, to, by }: Span) {
  const { rows } = await sql<{ period: string; refunded: number; points: string; money: string }>`
    select ${periodOf(by, sql`created_at`)} as period, count(distinct order_no)::int as refunded,
      sum(points)::text as points, sum(money)::numeric(20, 2)::text as money
    from order_refunds where created_at >= ${from} and created_at < ${to} group by 1`.execute(db)
  return rows
}

/** Cash that came in, also for orders that were canceled meanwhile. Decimal CNY. */
export async function sumPayments(db: Db, { from, to, by }: Span) {
  const { rows } = await sql<{ period: string; money: string }>`
    select ${periodOf(by, sql`paid_at`)} as period, sum(amount)::numeric(20, 2)::text as money
    from payments
    where method = any(${[...PAYMENT_METHODS]}) and paid_at >= ${from} and paid_at < ${to} group by 1`.execute(
    db,
  )
  return rows
}

export interface TopProduct {
  readonly product_id: string
  readonly title: string
  readonly orders: number
  readonly quantity: number
}

/** Of the orders that were paid in the span, whatever became of them: most pieces first. */
export async function listTopProducts(db: Db, { from, to }: Span, limit: number): Promise<TopProduct[]> {
  const { rows } = await sql<TopProduct>`
    select o.product_id::text, (array_agg(o.product_title order by o.id desc))[1] as title,
      count(*)::int as orders, sum(o.quantity)::int as quantity
    from order_events e join points_exchange_orders o on o.order_no = e.order_no
    where e.event_key = 'order_paid' and e.event_key in ('order_paid', 'order_finished', 'order_canceled')
      and e.created_at >= ${from} and e.created_at < ${to} and o.deleted_at is null
    group by o.product_id order by 4 desc, o.product_id limit ${limit}`.execute(db)
  return rows
}
