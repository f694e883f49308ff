import { findAttempt } from '../db/attempts.ts'
import type { Db } from '../db/client.ts'
import type { Vault } from '../db/vault.ts'
import * as wallet from '../db/wallet.ts'

/** The steps of the points wallet, where it is a system of its own. Keyed by order number, each may be repeated. */
export function createPointsActivities({ db, vault }: { readonly db: Db; readonly vault: Vault }) {
  async function ownerOf(orderNo: string): Promise<string> {
    const attempt = await findAttempt(db, orderNo)
    if (!attempt) throw new Error(`no attempt ${orderNo}`)
    return attempt.owner_id
  }

  /** @returns false when there are too few points, or when the hold was undone before it came. */
  async function holdPoints(orderNo: string, points: number): Promise<boolean> {
    const ownerId = await ownerOf(orderNo)
    const spend = { ownerId, currency: 'ZJF' as const, amount: BigInt(points), orderNo }
    return db.transaction().execute((tx) => wallet.hold(tx, vault, spend, 'keep'))
  }

  async function capturePoints(orderNo: string): Promise<void> {
    const ownerId = await ownerOf(orderNo)
    await db.transaction().execute((tx) => wallet.capture(tx, vault, ownerId, 'ZJF', orderNo))
  }

  /** Undo of `holdPoints` and `capturePoints`, also when it is not known whether they happened. */
  async function releasePoints(orderNo: string, reason: string): Promise<void> {
    const ownerId = await ownerOf(orderNo)
    await db.transaction().execute((tx) => wallet.voidHold(tx, vault, ownerId, 'ZJF', orderNo, reason))
  }

  return { holdPoints, capturePoints, releasePoints }
}
