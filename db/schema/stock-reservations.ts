import type { Generated } from 'kysely'
import type { Ref, Stamp } from './columns.ts'

export interface StockReservationsTable {
  order_no: string
  product_id: Ref
  /** Null: the product's own SKU, as its id. */
  sku_id: string | null
  quantity: number
  /** Pieces that an after-sale has decided on. */
  settled: Generated<number>
  state: 'held' | 'committed' | 'released'
  created_at: Stamp
  resolved_at: Date | null
}
