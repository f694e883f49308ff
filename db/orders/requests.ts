import { sql } from 'kysely'
import type { Db } from '../client.ts'

/** Requests that were answered "accepted" before their outcome was known; they are repeated until it is. */
export interface KeptRequest {
  readonly order_no: string
  readonly operation_key: string
  readonly request: Buffer
}

export async function keepRequest(db: Db, kept: KeptRequest): Promise<void> {
  await db
    .insertInto('order_requests')
    .values(kept)
    .onConflict((conflict) => conflict.columns(['order_no', 'operation_key']).doNothing())
    .execute()
}

/** Claims expire, later each time, so a crash loses none. */
export async function claimRequests(db: Db, limit: number): Promise<KeptRequest[]> {
  const { rows } = await sql<KeptRequest>`
    update order_requests set tries = tries + 1,
      next_try_at = now() + make_interval(secs => least(300, 10 * power(2, least(tries, 5))))
    where (order_no, operation_key) in (
      select order_no, operation_key from order_requests where next_try_at <= now()
      order by next_try_at limit ${limit} for update skip locked)
    returning order_no, operation_key, request`.execute(db)
  return rows
}

export async function dropRequest(
  db: Db,
  { order_no, operation_key }: Pick<KeptRequest, 'order_no' | 'operation_key'>,
): Promise<void> {
  await db
    .deleteFrom('order_requests')
    .where('order_no', '=', order_no)
    .where('operation_key', '=', operation_key)
    .execute()
}
