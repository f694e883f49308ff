import { type Selectable, sql } from 'kysely'
import type { Delivery } from '../../domain/catalogue/product.ts'
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

/**
 * One statement, so that the contended row is locked once. Call it last in its transaction. Of a pool it sets the codes
 * aside, too.
 * @returns false when stock, status, price or delivery do not match
 * @throws DomainError OUT_OF_STOCK when codes of the stock have expired
 */
export async function reserveStock(
  tx: Tx,
  orderNo: string,
  productId: string,
  quantity: number,
  quote: Quote,
  state: 'held' | 'committed' = 'held',
): Promise<boolean> {
  const rest = sql`stock_quantity - ${quantity}`
  const kind: StockMovementKind = state === 'held' ? 'reserved' : 'committed'
  const { rows } = await sql`
    with taken as (
      update points_products set stock_quantity = ${rest}, status = ${statusForStock(rest)}
      where id = ${productId} and deleted_at is null and status = 'on_sale' and stock_quantity >= ${quantity}
        and point = ${quote.points} and price_amount = ${decimalFromFen(quote.fen)}
        and delivery is not distinct from ${quote.delivery}
      returning id),
    reserved as (
      insert into stock_reservations (order_no, product_id, quantity, state)
      select ${orderNo}, id, ${quantity}::int, ${state} from taken
      returning order_no, product_id, quantity)
    insert into stock_movements (product_id, delta, kind, order_no, operation_key)
    select product_id, -quantity, ${kind}, order_no, ${`${orderNo}/${kind}`} from reserved
    returning order_no`.execute(tx)
  if (rows.length === 0) return false
  if (quote.delivery !== 'codes') return true
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
    .returning('product_id')
    .executeTakeFirst()
  if (!committed) return false
  await recordOfOrder(tx, orderNo, committed.product_id, 'committed', 0)
  return true
}

/**
 * Ends the reservation. Pieces return to the stock; of codes only those that nobody has seen. Repeatable.
 * @returns whether there was one
 */
export async function releaseStock(tx: Tx, orderNo: string): Promise<boolean> {
  const reservation = await tx
    .selectFrom('stock_reservations')
    .select(['product_id', 'quantity', 'state'])
    .where('order_no', '=', orderNo)
    .where('state', '<>', 'released')
    .forUpdate()
    .executeTakeFirst()
  if (!reservation) return false
  const { product_id: productId, quantity, state } = reservation
  await tx
    .updateTable('stock_reservations')
    .set({ state: 'released', resolved_at: new Date() })
    .where('order_no', '=', orderNo)
    .execute()
  const { delivery } = await tx
    .selectFrom('points_products')
    .select('delivery')
    .where('id', '=', productId)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow()
  const freed = await releaseCodes(tx, orderNo)
  // The stock of a pool is its free codes, whatever the order is made of.
  const back = delivery === 'codes' ? (freed ?? 0) : freed === undefined ? quantity : 0
  await recordOfOrder(tx, orderNo, productId, state === 'held' ? 'released' : 'returned', quantity)
  if (back < quantity) {
    const lost = { delta: back - quantity, kind: 'adjusted' as const, operation_key: `${orderNo}/void` }
    await tx
      .insertInto('stock_movements')
      .values({ product_id: productId, ...lost, order_no: null, operator_id: null })
      .execute()
  }
  const rest = sql`stock_quantity + ${back}::int`
  await sql`update points_products set stock_quantity = ${rest}, status = ${statusForStock(rest)}
    where id = ${productId}`.execute(tx)
  return true
}

async function recordOfOrder(
  tx: Tx,
  orderNo: string,
  productId: string,
  kind: StockMovementKind,
  delta: number,
): Promise<void> {
  await tx
    .insertInto('stock_movements')
    .values({
      product_id: productId,
      delta,
      kind,
      order_no: orderNo,
      operation_key: `${orderNo}/${kind}`,
      operator_id: null,
    })
    .execute()
}

/** Undoes a reservation of unknown outcome, or leaves a tombstone that makes a late `reserveStock` fail. */
export async function voidReservation(
  tx: Tx,
  orderNo: string,
  productId: string,
  quantity: number,
): Promise<void> {
  if (await releaseStock(tx, orderNo)) return
  await tx
    .insertInto('stock_reservations')
    .values({
      order_no: orderNo,
      product_id: productId,
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
  readonly kind: 'initial' | 'adjusted'
  readonly delta: number
  readonly operationKey: string
  readonly operatorId: string | null
}

/** Changes the stock by a difference. Repeatable. @returns false when the stock would fall below zero */
export async function moveStock(
  tx: Tx,
  productId: string,
  { kind, delta, operationKey, operatorId }: StockChange,
): Promise<boolean> {
  const fresh = await tx
    .insertInto('stock_movements')
    .values({
      product_id: productId,
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
  const rest = sql`stock_quantity + ${delta}::int`
  const { numAffectedRows } = await sql`
    update points_products set stock_quantity = ${rest}, status = ${statusForStock(rest)}, updated_at = now()
    where id = ${productId} and ${rest} >= 0`.execute(tx)
  return numAffectedRows === 1n
}

export type StockMovement = Omit<Selectable<StockMovementsTable>, 'operation_key'> & {
  /** Pieces after it. */
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
    select m.*, p.stock_quantity + m.delta - sum(m.delta) over (order by m.id desc) as rest, count(*) over () as total
    from points_products p cross join lateral (
      select id, product_id, delta, kind, order_no, operator_id, created_at from stock_movements
      where product_id = p.id order by id desc limit ${MOVEMENTS_MAX}) m
    where p.id = ${productId} and p.deleted_at is null
    order by m.id desc limit ${limit} offset ${offset}`.execute(db)
  const movements = rows.map(({ id, product_id, delta, kind, order_no, operator_id, created_at, rest }) => ({
    id,
    product_id,
    delta,
    kind,
    order_no,
    operator_id,
    created_at,
    rest: Number(rest),
  }))
  return { movements, total: Number(rows[0]?.total ?? 0) }
}
