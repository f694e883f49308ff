import type { ShipmentState } from './shipment.ts'

/** What a carrier says of a parcel. */
export interface TrackEvent {
  readonly at: Date
  /** May hold the name and phone of a courier: it is shown, and never logged. */
  readonly text: string
  readonly state: ShipmentState
}

export interface Tracked {
  readonly state: ShipmentState
  readonly events: readonly TrackEvent[]
  readonly deliveredAt: Date | undefined
}

export const TRACKING_PROVIDERS = ['kuaidi100', 'kdniao'] as const
export type TrackingProviderName = (typeof TRACKING_PROVIDERS)[number]

/** @returns the time of the event that says "signed"; undefined where none does */
export const deliveredAtOf = (events: readonly TrackEvent[]): Date | undefined =>
  events.filter(({ state }) => state === 'signed').toSorted((a, b) => a.at.getTime() - b.at.getTime())[0]?.at

/** `yyyy-MM-dd HH:mm:ss` in Shanghai. @returns undefined when malformed */
export function fromCarrierTime(text: unknown): Date | undefined {
  if (typeof text !== 'string' || !/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(text)) return undefined
  const time = new Date(`${text.replace(' ', 'T')}+08:00`)
  return Number.isNaN(time.getTime()) ? undefined : time
}
