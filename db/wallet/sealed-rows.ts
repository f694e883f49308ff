import { EMPTY_WALLET, type Lot, type Wallet } from '../../domain/wallet/wallet.ts'
import type { Currency } from '../schema/wallet-accounts.ts'
import type { LedgerCipher } from './ledger-cipher.ts'

/** What is encrypted in the rows of accounts and entries, and what each row's MAC and encryption are bound to. */

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

/** Whose account, in which currency. */
export interface AccountOwner {
  readonly ownerId: string
  readonly currency: Currency
}

/** The context that the account's keys are derived from: it never changes. */
export function refOf(row: Pick<AccountRow, 'owner_type' | 'owner_id' | 'currency'>): string {
  return `${row.owner_type}/${row.owner_id}/${row.currency}`
}

/** `refOf` of a customer's account. */
export function userRef({ ownerId, currency }: AccountOwner): string {
  return refOf({ owner_type: 'user', owner_id: ownerId, currency })
}

/** Covers every column of the row: after a change in any of them, the encrypted part does not open. */
function accountPlace(row: Omit<AccountRow, 'kid' | 'sealed'>) {
  return [
    'account',
    row.id,
    refOf(row),
    row.version,
    row.head.toString('hex'),
    row.next_expiry ? row.next_expiry.getTime() : '',
  ].join('|')
}

/** The third item is present only for lots in their grace period. */
type SealedLot = readonly [expiresAt: number | null, amount: string, originalExpiresAt?: number]

interface SealedWallet {
  readonly lots: readonly SealedLot[]
  readonly holds: readonly (readonly [ref: string, lots: readonly SealedLot[]])[]
  readonly debt: string
  readonly frozen: string | null
}

export const sealLots = (lots: readonly Lot[]): SealedLot[] =>
  lots.map(({ expiresAt, amount, originalExpiresAt }) =>
    originalExpiresAt === undefined ? [expiresAt, `${amount}`] : [expiresAt, `${amount}`, originalExpiresAt],
  )

export const openLots = (lots: readonly SealedLot[]): Lot[] =>
  lots.map(([expiresAt, amount, originalExpiresAt]) => ({
    expiresAt,
    amount: BigInt(amount),
    ...(originalExpiresAt === undefined ? {} : { originalExpiresAt }),
  }))

/** @returns the wallet, encrypted and bound to the columns of its row */
export function sealAccount(
  vault: LedgerCipher,
  row: Omit<AccountRow, 'kid' | 'sealed'>,
  wallet: Wallet = EMPTY_WALLET,
): Buffer {
  const contents: SealedWallet = {
    lots: sealLots(wallet.lots),
    holds: wallet.holds.map((hold) => [hold.ref, sealLots(hold.lots)]),
    debt: `${wallet.debt}`,
    frozen: wallet.frozen,
  }
  return vault.seal(refOf(row), accountPlace(row), contents)
}

/** @throws TamperedError when the row is not what the mall wrote */
export function openAccount(vault: LedgerCipher, row: AccountRow): Wallet {
  const sealed = vault.open(refOf(row), accountPlace(row), row.kid, row.sealed) as SealedWallet
  return {
    lots: openLots(sealed.lots),
    holds: sealed.holds.map(([ref, lots]) => ({ ref, lots: openLots(lots) })),
    debt: BigInt(sealed.debt),
    frozen: sealed.frozen,
  }
}

/** Encrypts the row's wallet again under the current key. @throws TamperedError as `openAccount` does */
export function resealAccount(vault: LedgerCipher, row: AccountRow): Buffer {
  return sealAccount(vault, row, openAccount(vault, row))
}

/** The encrypted part of an entry. */
export interface SealedEntry {
  readonly available: string
  readonly held: string
  readonly available_after: string
  readonly held_after: string
  readonly lots: readonly SealedLot[]
  /** Only with `freeze`; entries before 2026-11-30 do not have it. */
  readonly freezes?: boolean
}

const entryPlace = (ref: string, version: string) => `entry|${ref}|${version}`

export function sealEntry(vault: LedgerCipher, ref: string, version: string, plain: SealedEntry): Buffer {
  return vault.seal(ref, entryPlace(ref, version), plain)
}

/**
 * @param ref of the entry's account: `refOf`, `userRef`
 * @throws TamperedError when the row is not what the mall wrote
 */
export function openEntry(
  vault: LedgerCipher,
  ref: string,
  { version, kid, sealed }: { readonly version: string; readonly kid: string; readonly sealed: Buffer },
): SealedEntry {
  return vault.open(ref, entryPlace(ref, version), kid, sealed) as SealedEntry
}

/** Everything that the hash chain covers of one entry: all but the times of writing. */
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
