import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Config, ConfigError, partEnvironment, type Running, readConfig } from '../config/index.ts'
import { ROLES } from '../domain/access.ts'
import { acquireLock } from './embedded/lock.ts'
import { choosePorts, hiddenEndpoint, PortError, type Ports, requireFree } from './embedded/ports.ts'
import { startPostgres } from './embedded/postgres.ts'
import { httpProbe, type Probe } from './embedded/probe.ts'
import { listenForStop } from './embedded/stop-request.ts'
import { createSupervisor, PartError, type Supervisor } from './embedded/supervisor.ts'
import { findTemporal, startTemporal } from './embedded/temporal.ts'
import { obtainTemporal } from './embedded/temporal-install.ts'
import { signAccessToken } from './lib/access-token.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const UI_SERVER = fileURLToPath(new URL('./embedded/ui-server.ts', import.meta.url))
const READY_LIMIT_MS = 120_000
const WAITING_EVERY_MS = 10_000
/** Limit of early exits per process before the first `ready`. */
const QUICK_DEATHS_MAX = 4

const began = performance.now()
// Databases and logs are private to this user.
process.umask(0o077)
// A closed output (`npm start | head`) must not interrupt the shutdown.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

process.exit(
  await main().catch((error: unknown) => {
    process.stderr.write(`${describe(error)}\n`)
    return 1
  }),
)

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { 'no-demo': { type: 'boolean', default: false } } })
  const { dataDir } = readConfig()
  const release = acquireLock(join(dataDir, 'start.lock'))
  if (!release) {
    throw new PartError(
      `DATA_DIR ${dataDir} belongs to an installation that runs: stop that one, or set DATA_DIR and PORT`,
    )
  }
  const runningFile = join(dataDir, 'running.json')
  rmSync(runningFile, { force: true })
  // Read again: files of a killed start change the result.
  const config = readConfig()
  const stop = listenForStop(config.machine.startedByNpm)
  const supervisor = await createSupervisor({ folder: dataDir, complain })
  let code = 0
  try {
    const demo = config.demo && !values['no-demo']
    const up = bringUp(supervisor, config, demo)
    // A stop during startup makes the other parts fail; that is expected.
    up.catch(() => {})
    const first = await Promise.race([up, stop.wanted])
    if (typeof first !== 'string') {
      writeFileSync(runningFile, `${JSON.stringify(first)}\n`, { mode: 0o600 })
      process.stdout.write('ready\n')
      if (demo) enliven(supervisor, dataDir)
    }
    say(`stopping (${await stop.wanted})`)
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`)
    code = 1
  }
  await supervisor.stop(stop.hurry)
  rmSync(runningFile, { force: true })
  release()
  if (code === 0) say('stopped')
  return code
}

/**
 * Starts the database and Temporal, migrates, adds demo data, starts sandbox, worker and API, prints the table of
 * addresses and waits until the API is ready. All stop limits together stay below 15 s.
 */
async function bringUp(supervisor: Supervisor, config: Config, demo: boolean): Promise<Running> {
  const { http, database, temporal } = config
  const needed = [
    ...(config.demo ? (['sandbox'] as const) : []),
    ...(temporal.outside ? [] : (['temporal', 'temporalUi'] as const)),
    ...(database.outside ? [] : (['postgres'] as const)),
  ]
  const ports = await choosePorts(config.dataDir, config.ports, needed, http, config.machine.cacheDir)
  const [databaseUrl, temporalServer] = await Promise.all([
    database.outside && database.url ? database.url : embeddedPostgres(supervisor, config, ports),
    temporal.outside ? temporal : embeddedTemporal(supervisor, config, ports),
  ])
  const sandboxUrl = config.demo ? `http://${http.sharedHost}:${ports.sandbox}` : undefined
  const env = partEnvironment({
    DATA_DIR: config.dataDir,
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalServer.address,
    ...(temporalServer.uiUrl === undefined ? {} : { TEMPORAL_UI_URL: temporalServer.uiUrl }),
    ...(sandboxUrl === undefined ? {} : { SANDBOX_URL: sandboxUrl, SANDBOX_PORT: String(ports.sandbox) }),
  })
  const node = (name: string, file: string) => ({
    name,
    command: process.execPath,
    args: [file],
    cwd: ROOT,
    env,
  })
  const part = (name: string, file: string, stopLimitMs: number, probe: Probe | 'ping') =>
    supervisor.start({ ...node(name, file), stopSignal: 'SIGTERM', stopLimitMs, probe })
  await supervisor.run(node('migrate', 'cli/migrate.ts'))
  say('database migrated')
  if (demo) {
    await supervisor.run(node('seed', 'cli/seed.ts'))
    say('demo data ready')
  } else if (!config.demo) {
    say(
      'no demo data, no tokens, no sandbox provider: HOST is not loopback, or NODE_ENV is production (DEMO=1 allows them)',
    )
  }
  const parts = [
    ...(config.demo
      ? [part('sandbox', 'sandbox/server.ts', 1000, httpProbe(`${sandboxUrl}/health/live`))]
      : []),
    part('worker', 'worker.ts', 6000, 'ping'),
    part('api', 'api/server.ts', 5500, httpProbe(`${http.localUrl}/health/live`)),
  ]
  say(`started: ${parts.map(({ name }) => name).join(', ')}`)
  await printTable(config, { databaseUrl, temporalUiUrl: temporalServer.uiUrl, sandboxUrl, demo })
  await waitUntilReady(supervisor, `${http.localUrl}/health/ready`)
  return {
    databaseUrl,
    temporalAddress: temporalServer.address,
    temporalUiUrl: temporalServer.uiUrl,
    sandboxUrl,
    port: http.port,
  }
}

/** Runs in the background: the mall is already usable. */
function enliven(supervisor: Supervisor, dataDir: string): void {
  const env = partEnvironment({ DATA_DIR: dataDir })
  const args = ['cli/demo-life.ts']
  supervisor
    .run({ name: 'demo-life', command: process.execPath, args, cwd: ROOT, env })
    // Failure is harmless: the mall works without demo orders.
    .catch((error: unknown) => complain('demo-life', describe(error)))
}

async function embeddedPostgres(supervisor: Supervisor, config: Config, ports: Ports): Promise<string> {
  const port = ports.postgres
  const { url } = await startPostgres(supervisor, { dataDir: config.dataDir, port, say })
  say(`PostgreSQL runs on 127.0.0.1:${port}`)
  return url
}

async function embeddedTemporal(supervisor: Supervisor, config: Config, ports: Ports) {
  const machine = { ...config.machine, cliPath: config.temporal.cliPath }
  const found =
    findTemporal(machine, say) ?? (await obtainTemporal(supervisor, machine, partEnvironment, say))
  // During a download of minutes, another Temporal may have taken the port.
  await requireFree(ports.temporal, '127.0.0.1', 'TEMPORAL_PORT')
  await requireFree(ports.temporalUi, '127.0.0.1', 'TEMPORAL_UI_PORT')
  const ui = await hiddenEndpoint()
  const { address } = await startTemporal(supervisor, {
    program: found.path,
    port: ports.temporal,
    ui,
    namespace: config.temporal.namespace,
    folder: config.dataDir,
    databaseFile: join(config.dataDir, 'temporal.db'),
    codecEndpoint: `${config.http.publicUrl}/codec`,
  })
  const uiUrl = `http://127.0.0.1:${ports.temporalUi}`
  const target = `http://${ui.host}:${ui.port}`
  supervisor.start({
    name: 'temporal-ui',
    command: process.execPath,
    args: [UI_SERVER, '--port', String(ports.temporalUi), '--target', target],
    cwd: ROOT,
    env: partEnvironment({ DATA_DIR: config.dataDir }),
    stopSignal: 'SIGTERM',
    stopLimitMs: 500,
    probe: 'ping',
  })
  say(`Temporal runs on ${address} (${found.how}: ${found.path})`)
  return { address, uiUrl }
}

/** Restarted processes must stay up, too. */
async function waitUntilReady(supervisor: Supervisor, url: string): Promise<void> {
  const deadline = performance.now() + READY_LIMIT_MS
  let sayNext = performance.now() + WAITING_EVERY_MS
  for (;;) {
    const [troubled] = supervisor.troubled()
    const answer = troubled ? `${troubled.name} ended soon after its start` : await answerOf(url)
    if (answer === undefined) return
    const now = performance.now()
    if (troubled && (troubled.quickDeaths() >= QUICK_DEATHS_MAX || now > deadline)) {
      throw new PartError(`${troubled.name} does not start:\n${supervisor.lastLines(troubled.name)}`)
    }
    if (now > deadline) throw new PartError(`not ready after ${READY_LIMIT_MS / 1000} s: ${answer}`)
    if (now > sayNext) {
      say(`waiting for ${url}: ${answer}`)
      sayNext = now + WAITING_EVERY_MS
    }
    await pause(100)
  }
}

/** @returns undefined for status 200, otherwise the reason */
async function answerOf(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) })
    const body = await response.text()
    return response.status === 200 ? undefined : `HTTP ${response.status} ${body.slice(0, 300)}`
  } catch (error) {
    return error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
  }
}

async function printTable(
  config: Config,
  urls: {
    readonly databaseUrl: string
    readonly temporalUiUrl: string | undefined
    readonly sandboxUrl: string | undefined
    readonly demo: boolean
  },
): Promise<void> {
  const base = config.http.publicUrl
  const database = new URL(urls.databaseUrl)
  database.password = ''
  const rows: [string, string | undefined][] = [
    ['积分商城', `${base}/points-mall/products`],
    ['运营后台', `${base}/admin`],
    ['API', `${base}/api/points-mall/products`],
    ['API docs', `${base}/docs`],
    ['health', `${base}/health/ready`],
    ['metrics', config.demo || config.http.metricsToken ? `${base}/metrics` : undefined],
    ['沙箱支付 sandbox', urls.sandboxUrl],
    ['Temporal UI', urls.temporalUiUrl],
    ['PostgreSQL', database.href],
    ['logs', join(config.dataDir, 'logs')],
  ]
  const lines = rows.flatMap(([name, url]) => (url === undefined ? [] : [`  ${padded(name, 18)}${url}`]))
  process.stdout.write(`\n${lines.join('\n')}\n`)
  const { secret, issuer, audience } = config.auth
  if (urls.demo && secret !== undefined) {
    const logins = [
      { sub: 'alice', role: 'customer', level: 3 },
      { sub: 'bob', role: 'customer', level: 1 },
      ...ROLES.filter((role) => role !== 'customer').map((role) => ({ sub: role, role, level: 1 })),
    ] as const
    process.stdout.write('\n  Demo logins: Authorization: Bearer …, valid for 24 hours\n')
    for (const login of logins) {
      const token = await signAccessToken({ secret, issuer, audience }, login)
      process.stdout.write(`  ${padded(`${login.sub} (${login.role})`, 18)}${token}\n`)
    }
  }
  process.stdout.write('\n')
}

/** Chinese characters take two terminal columns. */
function padded(text: string, columns: number): string {
  const wide = text.match(/[\u2e80-\uffef]/g)?.length ?? 0
  return text + ' '.repeat(Math.max(1, columns - text.length - wide))
}

/** Expected errors are shown without a stack. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const expected = error instanceof ConfigError || error instanceof PartError || error instanceof PortError
  return expected || 'code' in error ? error.message : (error.stack ?? error.message)
}

function say(text: string): void {
  process.stdout.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}\n`)
}

/** What parts report: text on a terminal, otherwise a line of JSON, as the parts themselves write. */
function complain(part: string, msg: string): void {
  const line = process.stderr.isTTY
    ? `${part}: ${msg}`
    : JSON.stringify({ level: 40, time: Date.now(), part, msg })
  process.stderr.write(`${line}\n`)
}
