/** Days and times as the shop's customers live them. Asia/Shanghai has had no summer time since 1991. */

const SHANGHAI_MS = 8 * 3_600_000
const DAY_MS = 24 * 3_600_000

/** `2026-11-24 06:08:25`; parts of a second are cut. */
export function shanghaiText(at: Date): string {
  return new Date(at.getTime() + SHANGHAI_MS).toISOString().slice(0, 19).replace('T', ' ')
}

/** The day in Shanghai that holds this moment: its first ms, and the first of the next day. */
export function shanghaiDay(at: number): { from: number; to: number } {
  const from = Math.floor((at + SHANGHAI_MS) / DAY_MS) * DAY_MS - SHANGHAI_MS
  return { from, to: from + DAY_MS }
}

/** How many midnights lie between two moments. @param from @param to ms since the epoch */
export function daysBetween(from: number, to: number): number {
  return (shanghaiDay(to).from - shanghaiDay(from).from) / DAY_MS
}

/** Whether this is `YYYY-MM-DD` of a day that there is, such as not the 30th of February. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const at = Date.parse(`${text}T00:00:00+08:00`)
  return !Number.isNaN(at) && dateInShanghai(at) === text
}

/** @param day `YYYY-MM-DD` @returns when that day begins and ends in Shanghai */
export function dayInShanghai(day: string): { readonly from: Date; readonly to: Date } {
  const from = Date.parse(`${day}T00:00:00+08:00`)
  return { from: new Date(from), to: new Date(from + DAY_MS) }
}

/** The date in Shanghai, `YYYY-MM-DD`. @param at ms since the epoch */
export function dateInShanghai(at: number): string {
  return shanghaiText(new Date(at)).slice(0, 10)
}

/** The day before the one that it is in Shanghai. @param at ms since the epoch */
export function yesterdayInShanghai(at: number): string {
  return dateInShanghai(at - DAY_MS)
}
