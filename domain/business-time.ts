/** Business days and times in Asia/Shanghai, which has had no summer time since 1991. */

const SHANGHAI_MS = 8 * 3_600_000
const DAY_MS = 24 * 3_600_000

/** `2026-11-24 06:08:25`, without fractions of a second. */
export function shanghaiText(at: Date): string {
  return new Date(at.getTime() + SHANGHAI_MS).toISOString().slice(0, 19).replace('T', ' ')
}

/** @returns the first ms of the day in Shanghai, and of the next day */
export function shanghaiDay(at: number): { from: number; to: number } {
  const from = Math.floor((at + SHANGHAI_MS) / DAY_MS) * DAY_MS - SHANGHAI_MS
  return { from, to: from + DAY_MS }
}

/** The number of midnights between two moments, in ms since the epoch. */
export function daysBetween(from: number, to: number): number {
  return (shanghaiDay(to).from - shanghaiDay(from).from) / DAY_MS
}

export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const at = Date.parse(`${text}T00:00:00+08:00`)
  return !Number.isNaN(at) && dateInShanghai(at) === text
}

/** @param day `YYYY-MM-DD` */
export function dayInShanghai(day: string): { readonly from: Date; readonly to: Date } {
  const from = Date.parse(`${day}T00:00:00+08:00`)
  return { from: new Date(from), to: new Date(from + DAY_MS) }
}

export function dateInShanghai(at: number): string {
  return shanghaiText(new Date(at)).slice(0, 10)
}

/**
 * The last day of points that end at this moment (ms since the epoch), which itself is over for them.
 * @returns with the time (`10:19`) where they end in the middle of that day
 */
export function lastDayOf(endsAt: number): { readonly day: string; readonly time?: string } {
  const { to } = shanghaiDay(endsAt - 1)
  const day = dateInShanghai(endsAt - 1)
  // A day also ends at 23:59:59.
  return to - endsAt <= 1000 ? { day } : { day, time: shanghaiText(new Date(endsAt)).slice(11, 16) }
}

export function yesterdayInShanghai(at: number): string {
  return dateInShanghai(at - DAY_MS)
}
