import { listStandardOrders } from '../../db/orders/orders.ts'
import { fenOf, type Money, moneyFromFen } from '../../domain/money.ts'
import type { OrderStatus } from '../../domain/orders/status.ts'
import { type ProductView, readProductsById } from '../catalogue/products.ts'
import type { OrderReader, OrderView } from './view.ts'

/** What belongs to an exchange order, for readers who ask for it. */

export const LINKED = ['product', 'order'] as const
export type Linked = (typeof LINKED)[number]

/** The order as the order domain has it. */
export interface StandardOrderView {
  readonly id: string
  readonly order_no: string
  readonly order_type: string
  readonly status: OrderStatus
  readonly amount: Money
  readonly created_at: string
  readonly updated_at: string
}

export interface LinkedResources {
  /** As it is now, in every status; null: deleted. */
  readonly product?: ProductView | null
  /** Null: there is none yet. */
  readonly order?: StandardOrderView | null
}

/**
 * Reads what is asked for of several orders, in one query per kind.
 * @param millionths CNY per point, in millionths of a yuan
 * @returns a function from each of the orders to its resources; kinds not asked for are missing
 */
export async function readLinked(
  { db }: Pick<OrderReader, 'db'>,
  orders: readonly OrderView[],
  asked: readonly Linked[],
  millionths: bigint,
): Promise<(order: OrderView) => LinkedResources> {
  const ids = [...new Set(orders.map((order) => order.product_id))]
  const numbers = orders.map((order) => order.order_no)
  const [products, standard] = await Promise.all([
    readProductsById(db, asked.includes('product') ? ids : [], millionths),
    listStandardOrders(db, asked.includes('order') ? numbers : []),
  ])
  const byNumber = new Map(standard.map((row) => [row.order_no, row]))
  return ({ product_id, order_no }) => {
    const row = byNumber.get(order_no)
    return {
      ...(asked.includes('product') ? { product: products.get(product_id) ?? null } : {}),
      ...(asked.includes('order') ? { order: row ? viewOf(row) : null } : {}),
    }
  }
}

function viewOf(row: Awaited<ReturnType<typeof listStandardOrders>>[number]): StandardOrderView {
  return {
    id: row.id,
    order_no: row.order_no,
    order_type: row.order_type,
    status: row.status,
    amount: moneyFromFen(fenOf(row.amount)),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}
