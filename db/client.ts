import { createHash } from 'node:crypto'
import { type Kysely, Kysely as KyselyClient, PostgresDialect, type Transaction } from 'kysely'
import { Pool, type PoolClient } from 'pg'
import type { Database } from './schema/index.ts'

/** Either the database or a transaction: for reads, and for single statements that stand alone. */
export type Db = Kysely<Database>
/** For what must be in one transaction with its caller. */
export type Tx = Transaction<Database>

/** The application's role; the migrations make it. */
const APP_ROLE = 'points_mall_app'

const LIMITS = [
  'lock_timeout=2000',
  'statement_timeout=5000',
  'idle_in_transaction_session_timeout=15000',
  `role=${APP_ROLE}`,
]
/** A migration may wait for another one's lock, and take its time. */
const OWNER_LIMITS = [
  'lock_timeout=60000',
  'statement_timeout=0',
  'idle_in_transaction_session_timeout=600000',
]

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
    ...(role === 'app' ? { query_timeout: 6_000 } : {}),
    options: [...(role === 'app' ? LIMITS : OWNER_LIMITS), 'timezone=UTC']
      .map((set) => `-c ${set}`)
      .join(' '),
    application_name: 'points-mall',
  })
  // A connection that dies is replaced by the pool; without a listener it would end the process: the pool's
  // own while it is idle, the client's between two statements of a transaction.
  pool.on('error', () => {})
  pool.on('connect', (client) => {
    client.on('error', () => {})
    prepareStatements(client)
  })
  return new KyselyClient<Database>({ dialect: new PostgresDialect({ pool }) })
}

/** More texts than the mall has: some hold lists of any length, and each kept plan costs the server memory. */
const PREPARED_MAX = 500
/** What PostgreSQL says when a migration has changed what a kept plan returns. */
const FEATURE_NOT_SUPPORTED = '0A000'

/**
 * Has each statement parsed and planned once per connection: for the short ones of the mall that is more than
 * half of what they cost the server. Write constants that choose a partial index into the text (`sql.lit`),
 * since a plan that is kept does not know its parameters.
 */
function prepareStatements(client: PoolClient): void {
  const names = new Map<string, string>()
  let generation = 0
  const nameOf = (text: string): string | undefined => {
    const known = names.get(text)
    if (known !== undefined || names.size >= PREPARED_MAX) return known
    const name = `${generation}-${createHash('sha256').update(text).digest('base64url')}`
    names.set(text, name)
    return name
  }
  const query = client.query.bind(client) as (config: object) => Promise<unknown>
  const prepared = async (text: string, values: unknown[] = []): Promise<unknown> => {
    const name = values.length > 0 ? nameOf(text) : undefined
    try {
      return await query({ text, values, ...(name === undefined ? {} : { name }) })
    } catch (error) {
      if ((error as { code?: string }).code === FEATURE_NOT_SUPPORTED) {
        generation += 1
        names.clear()
      }
      throw error
    }
  }
  client.query = prepared as typeof client.query
}
