import { type Kysely, sql } from 'kysely'

/** Filters of the order list that an operator has named: the query of the list's address. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table order_views (
    id bigint generated always as identity primary key,
    operator_id text not null,
    name varchar(40) not null,
    query varchar(1000) not null,
    created_at timestamptz not null default now(),
    unique (operator_id, name)
  )`.execute(db)
}
