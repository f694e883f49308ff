import { countSkus, type Product } from '../../db/catalogue/products.ts'
import { insertSku, listSkusForUpdate, type SkuRow, updateSku } from '../../db/catalogue/skus.ts'
import { moveStock } from '../../db/catalogue/stock.ts'
import type { Tx } from '../../db/client.ts'
import { totalOf } from '../../domain/catalogue/pricing.ts'
import type { PaymentMode } from '../../domain/catalogue/product.ts'
import { cheapestOf, SKU_MAX, type Specs, specsKey } from '../../domain/catalogue/sku.ts'
import { DomainError, type FieldError, InvalidInputError } from '../../domain/errors.ts'
import { decimalFromFen, type Fen, fenOf, type Money, moneyFromFen } from '../../domain/money.ts'
import { lengthOf } from '../../domain/text.ts'

export interface SkuView {
  readonly id: string
  readonly specs: Specs
  readonly point: number
  readonly price: Money
  readonly stock_quantity: number
  /** Null: the product's. */
  readonly image: string | null
}

/** A product without SKUs of its own is one, with the product's id, amounts and stock. */
export function skusOf(product: Product): SkuView[] {
  const own = { ...product, specs: {}, image: null }
  return (product.skus.length > 0 ? product.skus : [own]).map((sku) => ({
    id: sku.id,
    specs: sku.specs,
    point: sku.point,
    price: moneyFromFen(fenOf(sku.price_amount)),
    stock_quantity: sku.stock_quantity,
    image: sku.image,
  }))
}

export interface SkuFields {
  /** Undefined: a new one. */
  readonly id?: string | undefined
  readonly specs: Specs
  readonly point?: number | undefined
  readonly priceFen?: Fen | undefined
  /** Pieces of a new one. */
  readonly stock?: number | undefined
  /** Pieces to add to an existing one, or remove if negative. */
  readonly stockDelta?: number | undefined
  /** Undefined: as it is. */
  readonly image?: string | null | undefined
}

/** What the product shows: the amounts of its cheapest SKU. */
export interface SkuAmounts {
  readonly point: number
  readonly priceFen: Fen
}

const STOCK_MAX = 2_147_483_647

/**
 * Makes these the SKUs of the product: those with an id are changed, others added, missing ones deleted.
 * The product's row is locked, and its `sku_count` and amounts are the caller's to set.
 * @throws InvalidInputError; DomainError OUT_OF_STOCK if the stock of one would become negative
 */
export async function setSkus(
  tx: Tx,
  product: Pick<Product, 'id' | 'sku_count' | 'point' | 'price_amount' | 'stock_quantity'>,
  wanted: readonly SkuFields[],
  mode: PaymentMode,
  cause: { readonly operationKey: string; readonly operatorId: string },
): Promise<SkuAmounts> {
  const existing = product.sku_count > 0 ? await listSkusForUpdate(tx, product.id) : [ownSku(product)]
  const known = new Map(existing.map((sku) => [sku.id, sku]))
  const priced = wanted.map((sku) => amountsOf(sku, known.get(sku.id ?? ''), mode))
  const errors = [...specErrors(wanted), ...idErrors(wanted, known), ...amountErrors(priced, mode)]
  const total = wanted.reduce(
    (sum, { id, stock = 0, stockDelta = 0 }) =>
      sum + (id === undefined ? stock : (known.get(id)?.stock_quantity ?? 0) + stockDelta),
    0,
  )
  if (total > STOCK_MAX) errors.push({ field: 'skus', rule: 'max', bound: `${STOCK_MAX}` })
  if (errors.length > 0) throw new InvalidInputError(...errors)

  const move = async (skuId: string, delta: number, kind: 'initial' | 'adjusted', available: number) => {
    if (delta === 0) return
    const operationKey = `${cause.operationKey}/sku/${skuId}`
    const change = { skuId, delta, kind, operationKey, operatorId: cause.operatorId }
    if (await moveStock(tx, product.id, change)) return
    throw new DomainError({ code: 'OUT_OF_STOCK', required: `${-delta}`, available: `${available}` })
  }
  if (product.sku_count === 0) await storeOwnSku(tx, product)
  const kept = new Set(wanted.map(({ id }) => id))
  for (const { id, stock_quantity } of existing.filter((sku) => !kept.has(sku.id))) {
    await move(id, -stock_quantity, 'adjusted', stock_quantity)
    await updateSku(tx, id, { deleted_at: new Date() })
  }
  for (const [sort, sku] of wanted.entries()) {
    const { points = 0, fen = 0n } = priced[sort] ?? {}
    const columns = {
      specs: JSON.stringify(sku.specs),
      point: points,
      price_amount: decimalFromFen(fen),
      sort,
      ...(sku.image === undefined ? {} : { image: sku.image }),
    }
    if (sku.id === undefined) {
      const fresh = { image: null, ...columns, product_id: product.id, deleted_at: null }
      await move(await insertSku(tx, fresh), sku.stock ?? 0, 'initial', 0)
    } else {
      await updateSku(tx, sku.id, columns)
      await move(sku.id, sku.stockDelta ?? 0, 'adjusted', known.get(sku.id)?.stock_quantity ?? 0)
    }
  }
  const { points: point = 0, fen: priceFen = 0n } = cheapestOf(priced) ?? {}
  return { point, priceFen }
}

type Own = Pick<Product, 'id' | 'point' | 'price_amount' | 'stock_quantity'>

const ownSku = ({ id, point, price_amount, stock_quantity }: Own) => ({
  id,
  point,
  price_amount,
  stock_quantity,
})

/** Its orders and stock movements refer to it. Afterwards the product has rows. */
async function storeOwnSku(tx: Tx, product: Own): Promise<void> {
  const { id, point, price_amount, stock_quantity } = product
  await insertSku(tx, {
    id,
    product_id: id,
    specs: '{}',
    point,
    price_amount,
    stock_quantity,
    image: null,
    sort: 0,
    deleted_at: null,
  })
  await countSkus(tx, id, 1)
}

function amountsOf(
  { point, priceFen }: SkuFields,
  known: Pick<SkuRow, 'point' | 'price_amount'> | undefined,
  paymentMode: PaymentMode,
) {
  const fen = priceFen ?? (known ? fenOf(known.price_amount) : 0n)
  return totalOf({ paymentMode, points: point ?? known?.point ?? 0, fen }, 1)
}

function amountErrors(priced: readonly { points: number; fen: Fen }[], mode: PaymentMode): FieldError[] {
  return priced.flatMap(({ points, fen }, n) => [
    ...(mode !== 'money_only' && points <= 0
      ? [{ field: `skus.${n}.point`, rule: 'min' as const, bound: '1' }]
      : []),
    ...(mode !== 'points_only' && fen <= 0n
      ? [{ field: `skus.${n}.price.amount`, rule: 'min' as const, bound: '0.01' }]
      : []),
  ])
}

function idErrors(wanted: readonly SkuFields[], known: ReadonlyMap<string, unknown>): FieldError[] {
  return wanted.flatMap(({ id, stock, stockDelta }, n): FieldError[] => {
    const isRepeated = wanted.findIndex((other) => other.id === id) < n
    if (id === undefined) {
      return stockDelta === undefined ? [] : [{ field: `skus.${n}.stock_delta`, rule: 'unknown' }]
    }
    if (!known.has(id)) return [{ field: `skus.${n}.id`, rule: 'exists' }]
    if (isRepeated) return [{ field: `skus.${n}.id`, rule: 'taken' }]
    return stock === undefined ? [] : [{ field: `skus.${n}.stock_quantity`, rule: 'stock_delta_only' }]
  })
}

/** Several SKUs have the same names of specs, and different values. */
function specErrors(wanted: readonly SkuFields[]): FieldError[] {
  const names = (specs: Specs) => Object.keys(specs).toSorted().join('\n')
  const first = wanted[0] ? names(wanted[0].specs) : ''
  return wanted.flatMap(({ specs }, n): FieldError[] => {
    const field = `skus.${n}.specs`
    const entries = Object.entries(specs)
    if (entries.length === 0 && wanted.length > 1) return [{ field, rule: 'required' }]
    if (entries.length > SKU_MAX.specs) return [{ field, rule: 'max', bound: `${SKU_MAX.specs}` }]
    const tooLong = entries.some(
      ([name, value]) => lengthOf(name) > SKU_MAX.name || lengthOf(value) > SKU_MAX.value,
    )
    if (tooLong || names(specs) !== first) return [{ field, rule: 'invalid' }]
    const isRepeated = wanted.findIndex((other) => specsKey(other.specs) === specsKey(specs)) < n
    return isRepeated ? [{ field, rule: 'taken' }] : []
  })
}
