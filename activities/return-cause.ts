import type { Db } from '../db/client.ts'
import type { Actor } from '../db/orders/orders.ts'
import type { OrderNote } from '../domain/orders/notes.ts'
import { PAID_STATUSES } from '../domain/orders/status.ts'
import type { ReturnCause } from '../domain/wallet/wallet.ts'

/** Before payment, a cancel by the owner or a missed payment deadline is the owner's doing. */
export function causeOfReturn(wasPaid: boolean, by: Actor['type'], note: OrderNote | null): ReturnCause {
  if (wasPaid) return 'mall'
  const isTimeout = note?.code === 'canceled' && note.data.cause === 'payment_timeout'
  return by === 'customer' || isTimeout ? 'owner' : 'mall'
}

export async function findCauseOfReturn(db: Db, orderNo: string): Promise<ReturnCause> {
  const events = await db
    .selectFrom('order_events')
    .select(['event_key', 'actor_type', 'note'])
    .where('order_no', '=', orderNo)
    .where('event_key', 'in', [...PAID_STATUSES, 'order_canceled'])
    .execute()
  const canceled = events.find(({ event_key }) => event_key === 'order_canceled')
  return canceled ? causeOfReturn(events.length > 1, canceled.actor_type, canceled.note) : 'mall'
}
