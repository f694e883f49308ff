/**
 * How long a test waits for what has to come (ms). Far more than it takes: a machine that has other things to do is
 * slow, and not wrong. How fast something has to be is asserted by itself, where that is the law.
 */
export const PATIENCE_MS = 60_000

/** The same for `vi.waitFor`. */
export const PATIENTLY = { timeout: PATIENCE_MS, interval: 20 } as const

/**
 * Does what has to be done before a moment that the test itself sets, such as an order's deadline. Where the machine
 * was too slow for it, it is done once more with twice the time.
 * @param ms how much time there is at first
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
 * How long the slowest of some plain requests takes (ms), sent one after the other until `asking` is answered: what
 * any answer takes on this machine at this moment. Where an answer is due at a moment, it may come so much later.
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
