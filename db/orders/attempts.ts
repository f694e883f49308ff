import { type Insertable, type Selectable, sql } from 'kysely'
import type { CustomAnswer } from '../../domain/catalogue/custom-fields.ts'
import type { Refusal } from '../../domain/errors.ts'
import type { PaymentClient } from '../../domain/payments/method.ts'
import type { Db, Tx } from '../client.ts'
import type { Encryptor } from '../platform/encryption.ts'
import type { ExchangeAttemptsTable } from '../schema/exchange-attempts.ts'

/** One row per `POST exchange`, written before Temporal is called, so that no result is lost. */
export type Attempt = Selectable<ExchangeAttemptsTable>

/** Personal data, encrypted with the order number as context. */
export interface PrivateRequest {
  readonly address?: Record<string, unknown> | undefined
  /** What a supplier charges, as `readAccount` gives it. */
  readonly account?: string | undefined
  readonly buyer_remarks?: string | undefined
  readonly buyer_message?: string | undefined
  readonly customized?: Record<string, unknown> | unknown[] | undefined
  readonly custom?: readonly CustomAnswer[] | undefined
}

export interface PaymentChannel {
  readonly client: PaymentClient
  readonly openid?: string | undefined
  readonly returnUrl?: string | undefined
  readonly clientIp?: string | undefined
}

export function sealChannel(sealer: Encryptor, orderNo: string, channel: PaymentChannel): Buffer {
  return sealer.seal(channel, `channel/${orderNo}`)
}

export async function readChannel(db: Db, sealer: Encryptor, orderNo: string): Promise<PaymentChannel> {
  const row = await db
    .selectFrom('exchange_attempts')
    .select('channel')
    .where('order_no', '=', orderNo)
    .executeTakeFirst()
  if (!row?.channel) return { client: 'h5' }
  return sealer.open(row.channel, `channel/${orderNo}`) as PaymentChannel
}

/** Keeps the WeChat openid. */
export async function changeChannel(
  db: Db,
  sealer: Encryptor,
  orderNo: string,
  channel: PaymentChannel,
): Promise<void> {
  const openid = channel.openid ?? (await readChannel(db, sealer, orderNo)).openid
  await db
    .updateTable('exchange_attempts')
    .set({ channel: sealChannel(sealer, orderNo, { ...channel, openid }) })
    .where('order_no', '=', orderNo)
    .execute()
}

/** Stores or returns the first attempt with this idempotency key; refused ones do not count. */
export async function keepAttempt(db: Db, attempt: Insertable<ExchangeAttemptsTable>): Promise<Attempt> {
  const fresh = await db
    .insertInto('exchange_attempts')
    .values(attempt)
    .onConflict((conflict) =>
      conflict.columns(['owner_id', 'idempotency_key']).where('state', '<>', sql.lit('refused')).doNothing(),
    )
    .returningAll()
    .executeTakeFirst()
  if (fresh) return fresh
  return db
    .selectFrom('exchange_attempts')
    .selectAll()
    .where('owner_id', '=', attempt.owner_id)
    .where('idempotency_key', '=', attempt.idempotency_key ?? null)
    .where('state', '<>', sql.lit('refused'))
    .executeTakeFirstOrThrow()
}

export async function findAttempt(db: Db, orderNo: string): Promise<Attempt | undefined> {
  return db.selectFrom('exchange_attempts').selectAll().where('order_no', '=', orderNo).executeTakeFirst()
}

export async function findAttemptByKey(db: Db, ownerId: string, key: string): Promise<Attempt | undefined> {
  return db
    .selectFrom('exchange_attempts')
    .selectAll()
    .where('owner_id', '=', ownerId)
    .where('idempotency_key', '=', key)
    .where('state', '<>', sql.lit('refused'))
    .executeTakeFirst()
}

/**
 * As `keepAttempt`, unless the owner has redeemed the product since then: of two requests at the same instant one is kept.
 * @param agreed the order number that the owner was shown @returns undefined when there is one that was not shown
 */
export async function keepUnlessRecent(
  db: Db,
  attempt: Insertable<ExchangeAttemptsTable>,
  since: Date,
  agreed: string | undefined,
): Promise<Attempt | undefined> {
  const { owner_id, product_id, idempotency_key } = attempt
  return db.transaction().execute(async (tx) => {
    const lock = `recent/${owner_id}/${product_id}`
    await sql`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`.execute(tx)
    const known = idempotency_key ? await findAttemptByKey(tx, owner_id, idempotency_key) : undefined
    if (known) return known
    const recent = await findRecentAttempt(tx, owner_id, product_id, since)
    if (recent !== undefined && recent.order_no !== agreed) return undefined
    return keepAttempt(tx, attempt)
  })
}

/** The owner's newest attempt for a product since then that is not canceled; it may have no order yet. */
export async function findRecentAttempt(
  db: Db,
  ownerId: string,
  productId: string,
  since: Date,
): Promise<Pick<Attempt, 'order_no' | 'created_at'> | undefined> {
  return db
    .selectFrom('exchange_attempts as attempt')
    .leftJoin('points_exchange_orders as placed', 'placed.order_no', 'attempt.order_no')
    .select(['attempt.order_no', 'attempt.created_at'])
    .where('attempt.owner_id', '=', ownerId)
    .where('attempt.product_id', '=', productId)
    .where('attempt.state', '<>', sql.lit('refused'))
    .where('attempt.created_at', '>', since)
    .where((is) => is.or([is('placed.status', 'is', null), is('placed.status', '<>', 'order_canceled')]))
    .orderBy('attempt.id', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** Newest first. */
export async function listPendingAttempts(db: Db, ownerId: string, limit: number): Promise<Attempt[]> {
  return db
    .selectFrom('exchange_attempts')
    .selectAll()
    .where('owner_id', '=', ownerId)
    .where('state', '=', 'pending')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

export async function lockAttempt(tx: Tx, orderNo: string): Promise<Attempt> {
  return tx
    .selectFrom('exchange_attempts')
    .selectAll()
    .where('order_no', '=', orderNo)
    .forUpdate()
    .executeTakeFirstOrThrow()
}

/** Marks the attempt as placed. @returns undefined when it was placed or refused before */
export async function takeAttempt(tx: Tx, orderNo: string): Promise<Attempt | undefined> {
  return tx
    .updateTable('exchange_attempts')
    .set({ state: 'placed', resolved_at: new Date() })
    .where('order_no', '=', orderNo)
    .where('state', '=', 'pending')
    .returningAll()
    .executeTakeFirst()
}

/** Serializes counting of the owner's unpaid orders until the end of the transaction. */
export async function lockUnpaid(tx: Tx, ownerId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`unpaid/${ownerId}`}, 0))`.execute(tx)
}

/** The attempt counts as an unpaid order until it is placed or refused. */
export async function countUnpaid(tx: Tx, orderNo: string): Promise<void> {
  await tx
    .updateTable('exchange_attempts')
    .set({ counts_unpaid: true })
    .where('order_no', '=', orderNo)
    .where('state', '=', 'pending')
    .execute()
}

/** Permanent; frees the idempotency key. @returns false when it was decided before */
export async function markRefused(
  db: Db,
  orderNo: string,
  refusal: Refusal,
  from: 'pending' | 'placed' = 'pending',
): Promise<boolean> {
  const result = await db
    .updateTable('exchange_attempts')
    .set({ state: 'refused', refusal: JSON.stringify(refusal), resolved_at: new Date() })
    .where('order_no', '=', orderNo)
    .where('state', '=', from)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

export async function forgetRefused(db: Db, orderNo: string): Promise<void> {
  await db
    .deleteFrom('exchange_attempts')
    .where('order_no', '=', orderNo)
    .where('state', '=', 'refused')
    .execute()
}

/** Whether the order has points, and an external wallet keeps them. */
export async function hasPointsOutside(db: Db, orderNo: string): Promise<boolean> {
  const found = await db
    .selectFrom('exchange_attempts as attempt')
    .innerJoin('points_exchange_orders as order', 'order.order_no', 'attempt.order_no')
    .select('attempt.order_no')
    .where('attempt.order_no', '=', orderNo)
    .where('attempt.points_wallet', '=', 'outside')
    .where('order.total_points', '>', 0)
    .executeTakeFirst()
  return found !== undefined
}
