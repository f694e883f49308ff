import * as rules from '../../domain/wallet/wallet.ts'
import type { Tx } from '../client.ts'
import type { LedgerCipher } from './ledger-cipher.ts'
import {
  book,
  type Cause,
  emptyChange,
  findBooked,
  isBooked,
  KeyReusedError,
  lockAccount,
  lockCurrentAccount,
  post,
} from './posting.ts'
import type { AccountOwner } from './sealed-rows.ts'

/** Points and cash that come into an account, and corrections of what came. */

export interface Grant extends AccountOwner {
  readonly amount: bigint
  /** null: never. */
  readonly expiresAt: Date | null
}

/** Adds points or cash. A repeat changes nothing. @throws KeyReusedError */
export async function grant(tx: Tx, vault: LedgerCipher, granted: Grant, cause: Cause): Promise<void> {
  const { amount, expiresAt } = granted
  const account = await lockCurrentAccount(tx, vault, granted)
  const expiry = expiresAt?.getTime() ?? null
  const change = rules.grant(account.wallet, amount, expiry)
  if (await book(tx, vault, account, { kind: 'grant', change, cause })) return
  await isBooked(tx, vault, account, { kind: 'grant', available: amount, cause })
  const lot = (await findBooked(tx, vault, account, cause.operationKey))?.plain.lots[0]
  if (lot && lot[0] !== expiry) throw new KeyReusedError(cause.operationKey)
}

/** Books a tombstone under a grant's key, so that the grant can never be booked. */
export async function voidGrant(tx: Tx, vault: LedgerCipher, ownerId: string, cause: Cause): Promise<void> {
  const account = await lockAccount(tx, vault, ownerId, 'ZJF')
  await post(tx, vault, account, { kind: 'adjust', change: emptyChange(account.wallet), cause })
}

export interface Adjustment extends AccountOwner {
  /** Signed. */
  readonly amount: bigint
  /** The balance may fall below zero: what is missing becomes a debt. */
  readonly intoDebt?: boolean
}

/**
 * Corrects a balance. A repeat changes nothing.
 * @returns false when the balance would fall below zero: then nothing has changed
 * @throws KeyReusedError
 */
export async function adjust(
  tx: Tx,
  vault: LedgerCipher,
  adjustment: Adjustment,
  cause: Cause,
): Promise<boolean> {
  const { amount, intoDebt = false } = adjustment
  const account = await lockCurrentAccount(tx, vault, adjustment)
  const outcome = rules.adjust(account.wallet, amount, intoDebt)
  if (outcome.ok && (await book(tx, vault, account, { kind: 'adjust', change: outcome.change, cause }))) {
    return true
  }
  return isBooked(tx, vault, account, { kind: 'adjust', available: amount, cause })
}

export interface Clawback {
  readonly ownerId: string
  readonly points: bigint
  /** Of the grant: its lot is taken from first. */
  readonly expiresAt: Date | null
  /** What has been spent becomes a debt. */
  readonly intoDebt: boolean
}

/**
 * Takes back points that had been granted. The caller makes sure that this happens once.
 * @returns how many points have been spent and are missing; 0 when they became a debt
 */
export async function clawBack(
  tx: Tx,
  vault: LedgerCipher,
  { ownerId, points, expiresAt, intoDebt }: Clawback,
  cause: Cause,
): Promise<bigint> {
  const account = await lockCurrentAccount(tx, vault, { ownerId, currency: 'ZJF' })
  const expiry = expiresAt?.getTime() ?? null
  const { change, shortfall } = rules.clawBack(account.wallet, points, expiry, intoDebt)
  await post(tx, vault, account, { kind: 'adjust', change, cause })
  return shortfall
}
