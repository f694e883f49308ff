import { sql } from 'kysely'
import type { Db } from '../client.ts'

export interface Scope {
  readonly ownerId: string
  readonly method: string
  readonly path: string
  readonly key: string
}

export interface KeptRequest {
  readonly bodyHash: Buffer
  readonly operationKey: string
  /** When another request may take over. */
  readonly leaseUntil: Date
  /** By the database's clock. */
  readonly lapsed: boolean
  readonly status: number | null
  readonly response: Buffer | null
}

/** Leases are compared as JavaScript dates, which have millisecond precision. */
const leaseEnd = (seconds: number) =>
  sql<Date>`date_trunc('milliseconds', clock_timestamp() + make_interval(secs => ${seconds}))`

const at = (scope: Scope) => ({
  owner_id: scope.ownerId,
  method: scope.method,
  path: scope.path,
  key: scope.key,
})

/** @returns the end of the lease, or undefined when the key is taken */
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

/** @returns the new lease, or undefined when another request was faster */
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

/** The first answer under an operation key is kept. */
export async function keepAnswer(db: Db, scope: Scope, status: number, response: Buffer): Promise<void> {
  await db
    .updateTable('idempotency_keys')
    .set({ status, response })
    .where((eb) => eb.and(at(scope)))
    .where('status', 'is', null)
    .execute()
}

/** A repeat can take over immediately, under the same operation key. */
export async function endLease(db: Db, scope: Scope, lease: Date): Promise<void> {
  await db
    .updateTable('idempotency_keys')
    .set({ lease_until: sql<Date>`date_trunc('milliseconds', clock_timestamp()) - interval '1 millisecond'` })
    .where((eb) => eb.and(at(scope)))
    .where('lease_until', '=', lease)
    .where('status', 'is', null)
    .execute()
}

export async function dropRequest(db: Db, scope: Scope, lease: Date): Promise<void> {
  await db
    .deleteFrom('idempotency_keys')
    .where((eb) => eb.and(at(scope)))
    .where('lease_until', '=', lease)
    .where('status', 'is', null)
    .execute()
}

/** @param olderThanDays at least 7 @returns how many keys were deleted */
export async function purgeIdempotencyKeys(db: Db, olderThanDays: number): Promise<number> {
  if (!(olderThanDays >= 7)) throw new RangeError('idempotency keys are kept for at least 7 days')
  const result = await db
    .deleteFrom('idempotency_keys')
    .where('created_at', '<', sql<Date>`now() - make_interval(days => ${Math.ceil(olderThanDays)})`)
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}
