import { type Kysely, Kysely as KyselyClient, PostgresDialect, type Transaction } from 'kysely'
import { Pool } from 'pg'
import type { Database } from './schema.ts'

/** Either the database or a transaction: for reads, and for single statements that stand alone. */
export type Db = Kysely<Database>
/** For what must be in one transaction with its caller. */
export type Tx = Transaction<Database>

/** The application's role; the migrations make it. */
export const APP_ROLE = 'points_mall_app'

/**
 * @param url a PostgreSQL connection URL
 * @param poolSize connections at most
 * @param role `app` may not change or delete what is booked in the ledger; `owner` is for migrations
 * Every call has a limit: 2 s for a connection, 2 s for a lock, 5 s for a statement, 15 s idle in a
 * transaction. A workflow task waits on some of these calls, so none may hang.
 */
export function connectDatabase(url: string, poolSize: number, role: 'app' | 'owner' = 'app'): Db {
  const pool = new Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 2_000,
    query_timeout: 6_000,
    options: `-c lock_timeout=2000 -c statement_timeout=5000 -c idle_in_transaction_session_timeout=15000 -c timezone=UTC${
      role === 'app' ? ` -c role=${APP_ROLE}` : ''
    }`,
    application_name: 'points-mall',
  })
  // A connection that dies while idle is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => {})
  return new KyselyClient<Database>({ dialect: new PostgresDialect({ pool }) })
}
