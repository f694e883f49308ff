import { type Kysely, sql } from 'kysely'

/** What the pages keep: who is signed in, which sign-in links are used up, and the customers' address books. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table web_sessions (
    token_hash bytea primary key check (length(token_hash) = 32),
    owner_id varchar(64) not null,
    role varchar(16) not null check (role in ('customer', 'operator', 'admin')),
    level int not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
  )`.execute(db)
  await sql`create index web_sessions_expires on web_sessions (expires_at)`.execute(db)
  await sql`create table sign_in_links (
    link_id varchar(128) primary key,
    expires_at timestamptz not null
  )`.execute(db)
  await sql`create table addresses (
    id bigint generated always as identity primary key,
    owner_id varchar(64) not null,
    sealed bytea not null,
    is_default boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`.execute(db)
  await sql`create index addresses_owner on addresses (owner_id, id)`.execute(db)
  await sql`create unique index addresses_default on addresses (owner_id) where is_default`.execute(db)
}
