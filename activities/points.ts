import type { Db } from '../db/client.ts'
import { type Attempt, findAttempt } from '../db/orders/attempts.ts'
import type { LedgerCipher } from '../db/wallet/ledger-cipher.ts'
import type { PointsWallet } from '../wallets/port.ts'
import { createLedgerWallet } from './ledger-wallet.ts'
import { findCauseOfReturn } from './return-cause.ts'
import { currentTry, requireCurrentRun } from './run.ts'

export interface PointsDeps {
  readonly db: Db
  readonly vault: LedgerCipher
  readonly expiryGraceMs: number
  readonly outsideWallet: PointsWallet | undefined
}

export function createPointsActivities({ db, vault, expiryGraceMs, outsideWallet }: PointsDeps) {
  const ledger = createLedgerWallet(db, vault, expiryGraceMs)

  /** An order keeps the wallet it started with, even if the configuration changes. */
  function walletOf({ points_wallet }: Attempt): PointsWallet {
    if (points_wallet === 'ledger') return ledger
    // Retried: the order continues once the address is configured.
    if (!outsideWallet) throw new Error('the points are in an outside wallet, and none is set up')
    return outsideWallet
  }

  async function beginStep(orderNo: string) {
    const attempt = await findAttempt(db, orderNo)
    if (!attempt) throw new Error(`no attempt ${orderNo}`)
    requireCurrentRun(attempt)
    const repeat = currentTry() > 1 || attempt.run_epoch > 0
    return { wallet: walletOf(attempt), request: { ownerId: attempt.owner_id, orderNo, repeat } }
  }

  /** @returns false when there are too few points, or the hold was undone before it arrived */
  async function holdPoints(orderNo: string, points: number): Promise<boolean> {
    const { wallet, request } = await beginStep(orderNo)
    return (await wallet.hold({ ...request, points: BigInt(points) })) === 'held'
  }

  async function capturePoints(orderNo: string): Promise<void> {
    const order = await db
      .selectFrom('points_exchange_orders')
      .select('total_points')
      .where('order_no', '=', orderNo)
      .executeTakeFirst()
    if (!order || order.total_points === 0) return
    const { wallet, request } = await beginStep(orderNo)
    await wallet.capture(request)
  }

  /** Also undoes `capturePoints`, and works even if the outcome of either is unknown. */
  async function releasePoints(orderNo: string, reason: string): Promise<void> {
    const { wallet, request } = await beginStep(orderNo)
    const cause = await findCauseOfReturn(db, orderNo)
    await wallet.release({ ...request, reason, cause })
  }

  return { holdPoints, capturePoints, releasePoints }
}
