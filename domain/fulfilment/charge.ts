import { maskPhone } from '../customers/masks.ts'
import { plainPhone } from '../customers/phone.ts'

/** What a paid order has charged to an account at a supplier, such as phone credit. */

/** `sent`: the request is on its way; `unknown`: no answer said what became of it. */
export const CHARGE_STATES = ['created', 'sent', 'processing', 'unknown', 'succeeded', 'failed'] as const
export type ChargeState = (typeof CHARGE_STATES)[number]

/**
 * A database trigger has a copy of this table; a test compares the two. A supplier may take back "failed"; nobody takes back
 * "succeeded".
 */
export const CHARGE_TRANSITIONS: Readonly<Record<ChargeState, readonly ChargeState[]>> = {
  created: ['sent'],
  sent: ['processing', 'unknown', 'succeeded', 'failed'],
  processing: ['sent', 'unknown', 'succeeded', 'failed'],
  unknown: ['sent', 'processing', 'succeeded', 'failed'],
  succeeded: [],
  failed: ['succeeded'],
}

/** What the supplier said last: `not_found` and `failed` are negative; `none`: no valid answer came. */
export const CHARGE_ANSWERS = ['processing', 'succeeded', 'failed', 'not_found', 'none'] as const
export type ChargeAnswer = (typeof CHARGE_ANSWERS)[number]

/** The charge as customers and other systems see it. */
export const SHOWN_CHARGE_STATES = ['processing', 'succeeded', 'failed'] as const
export type ShownChargeState = (typeof SHOWN_CHARGE_STATES)[number]

export const shownState = (state: ChargeState): ShownChargeState =>
  state === 'succeeded' || state === 'failed' ? state : 'processing'

/** Whether points and cash may be returned: the supplier said that it did not charge, or was never asked to. */
export function isRefundable({
  state,
  answer,
}: {
  readonly state: ChargeState
  readonly answer: ChargeAnswer | null
}): boolean {
  return state === 'created' || state === 'failed' || (state === 'unknown' && answer === 'not_found')
}

/** What one piece of a product charges: the number of the article at the supplier. */
export interface ChargeTerms {
  readonly item: string
}

/** Printable, so that a number in a URL or a file needs no quoting. */
export const CHARGE_ITEM = /^[A-Za-z0-9._-]{1,64}$/
export const CHARGE_ITEM_MAX = 64

const ACCOUNT = /^1[3-9]\d{9}$/

/** @returns a mainland mobile number, in one form; undefined for anything else */
export function readAccount(typed: string): string | undefined {
  const phone = plainPhone(typed)
  return ACCOUNT.test(phone) ? phone : undefined
}

/** `138****0000`, enough to recognise it. */
export const maskAccount = (account: string): string => maskPhone(account, true)

/** Pauses between two calls about one charge, in milliseconds; the last one repeats. */
const CHARGE_PAUSES_MS: readonly number[] = [
  2_000, 3_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
]
export const CHARGE_DEADLINE_MS = 24 * 3_600_000
/** How long a refunded charge is asked about: it may still succeed. */
export const CHARGE_WATCH_MS = 7 * 24 * 3_600_000

/** @param calls how many there were */
export function pauseAfter(calls: number, pausesMs: readonly number[] = CHARGE_PAUSES_MS): number {
  return pausesMs[Math.min(Math.max(calls, 1), pausesMs.length) - 1] ?? 60_000
}
