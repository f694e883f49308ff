import { findAttemptByKey, listPendingAttempts } from '../../db/orders/attempts.ts'
import { getOrder } from './reads.ts'
import { type OrderReader, type OrderView, viewAttempt } from './view.ts'

/** For a repeat while the first `POST exchange` runs. @returns undefined if the attempt is not recorded yet */
export async function readExchangeByKey(
  reader: OrderReader,
  ownerId: string,
  idempotencyKey: string,
): Promise<OrderView | undefined> {
  const attempt = await findAttemptByKey(reader.db, ownerId, idempotencyKey)
  return attempt && getOrder(reader, attempt.order_no, ownerId)
}

const UNDER_WAY_MAX = 10

/** Attempts without a result, newest first. */
export async function listUnderWay(reader: OrderReader, ownerId: string): Promise<OrderView[]> {
  const attempts = await listPendingAttempts(reader.db, ownerId, UNDER_WAY_MAX)
  return Promise.all(attempts.map((attempt) => viewAttempt(reader, attempt)))
}
