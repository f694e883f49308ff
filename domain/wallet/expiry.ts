import { byDate, type Lot } from './wallet.ts'

const DAY_MS = 86_400_000

/** Owners are warned this many days before points expire, once per step; the soonest comes last. */
export const WARN_DAYS = [30, 3] as const

export const WARN_AHEAD_MS = Math.max(...WARN_DAYS) * DAY_MS

export interface ExpiryWarning {
  readonly expiresAt: number
  readonly days: (typeof WARN_DAYS)[number]
}

/** One per expiry date, for the last step due only: "in 30 days" never follows "in 3 days". @param now ms */
export function warningsDue(lots: readonly Lot[], now: number): ExpiryWarning[] {
  return byDate(lots).flatMap(({ expiresAt }) => {
    if (expiresAt === null || expiresAt <= now) return []
    const days = WARN_DAYS.findLast((step) => expiresAt - now <= step * DAY_MS)
    return days === undefined ? [] : [{ expiresAt, days }]
  })
}
