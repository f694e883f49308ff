import { type Kysely, sql } from 'kysely'

/** The points that the customer agreed to, as `cash_amount` is the cash. Null: not said. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table exchange_attempts add column expected_points integer`.execute(db)
}
