import { type Selectable, sql } from 'kysely'
import type { Delivery } from '../../domain/catalogue/product.ts'
import type { Specs } from '../../domain/catalogue/sku.ts'
import type { StockMovementKind } from '../../domain/catalogue/stock.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Fen } from '../../domain/money.ts'
import { decimalFromFen } from '../../domain/money.ts'
import type { Db, Tx } from '../client.ts'
import { holdCodes, releaseCodes } from '../fulfilment/codes.ts'
import type { StockMovementsTable } from '../schema/stock-movements.ts'

/** A product on sale is `sold_out` while its stock is 0. */
const statusForStock = (stock: ReturnType<typeof sql>) => sql<'on_sale'>`
  case when status in ('on_sale', 'sold_out') then case when ${stock} = 0 then 'sold_out' else 'on_sale' end
  else status end`

/** The price at the quote: the reservation fails if the product has changed since. */
export interface Quote {
  readonly points: number
  readonly fen: Fen
  readonly delivery: Delivery | null
}

/** What is reserved. A product without SKUs of its own is one, with the product's id. */
export interface Pieces {
  readonly productId: string
  readonly skuId: string
  readonly quantity: number
}

/**
 * One statement for a product that is its own SKU, so that the contended row is locked once. Call it last in its
 * transaction. Of a pool it sets the codes aside, too.
 * @returns false, without changes, when stock, status, price or delivery do not match
 * @throws DomainError OUT_OF_STOCK when codes of the stock have expired
 */
export async function reserveStock(
  tx: Tx,
  orderNo: string,
  { productId, skuId, quantity }: Pieces,
  quote: Quote,
  state: 'held' | 'committed' = 'held',
): Promise<boolean> {
  const sku = { productId, skuId, quantity }
  if (skuId === productId) {
    const matches = sql`status = 'on_sale' and sku_count = 0 and stock_quantity >= ${quantity}
      and delivery is not distinct from ${quote.delivery}
      and point = ${quote.points} and price_amount = ${decimalFromFen(quote.fen)}`
    if (await takePieces(tx, orderNo, sku, matches, state)) {
      return quote.delivery === 'codes' ? holdPieces(tx, orderNo, sku) : true
    }
  }
  // The product first, as everywhere: two orders of different SKUs would wait for each other.
  const { rows } = await sql`select from points_products
    where id = ${productId} and deleted_at is null and status = 'on_sale' and sku_count > 0
      and delivery is not distinct from ${quote.delivery} for no key update`.execute(tx)
  if (rows.length === 0) return false
  const taken = await tx
    .updateTable('product_skus')
    .set((eb) => ({ stock_quantity: eb('stock_quantity', '-', quantity) }))
    .where('id', '=', skuId)
    .where('product_id', '=', productId)
    .where('deleted_at', 'is', null)
    .where('stock_quantity', '>=', quantity)
    .where('point', '=', quote.points)
    .where('price_amount', '=', decimalFromFen(quote.fen))
    .executeTakeFirst()
  if (taken.numUpdatedRows === 0n) return false
  return takePieces(tx, orderNo, sku, sql`sku_count > 0`, state)
}

async function takePieces(
  tx: Tx,
  orderNo: string,
  { productId, skuId, quantity }: Pieces,
  matches: ReturnType<typeof sql>,
  state: 'held' | 'committed',
): Promise<boolean> {
  const rest = sql`stock_quantity - ${quantity}`
  const kind: StockMovementKind = state === 'held' ? 'reserved' : 'committed'
  const { rows } = await sql`
    with taken as (
      update points_products set stock_quantity = ${rest}, status = ${statusForStock(rest)}
      where id = ${productId} and deleted_at is null and ${matches}
      returning id),
    reserved as (
      insert into stock_reservations (order_no, product_id, sku_id, quantity, state)
      select ${orderNo}, id, ${skuId}::bigint, ${quantity}::int, ${state} from taken
      returning order_no, product_id, sku_id, quantity)
    insert into stock_movements (product_id, sku_id, delta, kind, order_no, operation_key)
    select product_id, sku_id, -quantity, ${kind}, order_no, ${`${orderNo}/${kind}`} from reserved
    returning order_no`.execute(tx)
  return rows.length === 1
}

/** @throws DomainError OUT_OF_STOCK: the transaction must be rolled back */
async function holdPieces(tx: Tx, orderNo: string, { productId, quantity }: Pieces): Promise<true> {
  const held = await holdCodes(tx, orderNo, productId, quantity)
  if (held === quantity) return true
  throw new DomainError({ code: 'OUT_OF_STOCK', required: `${quantity}`, available: `${held}` })
}

/** @returns false when the reservation was resolved before */
export async function commitStock(tx: Tx, orderNo: string): Promise<boolean> {
  const committed = await tx
    .updateTable('stock_reservations')
    .set({ state: 'committed', resolved_at: new Date() })
    .where('order_no', '=', orderNo)
    .where('state', '=', 'held')
    .returning(['product_id', 'sku_id'])
    .executeTakeFirst()
  if (!committed) return false
  await recordOfOrder(tx, orderNo, committed, 'committed', 0)
  return true
}

/**
 * Ends the reservation. Pieces return to the stock; of codes only those that nobody has seen. Repeatable.
 * @returns whether there was one
 */
export async function releaseStock(tx: Tx, orderNo: string): Promise<boolean> {
  const reservation = await tx
    .selectFrom('stock_reservations')
    .select(['product_id', 'sku_id', 'quantity', 'settled', 'state'])
    .where('order_no', '=', orderNo)
    .where('state', '<>', 'released')
    .forUpdate()
    .executeTakeFirst()
  if (!reservation) return false
  const { quantity, settled, state } = reservation
  await tx
    .updateTable('stock_reservations')
    .set({ state: 'released', resolved_at: new Date() })
    .where('order_no', '=', orderNo)
    .execute()
  // Nothing is left where after-sales have settled all pieces.
  const kind = state === 'held' ? 'released' : 'returned'
  const pieces = quantity - settled
  if (pieces > 0) await returnPieces(tx, orderNo, reservation, { kind, pieces, isSellable: true })
  return true
}

/** @returns false, and the transaction must be rolled back, when the stock would fall below zero */
async function changeStock(tx: Tx, productId: string, skuId: string, delta: number): Promise<boolean> {
  const { rows } = await sql<{ sku_count: number }>`
    select sku_count from points_products where id = ${productId} for no key update`.execute(tx)
  if (rows[0]?.sku_count) {
    const sku = await tx
      .updateTable('product_skus')
      .set((eb) => ({ stock_quantity: eb('stock_quantity', '+', delta) }))
      .where('id', '=', skuId)
      .where('product_id', '=', productId)
      .where((eb) => eb(eb('stock_quantity', '+', delta), '>=', 0))
      .returning('deleted_at')
      .executeTakeFirst()
    if (!sku) return false
    // Pieces of a deleted SKU cannot be redeemed.
    if (sku.deleted_at !== null) return true
  }
  const rest = sql`stock_quantity + ${delta}::int`
  const { numAffectedRows } = await sql`
    update points_products set stock_quantity = ${rest}, status = ${statusForStock(rest)}
    where id = ${productId} and ${rest} >= 0`.execute(tx)
  return numAffectedRows === 1n
}

async function recordOfOrder(
  tx: Tx,
  orderNo: string,
  { product_id, sku_id }: { readonly product_id: string; readonly sku_id: string | null },
  kind: StockMovementKind,
  delta: number,
  cause?: string,
): Promise<void> {
  await tx
    .insertInto('stock_movements')
    .values({
      product_id,
      sku_id,
      delta,
      kind,
      order_no: orderNo,
      operation_key: cause === undefined ? `${orderNo}/${kind}` : `${orderNo}/${kind}/${cause}`,
      operator_id: null,
    })
    .execute()
}

/**
 * Pieces of a paid order that an after-sale has decided on, under the order's lock; a later release leaves them out.
 * @param cause unique per after-sale @param isSellable whether they go back to the stock
 */
export async function settlePieces(
  tx: Tx,
  orderNo: string,
  pieces: number,
  isSellable: boolean,
  cause: string,
): Promise<void> {
  const reservation = await tx
    .updateTable('stock_reservations')
    .set({ settled: sql`settled + ${pieces}::int` })
    .where('order_no', '=', orderNo)
    .where('state', '=', 'committed')
    .returning(['product_id', 'sku_id'])
    .executeTakeFirstOrThrow()
  await returnPieces(tx, orderNo, reservation, { kind: 'returned', pieces, isSellable, cause })
}

interface Returned {
  readonly kind: 'released' | 'returned'
  readonly pieces: number
  readonly isSellable: boolean
  /** Unique per order and kind. */
  readonly cause?: string
}

/** The order has none of the pieces any more; those that nobody can redeem leave the stock again. */
async function returnPieces(
  tx: Tx,
  orderNo: string,
  reservation: { readonly product_id: string; readonly sku_id: string | null },
  { kind, pieces, isSellable, cause }: Returned,
): Promise<void> {
  const { product_id: productId, sku_id: skuId } = reservation
  const { delivery } = await tx
    .selectFrom('points_products')
    .select('delivery')
    .where('id', '=', productId)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow()
  const freed = await releaseCodes(tx, orderNo, cause === undefined ? undefined : pieces)
  // The stock of a pool is its free codes, whatever the order is made of.
  const sellable = delivery === 'codes' ? (freed ?? 0) : freed === undefined ? pieces : 0
  const back = isSellable ? sellable : 0
  await recordOfOrder(tx, orderNo, reservation, kind, pieces, cause)
  if (back < pieces) {
    const key = cause === undefined ? `${orderNo}/void` : `${orderNo}/void/${cause}`
    const lost = { delta: back - pieces, kind: 'adjusted' as const, operation_key: key }
    await tx
      .insertInto('stock_movements')
      .values({ product_id: productId, sku_id: skuId, ...lost, order_no: null, operator_id: null })
      .execute()
  }
  await changeStock(tx, productId, skuId ?? productId, back)
}

/** Undoes a reservation of unknown outcome, or leaves a tombstone that makes a late `reserveStock` fail. */
export async function voidReservation(
  tx: Tx,
  orderNo: string,
  { productId, skuId, quantity }: Pieces,
): Promise<void> {
  if (await releaseStock(tx, orderNo)) return
  await tx
    .insertInto('stock_reservations')
    .values({
      order_no: orderNo,
      product_id: productId,
      sku_id: skuId,
      quantity,
      state: 'released',
      resolved_at: new Date(),
    })
    .onConflict((conflict) => conflict.column('order_no').doNothing())
    .execute()
}

export async function findReservation(db: Db, orderNo: string) {
  return db
    .selectFrom('stock_reservations')
    .select(['product_id', 'quantity', 'state'])
    .where('order_no', '=', orderNo)
    .executeTakeFirst()
}

export interface StockChange {
  /** Of a product that has several. */
  readonly skuId?: string
  readonly kind: 'initial' | 'adjusted'
  readonly delta: number
  readonly operationKey: string
  readonly operatorId: string | null
}

/** Changes the stock by a difference. Repeatable. @returns false when the stock would fall below zero */
export async function moveStock(
  tx: Tx,
  productId: string,
  { kind, delta, operationKey, operatorId, skuId = productId }: StockChange,
): Promise<boolean> {
  const fresh = await tx
    .insertInto('stock_movements')
    .values({
      product_id: productId,
      sku_id: skuId,
      delta,
      kind,
      order_no: null,
      operation_key: operationKey,
      operator_id: operatorId,
    })
    .onConflict((conflict) => conflict.column('operation_key').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!fresh) return true
  return changeStock(tx, productId, skuId, delta)
}

/** @returns the id of the product's newest movement, `0` where there is none */
export async function lastMovement(tx: Tx, productId: string): Promise<string> {
  const newest = await tx
    .selectFrom('stock_movements')
    .select('id')
    .where('product_id', '=', productId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return newest?.id ?? '0'
}

/** @param since a movement's id @returns pieces that the mall itself has added after it, less those it has removed */
export async function movedByHand(tx: Tx, productId: string, since: string): Promise<number> {
  const { rows } = await sql<{ pieces: number }>`
    select coalesce(sum(delta), 0)::int as pieces from stock_movements
    where product_id = ${productId} and id > ${since} and kind in ('initial', 'adjusted')
      and operation_key not like 'external/%' and operation_key not like '%/void%'`.execute(tx)
  return rows[0]?.pieces ?? 0
}

export type StockMovement = Omit<Selectable<StockMovementsTable>, 'operation_key'> & {
  /** Null: the product is its own SKU. */
  readonly specs: Specs | null
  /** Pieces of the SKU after it. */
  readonly rest: number
}

/** The newest ones are listed and counted. */
const MOVEMENTS_MAX = 3_000

/** Newest first, of a product that is not deleted; without one there are none. */
export async function listStockMovements(
  db: Db,
  productId: string,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<{ movements: StockMovement[]; total: number }> {
  const { rows } = await sql<Omit<StockMovement, 'rest'> & { rest: string; total: string }>`
    select m.*, s.specs,
      coalesce(s.stock_quantity, p.stock_quantity) + m.delta - sum(m.delta) over (partition by m.sku_id order by m.id desc)
        as rest,
      count(*) over () as total
    from points_products p cross join lateral (
      select id, product_id, coalesce(sku_id, product_id) as sku_id, delta, kind, order_no, operator_id, created_at
      from stock_movements
      where product_id = p.id order by id desc limit ${MOVEMENTS_MAX}) m
    left join product_skus s on s.id = m.sku_id and s.product_id = p.id
    where p.id = ${productId} and p.deleted_at is null
    order by m.id desc limit ${limit} offset ${offset}`.execute(db)
  const movements = rows.map(({ total: _total, rest, ...row }) => ({ ...row, rest: Number(rest) }))
  return { movements, total: Number(rows[0]?.total ?? 0) }
}
