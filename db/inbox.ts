import { type Selectable, sql } from 'kysely'
import type { Db, Tx } from './client.ts'
import type { WebhookInboxTable } from './schema.ts'

/** Verified notifications, kept before they are answered and signalled, each event once. */
export type InboxEvent = Selectable<WebhookInboxTable>

/**
 * @param event what the workflow is told: ids and numbers only
 * @returns the kept event, and whether it is new
 */
export async function keepEvent(
  db: Db,
  source: string,
  eventId: string,
  kind: string,
  orderNo: string | null,
  event: Record<string, unknown>,
): Promise<{ event: InboxEvent; fresh: boolean }> {
  const fresh = await db
    .insertInto('webhook_inbox')
    .values({
      source,
      event_id: eventId,
      kind,
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

/** Claims events that wait for delivery; a claim lapses after 10 s, so a crash loses none. */
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

export async function markDelivered(db: Db | Tx, id: string, outcome: string): Promise<void> {
  await db
    .updateTable('webhook_inbox')
    .set({ delivered_at: new Date(), outcome })
    .where('id', '=', id)
    .execute()
}
