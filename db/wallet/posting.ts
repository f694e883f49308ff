import { sql } from 'kysely'
import { ownerLane } from '../../domain/messaging/events.ts'
import {
  availableOf,
  type Change,
  expire,
  heldOf,
  nextExpiryOf,
  type Wallet,
} from '../../domain/wallet/wallet.ts'
import type { Tx } from '../client.ts'
import { announcing } from '../messaging/outbox.ts'
import type { Currency } from '../schema/wallet-accounts.ts'
import type { EntryKind } from '../schema/wallet-transfers.ts'
import type { LedgerCipher } from './ledger-cipher.ts'
import {
  type AccountOwner,
  type AccountRow,
  linkParts,
  openAccount,
  openEntry,
  type SealedEntry,
  sealAccount,
  sealEntry,
  sealLots,
  userRef,
} from './sealed-rows.ts'

/**
 * The only place that changes a balance: double entry, append-only, encrypted. `book` writes the transfer, the entry
 * and the account together, under the account's row lock. Amounts are points (ZJF) or fen (CNY).
 */

/** A locked account, decrypted. */
export interface Account extends AccountOwner {
  readonly id: string
  readonly version: bigint
  readonly head: Buffer
  readonly wallet: Wallet
  /** The database's time, in ms. */
  readonly now: number
}

export interface Cause {
  /** Unique in the whole ledger: the same operation is never booked twice. */
  readonly operationKey: string
  readonly orderNo?: string | undefined
  readonly reason?: string | undefined
  readonly operatorId?: string | undefined
}

/** What is booked to a locked account. */
export interface Posting {
  readonly kind: EntryKind
  readonly change: Change
  readonly cause: Cause
}

/** The same operation key was used for something else. */
export class KeyReusedError extends Error {
  override name = 'KeyReusedError'
}

const NO_HEAD = Buffer.alloc(32)

/** Locks the owner's account until the end of the transaction. Creates it when the owner has none. */
export async function lockAccount(
  tx: Tx,
  vault: LedgerCipher,
  ownerId: string,
  currency: Currency,
): Promise<Account> {
  const find = async () =>
    (
      await sql<AccountRow & { now: Date }>`
        select id, owner_type, owner_id, currency, version, kid, sealed, head, next_expiry, clock_timestamp() as now
        from wallet_accounts where owner_type = 'user' and owner_id = ${ownerId} and currency = ${currency}
        for no key update`.execute(tx)
    ).rows[0]
  let row = await find()
  if (!row) {
    // Locking a missing row locks nothing, so it is created first. Its id is bound to the encrypted part.
    const drawn = await sql<{
      id: string
    }>`select nextval(pg_get_serial_sequence('wallet_accounts', 'id')) as id`.execute(tx)
    const fresh = {
      id: drawn.rows[0]?.id ?? '',
      owner_type: 'user',
      owner_id: ownerId,
      currency,
      version: '0',
      head: NO_HEAD,
      next_expiry: null,
    }
    await sql`
      insert into wallet_accounts (id, owner_type, owner_id, currency, version, head, kid, sealed)
      overriding system value values (${fresh.id}, ${fresh.owner_type}, ${fresh.owner_id}, ${fresh.currency},
        ${fresh.version}, ${fresh.head}, ${vault.kid}, ${sealAccount(vault, fresh)})
      on conflict (owner_type, owner_id, currency) do nothing`.execute(tx)
    row = await find()
  }
  if (!row) throw new Error('account vanished')
  return {
    id: row.id,
    ownerId,
    currency,
    version: BigInt(row.version),
    head: row.head,
    wallet: openAccount(vault, row),
    now: row.now.getTime(),
  }
}

/** Locks the account and books what has expired since it was last touched. */
export async function lockCurrentAccount(
  tx: Tx,
  vault: LedgerCipher,
  { ownerId, currency }: AccountOwner,
): Promise<Account> {
  return expireLots(tx, vault, await lockAccount(tx, vault, ownerId, currency))
}

/** Books what has expired since the account was last touched. */
export async function expireLots(tx: Tx, vault: LedgerCipher, account: Account): Promise<Account> {
  const change = expire(account.wallet, account.now)
  if (!change) return account
  const operationKey = `expire/${account.id}/${account.version}`
  return post(tx, vault, account, { kind: 'expire', change, cause: { operationKey, reason: 'expired' } })
}

/** Between which accounts each kind of transfer moves. The mall's side has no row, which would be a hot one. */
const ROUTES: Readonly<Record<EntryKind, readonly [from: string, to: string]>> = {
  grant: ['system/issued', 'user'],
  hold: ['user', 'held'],
  capture: ['held', 'system/spent'],
  release: ['held', 'user'],
  reverse: ['system/spent', 'user'],
  expire: ['user', 'system/expired'],
  adjust: ['system/adjusted', 'user'],
  freeze: ['user', 'user'],
}

/** Books what cannot have been booked before. @throws KeyReusedError when it was */
export async function post(
  tx: Tx,
  vault: LedgerCipher,
  account: Account,
  posting: Posting,
): Promise<Account> {
  const after = await book(tx, vault, account, posting)
  if (!after) throw new KeyReusedError(posting.cause.operationKey)
  return after
}

/** A tombstone: an entry that changes nothing and uses up its operation key. */
export function emptyChange(wallet: Wallet): Change {
  return { wallet, available: 0n, held: 0n, lots: [] }
}

/**
 * Books one entry, in one statement so that the account is locked only briefly.
 * @returns the account after it; undefined when the operation key was booked before: then nothing has changed
 */
export async function book(
  tx: Tx,
  vault: LedgerCipher,
  account: Account,
  { kind, change, cause }: Posting,
): Promise<Account | undefined> {
  const { wallet } = change
  const ref = userRef(account)
  const version = `${account.version + 1n}`
  const plain: SealedEntry = {
    available: `${change.available}`,
    held: `${change.held}`,
    available_after: `${availableOf(wallet)}`,
    held_after: `${heldOf(wallet)}`,
    lots: sealLots(change.lots),
    ...(change.freezes === undefined ? {} : { freezes: change.freezes }),
  }
  const [source, to_account] = ROUTES[kind]
  // A capture without a hold takes from the available points.
  const from_account = kind === 'capture' && change.held === 0n ? 'user' : source
  const row = {
    operation_key: cause.operationKey,
    order_no: cause.orderNo ?? null,
    reason: cause.reason ?? null,
    operator_id: cause.operatorId ?? null,
  }
  const head = vault.link(
    vault.kid,
    account.head,
    linkParts({ ref, version, kid: vault.kid, kind, from_account, to_account, plain, ...row }),
  )
  const expiry = nextExpiryOf(wallet)
  const next_expiry = expiry === null ? null : new Date(expiry)
  const { id, ownerId: owner_id, currency } = account
  const sealed = sealAccount(
    vault,
    { id, owner_type: 'user', owner_id, currency, version, head, next_expiry },
    wallet,
  )
  const { rows } = await sql<{ moved: boolean; written: boolean }>`
    with moved as (
      insert into wallet_transfers (operation_key, kind, from_account, to_account, order_no, reason, operator_id)
      values (${row.operation_key}, ${kind}, ${from_account}, ${to_account}, ${row.order_no}, ${row.reason},
        ${row.operator_id}) on conflict (operation_key) do nothing returning operation_key),
    changed as (
      update wallet_accounts set version = ${version}, kid = ${vault.kid}, head = ${head},
        sealed = ${sealed}, next_expiry = ${next_expiry}, updated_at = now()
      from moved where id = ${id} and version = ${`${account.version}`} returning id),
    written as (
      insert into wallet_entries (account_id, version, operation_key, kid, sealed, mac)
      select changed.id, ${version}, moved.operation_key, ${vault.kid},
        ${sealEntry(vault, ref, version, plain)}, ${head} from changed, moved returning version)
      ${changesPoints(account, change) ? sql`, ${announcing('written', pointsChanged(account, kind, cause))}` : sql``}
    select exists (select from moved) as moved, exists (select from written) as written`.execute(tx)
  if (!rows[0]?.moved) return undefined
  if (!rows[0].written) throw new Error(`account ${id} changed beside its lock`)
  return { ...account, version: account.version + 1n, head, wallet }
}

function changesPoints({ currency }: Account, { available, held }: Change): boolean {
  return currency === 'ZJF' && (available !== 0n || held !== 0n)
}

/** Without the amount, which is encrypted, and the reason, which people write: the receiver reads the wallet. */
function pointsChanged({ ownerId }: Account, kind: EntryKind, { operationKey, orderNo }: Cause) {
  return {
    kind: 'points.changed' as const,
    key: `points.changed/${operationKey}`,
    lane: ownerLane(ownerId),
    payload: { owner_id: ownerId, kind, order_no: orderNo ?? null },
  }
}

/** An entry with its transfer, decrypted. */
export interface Booked {
  readonly account_id: string
  readonly version: string
  readonly kind: EntryKind
  readonly operation_key: string
  readonly order_no: string | null
  readonly reason: string | null
  readonly created_at: Date
  readonly plain: SealedEntry
}

/**
 * @returns undefined when nothing was booked under the key
 * @throws KeyReusedError when it was booked to another account
 */
export async function findBooked(
  tx: Tx,
  vault: LedgerCipher,
  account: Account,
  operationKey: string,
): Promise<Booked | undefined> {
  const row = await tx
    .selectFrom('wallet_transfers as transfer')
    .leftJoin('wallet_entries as entry', (join) =>
      join
        .onRef('entry.operation_key', '=', 'transfer.operation_key')
        .on('entry.account_id', '=', account.id),
    )
    .select(['transfer.kind', 'transfer.operation_key', 'transfer.order_no', 'transfer.reason'])
    .select(['entry.account_id', 'entry.version', 'entry.kid', 'entry.sealed', 'entry.created_at'])
    .where('transfer.operation_key', '=', operationKey)
    .executeTakeFirst()
  if (!row) return undefined
  const { account_id, version, kid, sealed, created_at } = row
  if (account_id === null || version === null || kid === null || sealed === null || created_at === null) {
    throw new KeyReusedError(operationKey)
  }
  const plain = openEntry(vault, userRef(account), { version, kid, sealed })
  return { ...row, account_id, version, created_at, plain }
}

/**
 * Whether this very operation was booked before. Callers ask only after `book` or a rule has refused: repeats are
 * rare, and asking first would be one more query under the lock.
 * @throws KeyReusedError when the key was used for something else
 */
export async function isBooked(
  tx: Tx,
  vault: LedgerCipher,
  account: Account,
  { kind, available, cause }: Pick<Posting, 'kind' | 'cause'> & { readonly available: bigint },
): Promise<boolean> {
  const before = await findBooked(tx, vault, account, cause.operationKey)
  if (!before) return false
  const same =
    before.kind === kind &&
    BigInt(before.plain.available) === available &&
    before.order_no === (cause.orderNo ?? null)
  if (!same) throw new KeyReusedError(cause.operationKey)
  return true
}
