import { type Kysely, sql } from 'kysely'

/** Endpoints that rather have a later event than wait for an earlier one. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `alter table webhook_endpoints add column latest_state boolean not null default false`,
  `create index webhook_deliveries_failed on webhook_deliveries (endpoint_id, ended_at) where state = 'given_up'`,
]
