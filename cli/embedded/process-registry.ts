import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { lives, type Mark, postgresIn, signal } from './process.ts'

/** Everything needed to stop a process, also by another start. */
export interface Entry extends Mark {
  readonly name: string
  readonly stopSignal: NodeJS.Signals
  /** Milliseconds before it is killed. */
  readonly stopLimitMs: number
  /** PostgreSQL only: data folder, to find its children if the postmaster is gone. */
  readonly dataFolder?: string
}

/** Anything else, such as a running migration, stops first. */
const STOP_ORDER = ['api', 'worker', 'sandbox', 'temporal', 'postgres']

/** Stops the processes in order; without waiting once `hurry` is aborted. */
export async function stopAll(entries: readonly Entry[], hurry?: AbortSignal): Promise<void> {
  const rank = (entry: Entry) => STOP_ORDER.indexOf(entry.name)
  for (const entry of entries.toSorted((a, b) => rank(a) - rank(b))) await stopEntry(entry, hurry)
}

/** Asks, waits, then kills. Safe if the process has ended or its pid was reused. */
export async function stopEntry(entry: Entry, hurry?: AbortSignal): Promise<void> {
  if (lives(entry)) {
    signal(entry.pid, entry.stopSignal)
    if (!(await ended(entry, entry.stopLimitMs, hurry))) {
      // SIGQUIT stops PostgreSQL immediately, with its children.
      if (entry.dataFolder) {
        signal(entry.pid, 'SIGQUIT')
        await ended(entry, 500)
      }
      if (lives(entry)) signal(-entry.pid, 'SIGKILL')
      await ended(entry, 500)
    }
  }
  if (entry.dataFolder) endOrphans(entry.dataFolder)
}

/** Kills the children of a killed postmaster, which would block a new one. */
export function endOrphans(dataFolder: string): void {
  for (const pid of postgresIn(dataFolder)) signal(pid, 'SIGKILL')
}

/** Lets a later start find these processes if this one is killed. */
export function writeRegistry(file: string, entries: readonly Entry[]): void {
  if (entries.length === 0) {
    rmSync(file, { force: true })
    return
  }
  writeFileSync(`${file}.new`, JSON.stringify(entries))
  renameSync(`${file}.new`, file)
}

/** Processes of an earlier start, including ended ones. */
export function readRegistry(file: string): Entry[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Entry[]) : []
}

async function ended(entry: Entry, limitMs: number, hurry?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + limitMs
  while (lives(entry)) {
    if (performance.now() > deadline || hurry?.aborted) return false
    await pause(25)
  }
  return true
}
