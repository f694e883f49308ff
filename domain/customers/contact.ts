import { isVisible, plainCode } from '../text.ts'
import { dialledAs } from './phone.ts'

/** What a receiver is found by: the whole phone number, its last four digits, or the name. */
export interface ContactTerm {
  readonly kind: 'phone' | 'tail' | 'name'
  readonly text: string
}

const TAIL = 4
/** Shorter numbers are no phone numbers. */
const PHONE_DIGITS_MIN = 5

/** @param address any fields, as the API takes them */
export function contactTerms({ name, phone }: Readonly<Record<string, unknown>>): ContactTerm[] {
  const [whole = '', ...shorter] = typeof phone === 'string' ? dialledAs(phone) : []
  return [
    ...(whole.length >= PHONE_DIGITS_MIN
      ? [...[whole, ...shorter].map((digits) => term('phone', digits)), term('tail', whole.slice(-TAIL))]
      : []),
    ...(typeof name === 'string' ? nameTerms(name) : []),
  ]
}

/** What the search words of an operator may mean. */
export function contactMeanings(words: string): ContactTerm[] {
  const [digits = ''] = dialledAs(words)
  if (digits.length === TAIL) return [term('tail', digits), ...nameTerms(words)]
  return [...(digits.length >= PHONE_DIGITS_MIN ? [term('phone', digits)] : []), ...nameTerms(words)]
}

const term = (kind: ContactTerm['kind'], text: string): ContactTerm => ({ kind, text })

function nameTerms(typed: string): ContactTerm[] {
  const name = plainCode(typed).replace(/\s/g, '').toLowerCase()
  return isVisible(name) ? [term('name', name)] : []
}
