import { sql } from 'kysely'
import type { Db } from '../../db/client.ts'
import { pollWhile } from '../platform/polling.ts'

/** One polling query serves all watchers. */
export interface OrderChanges {
  /** @param seen last token; undefined: none @returns `seen` if nothing changes within `limitMs` or `signal` aborts */
  after(
    orderNo: string,
    seen: string | undefined,
    limitMs: number,
    signal: AbortSignal,
  ): Promise<string | undefined>
}

interface Waiter {
  readonly orderNo: string
  readonly seen: string | undefined
  readonly tell: (mark: string) => void
}

/** @param complain called on a failed poll; polling continues */
export function watchOrderChanges(db: Db, everyMs: number, complain: (error: unknown) => void): OrderChanges {
  const waiters = new Set<Waiter>()

  async function look(): Promise<void> {
    const marks = await readMarks(db, [...new Set([...waiters].map(({ orderNo }) => orderNo))])
    for (const waiter of waiters) {
      const mark = marks.get(waiter.orderNo)
      if (mark !== undefined && mark !== waiter.seen) waiter.tell(mark)
    }
  }

  const schedule = pollWhile(() => waiters.size > 0, everyMs, look, complain)

  return {
    after(orderNo, seen, limitMs, signal) {
      return new Promise((resolve) => {
        const end = (mark: string | undefined) => {
          clearTimeout(limit)
          signal.removeEventListener('abort', giveUp)
          waiters.delete(waiter)
          resolve(mark)
        }
        const giveUp = () => end(seen)
        const waiter: Waiter = { orderNo, seen, tell: end }
        const limit = setTimeout(giveUp, limitMs)
        if (signal.aborted) return giveUp()
        signal.addEventListener('abort', giveUp)
        waiters.add(waiter)
        schedule()
      })
    },
  }
}

/** Like an ETag: covers the order's rows, its timeline and its messages. */
async function readMarks(db: Db, orderNos: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ order_no: string; mark: string }>`
    select n.order_no, concat_ws('/', a.xmin, o.xmin,
        (select max(e.id) from order_events e where e.order_no = n.order_no),
        (select c.last_message_id from order_conversations c where c.order_no = n.order_no)) as mark
      from unnest(${orderNos}::text[]) as n (order_no)
      left join exchange_attempts a on a.order_no = n.order_no
      left join points_exchange_orders o on o.order_no = n.order_no`.execute(db)
  return new Map(rows.map(({ order_no, mark }) => [order_no, mark]))
}
