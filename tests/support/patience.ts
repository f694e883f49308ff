/**
 * How long a test waits for a condition (ms): far longer than necessary, because a busy machine is slow, not
 * wrong. Tests assert speed separately.
 */
export const PATIENCE_MS = 60_000

/** The same for `vi.waitFor`. */
export const PATIENTLY = { timeout: PATIENCE_MS, interval: 20 } as const

/**
 * Does what must happen before a moment that the test sets, such as a deadline; repeats it with twice the
 * time if the machine was too slow.
 * @param ms the time of the first attempt
 * @param attempt undefined: it was too late
 */
export async function inTime<T>(ms: number, attempt: (ms: number) => Promise<T | undefined>): Promise<T> {
  for (let given = ms; given <= PATIENCE_MS; given *= 2) {
    const done = await attempt(given)
    if (done !== undefined) return done
  }
  throw new Error(`not done within ${PATIENCE_MS} ms`)
}

/**
 * The slowest of some plain requests (ms), sent one after the other until `asking` is answered: the margin
 * for a timed answer on this machine now.
 */
export async function slowestOf(plain: () => Promise<unknown>, asking: Promise<unknown>): Promise<number> {
  let answered = false
  const end = () => {
    answered = true
  }
  asking.then(end, end)
  let slowest = 0
  while (!answered) {
    const from = performance.now()
    await plain()
    slowest = Math.max(slowest, performance.now() - from)
  }
  return slowest
}
