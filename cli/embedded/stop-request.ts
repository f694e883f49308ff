/** The terminal, npm and the process group each pass on one Ctrl-C: within this time they are one wish. */
const SAME_WISH_MS = 1000
const PARENT_CHECK_MS = 500

export interface StopRequest {
  /** Resolves once someone wants the installation to stop. */
  readonly wanted: Promise<string>
  /** Aborted when they ask a second time. */
  readonly hurry: AbortSignal
}

/**
 * Listens for SIGINT, SIGTERM and SIGHUP. With `parentMatters` (npm is the parent, and has no other reason to
 * be gone than having been killed) the end of the parent counts too.
 */
export function listenForStop(parentMatters: boolean): StopRequest {
  const hurry = new AbortController()
  const wanted = new Promise<string>((resolve) => {
    let first: number | undefined
    const ask = (why: string) => {
      if (first === undefined) first = performance.now()
      else if (performance.now() - first > SAME_WISH_MS) hurry.abort()
      resolve(why)
    }
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => ask(name))
    if (!parentMatters) return
    const parent = process.ppid
    const timer = setInterval(() => {
      if (process.ppid === parent) return
      clearInterval(timer)
      ask('npm has ended')
    }, PARENT_CHECK_MS)
  })
  return { wanted, hurry: hurry.signal }
}
