import type { ColumnType, Generated } from 'kysely'
import type { KeptNotice, NoticeKind, NoticeOutcome } from '../../domain/messaging/notices.ts'
import type { Id, Stamp } from './columns.ts'

export interface WebhookInboxTable {
  id: Id
  source: string
  event_id: string
  kind: NoticeKind
  order_no: string | null
  event: ColumnType<KeptNotice, string, never>
  received_at: Stamp
  delivered_at: Date | null
  outcome: NoticeOutcome | null
  deliveries: Generated<number>
  next_delivery_at: Stamp
  /** When the reported money was booked; null: not yet, or it reports none. */
  booked_at: ColumnType<Date | null, undefined, Date>
  /** When another delivery was last requested; null: never. */
  told_again_at: ColumnType<Date | null, undefined, Date>
}
