import { type Kysely, sql } from 'kysely'

/** How the customer reaches the cashier: kept with the attempt to exchange, sealed, since it may name him. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table exchange_attempts add column channel bytea`.execute(db)
  await sql`alter table payments add column client varchar(16) check (client in ('in_app', 'h5', 'desktop'))`.execute(
    db,
  )
}
