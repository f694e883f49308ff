import type { Db, Tx } from '../client.ts'

/** What others are to be told later. Ids and numbers only. */
export interface OutboxEvent {
  readonly kind: 'points.expiring'
  /** Unique for good: the same is never told twice. */
  readonly key: string
  readonly ownerId: string
  readonly payload: Readonly<Record<string, string | number>>
}

/** Keeps the events that are not there yet, in the transaction of what they tell of. Returns how many. */
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

/** Which of these keys are kept already. */
export async function keptKeys(db: Db, keys: readonly string[]): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set()
  const rows = await db.selectFrom('outbox').select('key').where('key', 'in', keys).execute()
  return new Set(rows.map(({ key }) => key))
}
