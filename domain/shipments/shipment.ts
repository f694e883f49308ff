import type { Carrier } from './carriers.ts'

/** Where a parcel is. `none`: the carrier has said nothing of it, or it is not sent yet. */
export const SHIPMENT_STATES = [
  'none',
  'picked_up',
  'in_transit',
  'out_for_delivery',
  'at_station',
  'signed',
  'problem',
  'returning',
  'returned',
  'refused',
] as const
export type ShipmentState = (typeof SHIPMENT_STATES)[number]

/** A parcel as an operator enters it. */
export interface Parcel {
  readonly carrier: Carrier
  /** As typed. */
  readonly carrierName: string
  readonly trackingNo: string
}

/** By how much a customer may postpone the automatic confirmation, once. */
export const EXTENSION_DAYS = 7
