import { sql } from 'kysely'
import * as rules from '../../domain/wallet/wallet.ts'
import { availableOf, type Return } from '../../domain/wallet/wallet.ts'
import type { Db, Tx } from '../client.ts'
import type { LedgerCipher } from './ledger-cipher.ts'
import {
  type Account,
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
import { type AccountOwner, type AccountRow, openAccount } from './sealed-rows.ts'
import { followReturn } from './shortfalls.ts'

/** What operators do to keep points from being spent: freezes of accounts, blocks of amounts. */

/**
 * Stops all spending from an account, or allows it again. Books nothing when the account is so already.
 * @param account `frozen` is the reason; null allows spending
 * @throws KeyReusedError
 */
export async function freezeAccount(
  tx: Tx,
  vault: LedgerCipher,
  { ownerId, currency, frozen }: AccountOwner & { readonly frozen: string | null },
  cause: Cause,
): Promise<void> {
  const account = await lockAccount(tx, vault, ownerId, currency)
  if (account.wallet.frozen === frozen) return
  const wallet = rules.freeze(account.wallet, frozen)
  const change = { ...emptyChange(wallet), freezes: frozen !== null }
  if (await book(tx, vault, account, { kind: 'freeze', change, cause })) return
  const before = await findBooked(tx, vault, account, cause.operationKey)
  if (before?.kind !== 'freeze' || before.reason !== (cause.reason ?? null)) {
    throw new KeyReusedError(cause.operationKey)
  }
}

const blockKey = (blockId: string) => `block/${blockId}`

/** Who blocks or unblocks, and why. The operation key follows from the block's id. */
type BlockCause = Omit<Cause, 'operationKey'>

/**
 * Sets points aside until an operator unblocks them. A repeat with the same id changes nothing.
 * @returns how much is available when that is too little, otherwise undefined
 * @throws KeyReusedError
 */
export async function blockPoints(
  tx: Tx,
  vault: LedgerCipher,
  {
    ownerId,
    amount,
    blockId,
  }: { readonly ownerId: string; readonly amount: bigint; readonly blockId: string },
  by: BlockCause,
): Promise<bigint | undefined> {
  const cause = { ...by, operationKey: blockKey(blockId) }
  const account = await lockCurrentAccount(tx, vault, { ownerId, currency: 'ZJF' })
  const outcome = rules.block(account.wallet, cause.operationKey, amount)
  if (outcome.ok && (await book(tx, vault, account, { kind: 'hold', change: outcome.change, cause }))) {
    return undefined
  }
  const before = await isBooked(tx, vault, account, { kind: 'hold', available: -amount, cause })
  return before ? undefined : availableOf(account.wallet)
}

/**
 * Gives blocked points back, to lots of the same dates. A repeat changes nothing.
 * @param block `terms` as in `giveBack`
 * @returns false when the owner never had such a block
 */
export async function unblockPoints(
  tx: Tx,
  vault: LedgerCipher,
  { ownerId, blockId, terms }: { readonly ownerId: string; readonly blockId: string; readonly terms: Return },
  by: BlockCause,
): Promise<boolean> {
  const ref = blockKey(blockId)
  const operationKey = `un${ref}`
  const account = await lockCurrentAccount(tx, vault, { ownerId, currency: 'ZJF' })
  const outcome = rules.release(account.wallet, ref, account.now, terms)
  if (!outcome.ok) return hasEntry(tx, account, operationKey)
  const cause = { ...by, operationKey }
  const { change } = outcome
  const after = await post(tx, vault, account, { kind: 'release', change, cause })
  await followReturn(tx, vault, after, { returned: change.lots, returnKey: operationKey })
  return true
}

async function hasEntry(tx: Tx, account: Account, operationKey: string): Promise<boolean> {
  const row = await tx
    .selectFrom('wallet_entries')
    .select('version')
    .where('operation_key', '=', operationKey)
    .where('account_id', '=', account.id)
    .executeTakeFirst()
  return row !== undefined
}

/** Points that an operator has set aside. */
export interface Block {
  readonly id: string
  readonly points: bigint
  readonly reason: string | null
  readonly operatorId: string | null
  readonly createdAt: Date
}

/** The owner's blocks that still hold points, oldest first. */
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
