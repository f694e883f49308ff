import { sql } from 'kysely'
import type { Weighed } from '../../domain/catalogue/sorting.ts'
import type { Db, Tx } from '../client.ts'

/** Serializes moves, each of which reads the whole list. */
export async function lockProductOrder(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('product-order', 0))`.execute(tx)
}

export interface ArrangedRow extends Weighed {
  readonly title: string
  readonly image: string | null
  readonly status: 'on_sale' | 'sold_out'
}

/** The first products that customers see, in the order of the shop. */
export async function listArranged(db: Db, limit: number): Promise<ArrangedRow[]> {
  const rows = await db
    .selectFrom('points_products')
    .select(['id', 'sort', 'title', 'image', 'status'])
    .where('status', 'in', ['on_sale', 'sold_out'])
    .where('deleted_at', 'is', null)
    .orderBy('sort')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows as ArrangedRow[]
}

/** A change of the weight is an edit: whoever has the product's form open is asked about it. */
export async function setWeights(tx: Tx, weights: readonly Weighed[], operatorId: string): Promise<void> {
  if (weights.length === 0) return
  const [ids, sorts] = [weights.map(({ id }) => id), weights.map(({ sort }) => sort)]
  await sql`update points_products as product
    set sort = given.sort, revision = product.revision + 1, revision_key = null,
      operator_type = 'operator', operator_id = ${operatorId}, updated_at = now()
    from unnest(${ids}::bigint[], ${sorts}::int[]) as given (id, sort)
    where product.id = given.id`.execute(tx)
}
