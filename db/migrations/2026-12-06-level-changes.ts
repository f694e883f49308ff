import { type Kysely, sql } from 'kysely'

/** Who changed the level of a customer, when, from what to what, and why. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  'alter table users add column revision integer not null default 1',
  `create table level_changes (
    id bigint generated always as identity primary key,
    owner_id varchar(64) not null,
    from_level int,
    to_level int not null,
    reason text,
    operation_key text not null unique,
    operator_id varchar(64) not null,
    created_at timestamptz not null default now()
  )`,
  'create index level_changes_owner on level_changes (owner_id, id)',
  `create trigger append_only before update or delete or truncate on level_changes
    for each statement execute function refuse_change()`,
  'revoke update, delete, truncate on level_changes from points_mall_app',
]
