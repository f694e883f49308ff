import type { Id, Ref, Stamp } from './columns.ts'

export interface StockMovementsTable {
  id: Id
  product_id: Ref
  delta: number
  operation_key: string
  operator_id: string | null
  created_at: Stamp
}
