import { type Kysely, sql } from 'kysely'

/**
 * A kept form belongs to the browser that sent it. Nobody knows that of the forms which are there: they go, half an
 * hour before they would have.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`delete from kept_forms`.execute(db)
  await sql`alter table kept_forms
    drop column token_hash,
    add column id uuid primary key default gen_random_uuid(),
    add column browser_hash bytea not null check (length(browser_hash) = 32),
    add column source smallint not null,
    add column offered_at timestamptz`.execute(db)
  await sql`create index kept_forms_browser on kept_forms (browser_hash)`.execute(db)
  await sql`create index kept_forms_owner on kept_forms (owner_id)`.execute(db)
}
