import { shanghaiText } from '../business-time.ts'

/** Crockford's base 32 without I, L, O and U: no letter that is misread, no word by accident. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/**
 * A number for a new order: `PM`, the time in Shanghai to the second (readable, sortable), and twelve random
 * letters (60 bits: not to be guessed). Starts with letters, so it is never mistaken for an id.
 * @param random at least 12 random bytes
 */
export function newOrderNo(at: Date, random: Uint8Array): string {
  const shanghai = shanghaiText(at).replace(/\D/g, '')
  let suffix = ''
  for (let i = 0; i < 12; i += 1) suffix += ALPHABET[(random[i] ?? 0) % 32]
  return `PM${shanghai}${suffix}`
}

/** The number of the n-th attempt to pay an order, as the provider sees it. */
export function outTradeNo(orderNo: string, n: number): string {
  return `${orderNo}-${n}`
}

/** Takes an attempt's number; returns the order's, or undefined when it is none of ours. */
export function orderNoOf(tradeNo: string): string | undefined {
  return /^(PM\d{14}[0-9A-Z]{12})-\d{1,4}$/.exec(tradeNo)?.[1]
}
