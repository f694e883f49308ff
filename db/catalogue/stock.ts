import { sql } from 'kysely'
import type { Delivery } from '../../domain/catalogue/product.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Fen } from '../../domain/money.ts'
import { decimalFromFen } from '../../domain/money.ts'
import type { Db, Tx } from '../client.ts'
import { holdCodes, releaseCodes } from '../fulfilment/codes.ts'

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
  const { rows } = await sql`
    with taken as (
      update points_products set stock_quantity = ${rest}, status = ${statusForStock(rest)}
      where id = ${productId} and deleted_at is null and status = 'on_sale' and stock_quantity >= ${quantity}
        and point = ${quote.points} and price_amount = ${decimalFromFen(quote.fen)}
        and delivery is not distinct from ${quote.delivery}
      returning id)
    insert into stock_reservations (order_no, product_id, quantity, state)
    select ${orderNo}, id, ${quantity}::int, ${state} from taken
    returning order_no`.execute(tx)
  if (rows.length === 0) return false
  if (quote.delivery !== 'codes') return true
  const held = await holdCodes(tx, orderNo, productId, quantity)
  if (held === quantity) return true
  throw new DomainError({ code: 'OUT_OF_STOCK', required: `${quantity}`, available: `${held}` })
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

/**
 * Ends the reservation. Pieces return to the stock; of codes only those that nobody has seen. Repeatable.
 * @returns whether there was one
 */
export async function releaseStock(tx: Tx, orderNo: string): Promise<boolean> {
  const released = await tx
    .updateTable('stock_reservations')
    .set({ state: 'released', resolved_at: new Date() })
    .where('order_no', '=', orderNo)
    .where('state', '<>', 'released')
    .returning(['product_id', 'quantity'])
    .executeTakeFirst()
  if (!released) return false
  const freed = await releaseCodes(tx, orderNo)
  // The stock of a pool is its free codes, whatever the order is made of.
  const rest = sql`stock_quantity + case when delivery = 'codes' then ${freed ?? 0}::int
    else ${freed === undefined ? released.quantity : 0}::int end`
  await sql`update points_products set stock_quantity = ${rest}, status = ${statusForStock(rest)}
    where id = ${released.product_id}`.execute(tx)
  return true
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
