import { type Kysely, sql } from 'kysely'

/** What a clawback still misses, so that points that come back can settle it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `alter table earnings add column open_shortfall bigint not null default 0`,
  `update earnings set open_shortfall = shortfall where shortfall > 0`,
  `alter table earnings add constraint earnings_open_shortfall_check
    check (open_shortfall between 0 and shortfall)`,
  // Each return of points asks for its owner's; few customers have any.
  `create index earnings_open_shortfall on earnings (owner_id) where open_shortfall > 0`,
]
