import type { ColumnType, Generated } from 'kysely'
import type { Specs } from '../../domain/catalogue/sku.ts'
import type { Dated, Ref } from './columns.ts'

/** SKUs of products that have several, or had: a product's own SKU has no row. */
export interface ProductSkusTable extends Dated {
  id: ColumnType<string, string | undefined, never>
  product_id: Ref
  specs: ColumnType<Specs, string, string>
  point: number
  price_amount: ColumnType<string, string, string>
  stock_quantity: Generated<number>
  image: string | null
  sort: number
  deleted_at: Date | null
}
