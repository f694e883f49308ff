import {
  askRefresh,
  type ExternalProduct,
  findExternalProduct,
  listTroubled,
  noteRefreshed,
  noteUnread,
  type TroubledProduct,
  takeDueProducts,
} from '../../db/catalogue/external-products.ts'
import { findProductForUpdate, type Product, updateProduct } from '../../db/catalogue/products.ts'
import { lastMovement, movedByHand, moveStock } from '../../db/catalogue/stock.ts'
import type { Db, Tx } from '../../db/client.ts'
import { allotment, type ExternalProblem } from '../../domain/catalogue/external.ts'
import { imageAddress } from '../../domain/catalogue/image.ts'
import { PRODUCT_MAX } from '../../domain/catalogue/product.ts'
import { DomainError } from '../../domain/errors.ts'
import { decimalFromFen, fenFromDecimal, fenOf } from '../../domain/money.ts'
import { lengthOf, plainText } from '../../domain/text.ts'
import { PRODUCTS_MAX, type ProductSource, type ShopProduct, UNREADABLE } from '../../partners/port.ts'
import { searchVector } from './search-index.ts'

export interface RefreshDeps {
  readonly db: Db
  readonly productSource: ProductSource
  readonly imageHosts: readonly string[]
  readonly refreshMs: number
}

/** Batches of one round. */
const BATCHES = 20
/** Longer than a request with its time-out. */
const LEASE_MS = 30_000

/**
 * Reads the linked products that are due, many in one request, and takes over what has changed.
 * @param onError called per batch or product; the others continue @returns how many were refreshed
 */
export async function refreshProducts(
  deps: RefreshDeps,
  onError: (products: readonly string[], error: unknown) => void,
): Promise<number> {
  let refreshed = 0
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const due = await takeDueProducts(deps.db, PRODUCTS_MAX, LEASE_MS)
    if (due.length > 0) refreshed += await refreshBatch(deps, due, onError)
    if (due.length < PRODUCTS_MAX) break
  }
  return refreshed
}

async function refreshBatch(
  { db, productSource, imageHosts, refreshMs }: RefreshDeps,
  due: readonly ExternalProduct[],
  onError: (products: readonly string[], error: unknown) => void,
): Promise<number> {
  const failed = async (rows: readonly ExternalProduct[], error: unknown) => {
    const ids = rows.map(({ product_id }) => product_id)
    onError(ids, error)
    const tries = Math.max(...rows.map((row) => row.tries))
    const pauseMs = Math.min(refreshMs, 1_000 * 2 ** Math.min(tries, 20))
    const said = error instanceof Error ? error.message : String(error)
    await noteUnread(db, rows, said.slice(0, 500), new Date(Date.now() + pauseMs))
  }
  const asked = due.map(({ external_id, allotted, short }) => ({
    id: external_id,
    applied: allotted === null ? null : allotted + short,
  }))
  let found: Awaited<ReturnType<ProductSource['read']>>
  try {
    found = await productSource.read(asked)
  } catch (error) {
    await failed(due, error)
    return 0
  }
  let refreshed = 0
  for (const row of due) {
    try {
      await apply(db, row, found.get(row.external_id), imageHosts, new Date(Date.now() + refreshMs))
      refreshed += 1
    } catch (error) {
      await failed([row], error)
    }
  }
  return refreshed
}

async function apply(
  db: Db,
  read: ExternalProduct,
  found: ShopProduct | typeof UNREADABLE | undefined,
  imageHosts: readonly string[],
  nextAt: Date,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const product = await findProductForUpdate(tx, read.product_id)
    const row = await findExternalProduct(tx, read.product_id)
    // Linked to another one since, or refreshed by another worker: what was read is not about it.
    if (!product || !row || row.external_id !== read.external_id || row.changes !== read.changes) return
    const kept = { ...countedOf(row), nextAt }
    if (found === undefined) {
      const is_paused = await pause(tx, product, row)
      await noteRefreshed(tx, product.id, { ...kept, state: 'gone', is_paused, problems: [] })
      return
    }
    if (found === UNREADABLE) {
      const { is_paused } = row
      await noteRefreshed(tx, product.id, { ...kept, state: 'current', is_paused, problems: [UNREADABLE] })
      return
    }
    const { columns, problems } = takenOver(product, found, imageHosts)
    if (Object.keys(columns).length > 0) await updateProduct(tx, product.id, columns)
    const { isTaken, ...counted } = await takeStock(tx, product, row, found.allotted)
    if (!isTaken) problems.push('stock_not_taken')
    // Pieces that come back while some are short are the shop's.
    const isOpen = found.isOnSale && (counted.short === 0 || counted.own_since !== null)
    const is_paused = isOpen ? await resume(tx, product, row) : await pause(tx, product, row)
    await noteRefreshed(tx, product.id, { ...counted, state: 'current', is_paused, problems, nextAt })
  })
}

/** The columns that differ, and what cannot be taken over. */
function takenOver(product: Product, found: ShopProduct, imageHosts: readonly string[]) {
  const problems: ExternalProblem[] = []
  const columns: {
    title?: string
    search_terms?: string
    image?: string
    original_price_amount?: string | null
  } = {}
  const title = plainText(found.title).replaceAll(/\s+/g, ' ').trim()
  if (title === '' || lengthOf(title) > PRODUCT_MAX.title) problems.push('title_unusable')
  else if (title !== product.title) {
    columns.title = title
    columns.search_terms = searchVector(title, product.description)
  }
  const image = found.image === null ? undefined : imageAddress(found.image, imageHosts)
  const isImageShort = image !== undefined && image.length <= PRODUCT_MAX.image
  if (found.image !== null && !isImageShort) problems.push('image_refused')
  else if (image !== undefined && image !== product.image) columns.image = image
  const fen = found.price === null ? undefined : fenFromDecimal(found.price)
  const isBelow = fen !== undefined && fen < fenOf(product.price_amount)
  if (isBelow) problems.push('price_below')
  const usual = fen === undefined || isBelow ? null : decimalFromFen(fen)
  if (usual !== product.original_price_amount) columns.original_price_amount = usual
  return { columns, problems }
}

type Counted = Pick<ExternalProduct, 'allotted' | 'short' | 'own_since'>

const countedOf = ({ allotted, short, own_since }: Counted): Counted => ({ allotted, short, own_since })

/** Under the product's lock. @param given null: the shop gives none, takes back what it gave, and the stock is the mall's */
async function takeStock(
  tx: Tx,
  product: Product,
  row: ExternalProduct,
  given: number | null,
): Promise<Counted & { readonly isTaken: boolean }> {
  const kept = { ...countedOf(row), isTaken: true }
  const wasOwn = row.allotted === null || row.own_since !== null
  if (given === null && wasOwn) return kept
  const own = async () => row.own_since ?? (await lastMovement(tx, product.id))
  if (product.sku_count > 0 || product.delivery === 'codes') {
    return { ...kept, own_since: row.allotted === null ? null : await own(), isTaken: false }
  }
  const now = given ?? 0
  // Pieces that the mall added meanwhile leave the stock, as at the first link; the shop's were sold first.
  const byHand = row.own_since === null ? 0 : await movedByHand(tx, product.id, row.own_since)
  const { stock_quantity: stock } = product
  const before = { stock: byHand > 0 ? Math.max(0, stock - byHand) : stock, short: row.short }
  const after = allotment(before, row.allotted, now)
  if (after.stock !== stock) {
    const moved = await moveStock(tx, product.id, {
      kind: 'adjusted',
      delta: after.stock - stock,
      operationKey: `external/${product.id}/${row.changes + 1}`,
      operatorId: null,
    })
    if (!moved) throw new Error(`the stock of ${product.id} would fall below zero`)
  }
  const own_since = given === null ? await lastMovement(tx, product.id) : null
  return { allotted: now, short: after.short, own_since, isTaken: true }
}

const isShown = ({ status }: Product) => status === 'on_sale' || status === 'sold_out'

/** @returns whether it is off sale because of the shop */
async function pause(tx: Tx, product: Product, row: ExternalProduct): Promise<boolean> {
  if (!isShown(product)) return row.is_paused
  await updateProduct(tx, product.id, { status: 'off_sale' })
  return true
}

async function resume(tx: Tx, product: Product, row: ExternalProduct): Promise<false> {
  if (!row.is_paused || product.status !== 'off_sale') return false
  const { stock_quantity } = (await findProductForUpdate(tx, product.id)) ?? product
  await updateProduct(tx, product.id, { status: stock_quantity > 0 ? 'on_sale' : 'sold_out' })
  return false
}

/** What was last read of a linked product, for operators. */
export interface ExternalProductView {
  readonly externalId: string
  readonly state: ExternalProduct['state']
  readonly allotted: number | null
  readonly short: number
  readonly problems: readonly ExternalProblem[]
  readonly isPaused: boolean
  readonly failure: string | null
  readonly refreshedAt: string | null
}

/** @returns undefined where the product is not linked */
export async function readExternalProduct(db: Db, id: string): Promise<ExternalProductView | undefined> {
  const row = await findExternalProduct(db, id)
  if (!row) return undefined
  return {
    externalId: row.external_id,
    state: row.state,
    allotted: row.own_since === null ? row.allotted : null,
    short: row.own_since === null ? row.short : 0,
    problems: row.problems as ExternalProblem[],
    isPaused: row.is_paused,
    failure: row.failure,
    refreshedAt: row.refreshed_at?.toISOString() ?? null,
  }
}

/** The worker reads it within seconds. @throws DomainError NOT_FOUND where the product is not linked */
export async function askProductRefresh(db: Db, id: string): Promise<void> {
  if (!(await askRefresh(db, id))) throw new DomainError({ code: 'NOT_FOUND' })
}

const TROUBLED_MAX = 20

export type { TroubledProduct }
/** Linked products that an operator should look at; the first ones. */
export const readTroubled = (db: Db): Promise<TroubledProduct[]> => listTroubled(db, TROUBLED_MAX)
