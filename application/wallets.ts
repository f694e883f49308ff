import type { Db } from '../db/client.ts'
import type { Vault } from '../db/vault.ts'
import { adjust, type Balance, grant, listEntries, readBalance } from '../db/wallet.ts'
import { InvalidInput } from '../domain/error-texts.ts'
import { DomainError } from '../domain/errors.ts'
import { type Fen, type Money, moneyFromFen } from '../domain/money.ts'

/** The ledger: its rows, and the keys that open them. */
export interface Ledger {
  readonly db: Db
  readonly vault: Vault
}

/** Contract section 4. An owner never seen has an empty wallet. */
export interface WalletView {
  readonly type: 'integral'
  readonly currency: 'ZJF'
  readonly available: number
  readonly held: number
  /** Every lot with a date and points left, soonest first. */
  readonly expiring: readonly { readonly points: number; readonly expires_at: string }[]
  readonly cash: Money
}

export interface EntryView {
  readonly id: string
  readonly kind: string
  /** Signed: what became available, or was no longer. */
  readonly points: number
  readonly balance_after: number
  readonly order_no: string | null
  readonly reason: string | null
  readonly created_at: string
}

/** Who changes a wallet, why, and under which key a repeat is recognised. */
export interface WalletCause {
  readonly operationKey: string
  readonly operatorId: string
  readonly reason: string
}

export async function readWallet({ db, vault }: Ledger, ownerId: string): Promise<WalletView> {
  const [points, cash]: [Balance, Balance] = await Promise.all([
    readBalance(db, vault, ownerId, 'ZJF'),
    readBalance(db, vault, ownerId, 'CNY'),
  ])
  return {
    type: 'integral',
    currency: 'ZJF',
    available: Number(points.available),
    held: Number(points.held),
    expiring: points.expiring.map((lot) => ({
      points: Number(lot.points),
      expires_at: lot.expiresAt.toISOString(),
    })),
    cash: moneyFromFen(cash.available),
  }
}

/** The point entries of a wallet, newest first, and how many there are. */
export async function readTransactions(
  { db, vault }: Ledger,
  ownerId: string,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ entries: EntryView[]; total: number }> {
  const { entries, total } = await listEntries(db, vault, ownerId, 'ZJF', page)
  return {
    entries: entries.map((entry) => ({
      id: `${entry.account_id}-${entry.version}`,
      kind: entry.kind,
      points: Number(entry.plain.available),
      balance_after: Number(entry.plain.available_after),
      order_no: entry.order_no,
      reason: entry.reason,
      created_at: entry.created_at.toISOString(),
    })),
    total,
  }
}

/**
 * Adds points, which may expire.
 * @throws InvalidInput when they would have expired already
 */
export async function grantPoints(
  ledger: Ledger,
  ownerId: string,
  points: number,
  expiresAt: Date | null,
  cause: WalletCause,
): Promise<WalletView> {
  if (expiresAt && expiresAt.getTime() <= Date.now()) {
    throw new InvalidInput({ field: 'expires_at', rule: 'future' })
  }
  await ledger.db
    .transaction()
    .execute((tx) => grant(tx, ledger.vault, ownerId, 'ZJF', BigInt(points), expiresAt, cause))
  return readWallet(ledger, ownerId)
}

/**
 * Corrects the points by a signed number.
 * @throws DomainError INSUFFICIENT_POINTS when they would fall below zero
 */
export async function adjustPoints(
  ledger: Ledger,
  ownerId: string,
  points: number,
  cause: WalletCause,
): Promise<WalletView> {
  const done = await ledger.db
    .transaction()
    .execute((tx) => adjust(tx, ledger.vault, ownerId, 'ZJF', BigInt(points), cause))
  const wallet = await readWallet(ledger, ownerId)
  if (done) return wallet
  throw new DomainError({
    code: 'INSUFFICIENT_POINTS',
    required: `${-points}`,
    available: `${wallet.available}`,
  })
}

/** Adds cash. */
export async function addCash(
  ledger: Ledger,
  ownerId: string,
  fen: Fen,
  cause: WalletCause,
): Promise<WalletView> {
  await ledger.db.transaction().execute((tx) => grant(tx, ledger.vault, ownerId, 'CNY', fen, null, cause))
  return readWallet(ledger, ownerId)
}
