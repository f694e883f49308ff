import { sql } from 'kysely'
import * as rules from '../../domain/wallet/wallet.ts'
import {
  availableOf,
  byDate,
  type Change,
  EMPTY_WALLET,
  heldOf,
  type Lot,
  nextExpiryOf,
  type Return,
  spendableOf,
  type Wallet,
} from '../../domain/wallet/wallet.ts'
import type { Db, Tx } from '../client.ts'
import type { Currency } from '../schema/wallet-accounts.ts'
import type { EntryKind } from '../schema/wallet-transfers.ts'
import type { LedgerCipher } from './ledger-cipher.ts'

/**
 * The wallet's books: double entry, append-only, sealed. A balance changes in `post` only, with its transfer
 * and its entry, under the account's row lock. Amounts are points (ZJF) or fen (CNY).
 */

/** A locked account, opened. */
export interface Account {
  readonly id: string
  readonly ownerId: string
  readonly currency: Currency
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

/** The same operation key was used for something else. */
export class KeyReusedError extends Error {
  override name = 'KeyReusedError'
}

export interface AccountRow {
  id: string
  owner_type: string
  owner_id: string
  currency: Currency
  version: string
  kid: string
  sealed: Buffer
  head: Buffer
  next_expiry: Date | null
}

/** What an account's keys are derived from: it never changes. */
export function refOf(row: Pick<AccountRow, 'owner_type' | 'owner_id' | 'currency'>): string {
  return `${row.owner_type}/${row.owner_id}/${row.currency}`
}

/** Every column of the row: a change in any of them, and the sealed part does not open. */
function placeOf(
  row: Pick<AccountRow, 'id' | 'owner_type' | 'owner_id' | 'currency' | 'version' | 'head' | 'next_expiry'>,
) {
  return [
    'account',
    row.id,
    refOf(row),
    row.version,
    row.head.toString('hex'),
    row.next_expiry ? row.next_expiry.getTime() : '',
  ].join('|')
}

/** The third is there in a grace only; rows of before there was one lack it, and their date is the original. */
type SealedLot = readonly [expiresAt: number | null, amount: string, originalExpiresAt?: number]

interface SealedWallet {
  readonly lots: readonly SealedLot[]
  readonly holds: readonly (readonly [ref: string, lots: readonly SealedLot[]])[]
  readonly debt: string
  readonly frozen: string | null
}

const sealLots = (lots: readonly Lot[]): SealedLot[] =>
  lots.map(({ expiresAt, amount, originalExpiresAt }) =>
    originalExpiresAt === undefined ? [expiresAt, `${amount}`] : [expiresAt, `${amount}`, originalExpiresAt],
  )
const openLots = (lots: readonly SealedLot[]): Lot[] =>
  lots.map(([expiresAt, amount, originalExpiresAt]) => ({
    expiresAt,
    amount: BigInt(amount),
    ...(originalExpiresAt === undefined ? {} : { originalExpiresAt }),
  }))

function sealWallet(wallet: Wallet): SealedWallet {
  return {
    lots: sealLots(wallet.lots),
    holds: wallet.holds.map((hold) => [hold.ref, sealLots(hold.lots)]),
    debt: `${wallet.debt}`,
    frozen: wallet.frozen,
  }
}

/** @throws Tampered when the row is not what the mall wrote */
export function openAccount(vault: LedgerCipher, row: AccountRow): Wallet {
  const sealed = vault.open(refOf(row), placeOf(row), row.kid, row.sealed) as SealedWallet
  return {
    lots: openLots(sealed.lots),
    holds: sealed.holds.map(([ref, lots]) => ({ ref, lots: openLots(lots) })),
    debt: BigInt(sealed.debt),
    frozen: sealed.frozen,
  }
}

/** The row's sealed part, anew under the vault's current key. @throws Tampered as `openAccount` does */
export function resealAccount(vault: LedgerCipher, row: AccountRow): Buffer {
  return vault.seal(refOf(row), placeOf(row), sealWallet(openAccount(vault, row)))
}

const NO_HEAD = Buffer.alloc(32)

/** Locks the owner's account until the end of the transaction, and opens it where there is none. */
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
    // Locking a missing row locks nothing: make it first. Its id is drawn before, since it is sealed, too.
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
        ${fresh.version}, ${fresh.head}, ${vault.kid},
        ${vault.seal(refOf(fresh), placeOf(fresh), sealWallet(EMPTY_WALLET))})
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

/** Between which accounts a kind of transfer moves. The issuing side has no row: it is never a hot one. */
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

/** What an entry seals. */
export interface SealedEntry {
  readonly available: string
  readonly held: string
  readonly available_after: string
  readonly held_after: string
  readonly lots: readonly SealedLot[]
  /** With `freeze`; entries before 2026-11-30 do not have it. */
  readonly freezes?: boolean
}

/** All that the chain covers of one entry; everything but the times of writing. */
export function linkParts(entry: {
  readonly ref: string
  readonly version: string
  readonly kid: string
  readonly kind: string
  readonly operation_key: string
  readonly from_account: string
  readonly to_account: string
  readonly order_no: string | null
  readonly reason: string | null
  readonly operator_id: string | null
  readonly plain: SealedEntry
}): (string | null)[] {
  const { plain } = entry
  return [
    entry.ref,
    entry.version,
    entry.kid,
    entry.kind,
    entry.operation_key,
    entry.from_account,
    entry.to_account,
    entry.order_no,
    entry.reason,
    entry.operator_id,
    plain.available,
    plain.held,
    plain.available_after,
    plain.held_after,
    JSON.stringify(plain.lots),
    ...(plain.freezes === undefined ? [] : [`${plain.freezes}`]),
  ]
}

export const entryPlace = (ref: string, version: string) => `entry|${ref}|${version}`

/** Books what was not booked before. @throws KeyReused when its key stands in the books already */
async function post(
  tx: Tx,
  vault: LedgerCipher,
  account: Account,
  kind: EntryKind,
  change: Change,
  cause: Cause,
): Promise<Account> {
  const after = await book(tx, vault, account, kind, change, cause)
  if (!after) throw new KeyReusedError(cause.operationKey)
  return after
}

/**
 * The only place where a balance changes. One statement, so that the account is locked for as short as can be.
 * @returns the account as it is now; undefined where the key stands in the books already, and nothing changed
 */
async function book(
  tx: Tx,
  vault: LedgerCipher,
  account: Account,
  kind: EntryKind,
  change: Change,
  cause: Cause,
): Promise<Account | undefined> {
  const { wallet } = change
  const ref = refOf({ owner_type: 'user', owner_id: account.ownerId, currency: account.currency })
  const version = `${account.version + 1n}`
  const plain: SealedEntry = {
    available: `${change.available}`,
    held: `${change.held}`,
    available_after: `${availableOf(wallet)}`,
    held_after: `${heldOf(wallet)}`,
    lots: sealLots(change.lots),
    ...(change.freezes === undefined ? {} : { freezes: change.freezes }),
  }
  const [fromPlace, toPlace] = ROUTES[kind]
  // Taken at once, without a hold, points come straight from the owner's side.
  const from_account = kind === 'capture' && change.held === 0n ? 'user' : fromPlace
  const to_account = toPlace
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
  const place = placeOf({
    id: account.id,
    owner_type: 'user',
    owner_id: account.ownerId,
    currency: account.currency,
    version,
    head,
    next_expiry,
  })
  const { rows } = await sql<{ moved: boolean; written: boolean }>`
    with moved as (
      insert into wallet_transfers (operation_key, kind, from_account, to_account, order_no, reason, operator_id)
      values (${row.operation_key}, ${kind}, ${from_account}, ${to_account}, ${row.order_no}, ${row.reason},
        ${row.operator_id}) on conflict (operation_key) do nothing returning operation_key),
    changed as (
      update wallet_accounts set version = ${version}, kid = ${vault.kid}, head = ${head},
        sealed = ${vault.seal(ref, place, sealWallet(wallet))}, next_expiry = ${next_expiry}, updated_at = now()
      from moved where id = ${account.id} and version = ${`${account.version}`} returning id),
    written as (
      insert into wallet_entries (account_id, version, operation_key, kid, sealed, mac)
      select changed.id, ${version}, moved.operation_key, ${vault.kid},
        ${vault.seal(ref, entryPlace(ref, version), plain)}, ${head} from changed, moved returning version)
    select exists (select from moved) as moved, exists (select from written) as written`.execute(tx)
  if (!rows[0]?.moved) return undefined
  if (!rows[0].written) throw new Error(`account ${account.id} changed beside its lock`)
  return { ...account, version: account.version + 1n, head, wallet }
}

/** An entry with its transfer, opened. */
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

async function findBooked(
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
  const ref = refOf({ owner_type: 'user', owner_id: account.ownerId, currency: account.currency })
  const plain = vault.open(ref, entryPlace(ref, version), kid, sealed) as SealedEntry
  return { ...row, account_id, version, created_at, plain }
}

/**
 * Whether this very operation was booked before. The caller looks only once it could not book: a repeat is
 * rare, and looking first would be one more round trip under the lock.
 * @throws KeyReused when the key was used for something else
 */
async function isBooked(
  tx: Tx,
  vault: LedgerCipher,
  account: Account,
  kind: EntryKind,
  available: bigint,
  cause: Cause,
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

/** Books what has expired since the account was last touched. */
export async function expireLots(tx: Tx, vault: LedgerCipher, account: Account): Promise<Account> {
  const change = rules.expire(account.wallet, account.now)
  if (!change) return account
  const operationKey = `expire/${account.id}/${account.version}`
  return post(tx, vault, account, 'expire', change, { operationKey, reason: 'expired' })
}

export interface Spend {
  readonly ownerId: string
  readonly currency: Currency
  readonly amount: bigint
  readonly orderNo: string
}

const keyOf = (orderNo: string, currency: Currency, step: string) => `${orderNo}/${currency}/${step}`

/**
 * Sets `amount` aside for an order, or takes it at once where nothing is left to wait for. A repeat finds it
 * done.
 * @param locked the account, where the caller has locked it in this transaction
 * @returns false when too little is available, the account is frozen, or the hold was undone before it came
 * @throws KeyReused when the order has set aside another amount
 */
export async function hold(
  tx: Tx,
  vault: LedgerCipher,
  spend: Spend,
  then: 'keep' | 'capture',
  locked?: Account,
): Promise<boolean> {
  const { orderNo, currency, amount } = spend
  const opened = locked ?? (await lockAccount(tx, vault, spend.ownerId, currency))
  const kind = then === 'keep' ? 'hold' : 'capture'
  const operationKey = keyOf(orderNo, currency, 'hold')
  const account = await expireLots(tx, vault, opened)
  const cause = { operationKey, orderNo, reason: 'exchange' }
  const outcome = rules.hold(account.wallet, orderNo, amount, then === 'keep' ? 'keep' : 'take')
  if (outcome.ok && (await book(tx, vault, account, kind, outcome.change, cause))) return true
  const before = await findBooked(tx, vault, account, operationKey)
  if (!before || before.kind === 'release') return false
  if (before.kind !== kind || BigInt(before.plain.available) !== -amount)
    throw new KeyReusedError(operationKey)
  // It stood once: a step that comes again after its undo comes too late.
  for (const undo of ['release', 'reverse']) {
    if (await findBooked(tx, vault, account, keyOf(orderNo, currency, undo))) return false
  }
  return true
}

/** Takes what is held for the order. @returns false when the hold was resolved before, or there is none. */
export async function capture(
  tx: Tx,
  vault: LedgerCipher,
  ownerId: string,
  currency: Currency,
  orderNo: string,
): Promise<boolean> {
  const account = await lockAccount(tx, vault, ownerId, currency)
  const outcome = rules.capture(account.wallet, orderNo)
  if (!outcome.ok) return false
  const operationKey = keyOf(orderNo, currency, 'capture')
  await post(tx, vault, account, 'capture', outcome.change, { operationKey, orderNo, reason: 'exchange' })
  return true
}

/**
 * Gives back what was held (`release`) or taken (`reverse`) for the order, to lots of the same dates. Of what went
 * back in parts only the rest; where that is nothing, a mark says that all of it is back.
 * @param terms whether what expired meanwhile may be spent, and until when; what may not is booked as expired at once
 * @returns false when it was given back before, or never taken
 */
export async function giveBack(
  tx: Tx,
  vault: LedgerCipher,
  ownerId: string,
  currency: Currency,
  orderNo: string,
  reason: string,
  terms: Return,
): Promise<boolean> {
  const account = await expireLots(tx, vault, await lockAccount(tx, vault, ownerId, currency))
  const released = rules.release(account.wallet, orderNo, account.now, terms)
  if (released.ok) {
    const operationKey = keyOf(orderNo, currency, 'release')
    const after = await post(tx, vault, account, 'release', released.change, {
      operationKey,
      orderNo,
      reason,
    })
    await expireLots(tx, vault, after)
    return true
  }
  const taken = await findTaken(tx, vault, account, currency, orderNo)
  if (!taken) return false
  const operationKey = keyOf(orderNo, currency, 'reverse')
  const lots = rules.partOf(taken.lots, taken.back, taken.rest)
  const change = rules.reverse(account.wallet, lots, account.now, terms)
  const after = await book(tx, vault, account, 'reverse', change, { operationKey, orderNo, reason })
  if (after) await expireLots(tx, vault, after)
  return after !== undefined
}

/**
 * Gives back a part of what was taken for the order, to lots of the same dates. The part's number makes a repeat
 * harmless.
 * @param terms as in `giveBack`
 * @returns false when less than that is left to give back; nothing changed then
 * @throws KeyReused when the part's number was used for another amount
 */
export async function giveBackPart(
  tx: Tx,
  vault: LedgerCipher,
  spend: Spend,
  part: string,
  reason: string,
  terms: Return,
): Promise<boolean> {
  const { ownerId, currency, amount, orderNo } = spend
  const account = await expireLots(tx, vault, await lockAccount(tx, vault, ownerId, currency))
  const cause = { operationKey: partKey(orderNo, currency, part), orderNo, reason }
  const taken = await findTaken(tx, vault, account, currency, orderNo)
  const whole = await findBooked(tx, vault, account, keyOf(orderNo, currency, 'reverse'))
  if (taken && !whole && amount <= taken.rest) {
    const lots = rules.partOf(taken.lots, taken.back, amount)
    const change = rules.reverse(account.wallet, lots, account.now, terms)
    const after = await book(tx, vault, account, 'reverse', change, cause)
    if (after) {
      await expireLots(tx, vault, after)
      return true
    }
  }
  return isBooked(tx, vault, account, 'reverse', amount, cause)
}

const partKey = (orderNo: string, currency: Currency, part: string) =>
  keyOf(orderNo, currency, `reverse/${part}`)

interface Taken {
  /** As they were drawn. */
  readonly lots: readonly Lot[]
  /** How much went back in parts, and how much did not. */
  readonly back: bigint
  readonly rest: bigint
}

/** What was taken for the order; undefined where nothing was. */
async function findTaken(
  tx: Tx,
  vault: LedgerCipher,
  account: Account,
  currency: Currency,
  orderNo: string,
): Promise<Taken | undefined> {
  const taken =
    (await findBooked(tx, vault, account, keyOf(orderNo, currency, 'capture'))) ??
    (await findBooked(tx, vault, account, keyOf(orderNo, currency, 'hold')))
  if (taken?.kind !== 'capture') return undefined
  const prefix = partKey(orderNo, currency, '')
  const parts = await tx
    .selectFrom('wallet_transfers')
    .select('operation_key')
    .where('order_no', '=', orderNo)
    .where('kind', '=', 'reverse')
    .where(sql<boolean>`starts_with(operation_key, ${prefix})`)
    .execute()
  let back = 0n
  for (const { operation_key } of parts) {
    back += BigInt((await findBooked(tx, vault, account, operation_key))?.plain.available ?? 0)
  }
  const lots = openLots(taken.plain.lots)
  return { lots, back, rest: lots.reduce((sum, lot) => sum + lot.amount, 0n) - back }
}

/**
 * Undoes a hold whose outcome is not known: gives it back where it stands, and otherwise books a mark under
 * its key that makes a late `hold` of the same order fail.
 */
export async function voidHold(
  tx: Tx,
  vault: LedgerCipher,
  ownerId: string,
  currency: Currency,
  orderNo: string,
  reason: string,
  terms: Return,
): Promise<void> {
  if (await giveBack(tx, vault, ownerId, currency, orderNo, reason, terms)) return
  const account = await lockAccount(tx, vault, ownerId, currency)
  const operationKey = keyOf(orderNo, currency, 'hold')
  const nothing: Change = { wallet: account.wallet, available: 0n, held: 0n, lots: [] }
  await book(tx, vault, account, 'release', nothing, { operationKey, orderNo, reason })
}

/** Adds points or cash. The operation key makes a repeat harmless. @throws KeyReused */
export async function grant(
  tx: Tx,
  vault: LedgerCipher,
  ownerId: string,
  currency: Currency,
  amount: bigint,
  expiresAt: Date | null,
  cause: Cause,
): Promise<void> {
  const account = await expireLots(tx, vault, await lockAccount(tx, vault, ownerId, currency))
  const expiry = expiresAt?.getTime() ?? null
  const change = rules.grant(account.wallet, amount, expiry)
  if (await book(tx, vault, account, 'grant', change, cause)) return
  await isBooked(tx, vault, account, 'grant', amount, cause)
  const lot = (await findBooked(tx, vault, account, cause.operationKey))?.plain.lots[0]
  if (lot && lot[0] !== expiry) throw new KeyReusedError(cause.operationKey)
}

/**
 * Corrects a balance by a signed amount, with a reason. @throws KeyReused
 * @param intoDebt for clawback, where the shop has switched it on: what is not there becomes a debt
 * @returns false when the balance would fall below zero; nothing changed then
 */
export async function adjust(
  tx: Tx,
  vault: LedgerCipher,
  ownerId: string,
  currency: Currency,
  amount: bigint,
  cause: Cause,
  intoDebt = false,
): Promise<boolean> {
  const account = await expireLots(tx, vault, await lockAccount(tx, vault, ownerId, currency))
  const outcome = rules.adjust(account.wallet, amount, intoDebt)
  if (outcome.ok && (await book(tx, vault, account, 'adjust', outcome.change, cause))) return true
  return isBooked(tx, vault, account, 'adjust', amount, cause)
}

/**
 * Stops all spending from an account, with a reason, or lets it go on (null). Books nothing where it is so
 * already. @throws KeyReused
 */
export async function freezeAccount(
  tx: Tx,
  vault: LedgerCipher,
  ownerId: string,
  currency: Currency,
  frozen: string | null,
  cause: Cause,
): Promise<void> {
  const account = await lockAccount(tx, vault, ownerId, currency)
  if (account.wallet.frozen === frozen) return
  const wallet = rules.freeze(account.wallet, frozen)
  const change: Change = { wallet, available: 0n, held: 0n, lots: [], freezes: frozen !== null }
  if (await book(tx, vault, account, 'freeze', change, cause)) return
  const before = await findBooked(tx, vault, account, cause.operationKey)
  if (before?.kind !== 'freeze' || before.reason !== (cause.reason ?? null)) {
    throw new KeyReusedError(cause.operationKey)
  }
}

const blockKey = (blockId: string) => `block/${blockId}`

/**
 * Sets points aside until an operator lets them go. The block's id makes a repeat harmless. @throws KeyReused
 * @returns what is available where that is too little, otherwise undefined
 */
export async function blockPoints(
  tx: Tx,
  vault: LedgerCipher,
  ownerId: string,
  amount: bigint,
  blockId: string,
  cause: Omit<Cause, 'operationKey'>,
): Promise<bigint | undefined> {
  const operationKey = blockKey(blockId)
  const account = await expireLots(tx, vault, await lockAccount(tx, vault, ownerId, 'ZJF'))
  const outcome = rules.block(account.wallet, operationKey, amount)
  if (outcome.ok && (await book(tx, vault, account, 'hold', outcome.change, { ...cause, operationKey }))) {
    return undefined
  }
  const before = await isBooked(tx, vault, account, 'hold', -amount, { ...cause, operationKey })
  return before ? undefined : availableOf(account.wallet)
}

/**
 * Lets blocked points go, to lots of the same dates; see `giveBack` for those that expired meanwhile.
 * @returns false when the owner never had such a block; a repeat finds it done
 */
export async function unblockPoints(
  tx: Tx,
  vault: LedgerCipher,
  ownerId: string,
  blockId: string,
  terms: Return,
  cause: Omit<Cause, 'operationKey'>,
): Promise<boolean> {
  const ref = blockKey(blockId)
  const account = await expireLots(tx, vault, await lockAccount(tx, vault, ownerId, 'ZJF'))
  const outcome = rules.release(account.wallet, ref, account.now, terms)
  if (!outcome.ok) {
    return (await bookedHere(tx, account, `un${ref}`)) !== undefined
  }
  const after = await post(tx, vault, account, 'release', outcome.change, {
    ...cause,
    operationKey: `un${ref}`,
  })
  await expireLots(tx, vault, after)
  return true
}

/** The version of the account's entry under this key. */
async function bookedHere(tx: Tx, account: Account, operationKey: string): Promise<string | undefined> {
  const row = await tx
    .selectFrom('wallet_entries')
    .select('version')
    .where('operation_key', '=', operationKey)
    .where('account_id', '=', account.id)
    .executeTakeFirst()
  return row?.version
}

/**
 * Takes back points that had been granted, out of the same lot first. What has been spent since is missing.
 * @param intoDebt what is missing becomes a debt, and the balance falls below zero
 * @returns what could not be taken. The caller sees to it that this happens once.
 */
export async function clawBack(
  tx: Tx,
  vault: LedgerCipher,
  ownerId: string,
  points: bigint,
  expiresAt: Date | null,
  intoDebt: boolean,
  cause: Cause,
): Promise<bigint> {
  const account = await expireLots(tx, vault, await lockAccount(tx, vault, ownerId, 'ZJF'))
  const expiry = expiresAt?.getTime() ?? null
  const { change, shortfall } = rules.clawBack(account.wallet, points, expiry, intoDebt)
  await post(tx, vault, account, 'adjust', change, cause)
  return shortfall
}

/** Books a mark under a grant's key, so that it can never be booked. */
export async function voidGrant(tx: Tx, vault: LedgerCipher, ownerId: string, cause: Cause): Promise<void> {
  const account = await lockAccount(tx, vault, ownerId, 'ZJF')
  const nothing: Change = { wallet: account.wallet, available: 0n, held: 0n, lots: [] }
  await post(tx, vault, account, 'adjust', nothing, cause)
}

/** Points that an operator has set aside. */
export interface Block {
  readonly id: string
  readonly points: bigint
  readonly reason: string | null
  readonly operatorId: string | null
  readonly createdAt: Date
}

/** The owner's blocks that stand, the first first. */
export async function listBlocks(db: Db, vault: LedgerCipher, ownerId: string): Promise<Block[]> {
  const { rows } = await sql<AccountRow>`
    select id, owner_type, owner_id, currency, version, kid, sealed, head, next_expiry
    from wallet_accounts where owner_type = 'user' and owner_id = ${ownerId} and currency = 'ZJF'`.execute(db)
  const holds = rows.flatMap((row) => openAccount(vault, row).holds)
  const points = new Map(holds.map(({ ref, lots }) => [ref, lots.reduce((sum, lot) => sum + lot.amount, 0n)]))
  const keys = [...points.keys()].filter((ref) => ref.startsWith(blockKey('')))
  if (keys.length === 0) return []
  const transfers = await db
    .selectFrom('wallet_transfers')
    .select(['operation_key', 'reason', 'operator_id', 'created_at'])
    .where('operation_key', 'in', keys)
    .orderBy('created_at')
    .execute()
  return transfers.map((row) => ({
    id: row.operation_key.slice(blockKey('').length),
    points: points.get(row.operation_key) ?? 0n,
    reason: row.reason,
    operatorId: row.operator_id,
    createdAt: row.created_at,
  }))
}

export interface Balance {
  readonly available: bigint
  readonly held: bigint
  readonly frozen: string | null
  readonly expiring: readonly { readonly points: bigint; readonly expiresAt: Date }[]
}

/** What can be spent now: lots past their date do not count, booked as expired or not. */
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
  /** How many to pass over; for pages by number. */
  readonly offset?: number
  /** Only what came before this version; for pages by cursor. */
  readonly before?: bigint | undefined
  readonly kind?: EntryKind | undefined
}

/** An entry of a statement, with whoever booked it; null where the mall did so itself. */
export interface Listed extends Booked {
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
  const ref = refOf({ owner_type: 'user', owner_id: ownerId, currency })
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
    plain: vault.open(ref, entryPlace(ref, row.version), kid, sealed) as SealedEntry,
  }))
}

/** An entry of an order's owner, in one of his two currencies. */
export interface BookedFor extends Booked {
  readonly currency: Currency
}

/** What was booked for an order in its owner's accounts: points before cash, and the first first. */
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
    const ref = refOf({ owner_type: 'user', owner_id: ownerId, currency: row.currency })
    return { ...row, plain: vault.open(ref, entryPlace(ref, row.version), kid, sealed) as SealedEntry }
  })
}

/** How many entries `listEntries` has in all. */
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
