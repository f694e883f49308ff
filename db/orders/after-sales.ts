import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import { afterSaleEventType, orderLane } from '../../domain/messaging/events.ts'
import {
  AFTER_SALE_STATES,
  type AfterSaleEventData,
  type AfterSaleState,
  isOpenAfterSale,
  REFUNDED_AFTER_SALE_STATES,
} from '../../domain/orders/after-sale.ts'
import type { Db, Tx } from '../client.ts'
import { keepEvents } from '../messaging/outbox.ts'
import type { AfterSaleEventsTable, AfterSalesTable } from '../schema/after-sales.ts'
import { type Actor, lockOrder, openAttention, SYSTEM } from './orders.ts'

const ENDED = AFTER_SALE_STATES.filter((state) => !isOpenAfterSale(state))

export type AfterSale = Selectable<AfterSalesTable>
export type AfterSaleEvent = Selectable<AfterSaleEventsTable>

/** @param ownerId undefined: any owner */
export async function findAfterSale(
  db: Db,
  id: string,
  ownerId: string | undefined,
): Promise<AfterSale | undefined> {
  return db
    .selectFrom('after_sales')
    .selectAll()
    .where('id', '=', id)
    .$if(ownerId !== undefined, (query) => query.where('owner_id', '=', ownerId ?? ''))
    .executeTakeFirst()
}

export async function findAfterSaleByKey(db: Db, operationKey: string): Promise<AfterSale | undefined> {
  return db.selectFrom('after_sales').selectAll().where('operation_key', '=', operationKey).executeTakeFirst()
}

/** Locks its order first. @throws when there is no such after-sale */
export async function lockAfterSale(tx: Tx, id: string) {
  const { order_no } = await tx
    .selectFrom('after_sales')
    .select('order_no')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const order = await lockOrder(tx, order_no)
  const sale = await tx
    .selectFrom('after_sales')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirstOrThrow()
  return { order, sale }
}

/** Pieces of an order in after-sales: open or refunded, and refunded. */
export async function countPieces(db: Db, orderNo: string): Promise<{ claimed: number; refunded: number }> {
  const { rows } = await sql<{ claimed: number; refunded: number }>`
    select coalesce(sum(quantity) filter (where state <> 'closed'), 0)::int as claimed,
      coalesce(sum(quantity) filter (where state = any(${[...REFUNDED_AFTER_SALE_STATES]})), 0)::int as refunded
    from after_sales where order_no = ${orderNo}`.execute(db)
  return rows[0] ?? { claimed: 0, refunded: 0 }
}

/** Pieces that were refunded before any of the order left. */
export async function countNeverSent(db: Db, orderNo: string): Promise<number> {
  const { pieces } = await db
    .selectFrom('after_sales')
    .select((eb) => eb.fn.sum<string | null>('quantity').as('pieces'))
    .where('order_no', '=', orderNo)
    .where('sent', '=', false)
    .where('state', 'in', REFUNDED_AFTER_SALE_STATES)
    .executeTakeFirstOrThrow()
  return Number(pieces ?? 0)
}

/** The caller holds the order's lock. A shipped order is not confirmed by itself while it is open. */
export async function insertAfterSale(
  tx: Tx,
  row: Insertable<AfterSalesTable>,
  by: Actor,
): Promise<AfterSale> {
  const sale = await tx.insertInto('after_sales').values(row).returningAll().executeTakeFirstOrThrow()
  const event = { code: 'requested', data: { reason: row.reason } } as const
  await addEvent(tx, sale, { key: row.operation_key, event, by })
  await announce(tx, sale, row.operation_key)
  await pauseConfirmation(tx, row.order_no)
  return sale
}

async function pauseConfirmation(tx: Tx, orderNo: string): Promise<void> {
  await tx
    .updateTable('points_exchange_orders')
    .set({ confirm_paused_at: new Date() })
    .where('order_no', '=', orderNo)
    .where('status', '=', 'order_shipped')
    .where('confirm_paused_at', 'is', null)
    .execute()
}

export interface AfterSaleStep {
  /** Unique within the after-sale: a repeat finds it. */
  readonly key: string
  readonly event: AfterSaleEventData
  readonly by: Actor
}

/** @returns whether a step with this key was taken before */
export async function hasAfterSaleEvent(db: Db, id: string, key: string): Promise<boolean> {
  const found = await db
    .selectFrom('after_sale_events')
    .select('id')
    .where('after_sale_id', '=', id)
    .where('event_key', '=', key)
    .executeTakeFirst()
  return found !== undefined
}

/**
 * Changes the after-sale and adds the event; the caller holds the order's lock.
 * @throws when the transition table does not have this move
 */
export async function moveAfterSale(
  tx: Tx,
  sale: AfterSale,
  step: AfterSaleStep,
  change: Updateable<AfterSalesTable> & { readonly state: AfterSaleState },
): Promise<AfterSale> {
  const moved = await tx
    .updateTable('after_sales')
    .set({ overdue_at: null, due_at: null, ...change, updated_at: new Date() })
    .where('id', '=', sale.id)
    .returningAll()
    .executeTakeFirstOrThrow()
  await addEvent(tx, moved, step)
  if (moved.state !== sale.state) await announce(tx, moved, step.key)
  if (moved.overdue_at !== null || sale.overdue_at !== null) await showOverdue(tx, sale.order_no)
  if (!isOpenAfterSale(moved.state)) await resumeConfirmation(tx, sale.order_no)
  return moved
}

/** The goods left the shop before their refund began: an operator decides. */
export async function noteSent(tx: Tx, id: string, dueAt: Date): Promise<AfterSale> {
  const sale = await tx
    .updateTable('after_sales')
    .set({ sent: true, due_at: dueAt, updated_at: new Date() })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  await pauseConfirmation(tx, sale.order_no)
  return sale
}

/** @param refundNo the number of the order's refund */
export async function noteAfterSaleRefund(tx: Tx, id: string, refundNo: string): Promise<AfterSale> {
  return tx
    .updateTable('after_sales')
    .set({ refund_no: refundNo })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** @returns false when it has ended, or has so many pictures already; the same picture is kept once */
export async function appendPicture(db: Db, id: string, address: string, max: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update after_sales set pictures = case when pictures ? ${address} then pictures
        else pictures || to_jsonb(${address}::text) end, updated_at = now()
      where id = ${id} and state <> all(${[...ENDED]})
        and (jsonb_array_length(pictures) < ${max} or pictures ? ${address})`.execute(db)
  return numAffectedRows === 1n
}

async function addEvent(tx: Tx, { id, state }: AfterSale, { key, event, by }: AfterSaleStep): Promise<void> {
  await tx
    .insertInto('after_sale_events')
    .values({
      after_sale_id: id,
      event_key: key,
      state,
      code: event.code,
      data: JSON.stringify(event.data),
      actor_type: by.type,
      actor_id: by.id ?? null,
    })
    .execute()
}

/** Tells other systems of its state. @param step a state may be reached several times */
async function announce(
  tx: Tx,
  { id, order_no, state, type, quantity }: AfterSale,
  step: string,
): Promise<void> {
  const kind = afterSaleEventType(state)
  const payload = { after_sale_id: id, order_no, state, type, quantity }
  await keepEvents(tx, [{ kind, key: `${kind}/${id}/${step}`, lane: orderLane(order_no), payload }])
}

/** Another reason why the order needs an operator stays. */
async function showOverdue(tx: Tx, orderNo: string): Promise<void> {
  await tx
    .updateTable('points_exchange_orders')
    .set({ needs_attention: openAttention(), updated_at: new Date() })
    .where('order_no', '=', orderNo)
    .where(sql<boolean>`coalesce(needs_attention ->> 'code' = 'after_sale', true)`)
    .execute()
}

/** Receipt is confirmed later by as long as after-sales were open. */
async function resumeConfirmation(tx: Tx, orderNo: string): Promise<void> {
  const open = await tx
    .selectFrom('after_sales')
    .select('id')
    .where('order_no', '=', orderNo)
    .where('state', 'not in', ENDED)
    .limit(1)
    .executeTakeFirst()
  if (open) return
  await tx
    .updateTable('points_exchange_orders')
    .set({ confirm_by: sql<Date>`confirm_by + (now() - confirm_paused_at)`, confirm_paused_at: null })
    .where('order_no', '=', orderNo)
    .where('confirm_paused_at', 'is not', null)
    .execute()
}

/** The order was canceled: its open after-sales have nothing left to decide. */
export async function closeAfterSales(tx: Tx, orderNo: string): Promise<void> {
  const open = await tx
    .selectFrom('after_sales')
    .selectAll()
    .where('order_no', '=', orderNo)
    .where('state', 'not in', ['refunding', 'completed', 'closed'])
    .orderBy('id')
    .forUpdate()
    .execute()
  for (const sale of open) {
    const event = { code: 'closed', data: { by: 'order' } } as const
    await moveAfterSale(tx, sale, { key: 'order_canceled', event, by: SYSTEM }, { state: 'closed' })
  }
}

export async function listAfterSaleEvents(db: Db, ids: readonly string[]): Promise<AfterSaleEvent[]> {
  if (ids.length === 0) return []
  return db
    .selectFrom('after_sale_events')
    .selectAll()
    .where('after_sale_id', 'in', ids)
    .orderBy('id')
    .execute()
}

export interface AfterSaleFilter {
  readonly ownerId?: string | undefined
  readonly orderNo?: string | undefined
  readonly states?: readonly AfterSaleState[] | undefined
  readonly isOverdue?: boolean | undefined
}

/** Newest first. */
export async function listAfterSales(
  db: Db,
  filter: AfterSaleFilter,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ rows: AfterSale[]; total: number }> {
  let query = db.selectFrom('after_sales')
  if (filter.ownerId !== undefined) query = query.where('owner_id', '=', filter.ownerId)
  if (filter.orderNo !== undefined) query = query.where('order_no', '=', filter.orderNo)
  if (filter.states !== undefined) query = query.where('state', 'in', filter.states)
  if (filter.isOverdue) query = query.where('overdue_at', 'is not', null)
  const [rows, { total }] = await Promise.all([
    query.selectAll().orderBy('id', 'desc').limit(page.limit).offset(page.offset).execute(),
    query.select((eb) => eb.fn.countAll<string>().as('total')).executeTakeFirstOrThrow(),
  ])
  return { rows, total: Number(total) }
}

/** Open ones that were not changed for some seconds, in the order of their ids. */
export async function listOpenAfterSales(
  db: Db,
  page: { readonly after: string; readonly limit: number; readonly minAgeSeconds: number },
): Promise<Pick<AfterSale, 'id' | 'order_no' | 'owner_id'>[]> {
  return db
    .selectFrom('after_sales')
    .select(['id', 'order_no', 'owner_id'])
    .where('id', '>', page.after as never)
    .where('state', 'not in', ENDED)
    .where('updated_at', '<=', sql<Date>`now() - make_interval(secs => ${page.minAgeSeconds})`)
    .orderBy('id')
    .limit(page.limit)
    .execute()
}
