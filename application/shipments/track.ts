import type { Db } from '../../db/client.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import type { Shipment } from '../../db/shipments/shipments.ts'
import { claimToAsk, keepTracked } from '../../db/shipments/tracking.ts'
import type { Carrier } from '../../domain/shipments/carriers.ts'
import type { TrackingProvider } from '../../tracking/port.ts'

export { keepTracked }

export interface TrackDeps {
  readonly db: Db
  readonly sealer: Encryptor
  readonly tracking: readonly TrackingProvider[]
}

/** Services lock a number that is asked about more often. */
const GAP_SECONDS = 2 * 3600
/** Of one round; a round a second asks no more than this. */
const AT_ONCE = 4

/**
 * Asks where parcels are, each every two hours.
 * @param onError called per failure, with no personal data @returns how many were asked about
 */
export async function askCarriers(
  { db, sealer, tracking }: TrackDeps,
  onError: (shipmentId: string, error: unknown) => void,
): Promise<number> {
  if (tracking.length === 0) return 0
  const due = await claimToAsk(db, GAP_SECONDS, AT_ONCE)
  await Promise.all(
    due.map(async (parcel) => {
      const { id, carrier, tracking_no: trackingNo } = parcel
      const provider = providerOf(tracking, carrier)
      if (!provider || carrier === null || trackingNo === null) return
      try {
        const tail = await phoneTailOf(db, sealer, parcel)
        await keepTracked(db, sealer, trackingNo, await provider.track(carrier, trackingNo, tail))
      } catch (error) {
        onError(id, error)
      }
    }),
  )
  return due.length
}

/** The first that knows the carrier. */
export const providerOf = (tracking: readonly TrackingProvider[], carrier: Carrier | null) =>
  tracking.find((one) => carrier !== null && one.knows(carrier))

/** @returns the last digits of the recipient's phone where the carrier demands them */
export async function phoneTailOf(
  db: Db,
  sealer: Encryptor,
  { carrier, order_no: orderNo }: Shipment,
): Promise<string | undefined> {
  if (carrier !== 'sf') return undefined
  const order = await db
    .selectFrom('points_exchange_orders')
    .select('address_info')
    .where('order_no', '=', orderNo)
    .executeTakeFirst()
  const address = order?.address_info ? sealer.open(order.address_info, `address/${orderNo}`) : undefined
  const phone = (address as { phone?: unknown } | undefined)?.phone
  return typeof phone === 'string' ? /\d{4}$/.exec(phone)?.[0] : undefined
}
