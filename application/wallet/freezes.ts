import { blockPoints, freezeAccount, listBlocks, unblockPoints } from '../../db/wallet/freezes.ts'
import { type Listed, readBalance } from '../../db/wallet/reads.ts'
import { mustNotBeOwn } from '../../domain/access.ts'
import { DomainError } from '../../domain/errors.ts'
import { type Ledger, mustBeOurs, readWallet, type WalletCause, type WalletView } from './wallets.ts'

export const BLOCK_ID_MAX = 64

export interface BlockView {
  readonly block_id: string
  readonly points: number
  readonly reason: string | null
  readonly operator_id: string | null
  readonly created_at: string
}

export interface GuardedWallet extends WalletView {
  /** Reason of the freeze; null if not frozen. */
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

/** Entries of older versions have only their key. @returns undefined if the key does not show it either */
export function freezesOf({
  plain,
  operation_key,
}: Pick<Listed, 'plain' | 'operation_key'>): boolean | undefined {
  if (plain.freezes !== undefined) return plain.freezes
  const act = /\/(freeze|unfreeze)\/(ZJF|CNY)$/.exec(operation_key)?.[1]
  return act === undefined ? undefined : act === FREEZE
}

/** Blocks spending and new orders, not credits. @throws DomainError FORBIDDEN for the own or an external wallet */
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
    // The same lock order as in an exchange.
    for (const currency of ['ZJF', 'CNY'] as const) {
      const operationKey = `${cause.operationKey}/${frozen ? FREEZE : UNFREEZE}/${currency}`
      await freezeAccount(tx, ledger.vault, { ownerId, currency, frozen: reason }, { ...cause, operationKey })
    }
  })
  return readGuardedWallet(ledger, ownerId)
}

/** @returns the id of the hold @throws DomainError INSUFFICIENT_POINTS; FORBIDDEN for the own or an external wallet */
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

/** @param graceMs for points that expired meanwhile @throws DomainError NOT_FOUND; FORBIDDEN as in `block` */
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
