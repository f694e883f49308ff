import { type NotNull, sql } from 'kysely'
import type { Attention } from '../../domain/orders/attention.ts'
import { type OrderStatus, PAID_STATUSES } from '../../domain/orders/status.ts'
import { PAYMENT_METHODS } from '../../domain/payments/method.ts'
import type { Db } from '../client.ts'

/** Counts for the console's first page. Every query is bounded by time or by an index of open items. */

/** `taken`: points and cash were paid, whatever happened later. */
export interface HourOfOrders {
  /** Hours since the epoch. */
  readonly hour: number
  readonly total: number
  readonly taken: number
  readonly failed: number
  readonly points: string
}

/** Hours without orders are left out. */
export async function countOrdersByHour(db: Db, from: Date): Promise<HourOfOrders[]> {
  const { rows } = await sql<HourOfOrders>`
    select floor(extract(epoch from exchange_time - ${from}) / 3600)::int as hour,
      count(*)::int as total,
      (count(*) filter (where taken))::int as taken,
      (count(*) filter (where status = 'order_canceled' and not taken))::int as failed,
      coalesce(sum(total_points) filter (where taken), 0)::text as points
    from points_exchange_orders o
      -- Whatever was taken back had been taken. Behind "offset" it is asked once, and of its own order alone.
      cross join lateral (select
        case when status = 'order_canceled' then exists (select from order_refunds r where r.order_no = o.order_no)
        else status = any(${[...PAID_STATUSES]}) end as taken
        offset 0) as outcome
    where exchange_time >= ${from} and deleted_at is null
    group by 1 order by 1`.execute(db)
  return rows
}

/** Decimal CNY. */
export async function sumCashByHour(db: Db, from: Date): Promise<{ hour: number; cash: string }[]> {
  const { rows } = await sql<{ hour: number; cash: string }>`
    select floor(extract(epoch from paid_at - ${from}) / 3600)::int as hour, sum(amount)::text as cash
    from payments
    where method = any(${[...PAYMENT_METHODS]}) and paid_at >= ${from}
    group by 1 order by 1`.execute(db)
  return rows
}

export async function sumTakenBack(db: Db, from: Date): Promise<{ points: string; money: string }> {
  const { rows } = await sql<{ points: string; money: string }>`
    select coalesce(sum(points), 0)::text as points, coalesce(sum(money), 0)::numeric(20, 2)::text as money
    from order_refunds where created_at >= ${from}`.execute(db)
  return rows[0] ?? { points: '0', money: '0.00' }
}

export interface Waiting {
  readonly count: number
  readonly order_no: string | null
  readonly since: Date | null
}

/** @param isSent only orders that are shipped, or only the others */
export async function findWaiting(db: Db, status: OrderStatus, isSent?: boolean): Promise<Waiting> {
  const shipping =
    isSent === undefined
      ? sql``
      : isSent
        ? sql`and shipping_type = 'logistics'`
        : sql`and shipping_type <> 'logistics'`
  return waiting(
    db,
    sql`select order_no, exchange_time as since, id as place from points_exchange_orders
      where status = ${status} ${shipping} and deleted_at is null`,
  )
}

/** Oldest first. */
export async function findNeedingAttention(
  db: Db,
  limit: number,
): Promise<{
  orders: { order_no: string; product_title: string; needs_attention: Attention }[]
  count: number
}> {
  const found = db
    .selectFrom('points_exchange_orders')
    .where('needs_attention', 'is not', null)
    .where('deleted_at', 'is', null)
  const [orders, { count }] = await Promise.all([
    found
      .select(['order_no', 'product_title', 'needs_attention'])
      .$narrowType<{ needs_attention: NotNull }>()
      .orderBy('id')
      .limit(limit)
      .execute(),
    found.select((eb) => eb.fn.countAll<string>().as('count')).executeTakeFirstOrThrow(),
  ])
  return { orders, count: Number(count) }
}

export async function findSlowRefunds(db: Db, before: Date): Promise<Waiting> {
  return waiting(
    db,
    sql`select p.order_no, r.created_at as since, r.created_at as place
      from payment_refunds r join payments p on p.out_trade_no = r.out_trade_no
      where r.state = 'pending' and r.created_at < ${before}`,
  )
}

export async function findUndelivered(db: Db, before: Date): Promise<Waiting> {
  return waiting(
    db,
    sql`select order_no, received_at as since, id as place from webhook_inbox
      where delivered_at is null and received_at < ${before}`,
  )
}

/** Messages of customers that the shop has not answered, by order. */
export async function findUnanswered(db: Db): Promise<Waiting> {
  return waiting(
    db,
    sql`select order_no, unanswered_since as since, unanswered_since as place from order_conversations
      where unanswered > 0`,
  )
}

export async function findUndecided(db: Db, before: Date): Promise<Waiting> {
  return waiting(
    db,
    sql`select order_no, created_at as since, id as place from exchange_attempts
      where state = 'pending' and created_at < ${before}`,
  )
}

async function waiting(db: Db, found: ReturnType<typeof sql>): Promise<Waiting> {
  const { rows } = await sql<Waiting>`
    with found as (${found})
    select (select count(*)::int from found) as count, first.order_no, first.since
    from (select 1) as one left join (select * from found order by place limit 1) as first on true`.execute(
    db,
  )
  return rows[0] ?? { count: 0, order_no: null, since: null }
}

/** Endpoints that were switched off because nothing reached them; operators know of those that they switched off. */
export async function countLostEndpoints(db: Db): Promise<{ count: number; id: string | null }> {
  const { rows } = await sql<{ count: number; id: string | null }>`
    select count(*)::int as count, min(id)::text as id from webhook_endpoints
    where state in ('gone', 'failing') and deleted_at is null`.execute(db)
  return rows[0] ?? { count: 0, id: null }
}

/** Counts the newest finished run of each day. @returns `id`: the newest run with findings */
export async function countOpenFindings(db: Db, from: string): Promise<{ count: number; id: string | null }> {
  const { rows } = await sql<{ count: number; id: string | null }>`
    with newest as (
      select distinct on (day) id from reconciliations
      where finished_at is not null and day >= ${from}::date order by day, id desc),
    counted as (
      select id, (select count(*) from reconciliation_findings f
        where f.reconciliation_id = newest.id and f.state = 'open') as open
      from newest)
    select coalesce(sum(open), 0)::int as count, max(id) filter (where open > 0) as id from counted`.execute(
    db,
  )
  return rows[0] ?? { count: 0, id: null }
}

export interface LowStock {
  readonly id: string
  readonly title: string
  readonly stock_quantity: number
}

/** Fewest pieces first. */
export async function findLowStock(
  db: Db,
  limit: number,
): Promise<{ low: LowStock[]; count: number; soldOut: number }> {
  const [low, { rows }] = await Promise.all([
    db
      .selectFrom('points_products')
      .select(['id', 'title', 'stock_quantity'])
      .where('low_stock', '=', sql.lit(true))
      .where('status', '=', 'on_sale')
      .where('deleted_at', 'is', null)
      .orderBy('stock_quantity')
      .orderBy('id')
      .limit(limit)
      .execute(),
    sql<{ status: string; count: number }>`
      select status, count(*)::int as count from points_products
      where low_stock and status in ('on_sale', 'sold_out') and deleted_at is null group by 1`.execute(db),
  ])
  const of = (status: string) => rows.find((row) => row.status === status)?.count ?? 0
  return { low, count: of('on_sale'), soldOut: of('sold_out') }
}
