import { type Selectable, sql } from 'kysely'
import type { Parcel } from '../../domain/shipments/shipment.ts'
import type { Db, Tx } from '../client.ts'
import { countNeverSent } from '../orders/after-sales.ts'
import { tellChange } from '../orders/external-orders.ts'
import type { Actor } from '../orders/orders.ts'
import type { ShipmentsTable } from '../schema/shipments.ts'

export type Shipment = Selectable<ShipmentsTable>

/** Those of each order, in the order in which they are sent; what is still to be sent is last. */
export async function listShipments(db: Db, orderNos: readonly string[]): Promise<Shipment[]> {
  if (orderNos.length === 0) return []
  return db
    .selectFrom('shipments')
    .selectAll()
    .where('order_no', 'in', orderNos)
    .orderBy(sql`tracking_no is null`)
    .orderBy('id')
    .execute()
}

/** Pieces that have left. Lock the order first. */
export async function countSent(tx: Db, orderNo: string): Promise<number> {
  const { sent } = await tx
    .selectFrom('shipments')
    .select((eb) => eb.fn.sum<string | null>('quantity').as('sent'))
    .where('order_no', '=', orderNo)
    .where('tracking_no', 'is not', null)
    .executeTakeFirstOrThrow()
  return Number(sent ?? 0)
}

/** Pieces that are still to leave: neither sent nor refunded before that. Lock the order first to decide by it. */
export async function countToSend(
  db: Db,
  order: { readonly order_no: string; readonly quantity: number },
): Promise<number> {
  return order.quantity - (await countSent(db, order.order_no)) - (await countNeverSent(db, order.order_no))
}

/** Whether the request has had its effect. */
export async function isSent(tx: Tx, orderNo: string, operationKey: string): Promise<boolean> {
  const found = await tx
    .selectFrom('shipments')
    .select('id')
    .where('order_no', '=', orderNo)
    .where('operation_key', '=', operationKey)
    .executeTakeFirst()
  return found !== undefined
}

/** Notes what an accepted order still has to send. A repeat changes nothing. */
export async function planShipment(tx: Tx, orderNo: string, quantity: number): Promise<void> {
  await tx
    .insertInto('shipments')
    .values({ ...NO_PARCEL, order_no: orderNo, quantity, updated_at: new Date() })
    .onConflict((conflict) => conflict.column('order_no').where('tracking_no', 'is', null).doNothing())
    .execute()
}

const NO_PARCEL = { operation_key: null, carrier: null, carrier_name: null, tracking_no: null }

/** What was planned to be sent is refunded in part. Lock the order first. */
export async function trimPlan(tx: Tx, orderNo: string, quantity: number): Promise<void> {
  await tx
    .updateTable('shipments')
    .set({ quantity, updated_at: new Date() })
    .where('order_no', '=', orderNo)
    .where('tracking_no', 'is', null)
    .where('quantity', '>', quantity)
    .execute()
}

/** Sends pieces of an order; the parcel that was planned becomes this one. Lock the order first. */
export async function sendParcel(
  tx: Tx,
  orderNo: string,
  operationKey: string,
  { carrier, carrierName, trackingNo }: Parcel,
  quantity: number,
): Promise<void> {
  await tellChange(tx, orderNo).execute()
  const now = new Date()
  const sent = {
    operation_key: operationKey,
    carrier,
    carrier_name: carrierName,
    tracking_no: trackingNo,
    quantity,
    shipped_at: now,
    subscribe_at: now,
    updated_at: now,
  }
  const planned = await tx
    .selectFrom('shipments')
    .select(['id', 'quantity'])
    .where('order_no', '=', orderNo)
    .where('tracking_no', 'is', null)
    .executeTakeFirst()
  if (!planned) {
    await tx
      .insertInto('shipments')
      .values({ ...sent, order_no: orderNo })
      .execute()
    return
  }
  await tx.updateTable('shipments').set(sent).where('id', '=', planned.id).execute()
  if (planned.quantity > quantity) await planShipment(tx, orderNo, planned.quantity - quantity)
}

/**
 * Corrects a parcel's number and keeps the earlier one; what was known of its way is no longer true.
 * @returns the parcel before; undefined where the order has no such parcel
 */
export async function correctParcel(
  tx: Tx,
  orderNo: string,
  shipmentId: string,
  operationKey: string,
  { carrier, carrierName, trackingNo }: Parcel,
  actor: Actor,
): Promise<Shipment | undefined> {
  const before = await tx
    .selectFrom('shipments')
    .selectAll()
    .where('id', '=', shipmentId)
    .where('order_no', '=', orderNo)
    .executeTakeFirst()
  if (!before?.tracking_no || before.carrier === null || before.carrier_name === null) return undefined
  const isSame = before.tracking_no === trackingNo && before.carrier_name === carrierName
  if (isSame) return before
  await tellChange(tx, orderNo).execute()
  await tx
    .insertInto('shipment_changes')
    .values({
      shipment_id: shipmentId,
      operation_key: operationKey,
      carrier: before.carrier,
      carrier_name: before.carrier_name,
      tracking_no: before.tracking_no,
      actor_type: actor.type,
      actor_id: actor.id ?? null,
    })
    .execute()
  await tx
    .updateTable('shipments')
    .set({
      carrier,
      carrier_name: carrierName,
      tracking_no: trackingNo,
      state: 'none',
      delivered_at: null,
      asked_at: null,
      subscribe_at: new Date(),
      updated_at: new Date(),
    })
    .where('id', '=', shipmentId)
    .execute()
  return before
}
