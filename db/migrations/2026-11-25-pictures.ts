import { type Kysely, sql } from 'kysely'

/** Pictures of products that operators have uploaded, by the hash of what is in them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table pictures (
    hash char(64) primary key check (hash ~ '^[0-9a-f]{64}$'),
    format varchar(8) not null check (format in ('png', 'jpeg', 'webp')),
    bytes bytea not null check (length(bytes) between 1 and 2097152),
    operator_id varchar(64) not null,
    created_at timestamptz not null default now()
  )`.execute(db)
  // They are compressed already.
  await sql`alter table pictures alter column bytes set storage external`.execute(db)
}
