import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import type { PaymentMode, ProductStatus, ProductType } from '../../domain/catalogue/product.ts'
import type { Windows } from '../../domain/catalogue/windows.ts'
import type { Db, Tx } from '../client.ts'
import type { PointsProductsTable } from '../schema/points-products.ts'
import { SKUS_OF_PRODUCT, type SkuColumns } from './skus.ts'

/** With the category's name, unless the category was deleted. */
export type Product = Omit<
  Selectable<PointsProductsTable>,
  'search_bigrams' | 'search_letters' | 'search_terms' | 'low_stock'
> & {
  readonly category_name: string | null
  /** Empty: the product is its own SKU. */
  readonly skus: readonly SkuColumns[]
}

const COLUMNS = [
  'product.id',
  'product.title',
  'product.description',
  'product.image',
  'product.images',
  'product.point',
  'product.price_currency',
  'product.price_amount',
  'product.original_price_amount',
  'product.payment_mode',
  'product.stock_quantity',
  'product.exchange_limit',
  'product.status',
  'product.sort',
  'product.category_id',
  'product.product_type',
  'product.shipping_type',
  'product.visible_from',
  'product.visible_until',
  'product.on_sale_from',
  'product.on_sale_until',
  'product.rules',
  'product.sku_count',
  'product.delivery',
  'product.voucher',
  'product.charge',
  'product.returnable',
  'product.custom_fields',
  'product.outer_id',
  'product.properties',
  'product.owner_type',
  'product.owner_id',
  'product.operator_type',
  'product.operator_id',
  'product.operation_key',
  'product.revision',
  'product.revision_key',
  'product.created_at',
  'product.updated_at',
  'product.deleted_at',
  'category.name as category_name',
  SKUS_OF_PRODUCT.as('skus'),
] as const

export interface ProductFilter {
  readonly status?: ProductStatus | undefined
  /** Of any of these. */
  readonly categoryIds?: readonly string[] | undefined
  readonly paymentMode?: PaymentMode | undefined
  readonly productType?: ProductType | undefined
  readonly search?: ProductSearch | undefined
  /** What a customer with these points and this level can redeem one of. */
  readonly within?: { readonly points: number; readonly level: number } | undefined
  readonly lowStock?: boolean | undefined
  /** Within their visible windows now. */
  readonly visible?: boolean | undefined
}

/** Each word must be found; products with all of them in the title come first. */
export interface ProductSearch {
  readonly words: readonly {
    /** A `tsquery`. */
    readonly query: string
    /** Categories whose name has the word. */
    readonly categoryIds: readonly string[]
  }[]
  /** A `tsquery` of all words in the title. */
  readonly inTitle: string
}

export interface ProductSlice {
  /** Zero or less: none. */
  readonly limit: number
  readonly offset: number
  /** The maximum count: counting a hundred thousand takes longer than reading a page. */
  readonly countMax?: number | undefined
}

export const PRODUCT_SORTS = [
  'default',
  'newest',
  'points_asc',
  'points_desc',
  'price_asc',
  'price_desc',
  'stock_asc',
  'stock_desc',
] as const
export type ProductSort = (typeof PRODUCT_SORTS)[number]

/** Ties have the opposite direction, so that one index serves both directions. */
const ORDERS = {
  default: ['product.sort', 'asc'],
  newest: ['product.id', 'desc'],
  points_asc: ['product.point', 'asc'],
  points_desc: ['product.point', 'desc'],
  price_asc: ['product.price_amount', 'asc'],
  price_desc: ['product.price_amount', 'desc'],
  stock_asc: ['product.stock_quantity', 'asc'],
  stock_desc: ['product.stock_quantity', 'desc'],
} as const satisfies Record<ProductSort, readonly [string, 'asc' | 'desc']>

export const windowsOf = (
  row: Pick<Product, 'visible_from' | 'visible_until' | 'on_sale_from' | 'on_sale_until'>,
): Windows => ({
  visibleFrom: row.visible_from,
  visibleUntil: row.visible_until,
  onSaleFrom: row.on_sale_from,
  onSaleUntil: row.on_sale_until,
})

const existing = (db: Db) =>
  db
    .selectFrom('points_products as product')
    .leftJoin('categories as category', (join) =>
      join.onRef('category.id', '=', 'product.category_id').on('category.deleted_at', 'is', null),
    )
    .where('product.deleted_at', 'is', null)

/** Without deleted products. The total is at most `countMax`. */
export async function listProducts(
  db: Db,
  filter: ProductFilter,
  sort: ProductSort,
  { limit, offset, countMax }: ProductSlice,
): Promise<{ products: Product[]; total: number }> {
  const found = existing(db).where((eb) => {
    const { status, categoryIds, paymentMode, productType, search, within, lowStock, visible } = filter
    const conditions = []
    if (status !== undefined) conditions.push(eb('product.status', '=', status))
    const [only, ...more] = categoryIds ?? []
    if (only !== undefined) {
      conditions.push(
        more.length === 0
          ? eb('product.category_id', '=', only)
          : eb('product.category_id', 'in', [only, ...more]),
      )
    }
    if (paymentMode !== undefined) conditions.push(eb('product.payment_mode', '=', paymentMode))
    if (productType !== undefined) conditions.push(eb('product.product_type', '=', productType))
    if (search !== undefined) conditions.push(...matches(search))
    if (within !== undefined) {
      const level = sql<number>`coalesce((product.properties -> 'limit' ->> 'user_level_required')::int, 0)`
      conditions.push(eb('product.point', '<=', within.points), eb(level, '<=', within.level))
    }
    if (visible) {
      conditions.push(
        sql<boolean>`(product.visible_from is null or product.visible_from <= now())
          and (product.visible_until is null or product.visible_until > now())`,
      )
    }
    if (lowStock) conditions.push(eb('product.low_stock', '=', sql.lit(true)))
    return eb.and(conditions)
  })
  const [column, direction] = ORDERS[sort]
  const page = async (from: typeof found, count: number, skipped: number): Promise<Product[]> => {
    if (count <= 0) return []
    const list = from.select(COLUMNS).orderBy(column, direction).limit(count).offset(skipped)
    if (column === 'product.id') return list.execute()
    return list.orderBy('product.id', direction === 'asc' ? 'desc' : 'asc').execute()
  }
  const count = async (from: typeof found, max: number | undefined): Promise<number> => {
    const few = max === undefined ? from : from.orderBy(column, direction).limit(max)
    const { total } = await db
      .selectFrom(few.select('product.id').as('counted'))
      .select((eb) => eb.fn.countAll<string>().as('total'))
      .executeTakeFirstOrThrow()
    return Number(total)
  }
  const total = count(found, countMax)
  const { search } = filter
  if (search === undefined || search.words.length === 0) {
    const [products, counted] = await Promise.all([page(found, limit, offset), total])
    return { products, total: counted }
  }
  // Two lists, each in the order of an index: sorting by "in the title" would read all that is found.
  const inTitle = sql<boolean>`product.search_terms @@ ${search.inTitle}::tsquery`
  // PostgreSQL believes that a word of every description is in every title; `coalesce` hides it from the estimate.
  const notInTitle = sql<boolean>`not coalesce(${inTitle}, false)`
  const titled = found.where(inTitle)
  if (limit <= 0) return { products: [], total: await total }
  const [before, counted] = await Promise.all([count(titled, offset + limit), total])
  const there = Math.min(limit, Math.max(0, before - offset))
  const [first, others] = await Promise.all([
    page(titled, there, offset),
    page(found.where(notInTitle), limit - there, Math.max(0, offset - before)),
  ])
  return { products: [...first, ...others], total: counted }
}

/** A keyword without a letter or digit finds nothing. */
function matches({ words }: ProductSearch) {
  if (words.length === 0) return [sql<boolean>`false`]
  return words.map(({ query, categoryIds }) => {
    const inText = sql<boolean>`product.search_terms @@ ${query}::tsquery`
    if (categoryIds.length === 0) return inText
    return sql<boolean>`(${inText} or product.category_id in (${sql.join(categoryIds)}))`
  })
}

export async function findProduct(db: Db, id: string): Promise<Product | undefined> {
  return existing(db).select(COLUMNS).where('product.id', '=', id).executeTakeFirst()
}

export async function findProducts(db: Db, ids: readonly string[]): Promise<Product[]> {
  if (ids.length === 0) return []
  return existing(db).select(COLUMNS).where('product.id', 'in', ids).execute()
}

export async function findProductForUpdate(tx: Tx, id: string): Promise<Product | undefined> {
  return existing(tx)
    .select(COLUMNS)
    .where('product.id', '=', id)
    .forNoKeyUpdate('product')
    .executeTakeFirst()
}

/** @returns undefined on a repeat of the operation key */
export async function insertProduct(
  tx: Tx,
  product: Insertable<PointsProductsTable>,
): Promise<string | undefined> {
  const row = await tx
    .insertInto('points_products')
    .values(product)
    .onConflict((conflict) => conflict.column('operation_key').doNothing())
    .returning('id')
    .executeTakeFirst()
  return row?.id
}

export async function findProductByOperation(db: Db, operationKey: string): Promise<Product | undefined> {
  return existing(db).select(COLUMNS).where('product.operation_key', '=', operationKey).executeTakeFirst()
}

/** @param operationKey recognizes a repeat of an edit */
export async function updateProduct(
  tx: Tx,
  id: string,
  change: Omit<Updateable<PointsProductsTable>, 'revision' | 'revision_key'>,
  operationKey: string | null = null,
): Promise<void> {
  await tx
    .updateTable('points_products')
    .set({ ...change, revision: sql`revision + 1`, revision_key: operationKey, updated_at: new Date() })
    .where('id', '=', id)
    .execute()
}

/** @returns undefined for a deleted product */
export async function findProductStatus(db: Db, id: string): Promise<ProductStatus | undefined> {
  const row = await db
    .selectFrom('points_products')
    .select('status')
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  return row?.status
}

/** @param count 0: the product is its own SKU */
export async function countSkus(tx: Tx, id: string, count: number): Promise<void> {
  await tx.updateTable('points_products').set({ sku_count: count }).where('id', '=', id).execute()
}

/** Of a product with SKUs: how many, and the amounts of the cheapest. */
export async function setAmounts(
  tx: Tx,
  id: string,
  count: number,
  point: number,
  price: string,
): Promise<void> {
  await tx
    .updateTable('points_products')
    .set({ sku_count: count, point, price_amount: price })
    .where('id', '=', id)
    .execute()
}
