const SHANGHAI_MS = 8 * 3_600_000
const DAY_MS = 86_400_000

export function shanghaiText(time: Date): string {
  return new Date(time.getTime() + SHANGHAI_MS).toISOString().slice(0, 19).replace('T', ' ')
}

export function fromShanghaiText(text: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(text)) return undefined
  const time = new Date(`${text.replace(' ', 'T')}+08:00`)
  return Number.isNaN(time.getTime()) ? undefined : time
}

/** @param day `yyyy-MM-dd` */
export function dayOf(day: string): { from: Date; to: Date } | undefined {
  const from = fromShanghaiText(`${day} 00:00:00`)
  return from && { from, to: new Date(from.getTime() + DAY_MS) }
}
