/** `yyyy-MM-dd HH:mm:ss` in Shanghai. @returns undefined when malformed */
export function fromShanghaiText(text: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,3})?$/.test(text)) return undefined
  const time = new Date(`${text.replace(' ', 'T')}+08:00`)
  return Number.isNaN(time.getTime()) ? undefined : time
}

export function ceilToSecond(time: Date): Date {
  return new Date(Math.ceil(time.getTime() / 1000) * 1000)
}
