/** Cash inside the mall: 1 CNY = 100 fen. Never converted to a floating-point number. */
export type Fen = bigint

export const CASH_CURRENCY = 'CNY'

export interface Money {
  readonly amount: string
  readonly currency: typeof CASH_CURRENCY
}

const DECIMAL = /^(-?)(\d{1,15})(?:\.(\d{1,2}))?$/

/** User input for a cash amount: not negative, at most 8 digits before the point. */
export const AMOUNT = /^(0|[1-9]\d{0,7})(\.\d{1,2})?$/

/** Parses untrusted decimal yuan; undefined when malformed. For the mall's own amounts use `fenOf`. */
export function fenFromDecimal(text: string): Fen | undefined {
  const match = DECIMAL.exec(text)
  if (!match) return undefined
  const fen = BigInt(match[2] ?? '0') * 100n + BigInt((match[3] ?? '').padEnd(2, '0'))
  return match[1] ? -fen : fen
}

/** A JSON number as decimal yuan: sums such as 9.9 × 3 miss a fen by less than a millionth, which is rounded. */
export function decimalFromNumber(amount: number): string {
  const fen = Math.round(amount * 100)
  const isNear = Number.isSafeInteger(fen) && Math.abs(amount * 100 - fen) < 1e-6
  return isNear ? decimalFromFen(BigInt(fen)) : `${amount}`
}

/** Parses an amount that the mall has written or validated. @throws TypeError when malformed */
export function fenOf(amount: string | Money): Fen {
  const text = typeof amount === 'string' ? amount : amount.amount
  const fen = fenFromDecimal(text)
  if (fen === undefined) throw new TypeError(`malformed amount: ${JSON.stringify(text)}`)
  return fen
}

/** Decimal yuan with two places: `990n` is `9.90`. */
export function decimalFromFen(fen: Fen): string {
  const digits = (fen < 0n ? -fen : fen).toString().padStart(3, '0')
  return `${fen < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

export function moneyFromFen(fen: Fen): Money {
  return { amount: decimalFromFen(fen), currency: CASH_CURRENCY }
}
