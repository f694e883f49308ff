/** Asia/Shanghai has had no summer time since 1991. */
const SHANGHAI_MS = 8 * 3_600_000

/** Takes a time; returns it as Alipay writes times, `yyyy-MM-dd HH:mm:ss` in Shanghai. Parts of a second are cut. */
export function shanghaiText(time: Date): string {
  return new Date(time.getTime() + SHANGHAI_MS).toISOString().slice(0, 19).replace('T', ' ')
}

/** Takes `yyyy-MM-dd HH:mm:ss` in Shanghai, fractions allowed; returns undefined where it is no such time. */
export function fromShanghaiText(text: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,3})?$/.test(text)) return undefined
  const time = new Date(`${text.replace(' ', 'T')}+08:00`)
  return Number.isNaN(time.getTime()) ? undefined : time
}

/** The same second, or the next one where the time lies inside a second. */
export function ceilToSecond(time: Date): Date {
  return new Date(Math.ceil(time.getTime() / 1000) * 1000)
}
