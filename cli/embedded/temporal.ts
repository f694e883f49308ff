import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Endpoint } from './ports.ts'
import { httpProbe } from './probe.ts'
import { PartError, type Supervisor } from './supervisor.ts'

export const VERSION = '1.5.1'
export const PROGRAM = process.platform === 'win32' ? 'temporal.exe' : 'temporal'
/** First server version with update-with-start enabled by default. */
const SERVER_MINOR_MIN = 28
const RETENTION = '30d'
const READY_LIMIT_MS = 60_000

const SETTINGS = [
  ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1'],
  ...['--dynamic-config-value', 'matching.numTaskqueueReadPartitions=1'],
  ...['--dynamic-config-value', 'matching.numTaskqueueWritePartitions=1'],
  ...['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=200'],
  // Nothing uses its HTTP API, which would answer every host.
  ...['--dynamic-config-value', 'frontend.httpAllowedHosts=["none.invalid"]'],
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
    /** Where its Web UI listens. It answers every host: see `createUiProxy`. */
    readonly ui: Endpoint
    readonly namespace: string
    readonly folder: string
    readonly databaseFile?: string
    readonly codecEndpoint?: string
  },
): Promise<{ readonly address: string; readonly stop: () => Promise<void> }> {
  const { program, port, ui, namespace, folder, databaseFile, codecEndpoint } = options
  const address = `127.0.0.1:${port}`
  // The default GC setting costs more CPU time than the memory is worth.
  const env = { HOME: folder, GOGC: '400' }
  const part = supervisor.start({
    name: 'temporal',
    command: program,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port)],
      ...['--ui-ip', ui.host, '--ui-port', String(ui.port)],
      ...['--namespace', namespace, '--log-level', 'warn', '--log-format', 'json'],
      ...(databaseFile === undefined ? [] : ['--db-filename', databaseFile]),
      ...(codecEndpoint === undefined ? [] : ['--ui-codec-endpoint', codecEndpoint]),
      ...SETTINGS,
    ],
    cwd: folder,
    env,
    stopSignal: 'SIGTERM',
    stopLimitMs: 2000,
    writesText: true,
    // The Web UI, in the same process, asks the server.
    probe: httpProbe(`http://${ui.host}:${ui.port}/api/v1/system-info`),
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
      return { address, stop: () => part.stop() }
    } catch (error) {
      if (part.quickDeaths() > 2 || performance.now() > deadline) {
        throw new PartError(`Temporal does not start:\n${supervisor.lastLines('temporal')}`, { cause: error })
      }
      await pause(100)
    }
  }
}

export function findTemporal(machine: Machine, say: (text: string) => void): FoundServer | undefined {
  const places = [
    ...(machine.cliPath === undefined ? [] : [{ path: machine.cliPath, how: 'TEMPORAL_CLI_PATH' }]),
    ...machine.searchPath.map((folder) => ({ path: join(folder, PROGRAM), how: 'on PATH' })),
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

export function cachedProgram(machine: Machine): string {
  return join(machine.cacheDir, `temporal-${VERSION}`, PROGRAM)
}

/** @returns why this binary cannot be used, or undefined */
export function problemOf(path: string): string | undefined {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 20_000 })
  if (status !== 0) return 'does not run'
  const server = /Server (\d+)\.(\d+)/.exec(stdout)
  if (!server) return 'is not the Temporal program'
  return Number(server[1]) === 1 && Number(server[2]) < SERVER_MINOR_MIN
    ? `is too old (server ${server[1]}.${server[2]}, needed 1.${SERVER_MINOR_MIN})`
    : undefined
}
