import type { Db } from '../../db/client.ts'
import {
  beginSubscription,
  claimToSubscribe,
  correctCarrier,
  endSubscription,
  findSubscriptions,
  needsNoSubscription,
  recordSubscription,
} from '../../db/shipments/subscriptions.ts'
import type {
  SubscriptionEnd,
  SubscriptionOutcome,
  TrackingProviderName,
} from '../../domain/shipments/tracking.ts'
import { CARRIER_NAMES } from '../../i18n/carrier-texts.ts'
import type { PushedParcel, TrackingProvider } from '../../tracking/port.ts'
import { keepTracked, phoneTailOf, providerOf, type TrackDeps } from './track.ts'

/** Of one round, one after another. */
const AT_ONCE = 4

/**
 * Subscribes parcels that have left at the service that follows their carrier. What is to be done, and what was done, are
 * rows: whoever ends in between is followed by the next one.
 * @param onRefusal called per call that failed, with no personal data @returns how many calls were made
 */
export async function subscribeParcels(
  { db, sealer, tracking }: TrackDeps,
  onRefusal: (shipmentId: string, outcome: SubscriptionOutcome, code: string | null) => void,
): Promise<number> {
  if (tracking.length === 0) return 0
  let calls = 0
  for (const parcel of await claimToSubscribe(db, AT_ONCE)) {
    const { carrier, tracking_no: trackingNo } = parcel
    const provider = providerOf(tracking, carrier)
    if (!provider || carrier === null || trackingNo === null) {
      await needsNoSubscription(db, parcel)
      continue
    }
    const id = await beginSubscription(db, provider.name, parcel)
    if (id === undefined) continue
    const tail = await phoneTailOf(db, sealer, parcel)
    const result = await provider.subscribe(carrier, trackingNo, tail, id)
    await recordSubscription(db, id, parcel, result)
    calls += 1
    if (result.outcome !== 'accepted') onRefusal(parcel.id, result.outcome, result.code)
  }
  return calls
}

/**
 * Keeps what a service has pushed of a parcel. A repeat changes nothing.
 * @param subscription its id, where the push names it
 */
export async function keepPush(
  { db, sealer }: Pick<TrackDeps, 'db' | 'sealer'>,
  provider: TrackingProvider,
  { trackingNo, tracked, ended, correction }: PushedParcel,
  subscription: string | undefined,
): Promise<void> {
  if (correction) {
    const name = CARRIER_NAMES[correction.to].zh
    await correctCarrier(db, provider.name, trackingNo, { ...correction, name })
  }
  await keepTracked(db, sealer, trackingNo, tracked)
  if (ended) await endSubscription(db, provider.name, trackingNo, subscription, ended)
}

/** How a parcel is followed, for operators. */
export interface FollowingView {
  readonly provider: TrackingProviderName
  readonly outcome: SubscriptionOutcome | null
  /** Of a refusal: the service's own. */
  readonly code: string | null
  readonly ended: SubscriptionEnd | null
  /** When it is subscribed again. */
  readonly nextAt: string | null
}

/** By the parcel's id; a parcel that was never subscribed has none. */
export async function readFollowing(
  db: Db,
  shipmentIds: readonly string[],
): Promise<ReadonlyMap<string, FollowingView>> {
  const found = await findSubscriptions(db, shipmentIds)
  return new Map(
    [...found].map(([id, { provider, outcome, code, ended, subscribe_at }]) => [
      id,
      { provider, outcome, code, ended, nextAt: subscribe_at?.toISOString() ?? null },
    ]),
  )
}
