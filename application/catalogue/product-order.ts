import {
  type ArrangedRow,
  listArranged,
  lockProductOrder,
  setWeights,
} from '../../db/catalogue/product-order.ts'
import type { Db } from '../../db/client.ts'
import { ARRANGED_MAX, moveBefore } from '../../domain/catalogue/sorting.ts'
import { DomainError } from '../../domain/errors.ts'

export type ArrangedProduct = ArrangedRow

/** The first products of the shop, in its default order. */
export const readArranged = (db: Db): Promise<ArrangedProduct[]> => listArranged(db, ARRANGED_MAX)

/**
 * Puts a product before another one of the first in the shop; a repeat changes nothing more.
 * @param beforeId undefined: behind the last of them
 * @throws DomainError NOT_FOUND where one of them is not among the first
 */
export async function moveProduct(
  db: Db,
  id: string,
  beforeId: string | undefined,
  operatorId: string,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockProductOrder(tx)
    const weights = moveBefore(await listArranged(tx, ARRANGED_MAX), id, beforeId)
    if (weights === undefined) throw new DomainError({ code: 'NOT_FOUND' })
    await setWeights(tx, weights, operatorId)
  })
}
