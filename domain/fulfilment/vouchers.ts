import { plainCode } from '../text.ts'

/** Twelve digits, as they are typed at a counter: the last one is the check digit of Damm's algorithm. */
const DIGITS = 12

/** Finds each wrong digit and each swap of two neighbours. */
const DAMM = [
  '0317598642',
  '7092154863',
  '4206871359',
  '1750983426',
  '6123045978',
  '3674209581',
  '5869720134',
  '8945362017',
  '9438617205',
  '2581436790',
] as const

function dammOf(digits: string): number {
  let interim = 0
  for (const digit of digits) interim = Number(DAMM[interim]?.[Number(digit)])
  return interim
}

/** @param number below 10^11 */
export function voucherCode(number: number): string {
  const digits = `${number}`.padStart(DIGITS - 1, '0')
  return `${digits}${dammOf(digits)}`
}

/** @returns the bare digits; undefined for what is no voucher code: mistyped, or something else */
export function readVoucherCode(typed: string): string | undefined {
  const code = plainCode(typed).replace(/[\s\p{Pd}]/gu, '')
  return /^\d{12}$/.test(code) && dammOf(code) === 0 ? code : undefined
}

/** `1234 5678 9012`, for people. */
export const spaced = (code: string): string => code.replace(/(\d{4})(?=\d)/g, '$1 ')

/** How long a use can be undone. */
export const UNDO_MINUTES = 30
export const STORE_MAX = { name: 64, address: 200, staff: 200 } as const
