import type { Db } from '../db/client.ts'
import type { LedgerCipher } from '../db/wallet/ledger-cipher.ts'
import * as ledger from '../db/wallet/wallet.ts'
import type { PointsWallet } from '../wallets/port.ts'

/** @param expiryGraceMs how long returned points can be spent after their expiry date */
export function createLedgerWallet(db: Db, vault: LedgerCipher, expiryGraceMs: number): PointsWallet {
  return {
    balance: (ownerId) => ledger.readBalance(db, vault, ownerId, 'ZJF'),
    async hold({ ownerId, orderNo, points }) {
      const spend = { ownerId, currency: 'ZJF' as const, amount: points, orderNo }
      const held = await db.transaction().execute((tx) => ledger.hold(tx, vault, spend, 'keep'))
      return held ? 'held' : 'insufficient'
    },
    async capture({ ownerId, orderNo }) {
      await db.transaction().execute((tx) => ledger.capture(tx, vault, ownerId, 'ZJF', orderNo))
    },
    async release({ ownerId, orderNo, reason, cause }) {
      const back = { cause, graceMs: expiryGraceMs }
      await db
        .transaction()
        .execute((tx) => ledger.voidHold(tx, vault, ownerId, 'ZJF', orderNo, reason, back))
    },
  }
}
