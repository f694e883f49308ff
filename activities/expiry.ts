import type { Db } from '../db/client.ts'
import { findMature, grantEarning } from '../db/wallet/earnings.ts'
import { expireAccount, findExpiring } from '../db/wallet/expiry.ts'
import { type LedgerCipher, TamperedError } from '../db/wallet/ledger-cipher.ts'
import { KeyReusedError } from '../db/wallet/posting.ts'

export interface BatchInput {
  readonly after: string
  readonly limit: number
}

export interface ExpiryBatch {
  readonly next: string | null
  readonly expired: string
  readonly warned: number
  /** Skipped because they could not be decrypted. */
  readonly unreadable: readonly string[]
}

export interface MatureBatch {
  readonly next: string | null
  readonly granted: number
  /** Skipped because they could not be verified. */
  readonly unreadable: readonly string[]
}

/** One transaction per account, so a repeat continues where the last try stopped. */
export function createExpiryActivities({ db, vault }: { readonly db: Db; readonly vault: LedgerCipher }) {
  async function expireBatch({ after, limit }: BatchInput): Promise<ExpiryBatch> {
    const look = await findExpiring(db, vault, after, limit)
    let expired = 0n
    let warned = 0
    for (const owner of look.owners) {
      const done = await db.transaction().execute((tx) => expireAccount(tx, vault, owner))
      expired += done.expired
      warned += done.warned
    }
    return { next: look.next, expired: `${expired}`, warned, unreadable: look.unreadable }
  }

  async function grantMatureBatch({ after, limit }: BatchInput): Promise<MatureBatch> {
    const { ids, next } = await findMature(db, after, limit)
    const unreadable: string[] = []
    let granted = 0
    for (const id of ids) {
      try {
        const done = await db.transaction().execute((tx) => grantEarning(tx, vault, id))
        if (done.granted) granted += 1
      } catch (error) {
        if (!(error instanceof TamperedError || error instanceof KeyReusedError)) throw error
        unreadable.push(id)
      }
    }
    return { next, granted, unreadable }
  }

  return { expireBatch, grantMatureBatch }
}
