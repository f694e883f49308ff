import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { lives, type Mark, postgresIn, signal } from './process.ts'

/** A later start must be able to stop the process with this alone. */
export interface Entry extends Mark {
  readonly name: string
  readonly stopSignal: NodeJS.Signals
  readonly stopLimitMs: number
  /** For PostgreSQL: finds children of a dead postmaster. */
  readonly dataFolder?: string
}

/** Unnamed processes, such as a migration, stop first. */
const STOP_ORDER = ['api', 'worker', 'sandbox', 'temporal-ui', 'temporal', 'postgres']

/** @param hurry once aborted, kills without waiting */
export async function stopAll(entries: readonly Entry[], hurry?: AbortSignal): Promise<void> {
  const rank = (entry: Entry) => STOP_ORDER.indexOf(entry.name)
  for (const entry of entries.toSorted((a, b) => rank(a) - rank(b))) await stopEntry(entry, hurry)
}

/** Kills it after its time limit. Safe if the process has ended or its pid was reused. */
export async function stopEntry(entry: Entry, hurry?: AbortSignal): Promise<void> {
  if (lives(entry)) {
    signal(entry.pid, entry.stopSignal)
    if (!(await ended(entry, entry.stopLimitMs, hurry))) {
      // SIGQUIT stops PostgreSQL immediately, including its children.
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

/** Children of a killed postmaster would block a new one. */
export function endOrphans(dataFolder: string): void {
  for (const pid of postgresIn(dataFolder)) signal(pid, 'SIGKILL')
}

/** A later start finds these processes if this one is killed. */
export function writeRegistry(file: string, entries: readonly Entry[]): void {
  if (entries.length === 0) {
    rmSync(file, { force: true })
    return
  }
  writeFileSync(`${file}.new`, JSON.stringify(entries))
  renameSync(`${file}.new`, file)
}

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
