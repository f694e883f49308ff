const SHANGHAI_MS = 8 * 3_600_000
const DAY_MS = 86_400_000

/** `yyyy-MM-dd HH:mm:ss` in Shanghai. */
export function shanghaiText(time: Date): string {
  return new Date(time.getTime() + SHANGHAI_MS).toISOString().slice(0, 19).replace('T', ' ')
}

/** Reads `yyyy-MM-dd HH:mm:ss`; undefined where it is no such time. */
export function fromShanghaiText(text: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(text)) return undefined
  const time = new Date(`${text.replace(' ', 'T')}+08:00`)
  return Number.isNaN(time.getTime()) ? undefined : time
}

/** A day of Shanghai, from its first millisecond to that of the next. @param day `yyyy-MM-dd` */
export function dayOf(day: string): { from: Date; to: Date } | undefined {
  const from = fromShanghaiText(`${day} 00:00:00`)
  return from && { from, to: new Date(from.getTime() + DAY_MS) }
}
