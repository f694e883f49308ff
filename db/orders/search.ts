import { type Selectable, sql } from 'kysely'
import type { PaymentMode } from '../../domain/catalogue/product.ts'
import { keywordTerms, titleQuery } from '../../domain/catalogue/search.ts'
import type { OrderStatus, PaymentStatus } from '../../domain/orders/status.ts'
import { plainCode } from '../../domain/text.ts'
import type { Db } from '../client.ts'
import type { Encryptor } from '../platform/encryption.ts'
import type { PointsExchangeOrdersTable } from '../schema/points-exchange-orders.ts'
import { searchedContacts } from './contact-terms.ts'

export interface OrderSearch {
  /** A customer's id, tracking or provider's number, end of an order number, part of a product title, or the receiver. */
  readonly words?: string | undefined
  readonly ownerId?: string | undefined
  readonly productId?: string | undefined
  readonly status?: OrderStatus | undefined
  readonly paymentStatus?: PaymentStatus | undefined
  readonly paymentMode?: PaymentMode | undefined
  readonly isSent?: boolean | undefined
  readonly needsAttention?: boolean | undefined
  /** Its customer waits for an answer to a message. */
  readonly isUnanswered?: boolean | undefined
  /** The operator who looks after it. */
  readonly assignee?: string | undefined
  readonly from?: Date | undefined
  /** Exclusive. */
  readonly to?: Date | undefined
}

const COLUMNS = [
  'id',
  'order_no',
  'owner_id',
  'product_id',
  'product_title',
  'sku_specs',
  'quantity',
  'total_points',
  'total_money',
  'payment_mode',
  'status',
  'payment_status',
  'needs_attention',
  'exchange_time',
] as const

/** Nothing personal or encrypted. */
export type FoundOrder = Pick<Selectable<PointsExchangeOrdersTable>, (typeof COLUMNS)[number]>

export interface OrderPage {
  readonly limit: number
  readonly oldestFirst: boolean
  readonly past?: string | undefined
}

/**
 * Not counted: counting a million orders takes longer than finding a page. One query per meaning of the term:
 * a single OR would use no index.
 */
export async function searchOrders(
  { db, sealer }: { readonly db: Db; readonly sealer: Encryptor },
  search: OrderSearch,
  page: OrderPage,
): Promise<FoundOrder[]> {
  const { words } = search
  if (words === undefined) return findPage(db, search, page, undefined)
  const code = plainCode(words)
  const meanings = [
    isOf(words),
    hasTracking(code),
    ...endsWith(code),
    isReceivedBy(searchedContacts(sealer, words)),
    ...(await isPaidBy(db, code)),
    ...(await isOfProducts(db, words)),
  ]
  const found = await Promise.all(meanings.map((meaning) => findPage(db, search, page, meaning)))
  const byId = new Map(found.flat().map((order) => [order.id, order]))
  const inOrder = [...byId.values()].toSorted((a, b) => Number(BigInt(a.id) - BigInt(b.id)))
  return (page.oldestFirst ? inOrder : inOrder.toReversed()).slice(0, page.limit)
}

type Condition = ReturnType<typeof sql<boolean>>

async function findPage(
  db: Db,
  {
    ownerId,
    productId,
    status,
    paymentStatus,
    paymentMode,
    isSent,
    needsAttention,
    isUnanswered,
    assignee,
    from,
    to,
  }: OrderSearch,
  { limit, oldestFirst, past }: OrderPage,
  meaning: Condition | undefined,
): Promise<FoundOrder[]> {
  return db
    .selectFrom('points_exchange_orders')
    .select(COLUMNS)
    .where('deleted_at', 'is', null)
    .where((eb) => {
      const conditions = []
      if (meaning !== undefined) conditions.push(meaning)
      if (ownerId !== undefined) conditions.push(isOf(ownerId))
      if (productId !== undefined) conditions.push(eb('product_id', '=', productId))
      if (status !== undefined) conditions.push(eb('status', '=', status))
      if (paymentStatus !== undefined) conditions.push(eb('payment_status', '=', paymentStatus))
      if (paymentMode !== undefined) conditions.push(eb('payment_mode', '=', paymentMode))
      if (isSent !== undefined) conditions.push(eb('shipping_type', isSent ? '=' : '<>', 'logistics'))
      if (needsAttention) conditions.push(eb('needs_attention', 'is not', null))
      if (assignee !== undefined) conditions.push(eb('assignee', '=', assignee))
      if (isUnanswered) conditions.push(isWaitingForAnswer())
      if (from !== undefined) conditions.push(eb('exchange_time', '>=', from))
      if (to !== undefined) conditions.push(eb('exchange_time', '<', to))
      if (past !== undefined) conditions.push(eb('id', oldestFirst ? '>' : '<', past))
      return eb.and(conditions)
    })
    .orderBy('id', oldestFirst ? 'asc' : 'desc')
    .limit(limit)
    .execute()
}

const isOf = (owner: string): Condition => sql`owner_type = 'user' and owner_id = ${owner}`

const hasTracking = (words: string): Condition =>
  sql`order_no in (select order_no from shipments
    where tracking_no is not null and upper(tracking_no) = ${words.toUpperCase()})`

const isWaitingForAnswer = (): Condition =>
  sql`order_no in (select order_no from order_conversations where unanswered > 0)`

const ENDING = /^[0-9A-Z]{6,28}$/

function endsWith(words: string): Condition[] {
  const ending = words.toUpperCase()
  if (!ENDING.test(ending)) return []
  return [sql<boolean>`right(order_no, 6) = ${ending.slice(-6)} and order_no like ${`%${ending}`}`]
}

/** By the whole phone number, its last four digits, or the whole name. */
const isReceivedBy = (hashes: readonly Buffer[]): Condition => sql`contact_terms && ${hashes}::bytea[]`

/** The provider's number of a payment or of its checkout. */
async function isPaidBy(db: Db, words: string): Promise<Condition[]> {
  const rows = await db
    .selectFrom('payments')
    .select('order_no')
    .where((is) => is.or([is('payment_ref', '=', words), is('provider_ref', '=', words)]))
    .limit(PAYMENTS_MAX)
    .execute()
  const orderNos = rows.map(({ order_no }) => order_no)
  return orderNos.length === 0 ? [] : [sql`order_no = any(${orderNos}::text[])`]
}

/** Numbers of different providers may be the same. */
const PAYMENTS_MAX = 20

async function isOfProducts(db: Db, words: string): Promise<Condition[]> {
  const products = await findProductsTitled(db, words)
  return products.length === 0 ? [] : [sql`product_id = any(${products}::bigint[])`]
}

const PRODUCTS_MAX = 200

/** Includes deleted products, since their orders exist. */
async function findProductsTitled(db: Db, words: string): Promise<string[]> {
  const query = titleQuery(keywordTerms(words))
  if (query === '') return []
  const rows = await db
    .selectFrom('points_products')
    .select('id')
    .where(sql<boolean>`search_terms @@ ${query}::tsquery`)
    .orderBy('id', 'desc')
    .limit(PRODUCTS_MAX)
    .execute()
  return rows.map(({ id }) => id)
}
