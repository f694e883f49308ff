import { streamSSE } from 'hono/streaming'
import { watchSessions } from '../../../application/customers/sessions.ts'
import { watchOrderChanges } from '../../../application/orders/changes.ts'
import { markMessagesRead } from '../../../application/orders/messages.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import { withBasePath } from '../../shared/base-path.ts'
import type { WebContext, WebDeps } from '../../shared/deps.ts'
import { arrivalOf, orderView, readShown } from './order-view.ts'

const LOOK_EVERY_MS = 700
/** How soon a stream ends after its session. */
const SESSION_EVERY_MS = 2_000
/** Keeps proxies from closing the connection, and detects dead ones. */
const HEARTBEAT_MS = 15_000
/** The answer "not paid" of a provider changes no order, so it is looked for. */
const CONFIRMING_MS = 2_000
/** Browsers reconnect; abandoned streams end. */
const LIVE_MS = 10 * 60_000
/** Browsers allow six connections per host and keep those of hidden tabs open. */
const PER_VIEWER_MAX = 4
const ALL_MAX = 2_000

/** Each event is the whole order view, so that missed events do not matter. */
export function liveOrder(deps: WebDeps) {
  const { logger, stopping } = deps
  const complain = (err: unknown) => logger.error({ err }, 'orders cannot be followed')
  const watch = watchOrderChanges(deps.db, LOOK_EVERY_MS, complain)
  const watchSession = watchSessions(deps.db, SESSION_EVERY_MS, complain)
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
    const token = c.get('session')
    // 204 changes nothing: for signed-out viewers and for too many streams.
    if (owner === undefined || token === undefined || c.req.method !== 'GET') return c.body(null, 204)
    const { order_no } = await getOrder(deps, c.req.param('id') ?? '', owner)
    if (!enter(owner)) return c.body(null, 204)
    c.header('X-Accel-Buffering', 'no')
    const arrival = arrivalOf(c)
    const basePath = c.get('basePath')
    const answer = streamSSE(c, async (stream) => {
      const gone = new AbortController()
      stream.onAbort(() => gone.abort())
      const session = watchSession(token)
      const signal = AbortSignal.any([gone.signal, stopping, session.ended, AbortSignal.timeout(LIVE_MS)])
      // Also ends a write that the browser does not accept.
      signal.addEventListener('abort', () => stream.abort())
      try {
        let sent: string | undefined
        let mark: string | undefined
        while (!signal.aborted) {
          const shown = await readShown(deps, owner, order_no, true)
          const state = JSON.stringify(shown)
          if (state !== sent) {
            await stream.writeSSE({ data: withBasePath(`${await orderView(c, shown, arrival)}`, basePath) })
            await markMessagesRead(deps.db, order_no, 'customer', shown.messages)
          } else await stream.write(': nothing new\n\n')
          sent = state
          const limitMs = shown.confirming ? CONFIRMING_MS : HEARTBEAT_MS
          mark = await watch.after(order_no, mark, limitMs, signal)
        }
      } catch (err) {
        // Hono's helper would send the error message to the browser.
        complain(err)
      } finally {
        session.stop()
        leave(owner)
      }
    })
    answer.headers.set('Cache-Control', 'private, no-store')
    return answer
  }
}
