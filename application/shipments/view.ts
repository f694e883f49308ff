import type { Db } from '../../db/client.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import { listShipments } from '../../db/shipments/shipments.ts'
import { listEvents } from '../../db/shipments/tracking.ts'
import { allows, type OrderStatus } from '../../domain/orders/status.ts'
import type { Carrier } from '../../domain/shipments/carriers.ts'
import type { ShipmentState } from '../../domain/shipments/shipment.ts'

export interface ShipmentView {
  readonly id: string
  /** Null: still to be sent. */
  readonly carrier: Carrier | null
  /** As typed. */
  readonly carrier_name: string | null
  readonly tracking_no: string | null
  readonly quantity: number
  readonly state: ShipmentState
  readonly shipped_at: string | null
  readonly delivered_at: string | null
  /** What the carrier says, newest first. */
  readonly events: readonly { readonly at: string; readonly text: string; readonly state: ShipmentState }[]
}

/** The parcels of each order, by its number. What is still to be sent counts only while it can be. */
export async function viewShipments(
  db: Db,
  sealer: Encryptor,
  orders: readonly { readonly order_no: string; readonly status: OrderStatus }[],
): Promise<Map<string, ShipmentView[]>> {
  const statusOf = new Map(orders.map(({ order_no, status }) => [order_no, status]))
  const rows = await listShipments(db, [...statusOf.keys()])
  const shown = rows.filter(
    (row) => row.tracking_no !== null || allows(statusOf.get(row.order_no) ?? 'exchanged', 'ship'),
  )
  const said = await listEvents(
    db,
    sealer,
    shown.filter(({ state }) => state !== 'none').map(({ id }) => id),
  )
  const eventsOf = Map.groupBy(said, ({ shipmentId }) => shipmentId)
  const views = shown.map((row): readonly [string, ShipmentView] => [
    row.order_no,
    {
      id: row.id,
      carrier: row.carrier,
      carrier_name: row.carrier_name,
      tracking_no: row.tracking_no,
      quantity: row.quantity,
      state: row.state,
      shipped_at: row.shipped_at?.toISOString() ?? null,
      delivered_at: row.delivered_at?.toISOString() ?? null,
      events: (eventsOf.get(row.id) ?? []).map(({ at, text, state }) => ({
        at: at.toISOString(),
        text,
        state: state as ShipmentState,
      })),
    },
  ])
  const byOrder = Map.groupBy(views, ([orderNo]) => orderNo)
  return new Map([...byOrder].map(([orderNo, pairs]) => [orderNo, pairs.map(([, view]) => view)]))
}
