import { shanghaiText } from '../business-time.ts'

/** Crockford's base 32: without I, L, O and U, which are easily misread. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Payment and refund numbers start with the order's number. */
const TRADE_NO = /^(PM\d{14}[0-9A-HJKMNP-TV-Z]{12})-\d{1,4}$/
const AT_START = /^PM\d{14}[0-9A-HJKMNP-TV-Z]{12}(?=-|$)/i

/** `PM`, the time in Shanghai and 12 random characters (60 bits, not guessable). @param random 12 bytes */
export function newOrderNo(at: Date, random: Uint8Array): string {
  const shanghai = shanghaiText(at).replace(/\D/g, '')
  let suffix = ''
  for (let i = 0; i < 12; i += 1) suffix += ALPHABET[(random[i] ?? 0) % 32]
  return `PM${shanghai}${suffix}`
}

export function outTradeNo(orderNo: string, n: number): string {
  return `${orderNo}-${n}`
}

/** @returns undefined when the trade number is not one of the mall's */
export function orderNoOf(tradeNo: string): string | undefined {
  return TRADE_NO.exec(tradeNo)?.[1]
}

/** @param words an order, payment or refund number, in any case @returns the order's number; undefined for other words */
export function orderNoAtStart(words: string): string | undefined {
  return AT_START.exec(words)?.[0].toUpperCase()
}
