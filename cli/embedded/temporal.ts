import { spawnSync } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { acquireLock } from './lock.ts'
import { PartError, type Supervisor } from './supervisor.ts'

const VERSION = '1.5.1'
const MODULE = `github.com/temporalio/cli/cmd/temporal@v${VERSION}`
/** First server version with update-with-start enabled by default. */
const SERVER_MINOR_MIN = 28
const RETENTION = '30d'
const CONNECT_LIMIT_MS = 5000
const STALL_LIMIT_MS = 30_000
const PROGRESS_EVERY_MS = 10_000
const READY_LIMIT_MS = 60_000

const SETTINGS = [
  ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1'],
  ...['--dynamic-config-value', 'matching.numTaskqueueReadPartitions=1'],
  ...['--dynamic-config-value', 'matching.numTaskqueueWritePartitions=1'],
  ...['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=200'],
]

export interface Machine {
  readonly cliPath: string | undefined
  readonly searchPath: readonly string[]
  readonly cacheDir: string
}

export interface FoundServer {
  readonly path: string
  readonly how: string
}

/** Without a database file it runs in memory. @throws PartError if it does not start */
export async function startTemporal(
  supervisor: Supervisor,
  options: {
    readonly program: string
    readonly port: number
    readonly uiPort: number
    readonly namespace: string
    readonly folder: string
    readonly databaseFile?: string
    readonly codecEndpoint?: string
  },
): Promise<{ readonly address: string; readonly uiUrl: string; readonly stop: () => Promise<void> }> {
  const { program, port, uiPort, namespace, folder, databaseFile, codecEndpoint } = options
  const address = `127.0.0.1:${port}`
  // The default GC setting saves memory at a high cost in CPU time.
  const env = { HOME: folder, GOGC: '400' }
  const part = supervisor.start({
    name: 'temporal',
    command: program,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)],
      ...['--namespace', namespace, '--log-level', 'warn', '--log-format', 'json'],
      ...(databaseFile === undefined ? [] : ['--db-filename', databaseFile]),
      ...(codecEndpoint === undefined ? [] : ['--ui-codec-endpoint', codecEndpoint]),
      ...SETTINGS,
    ],
    cwd: folder,
    env,
    stopSignal: 'SIGTERM',
    stopLimitMs: 2000,
  })
  // start-dev has no flag for retention, and its default is one day.
  const retention = {
    name: 'temporal-retention',
    command: program,
    args: [
      ...['operator', 'namespace', 'update', '--namespace', namespace, '--retention', RETENTION],
      ...['--address', address, '--command-timeout', '5s'],
    ],
    cwd: folder,
    env,
  }
  const deadline = performance.now() + READY_LIMIT_MS
  for (;;) {
    try {
      await supervisor.run(retention)
      return { address, uiUrl: `http://127.0.0.1:${uiPort}`, stop: () => part.stop() }
    } catch (error) {
      if (part.quickDeaths() > 2 || performance.now() > deadline) {
        throw new PartError(`Temporal does not start:\n${supervisor.lastLines('temporal')}`, { cause: error })
      }
      await pause(100)
    }
  }
}

export function findTemporal(machine: Machine, say: (text: string) => void): FoundServer | undefined {
  const name = process.platform === 'win32' ? 'temporal.exe' : 'temporal'
  const places = [
    ...(machine.cliPath === undefined ? [] : [{ path: machine.cliPath, how: 'TEMPORAL_CLI_PATH' }]),
    ...machine.searchPath.map((folder) => ({ path: join(folder, name), how: 'on PATH' })),
    { path: cachedProgram(machine), how: 'in the cache' },
  ]
  for (const place of places) {
    if (place.how !== 'TEMPORAL_CLI_PATH' && !existsSync(place.path)) continue
    const problem = problemOf(place.path)
    if (problem === undefined) return place
    say(`the Temporal server ${place.how}, ${place.path}, ${problem}: trying the next`)
  }
  return undefined
}

/** Downloads the server or builds it with Go. Concurrent calls wait. @throws PartError saying what to install */
export async function obtainTemporal(
  supervisor: Supervisor,
  machine: Machine,
  environment: (added: Record<string, string>) => NodeJS.ProcessEnv,
  say: (text: string) => void,
): Promise<FoundServer> {
  const release = await holdCache(machine, say)
  try {
    const path = cachedProgram(machine)
    if (existsSync(path) && problemOf(path) === undefined) return { path, how: 'in the cache' }
    const making = join(machine.cacheDir, `temporal-${VERSION}.${process.pid}`)
    const problems: string[] = []
    for (const [how, make] of [
      ['downloaded', download],
      ['built with Go', build],
    ] as const) {
      rmSync(making, { recursive: true, force: true })
      mkdirSync(making, { recursive: true })
      try {
        const made = await make(supervisor, making, environment, say)
        const problem = problemOf(made)
        if (problem !== undefined) throw new PartError(`it ${problem}`)
        mkdirSync(join(path, '..'), { recursive: true })
        renameSync(made, path)
        return { path, how }
      } catch (error) {
        const [first] = causeOf(error).split('\n')
        problems.push(`${how}: ${causeOf(error)}`)
        say(`the Temporal server could not be ${how} (${first})`)
      } finally {
        rmSync(making, { recursive: true, force: true })
      }
    }
    throw new PartError(
      `no Temporal server found. Do one of these:
  install the temporal program (https://docs.temporal.io/cli) and have it on PATH or in TEMPORAL_CLI_PATH
  install Go >= 1.25 (https://go.dev/dl), which builds it once
  set TEMPORAL_ADDRESS to a server that runs
What was tried:
  ${problems.join('\n').replaceAll('\n', '\n  ')}`,
    )
  } finally {
    release()
  }
}

function cachedProgram(machine: Machine): string {
  const name = process.platform === 'win32' ? 'temporal.exe' : 'temporal'
  return join(machine.cacheDir, `temporal-${VERSION}`, name)
}

/** @returns why the binary cannot be used, or undefined */
function problemOf(path: string): string | undefined {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 20_000 })
  if (status !== 0) return 'does not run'
  const server = /Server (\d+)\.(\d+)/.exec(stdout)
  if (!server) return 'is not the Temporal program'
  return Number(server[1]) === 1 && Number(server[2]) < SERVER_MINOR_MIN
    ? `is too old (server ${server[1]}.${server[2]}, needed 1.${SERVER_MINOR_MIN})`
    : undefined
}

async function holdCache(machine: Machine, say: (text: string) => void): Promise<() => void> {
  const waitingSince = performance.now()
  let said = 0
  for (;;) {
    const release = acquireLock(join(machine.cacheDir, 'temporal.lock'))
    if (release) return release
    if (performance.now() - waitingSince >= said * PROGRESS_EVERY_MS) {
      say('waiting: another start is installing the Temporal server')
      said += 1
    }
    await pause(500)
  }
}

async function download(
  supervisor: Supervisor,
  folder: string,
  environment: (added: Record<string, string>) => NodeJS.ProcessEnv,
  say: (text: string) => void,
): Promise<string> {
  const platform = { linux: 'linux', darwin: 'darwin', win32: 'windows' }[process.platform as string]
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch as string]
  if (platform === undefined || arch === undefined) {
    throw new PartError(`there is none for ${process.platform} ${process.arch}`)
  }
  const url = `https://temporal.download/cli/archive/v${VERSION}?platform=${platform}&arch=${arch}`
  say(`downloading the Temporal server, once: ${url}`)
  const abort = new AbortController()
  let timer = setTimeout(() => abort.abort(new Error('no answer within 5 s')), CONNECT_LIMIT_MS)
  const archive = join(folder, platform === 'windows' ? 'temporal.zip' : 'temporal.tar.gz')
  let bytes = 0
  const progress = setInterval(() => say(`downloading: ${Math.round(bytes / 1e6)} MB`), PROGRESS_EVERY_MS)
  try {
    const response = await fetch(url, { signal: abort.signal })
    if (!response.ok || !response.body) throw new PartError(`HTTP ${response.status}`)
    const watched = Readable.fromWeb(response.body).on('data', (chunk: Buffer) => {
      bytes += chunk.length
      clearTimeout(timer)
      timer = setTimeout(() => abort.abort(new Error('stalled')), STALL_LIMIT_MS)
    })
    await pipeline(watched, createWriteStream(archive))
  } finally {
    clearTimeout(timer)
    clearInterval(progress)
  }
  const env = environment({})
  await supervisor.run({ name: 'temporal-unpack', command: 'tar', args: ['-xf', archive], cwd: folder, env })
  return join(folder, platform === 'windows' ? 'temporal.exe' : 'temporal')
}

async function build(
  supervisor: Supervisor,
  folder: string,
  environment: (added: Record<string, string>) => NodeJS.ProcessEnv,
  say: (text: string) => void,
): Promise<string> {
  if (goVersion() === undefined) throw new PartError('Go is not installed')
  say(`building the Temporal server with Go, once: about 3 minutes (go install ${MODULE})`)
  const since = performance.now()
  const progress = setInterval(
    () => say(`building the Temporal server: ${Math.round((performance.now() - since) / 1000)} s`),
    PROGRESS_EVERY_MS,
  )
  try {
    await supervisor.run({
      name: 'temporal-build',
      command: 'go',
      args: ['install', MODULE],
      cwd: folder,
      env: environment({ GOBIN: folder }),
    })
  } finally {
    clearInterval(progress)
  }
  return join(folder, process.platform === 'win32' ? 'temporal.exe' : 'temporal')
}

/** Such as `go1.26.1`; undefined without Go. */
export function goVersion(): string | undefined {
  const { status, stdout } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', timeout: 20_000 })
  return status === 0 ? stdout.trim() : undefined
}

/** Fetch errors carry the reason in their cause. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && error.message === 'fetch failed'
    ? error.cause.message
    : error.message
}
