import { type Selectable, sql } from 'kysely'
import type { KeptNotice, NoticeOutcome } from '../../domain/messaging/notices.ts'
import { orderNoOf } from '../../domain/orders/number.ts'
import type { Db, Tx } from '../client.ts'
import type { WebhookInboxTable } from '../schema/webhook-inbox.ts'

/** Verified notifications, stored once before they are acknowledged and delivered. */
export type InboxEvent = Selectable<WebhookInboxTable>

/** @param event ids and numbers only */
export async function keepEvent(
  db: Db,
  source: string,
  eventId: string,
  orderNo: string | null,
  event: KeptNotice,
): Promise<{ event: InboxEvent; fresh: boolean }> {
  const fresh = await db
    .insertInto('webhook_inbox')
    .values({
      source,
      event_id: eventId,
      kind: event.kind,
      order_no: orderNo,
      event: JSON.stringify(event),
      delivered_at: null,
      outcome: null,
    })
    .onConflict((conflict) => conflict.columns(['source', 'event_id']).doNothing())
    .returningAll()
    .executeTakeFirst()
  if (fresh) return { event: fresh, fresh: true }
  const known = await db
    .selectFrom('webhook_inbox')
    .selectAll()
    .where('source', '=', source)
    .where('event_id', '=', eventId)
    .executeTakeFirstOrThrow()
  return { event: known, fresh: false }
}

/** A claim expires after 10 s, so a crash loses none. */
export async function claimUndelivered(db: Db, limit: number): Promise<InboxEvent[]> {
  const { rows } = await sql<InboxEvent>`
    update webhook_inbox set deliveries = deliveries + 1,
      next_delivery_at = now() + make_interval(secs => least(300, 10 * power(2, least(deliveries, 5))))
    where id in (
      select id from webhook_inbox where delivered_at is null and next_delivery_at <= now()
      order by next_delivery_at limit ${limit} for update skip locked)
    returning *`.execute(db)
  return rows
}

export async function markDelivered(db: Db | Tx, id: string, outcome: NoticeOutcome): Promise<void> {
  await db
    .updateTable('webhook_inbox')
    .set({ delivered_at: new Date(), outcome })
    .where('id', '=', id)
    .execute()
}

/** Redelivers an order's events to the successor of a lost workflow. */
export async function undeliverEvents(db: Db, orderNo: string): Promise<void> {
  await db
    .updateTable('webhook_inbox')
    .set({ delivered_at: null, next_delivery_at: new Date(), outcome: null, told_again_at: new Date() })
    .where('order_no', '=', orderNo)
    .where('delivered_at', 'is not', null)
    .execute()
}

export async function markBooked(db: Db | Tx, outTradeNo: string): Promise<void> {
  await db
    .updateTable('webhook_inbox')
    .set({ booked_at: new Date() })
    .where('order_no', '=', orderNoOf(outTradeNo) ?? '')
    .where('kind', '=', 'paid')
    .where(sql`event ->> 'outTradeNo'`, '=', outTradeNo)
    .where('booked_at', 'is', null)
    .execute()
}

/** Redelivers payment notices whose money is not booked, since their receiver may be gone. */
export async function undeliverUnbooked(db: Db): Promise<void> {
  await sql`
    update webhook_inbox set delivered_at = null, next_delivery_at = now(), outcome = null, told_again_at = now()
    where kind = 'paid' and source <> 'orders' and order_no is not null and booked_at is null
      and delivered_at < now() - make_interval(secs => least(3600, 15 * power(2, least(deliveries, 8))))`.execute(
    db,
  )
}

/** Temporal may have forgotten recent events after a power failure. */
export async function undeliverOrderEvents(db: Db, since: Date): Promise<void> {
  await sql`
    update webhook_inbox i set delivered_at = null, next_delivery_at = now(), outcome = null, told_again_at = now()
    from points_exchange_orders o
    where i.source = 'orders' and i.delivered_at >= ${since} and o.order_no = i.order_no
      and o.status not in ('order_finished', 'order_canceled')`.execute(db)
}

/** Delivers it at the next sweep. @returns false where it is delivered already */
export async function hastenDelivery(db: Db, id: string): Promise<boolean> {
  const result = await db
    .updateTable('webhook_inbox')
    .set({ next_delivery_at: new Date() })
    .where('id', '=', id)
    .where('delivered_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}
