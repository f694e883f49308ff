import { type Selectable, sql } from 'kysely'
import type { MessageSender } from '../../domain/orders/messages.ts'
import type { Db, Tx } from '../client.ts'
import type { OrderConversationsTable, OrderMessagesTable } from '../schema/order-messages.ts'

export type OrderMessage = Selectable<OrderMessagesTable>
export type OrderConversation = Selectable<OrderConversationsTable>

/** The lock makes the messages of an order one line, and their limits exact. */
export async function lockConversation(tx: Tx, orderNo: string): Promise<OrderConversation> {
  await tx
    .insertInto('order_conversations')
    .values({ order_no: orderNo })
    .onConflict((conflict) => conflict.column('order_no').doNothing())
    .execute()
  return tx
    .selectFrom('order_conversations')
    .selectAll()
    .where('order_no', '=', orderNo)
    .forUpdate()
    .executeTakeFirstOrThrow()
}

export async function findMessage(
  db: Db,
  orderNo: string,
  operationKey: string,
): Promise<OrderMessage | undefined> {
  return db
    .selectFrom('order_messages')
    .selectAll()
    .where('order_no', '=', orderNo)
    .where('operation_key', '=', operationKey)
    .executeTakeFirst()
}

/** Needs the lock of the conversation. Whoever writes has read what came before. */
export async function insertMessage(
  tx: Tx,
  message: Pick<OrderMessage, 'order_no' | 'sender' | 'actor_id' | 'said' | 'operation_key'>,
): Promise<OrderMessage> {
  const row = await tx.insertInto('order_messages').values(message).returningAll().executeTakeFirstOrThrow()
  const isCustomer = message.sender === 'customer'
  await tx
    .updateTable('order_conversations')
    .set({
      messages: sql`messages + 1`,
      last_message_id: row.id,
      unanswered: isCustomer ? sql`unanswered + 1` : 0,
      unanswered_since: isCustomer ? sql`coalesce(unanswered_since, now())` : null,
      unread_by_customer: isCustomer ? 0 : sql`unread_by_customer + 1`,
      unread_by_shop: isCustomer ? sql`unread_by_shop + 1` : 0,
    })
    .where('order_no', '=', message.order_no)
    .execute()
  return row
}

/** Newest first. */
export async function listMessages(
  db: Db,
  orderNo: string,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<OrderMessage[]> {
  return db
    .selectFrom('order_messages')
    .selectAll()
    .where('order_no', '=', orderNo)
    .orderBy('id', 'desc')
    .limit(limit)
    .offset(offset)
    .execute()
}

/** Orders without messages are left out. */
export async function listConversations(db: Db, orderNos: readonly string[]): Promise<OrderConversation[]> {
  if (orderNos.length === 0) return []
  return db.selectFrom('order_conversations').selectAll().where('order_no', 'in', orderNos).execute()
}

/** @param upTo the newest message that the reader was shown; a later one stays unread */
export async function markRead(db: Db, orderNo: string, reader: MessageSender, upTo: string): Promise<void> {
  const column = reader === 'customer' ? 'unread_by_customer' : 'unread_by_shop'
  await db
    .updateTable('order_conversations')
    .set({
      [column]: sql`(select count(*) from order_messages m where m.order_no = order_conversations.order_no
        and m.sender <> ${reader} and m.id > ${upTo})`,
    })
    .where('order_no', '=', orderNo)
    .where(column, '>', 0)
    .execute()
}
