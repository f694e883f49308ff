import type { ChildProcess } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * Asks a part for a sign of life. @returns `stopping` if it refuses work and is not known to end by itself
 * @throws if it does not answer, or `signal` is aborted
 */
export type Probe = (signal: AbortSignal) => Promise<'answers' | 'stopping'>

export interface ProbeLimits {
  /** Pause between two questions. */
  readonly everyMs: number
  /** Time for one answer. */
  readonly answerMs: number
  /** Consecutive unanswered questions after which a part counts as dead. */
  readonly unanswered: number
  /** Time until the first answer after a start. */
  readonly startMs: number
}

/** A busy part on a loaded machine still answers within these. */
export const PROBE_LIMITS: ProbeLimits = { everyMs: 1000, answerMs: 5000, unanswered: 3, startMs: 120_000 }

/** Watches a part. @returns why it counts as dead; undefined once `over` is aborted */
export async function watch(
  probe: Probe,
  { everyMs, answerMs, unanswered, startMs }: ProbeLimits,
  over: AbortSignal,
): Promise<string | undefined> {
  const born = performance.now()
  let answered = false
  let failures = 0
  for (;;) {
    await pause(everyMs, undefined, { signal: over }).catch(() => {})
    if (over.aborted) return undefined
    try {
      if ((await within(answerMs, over, probe)) === 'stopping') return 'takes no more work'
      answered = true
      failures = 0
    } catch {
      failures += 1
      const patient = !answered && performance.now() - born < startMs
      if (failures >= unanswered && !patient && !over.aborted) return 'does not answer'
    }
  }
}

/** @param url an address that answers 200 while the part works */
export function httpProbe(url: string): Probe {
  return async (signal) => {
    const response = await fetch(url, { signal })
    await response.arrayBuffer()
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    return 'answers'
  }
}

/** For parts without a port: asks over the channel of a child process that has called `answerPings`. */
export function pingProbe(child: ChildProcess): Probe {
  return (signal) =>
    new Promise((resolve, reject) => {
      const answered = () => resolve('answers')
      const end = (error: unknown) => {
        child.off('message', answered)
        reject(error)
      }
      signal.addEventListener('abort', () => end(signal.reason), { once: true })
      child.once('message', answered)
      child.send('ping', (error) => {
        if (error) end(error)
      })
    })
}

/** Lets the supervisor see that this process responds. Does nothing where no supervisor has started it. */
export function answerPings(): void {
  process.on('message', () => {
    // The supervisor may have ended meanwhile.
    process.send?.('pong', undefined, undefined, () => {})
  })
  process.channel?.unref()
}

async function within<T>(
  limitMs: number,
  over: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  // An answer that has arrived while this process was busy counts: input is read before the second turn.
  const timer = setTimeout(() => setImmediate(() => setImmediate(() => late.abort())), limitMs)
  const signal = AbortSignal.any([late.signal, over])
  try {
    return await Promise.race([
      work(signal),
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      }),
    ])
  } finally {
    clearTimeout(timer)
  }
}
