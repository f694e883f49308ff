import { sql } from 'kysely'
import { byDate, heldOf, spendableOf } from '../../domain/wallet/wallet.ts'
import type { Db } from '../client.ts'
import type { Currency } from '../schema/wallet-accounts.ts'
import type { EntryKind } from '../schema/wallet-transfers.ts'
import type { LedgerCipher } from './ledger-cipher.ts'
import type { Booked } from './posting.ts'
import { type AccountRow, openAccount, openEntry, userRef } from './sealed-rows.ts'

/** Balances and entries, read without a lock. */

export interface Balance {
  readonly available: bigint
  readonly held: bigint
  readonly frozen: string | null
  readonly expiring: readonly { readonly points: bigint; readonly expiresAt: Date }[]
}

/** Lots past their date are not available, even before their expiry is booked. */
export async function readBalance(
  db: Db,
  vault: LedgerCipher,
  ownerId: string,
  currency: Currency,
): Promise<Balance> {
  const { rows } = await sql<AccountRow & { now: Date }>`
    select id, owner_type, owner_id, currency, version, kid, sealed, head, next_expiry, now() as now
    from wallet_accounts where owner_type = 'user' and owner_id = ${ownerId} and currency = ${currency}`.execute(
    db,
  )
  const row = rows[0]
  if (!row) return { available: 0n, held: 0n, frozen: null, expiring: [] }
  const wallet = openAccount(vault, row)
  const now = row.now.getTime()
  return {
    available: spendableOf(wallet, now),
    held: heldOf(wallet),
    frozen: wallet.frozen,
    expiring: byDate(wallet.lots).flatMap((lot) =>
      lot.expiresAt !== null && lot.expiresAt > now
        ? [{ points: lot.amount, expiresAt: new Date(lot.expiresAt) }]
        : [],
    ),
  }
}

export interface EntryQuery {
  readonly limit: number
  /** For pages by number. */
  readonly offset?: number
  /** Only entries before this version; for pages by cursor. */
  readonly before?: bigint | undefined
  readonly kind?: EntryKind | undefined
}

/** An entry of a statement. */
export interface Listed extends Booked {
  /** null: the mall booked it. */
  readonly operator_id: string | null
}

/** The owner's entries of one currency, newest first. */
export async function listEntries(
  db: Db,
  vault: LedgerCipher,
  ownerId: string,
  currency: Currency,
  { limit, offset = 0, before, kind }: EntryQuery,
): Promise<Listed[]> {
  const ref = userRef({ ownerId, currency })
  const rows = await db
    .selectFrom('wallet_entries as entry')
    .innerJoin('wallet_accounts as account', 'account.id', 'entry.account_id')
    .innerJoin('wallet_transfers as transfer', 'transfer.operation_key', 'entry.operation_key')
    .select(['entry.account_id', 'entry.version', 'entry.kid', 'entry.sealed', 'entry.created_at'])
    .select(['transfer.kind', 'transfer.operation_key', 'transfer.order_no', 'transfer.reason'])
    .select('transfer.operator_id')
    .where('account.owner_type', '=', 'user')
    .where('account.owner_id', '=', ownerId)
    .where('account.currency', '=', currency)
    .$if(before !== undefined, (query) => query.where('entry.version', '<', `${before}`))
    .$if(kind !== undefined, (query) => query.where('transfer.kind', '=', kind as EntryKind))
    .orderBy('entry.version', 'desc')
    .limit(limit)
    .offset(offset)
    .execute()
  return rows.map(({ kid, sealed, ...row }) => ({
    ...row,
    plain: openEntry(vault, ref, { version: row.version, kid, sealed }),
  }))
}

/** An entry that was booked for an order. */
export interface BookedFor extends Booked {
  readonly currency: Currency
}

/** The entries of an order in its owner's accounts: points before cash, oldest first. */
export async function listOrderEntries(
  db: Db,
  vault: LedgerCipher,
  ownerId: string,
  orderNo: string,
): Promise<BookedFor[]> {
  const rows = await db
    .selectFrom('wallet_transfers as transfer')
    .innerJoin('wallet_entries as entry', 'entry.operation_key', 'transfer.operation_key')
    .innerJoin('wallet_accounts as account', 'account.id', 'entry.account_id')
    .select(['entry.account_id', 'entry.version', 'entry.kid', 'entry.sealed', 'entry.created_at'])
    .select(['transfer.kind', 'transfer.operation_key', 'transfer.order_no', 'transfer.reason'])
    .select('account.currency')
    .where('transfer.order_no', '=', orderNo)
    .where('account.owner_type', '=', 'user')
    .where('account.owner_id', '=', ownerId)
    .orderBy('account.currency', 'desc')
    .orderBy('entry.version')
    .execute()
  return rows.map(({ kid, sealed, ...row }) => {
    const ref = userRef({ ownerId, currency: row.currency })
    return { ...row, plain: openEntry(vault, ref, { version: row.version, kid, sealed }) }
  })
}

/** How many entries `listEntries` finds without a limit. */
export async function countEntries(
  db: Db,
  ownerId: string,
  currency: Currency,
  kind: EntryKind | undefined,
): Promise<number> {
  const { rows } = await sql<{ total: string }>`
    select ${
      // An account's version is the number of its entries.
      kind === undefined
        ? sql`account.version`
        : sql`(select count(*) from wallet_entries e join wallet_transfers t using (operation_key)
            where e.account_id = account.id and t.kind = ${kind})`
    } as total
    from wallet_accounts account
    where owner_type = 'user' and owner_id = ${ownerId} and currency = ${currency}`.execute(db)
  return Number(rows[0]?.total ?? 0)
}
