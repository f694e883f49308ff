import { plainCode } from '../text.ts'

/** A code goes from the pool to an order and to its owner; only a reservation that ends frees it again. */
export const CODE_STATES = ['free', 'held', 'issued', 'void'] as const
export type CodeState = (typeof CODE_STATES)[number]

/** `canceled`: the order was, after the code was issued. */
export const CODE_VOID_REASONS = ['expired', 'replaced', 'canceled'] as const
export type CodeVoidReason = (typeof CODE_VOID_REASONS)[number]

/** In characters. */
export const CODE_MAX = { code: 200, pin: 64, url: 500 } as const
/** Codes of one import. */
export const IMPORT_MAX = 5_000

/** What the customer gets. */
export interface CodeContent {
  readonly code: string
  readonly pin?: string | undefined
  readonly url?: string | undefined
}

/** Two codes that differ only in blanks and hyphens are one. */
export function sameCode(code: string): string {
  return plainCode(code).replace(/[\s\p{Pd}]/gu, '')
}

/** At most a third of the code stays readable. */
export function lastOf(code: string): string {
  const letters = Array.from(code)
  const shown = Math.min(4, Math.floor(letters.length / 3))
  return shown === 0 ? '' : letters.slice(-shown).join('')
}

export const masked = (last: string): string => `••••${last}`
