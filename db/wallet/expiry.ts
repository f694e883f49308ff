import { sql } from 'kysely'
import { ownerLane } from '../../domain/messaging/events.ts'
import { WARN_AHEAD_MS, warningsDue } from '../../domain/wallet/expiry.ts'
import { expire, type Lot } from '../../domain/wallet/wallet.ts'
import type { Db, Tx } from '../client.ts'
import { keepEvents, keptKeys, type OutboxEvent } from '../messaging/outbox.ts'
import { type LedgerCipher, TamperedError } from './ledger-cipher.ts'
import { expireLots, lockAccount } from './posting.ts'
import { type AccountRow, openAccount } from './sealed-rows.ts'

export interface Look {
  readonly next: string | null
  readonly owners: readonly string[]
  readonly unreadable: readonly string[]
}

/** Reads without locks, in id order after `after`; accounts that were already warned are never locked. */
export async function findExpiring(db: Db, vault: LedgerCipher, after: string, limit: number): Promise<Look> {
  const { rows } = await sql<AccountRow & { now: Date }>`
    select id, owner_type, owner_id, currency, version, kid, sealed, head, next_expiry, clock_timestamp() as now
    from wallet_accounts
    where next_expiry <= clock_timestamp() + make_interval(secs => ${WARN_AHEAD_MS / 1000})
      and owner_type = 'user' and currency = 'ZJF' and id > ${after}
    order by id limit ${limit}`.execute(db)
  const unreadable: string[] = []
  const seen = rows.flatMap((row) => {
    try {
      const wallet = openAccount(vault, row)
      const now = row.now.getTime()
      const keys = eventsOf(row, wallet.lots, now).map(({ key }) => key)
      return [{ ownerId: row.owner_id, expired: expire(wallet, now) !== undefined, keys }]
    } catch (error) {
      // One unreadable account must not block expiry of other accounts.
      if (!(error instanceof TamperedError)) throw error
      unreadable.push(row.id)
      return []
    }
  })
  const kept = await keptKeys(
    db,
    seen.flatMap(({ keys }) => keys),
  )
  return {
    next: rows.length < limit ? null : (rows.at(-1)?.id ?? null),
    owners: seen
      .filter(({ expired, keys }) => expired || keys.some((key) => !kept.has(key)))
      .map(({ ownerId }) => ownerId),
    unreadable,
  }
}

/** Books expired points and due warnings, under the account's lock. Repeatable. */
export async function expireAccount(
  tx: Tx,
  vault: LedgerCipher,
  ownerId: string,
): Promise<{ expired: bigint; warned: number }> {
  const before = await lockAccount(tx, vault, ownerId, 'ZJF')
  const account = await expireLots(tx, vault, before)
  const row = { id: account.id, owner_id: ownerId }
  const warned = await keepEvents(tx, eventsOf(row, account.wallet.lots, account.now))
  return { expired: -(expire(before.wallet, before.now)?.available ?? 0n), warned }
}

/** Without the amount, which is encrypted: the receiver reads the wallet. */
function eventsOf(
  row: Pick<AccountRow, 'id' | 'owner_id'>,
  lots: readonly Lot[],
  now: number,
): OutboxEvent[] {
  return warningsDue(lots, now).map(({ expiresAt, days }) => ({
    kind: 'points.expiring',
    key: `points.expiring/${row.id}/${expiresAt}/${days}`,
    lane: ownerLane(row.owner_id),
    payload: {
      owner_id: row.owner_id,
      account_id: row.id,
      expires_at: new Date(expiresAt).toISOString(),
      days,
    },
  }))
}
