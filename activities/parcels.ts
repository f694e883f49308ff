import type { Tx } from '../db/client.ts'
import type { ExchangeOrder } from '../db/orders/orders.ts'
import { countToSend, sendParcel } from '../db/shipments/shipments.ts'
import { carrierOf } from '../domain/shipments/carriers.ts'
import type { Parcel } from '../domain/shipments/shipment.ts'

export const parcelOf = ({
  carrier,
  trackingNo,
}: {
  readonly carrier: string
  readonly trackingNo: string
}): Parcel => ({
  carrier: carrierOf(carrier),
  carrierName: carrier,
  trackingNo,
})

/** Everything that is left, in one parcel, for an order that is about to be shipped. */
export async function sendRest(tx: Tx, order: ExchangeOrder, key: string, parcel: Parcel): Promise<void> {
  const rest = await countToSend(tx, order)
  if (rest > 0) await sendParcel(tx, order.order_no, key, parcel, rest)
}
