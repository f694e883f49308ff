import { type Kysely, sql } from 'kysely'

/** What statistics by date count: when orders were paid and when they ended. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`create index order_events_counted on order_events (created_at) include (order_no, event_key)
      where event_key in ('order_paid', 'order_finished', 'order_canceled')`)
    .execute(db)
}
