import { createHash } from 'node:crypto'
import { type Kysely, Kysely as KyselyClient, PostgresDialect, type Transaction } from 'kysely'
import { Pool, type PoolClient } from 'pg'
import type { Database } from './schema/index.ts'

export type Db = Kysely<Database>
export type Tx = Transaction<Database>

const APP_ROLE = 'points_mall_app'

const LIMITS = [
  'lock_timeout=2000',
  'statement_timeout=5000',
  'idle_in_transaction_session_timeout=15000',
  `role=${APP_ROLE}`,
]
const OWNER_LIMITS = [
  'lock_timeout=60000',
  'statement_timeout=0',
  'idle_in_transaction_session_timeout=600000',
]

/** How long a query waits for a connection. */
const CONNECT_MS = 2_000

/**
 * Limits: 2 s per connection or lock, 5 s per statement, 15 s idle in a transaction. Workflow tasks wait on
 * these.
 * @param connectMs another limit per connection
 * @param role `app` cannot change or delete ledger rows; `owner` is for migrations
 */
export function connectDatabase(
  url: string,
  poolSize: number,
  role: 'app' | 'owner' = 'app',
  connectMs = CONNECT_MS,
): Db {
  const pool = new Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: connectMs,
    ...(role === 'app' ? { query_timeout: 6_000 } : {}),
    options: [...(role === 'app' ? LIMITS : OWNER_LIMITS), 'timezone=UTC']
      .map((set) => `-c ${set}`)
      .join(' '),
    application_name: 'points-mall',
  })
  // The pool replaces broken connections. Without these listeners an error would end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => {
    client.on('error', () => {})
    prepareStatements(client)
  })
  return new KyselyClient<Database>({ dialect: new PostgresDialect({ pool }) })
}

/** Bounded, since some statements contain lists of any length and each cached plan costs server memory. */
const PREPARED_MAX = 500
/** A migration has changed the result type of a cached plan. */
const FEATURE_NOT_SUPPORTED = '0A000'

/**
 * Prepared plans halve the server's cost of short statements. Constants that select a partial index need
 * `sql.lit`: cached plans do not know their parameters.
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
