import { findAttemptByKey } from '../db/attempts.ts'
import { getOrder, type OrderReader, type OrderView } from './orders.ts'

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
