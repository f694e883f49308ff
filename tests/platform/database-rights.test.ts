import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { connectDatabase } from '../../db/client.ts'
import { startServer } from '../support/database.ts'
import { freeLowPort } from '../support/ports.ts'
import { until } from '../support/test-app.ts'

/** What the mall needs to be allowed on a PostgreSQL server that somebody else runs. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** The oldest version that is supported, where the machine has it. */
const OLDEST = globSync('/usr/lib/postgresql/15/bin/postgres')[0]

interface Server {
  /** A URL of the superuser. */
  readonly url: string
  readonly stop: () => Promise<void>
}

async function startOldest(): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'points-mall-rights-'))
  const programs = dirname(OLDEST ?? '')
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : undefined
  const data = join(folder, 'data')
  mkdirSync(data, { mode: 0o700 })
  for (const path of user ? [folder, data] : []) chownSync(path, user?.uid ?? 0, user?.gid ?? 0)
  const options = { cwd: folder, env: { LC_ALL: 'C.UTF-8' }, ...user }
  const made = spawnSync(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '--locale=C.UTF-8', '--encoding=UTF8'],
    { ...options, encoding: 'utf8' },
  )
  expect(made.status, made.stderr).toBe(0)
  const port = await freeLowPort()
  const server = spawn(
    join(programs, 'postgres'),
    ['-D', data, '-p', `${port}`, '-c', 'unix_socket_directories='],
    {
      ...options,
      stdio: 'ignore',
    },
  )
  const ended = new Promise((resolve) => server.once('exit', resolve))
  return {
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      server.kill('SIGINT')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const PASSWORDS = { MALL_DB_PASSWORD: 'mall-password', TEMPORAL_DB_PASSWORD: 'temporal-password' }

/** The statements of `deploy/postgres.sh`, with the variables that psql would fill in. */
function preparation(): string {
  const script = readFileSync(join(ROOT, 'deploy/postgres.sh'), 'utf8')
  const sql = /<<'SQL'\n([\s\S]*)\nSQL\n/.exec(script)?.[1] ?? ''
  const variables = new Map(
    [...sql.matchAll(/^\\getenv (\w+) (\w+)$/gm)].map(([, name = '', variable = '']) => [name, variable]),
  )
  expect([...variables.values()].sort()).toEqual(Object.keys(PASSWORDS).sort())
  return sql.replace(/^\\getenv .*$/gm, '').replace(/:'(\w+)'/g, (_, name: string) => {
    const variable = variables.get(name) as keyof typeof PASSWORDS
    return `'${PASSWORDS[variable]}'`
  })
}

async function asSuperuser(url: string, statements: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    // CREATE DATABASE cannot run together with other statements.
    for (const statement of statements.split(/;\s*(?:--.*)?(?:\n|$)/).filter((part) => part.trim() !== '')) {
      await client.query(statement)
    }
  } finally {
    await client.end()
  }
}

const as = (server: Server, role: string, password: string, database: string) => {
  const url = new URL(server.url)
  url.username = role
  url.password = password
  url.pathname = `/${database}`
  return url.href
}

/** As a container runs it. */
function run(command: string, databaseUrl: string): { readonly code: number | null; readonly said: string } {
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    PUBLIC_URL: 'https://shop.example',
    AUTH_JWT_SECRET: randomBytes(32).toString('hex'),
    LEDGER_KEYS: `l1:${randomBytes(32).toString('base64')}`,
    PAYLOAD_KEYS: `p1:${randomBytes(32).toString('base64')}`,
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [command], {
    cwd: ROOT,
    env,
    encoding: 'utf8',
  })
  return { code: status, said: `${stdout}${stderr}` }
}

const VERSIONS: readonly (readonly [string, () => Promise<Server>, boolean])[] = [
  ['18', startServer, true],
  ['15', startOldest, OLDEST !== undefined && existsSync(OLDEST)],
]

describe.each(VERSIONS)('on PostgreSQL %s', (version, start, isThere) => {
  describe.runIf(isThere)('with deploy/postgres.sh', () => {
    let server: Server
    beforeAll(async () => {
      server = await start()
      await until(
        () =>
          asSuperuser(server.url, 'select 1').then(
            () => true,
            () => false,
          ),
        (answers) => answers,
        'the server answers',
      )
      await asSuperuser(server.url, preparation())
    })
    afterAll(() => server.stop())

    test('it is the version', async () => {
      const client = new Client({ connectionString: server.url })
      await client.connect()
      const { rows } = await client.query<{ server_version: string }>('show server_version')
      await client.end()
      expect(rows[0]?.server_version).toMatch(new RegExp(`^${version}\\.`))
    })

    test('the mall migrates and seeds as its own role, and acts as one that cannot change what is booked', async () => {
      const url = as(server, 'mall', PASSWORDS.MALL_DB_PASSWORD, 'mall')
      expect(run('cli/migrate.ts', url)).toMatchObject({ code: 0 })
      expect(run('cli/migrate.ts', url).said).toContain('database: up to date')
      expect(run('cli/seed.ts', url)).toMatchObject({ code: 0 })
      const db = connectDatabase(url, 1, 'app')
      try {
        const { count } = await db
          .selectFrom('points_products')
          .select((eb) => eb.fn.countAll<string>().as('count'))
          .executeTakeFirstOrThrow()
        expect(Number(count)).toBeGreaterThan(0)
        await expect(db.deleteFrom('wallet_entries').execute()).rejects.toThrow(/permission denied/)
      } finally {
        await db.destroy()
      }
    })

    test('the mall does not reach the database of Temporal, nor Temporal that of the mall', async () => {
      for (const [role, password, database] of [
        ['mall', PASSWORDS.MALL_DB_PASSWORD, 'temporal'],
        ['temporal', PASSWORDS.TEMPORAL_DB_PASSWORD, 'mall'],
      ] as const) {
        const client = new Client({ connectionString: as(server, role, password, database) })
        await expect(client.connect()).rejects.toThrow(/permission denied for database/)
      }
    })

    test('a second shop on the server needs the same right, and is told what to run', async () => {
      await asSuperuser(server.url, "create role second login password 'second';\ncreate database second")
      const url = as(server, 'second', 'second', 'second')
      const { code, said } = run('cli/migrate.ts', url)
      expect(code).toBe(1)
      const statements = said.split('\n').filter((line) => line.startsWith('  '))
      expect(statements).toHaveLength(3)
      // The first is for a server that has no other shop.
      await asSuperuser(server.url, statements.slice(1).join('\n'))
      expect(run('cli/migrate.ts', url)).toMatchObject({ code: 0 })
    })
  })
})
