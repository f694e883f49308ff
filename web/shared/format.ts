import { html } from 'hono/html'
import { daysBetween, lastDayOf } from '../../domain/business-time.ts'
import type { Money } from '../../domain/money.ts'
import type { Lang } from '../../i18n/error-texts.ts'

/** All times are in Shanghai time. */

const GROUPED = new Intl.NumberFormat('zh-CN')
const ZONE = 'Asia/Shanghai'

export const grouped = (count: number): string => GROUPED.format(count)

function groupDigits(digits: string): string {
  const head = digits.length % 3 || 3
  const groups = [digits.slice(0, head)]
  for (let at = head; at < digits.length; at += 3) groups.push(digits.slice(at, at + 3))
  return groups.join(',')
}

/** Groups the digits of a number: `1,200`, `¥1,200.50`; other text is unchanged. */
export function groupedText(text: string): string {
  return /^-?¥?\d+(\.\d+)?$/.test(text) ? text.replace(/\d+/, groupDigits) : text
}

export function pointsText(points: number, lang: Lang): string {
  return lang === 'zh' ? `${grouped(points)} 积分` : `${grouped(points)} points`
}

/** `¥9.90`. @param yuan decimal text, so that amounts are never floats */
export function moneyText({ amount }: Money): string {
  const [whole = '0', cents = '00'] = amount.replace('-', '').split('.')
  return `${amount.startsWith('-') ? '-' : ''}¥${groupDigits(whole)}.${cents}`
}

/** `1,200 积分 + ¥9.90`, or one part. */
export function priceText(points: number, money: Money, lang: Lang): string {
  const parts = []
  if (points > 0 || money.amount === '0.00') parts.push(pointsText(points, lang))
  if (money.amount !== '0.00') parts.push(moneyText(money))
  return parts.join(' + ')
}

/** Signed: `+1,200`, `-1,200`. */
export const signed = (points: number): string => (points > 0 ? `+${grouped(points)}` : grouped(points))

const DATE_TIME = {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
} as const

/** `2026-11-23 09:05`, unambiguous in every locale. */
export function time(iso: string, lang: Lang) {
  const text = new Intl.DateTimeFormat(lang === 'zh' ? 'zh-CN' : 'sv-SE', {
    timeZone: ZONE,
    hourCycle: 'h23',
    ...DATE_TIME,
  }).format(new Date(iso))
  return html`<time datetime="${iso}">${text.replaceAll('/', '-')}</time>`
}

/** `09:05`, with the date unless today. */
export function deadline(iso: string, lang: Lang) {
  const at = new Date(iso)
  const isToday = daysBetween(Date.now(), at.getTime()) === 0
  if (!isToday) return time(iso, lang)
  const clock = { timeZone: ZONE, hourCycle: 'h23', hour: '2-digit', minute: '2-digit' } as const
  return html`<time datetime="${iso}">${new Intl.DateTimeFormat('zh-CN', clock).format(at)}</time>`
}

/** With seconds, to compare with other records. */
export function exactTime(iso: string) {
  const text = new Intl.DateTimeFormat('sv-SE', {
    timeZone: ZONE,
    hourCycle: 'h23',
    ...DATE_TIME,
    second: '2-digit',
  }).format(new Date(iso))
  return html`<time datetime="${iso}">${text}</time>`
}

/** `<time>`: the last day on which points that end at this moment can be spent. */
export function lastDay(endsAt: string) {
  const { day, time: clock } = lastDayOf(Date.parse(endsAt))
  return html`<time datetime="${endsAt}">${clock === undefined ? day : `${day} ${clock}`}</time>`
}
