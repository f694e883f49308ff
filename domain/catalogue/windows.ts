/** Bounds of a product in time; null: none. The first moment is within, the last is not. */
export interface Windows {
  readonly visibleFrom: Date | null
  readonly visibleUntil: Date | null
  readonly onSaleFrom: Date | null
  readonly onSaleUntil: Date | null
}

/** Why it cannot be redeemed now, and when that begins or ended. */
export interface Closed {
  readonly rule: 'not_yet' | 'over'
  readonly at: Date
}

export function isVisibleAt({ visibleFrom, visibleUntil }: Windows, now: Date): boolean {
  return (visibleFrom === null || visibleFrom <= now) && (visibleUntil === null || now < visibleUntil)
}

/** A product is redeemed while it is both visible and on sale. @returns undefined: it can be redeemed */
export function closedAt(
  { visibleFrom, visibleUntil, onSaleFrom, onSaleUntil }: Windows,
  now: Date,
): Closed | undefined {
  const ends = [visibleUntil, onSaleUntil].filter((end) => end !== null).toSorted((a, b) => +a - +b)
  const begins = [visibleFrom, onSaleFrom].filter((begin) => begin !== null).toSorted((a, b) => +b - +a)
  if (ends[0] && ends[0] <= now) return { rule: 'over', at: ends[0] }
  if (begins[0] && begins[0] > now) return { rule: 'not_yet', at: begins[0] }
  return undefined
}
