import type { ColumnType, Generated } from 'kysely'
import type { Carrier } from '../../domain/shipments/carriers.ts'
import type { ShipmentState } from '../../domain/shipments/shipment.ts'
import type {
  SubscriptionEnd,
  SubscriptionOutcome,
  TrackingProviderName,
} from '../../domain/shipments/tracking.ts'
import type { Dated, Id, Ref, Stamp } from './columns.ts'
import type { ActorType } from './order-events.ts'

/** The parcels of an order. Without a number it is still to be sent. */
export interface ShipmentsTable extends Dated {
  id: Id
  order_no: string
  /** Of the request that sent it; null while it is still to be sent. */
  operation_key: string | null
  carrier: Carrier | null
  /** As typed. */
  carrier_name: string | null
  tracking_no: string | null
  quantity: number
  state: ColumnType<ShipmentState, ShipmentState | undefined, ShipmentState>
  shipped_at: ColumnType<Date | null, Date | undefined, Date>
  delivered_at: ColumnType<Date | null, undefined, Date | null>
  /** When a tracking service was last asked. */
  asked_at: ColumnType<Date | null, undefined, Date | null>
  /** When it is to be subscribed at a tracking service; null: nothing is to be done. */
  subscribe_at: ColumnType<Date | null, Date | null | undefined, Date | null>
}

/** What a carrier said of a parcel, under the number that it had then. */
export interface ShipmentEventsTable {
  id: Id
  shipment_id: Ref
  tracking_no: string
  /** Of number, time and text: an event counts once. */
  digest: Buffer
  at: ColumnType<Date, Date, never>
  state: ShipmentState
  said: Buffer
  created_at: Stamp
}

/** What a parcel's number was before it was corrected. A row never changes. */
export interface ShipmentChangesTable {
  id: Generated<string>
  shipment_id: Ref
  operation_key: string
  carrier: Carrier
  carrier_name: string
  tracking_no: string
  actor_type: ActorType
  actor_id: string | null
  created_at: Stamp
}

/** A call that subscribes a number at a tracking service; it is noted before it is made. */
export interface ShipmentSubscriptionsTable {
  id: Id
  shipment_id: Ref
  /** In upper case. */
  tracking_no: string
  carrier: Carrier
  provider: TrackingProviderName
  made_at: Stamp
  /** Null: the call is under way, or was interrupted. */
  outcome: ColumnType<SubscriptionOutcome | null, undefined, SubscriptionOutcome>
  /** Of a refusal: the service's own. */
  code: ColumnType<string | null, undefined, string | null>
  ended: ColumnType<SubscriptionEnd | null, undefined, SubscriptionEnd>
  ended_at: ColumnType<Date | null, undefined, Date>
}
