import { plainCode } from '../text.ts'

/** A mainland mobile, a fixed line with its area code, or a 400 or 800 number; without the country code. */
const MAINLAND = /^(1[3-9]\d{9}|0[1-9]\d{1,2}-?\d{7,8}|[48]00\d{7})$/
const SERVICE = /^[48]00\d{7}$/
/** ITU-T E.164. */
const ABROAD = /^\+[1-9]\d{6,14}$/
/** Country codes whose numbers are known more exactly: Hong Kong, Macao and Taiwan. */
const EXACT: Readonly<Record<string, RegExp>> = {
  '+852': /^[2-9]\d{7}$/,
  '+853': /^[268]\d{7}$/,
  '+886': /^[2-9]\d{7,8}$/,
}
const CODE_CHARACTERS = 4

/** @param phone as `plainPhone` writes it */
export function isPhone(phone: string): boolean {
  if (!ABROAD.test(phone)) return MAINLAND.test(phone)
  const exact = EXACT[phone.slice(0, CODE_CHARACTERS)]
  return exact === undefined || exact.test(phone.slice(CODE_CHARACTERS))
}

/**
 * A phone number as people type it, in one form: half-width, no blanks or brackets. Of mainland China without +86;
 * others as `+85291234567`. A fixed line keeps its dash.
 */
export function plainPhone(typed: string): string {
  const phone = plainCode(typed)
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    // As in +44 (0)20: dialled inside of the country only.
    .replace(/^(\+[^(]{1,8})\(0\)/, '$1')
    .replace(/[\s()]/g, '')
  const national = /^(?:\+|00)86-?(.*)$/s.exec(phone)?.[1]
  if (national !== undefined) return mainland(national, true)
  const [, digits] = /^(?:\+|00)([1-9][\d.-]*)$/.exec(phone) ?? []
  if (digits !== undefined) {
    const abroad = `+${digits.replace(/[.-]/g, '').replace(/^8860/, '886')}`
    if (ABROAD.test(abroad)) return abroad
  }
  return mainland(phone.replace(/^86-?(?=1(-?\d){10}$)/, ''), false)
}

/** @param wasPrefixed with a country code, after which an area code has no 0 */
function mainland(phone: string, wasPrefixed: boolean): string {
  const digits = phone.replaceAll('-', '')
  if (SERVICE.test(digits)) return digits
  if (wasPrefixed && /^[1-9]\d{9,10}$/.test(digits) && !MAINLAND.test(digits)) return `0${phone}`
  return /^1[\d-]+$/.test(phone) ? digits : phone
}

/**
 * The digits by which a number is found: with its country code, and as it is dialled where that code is left out.
 * @returns none where anything but a number is in it
 */
export function dialledAs(typed: string): string[] {
  const phone = plainPhone(typed).replaceAll('-', '')
  if (!/^\+?\d+$/.test(phone)) return []
  if (!phone.startsWith('+')) return [phone]
  const national = phone.slice(CODE_CHARACTERS)
  const whole = phone.slice(1)
  if (!(phone.slice(0, CODE_CHARACTERS) in EXACT)) return [whole]
  return [whole, phone.startsWith('+886') ? `0${national}` : national]
}
