import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { follow, loudText, readableText, wrapText } from './log.ts'
import { PROBE_LIMITS, type Probe, type ProbeLimits, pingProbe, watch } from './probe.ts'
import { markOf, signal } from './process.ts'
import {
  type Entry,
  endOrphans,
  readRegistry,
  stopAll,
  stopEntry,
  writeRegistry,
} from './process-registry.ts'

/** Has its own session, so that signals to the supervisor's group do not reach it. */
export interface Command {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
}

export interface PartCommand extends Command {
  readonly stopSignal: NodeJS.Signals
  readonly stopLimitMs: number
  readonly dataFolder?: string
  /** Its standard output is text of another program, not the lines of JSON of ours. */
  readonly writesText?: boolean
  readonly beforeStart?: () => void
  /** A part that runs and does not answer counts as dead. `ping`: it calls `answerPings`. */
  readonly probe?: Probe | 'ping'
  readonly probeLimits?: ProbeLimits
}

export interface Part {
  readonly name: string
  /** Consecutive early exits; 0 after a stable run. */
  readonly quickDeaths: () => number
  readonly stop: () => Promise<void>
}

export type Supervisor = Awaited<ReturnType<typeof createSupervisor>>

export class PartError extends Error {
  override name = 'PartError'
}

/** An earlier exit counts as a crash at startup and delays the restart. */
const QUICK_MS = 5000
/** How long a part that counts as dead may take to end by itself. */
const DEAD_STOP_LIMIT_MS = 2000
/** Delay before the n-th restart. */
const RESTART_DELAYS_MS = [0, 0, 250, 500, 1000]
const READ_LOGS_EVERY_MS = 250
const LOUD_LINES_MAX = 10
const LOUD_WINDOW_MS = 10_000

/**
 * Starts processes, and restarts those that end or no longer answer. First stops what a killed supervisor left running.
 * If this supervisor is killed, a reaper process stops everything.
 */
export async function createSupervisor(options: {
  readonly folder: string
  readonly complain: (name: string, text: string) => void
}) {
  const { folder, complain } = options
  const logs = join(folder, 'logs')
  const rosterFile = join(folder, 'parts.json')
  mkdirSync(logs, { recursive: true, mode: 0o700 })
  await stopAll(readRegistry(rosterFile))

  const running = new Map<string, Entry>()
  const parts: Part[] = []
  const timers = new Set<NodeJS.Timeout>()
  const logStarts = new Map<string, number>()
  const followed = new Map<string, ReturnType<typeof follow>>()
  const wrapped = new Map<string, ReturnType<typeof wrapText>>()
  let stopping = false
  let reaper = spawnReaper()
  writeRegistry(rosterFile, [])
  const logReader = setInterval(readLogs, READ_LOGS_EVERY_MS)

  function spawnReaper(): ChildProcess {
    const log = openSync(join(logs, 'reaper.log'), 'a')
    const script = fileURLToPath(new URL('./reaper.ts', import.meta.url))
    const child = spawn(process.execPath, [script], { detached: true, stdio: ['pipe', log, log] })
    closeSync(log)
    child.stdin?.on('error', () => {})
    child.once('exit', () => {
      if (stopping) return
      reaper = spawnReaper()
      tellReaper()
    })
    return child
  }

  function tellReaper(): void {
    reaper.stdin?.write(`${JSON.stringify([...running.values()])}\n`)
  }

  function note(): void {
    writeRegistry(rosterFile, [...running.values()])
    tellReaper()
  }

  function readLogs(): void {
    for (const text of wrapped.values()) text.read(false)
    for (const log of followed.values()) log.read()
  }

  const logFile = (name: string) => join(logs, `${name}.log`)
  /** What a process writes itself besides lines of JSON; `wrapText` copies it into the log. */
  const textFile = (name: string) => join(logs, `${name}.text`)

  function followLog(name: string): void {
    if (followed.has(name)) return
    // Lines that a killed supervisor left are wrapped before those of this start.
    const text = wrapText(name, { text: textFile(name), log: logFile(name) })
    text.read(true)
    wrapped.set(name, text)
    let windowStart = 0
    let count = 0
    const log = follow(logFile(name), (line) => {
      const text = stopping ? undefined : loudText(line)
      if (text === undefined) return
      if (performance.now() - windowStart > LOUD_WINDOW_MS) {
        windowStart = performance.now()
        count = 0
      }
      count += 1
      if (count < LOUD_LINES_MAX) complain(name, text)
      if (count === LOUD_LINES_MAX) complain(name, `… more in ${logFile(name)}`)
    })
    followed.set(name, log)
  }

  function launch(
    command: Command & Pick<PartCommand, 'probe' | 'probeLimits' | 'writesText'>,
    stop: Omit<Entry, 'name' | 'pid' | 'born'>,
    ended: (how: string) => void,
    isWanted = () => true,
  ) {
    followLog(command.name)
    const log = openSync(logFile(command.name), 'a')
    const text = openSync(textFile(command.name), 'a')
    const out = command.writesText ? text : log
    logStarts.set(command.name, fstatSync(log).size)
    const child = spawn(command.command, command.args, {
      cwd: command.cwd,
      env: command.env,
      detached: true,
      windowsHide: true,
      stdio: command.probe === 'ping' ? ['ignore', out, text, 'ipc'] : ['ignore', out, text],
      ...command.user,
    })
    closeSync(log)
    closeSync(text)
    const over = new AbortController()
    const end = (how: string) => {
      if (over.signal.aborted) return
      over.abort()
      if (child.pid !== undefined) signal(-child.pid, 'SIGKILL')
      running.delete(command.name)
      note()
      wrapped.get(command.name)?.read(true)
      readLogs()
      ended(how)
    }
    child.once('error', (error) => end(error.message))
    child.once('exit', (code, name) => end(name ?? `exit code ${code}`))
    const mark = child.pid === undefined ? undefined : markOf(child.pid)
    if (!mark) return
    const entry = { name: command.name, ...mark, ...stop }
    running.set(command.name, entry)
    note()
    const { probe, probeLimits = PROBE_LIMITS } = command
    if (probe === undefined) return
    void watch(probe === 'ping' ? pingProbe(child) : probe, probeLimits, over.signal).then((why) => {
      if (why === undefined || stopping || !isWanted()) return
      complain(command.name, `runs and ${why}: stopping it`)
      return stopEntry({ ...entry, stopLimitMs: Math.min(entry.stopLimitMs, DEAD_STOP_LIMIT_MS) })
    })
  }

  function lastLines(name: string): string {
    readLogs()
    const log = readFileSync(logFile(name)).subarray(logStarts.get(name))
    return log.toString().trimEnd().split('\n').slice(-8).map(readableText).join('\n')
  }

  return {
    logs,
    lastLines,

    start(command: PartCommand): Part {
      let quickDeaths = 0
      let born = performance.now()
      let wanted = true
      const { stopSignal, stopLimitMs, dataFolder } = command
      const stop = { stopSignal, stopLimitMs, ...(dataFolder === undefined ? {} : { dataFolder }) }
      const again = () => {
        if (stopping || !wanted) return
        command.beforeStart?.()
        born = performance.now()
        const ended = (how: string) => {
          if (dataFolder !== undefined) endOrphans(dataFolder)
          if (stopping || !wanted) return
          quickDeaths = performance.now() - born < QUICK_MS ? quickDeaths + 1 : 0
          complain(command.name, `ended (${how}), starting it again`)
          const delay = RESTART_DELAYS_MS[Math.min(quickDeaths, RESTART_DELAYS_MS.length - 1)] ?? 0
          const timer = setTimeout(() => {
            timers.delete(timer)
            again()
          }, delay)
          timers.add(timer)
        }
        launch(command, stop, ended, () => wanted)
      }
      again()
      const part: Part = {
        name: command.name,
        quickDeaths: () =>
          running.has(command.name) && performance.now() - born >= QUICK_MS ? 0 : quickDeaths,
        async stop() {
          wanted = false
          const entry = running.get(command.name)
          if (entry) await stopEntry(entry)
        },
      }
      parts.push(part)
      return part
    },

    troubled: (): readonly Part[] => parts.filter((part) => part.quickDeaths() > 0),

    /** @throws PartError on a non-zero exit code */
    run(command: Command): Promise<void> {
      if (stopping) return Promise.reject(new PartError(`${command.name}: not started, stopping`))
      return new Promise((resolve, reject) => {
        launch({ ...command, writesText: true }, { stopSignal: 'SIGTERM', stopLimitMs: 1000 }, (how) => {
          if (how === 'exit code 0') resolve()
          else reject(new PartError(`${command.name} failed (${how}):\n${lastLines(command.name)}`))
        })
      })
    },

    /** @param hurry once aborted, kills what still runs */
    async stop(hurry?: AbortSignal): Promise<void> {
      stopping = true
      for (const timer of timers) clearTimeout(timer)
      clearInterval(logReader)
      await stopAll([...running.values()], hurry)
      readLogs()
      for (const log of [...followed.values(), ...wrapped.values()]) log.close()
      followed.clear()
      wrapped.clear()
      writeRegistry(rosterFile, [])
      const gone = new Promise((resolve) => reaper.once('exit', resolve))
      reaper.stdin?.end('goodbye\n')
      if (reaper.exitCode === null && reaper.signalCode === null) await gone
    },
  }
}
