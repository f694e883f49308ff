import { type Kysely, sql } from 'kysely'

/** Why customers cancel, in their words: sealed. Orders of before have the words in `cancel_reason`, where codes are now. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table points_exchange_orders add column cancel_words bytea`.execute(db)
}
