import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, PostgresDialect } from 'kysely'
import { Client, Pool } from 'pg'
import { startPostgres } from '../../cli/embedded/postgres.ts'
import { removeDatabase } from '../../cli/embedded/postgres-location.ts'
import { createSupervisor } from '../../cli/embedded/supervisor.ts'
import { connectDatabase, type Db } from '../../db/client.ts'
import { migrateToLatest } from '../../db/migrator.ts'
import type { Database } from '../../db/schema/index.ts'
import { freeLowPort } from './ports.ts'

/** A migrated database on its own embedded PostgreSQL, for long runs and benchmarks. */
export async function startDatabase(): Promise<{ url: string; stop(): Promise<void> }> {
  const server = await startServer()
  const owner = connectDatabase(server.url, 2, 'owner')
  await migrateToLatest(owner)
  await owner.destroy()
  return server
}

/** An embedded PostgreSQL of its own, not migrated. @returns a URL of the superuser */
export async function startServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'points-mall-database-'))
  const supervisor = await createSupervisor({ folder, complain: () => {} })
  const say = (text: string) => process.stderr.write(`${text}\n`)
  const postgres = await startPostgres(supervisor, { dataDir: folder, port: await freeLowPort(), say })
  return {
    url: postgres.url,
    async stop() {
      await postgres.stop()
      await supervisor.stop()
      removeDatabase(folder)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * For what a test itself reads and writes: without the mall's time limits and connections, since a test waits
 * as long as the machine needs.
 * @param role as for `connectDatabase`: by default a test has the mall's rights
 */
export function connectPatiently(url: string, connections = 10, role: 'app' | 'owner' = 'app'): Db {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    options: `-c timezone=UTC${role === 'app' ? ' -c role=points_mall_app' : ''}`,
    application_name: 'points-mall-tests',
  })
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
}

/** A copy of the database at `url`, on the same server. @returns its address */
export const copyDatabase = (url: string) => createDatabase(url, new URL(url).pathname.slice(1))

/** A database without tables, on the server of the one at `url`. @returns its address */
export const emptyDatabase = (url: string) => createDatabase(url, 'template0')

async function createDatabase(url: string, source: string): Promise<string> {
  const address = new URL(url)
  const name = `t${randomBytes(6).toString('hex')}`
  address.pathname = '/postgres'
  const client = new Client({ connectionString: address.href })
  await client.connect()
  await client.query(`create database ${name} template ${source}`)
  await client.end()
  address.pathname = `/${name}`
  return address.href
}
