/** Terminal, npm and process group each deliver the same Ctrl-C; signals within this time count as one. */
const SAME_WISH_MS = 1000
const PARENT_CHECK_MS = 500

export interface StopRequest {
  readonly wanted: Promise<string>
  /** Aborted on the second. */
  readonly hurry: AbortSignal
}

/** `parentMatters`: stop when the parent (npm) has died, too. */
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
