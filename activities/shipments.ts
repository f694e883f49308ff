import type { Db } from '../db/client.ts'
import {
  type Actor,
  findEventKey,
  lockOrder,
  moveOrder,
  postponeConfirm,
  recordEvent,
  showParcel,
} from '../db/orders/orders.ts'
import { correctParcel, countToSend, isSent, sendParcel } from '../db/shipments/shipments.ts'
import { isHandedOut } from '../domain/fulfilment/delivery.ts'
import { allowsFor } from '../domain/orders/status.ts'
import { EXTENSION_DAYS } from '../domain/shipments/shipment.ts'
import type { Moved } from './orders.ts'
import { parcelOf } from './parcels.ts'
import { requireCurrentRun } from './run.ts'

interface ParcelInput {
  readonly orderNo: string
  readonly by: Actor
  readonly operationKey: string
  readonly carrier: string
  readonly trackingNo: string
}

export interface AddShipmentInput extends ParcelInput {
  /** Undefined: all that is left. */
  readonly quantity?: number
  readonly confirmBy: string
}

export interface CorrectShipmentInput extends ParcelInput {
  readonly shipmentId: string
}

const DAY_MS = 86_400_000

export function createShipmentActivities({ db }: { readonly db: Db }) {
  /** The order is shipped when all of it has left. A repeat with the same key has no further effect. */
  async function addShipment(input: AddShipmentInput): Promise<Moved> {
    const { orderNo, by, operationKey } = input
    return db.transaction().execute(async (tx) => {
      const order = await lockOrder(tx, orderNo)
      requireCurrentRun(order)
      if (await isSent(tx, orderNo, operationKey)) return { status: order.status, refusal: null }
      if (!allowsFor(order.status, 'ship', order.shipping_type)) {
        return { status: order.status, refusal: 'ORDER_STATE_CONFLICT' }
      }
      const rest = await countToSend(tx, order)
      const quantity = input.quantity ?? rest
      if (quantity > rest) return { status: order.status, refusal: 'SHIPMENT_EXCEEDS_REST' }
      await sendParcel(tx, orderNo, operationKey, parcelOf(input), quantity)
      const shown = { carrier: input.carrier, tracking_no: input.trackingNo }
      if (order.shipping_info === null) await showParcel(tx, orderNo, shown)
      if (quantity < rest) {
        const note = { code: 'parcel_sent', data: { quantity: `${quantity}` } } as const
        await recordEvent(tx, orderNo, `parcel/${operationKey}`, order.status, by, note)
        return { status: order.status, refusal: null }
      }
      await moveOrder(tx, orderNo, 'order_shipped', by, { confirm_by: new Date(input.confirmBy) })
      return { status: 'order_shipped', refusal: null }
    })
  }

  async function correctShipment(input: CorrectShipmentInput): Promise<Moved> {
    const { orderNo, by, operationKey, shipmentId } = input
    return db.transaction().execute(async (tx) => {
      const order = await lockOrder(tx, orderNo)
      requireCurrentRun(order)
      const parcel = parcelOf(input)
      const before = await correctParcel(tx, orderNo, shipmentId, operationKey, parcel, by)
      if (!before) return { status: order.status, refusal: 'NOT_FOUND' }
      if (before.tracking_no === parcel.trackingNo && before.carrier_name === parcel.carrierName) {
        return { status: order.status, refusal: null }
      }
      if (order.shipping_info?.tracking_no === before.tracking_no) {
        await showParcel(tx, orderNo, { carrier: input.carrier, tracking_no: input.trackingNo })
      }
      const data = {
        before: `${before.carrier_name} ${before.tracking_no}`,
        after: `${input.carrier} ${input.trackingNo}`,
      }
      await recordEvent(tx, orderNo, `corrected/${operationKey}`, order.status, by, {
        code: 'tracking_corrected',
        data,
      })
      return { status: order.status, refusal: null }
    })
  }

  /** Postpones the automatic confirmation, once per order. @param input.confirmBy when it is due now */
  async function extendConfirm(input: {
    readonly orderNo: string
    readonly by: Actor
    readonly operationKey: string
    readonly confirmBy: string
  }): Promise<Moved & { readonly confirmBy: string | null }> {
    const { orderNo, by } = input
    const key = `extended/${input.operationKey}`
    return db.transaction().execute(async (tx) => {
      const order = await lockOrder(tx, orderNo)
      requireCurrentRun(order)
      const { status } = order
      const known = await findEventKey(tx, orderNo, 'extended')
      const now = order.confirm_by?.toISOString() ?? null
      if (known === key) return { status, refusal: null, confirmBy: now }
      // A code or a voucher is there already; its receipt needs no more time.
      if (status !== 'order_shipped' || isHandedOut(order.delivery))
        return { status, refusal: 'ORDER_STATE_CONFLICT', confirmBy: now }
      if (known !== undefined) return { status, refusal: 'ALREADY_EXTENDED', confirmBy: now }
      const due = order.confirm_by ?? new Date(input.confirmBy)
      const until = new Date(due.getTime() + EXTENSION_DAYS * DAY_MS)
      await postponeConfirm(tx, orderNo, until)
      const note = { code: 'confirm_extended', data: { days: `${EXTENSION_DAYS}` } } as const
      await recordEvent(tx, orderNo, key, status, by, note)
      return { status, refusal: null, confirmBy: until.toISOString() }
    })
  }

  return { addShipment, correctShipment, extendConfirm }
}
