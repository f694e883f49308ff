import { findAttemptByKey, listPendingAttempts } from '../../db/orders/attempts.ts'
import { getOrder } from './reads.ts'
import { type OrderReader, type OrderView, viewAttempt } from './view.ts'

/**
 * What a repeat is told while the first `POST exchange` with its key still runs: the order's number, and how
 * far it is. Undefined: the first has not got that far.
 */
export async function readExchangeByKey(
  reader: OrderReader,
  ownerId: string,
  idempotencyKey: string,
): Promise<OrderView | undefined> {
  const attempt = await findAttemptByKey(reader.db, ownerId, idempotencyKey)
  return attempt && getOrder(reader, attempt.order_no, ownerId)
}

/** How many redemptions of one owner may be on their way and still all be shown. */
const UNDER_WAY_MAX = 10

/** The owner's redemptions whose outcome is still open: they have a number, and no order yet. Newest first. */
export async function listUnderWay(reader: OrderReader, ownerId: string): Promise<OrderView[]> {
  const attempts = await listPendingAttempts(reader.db, ownerId, UNDER_WAY_MAX)
  return Promise.all(attempts.map((attempt) => viewAttempt(reader, attempt)))
}
