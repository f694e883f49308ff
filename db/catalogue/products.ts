import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import type { PaymentMode, ProductStatus, ProductType } from '../../domain/catalogue/product.ts'
import { searchForms } from '../../domain/text.ts'
import type { Db, Tx } from '../client.ts'
import type { PointsProductsTable } from '../schema/points-products.ts'

/** With the category's name, unless the category was deleted. */
export type Product = Omit<
  Selectable<PointsProductsTable>,
  'search_bigrams' | 'search_letters' | 'low_stock'
> & {
  readonly category_name: string | null
}

const COLUMNS = [
  'product.id',
  'product.title',
  'product.description',
  'product.image',
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
] as const

export interface ProductFilter {
  readonly status?: ProductStatus | undefined
  readonly categoryId?: string | undefined
  readonly paymentMode?: PaymentMode | undefined
  readonly productType?: ProductType | undefined
  /** Searched in title and description; matches in the title come first. */
  readonly keyword?: string | undefined
  /** What a customer with these points and this level can redeem one of. */
  readonly within?: { readonly points: number; readonly level: number } | undefined
  readonly lowStock?: boolean | undefined
}

export interface ProductSlice {
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
    const { status, categoryId, paymentMode, productType, keyword, within, lowStock } = filter
    const conditions = []
    if (status !== undefined) conditions.push(eb('product.status', '=', status))
    if (categoryId !== undefined) conditions.push(eb('product.category_id', '=', categoryId))
    if (paymentMode !== undefined) conditions.push(eb('product.payment_mode', '=', paymentMode))
    if (productType !== undefined) conditions.push(eb('product.product_type', '=', productType))
    if (keyword !== undefined) conditions.push(eb.or(searchForms(keyword).map(matches)))
    if (within !== undefined) {
      const level = sql<number>`coalesce((product.properties -> 'limit' ->> 'user_level_required')::int, 0)`
      conditions.push(eb('product.point', '<=', within.points), eb(level, '<=', within.level))
    }
    if (lowStock) conditions.push(eb('product.low_stock', '=', sql.lit(true)))
    return eb.and(conditions)
  })
  const keyword = filter.keyword
  const [column, direction] = ORDERS[sort]
  let list = found.select(COLUMNS)
  if (keyword !== undefined)
    list = list.orderBy(sql`product.title ilike any(${searchForms(keyword).map(pattern)}::text[])`, 'desc')
  list = list.orderBy(column, direction)
  if (column !== 'product.id') list = list.orderBy('product.id', direction === 'asc' ? 'desc' : 'asc')
  const few = countMax === undefined ? found : found.orderBy(column, direction).limit(countMax)
  const [products, { total }] = await Promise.all([
    list.limit(limit).offset(offset).execute(),
    db
      .selectFrom(few.select('product.id').as('counted'))
      .select((eb) => eb.fn.countAll<string>().as('total'))
      .executeTakeFirstOrThrow(),
  ])
  return { products, total: Number(total) }
}

/**
 * Letter pairs have false positives, so the text is checked again. Single letters have an index of their own.
 */
function matches(keyword: string) {
  const inText = sql<boolean>`(product.title || ' ' || coalesce(product.description, '')) ilike ${pattern(keyword)}`
  if (Array.from(keyword).length < 2) return sql<boolean>`search_letters @> letters(${keyword})`
  return sql<boolean>`(product.search_bigrams @> bigrams(${keyword}) and ${inText})`
}

function pattern(keyword: string): string {
  return `%${keyword.replace(/[\\%_]/g, '\\$&')}%`
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
