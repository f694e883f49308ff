import type { ColumnType, Generated } from 'kysely'
import type { MessageSender } from '../../domain/orders/messages.ts'
import type { Id, Stamp } from './columns.ts'

export interface OrderMessagesTable {
  id: Id
  order_no: string
  sender: MessageSender
  /** The customer, or the operator who wrote for the shop. */
  actor_id: string
  said: Buffer
  operation_key: string
  created_at: Stamp
}

export interface OrderConversationsTable {
  order_no: string
  messages: Generated<number>
  last_message_id: ColumnType<string, string | undefined, string>
  /** Messages of the customer since the shop wrote last. */
  unanswered: Generated<number>
  unanswered_since: Date | null
  unread_by_customer: Generated<number>
  unread_by_shop: Generated<number>
}
