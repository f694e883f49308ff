import type { Db } from '../client.ts'

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
    .select(['quantity', 'settled', 'state', 'created_at', 'resolved_at'])
    .where('order_no', '=', orderNo)
    .executeTakeFirst()
}

/** Without the notices' content. */
export async function listOrderNotices(db: Db, orderNo: string) {
  return db
    .selectFrom('webhook_inbox')
    .select(['source', 'event_id', 'kind', 'received_at', 'delivered_at', 'outcome', 'deliveries'])
    .where('order_no', '=', orderNo)
    .orderBy('id')
    .execute()
}

export async function findShippingType(db: Db, orderNo: string) {
  const row = await db
    .selectFrom('points_exchange_orders')
    .select('shipping_type')
    .where('order_no', '=', orderNo)
    .executeTakeFirst()
  return row?.shipping_type
}
