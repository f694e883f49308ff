import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { lives, type Mark, postgresIn, signal } from './process.ts'

/** A part that runs, with all that is needed to stop it, also by someone who did not start it. */
export interface Entry extends Mark {
  readonly name: string
  readonly stopSignal: NodeJS.Signals
  /** How long it may take to stop by itself, in milliseconds; then it is killed. */
  readonly stopLimitMs: number
  /** PostgreSQL only: the data folder, where its children are found should the postmaster be gone. */
  readonly dataFolder?: string
}

/** The order in which parts stop. Anything else (a migration that still runs) stops before them. */
const STOP_ORDER = ['api', 'worker', 'sandbox', 'temporal', 'postgres']

/** Stops the parts one after the other; once `hurry` is aborted without waiting for anything that lingers. */
export async function stopAll(entries: readonly Entry[], hurry?: AbortSignal): Promise<void> {
  const rank = (entry: Entry) => STOP_ORDER.indexOf(entry.name)
  for (const entry of entries.toSorted((a, b) => rank(a) - rank(b))) await stopEntry(entry, hurry)
}

/** Stops one part: asks, waits, kills. Harmless where it has ended or its number belongs to another process now. */
export async function stopEntry(entry: Entry, hurry?: AbortSignal): Promise<void> {
  if (lives(entry)) {
    signal(entry.pid, entry.stopSignal)
    if (!(await ended(entry, entry.stopLimitMs, hurry))) {
      // PostgreSQL leaves at once on SIGQUIT and takes its children along.
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

/** Ends the children that a killed postmaster left in its data folder, which would keep a new one from starting. */
export function endOrphans(dataFolder: string): void {
  for (const pid of postgresIn(dataFolder)) signal(pid, 'SIGKILL')
}

/** Writes who runs, for a later start to find should this one be killed. */
export function writeRegistry(file: string, entries: readonly Entry[]): void {
  if (entries.length === 0) {
    rmSync(file, { force: true })
    return
  }
  writeFileSync(`${file}.new`, JSON.stringify(entries))
  renameSync(`${file}.new`, file)
}

/** Returns the parts an earlier start left in this file, or none; those of them that ended are listed too. */
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
