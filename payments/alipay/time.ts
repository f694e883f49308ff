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
