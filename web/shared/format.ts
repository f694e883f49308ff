import { html } from 'hono/html'
import { daysBetween } from '../../domain/business-time.ts'
import type { Money } from '../../domain/money.ts'
import type { Lang } from '../../i18n/error-texts.ts'

/** How amounts and times are written for people. Times are Shanghai's, whoever looks. */

const GROUPED = new Intl.NumberFormat('zh-CN')
const ZONE = 'Asia/Shanghai'

/** `1,200` */
export const grouped = (count: number): string => GROUPED.format(count)

/** `1,200` of digits, in linear time however many they are. */
function groupDigits(digits: string): string {
  const head = digits.length % 3 || 3
  const groups = [digits.slice(0, head)]
  for (let at = head; at < digits.length; at += 3) groups.push(digits.slice(at, at + 3))
  return groups.join(',')
}

/** A number within a refusal, as people write it: `1,200`, `¥1,200.50`; other text stays. */
export function groupedText(text: string): string {
  return /^-?¥?\d+(\.\d+)?$/.test(text) ? text.replace(/\d+/, groupDigits) : text
}

/** `1,200 积分` */
export function pointsText(points: number, lang: Lang): string {
  return lang === 'zh' ? `${grouped(points)} 积分` : `${grouped(points)} points`
}

/** `¥9.90`, with the thousands grouped. Takes decimal text, so that no amount is ever a float. */
export function moneyText({ amount }: Money): string {
  const [whole = '0', cents = '00'] = amount.replace('-', '').split('.')
  return `${amount.startsWith('-') ? '-' : ''}¥${groupDigits(whole)}.${cents}`
}

/** `1,200 积分 + ¥9.90`, or the part that there is. */
export function priceText(points: number, money: Money, lang: Lang): string {
  const parts = []
  if (points > 0 || money.amount === '0.00') parts.push(pointsText(points, lang))
  if (money.amount !== '0.00') parts.push(moneyText(money))
  return parts.join(' + ')
}

/** A change of a balance with its sign: `+1,200`, `-1,200`. */
export const signed = (points: number): string => (points > 0 ? `+${grouped(points)}` : grouped(points))

const DATE_TIME = {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
} as const

/** A `<time>` of an ISO 8601 text: `2026-11-23 09:05`, which nobody can read as another day. */
export function time(iso: string, lang: Lang) {
  const text = new Intl.DateTimeFormat(lang === 'zh' ? 'zh-CN' : 'sv-SE', {
    timeZone: ZONE,
    hourCycle: 'h23',
    ...DATE_TIME,
  }).format(new Date(iso))
  return html`<time datetime="${iso}">${text.replaceAll('/', '-')}</time>`
}

/** A `<time>` of a moment that is near: `09:05`, and the day only where it is another one than now. */
export function deadline(iso: string, lang: Lang) {
  const at = new Date(iso)
  const isToday = daysBetween(Date.now(), at.getTime()) === 0
  if (!isToday) return time(iso, lang)
  const clock = { timeZone: ZONE, hourCycle: 'h23', hour: '2-digit', minute: '2-digit' } as const
  return html`<time datetime="${iso}">${new Intl.DateTimeFormat('zh-CN', clock).format(at)}</time>`
}

/** A `<time>` to the second, for those who compare it with other books: `2026-11-23 09:05:07`. */
export function exactTime(iso: string) {
  const text = new Intl.DateTimeFormat('sv-SE', {
    timeZone: ZONE,
    hourCycle: 'h23',
    ...DATE_TIME,
    second: '2-digit',
  }).format(new Date(iso))
  return html`<time datetime="${iso}">${text}</time>`
}

/** A `<time>` with the day alone. */
export function day(iso: string, lang: Lang) {
  const { year, month, day: date } = DATE_TIME
  const text = new Intl.DateTimeFormat(lang === 'zh' ? 'zh-CN' : 'sv-SE', {
    timeZone: ZONE,
    year,
    month,
    day: date,
  }).format(new Date(iso))
  return html`<time datetime="${iso}">${text.replaceAll('/', '-')}</time>`
}
