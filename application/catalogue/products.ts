import { findCategory, listCategories } from '../../db/catalogue/categories.ts'
import {
  findExternalProduct,
  findLinkedTo,
  forgetPause,
  keepOwnStock,
  linkProduct,
} from '../../db/catalogue/external-products.ts'
import {
  findProduct,
  findProductByOperation,
  findProductForUpdate,
  findProducts,
  insertProduct,
  listProducts,
  PRODUCT_SORTS,
  type Product,
  type ProductSlice,
  type ProductSort,
  type ProductFilter as StoredFilter,
  setAmounts,
  updateProduct,
  windowsOf,
} from '../../db/catalogue/products.ts'
import { moveStock } from '../../db/catalogue/stock.ts'
import type { Db, Tx } from '../../db/client.ts'
import { countCodes } from '../../db/fulfilment/codes.ts'
import type { ProductPicture, ProductProperties } from '../../db/schema/points-products.ts'
import { withDescendants } from '../../domain/catalogue/category.ts'
import type { CustomSchema } from '../../domain/catalogue/custom-fields.ts'
import { totalOf, worthOf } from '../../domain/catalogue/pricing.ts'
import {
  DEFAULT_VOUCHER,
  type Delivery,
  defaultDelivery,
  deliveriesOf,
  type PaymentMode,
  type ProductStatus,
  type ProductType,
  type Returnable,
  type ShippingType,
  shippingFor,
  type VoucherTerms,
} from '../../domain/catalogue/product.ts'
import { isVisibleAt, type Windows } from '../../domain/catalogue/windows.ts'
import { DomainError, type FieldError, InvalidInputError } from '../../domain/errors.ts'
import type { ChargeTerms } from '../../domain/fulfilment/charge.ts'
import { decimalFromFen, type Fen, fenOf, type Money, moneyFromFen } from '../../domain/money.ts'
import { type KnownVersions, mustBeCurrent } from '../../domain/versions.ts'
import { modeText, pointsText } from '../../i18n/product-texts.ts'
import { readSearch } from './search.ts'
import { searchVector } from './search-index.ts'
import { type SkuFields, type SkuView, setSkus, skusOf } from './skus.ts'

/** Without `search`: a keyword as it was typed. */
export interface ProductFilter extends Omit<StoredFilter, 'search' | 'categoryIds'> {
  /** Includes the categories below it. */
  readonly categoryId?: string | undefined
  readonly keyword?: string | undefined
}

export { PRODUCT_SORTS, type ProductSlice, type ProductSort }

export interface ProductView {
  readonly id: string
  readonly title: string
  readonly description: string | null
  readonly image: string | null
  /** After `image`. */
  readonly images: ProductPicture[]
  readonly points_price: number
  readonly money_price: Money
  readonly payment_mode: PaymentMode
  readonly original_price: Money | null
  readonly stock_quantity: number
  /** At least one. The product's price is that of the cheapest, its stock that of all. */
  readonly skus: SkuView[]
  readonly exchange_limit: number
  readonly status: ProductStatus
  readonly sort: number
  readonly product_type: ProductType
  readonly shipping_type: ShippingType
  readonly delivery: Delivery
  readonly voucher: VoucherTerms | null
  readonly charge: ChargeTerms | null
  readonly returnable: Returnable
  readonly visible_from: string | null
  readonly visible_until: string | null
  readonly on_sale_from: string | null
  readonly on_sale_until: string | null
  /** Plain text of the shop, shown before a redemption is confirmed. */
  readonly rules: string | null
  readonly properties: ProductProperties | null
  /** What customers fill in; null: nothing. */
  readonly custom_fields: CustomSchema | null
  /** The product's id in the shop's own system. */
  readonly external_id: string | null
  readonly payment_info: {
    readonly mode: string
    readonly points: string | null
    readonly money: string | null
    readonly total_value: Money
  }
  readonly category: { readonly id: string; readonly name: string } | null
  readonly created_at: string
  readonly updated_at: string
}

export interface AdminProductView extends ProductView {
  readonly point: number
  readonly price: Money
  readonly category_id: string | null
  /** Another one after each edit; sales do not count. */
  readonly version: string
}

function view(product: Product, millionths: bigint): ProductView {
  const price = totalOf(
    { paymentMode: product.payment_mode, points: product.point, fen: fenOf(product.price_amount) },
    1,
  )
  const { original_price_amount: original, category_id, category_name } = product
  return {
    id: product.id,
    title: product.title,
    description: product.description,
    image: product.image,
    images: [...product.images],
    points_price: price.points,
    money_price: moneyFromFen(price.fen),
    payment_mode: product.payment_mode,
    original_price: original === null ? null : moneyFromFen(fenOf(original)),
    stock_quantity: product.stock_quantity,
    skus: skusOf(product),
    exchange_limit: product.exchange_limit,
    status: product.status,
    sort: product.sort,
    product_type: product.product_type,
    shipping_type: product.shipping_type,
    delivery: product.delivery ?? defaultDelivery(product.shipping_type),
    voucher: product.voucher,
    charge: product.charge,
    returnable: product.returnable,
    visible_from: iso(product.visible_from),
    visible_until: iso(product.visible_until),
    on_sale_from: iso(product.on_sale_from),
    on_sale_until: iso(product.on_sale_until),
    rules: product.rules,
    properties: product.properties,
    custom_fields: product.custom_fields,
    external_id: product.outer_id,
    payment_info: {
      mode: modeText(product.payment_mode, 'zh'),
      points: price.points > 0 ? pointsText(price.points, 'zh') : null,
      money: price.fen > 0n ? `¥${decimalFromFen(price.fen)}` : null,
      total_value: moneyFromFen(worthOf(price, millionths)),
    },
    category:
      category_id !== null && category_name !== null ? { id: category_id, name: category_name } : null,
    created_at: product.created_at.toISOString(),
    updated_at: product.updated_at.toISOString(),
  }
}

const iso = (at: Date | null): string | null => at?.toISOString() ?? null

function adminView(product: Product, millionths: bigint): AdminProductView {
  const shown = view(product, millionths)
  return {
    ...shown,
    point: shown.points_price,
    price: shown.money_price,
    category_id: shown.category?.id ?? null,
    version: `${product.revision}`,
  }
}

async function find(db: Db, filter: ProductFilter, sort: ProductSort, slice: ProductSlice) {
  const { keyword, categoryId, ...others } = filter
  const categoryIds = categoryId && withDescendants(await listCategories(db), categoryId)
  const search = keyword === undefined ? undefined : await readSearch(db, keyword)
  return listProducts(db, { ...others, ...(categoryIds && { categoryIds }), search }, sort, slice)
}

/** @param millionths CNY per point, in millionths of a yuan */
export async function readCatalogue(
  db: Db,
  filter: Omit<ProductFilter, 'status'>,
  sort: ProductSort,
  slice: ProductSlice,
  millionths: bigint,
): Promise<{ products: ProductView[]; total: number }> {
  const { products, total } = await find(db, { ...filter, status: 'on_sale', visible: true }, sort, slice)
  return { products: products.map((product) => view(product, millionths)), total }
}

/** @throws DomainError NOT_FOUND unless on sale or sold out, and visible now */
export async function readProduct(db: Db, id: string, millionths: bigint): Promise<ProductView> {
  const product = await findProduct(db, id)
  const isShown = product && product.status !== 'draft' && product.status !== 'off_sale'
  if (!isShown || !isVisibleAt(windowsOf(product), new Date())) {
    throw new DomainError({ code: 'NOT_FOUND' })
  }
  return view(product, millionths)
}

export async function readProducts(
  db: Db,
  filter: ProductFilter,
  sort: ProductSort,
  slice: ProductSlice,
  millionths: bigint,
): Promise<{ products: AdminProductView[]; total: number }> {
  const { products, total } = await find(db, filter, sort, slice)
  return { products: products.map((product) => adminView(product, millionths)), total }
}

export async function readAnyProduct(db: Db, id: string, millionths: bigint): Promise<AdminProductView> {
  const product = await findProduct(db, id)
  if (!product) throw new DomainError({ code: 'NOT_FOUND' })
  return adminView(product, millionths)
}

/** Products by id, in every status; deleted ones are missing. */
export async function readProductsById(
  db: Db,
  ids: readonly string[],
  millionths: bigint,
): Promise<Map<string, ProductView>> {
  const products = await findProducts(db, ids)
  return new Map(products.map((product) => [product.id, view(product, millionths)]))
}

export interface ProductFields extends Windows {
  readonly rules: string | null
  readonly title: string
  readonly description: string | null
  readonly image: string | null
  readonly images: readonly ProductPicture[]
  readonly point: number
  /** Fen per piece. */
  readonly priceFen: Fen
  readonly originalPriceFen: Fen | null
  readonly paymentMode: PaymentMode
  /** Lifetime limit per user; 0: none. */
  readonly exchangeLimit: number
  readonly sort: number
  readonly categoryId: string | null
  readonly externalId: string | null
  readonly productType: ProductType
  readonly shippingType: ShippingType
  /** Null: the default of the shipping type. */
  readonly delivery: Delivery | null
  /** Only of a product delivered by voucher. */
  readonly voucher: VoucherTerms | null
  /** Only of a product that a supplier charges; null: it cannot be put on sale yet. */
  readonly charge: ChargeTerms | null
  readonly returnable: Returnable
  readonly properties: ProductProperties | null
  /** What customers fill in; null: nothing. */
  readonly customFields: CustomSchema | null
}

export type ProductChange = { readonly [Name in keyof ProductFields]?: ProductFields[Name] | undefined }

export interface ProductCause {
  readonly operationKey: string
  readonly operatorId: string
  /** Without a product service `external_id` is a note, and the stock the mall's; undefined: there is one. */
  readonly readsProducts?: boolean
}

const DEFAULTS: Omit<ProductFields, 'title' | 'paymentMode'> = {
  description: null,
  image: null,
  images: [],
  point: 0,
  priceFen: 0n,
  originalPriceFen: null,
  exchangeLimit: 0,
  sort: 0,
  categoryId: null,
  externalId: null,
  productType: 'physical',
  shippingType: 'logistics',
  delivery: null,
  voucher: null,
  charge: null,
  returnable: 'before_shipping',
  visibleFrom: null,
  visibleUntil: null,
  onSaleFrom: null,
  onSaleUntil: null,
  rules: null,
  properties: null,
  customFields: null,
}

/** Creates a draft; a repeated operation key returns the first id. @throws InvalidInputError */
export async function createProduct(
  db: Db,
  wanted: ProductChange & Pick<ProductFields, 'title' | 'paymentMode'>,
  stock: number,
  cause: ProductCause,
  skus?: readonly SkuFields[],
): Promise<string> {
  const changed = given(wanted)
  const fields = withDelivery({ ...DEFAULTS, ...changed }, changed)
  if (skus) refuseAmounts({ ...wanted, stock: stock || undefined })
  return db.transaction().execute(async (tx) => {
    await check(tx, fields, fields, skus !== undefined)
    if (fields.delivery === 'codes' && (stock > 0 || skus)) {
      throw new InvalidInputError({ field: skus ? 'skus' : 'stock_quantity', rule: 'stock_is_codes' })
    }
    const id = await insertProduct(tx, {
      ...columnsOf(fields),
      title: fields.title,
      operator_type: 'operator',
      operator_id: cause.operatorId,
      operation_key: cause.operationKey,
      deleted_at: null,
    })
    if (id === undefined) {
      const made = await findProductByOperation(tx, cause.operationKey)
      if (!made) throw new DomainError({ code: 'NOT_FOUND' })
      return made.id
    }
    if (fields.externalId !== null) await link(tx, id, fields.externalId)
    if (skus) {
      const own = { id, sku_count: 0, point: 0, price_amount: '0.00', stock_quantity: 0 }
      const from = await setSkus(tx, own, skus, fields.paymentMode, cause)
      await setAmounts(tx, id, skus.length, from.point, decimalFromFen(from.priceFen))
      mustBeUsual({ ...fields, ...from })
    }
    if (stock > 0) {
      await moveStock(tx, id, {
        kind: 'initial',
        delta: stock,
        operationKey: `${cause.operationKey}/stock`,
        operatorId: cause.operatorId,
      })
    }
    return id
  })
}

const STOCK_MAX = 2_147_483_647

/**
 * A repeat under the same operation key changes nothing more.
 * @param stockDelta pieces to add, or remove if negative
 * @throws DomainError NOT_FOUND; STALE if it has changed since the known versions; OUT_OF_STOCK if the stock would become negative
 * @throws InvalidInputError if price, limits or category would become invalid, or the stock is a pool of codes
 */
export async function changeProduct(
  db: Db,
  id: string,
  change: ProductChange,
  stockDelta: number | undefined,
  cause: ProductCause & { readonly known?: KnownVersions },
  skus?: readonly SkuFields[],
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const product = await findProductForUpdate(tx, id)
    if (!product) throw new DomainError({ code: 'NOT_FOUND' })
    if (product.revision_key === cause.operationKey) return
    mustBeCurrent(`${product.revision}`, cause.known)
    const wanted = given(change)
    if (wanted.externalId !== undefined && wanted.externalId !== product.outer_id) {
      await link(tx, id, wanted.externalId)
    }
    const fields = withDelivery({ ...fieldsOf(product), ...wanted }, wanted)
    const several = product.skus.length > 0
    const changed = skus ?? (several ? skusWith(product, wanted, stockDelta) : undefined)
    await mustBeOwnStock(
      tx,
      id,
      {
        skus,
        stock_delta: stockDelta || undefined,
        delivery: takesCodes(product, fields),
      },
      cause.readsProducts ?? true,
    )
    if (changed) refuseAmounts(skus || product.skus.length > 1 ? { ...wanted, stockDelta } : {})
    await check(tx, fields, wanted, changed !== undefined)
    const operator = { operator_type: 'operator', operator_id: cause.operatorId }
    if (fields.delivery === 'codes' && (stockDelta || changed)) {
      throw new InvalidInputError({ field: changed ? 'skus' : 'stock_delta', rule: 'stock_is_codes' })
    }
    const from = changed && (await setSkus(tx, product, changed, fields.paymentMode, cause))
    const shown = { ...fields, ...from }
    if (changed) mustBeUsual(shown)
    const count = changed ? { sku_count: changed.length } : {}
    await updateProduct(tx, id, { ...columnsOf(shown), ...operator, ...count }, cause.operationKey)
    const stock =
      (changed ? undefined : await stockAfterSwitch(tx, product, fields.delivery)) ?? product.stock_quantity
    if (!changed && stock !== product.stock_quantity) {
      const switched = {
        delta: stock - product.stock_quantity,
        operationKey: `${cause.operationKey}/delivery`,
      }
      await moveStock(tx, id, { kind: 'adjusted', ...switched, operatorId: cause.operatorId })
    }
    if (!stockDelta || changed) return
    if (stock + stockDelta > STOCK_MAX) {
      throw new InvalidInputError({
        field: 'stock_delta',
        rule: 'max',
        bound: `${STOCK_MAX - stock}`,
      })
    }
    const { operationKey, operatorId } = cause
    if (!(await moveStock(tx, id, { kind: 'adjusted', delta: stockDelta, operationKey, operatorId }))) {
      throw new DomainError({
        code: 'OUT_OF_STOCK',
        required: `${-stockDelta}`,
        available: `${stock}`,
      })
    }
  })
}

/** @throws InvalidInputError where another product is linked to it */
async function link(tx: Tx, id: string, externalId: string | null): Promise<void> {
  const other = externalId === null ? undefined : await findLinkedTo(tx, externalId)
  if (other !== undefined && other !== id)
    throw new InvalidInputError({ field: 'external_id', rule: 'taken' })
  await linkProduct(tx, id, externalId)
}

const takesCodes = (before: Product, { delivery }: ProductFields) =>
  (delivery === 'codes' && before.delivery !== 'codes') || undefined

/** @param changed by field; undefined: it is not @throws InvalidInputError where the shop gives the product its stock */
async function mustBeOwnStock(
  tx: Tx,
  id: string,
  changed: Readonly<Record<'skus' | 'stock_delta' | 'delivery', unknown>>,
  readsProducts: boolean,
): Promise<void> {
  const fields = Object.entries(changed).flatMap(([field, value]) => (value === undefined ? [] : [field]))
  const row = fields.length === 0 ? undefined : await findExternalProduct(tx, id)
  if (!row || row.allotted === null || row.own_since !== null) return
  if (!readsProducts) return keepOwnStock(tx, id)
  throw new InvalidInputError(...fields.map((field): FieldError => ({ field, rule: 'stock_at_shop' })))
}

/** Free codes are stock only while the product is delivered by codes. @returns undefined where that stays as it is */
async function stockAfterSwitch(
  tx: Tx,
  product: Product,
  delivery: Delivery | null,
): Promise<number | undefined> {
  if ((product.delivery === 'codes') === (delivery === 'codes')) return undefined
  return delivery === 'codes' ? (await countCodes(tx, product.id)).free : 0
}

/**
 * @param canCharge whether a supplier is set up that charges accounts
 * @throws DomainError NOT_FOUND, CHARGE_UNAVAILABLE; InvalidInputError if the price does not match the mode, or nobody has
 * said what the supplier is to charge
 */
export async function publishProduct(
  db: Db,
  id: string,
  operatorId: string,
  canCharge: boolean,
): Promise<void> {
  await setStatus(db, id, operatorId, (product) => {
    const wrong = priceErrors(fieldsOf(product))
    const isCharged = product.delivery === 'charge'
    if (isCharged && product.charge === null) wrong.push({ field: 'charge', rule: 'required' })
    if (wrong.length > 0) throw new InvalidInputError(...wrong)
    if (isCharged && !canCharge) throw new DomainError({ code: 'CHARGE_UNAVAILABLE' })
    return product.stock_quantity > 0 ? 'on_sale' : 'sold_out'
  })
}

/** A draft stays a draft. @throws DomainError NOT_FOUND */
export async function unpublishProduct(db: Db, id: string, operatorId: string): Promise<void> {
  await setStatus(db, id, operatorId, ({ status }) => (status === 'draft' ? 'draft' : 'off_sale'))
}

/** Soft delete: orders still refer to it. @throws DomainError NOT_FOUND */
export async function deleteProduct(db: Db, id: string, operatorId: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    if (!(await findProductForUpdate(tx, id))) throw new DomainError({ code: 'NOT_FOUND' })
    await linkProduct(tx, id, null)
    await updateProduct(tx, id, {
      deleted_at: new Date(),
      operator_type: 'operator',
      operator_id: operatorId,
    })
  })
}

async function setStatus(
  db: Db,
  id: string,
  operatorId: string,
  next: (product: Product) => ProductStatus,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const product = await findProductForUpdate(tx, id)
    if (!product) throw new DomainError({ code: 'NOT_FOUND' })
    await forgetPause(tx, id)
    const status = next(product)
    if (status === product.status) return
    await updateProduct(tx, id, { status, operator_type: 'operator', operator_id: operatorId })
  })
}

/** The amounts of a product with several SKUs are theirs. @throws InvalidInputError */
function refuseAmounts(given: {
  readonly point?: unknown
  readonly priceFen?: unknown
  readonly stock?: unknown
  readonly stockDelta?: unknown
}): void {
  const names = {
    point: 'point',
    priceFen: 'price',
    stock: 'stock_quantity',
    stockDelta: 'stock_delta',
  } as const
  const errors = Object.entries(names).flatMap(([name, field]): FieldError[] =>
    given[name as keyof typeof names] === undefined ? [] : [{ field, rule: 'per_sku' }],
  )
  if (errors.length > 0) throw new InvalidInputError(...errors)
}

/** The SKUs as they are; the only one has the amounts that the product is given. */
function skusWith(
  product: Product,
  { point, priceFen }: Pick<ProductChange, 'point' | 'priceFen'>,
  stockDelta: number | undefined,
): SkuFields[] {
  const amounts = product.skus.length === 1 ? { point, priceFen, stockDelta } : {}
  return product.skus.map(({ id, specs }) => ({ id, specs, ...amounts }))
}

/** @throws InvalidInputError */
function mustBeUsual(fields: ProductFields): void {
  const wrong = usualPriceErrors(fields)
  if (wrong.length > 0) throw new InvalidInputError(...wrong)
}

/** Validates only changed fields, plus the price. @throws InvalidInputError with all errors */
async function check(
  tx: Tx,
  fields: ProductFields,
  given: Partial<ProductFields>,
  pricedBySku: boolean,
): Promise<void> {
  const errors = pricedBySku ? [] : priceErrors(fields)
  const isPriced = given.paymentMode ?? given.priceFen ?? given.originalPriceFen
  if (!pricedBySku && isPriced !== undefined && isPriced !== null) errors.push(...usualPriceErrors(fields))
  if (given.properties) errors.push(...limitErrors(given.properties))
  errors.push(...deliveryErrors(fields), ...windowErrors(fields))
  const { categoryId } = fields
  if (given.categoryId !== undefined && categoryId !== null && !(await findCategory(tx, categoryId))) {
    errors.push({ field: 'category_id', rule: 'exists' })
  }
  if (errors.length > 0) throw new InvalidInputError(...errors)
}

function priceErrors({ paymentMode, point, priceFen }: ProductFields): FieldError[] {
  const errors: FieldError[] = []
  if (paymentMode !== 'money_only' && point <= 0) errors.push({ field: 'point', rule: 'min', bound: '1' })
  if (paymentMode !== 'points_only' && priceFen <= 0n) {
    errors.push({ field: 'price.amount', rule: 'min', bound: '0.01' })
  }
  return errors
}

/** Shown struck through, so it must not be lower than the price. */
function usualPriceErrors(fields: ProductFields): FieldError[] {
  const { fen } = totalOf({ ...fields, points: fields.point, fen: fields.priceFen }, 1)
  const { originalPriceFen: usual } = fields
  if (usual === null || usual >= fen) return []
  return [{ field: 'original_price.amount', rule: 'min', bound: decimalFromFen(fen) }]
}

function limitErrors({ limit }: ProductProperties): FieldError[] {
  if (limit?.time_limit_seconds === undefined || limit.max_per_user !== undefined) return []
  return [{ field: 'properties.limit.max_per_user', rule: 'required' }]
}

/** A delivery chosen alone brings its shipping type with it, and voucher terms where it needs them. */
function withDelivery<T extends ProductFields>(fields: T, given: Partial<ProductFields>): T {
  const { delivery } = fields
  const shippingType =
    given.delivery && given.shippingType === undefined
      ? shippingFor(given.delivery, fields.shippingType)
      : fields.shippingType
  const charge = delivery === 'charge' ? fields.charge : (given.charge ?? null)
  const voucher = delivery === 'voucher' ? (fields.voucher ?? DEFAULT_VOUCHER) : (given.voucher ?? null)
  return { ...fields, shippingType, voucher, charge }
}

function windowErrors({ visibleFrom, visibleUntil, onSaleFrom, onSaleUntil }: Windows): FieldError[] {
  const isEmpty = (from: Date | null, until: Date | null) => from !== null && until !== null && until <= from
  const errors: FieldError[] = []
  if (isEmpty(visibleFrom, visibleUntil))
    errors.push({ field: 'visible_until', rule: 'after', bound: 'visible_from' })
  if (isEmpty(onSaleFrom, onSaleUntil))
    errors.push({ field: 'on_sale_until', rule: 'after', bound: 'on_sale_from' })
  return errors
}

function deliveryErrors(fields: ProductFields): FieldError[] {
  const { delivery, shippingType, voucher, charge, returnable } = fields
  const errors: FieldError[] = []
  const suitable = deliveriesOf(shippingType)
  if (delivery !== null && !suitable.includes(delivery)) {
    errors.push({ field: 'delivery', rule: 'in', bound: suitable.join(', ') })
  }
  if (voucher !== null && delivery !== 'voucher') errors.push({ field: 'voucher', rule: 'voucher_only' })
  if (charge !== null && delivery !== 'charge') errors.push({ field: 'charge', rule: 'charge_only' })
  // A code that was seen cannot be taken back.
  if ((delivery === 'codes' || delivery === 'charge') && typeof returnable === 'object') {
    errors.push({ field: 'returnable', rule: 'in', bound: 'none, before_shipping' })
  }
  return errors
}

/** An undefined field must not overwrite a stored one. */
function given<T extends object>(change: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  const entries = Object.entries(change).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [Name in keyof T]: Exclude<T[Name], undefined> }
}

export function fieldsOf(product: Product): ProductFields {
  const { original_price_amount: original } = product
  return {
    title: product.title,
    description: product.description,
    image: product.image,
    images: product.images,
    point: product.point,
    priceFen: fenOf(product.price_amount),
    originalPriceFen: original === null ? null : fenOf(original),
    paymentMode: product.payment_mode,
    exchangeLimit: product.exchange_limit,
    sort: product.sort,
    categoryId: product.category_id,
    externalId: product.outer_id,
    productType: product.product_type,
    shippingType: product.shipping_type,
    delivery: product.delivery,
    voucher: product.voucher,
    charge: product.charge,
    returnable: product.returnable,
    ...windowsOf(product),
    rules: product.rules,
    properties: product.properties,
    customFields: product.custom_fields,
  }
}

/** Amounts that the mode does not use become zero, which keeps sorting correct. */
function columnsOf(fields: ProductFields) {
  const price = totalOf({ paymentMode: fields.paymentMode, points: fields.point, fen: fields.priceFen }, 1)
  return {
    title: fields.title,
    description: fields.description,
    search_terms: searchVector(fields.title, fields.description),
    image: fields.image,
    images: JSON.stringify(fields.images),
    point: price.points,
    price_amount: decimalFromFen(price.fen),
    original_price_amount: fields.originalPriceFen === null ? null : decimalFromFen(fields.originalPriceFen),
    payment_mode: fields.paymentMode,
    exchange_limit: fields.exchangeLimit,
    sort: fields.sort,
    category_id: fields.categoryId,
    outer_id: fields.externalId,
    product_type: fields.productType,
    shipping_type: fields.shippingType,
    delivery: fields.delivery,
    voucher: fields.voucher === null ? null : JSON.stringify(fields.voucher),
    charge: fields.charge === null ? null : JSON.stringify(fields.charge),
    returnable: JSON.stringify(fields.returnable),
    visible_from: fields.visibleFrom,
    visible_until: fields.visibleUntil,
    on_sale_from: fields.onSaleFrom,
    on_sale_until: fields.onSaleUntil,
    rules: fields.rules,
    properties: fields.properties === null ? null : JSON.stringify(fields.properties),
    custom_fields: fields.customFields === null ? null : JSON.stringify(fields.customFields),
  }
}
