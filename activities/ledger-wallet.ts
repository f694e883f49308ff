import type { Db } from '../db/client.ts'
import type { LedgerCipher } from '../db/wallet/ledger-cipher.ts'
import * as ledger from '../db/wallet/wallet.ts'
import type { PointsWallet } from '../wallets/port.ts'

/**
 * Our own ledger as the wallet of the points. It finds a repeat by itself, in the transaction that would book it.
 * @param expiryGraceMs how long after their date points may be spent that come back after it
 */
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
