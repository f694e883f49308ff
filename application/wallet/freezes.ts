import { blockPoints, freezeAccount, listBlocks, unblockPoints } from '../../db/wallet/freezes.ts'
import { type Listed, readBalance } from '../../db/wallet/reads.ts'
import { mustNotBeOwn } from '../../domain/access.ts'
import { DomainError } from '../../domain/errors.ts'
import { type Ledger, mustBeOurs, readWallet, type WalletCause, type WalletView } from './wallets.ts'

/** Characters of a block's id. */
export const BLOCK_ID_MAX = 64

/** Points that an operator has set aside. */
export interface BlockView {
  readonly block_id: string
  readonly points: number
  readonly reason: string | null
  readonly operator_id: string | null
  readonly created_at: string
}

/** A wallet as operators see it. */
export interface GuardedWallet extends WalletView {
  /** Why nothing may be spent, or null. */
  readonly frozen: string | null
  readonly blocks: readonly BlockView[]
}

export async function readGuardedWallet(ledger: Ledger, ownerId: string): Promise<GuardedWallet> {
  const { db, vault } = ledger
  const [wallet, { frozen }, blocks] = await Promise.all([
    readWallet(ledger, ownerId),
    readBalance(db, vault, ownerId, 'ZJF'),
    listBlocks(db, vault, ownerId),
  ])
  return {
    ...wallet,
    frozen,
    blocks: blocks.map((block) => ({
      block_id: block.id,
      points: Number(block.points),
      reason: block.reason,
      operator_id: block.operatorId,
      created_at: block.createdAt.toISOString(),
    })),
  }
}

const FREEZE = 'freeze'
const UNFREEZE = 'unfreeze'

/**
 * Whether a `freeze` stopped spending or let it go on. Entries are never rewritten: those of versions that did not
 * write it down say it in their key alone.
 * @returns undefined where not even the key says it
 */
export function freezesOf({
  plain,
  operation_key,
}: Pick<Listed, 'plain' | 'operation_key'>): boolean | undefined {
  if (plain.freezes !== undefined) return plain.freezes
  const act = /\/(freeze|unfreeze)\/(ZJF|CNY)$/.exec(operation_key)?.[1]
  return act === undefined ? undefined : act === FREEZE
}

/**
 * Stops all spending of points and cash and every new order, or lets them go on; what comes in, comes in. Where the wallet is so
 * already, nothing is booked.
 * @throws DomainError FORBIDDEN for the operator's own wallet, or where an outside wallet keeps the points
 */
export async function setFrozen(
  ledger: Ledger,
  ownerId: string,
  frozen: boolean,
  cause: WalletCause,
): Promise<GuardedWallet> {
  mustNotBeOwn(cause.operatorId, ownerId)
  mustBeOurs(ledger)
  const reason = frozen ? cause.reason : null
  await ledger.db.transaction().execute(async (tx) => {
    // In the order in which an exchange locks them.
    for (const currency of ['ZJF', 'CNY'] as const) {
      const operationKey = `${cause.operationKey}/${frozen ? FREEZE : UNFREEZE}/${currency}`
      await freezeAccount(tx, ledger.vault, { ownerId, currency, frozen: reason }, { ...cause, operationKey })
    }
  })
  return readGuardedWallet(ledger, ownerId)
}

/**
 * Sets points aside until they are unblocked, whatever else happens to the wallet.
 * @returns the block's id
 * @throws DomainError INSUFFICIENT_POINTS, or FORBIDDEN for the operator's own wallet, or where an outside wallet
 *   keeps the points
 */
export async function block(
  ledger: Ledger,
  ownerId: string,
  points: number,
  cause: WalletCause,
): Promise<GuardedWallet & { readonly block_id: string }> {
  const { operationKey: blockId, operatorId, reason } = cause
  mustNotBeOwn(operatorId, ownerId)
  mustBeOurs(ledger)
  const available = await ledger.db
    .transaction()
    .execute((tx) =>
      blockPoints(tx, ledger.vault, { ownerId, amount: BigInt(points), blockId }, { operatorId, reason }),
    )
  if (available !== undefined) {
    throw new DomainError({
      code: 'INSUFFICIENT_POINTS',
      required: `${points}`,
      available: `${available}`,
    })
  }
  return { block_id: blockId, ...(await readGuardedWallet(ledger, ownerId)) }
}

/**
 * Lets blocked points go. A repeat finds it done.
 * @param graceMs how long after its date what expired meanwhile may be spent
 * @throws DomainError NOT_FOUND when the owner never had this block, FORBIDDEN for the operator's own wallet, or
 *   where an outside wallet keeps the points
 */
export async function unblock(
  ledger: Ledger,
  ownerId: string,
  blockId: string,
  graceMs: number,
  { operatorId, reason }: WalletCause,
): Promise<GuardedWallet> {
  mustNotBeOwn(operatorId, ownerId)
  mustBeOurs(ledger)
  const back = { cause: 'mall' as const, graceMs }
  const found = await ledger.db
    .transaction()
    .execute((tx) =>
      unblockPoints(tx, ledger.vault, { ownerId, blockId, terms: back }, { operatorId, reason }),
    )
  if (!found) throw new DomainError({ code: 'NOT_FOUND' })
  return readGuardedWallet(ledger, ownerId)
}
