import { streamSSE } from 'hono/streaming'
import { watchOrderChanges } from '../../../application/orders/changes.ts'
import { withBasePath } from '../../shared/base-path.ts'
import type { WebContext, WebDeps } from '../../shared/deps.ts'
import { arrivalOf, orderView, readShown } from './order-view.ts'

const LOOK_EVERY_MS = 700
/** Keeps proxies from closing the connection, and detects dead ones. */
const HEARTBEAT_MS = 15_000
/** Browsers reconnect; abandoned streams end. */
const LIVE_MS = 10 * 60_000
/** Browsers allow six connections per host and keep those of hidden tabs. */
const PER_VIEWER_MAX = 4
const ALL_MAX = 2_000

/** Server-Sent Events: the whole order view, initially and after each change. */
export function liveOrder(deps: WebDeps) {
  const { logger, stopping } = deps
  const complain = (err: unknown) => logger.error({ err }, 'orders cannot be followed')
  const watch = watchOrderChanges(deps.db, LOOK_EVERY_MS, complain)
  const open = new Map<string, number>()
  let all = 0

  function enter(owner: string): boolean {
    const count = open.get(owner) ?? 0
    if (count >= PER_VIEWER_MAX || all >= ALL_MAX || stopping.aborted) return false
    open.set(owner, count + 1)
    all += 1
    return true
  }

  function leave(owner: string): void {
    const count = (open.get(owner) ?? 0) - 1
    if (count > 0) open.set(owner, count)
    else open.delete(owner)
    all -= 1
  }

  return async (c: WebContext) => {
    const owner = c.get('viewer')?.sub
    // 204 changes nothing: for signed-out viewers and for too many streams.
    if (owner === undefined || c.req.method !== 'GET') return c.body(null, 204)
    const { order_no } = (await readShown(deps, owner, c.req.param('id') ?? '')).order
    if (!enter(owner)) return c.body(null, 204)
    c.header('X-Accel-Buffering', 'no')
    const lang = c.get('lang')
    const arrival = arrivalOf(c)
    const basePath = c.get('basePath')
    const answer = streamSSE(c, async (stream) => {
      const gone = new AbortController()
      stream.onAbort(() => gone.abort())
      const signal = AbortSignal.any([gone.signal, stopping, AbortSignal.timeout(LIVE_MS)])
      // Also ends a write that the browser does not accept.
      signal.addEventListener('abort', () => stream.abort())
      try {
        let sent: string | undefined
        let mark: string | undefined
        while (!signal.aborted) {
          const shown = await readShown(deps, owner, order_no)
          const state = JSON.stringify(shown)
          if (state !== sent)
            await stream.writeSSE({
              data: withBasePath(`${await orderView(shown, lang, arrival)}`, basePath),
            })
          else await stream.write(': nothing new\n\n')
          sent = state
          mark = await watch.after(order_no, mark, HEARTBEAT_MS, signal)
        }
      } catch (err) {
        // The helper would send the error's message.
        complain(err)
      } finally {
        leave(owner)
      }
    })
    answer.headers.set('Cache-Control', 'private, no-store')
    return answer
  }
}
