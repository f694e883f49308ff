/**
 * One wallet account as a value, and everything that may happen to it. Pure: a function takes the state and
 * returns the next one, or why not. Amounts are points or fen. Dates are ms since 1970.
 *
 * What always holds: available = points in lots − debt; held = points in holds; nothing is negative but, where
 * the shop has switched clawback into debt on, available.
 */

/** Points with one expiry date; null lasts. */
export interface Lot {
  readonly expiresAt: number | null
  readonly amount: bigint
  /** The date that they were granted with, where `expiresAt` is the end of a grace. Absent: `expiresAt` is that date. */
  readonly originalExpiresAt?: number
}

/** Who brought it about that points come back: their owner, before he paid; or the mall or the shop. */
export type ReturnCause = 'owner' | 'mall'

/** What decides on a grace when points come back. */
export interface Return {
  readonly cause: ReturnCause
  /** Ms after the original date until which the mall's or the shop's doing lets them be spent. */
  readonly graceMs: number
}

/** Points set aside under a reference, with the lots they came from. */
export interface Hold {
  readonly ref: string
  readonly lots: readonly Lot[]
}

export interface Wallet {
  /** Soonest to expire first, one per date and original date. */
  readonly lots: readonly Lot[]
  readonly holds: readonly Hold[]
  /** Clawed back beyond what was there; later grants pay it first. */
  readonly debt: bigint
  /** Why nothing may be spent, or null. */
  readonly frozen: string | null
}

/** What one operation did: the next state, the change of both sums, and the lots that moved. */
export interface Change {
  readonly wallet: Wallet
  readonly available: bigint
  readonly held: bigint
  readonly lots: readonly Lot[]
  /** Whether it stops all spending, or lets it go on; of a change that does either. */
  readonly freezes?: boolean
}

export type Denial = 'insufficient' | 'frozen' | 'no_hold' | 'held_before'

export type Outcome =
  | { readonly ok: true; readonly change: Change }
  | { readonly ok: false; readonly denial: Denial }

export const EMPTY_WALLET: Wallet = { lots: [], holds: [], debt: 0n, frozen: null }

export function availableOf(wallet: Wallet): bigint {
  return sum(wallet.lots) - wallet.debt
}

export function heldOf(wallet: Wallet): bigint {
  return wallet.holds.reduce((total, hold) => total + sum(hold.lots), 0n)
}

/** What can be spent at this moment: lots past their date do not count, booked as expired or not. */
export function spendableOf(wallet: Wallet, now: number): bigint {
  return sum(wallet.lots.filter((lot) => !isOver(lot, now))) - wallet.debt
}

export function nextExpiryOf(wallet: Wallet): number | null {
  return wallet.lots.find((lot) => lot.expiresAt !== null)?.expiresAt ?? null
}

/** Adds points; a debt is paid first. */
export function grant(wallet: Wallet, amount: bigint, expiresAt: number | null): Change {
  const paid = amount < wallet.debt ? amount : wallet.debt
  const lots = amount > paid ? [{ expiresAt, amount: amount - paid }] : []
  return {
    wallet: { ...wallet, debt: wallet.debt - paid, lots: merge(wallet.lots, lots) },
    available: amount,
    held: 0n,
    lots,
  }
}

/** Sets points aside, those that expire first, or takes them at once where nothing is left to wait for. */
export function hold(wallet: Wallet, ref: string, amount: bigint, then: 'keep' | 'take'): Outcome {
  if (wallet.frozen !== null) return { ok: false, denial: 'frozen' }
  if (wallet.holds.some((open) => open.ref === ref)) return { ok: false, denial: 'held_before' }
  if (availableOf(wallet) < amount || wallet.debt > 0n) return { ok: false, denial: 'insufficient' }
  const { taken, rest } = draw(wallet.lots, amount)
  const holds = then === 'keep' ? [...wallet.holds, { ref, lots: taken }] : wallet.holds
  return done({
    wallet: { ...wallet, lots: rest, holds },
    available: -amount,
    held: then === 'keep' ? amount : 0n,
    lots: taken,
  })
}

/** Sets points aside by an operator's hand: also while the account is frozen. */
export function block(wallet: Wallet, ref: string, amount: bigint): Outcome {
  const outcome = hold(freeze(wallet, null), ref, amount, 'keep')
  if (!outcome.ok) return outcome
  return done({ ...outcome.change, wallet: freeze(outcome.change.wallet, wallet.frozen) })
}

/** Takes what is held under the reference. */
export function capture(wallet: Wallet, ref: string): Outcome {
  const open = wallet.holds.find((one) => one.ref === ref)
  if (!open) return { ok: false, denial: 'no_hold' }
  const holds = wallet.holds.filter((one) => one !== open)
  return done({ wallet: { ...wallet, holds }, available: 0n, held: -sum(open.lots), lots: open.lots })
}

/** Gives back what is held under the reference, to the lots it came from; see `reverse`. */
export function release(wallet: Wallet, ref: string, now: number, terms: Return): Outcome {
  const open = wallet.holds.find((one) => one.ref === ref)
  if (!open) return { ok: false, denial: 'no_hold' }
  const holds = wallet.holds.filter((one) => one !== open)
  const back = reverse({ ...wallet, holds }, open.lots, now, terms)
  return done({ ...back, held: -sum(open.lots) })
}

/**
 * Gives back what was taken, to lots of the same dates. What expired meanwhile may be spent until its original date
 * and the grace, unless its owner brought the return about. What comes back too late for that has its date of before,
 * pays no debt, and is for `expire`, which the caller is to book next.
 */
export function reverse(wallet: Wallet, lots: readonly Lot[], now: number, terms: Return): Change {
  const dated = lots.map((lot) => (isOver(lot, now) ? withGrace(lot, now, terms) : lot))
  const alive = dated.filter((lot) => !isOver(lot, now))
  const over = dated.filter((lot) => isOver(lot, now))
  const paid = sum(alive) < wallet.debt ? sum(alive) : wallet.debt
  const back = merge(over, draw(merge(alive, []), paid).rest)
  return {
    wallet: { ...wallet, debt: wallet.debt - paid, lots: merge(wallet.lots, back) },
    available: sum(lots),
    held: 0n,
    lots: back,
  }
}

/** A lot past its date, with the only grace that it ever has: however often it comes back, it ends at the same moment. */
function withGrace(lot: Lot, now: number, { cause, graceMs }: Return): Lot {
  const original = originalOf(lot)
  if (cause === 'owner' || original === null) return lot
  const until = original + graceMs
  return until > now ? { ...lot, expiresAt: until, originalExpiresAt: original } : lot
}

/**
 * Which lots a part that goes back consists of: as if the order had cost less, so that those that it drew last go
 * back first.
 * @param taken what the order took, as it was drawn
 * @param before how much of it went back before
 */
export function partOf(taken: readonly Lot[], before: bigint, amount: bigint): readonly Lot[] {
  const kept = sum(taken) - before - amount
  return draw(draw(taken, kept > 0n ? kept : 0n).rest, amount).taken
}

/** Takes away what is past its date. Undefined: nothing is. */
export function expire(wallet: Wallet, now: number): Change | undefined {
  const over = wallet.lots.filter((lot) => isOver(lot, now))
  if (over.length === 0) return undefined
  const lots = wallet.lots.filter((lot) => !isOver(lot, now))
  return { wallet: { ...wallet, lots }, available: -sum(over), held: 0n, lots: over }
}

/** Corrects by a signed amount. @param intoDebt what is not there becomes a debt instead of a denial */
export function adjust(wallet: Wallet, amount: bigint, intoDebt: boolean): Outcome {
  if (amount >= 0n) return done(grant(wallet, amount, null))
  const wanted = -amount
  const there = sum(wallet.lots)
  if (there - wallet.debt < wanted && !intoDebt) return { ok: false, denial: 'insufficient' }
  const { taken, rest } = draw(wallet.lots, wanted < there ? wanted : there)
  const debt = wallet.debt + wanted - sum(taken)
  return done({ wallet: { ...wallet, lots: rest, debt }, available: amount, held: 0n, lots: taken })
}

/**
 * Takes back points that had been granted: first out of the lot they went into, in its grace or not, then those that
 * expire first.
 * @param intoDebt what is not there becomes a debt instead of a shortfall
 * @returns the change, and what could not be taken
 */
export function clawBack(
  wallet: Wallet,
  amount: bigint,
  expiresAt: number | null,
  intoDebt: boolean,
): { change: Change; shortfall: bigint } {
  const own = wallet.lots.filter((lot) => originalOf(lot) === expiresAt)
  const others = wallet.lots.filter((lot) => originalOf(lot) !== expiresAt)
  const { taken, rest } = draw([...own, ...others], amount)
  const missing = amount - sum(taken)
  const owed = intoDebt ? missing : 0n
  const change: Change = {
    wallet: { ...wallet, lots: merge(rest, []), debt: wallet.debt + owed },
    available: -(sum(taken) + owed),
    held: 0n,
    lots: merge(taken, []),
  }
  return { change, shortfall: missing - owed }
}

export function freeze(wallet: Wallet, reason: string | null): Wallet {
  return { ...wallet, frozen: reason }
}

function done(change: Change): Outcome {
  return { ok: true, change }
}

function sum(lots: readonly Lot[]): bigint {
  return lots.reduce((total, lot) => total + lot.amount, 0n)
}

function isOver(lot: Lot, now: number): boolean {
  return lot.expiresAt !== null && lot.expiresAt <= now
}

/** The date that these points were granted with. */
export function originalOf({ expiresAt, originalExpiresAt }: Lot): number | null {
  return originalExpiresAt ?? expiresAt
}

/** The lots as whoever looks at the wallet has them: one per date, whether a grace or not. */
export function byDate(lots: readonly Lot[]): Lot[] {
  const dates = lots.map(({ expiresAt, amount }) => ({ expiresAt, amount }))
  return merge(dates, [])
}

/** Soonest first; what lasts comes last. One lot per date and original date. */
function merge(left: readonly Lot[], right: readonly Lot[]): Lot[] {
  const merged = new Map<string, Lot>()
  for (const lot of [...left, ...right]) {
    const key = `${lot.expiresAt}/${originalOf(lot)}`
    merged.set(key, { ...lot, amount: (merged.get(key)?.amount ?? 0n) + lot.amount })
  }
  const last = Number.POSITIVE_INFINITY
  return [...merged.values()].sort((a, b) =>
    a.expiresAt === b.expiresAt
      ? (originalOf(a) ?? last) - (originalOf(b) ?? last)
      : (a.expiresAt ?? last) - (b.expiresAt ?? last),
  )
}

/** Takes `amount` out of the lots, from the front; all of them where they hold less. */
function draw(lots: readonly Lot[], amount: bigint): { taken: Lot[]; rest: Lot[] } {
  const taken: Lot[] = []
  const rest: Lot[] = []
  let missing = amount
  for (const lot of lots) {
    const part = lot.amount < missing ? lot.amount : missing
    if (part > 0n) taken.push({ ...lot, amount: part })
    if (lot.amount > part) rest.push({ ...lot, amount: lot.amount - part })
    missing -= part
  }
  return { taken, rest }
}
