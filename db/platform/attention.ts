import { sql } from 'kysely'
import type { AttentionAction, AttentionKind } from '../../domain/needs-attention.ts'
import type { Db } from '../client.ts'

/** Sources of the list of what cannot go on by itself. Each reads an index of open items, oldest first. */

export interface AttentionRow {
  /** Names it within its kind, and orders the list. */
  readonly subject: string
  readonly code: string
  readonly data: Readonly<Record<string, string>>
  readonly order_no: string | null
  readonly since: Date
  /** Null: the database does not know. */
  readonly tries: number | null
  readonly next_try_at: Date | null
}

export interface AttentionLimits {
  /** What waits only since then is not late yet. */
  readonly lateBefore: Date
  readonly slowRefundBefore: Date
  /** `YYYY-MM-DD`: findings of earlier days are left out. */
  readonly findingsFrom: string
}

interface Page {
  /** The last subject of the page before; undefined: the first page. */
  readonly past: string | undefined
  readonly limit: number
  readonly limits: AttentionLimits
}

type Source = (db: Db, page: Page) => Promise<AttentionRow[]>
type Query = ReturnType<typeof sql<AttentionRow>>

const read = async (db: Db, query: Query): Promise<AttentionRow[]> => (await query.execute(db)).rows

/** An operator has looked at it and decided that nothing follows. */
const notSkipped = (kind: AttentionKind, subject: ReturnType<typeof sql>) =>
  sql`not exists (select from attention_acts act
    where act.kind = ${sql.lit(kind)} and act.subject = ${subject} and act.action = 'skip')`

const past = (id: string | undefined) => id ?? '0'

export const ATTENTION_SOURCES: Readonly<Record<AttentionKind, Source>> = {
  order: (db, page) =>
    read(
      db,
      sql`select id::text as subject, needs_attention ->> 'code' as code, needs_attention -> 'data' as data, order_no,
          coalesce(attention_since, updated_at) as since, attention_times as tries, null::timestamptz as next_try_at
        from points_exchange_orders
        where needs_attention is not null and needs_attention ->> 'code' <> 'after_sale' and deleted_at is null
          and id > ${past(page.past)}
        order by id limit ${page.limit}`,
    ),
  after_sale: (db, page) =>
    read(
      db,
      sql`select id::text as subject, state || '_' || type as code, jsonb_build_object('state', state) as data, order_no,
          overdue_at as since, null::int as tries, null::timestamptz as next_try_at
        from after_sales where overdue_at is not null and id > ${past(page.past)} order by id limit ${page.limit}`,
    ),
  refund: (db, { past: last = '', limit, limits }) =>
    read(
      db,
      sql`select r.refund_no as subject, 'slow' as code, jsonb_build_object('refund_no', r.refund_no) as data,
          p.order_no, r.created_at as since, null::int as tries, null::timestamptz as next_try_at
        from payment_refunds r join payments p on p.out_trade_no = r.out_trade_no
          join points_exchange_orders o on o.order_no = p.order_no
        where r.state = 'pending' and r.created_at < ${limits.slowRefundBefore} and r.refund_no > ${last}
          and o.needs_attention is null
        order by r.refund_no limit ${limit}`,
    ),
  attempt: (db, page) =>
    read(
      db,
      sql`select id::text as subject, 'undecided' as code, '{}'::jsonb as data, order_no, created_at as since,
          null::int as tries, null::timestamptz as next_try_at
        from exchange_attempts
        where state = 'pending' and created_at < ${page.limits.lateBefore} and id > ${past(page.past)}
        order by id limit ${page.limit}`,
    ),
  notice: (db, { past: last, limit, limits }) =>
    read(
      db,
      sql`select * from (
          (select id::text as subject, 'undelivered' as code,
            jsonb_build_object('source', source, 'event', kind) as data, order_no, received_at as since,
            deliveries as tries, next_delivery_at as next_try_at, id
          from webhook_inbox
          where delivered_at is null and received_at < ${limits.lateBefore} and id > ${past(last)}
          order by id limit ${limit})
          union all
          (select id::text as subject, 'no_order', jsonb_build_object('source', source, 'event', kind), order_no,
            received_at, deliveries, null, id
          from webhook_inbox
          where outcome = 'no_order' and kind = 'paid' and ${notSkipped('notice', sql`webhook_inbox.id::text`)}
            and id > ${past(last)}
          order by id limit ${limit})) as found
        order by id limit ${limit}`,
    ),
  endpoint: (db, page) =>
    read(
      db,
      sql`select id::text as subject, state as code, jsonb_build_object('url', url) as data, null as order_no,
          state_since as since, null::int as tries, null::timestamptz as next_try_at
        from webhook_endpoints
        where state in ('gone', 'failing') and deleted_at is null and id > ${past(page.past)}
        order by id limit ${page.limit}`,
    ),
  delivery: (db, page) =>
    read(
      db,
      sql`select d.id::text as subject, coalesce(d.outcome, 'interrupted') as code,
          jsonb_build_object('endpoint_id', d.endpoint_id::text) as data, null as order_no, d.created_at as since,
          d.tries, null::timestamptz as next_try_at
        from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id
        where d.state = 'given_up' and e.state = 'enabled' and e.deleted_at is null
          and ${notSkipped('delivery', sql`d.id::text`)} and d.id > ${past(page.past)}
        order by d.id limit ${page.limit}`,
    ),
  finding: (db, { past: last, limit, limits }) =>
    read(
      db,
      sql`with newest as (
          select distinct on (day) id from reconciliations
          where finished_at is not null and day >= ${limits.findingsFrom}::date order by day, id desc)
        select f.id::text as subject, f.kind as code,
          jsonb_build_object('reconciliation_id', f.reconciliation_id::text) as data, f.order_no, f.found_at as since,
          null::int as tries, null::timestamptz as next_try_at
        from newest join reconciliation_findings f on f.reconciliation_id = newest.id
        where f.state = 'open' and f.id > ${past(last)} and ${notSkipped('finding', sql`f.id::text`)}
        order by f.id limit ${limit}`,
    ),
}

export interface AttentionAct {
  readonly kind: AttentionKind
  readonly subject: string
  readonly action: AttentionAction
  readonly reason: string
  readonly actor_id: string
  readonly operation_key: string
}

/** A repeat under the same key changes nothing. */
export async function recordAttentionAct(db: Db, act: AttentionAct): Promise<void> {
  await db
    .insertInto('attention_acts')
    .values(act)
    .onConflict((conflict) => conflict.column('operation_key').doNothing())
    .execute()
}

export async function isAttentionActKnown(db: Db, operationKey: string): Promise<boolean> {
  const row = await db
    .selectFrom('attention_acts')
    .select('id')
    .where('operation_key', '=', operationKey)
    .executeTakeFirst()
  return row !== undefined
}
