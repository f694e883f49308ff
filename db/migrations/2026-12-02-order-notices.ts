import { type Kysely, sql } from 'kysely'

/** The order domain also tells that an order was created or paid. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table webhook_inbox drop constraint kind_is_known, add constraint kind_is_known
    check (kind in ('paid', 'declined', 'closed', 'refunded', 'refund_failed', 'ignored', 'order_created', 'order_paid',
      'accepted', 'shipped', 'finished', 'canceled'))`.execute(db)
}
