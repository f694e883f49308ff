import { type Kysely, sql } from 'kysely'

/** Where an order's points are: decided once, when it begins. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table exchange_attempts add column points_wallet varchar(16) not null default 'ledger'
    check (points_wallet in ('ledger', 'outside'))`.execute(db)
}
