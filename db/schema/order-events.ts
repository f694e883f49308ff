import type { ColumnType } from 'kysely'
import type { OrderNote } from '../../domain/orders/notes.ts'
import type { OrderStatus } from '../../domain/orders/status.ts'
import type { Id, Stamp } from './columns.ts'

export type ActorType = 'customer' | 'operator' | 'system' | 'order_domain'

export interface OrderEventsTable {
  id: Id
  order_no: string
  event_key: string
  status: OrderStatus
  note: ColumnType<OrderNote | null, string | null | undefined, string | null>
  actor_type: ActorType
  actor_id: string | null
  created_at: Stamp
}
