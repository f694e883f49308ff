import { type Kysely, sql } from 'kysely'

/** Forms that came after their session had ended, until their owner is back; and addresses are added once. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table kept_forms (
    token_hash bytea primary key check (length(token_hash) = 32),
    owner_id varchar(64),
    sealed bytea not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
  )`.execute(db)
  await sql`create index kept_forms_expires on kept_forms (expires_at)`.execute(db)
  await sql`alter table addresses add column operation_key varchar(128) not null`.execute(db)
  await sql`create unique index addresses_operation on addresses (owner_id, operation_key)`.execute(db)
}
