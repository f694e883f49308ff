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

/** What a reader was shown: messages without a gap. */
interface ShownMessages {
  /** Id of the newest one, whoever wrote it. */
  readonly newest: string
  /** How many of them the other side wrote. */
  readonly received: number
}

/** Later messages stay unread, and all do where there is an earlier unread one that was not shown. */
export async function markRead(
  db: Db,
  orderNo: string,
  reader: MessageSender,
  { newest, received }: ShownMessages,
): Promise<void> {
  const column = reader === 'customer' ? 'unread_by_customer' : 'unread_by_shop'
  await db.transaction().execute(async (tx) => {
    const before = await lockConversation(tx, orderNo)
    const { later } = await tx
      .selectFrom('order_messages')
      .select((eb) => eb.fn.countAll<string>().as('later'))
      .where('order_no', '=', orderNo)
      .where('sender', '<>', reader)
      .where('id', '>', newest)
      .executeTakeFirstOrThrow()
    const unread = before[column] - Number(later)
    if (unread <= 0 || unread > received) return
    await tx
      .updateTable('order_conversations')
      .set({ [column]: Number(later) })
      .where('order_no', '=', orderNo)
      .execute()
  })
}

export async function hasUnread(db: Db, orderNo: string, reader: MessageSender): Promise<boolean> {
  const [row] = await listConversations(db, [orderNo])
  return (row?.[reader === 'customer' ? 'unread_by_customer' : 'unread_by_shop'] ?? 0) > 0
}
