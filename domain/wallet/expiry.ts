import { byDate, type Lot } from './wallet.ts'

const DAY_MS = 86_400_000

/** An owner is told this many days before points expire, once each; the soonest comes last. */
export const WARN_DAYS = [30, 3] as const

/** How far ahead somebody looks who warns. */
export const WARN_AHEAD_MS = Math.max(...WARN_DAYS) * DAY_MS

export interface ExpiryWarning {
  /** Ms since 1970. */
  readonly expiresAt: number
  /** Which of the steps this is; what is left may be less where the look came late. */
  readonly days: (typeof WARN_DAYS)[number]
}

/**
 * The warnings that are due at `now` (ms): one per date, and where several steps are due, the last one alone.
 * Whoever was told "in 3 days" is not told "in 30 days" afterwards.
 */
export function warningsDue(lots: readonly Lot[], now: number): ExpiryWarning[] {
  return byDate(lots).flatMap(({ expiresAt }) => {
    if (expiresAt === null || expiresAt <= now) return []
    const days = WARN_DAYS.findLast((step) => expiresAt - now <= step * DAY_MS)
    return days === undefined ? [] : [{ expiresAt, days }]
  })
}
