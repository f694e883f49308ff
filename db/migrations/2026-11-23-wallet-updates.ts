import { type Kysely, sql } from 'kysely'

/**
 * An index over a column that every booking changes forbids PostgreSQL its cheap update in place (HOT): a busy
 * account then leaves dead entries in all its indexes, and each look at it has to pass them. Entries are only
 * ever added, in the order of time, so that a BRIN index finds the newest for next to nothing.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`drop index wallet_accounts_changed`.execute(db)
  await sql`create index wallet_entries_created on wallet_entries using brin (created_at)`.execute(db)
}
