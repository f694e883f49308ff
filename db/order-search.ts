import { type Selectable, sql } from 'kysely'
import type { OrderStatus, PaymentStatus } from '../domain/order-status.ts'
import type { PaymentMode } from '../domain/product.ts'
import type { Db } from './client.ts'
import type { PointsExchangeOrdersTable } from './schema.ts'

/** What operators find orders by; all that is given holds. */
export interface OrderSearch {
  /** The id of a customer, a parcel's number, the end of the order's number, or a part of a product's title. */
  readonly words?: string | undefined
  readonly ownerId?: string | undefined
  readonly productId?: string | undefined
  readonly status?: OrderStatus | undefined
  readonly paymentStatus?: PaymentStatus | undefined
  readonly paymentMode?: PaymentMode | undefined
  /** Whether its goods travel; the others are collected, or there is nothing to hand over. */
  readonly isSent?: boolean | undefined
  readonly needsAttention?: boolean | undefined
  /** Redeemed at this time or later. */
  readonly from?: Date | undefined
  /** Redeemed before this time. */
  readonly to?: Date | undefined
}

const COLUMNS = [
  'id',
  'order_no',
  'owner_id',
  'product_id',
  'product_title',
  'quantity',
  'total_points',
  'total_money',
  'payment_mode',
  'status',
  'payment_status',
  'needs_attention',
  'exchange_time',
] as const

/** What a list shows of an order: nothing personal, nothing sealed. */
export type FoundOrder = Pick<Selectable<PointsExchangeOrdersTable>, (typeof COLUMNS)[number]>

/** A page of a list of orders. */
export interface OrderPage {
  readonly limit: number
  readonly oldestFirst: boolean
  /** The id of the last order of the page before. */
  readonly past?: string | undefined
}

/** They are not counted: of a million that takes longer than to find a page of them. */
export async function searchOrders(
  db: Db,
  search: OrderSearch,
  { limit, oldestFirst, past }: OrderPage,
): Promise<FoundOrder[]> {
  const { words, ownerId, productId, status, paymentStatus, paymentMode, isSent, needsAttention, from, to } =
    search
  const products = words === undefined ? [] : await findProductsTitled(db, words)
  return db
    .selectFrom('points_exchange_orders')
    .select(COLUMNS)
    .where('deleted_at', 'is', null)
    .where((eb) => {
      const conditions = []
      const isOf = (owner: string) => eb.and([eb('owner_type', '=', 'user'), eb('owner_id', '=', owner)])
      if (words !== undefined) {
        conditions.push(
          eb.or([
            isOf(words),
            sql<boolean>`product_id = any(${products}::bigint[])`,
            sql<boolean>`shipping_info is not null and shipping_info ->> 'tracking_no' = ${words}`,
            ...endsWith(words),
          ]),
        )
      }
      if (ownerId !== undefined) conditions.push(isOf(ownerId))
      if (productId !== undefined) conditions.push(eb('product_id', '=', productId))
      if (status !== undefined) conditions.push(eb('status', '=', status))
      if (paymentStatus !== undefined) conditions.push(eb('payment_status', '=', paymentStatus))
      if (paymentMode !== undefined) conditions.push(eb('payment_mode', '=', paymentMode))
      if (isSent !== undefined) conditions.push(eb('shipping_type', isSent ? '=' : '<>', 'logistics'))
      if (needsAttention) conditions.push(eb('needs_attention', 'is not', null))
      if (from !== undefined) conditions.push(eb('exchange_time', '>=', from))
      if (to !== undefined) conditions.push(eb('exchange_time', '<', to))
      if (past !== undefined) conditions.push(eb('id', oldestFirst ? '>' : '<', past))
      return eb.and(conditions)
    })
    .orderBy('id', oldestFirst ? 'asc' : 'desc')
    .limit(limit)
    .execute()
}

const ENDING = /^[0-9A-Z]{6,28}$/

/** The last letters of an order's number, six or more. */
function endsWith(words: string) {
  const ending = words.toUpperCase()
  if (!ENDING.test(ending)) return []
  return [sql<boolean>`right(order_no, 6) = ${ending.slice(-6)} and order_no like ${`%${ending}`}`]
}

const PRODUCTS_MAX = 200

/** Products that were deleted count, too: their orders are still there. The index of letter pairs needs two letters. */
async function findProductsTitled(db: Db, words: string): Promise<string[]> {
  if (Array.from(words).length < 2) return []
  const pattern = `%${words.replace(/[\\%_]/g, '\\$&')}%`
  const rows = await db
    .selectFrom('points_products')
    .select('id')
    .where(sql<boolean>`search_bigrams @> bigrams(${words}) and title ilike ${pattern}`)
    .orderBy('id', 'desc')
    .limit(PRODUCTS_MAX)
    .execute()
  return rows.map(({ id }) => id)
}
