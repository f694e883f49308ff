import type { Insertable, Selectable } from 'kysely'
import type { Attention } from '../../domain/orders/attention.ts'
import type { OrderNote } from '../../domain/orders/notes.ts'
import type { OrderStatus } from '../../domain/orders/status.ts'
import type { Db, Tx } from '../client.ts'
import { keepOrderEvents } from '../messaging/outbox.ts'
import type { ActorType } from '../schema/order-events.ts'
import type { OrdersTable } from '../schema/orders.ts'
import type {
  CancelCause,
  PointsExchangeOrdersTable,
  ShippingInfo,
} from '../schema/points-exchange-orders.ts'
import { lastingAttention, tellChange } from './external-orders.ts'

export type ExchangeOrder = Selectable<PointsExchangeOrdersTable>

export interface Actor {
  readonly type: ActorType
  readonly id?: string | undefined
}

export const SYSTEM: Actor = { type: 'system' }

/** @returns undefined where there is neither such an order nor such an attempt */
export async function findOrderOwner(db: Db, orderNo: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('points_exchange_orders')
    .select('owner_id')
    .where('order_no', '=', orderNo)
    .unionAll(db.selectFrom('exchange_attempts').select('owner_id').where('order_no', '=', orderNo))
    .limit(1)
    .executeTakeFirst()
  return row?.owner_id
}

/** @throws when there is no such order */
export async function lockOrder(tx: Tx, orderNo: string): Promise<ExchangeOrder> {
  return tx
    .selectFrom('points_exchange_orders')
    .selectAll()
    .where('order_no', '=', orderNo)
    .forUpdate()
    .executeTakeFirstOrThrow()
}

export async function findOrderForUpdate(tx: Tx, orderNo: string): Promise<ExchangeOrder | undefined> {
  return tx
    .selectFrom('points_exchange_orders')
    .selectAll()
    .where('order_no', '=', orderNo)
    .forUpdate()
    .executeTakeFirst()
}

export async function listStandardOrders(
  db: Db,
  orderNos: readonly string[],
): Promise<Selectable<OrdersTable>[]> {
  if (orderNos.length === 0) return []
  return db.selectFrom('orders').selectAll().where('order_no', 'in', orderNos).execute()
}

/** @returns undefined when the order is not shipped */
export const readShippedAt = (db: Db, orderNo: string) => readReachedAt(db, orderNo, 'order_shipped')

/** @returns undefined when the order was never finished */
export const readFinishedAt = (db: Db, orderNo: string) => readReachedAt(db, orderNo, 'order_finished')

async function readReachedAt(db: Db, orderNo: string, status: OrderStatus): Promise<Date | undefined> {
  const event = await db
    .selectFrom('order_events')
    .select('created_at')
    .where('order_no', '=', orderNo)
    .where('event_key', '=', status)
    .executeTakeFirst()
  return event?.created_at
}

/** From now on the cancellation is always completed, even by another workflow run. */
export async function noteCancelCause(tx: Tx, orderNo: string, cause: CancelCause): Promise<void> {
  await tx
    .updateTable('points_exchange_orders')
    .set({ cancel_cause: JSON.stringify(cause), updated_at: new Date() })
    .where('order_no', '=', orderNo)
    .execute()
}

/** Why its customer cancels it, before the workflow is asked; it counts once they have canceled. */
export async function keepCancelWords(db: Db, orderNo: string, sealed: Buffer): Promise<void> {
  await db
    .updateTable('points_exchange_orders')
    .set({ cancel_words: sealed })
    .where('order_no', '=', orderNo)
    .where('status', '<>', 'order_canceled')
    .execute()
}

/**
 * Inserts the exchange order with its timeline, and its standard order if that exists already.
 * @param passed the states that it reached in this transaction, in order
 */
export async function recordExchange(
  tx: Tx,
  order: Omit<Insertable<PointsExchangeOrdersTable>, 'status' | 'order_id'>,
  passed: readonly OrderStatus[],
): Promise<void> {
  const status = passed.at(-1) ?? 'exchanged'
  const { order_no, owner_type, owner_id } = order
  const noted = tx.with('noted', (db) =>
    db.insertInto('order_events').values(
      passed.map((state) => ({
        order_no,
        event_key: state,
        status: state,
        note: null,
        actor_type: SYSTEM.type,
        actor_id: null,
      })),
    ),
  )
  if (!passed.includes('order_created')) {
    await noted
      .insertInto('points_exchange_orders')
      .values({ ...order, status, order_id: null })
      .execute()
    return
  }
  await noted
    .with('standard', (db) =>
      db
        .insertInto('orders')
        .values({ order_no, status, amount: order.total_money ?? '0.00', owner_type, owner_id })
        .returning('id'),
    )
    .insertInto('points_exchange_orders')
    .values((eb) => ({ ...order, status, order_id: eb.selectFrom('standard').select('id') }))
    .execute()
  await keepOrderEvents(tx, order_no, passed)
}

/** Creates the standard order and links it, where that is a step of its own. */
export async function createStandardOrder(
  tx: Tx,
  order: Pick<ExchangeOrder, 'order_no' | 'total_money' | 'owner_type' | 'owner_id'>,
): Promise<void> {
  const created = await tx
    .insertInto('orders')
    .values({
      order_no: order.order_no,
      status: 'order_created',
      amount: order.total_money,
      owner_type: order.owner_type,
      owner_id: order.owner_id,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await tx
    .updateTable('points_exchange_orders')
    .set({ order_id: created.id, status: 'order_created', updated_at: new Date() })
    .where('order_no', '=', order.order_no)
    .execute()
  await recordEvent(tx, order.order_no, 'order_created', 'order_created', SYSTEM)
  await keepOrderEvents(tx, order.order_no, ['order_created'])
}

/**
 * Moves the order and its standard order to a state, and adds the event.
 * @throws when `order_status_transitions` does not have this move
 */
export async function moveOrder(
  tx: Tx,
  orderNo: string,
  to: OrderStatus,
  actor: Actor,
  change: Partial<Pick<ExchangeOrder, 'payment_status' | 'payment_method' | 'cancel_reason'>> & {
    readonly confirm_by?: Date
  } & {
    readonly shipping_info?: string
    readonly payment_info?: string
    readonly note?: OrderNote
  },
): Promise<void> {
  const { note, ...columns } = change
  const operator =
    actor.type === 'operator' ? { operator_type: actor.type, operator_id: actor.id ?? null } : {}
  await tx
    .updateTable('points_exchange_orders')
    .set({ status: to, updated_at: new Date(), ...operator, ...columns })
    .where('order_no', '=', orderNo)
    .execute()
  await tx
    .with('told', (db) => tellChange(db, orderNo))
    .updateTable('orders')
    .set({ status: to, updated_at: new Date() })
    .where('order_no', '=', orderNo)
    .execute()
  await recordEvent(tx, orderNo, to, to, actor, note)
  await keepOrderEvents(tx, orderNo, [to])
}

/** Adds an event to the order's timeline. A key that exists already changes nothing. */
export async function recordEvent(
  db: Db,
  orderNo: string,
  key: string,
  status: OrderStatus,
  actor: Actor,
  note?: OrderNote,
): Promise<void> {
  await db
    .insertInto('order_events')
    .values({
      order_no: orderNo,
      event_key: key,
      status,
      note: note ? JSON.stringify(note) : null,
      actor_type: actor.type,
      actor_id: actor.id ?? null,
    })
    .onConflict((conflict) => conflict.columns(['order_no', 'event_key']).doNothing())
    .execute()
}

/** A soft delete: lists and statistics leave the order out. */
export async function hideOrder(tx: Tx, orderNo: string): Promise<void> {
  await tx
    .updateTable('points_exchange_orders')
    .set({ deleted_at: new Date() })
    .where('order_no', '=', orderNo)
    .execute()
}

export async function setAddress(tx: Tx, orderNo: string, sealed: Buffer): Promise<void> {
  await tx
    .with('told', (db) => tellChange(db, orderNo))
    .updateTable('points_exchange_orders')
    .set({ address_info: sealed, updated_at: new Date() })
    .where('order_no', '=', orderNo)
    .execute()
}

/** Postpones the automatic confirmation. */
export async function postponeConfirm(tx: Tx, orderNo: string, until: Date): Promise<void> {
  await tx
    .updateTable('points_exchange_orders')
    .set({ confirm_by: until, updated_at: new Date() })
    .where('order_no', '=', orderNo)
    .execute()
}

/** The key with which an event of this kind was recorded; undefined: it was not. */
export async function findEventKey(tx: Tx, orderNo: string, kind: string): Promise<string | undefined> {
  const event = await tx
    .selectFrom('order_events')
    .select('event_key')
    .where('order_no', '=', orderNo)
    .where('event_key', 'like', `${kind}/%`)
    .executeTakeFirst()
  return event?.event_key
}

/** The number that earlier readers know: that of the first parcel. */
export async function showParcel(tx: Tx, orderNo: string, parcel: ShippingInfo): Promise<void> {
  await tx
    .updateTable('points_exchange_orders')
    .set({ shipping_info: JSON.stringify(parcel), updated_at: new Date() })
    .where('order_no', '=', orderNo)
    .execute()
}
/** Shows operators why the order cannot continue by itself. @param attention null: it can */
export async function setAttention(tx: Tx, orderNo: string, attention: Attention | null): Promise<void> {
  await tx
    .updateTable('points_exchange_orders')
    .set({
      needs_attention: attention === null ? lastingAttention() : JSON.stringify(attention),
      updated_at: new Date(),
    })
    .where('order_no', '=', orderNo)
    .execute()
}

/** Titles as they were ordered, by order number. */
export async function readOrderTitles(db: Db, orderNos: readonly string[]): Promise<Map<string, string>> {
  if (orderNos.length === 0) return new Map()
  const rows = await db
    .selectFrom('points_exchange_orders')
    .select(['order_no', 'product_title'])
    .where('order_no', 'in', orderNos)
    .execute()
  return new Map(rows.map(({ order_no, product_title }) => [order_no, product_title]))
}
