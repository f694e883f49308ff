import { type Kysely, sql } from 'kysely'

/** Categories in a tree; null: at the top. The application allows no cycle and a bounded depth. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table categories add column parent_id bigint check (parent_id <> id)`.execute(db)
}
