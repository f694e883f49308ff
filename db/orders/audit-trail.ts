import type { Db } from '../client.ts'

/** What the books of one order hold beside the order itself, in the order in which it came about. */

export async function listOrderEvents(db: Db, orderNo: string) {
  return db
    .selectFrom('order_events')
    .select(['status', 'note', 'actor_type', 'actor_id', 'created_at'])
    .where('order_no', '=', orderNo)
    .orderBy('id')
    .execute()
}

export async function findOrderReservation(db: Db, orderNo: string) {
  return db
    .selectFrom('stock_reservations')
    .select(['quantity', 'state', 'created_at', 'resolved_at'])
    .where('order_no', '=', orderNo)
    .executeTakeFirst()
}

/** Notifications of providers and of the order domain; what was in them stays out. */
export async function listOrderNotices(db: Db, orderNo: string) {
  return db
    .selectFrom('webhook_inbox')
    .select(['source', 'event_id', 'kind', 'received_at', 'delivered_at', 'outcome', 'deliveries'])
    .where('order_no', '=', orderNo)
    .orderBy('id')
    .execute()
}

/** How the goods are handed over; undefined before the order stands. */
export async function findShippingType(db: Db, orderNo: string) {
  const row = await db
    .selectFrom('points_exchange_orders')
    .select('shipping_type')
    .where('order_no', '=', orderNo)
    .executeTakeFirst()
  return row?.shipping_type
}
