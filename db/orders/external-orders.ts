import { type QueryCreator, type RawBuilder, type Selectable, sql } from 'kysely'
import { fenOf, moneyFromFen } from '../../domain/money.ts'
import type { Db, Tx } from '../client.ts'
import type { Encryptor } from '../platform/encryption.ts'
import type { ExternalOrdersTable } from '../schema/external-orders.ts'
import type { Database } from '../schema/index.ts'
import type { PointsExchangeOrdersTable } from '../schema/points-exchange-orders.ts'

/** Orders that the shop's own order service keeps, and what it has been told of them. */

export type ExternalOrder = Selectable<ExternalOrdersTable>
type ExchangeOrder = Selectable<PointsExchangeOrdersTable>

/** In the transaction that records the order, before the service hears of it. */
export async function keepExternalOrder(tx: Tx, orderNo: string): Promise<void> {
  const now = new Date()
  const untold = { service_no: null, refused_at: null, alarmed_at: null, failure: null }
  await tx
    .insertInto('external_orders')
    .values({ order_no: orderNo, ...untold, skipped_by: null, skipped_reason: null, updated_at: now })
    .execute()
}

/** The service is to be told that the order has changed. Does nothing for orders that it does not keep. */
export const tellChange = (db: QueryCreator<Database>, orderNo: string) =>
  db
    .updateTable('external_orders')
    .set({
      revision: sql`revision + 1`,
      tries: 0,
      refused_at: null,
      next_at: new Date(),
      updated_at: new Date(),
    })
    .where('order_no', '=', orderNo)

export async function findExternalOrder(db: Db, orderNo: string): Promise<ExternalOrder | undefined> {
  return db.selectFrom('external_orders').selectAll().where('order_no', '=', orderNo).executeTakeFirst()
}

export async function noteServiceNo(tx: Tx, orderNo: string, serviceNo: string | null): Promise<void> {
  await tx
    .updateTable('external_orders')
    .set({ service_no: serviceNo, updated_at: new Date() })
    .where('order_no', '=', orderNo)
    .execute()
}

/**
 * Takes changes that are due; nobody else takes them for a while. `tries` counts the one that follows.
 * @param leaseMs after this an unfinished try is repeated
 */
export async function takeUntold(db: Db, limit: number, leaseMs: number): Promise<ExternalOrder[]> {
  const due = db
    .selectFrom('external_orders')
    .select('order_no')
    .whereRef('told_revision', '<', 'revision')
    .where('refused_at', 'is', null)
    .where('next_at', '<=', new Date())
    .orderBy('next_at')
    .limit(limit)
    .forUpdate()
    .skipLocked()
  return db
    .with('due', () => due)
    .updateTable('external_orders')
    .set({ tries: sql`tries + 1`, next_at: new Date(Date.now() + leaseMs) })
    .where('order_no', 'in', (eb) => eb.selectFrom('due').select('order_no'))
    .returningAll()
    .execute()
}

/** @param revision which the service has now */
export async function noteTold(
  db: Db,
  orderNo: string,
  revision: number,
  serviceNo: string | null,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockOrderRow(tx, orderNo)
    await tx
      .updateTable('external_orders')
      .set({
        told_revision: sql`greatest(told_revision, least(${revision}::int, revision))`,
        service_no: sql`coalesce(service_no, ${serviceNo})`,
        tries: 0,
        next_at: new Date(),
        failure: null,
        alarmed_at: null,
        updated_at: new Date(),
      })
      .where('order_no', '=', orderNo)
      .execute()
    await showLasting(tx, orderNo)
  })
}

/** @param failure.alarm operators are to see it @param failure.isFinal repeating it is of no use */
export async function noteUntold(
  db: Db,
  taken: Pick<ExternalOrder, 'order_no' | 'revision'>,
  failure: {
    readonly said: string
    readonly isFinal: boolean
    readonly alarm: boolean
    readonly nextAt: Date
  },
): Promise<void> {
  const { order_no: orderNo, revision } = taken
  await db.transaction().execute(async (tx) => {
    await lockOrderRow(tx, orderNo)
    const noted = await tx
      .updateTable('external_orders')
      .set({
        failure: failure.said,
        next_at: failure.nextAt,
        updated_at: new Date(),
        ...(failure.isFinal ? { refused_at: new Date() } : {}),
        ...(failure.alarm ? { alarmed_at: sql`coalesce(alarmed_at, now())` } : {}),
      })
      .where('order_no', '=', orderNo)
      // A change since then is told first.
      .where('revision', '=', revision)
      .executeTakeFirst()
    if (failure.alarm && noted.numUpdatedRows === 1n) await showLasting(tx, orderNo)
  })
}

/**
 * An operator decides on what cannot be told. @param skip undefined: it is told again
 * @returns false where there is nothing to decide
 */
export async function decideUntold(
  db: Db,
  orderNo: string,
  skip?: { readonly by: string; readonly reason: string },
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    await lockOrderRow(tx, orderNo)
    const decided = await tx
      .updateTable('external_orders')
      .set({
        tries: 0,
        next_at: new Date(),
        refused_at: null,
        alarmed_at: null,
        updated_at: new Date(),
        ...(skip ? { told_revision: sql`revision`, skipped_by: skip.by, skipped_reason: skip.reason } : {}),
      })
      .where('order_no', '=', orderNo)
      .where('alarmed_at', 'is not', null)
      .executeTakeFirst()
    await showLasting(tx, orderNo)
    return decided.numUpdatedRows === 1n
  })
}

async function lockOrderRow(tx: Tx, orderNo: string): Promise<void> {
  await tx
    .selectFrom('points_exchange_orders')
    .select('id')
    .where('order_no', '=', orderNo)
    .forUpdate()
    .execute()
}

/**
 * Within an update of orders: what stays to be seen to while no workflow asks for an operator; null where nothing does. An
 * after-sale or a charge beyond its deadline, a charge that was refunded and succeeded, a change not taken by the order service.
 */
export const lastingAttention = (): RawBuilder<string | null> => sql<string | null>`coalesce((
  select jsonb_build_object('code', 'after_sale', 'data', jsonb_build_object('said', overdue.id::text))
  from after_sales overdue where overdue.order_no = points_exchange_orders.order_no and overdue.overdue_at is not null
  order by overdue.id limit 1), (
  select case
    when charge.state = 'succeeded' and points_exchange_orders.status = 'order_canceled' and charge.acknowledged_at is null
      then jsonb_build_object('code', 'charged_after_refund', 'data', jsonb_build_object('said', coalesce(charge.supplier_ref, '')))
    when charge.overdue_at is not null and charge.state not in ('succeeded', 'failed')
        and points_exchange_orders.status = 'order_paid'
      then jsonb_build_object('code', 'charge', 'data', jsonb_build_object('said', charge.state))
  end from charges charge where charge.order_no = points_exchange_orders.order_no), (
  select jsonb_build_object('code', 'order_service', 'data', jsonb_build_object('said', coalesce(untold.failure, '')))
  from external_orders untold where untold.order_no = points_exchange_orders.order_no
    and untold.alarmed_at is not null and untold.told_revision < untold.revision))`

const LASTING = sql.join(
  ['after_sale', 'charge', 'charged_after_refund', 'order_service'].map((code) => sql.lit(code)),
)

/** Leaves alone what a workflow asks. */
export async function showLasting(tx: Tx, orderNo: string): Promise<void> {
  await tx
    .updateTable('points_exchange_orders')
    .set({ needs_attention: lastingAttention(), updated_at: new Date() })
    .where('order_no', '=', orderNo)
    .where(sql<boolean>`coalesce(needs_attention ->> 'code' in (${LASTING}), true)`)
    .where(sql<boolean>`needs_attention is distinct from ${lastingAttention()}`)
    .execute()
}

type Row = Readonly<Record<string, unknown>>

/** What a new order is to the service. */
export function newOrderOf(sealer: Encryptor, order: ExchangeOrder) {
  return {
    orderNo: order.order_no,
    ownerId: order.owner_id,
    productId: order.product_id,
    skuId: order.sku_id ?? order.product_id,
    title: order.product_title,
    specs: order.sku_specs ?? {},
    quantity: order.quantity,
    points: order.total_points,
    money: moneyFromFen(fenOf(order.total_money)),
    paymentMode: order.payment_mode,
    shippingType: order.shipping_type,
    receiver: receiverOf(sealer, order),
    notes: order.customer_notes && (sealer.open(order.customer_notes, `notes/${order.order_no}`) as Row),
    createdAt: order.exchange_time.toISOString(),
  }
}

const receiverOf = (sealer: Encryptor, { address_info, order_no }: ExchangeOrder): Row | null =>
  address_info && (sealer.open(address_info, `address/${order_no}`) as Row)

/** Where the order stands, with the revision that says the same. */
export async function readToldOrder(db: Db, sealer: Encryptor, orderNo: string) {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      const { revision } = await tx
        .selectFrom('external_orders')
        .select('revision')
        .where('order_no', '=', orderNo)
        .executeTakeFirstOrThrow()
      const order = await tx
        .selectFrom('points_exchange_orders')
        .selectAll()
        .where('order_no', '=', orderNo)
        .executeTakeFirstOrThrow()
      const refunds = await tx
        .selectFrom('order_refunds')
        .select(['points', 'money'])
        .where('order_no', '=', orderNo)
        .execute()
      const shipments = await tx
        .selectFrom('shipments')
        .select(['carrier', 'tracking_no', 'quantity'])
        .where('order_no', '=', orderNo)
        .where('tracking_no', 'is not', null)
        .orderBy('id')
        .execute()
      return {
        orderNo,
        revision,
        status: order.status,
        paymentStatus: order.payment_status,
        cancelReason: order.cancel_reason,
        refunded: {
          points: refunds.reduce((sum, { points }) => sum + points, 0),
          money: moneyFromFen(refunds.reduce((sum, { money }) => sum + fenOf(money), 0n)),
        },
        receiver: receiverOf(sealer, order),
        shipments: shipments.map(({ carrier, tracking_no, quantity }) => ({
          carrier: carrier ?? '',
          tracking_no: tracking_no ?? '',
          quantity,
        })),
      }
    })
}
