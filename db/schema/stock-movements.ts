import type { ColumnType } from 'kysely'
import type { StockMovementKind } from '../../domain/catalogue/stock.ts'
import type { Id, Ref, Stamp } from './columns.ts'

/** Append-only. All deltas of a product add up to its stock. */
export interface StockMovementsTable {
  id: Id
  product_id: Ref
  /** Null: the product's own SKU, as its id. */
  sku_id: string | null
  /** Pieces that can be redeemed more, or less. */
  delta: number
  kind: ColumnType<StockMovementKind, StockMovementKind, never>
  order_no: string | null
  operation_key: string
  operator_id: string | null
  created_at: Stamp
}
