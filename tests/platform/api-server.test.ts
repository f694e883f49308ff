import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { readConfig } from '../../config/index.ts'
import { connectPatiently } from '../support/database.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { freeLowPort } from '../support/ports.ts'
import { openTestApp, type TestApp, token, until } from '../support/test-app.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SECRET = 'a secret of the tests, long enough to sign with'
let mall: TestApp
let dataDir: string
beforeAll(async () => {
  mall = await openTestApp({ worker: false })
  dataDir = mkdtempSync(join(tmpdir(), 'points-mall-api-'))
})
afterAll(async () => {
  await mall.close()
  rmSync(dataDir, { recursive: true, force: true })
})

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

function run(
  port: number,
  env: Record<string, string> = {},
  stdout: 'pipe' | number = 'pipe',
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['api/server.ts'], {
    cwd: ROOT,
    stdio: ['ignore', stdout, 'pipe'],
    env: {
      PATH: process.env.PATH,
      PORT: `${port}`,
      DATA_DIR: dataDir,
      DATABASE_URL: mall.databaseUrl,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEMPORAL_NAMESPACE: mall.name,
      AUTH_JWT_SECRET: SECRET,
      // The wallets of this database are encrypted with the keys of the tests.
      LEDGER_KEYS: `t1:${Buffer.alloc(32, 'key of the tests').toString('base64')}`,
      ...env,
    },
  })
  let output = ''
  let errors = ''
  child.stdout?.on('data', (data) => {
    output += data
  })
  child.stderr?.on('data', (data) => {
    errors += data
  })
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, output, errors }))
  })
  return { child, ended }
}

const status = (port: number, path: string) =>
  fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(PATIENCE_MS) }).then(
    async (response) => {
      await response.arrayBuffer()
      return response.status
    },
  )

const alive = (port: number) =>
  fetch(`http://127.0.0.1:${port}/health/live`).then(
    ({ ok }) => ok,
    () => false,
  )

test('a stopping process answers pending requests, accepts no new ones, and exits with 0', async () => {
  const port = await freeLowPort()
  const { child, ended } = run(port)
  await until(() => alive(port), Boolean, 'the API listens')
  const headers = {
    authorization: `Bearer ${await token('root', 'admin', 1, SECRET)}`,
    'content-type': 'application/json',
    'idempotency-key': randomUUID(),
  }
  const grant = () =>
    fetch(`http://127.0.0.1:${port}/api/admin/points-mall/wallets/slow/grant`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ points: 5, reason: 'r' }),
    })
  expect((await grant()).status).toBe(200)
  // As if the first request still ran: its repeat stays pending as long as possible.
  await sql`update idempotency_keys set status = null, response = null, lease_until = now() + interval '1 minute'
    where key = ${headers['idempotency-key']}`.execute(mall.db)
  const { rows } = await sql<{ at: string }>`select clock_timestamp()::text as at`.execute(mall.db)
  const since = rows[0]?.at ?? ''
  let answered = false
  const slow = grant().then((response) => {
    answered = true
    return response
  })
  // The application's role does not see other sessions.
  const owner = connectPatiently(mall.databaseUrl, 1, 'owner')
  await until(
    async () => {
      const { rows } = await sql`select from pg_stat_activity
        where datname = ${mall.name} and query like '%"body_hash"%' and query_start > ${since}::timestamptz`.execute(
        owner,
      )
      return rows.length
    },
    (waiting) => waiting > 0,
    'the slow request waits',
  )
  await owner.destroy()
  child.kill('SIGTERM')
  await until(
    () => alive(port),
    (up) => !up,
    'nothing new is taken',
  )
  expect(answered).toBe(false)
  expect((await slow).status).toBe(503)
  expect(await ended).toMatchObject({ code: 0, errors: '' })
})

test('a taken port is one line that names the variable, and exit code 1', async () => {
  const port = await freeLowPort()
  const holder = createServer().listen(port, '127.0.0.1')
  await new Promise((resolve) => holder.once('listening', resolve))
  const { code, errors } = await run(port).ended
  expect([code, errors.trim().split('\n').length]).toEqual([1, 1])
  expect(errors).toContain(`${port}`)
  expect(errors).toContain('PORT')
  await new Promise((resolve) => holder.close(resolve))
})

test('all invalid variables are named together, before anything starts', async () => {
  const { code, errors } = await run(0, { LOG_LEVEL: 'loud', DATABASE_POOL_SIZE: '0' }).ended
  expect(code).toBe(1)
  for (const name of ['PORT', 'LOG_LEVEL', 'DATABASE_POOL_SIZE']) expect(errors).toContain(name)
})

test('a log that nobody reads holds up no request, and no stop', async () => {
  const port = await freeLowPort()
  const fifo = join(dataDir, 'log')
  execFileSync('mkfifo', [fifo])
  // Opened for both, it has a reader that never reads.
  const unread = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
  const { child, ended } = run(port, {}, unread)
  onTestFinished(() => void child.kill('SIGKILL'))
  await until(() => alive(port), Boolean, 'the API listens')
  const path = `/${'x'.repeat(240)}`
  // Their lines are three times what the pipe holds.
  for (let n = 0; n < 10; n += 1) {
    await Promise.all(Array.from({ length: 50 }, () => status(port, path)))
  }
  expect(await status(port, path)).toBe(404)
  expect(await status(port, '/health/live')).toBe(200)
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({ code: 0, errors: '' })
  const held = Buffer.alloc(1024 * 1024)
  const lines = held.subarray(0, readSync(unread, held)).toString().split('\n').slice(0, -1)
  closeSync(unread)
  expect(lines.length).toBeGreaterThan(10)
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ part: 'api' })
})

test('the codec answers a list that the Temporal CLI leaves out because it is empty', async () => {
  const { status, body } = await mall.call('POST', '/codec/decode', { body: {} })
  expect([status, body]).toEqual([200, { payloads: [] }])
  expect((await mall.call('POST', '/codec/decode', { body: { payloads: 1 } })).status).toBe(400)
})

describe('pages of other sites', () => {
  const SHOP = 'https://shop.example'
  const appFor = (corsOrigins: readonly string[]) => createApp({ ...mall.deps, corsOrigins })
  const preflight = (app: ReturnType<typeof createApp>, origin: string) =>
    app.request('/api/points-mall/exchange', {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,idempotency-key',
      },
    })

  test('may call the API only from the named origins, and never with credentials', async () => {
    const app = appFor([SHOP])
    const allowed = await preflight(app, SHOP)
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([204, SHOP])
    expect(allowed.headers.get('access-control-allow-headers')).toMatch(/Authorization.*Idempotency-Key/)
    expect(allowed.headers.get('access-control-allow-methods')).toContain('POST')
    // An error is readable as well.
    const refused = await app.request('/api/points-mall/wallet', { headers: { origin: SHOP } })
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, SHOP])
    expect(refused.headers.get('access-control-expose-headers')).toContain('X-Request-Id')
    for (const origin of ['https://evil.example', `${SHOP}.evil.example`, 'http://shop.example', 'null']) {
      const other = await preflight(app, origin)
      expect([origin, other.headers.get('access-control-allow-origin')]).toEqual([origin, null])
    }
    for (const { headers } of [allowed, refused]) {
      expect(headers.get('access-control-allow-credentials')).toBeNull()
    }
  })

  test('may not call it by default, and never a page of the mall', async () => {
    const none = await preflight(appFor([]), SHOP)
    expect([none.status, none.headers.get('access-control-allow-origin')]).toEqual([405, null])
    const page = await appFor([SHOP]).request('/points-mall/products', { headers: { origin: SHOP } })
    expect([page.status, page.headers.get('access-control-allow-origin')]).toEqual([200, null])
  })

  test.each(['*', 'https://shop.example/', 'shop.example', 'https://*.example', 'https://a.example,*'])(
    'are not named by CORS_ORIGINS=%s',
    (CORS_ORIGINS) => {
      expect(() => readConfig({ CORS_ORIGINS, DATA_DIR: dataDir })).toThrow(/CORS_ORIGINS/)
    },
  )

  test('are named by their origins, separated by commas', () => {
    const CORS_ORIGINS = 'https://shop.example, http://localhost:5173'
    const { http } = readConfig({ CORS_ORIGINS, DATA_DIR: dataDir })
    expect(http.corsOrigins).toEqual(['https://shop.example', 'http://localhost:5173'])
  })
})
