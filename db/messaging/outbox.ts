import type { Db, Tx } from '../client.ts'

/** Events for later delivery: ids and numbers only. */
export interface OutboxEvent {
  readonly kind: 'points.expiring'
  /** Permanently unique, so that nothing is sent twice. */
  readonly key: string
  readonly ownerId: string
  readonly payload: Readonly<Record<string, string | number>>
}

/** Call it in the transaction of the change. @returns the number of new events */
export async function keepEvents(tx: Tx, events: readonly OutboxEvent[]): Promise<number> {
  if (events.length === 0) return 0
  const rows = events.map(({ kind, key, ownerId, payload }) => ({
    kind,
    key,
    owner_id: ownerId,
    payload: JSON.stringify(payload),
    delivered_at: null,
  }))
  const kept = await tx
    .insertInto('outbox')
    .values(rows)
    .onConflict((conflict) => conflict.column('key').doNothing())
    .returning('id')
    .execute()
  return kept.length
}

export async function keptKeys(db: Db, keys: readonly string[]): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set()
  const rows = await db.selectFrom('outbox').select('key').where('key', 'in', keys).execute()
  return new Set(rows.map(({ key }) => key))
}
