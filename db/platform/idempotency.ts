import { sql } from 'kysely'
import type { Db } from '../client.ts'

/** Which request a key stands for. */
export interface Scope {
  readonly ownerId: string
  readonly method: string
  readonly path: string
  readonly key: string
}

export interface KeptRequest {
  readonly bodyHash: Buffer
  readonly operationKey: string
  /** When another request may take over, in ms since 1970. */
  readonly leaseUntil: Date
  /** Whether the lease has run out by the database's clock. */
  readonly lapsed: boolean
  /** Null while the request runs. */
  readonly status: number | null
  readonly response: Buffer | null
}

/** A lease is compared for equality by way of JavaScript dates, which know milliseconds only. */
const leaseEnd = (seconds: number) =>
  sql<Date>`date_trunc('milliseconds', clock_timestamp() + make_interval(secs => ${seconds}))`

const at = (scope: Scope) => ({
  owner_id: scope.ownerId,
  method: scope.method,
  path: scope.path,
  key: scope.key,
})

/** Takes the key for this request. @returns the end of its lease, or undefined when the key is taken. */
export async function insertRequest(
  db: Db,
  scope: Scope,
  bodyHash: Buffer,
  operationKey: string,
  leaseSeconds: number,
): Promise<Date | undefined> {
  const row = await db
    .insertInto('idempotency_keys')
    .values({
      ...at(scope),
      body_hash: bodyHash,
      operation_key: operationKey,
      lease_until: leaseEnd(leaseSeconds),
      status: null,
      response: null,
    })
    .onConflict((conflict) => conflict.columns(['owner_id', 'method', 'path', 'key']).doNothing())
    .returning('lease_until')
    .executeTakeFirst()
  return row?.lease_until
}

export async function findRequest(db: Db, scope: Scope): Promise<KeptRequest | undefined> {
  const row = await db
    .selectFrom('idempotency_keys')
    .select(['body_hash', 'operation_key', 'lease_until', 'status', 'response'])
    .select(sql<boolean>`lease_until < clock_timestamp()`.as('lapsed'))
    .where((eb) => eb.and(at(scope)))
    .executeTakeFirst()
  return (
    row && {
      bodyHash: row.body_hash,
      operationKey: row.operation_key,
      leaseUntil: row.lease_until,
      lapsed: row.lapsed,
      status: row.status,
      response: row.response,
    }
  )
}

/** Takes over from a request that died. @returns the new lease, or undefined when another was quicker. */
export async function takeOver(
  db: Db,
  scope: Scope,
  from: Date,
  leaseSeconds: number,
): Promise<Date | undefined> {
  const row = await db
    .updateTable('idempotency_keys')
    .set({ lease_until: leaseEnd(leaseSeconds) })
    .where((eb) => eb.and(at(scope)))
    .where('lease_until', '=', from)
    .where('status', 'is', null)
    .returning('lease_until')
    .executeTakeFirst()
  return row?.lease_until
}

/** Keeps the answer. Of two that ran under one operation key the first to finish counts. */
export async function keepAnswer(db: Db, scope: Scope, status: number, response: Buffer): Promise<void> {
  await db
    .updateTable('idempotency_keys')
    .set({ status, response })
    .where((eb) => eb.and(at(scope)))
    .where('status', 'is', null)
    .execute()
}

/** Ends the lease: a repeat takes over at once, under the same operation key. */
export async function endLease(db: Db, scope: Scope, lease: Date): Promise<void> {
  await db
    .updateTable('idempotency_keys')
    .set({ lease_until: sql<Date>`date_trunc('milliseconds', clock_timestamp()) - interval '1 millisecond'` })
    .where((eb) => eb.and(at(scope)))
    .where('lease_until', '=', lease)
    .where('status', 'is', null)
    .execute()
}

/** Frees the key, unless another request has taken over meanwhile. */
export async function dropRequest(db: Db, scope: Scope, lease: Date): Promise<void> {
  await db
    .deleteFrom('idempotency_keys')
    .where((eb) => eb.and(at(scope)))
    .where('lease_until', '=', lease)
    .where('status', 'is', null)
    .execute()
}

/** @param olderThanDays at least 7 (contract section 3). @returns how many keys went. */
export async function purgeIdempotencyKeys(db: Db, olderThanDays: number): Promise<number> {
  if (!(olderThanDays >= 7)) throw new RangeError('idempotency keys are kept for at least 7 days')
  const result = await db
    .deleteFrom('idempotency_keys')
    .where('created_at', '<', sql<Date>`now() - make_interval(days => ${Math.ceil(olderThanDays)})`)
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}
