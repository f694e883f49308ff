import type { Db } from '../../db/client.ts'
import { findAttemptByKey, findRecentAttempt } from '../../db/orders/attempts.ts'

/** How long a customer is asked before the same product is redeemed once more. */
const RECENT_MS = 10 * 60_000

export interface RecentExchange {
  readonly order_no: string
  readonly created_at: string
}

/** The customer's last redemption of a product within ten minutes, also one that has no order yet; none if canceled. */
export async function findRecentExchange(
  db: Db,
  ownerId: string,
  productId: string,
): Promise<RecentExchange | undefined> {
  const found = await findRecentAttempt(db, ownerId, productId, new Date(Date.now() - RECENT_MS))
  return found && { order_no: found.order_no, created_at: found.created_at.toISOString() }
}

/** Whether a redemption with this key was made: then a repeat returns its order. */
export async function isKnownExchange(db: Db, ownerId: string, key: string): Promise<boolean> {
  return (await findAttemptByKey(db, ownerId, key)) !== undefined
}
