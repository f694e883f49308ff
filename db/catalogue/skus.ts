import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import type { Tx } from '../client.ts'
import type { ProductSkusTable } from '../schema/product-skus.ts'

export type SkuRow = Selectable<ProductSkusTable>
export type SkuColumns = Pick<SkuRow, 'id' | 'specs' | 'point' | 'price_amount' | 'stock_quantity' | 'image'>

/** In their order, without deleted ones. Lock the product first. */
export async function listSkusForUpdate(tx: Tx, productId: string): Promise<SkuRow[]> {
  return tx
    .selectFrom('product_skus')
    .selectAll()
    .where('product_id', '=', productId)
    .where('deleted_at', 'is', null)
    .orderBy('sort')
    .orderBy('id')
    .forNoKeyUpdate()
    .execute()
}

export async function insertSku(tx: Tx, sku: Insertable<ProductSkusTable>): Promise<string> {
  const row = await tx.insertInto('product_skus').values(sku).returning('id').executeTakeFirstOrThrow()
  return row.id
}

export async function updateSku(
  tx: Tx,
  id: string,
  change: Omit<Updateable<ProductSkusTable>, 'stock_quantity'>,
): Promise<void> {
  await tx
    .updateTable('product_skus')
    .set({ ...change, updated_at: new Date() })
    .where('id', '=', id)
    .execute()
}

/** The SKUs of the row `product`, as json; empty for a product that is its own SKU. */
export const SKUS_OF_PRODUCT = sql<SkuColumns[]>`case when product.sku_count = 0 then '[]'::json else (
    select json_agg(json_build_object('id', s.id::text, 'specs', s.specs, 'point', s.point,
      'price_amount', s.price_amount::text, 'stock_quantity', s.stock_quantity, 'image', s.image) order by s.sort, s.id)
    from product_skus s where s.product_id = product.id and s.deleted_at is null) end`
