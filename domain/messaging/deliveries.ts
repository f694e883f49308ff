/** Deliveries of events to the endpoints of other systems. */

/** `gone`: it answered 410. `failing`: nothing reached it for too long. */
export const ENDPOINT_STATES = ['enabled', 'disabled', 'gone', 'failing'] as const
export type EndpointState = (typeof ENDPOINT_STATES)[number]

export const DELIVERY_STATES = ['pending', 'delivered', 'given_up'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/** How a try ended. `interrupted`: the worker ended meanwhile, and whether the event arrived is unknown. */
export const TRY_OUTCOMES = [
  'delivered',
  'refused',
  'redirected',
  'gone',
  'timed_out',
  'unreachable',
  'address_not_allowed',
  'endpoint_disabled',
  'interrupted',
] as const
export type TryOutcome = (typeof TRY_OUTCOMES)[number]

/** What came of one try. */
export interface TryResult {
  readonly outcome: TryOutcome
  /** The HTTP status; null: there was no answer. */
  readonly status: number | null
  /** How long the receiver asked to be left alone, in ms. */
  readonly retryAfterMs?: number | undefined
}

export interface DeliverySettings {
  /** Pauses after the first failure, the second, and so on; after the last the delivery is given up. */
  readonly retryMs: readonly number[]
  readonly timeoutMs: number
  /** How long an endpoint may fail without any success before it is switched off. */
  readonly disableAfterMs: number
  readonly retentionMs: number
  /** Private and loopback addresses, and `http`. */
  readonly allowPrivate: boolean
}

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** The table of Standard Webhooks 1.0: ten tries within 75 h 35 min. */
export const RETRY_MS: readonly number[] = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
]

/** Failures after which the next event of a lane overtakes, at an endpoint that wants the latest state. */
export const OVERTAKEN_AFTER = 3

/** Deliveries that one request sends again. */
export const RESENT_AT_ONCE = 500

const RETRY_AFTER_MAX_MS = 24 * HOUR_MS
const JITTER = 0.1

/**
 * @param failures how often the delivery has failed, this time included
 * @param random from 0 to 1
 * @returns the pause until the next try (ms); undefined: it is given up
 */
export function pauseAfter(
  { outcome, retryAfterMs = 0 }: TryResult,
  failures: number,
  retryMs: readonly number[],
  random: number,
): number | undefined {
  const pause = retryMs[failures - 1]
  if (outcome === 'gone' || pause === undefined) return undefined
  return Math.max(pause * (1 + random * JITTER), retryAfterMs)
}

/** @param value of the header Retry-After: seconds, or a date @param now ms @returns ms, at most a day */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * SECOND_MS : Date.parse(value) - now
  return Number.isNaN(ms) || ms <= 0 ? undefined : Math.min(ms, RETRY_AFTER_MAX_MS)
}

/** @param status of an answer; redirects are not followed */
export function outcomeOf(status: number): TryOutcome {
  if (status >= 200 && status < 300) return 'delivered'
  if (status === 410) return 'gone'
  return status >= 300 && status < 400 ? 'redirected' : 'refused'
}
