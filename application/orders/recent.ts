import type { Db } from '../../db/client.ts'
import { type Attempt, findRecentAttempt, keepUnlessRecent } from '../../db/orders/attempts.ts'

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

/** The customer has redeemed the product within ten minutes, and was not shown that order. */
export class RecentExchangeError extends Error {
  override name = 'RecentExchangeError'
}

/** @throws RecentExchangeError; a repeat of the same key returns its attempt */
export async function keepFirstOrAgreed(
  db: Db,
  attempt: Parameters<typeof keepUnlessRecent>[1],
  agreed: string | undefined,
): Promise<Attempt> {
  const kept = await keepUnlessRecent(db, attempt, new Date(Date.now() - RECENT_MS), agreed)
  if (!kept) throw new RecentExchangeError()
  return kept
}
