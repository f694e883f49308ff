import { setTimeout as pause } from 'node:timers/promises'
import { Connection } from '@temporalio/client'
import { indexProducts } from '../application/catalogue/search-index.ts'
import { registerSearchAttributes } from '../application/temporal/search-attributes.ts'
import { ConfigError, readConfig } from '../config/index.ts'
import { connectDatabase } from '../db/client.ts'
import { migrateToLatest } from '../db/migrator.ts'
import { indexContacts } from '../db/orders/contact-terms.ts'
import { createEncryptor } from '../db/platform/encryption.ts'

const CONNECT_LIMIT_MS = 30_000

/** Safe to run concurrently. */
async function main(): Promise<void> {
  const config = readConfig()
  if (!config.database.url) {
    throw new ConfigError('DATABASE_URL: not set, and no installation runs in DATA_DIR')
  }
  const db = connectDatabase(config.database.url, 2, 'owner')
  try {
    const done = await migrateToLatest(db).catch((error: unknown) => {
      throw lacksRight(error) ? new ConfigError(rightsFor(config.database.url ?? '', error)) : error
    })
    say(done.length > 0 ? `database: ran ${done.join(', ')}` : 'database: up to date')
    let indexed = 0
    for (let batch = -1; batch !== 0; indexed += batch) batch = await indexProducts(db)
    if (indexed > 0) say(`database: indexed ${indexed} products for the search`)
    const sealer = createEncryptor(config.payloadKeys)
    let orders = 0
    for (let batch = -1; batch !== 0; orders += batch) batch = await indexContacts({ db, sealer })
    if (orders > 0) say(`database: indexed the receivers of ${orders} orders for the search`)
  } finally {
    await db.destroy()
  }
  const connection = await reach(() => Connection.connect(config.temporal.connection))
  try {
    const added = await registerSearchAttributes(connection, config.temporal.namespace)
    say(added.length > 0 ? `temporal: added search attributes ${added.join(', ')}` : 'temporal: up to date')
  } finally {
    await connection.close()
  }
}

const lacksRight = (error: unknown): error is Error =>
  error instanceof Error && (error as Error & { readonly code?: unknown }).code === '42501'

/** What a database administrator has to run for a role that may not migrate. */
function rightsFor(url: string, error: Error): string {
  const role = decodeURIComponent(new URL(url).username).replaceAll('"', '""')
  return [
    `DATABASE_URL: ${error.message}. The role needs to own its database and to grant points_mall_app; as a superuser run:`,
    '  CREATE ROLE points_mall_app NOLOGIN;  -- once per server',
    `  GRANT points_mall_app TO "${role}" WITH ADMIN OPTION;`,
    `  ALTER DATABASE "${new URL(url).pathname.slice(1)}" OWNER TO "${role}";`,
  ].join('\n')
}

/** Temporal may still be starting. @throws the last error at the time limit */
async function reach(connect: () => Promise<Connection>): Promise<Connection> {
  const limit = Date.now() + CONNECT_LIMIT_MS
  for (;;) {
    try {
      return await connect()
    } catch (error) {
      if (Date.now() > limit) throw error
      await pause(500)
    }
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(`migrate: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
