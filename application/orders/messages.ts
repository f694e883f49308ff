import type { Db } from '../../db/client.ts'
import {
  findMessage,
  hasUnread,
  insertMessage,
  listConversations,
  listMessages,
  lockConversation,
  markRead,
  type OrderMessage,
} from '../../db/orders/messages.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import { mustNotBeOwn } from '../../domain/access.ts'
import { DomainError } from '../../domain/errors.ts'
import { isFull, type MessageSender } from '../../domain/orders/messages.ts'
import type { OrderView } from './view.ts'

export interface MessageReader {
  readonly db: Db
  readonly sealer: Encryptor
}

export interface MessageView {
  readonly id: string
  readonly from: MessageSender
  /** Who wrote it: the customer, or an operator. */
  readonly by: string
  readonly text: string
  /** ISO 8601 UTC. */
  readonly at: string
}

export interface ConversationView {
  /** Newest first. */
  readonly messages: readonly MessageView[]
  readonly total: number
  /** What the reader had not seen before this was read. */
  readonly unread: number
  /** Messages of the customer since the shop wrote last. */
  readonly unanswered: number
}

type MessageOrder = Pick<OrderView, 'order_no' | 'order_id' | 'owner_id'>

export interface Writer {
  readonly as: MessageSender
  readonly id: string
}

/**
 * Adds a message. A repeat under the same key returns the first one.
 * @throws DomainError ORDER_STATE_CONFLICT for an attempt that is no order; RATE_LIMITED when too many are unanswered;
 * FORBIDDEN for an operator's own order
 */
export async function writeMessage(
  { db, sealer }: MessageReader,
  order: MessageOrder,
  { as, id }: Writer,
  text: string,
  operationKey: string,
): Promise<MessageView> {
  if (as === 'shop') mustNotBeOwn(id, order.owner_id)
  if (order.order_id === null) throw new DomainError({ code: 'ORDER_STATE_CONFLICT' })
  const { order_no } = order
  const said = sealer.seal(text, placeOf({ order_no, operation_key: operationKey }))
  const row = await db.transaction().execute(async (tx) => {
    const conversation = await lockConversation(tx, order_no)
    const before = await findMessage(tx, order_no, operationKey)
    if (before) return before
    if (isFull(conversation, as)) throw new DomainError({ code: 'RATE_LIMITED' })
    return insertMessage(tx, { order_no, sender: as, actor_id: id, said, operation_key: operationKey })
  })
  return viewOf(sealer, row)
}

/** Marks what is returned as read, see `markMessagesRead`. @param reader undefined: nobody's reading counts */
export async function readMessages(
  deps: MessageReader,
  orderNo: string,
  reader: MessageSender | undefined,
  page: { readonly limit: number; readonly offset: number },
): Promise<ConversationView> {
  const { db, sealer } = deps
  const [rows, [conversation]] = await Promise.all([
    listMessages(db, orderNo, page),
    listConversations(db, [orderNo]),
  ])
  const unread = reader === 'shop' ? conversation?.unread_by_shop : conversation?.unread_by_customer
  const messages = rows.map((row) => viewOf(sealer, row))
  if (reader && unread) await markMessagesRead(db, orderNo, reader, messages)
  return {
    messages,
    total: conversation?.messages ?? 0,
    unread: unread ?? 0,
    unanswered: conversation?.unanswered ?? 0,
  }
}

/** @param shown without a gap, newest first; earlier messages that are unread stay so, and these with them */
export async function markMessagesRead(
  db: Db,
  orderNo: string,
  reader: MessageSender,
  shown: readonly Pick<MessageView, 'id' | 'from'>[],
): Promise<void> {
  const newest = shown[0]?.id
  const received = shown.filter(({ from }) => from !== reader).length
  if (newest === undefined || received === 0 || !(await hasUnread(db, orderNo, reader))) return
  await markRead(db, orderNo, reader, { newest, received })
}

/** How many messages each of these orders has for its reader; orders without are left out. */
export async function countUnread(
  db: Db,
  orderNos: readonly string[],
  reader: MessageSender,
): Promise<ReadonlyMap<string, number>> {
  const rows = await listConversations(db, orderNos)
  const count = (row: (typeof rows)[number]) =>
    reader === 'shop' ? row.unread_by_shop : row.unread_by_customer
  return new Map(rows.filter((row) => count(row) > 0).map((row) => [row.order_no, count(row)]))
}

/** Binds a text to its message. */
const placeOf = ({ order_no, operation_key }: Pick<OrderMessage, 'order_no' | 'operation_key'>): string =>
  JSON.stringify(['message', order_no, operation_key])

function viewOf(sealer: Encryptor, row: OrderMessage): MessageView {
  return {
    id: row.id,
    from: row.sender,
    by: row.actor_id,
    text: sealer.open(row.said, placeOf(row)) as string,
    at: row.created_at.toISOString(),
  }
}
