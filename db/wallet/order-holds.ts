import { sql } from 'kysely'
import type { Lot, Return } from '../../domain/wallet/wallet.ts'
import * as rules from '../../domain/wallet/wallet.ts'
import type { Tx } from '../client.ts'
import type { Currency } from '../schema/wallet-accounts.ts'
import type { LedgerCipher } from './ledger-cipher.ts'
import {
  type Account,
  book,
  emptyChange,
  expireLots,
  findBooked,
  isBooked,
  KeyReusedError,
  lockAccount,
  lockCurrentAccount,
  post,
} from './posting.ts'
import { type AccountOwner, openLots } from './sealed-rows.ts'
import { followReturn } from './shortfalls.ts'

/** What an order sets aside, takes and gives back in one of its owner's accounts. */

/** An order's account. */
export interface OrderAccount extends AccountOwner {
  readonly orderNo: string
}

export interface Spend extends OrderAccount {
  readonly amount: bigint
}

export interface GivingBack {
  readonly reason: string
  /** Who decided it; undefined: nobody of the staff. */
  readonly operatorId?: string | undefined
  /** Whether lots that have expired meanwhile may be spent again, and until when. Others expire immediately. */
  readonly terms: Return
}

const keyOf = (orderNo: string, currency: Currency, step: string) => `${orderNo}/${currency}/${step}`
const partKey = (orderNo: string, currency: Currency, part: string) =>
  keyOf(orderNo, currency, `reverse/${part}`)

/**
 * Sets `amount` aside for an order, or takes it immediately. A repeat changes nothing.
 * @param locked the account, when the caller has locked it in this transaction
 * @returns false when too little is available, the account is frozen, or the hold was undone before
 * @throws KeyReusedError when the order has set aside another amount
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
  if (outcome.ok && (await book(tx, vault, account, { kind, change: outcome.change, cause }))) return true
  const before = await findBooked(tx, vault, account, operationKey)
  if (!before || before.kind === 'release') return false
  if (before.kind !== kind || BigInt(before.plain.available) !== -amount)
    throw new KeyReusedError(operationKey)
  // A hold that was given back since is not made again.
  for (const undo of ['release', 'reverse']) {
    if (await findBooked(tx, vault, account, keyOf(orderNo, currency, undo))) return false
  }
  return true
}

/** Takes what is held for the order. @returns false when it was taken or released before, or nothing is held */
export async function capture(
  tx: Tx,
  vault: LedgerCipher,
  { ownerId, currency, orderNo }: OrderAccount,
): Promise<boolean> {
  const account = await lockAccount(tx, vault, ownerId, currency)
  const outcome = rules.capture(account.wallet, orderNo)
  if (!outcome.ok) return false
  const operationKey = keyOf(orderNo, currency, 'capture')
  const cause = { operationKey, orderNo, reason: 'exchange' }
  await post(tx, vault, account, { kind: 'capture', change: outcome.change, cause })
  return true
}

/**
 * Gives back what was held (`release`) or taken (`reverse`) for the order, less the parts given back before, to lots
 * of the same dates; open shortfalls of the owner's earnings are settled first. Books an entry even when no more is
 * left, so that no part can follow.
 * @returns false when it was given back before, or never taken
 */
export async function giveBack(
  tx: Tx,
  vault: LedgerCipher,
  order: OrderAccount & GivingBack,
): Promise<boolean> {
  const { currency, orderNo, reason, terms } = order
  const account = await lockCurrentAccount(tx, vault, order)
  const released = rules.release(account.wallet, orderNo, account.now, terms)
  if (released.ok) {
    const cause = { operationKey: keyOf(orderNo, currency, 'release'), orderNo, reason }
    const { change } = released
    const after = await post(tx, vault, account, { kind: 'release', change, cause })
    await followReturn(tx, vault, after, { returned: change.lots, returnKey: cause.operationKey })
    return true
  }
  const taken = await findTaken(tx, vault, account, orderNo)
  if (!taken) return false
  const cause = { operationKey: keyOf(orderNo, currency, 'reverse'), orderNo, reason }
  const lots = rules.partOf(taken.lots, taken.back, taken.rest)
  const change = rules.reverse(account.wallet, lots, account.now, terms)
  const after = await book(tx, vault, account, { kind: 'reverse', change, cause })
  if (!after) return false
  await followReturn(tx, vault, after, { returned: change.lots, returnKey: cause.operationKey })
  return true
}

/**
 * Gives back a part of what was taken for the order, to lots of the same dates. A repeat changes nothing.
 * @param spend `amount` is the part's; `part` is its number, unique within the order
 * @returns false when less than that is left to give back: then nothing has changed
 * @throws KeyReusedError when the part's number was used for another amount
 */
export async function giveBackPart(
  tx: Tx,
  vault: LedgerCipher,
  spend: Spend & GivingBack & { readonly part: string },
): Promise<boolean> {
  const { currency, amount, orderNo, part, reason, terms, operatorId } = spend
  const account = await lockCurrentAccount(tx, vault, spend)
  const cause = { operationKey: partKey(orderNo, currency, part), orderNo, reason, operatorId }
  const taken = await findTaken(tx, vault, account, orderNo)
  const whole = await findBooked(tx, vault, account, keyOf(orderNo, currency, 'reverse'))
  if (taken && !whole && amount <= taken.rest) {
    const lots = rules.partOf(taken.lots, taken.back, amount)
    const change = rules.reverse(account.wallet, lots, account.now, terms)
    const after = await book(tx, vault, account, { kind: 'reverse', change, cause })
    if (after) {
      await followReturn(tx, vault, after, { returned: change.lots, returnKey: cause.operationKey })
      return true
    }
  }
  return isBooked(tx, vault, account, { kind: 'reverse', available: amount, cause })
}

interface Taken {
  /** The lots as they were drawn. */
  readonly lots: readonly Lot[]
  /** How much was given back in parts, and how much was not. */
  readonly back: bigint
  readonly rest: bigint
}

/** @returns what was taken for the order; undefined when nothing was */
async function findTaken(
  tx: Tx,
  vault: LedgerCipher,
  account: Account,
  orderNo: string,
): Promise<Taken | undefined> {
  const { currency } = account
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
 * Undoes a hold whose outcome is not known. Gives it back if it exists; otherwise books a tombstone under its key, so
 * that a `hold` of the same order that arrives late fails.
 */
export async function voidHold(tx: Tx, vault: LedgerCipher, order: OrderAccount & GivingBack): Promise<void> {
  if (await giveBack(tx, vault, order)) return
  const { ownerId, currency, orderNo, reason } = order
  const account = await lockAccount(tx, vault, ownerId, currency)
  const cause = { operationKey: keyOf(orderNo, currency, 'hold'), orderNo, reason }
  await book(tx, vault, account, { kind: 'release', change: emptyChange(account.wallet), cause })
}
