import { type Kysely, sql } from 'kysely'

/** When the provider of an open attempt is asked for its result, because a notification may be lost. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `alter table payments add column next_query_at timestamptz, add column query_step int not null default 1,
    add column queried_at timestamptz, add column answered_query_at timestamptz, add column returned_at timestamptz`,
  `create index payments_to_query on payments (next_query_at) where state = 'unpaid'`,
]
