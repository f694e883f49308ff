import { type RawBuilder, sql } from 'kysely'
import { type EventType, orderEventType, orderLane, type TEST_EVENT } from '../../domain/messaging/events.ts'
import type { OrderStatus } from '../../domain/orders/status.ts'
import type { Db, Tx } from '../client.ts'

/** Events for other systems: ids and numbers only, no personal data and no text that people wrote. */
export interface OutboxEvent {
  readonly kind: EventType | typeof TEST_EVENT
  /** Permanently unique, so that nothing is sent twice. */
  readonly key: string
  /** The order or owner within which it is numbered. */
  readonly lane: string
  readonly payload: Readonly<Record<string, unknown>>
}

/**
 * Call it in the transaction of the change, under the lock of the order or account: the numbers of a lane then follow
 * the order of the commits.
 * @returns the number of new events
 */
export async function keepEvents(tx: Tx, events: readonly OutboxEvent[]): Promise<number> {
  if (events.length === 0) return 0
  const { rows } = await sql<{ id: string }>`
    with given as (
      select n, event ->> 'kind' as kind, event ->> 'key' as key, event ->> 'lane' as lane, event -> 'payload' as payload
      from jsonb_array_elements(${JSON.stringify(events)}::jsonb) with ordinality as g (event, n)
    ), fresh as (
      select *, row_number() over (partition by lane order by n) as nth from given
      where not exists (select from outbox where outbox.key = given.key)
    ), counted as (
      insert into event_sequences (lane, last) select lane, count(*) from fresh group by lane order by lane
      on conflict (lane) do update set last = event_sequences.last + excluded.last returning lane, last
    )
    insert into outbox (kind, key, lane, sequence, owner_id, payload)
    select kind, key, lane, last - max(nth) over (partition by lane) + nth,
      case when lane like 'owner/%' then substr(lane, 7) end, payload
    from fresh join counted using (lane) order by n
    returning id`.execute(tx)
  return rows.length
}

/** Announces the states that an order has reached in this transaction. */
export async function keepOrderEvents(
  tx: Tx,
  orderNo: string,
  statuses: readonly OrderStatus[],
): Promise<void> {
  const events = statuses.flatMap((status) => {
    const kind = orderEventType(status)
    const payload = { order_no: orderNo, status }
    return kind ? [{ kind, key: `${kind}/${orderNo}`, lane: orderLane(orderNo), payload }] : []
  })
  await keepEvents(tx, events)
}

/**
 * The same as common table expressions `numbered` and `announced`, for a statement that may not take another round trip.
 * @param after the expression whose rows, one or none, decide whether there is an event
 */
export function announcing(after: string, { kind, key, lane, payload }: OutboxEvent): RawBuilder<unknown> {
  return sql`numbered as (
      insert into event_sequences (lane, last) select ${lane}, 1 from ${sql.ref(after)}
      on conflict (lane) do update set last = event_sequences.last + 1 returning last),
    announced as (
      insert into outbox (kind, key, lane, sequence, owner_id, payload)
      select ${kind}, ${key}, ${lane}, last, case when ${lane} like 'owner/%' then substr(${lane}, 7) end,
        ${JSON.stringify(payload)}::jsonb from numbered)`
}

export async function keptKeys(db: Db, keys: readonly string[]): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set()
  const rows = await db.selectFrom('outbox').select('key').where('key', 'in', keys).execute()
  return new Set(rows.map(({ key }) => key))
}
