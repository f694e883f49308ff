/**
 * Money is an amount of fen (1 CNY = 100 fen) as a bigint inside the mall, and decimal text at its edges.
 * No function here ever holds an amount as a floating point number.
 */
export type Fen = bigint

export const CASH_CURRENCY = 'CNY'

/** The wire form of an amount of cash, as the contract has it. */
export interface Money {
  readonly amount: string
  readonly currency: typeof CASH_CURRENCY
}

const DECIMAL = /^(-?)(\d{1,15})(?:\.(\d{1,2}))?$/

/** What somebody may name as an amount of cash: never negative, at most 8 digits before the point. */
export const AMOUNT = /^(0|[1-9]\d{0,7})(\.\d{1,2})?$/

/**
 * Reads decimal yuan from outside, such as `9.9`, `9.90` or `-3`, as fen. For amounts of the mall's own: `fenOf`.
 * @returns undefined when the text is no decimal with at most 15 digits before and 2 after the point.
 */
export function fenFromDecimal(text: string): Fen | undefined {
  const match = DECIMAL.exec(text)
  if (!match) return undefined
  const fen = BigInt(match[2] ?? '0') * 100n + BigInt((match[3] ?? '').padEnd(2, '0'))
  return match[1] ? -fen : fen
}

/**
 * Reads an amount that the mall itself has written or that was validated before: decimal yuan, or its wire form.
 * @throws TypeError when it is malformed; an amount is never guessed
 */
export function fenOf(amount: string | Money): Fen {
  const text = typeof amount === 'string' ? amount : amount.amount
  const fen = fenFromDecimal(text)
  if (fen === undefined) throw new TypeError(`malformed amount: ${JSON.stringify(text)}`)
  return fen
}

/** Writes fen as decimal yuan with two places: `990n` is `9.90`. */
export function decimalFromFen(fen: Fen): string {
  const digits = (fen < 0n ? -fen : fen).toString().padStart(3, '0')
  return `${fen < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** Takes fen; returns the wire form. */
export function moneyFromFen(fen: Fen): Money {
  return { amount: decimalFromFen(fen), currency: CASH_CURRENCY }
}
