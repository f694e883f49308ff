import type { Db } from '../db/client.ts'
import type { LedgerCipher } from '../db/wallet/ledger-cipher.ts'
import * as orderHolds from '../db/wallet/order-holds.ts'
import { readBalance } from '../db/wallet/reads.ts'
import type { PointsWallet } from '../wallets/port.ts'

/** @param expiryGraceMs how long returned points can be spent after their expiry date */
export function createLedgerWallet(db: Db, vault: LedgerCipher, expiryGraceMs: number): PointsWallet {
  return {
    balance: (ownerId) => readBalance(db, vault, ownerId, 'ZJF'),
    async hold({ ownerId, orderNo, points }) {
      const spend = { ownerId, currency: 'ZJF' as const, amount: points, orderNo }
      const held = await db.transaction().execute((tx) => orderHolds.hold(tx, vault, spend, 'keep'))
      return held ? 'held' : 'insufficient'
    },
    async capture({ ownerId, orderNo }) {
      await db
        .transaction()
        .execute((tx) => orderHolds.capture(tx, vault, { ownerId, currency: 'ZJF', orderNo }))
    },
    async release({ ownerId, orderNo, reason, cause }) {
      const terms = { cause, graceMs: expiryGraceMs }
      const order = { ownerId, currency: 'ZJF' as const, orderNo, reason, terms }
      await db.transaction().execute((tx) => orderHolds.voidHold(tx, vault, order))
    },
  }
}
