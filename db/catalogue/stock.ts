import { sql } from 'kysely'
import type { Fen } from '../../domain/money.ts'
import { decimalFromFen } from '../../domain/money.ts'
import type { Db, Tx } from '../client.ts'

/** A product on sale is `sold_out` while its stock is 0. */
const statusForStock = (stock: ReturnType<typeof sql>) => sql<'on_sale'>`
  case when status in ('on_sale', 'sold_out') then case when ${stock} = 0 then 'sold_out' else 'on_sale' end
  else status end`

/** The price at the quote: the reservation fails if the product has changed since. */
export interface Quote {
  readonly points: number
  readonly fen: Fen
}

/**
 * One statement, so that the contended row is locked once. Call it last in its transaction.
 * @returns false when stock, status or price do not match
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
  const { rows } = await sql`
    with taken as (
      update points_products set stock_quantity = ${rest}, status = ${statusForStock(rest)}
      where id = ${productId} and deleted_at is null and status = 'on_sale' and stock_quantity >= ${quantity}
        and point = ${quote.points} and price_amount = ${decimalFromFen(quote.fen)}
      returning id)
    insert into stock_reservations (order_no, product_id, quantity, state)
    select ${orderNo}, id, ${quantity}::int, ${state} from taken
    returning order_no`.execute(tx)
  return rows.length === 1
}

/** @returns false when the reservation was resolved before */
export async function commitStock(tx: Tx, orderNo: string): Promise<boolean> {
  const result = await tx
    .updateTable('stock_reservations')
    .set({ state: 'committed', resolved_at: new Date() })
    .where('order_no', '=', orderNo)
    .where('state', '=', 'held')
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** Returns reserved or sold pieces to the stock. Repeatable. @returns whether any were returned */
export async function releaseStock(tx: Tx, orderNo: string): Promise<boolean> {
  const released = await tx
    .updateTable('stock_reservations')
    .set({ state: 'released', resolved_at: new Date() })
    .where('order_no', '=', orderNo)
    .where('state', '<>', 'released')
    .returning(['product_id', sql<number>`quantity - settled`.as('quantity')])
    .executeTakeFirst()
  if (!released) return false
  const rest = sql`stock_quantity + ${released.quantity}`
  await sql`update points_products set stock_quantity = ${rest}, status = ${statusForStock(rest)}
    where id = ${released.product_id}`.execute(tx)
  return true
}

/**
 * Pieces of a paid order that an after-sale has decided on, under the order's lock; a later release leaves them out.
 * @param isSellable whether they go back to the stock
 */
export async function settlePieces(
  tx: Tx,
  orderNo: string,
  pieces: number,
  isSellable: boolean,
): Promise<void> {
  const { product_id } = await tx
    .updateTable('stock_reservations')
    .set({ settled: sql`settled + ${pieces}::int` })
    .where('order_no', '=', orderNo)
    .where('state', '=', 'committed')
    .returning('product_id')
    .executeTakeFirstOrThrow()
  if (!isSellable) return
  const rest = sql`stock_quantity + ${pieces}::int`
  await sql`update points_products set stock_quantity = ${rest}, status = ${statusForStock(rest)}
    where id = ${product_id}`.execute(tx)
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

/** Changes the stock by a difference. Repeatable. @returns false when the stock would fall below zero */
export async function moveStock(
  tx: Tx,
  productId: string,
  delta: number,
  operationKey: string,
  operatorId: string | null,
): Promise<boolean> {
  const fresh = await tx
    .insertInto('stock_movements')
    .values({ product_id: productId, delta, operation_key: operationKey, operator_id: operatorId })
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
