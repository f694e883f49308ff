/**
 * A wallet account as a value, with pure operations. Amounts are points or fen; dates are ms since the epoch.
 * Invariants: available = points in lots − debt; held = points in holds. Nothing is negative, except
 * available where the shop allows clawback into debt.
 */

/** Points with one expiry date; null: they never expire. */
export interface Lot {
  readonly expiresAt: number | null
  readonly amount: bigint
  /** The date of the grant, where `expiresAt` is the end of a grace period. */
  readonly originalExpiresAt?: number
}

/** Who caused the return of points: their owner before paying, or the mall or the shop. */
export type ReturnCause = 'owner' | 'mall'

export interface Return {
  readonly cause: ReturnCause
  readonly graceMs: number
}

export interface Hold {
  readonly ref: string
  readonly lots: readonly Lot[]
}

export interface Wallet {
  /** Soonest to expire first; one per expiry date and original date. */
  readonly lots: readonly Lot[]
  readonly holds: readonly Hold[]
  /** Clawed back beyond the balance; later grants pay it first. */
  readonly debt: bigint
  /** Why spending is stopped, or null. */
  readonly frozen: string | null
}

export interface Change {
  readonly wallet: Wallet
  readonly available: bigint
  readonly held: bigint
  readonly lots: readonly Lot[]
  /** Whether it freezes or unfreezes the wallet; absent where it does neither. */
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

/** Excludes lots past their expiry date, even before they are booked as expired. */
export function spendableOf(wallet: Wallet, now: number): bigint {
  return sum(wallet.lots.filter((lot) => !isOver(lot, now))) - wallet.debt
}

export function nextExpiryOf(wallet: Wallet): number | null {
  return wallet.lots.find((lot) => lot.expiresAt !== null)?.expiresAt ?? null
}

/** Pays a debt first. */
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

/** Holds points that expire first. @param then `take` captures them immediately */
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

/** An operator's hold, which also works on a frozen account. */
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

export function release(wallet: Wallet, ref: string, now: number, terms: Return): Outcome {
  const open = wallet.holds.find((one) => one.ref === ref)
  if (!open) return { ok: false, denial: 'no_hold' }
  const holds = wallet.holds.filter((one) => one !== open)
  const back = reverse({ ...wallet, holds }, open.lots, now, terms)
  return done({ ...back, held: -sum(open.lots) })
}

/**
 * Returns taken points to lots of the same dates. Expired points get a grace period, unless their owner
 * caused the return. Points past their grace pay no debt and keep their date; the caller must book `expire`
 * next.
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

/** The grace period counts from the original date, so repeated returns do not extend it. */
function withGrace(lot: Lot, now: number, { cause, graceMs }: Return): Lot {
  const original = originalOf(lot)
  if (cause === 'owner' || original === null) return lot
  const until = original + graceMs
  return until > now ? { ...lot, expiresAt: until, originalExpiresAt: original } : lot
}

/**
 * The lots of a partial refund: those that the order drew last are refunded first.
 * @param before how much was refunded before
 */
export function partOf(taken: readonly Lot[], before: bigint, amount: bigint): readonly Lot[] {
  const kept = sum(taken) - before - amount
  return draw(draw(taken, kept > 0n ? kept : 0n).rest, amount).taken
}

export function expire(wallet: Wallet, now: number): Change | undefined {
  const over = wallet.lots.filter((lot) => isOver(lot, now))
  if (over.length === 0) return undefined
  const lots = wallet.lots.filter((lot) => !isOver(lot, now))
  return { wallet: { ...wallet, lots }, available: -sum(over), held: 0n, lots: over }
}

/** @param intoDebt a missing amount becomes a debt instead of a denial */
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
 * Takes points from their original lot first, then from those that expire first.
 * @param intoDebt a missing amount becomes a debt instead of a shortfall
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

/** What the clawback of a grant misses. `expiresAt` is the grant's. */
export interface Shortfall {
  readonly id: string
  readonly amount: bigint
  readonly expiresAt: number | null
}

/** Which returned lots settle a shortfall, and how much of it is left. */
export interface Recovery {
  readonly id: string
  readonly lots: readonly Lot[]
  readonly left: bigint
}

/**
 * Which of the returned lots settle which shortfall: those of its own grant's date, even if they are past it, then
 * any that can still be spent. Expired points of other grants settle nothing.
 * @returns only shortfalls that something settles
 */
export function recoveryOf(open: readonly Shortfall[], returned: readonly Lot[], now: number): Recovery[] {
  let lots: readonly Lot[] = returned
  const recoveries = open.map((shortfall) => ({ ...shortfall, left: shortfall.amount, lots: [] as Lot[] }))
  const settle = (recovery: (typeof recoveries)[number], fits: (lot: Lot) => boolean) => {
    const { taken, rest } = draw(lots.filter(fits), recovery.left)
    lots = merge(
      lots.filter((lot) => !fits(lot)),
      rest,
    )
    recovery.lots.push(...taken)
    recovery.left -= sum(taken)
  }
  for (const one of recoveries) settle(one, (lot) => originalOf(lot) === one.expiresAt)
  for (const one of recoveries) settle(one, (lot) => !isOver(lot, now))
  return recoveries
    .filter((one) => one.lots.length > 0)
    .map(({ id, left, lots: own }) => ({ id, left, lots: merge(own, []) }))
}

/** Takes exactly these lots, which the wallet must hold. */
export function remove(wallet: Wallet, lots: readonly Lot[]): Change {
  const rest = merge(
    wallet.lots,
    lots.map((lot) => ({ ...lot, amount: -lot.amount })),
  )
  if (rest.some((lot) => lot.amount < 0n)) throw new Error('the wallet does not hold these lots')
  return {
    wallet: { ...wallet, lots: rest.filter((lot) => lot.amount > 0n) },
    available: -sum(lots),
    held: 0n,
    lots,
  }
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

export function originalOf({ expiresAt, originalExpiresAt }: Lot): number | null {
  return originalExpiresAt ?? expiresAt
}

/** The lots as users see them: one per expiry date, with or without grace. */
export function byDate(lots: readonly Lot[]): Lot[] {
  const dates = lots.map(({ expiresAt, amount }) => ({ expiresAt, amount }))
  return merge(dates, [])
}

/** Soonest first, then those that never expire. One lot per expiry date and original date. */
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
