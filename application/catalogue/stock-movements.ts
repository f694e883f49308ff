import { findProductStatus } from '../../db/catalogue/products.ts'
import { listStockMovements } from '../../db/catalogue/stock.ts'
import type { Db } from '../../db/client.ts'
import type { Specs } from '../../domain/catalogue/sku.ts'
import type { StockMovementKind } from '../../domain/catalogue/stock.ts'
import { DomainError } from '../../domain/errors.ts'

export interface StockMovementView {
  readonly id: string
  readonly kind: StockMovementKind
  readonly delta: number
  readonly sku_id: string
  readonly specs: Specs
  /** Of the SKU. */
  readonly stock_after: number
  readonly order_no: string | null
  /** Null: the mall itself, for an order. */
  readonly operator_id: string | null
  readonly created_at: string
}

/** The newest first. @throws DomainError NOT_FOUND */
export async function readStockMovements(
  db: Db,
  productId: string,
  slice: { readonly limit: number; readonly offset: number },
): Promise<{ movements: StockMovementView[]; total: number }> {
  if ((await findProductStatus(db, productId)) === undefined) throw new DomainError({ code: 'NOT_FOUND' })
  const { movements, total } = await listStockMovements(db, productId, slice)
  return {
    total,
    movements: movements.map((row) => ({
      id: row.id,
      kind: row.kind,
      delta: row.delta,
      sku_id: row.sku_id ?? productId,
      specs: row.specs ?? {},
      stock_after: row.rest,
      order_no: row.order_no,
      operator_id: row.operator_id,
      created_at: row.created_at.toISOString(),
    })),
  }
}
