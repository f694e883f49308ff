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

/** After these a carrier says nothing more. */
export const isLastState = (state: ShipmentState): boolean => state === 'signed' || state === 'returned'

/** `unreachable`: the call did not arrive. `unknown`: it may have arrived. */
export type SubscriptionOutcome = 'accepted' | 'refused' | 'unreachable' | 'unknown'

/** `aborted`: the service found nothing of the number for too long. `shut_down`: it follows the parcel no more. */
export type SubscriptionEnd = 'aborted' | 'shut_down'

/** kuaidi100 takes no more of one number. */
export const SUBSCRIPTIONS_A_MONTH = 4
export const MONTH_MS = 31 * 86_400_000
/** kuaidi100 asks for this pause after `aborted`. */
export const AFTER_ABORT_MS = 30 * 60_000

const MINUTE_MS = 60_000
const RETRY_MS = [1, 5, 30, 120, 360, 1_440].map((minutes) => minutes * MINUTE_MS)

/** @param failures in a row, from 1 @returns the pause until the parcel is subscribed again (ms) */
export const pauseAfterFailures = (failures: number): number =>
  RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] ?? MINUTE_MS

/** @returns the time of the event that says "signed"; undefined where none does */
export const deliveredAtOf = (events: readonly TrackEvent[]): Date | undefined =>
  events.filter(({ state }) => state === 'signed').toSorted((a, b) => a.at.getTime() - b.at.getTime())[0]?.at

/** `yyyy-MM-dd HH:mm:ss` in Shanghai. @returns undefined when malformed */
export function fromCarrierTime(text: unknown): Date | undefined {
  if (typeof text !== 'string' || !/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(text)) return undefined
  const time = new Date(`${text.replace(' ', 'T')}+08:00`)
  return Number.isNaN(time.getTime()) ? undefined : time
}
