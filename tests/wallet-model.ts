import type { Wallet } from '../domain/wallet.ts'

/**
 * A wallet so simple that it is right by sight: every point is one element with its date. What the real one
 * does is held against it.
 */

export type Day = number | null

export interface Purse {
  points: Day[]
  holds: Map<string, Day[]>
  debt: number
  frozen: boolean
}

export const newPurse = (): Purse => ({ points: [], holds: new Map(), debt: 0, frozen: false })

export function clonePurse(purse: Purse): Purse {
  return { ...purse, points: [...purse.points], holds: new Map(purse.holds) }
}

const LAST = Number.POSITIVE_INFINITY
const soonestFirst = (a: Day, b: Day) => (a ?? LAST) - (b ?? LAST)

export const availableIn = (purse: Purse) => purse.points.length - purse.debt

/** Adds points of one date each; a debt eats the first ones. @returns those that were kept */
export function put(purse: Purse, points: readonly Day[]): Day[] {
  const sorted = [...points].sort(soonestFirst)
  const eaten = Math.min(purse.debt, sorted.length)
  purse.debt -= eaten
  const kept = sorted.slice(eaten)
  purse.points.push(...kept)
  return kept
}

/** Takes so many, those that expire first. */
export function take(purse: Purse, amount: number): Day[] {
  purse.points.sort(soonestFirst)
  return purse.points.splice(0, amount)
}

export type Denial = 'insufficient' | 'frozen' | 'held_before' | 'no_hold'

/** @returns what was taken, or why not */
export function setAside(
  purse: Purse,
  ref: string,
  amount: number,
  keep: boolean,
  byOperator = false,
): Day[] | Denial {
  if (purse.frozen && !byOperator) return 'frozen'
  if (purse.holds.has(ref)) return 'held_before'
  if (purse.debt > 0 || purse.points.length < amount) return 'insufficient'
  const taken = take(purse, amount)
  if (keep) purse.holds.set(ref, taken)
  return taken
}

export function resolve(purse: Purse, ref: string): Day[] | Denial {
  const held = purse.holds.get(ref)
  if (!held) return 'no_hold'
  purse.holds.delete(ref)
  return held
}

/** Gives points back with their dates, or the grace where those have passed. */
export function putBack(purse: Purse, points: readonly Day[], now: number, grace: number): Day[] {
  return put(
    purse,
    points.map((day) => (day !== null && day <= now ? now + grace : day)),
  )
}

/** @returns what is past its date, and is taken away */
export function dropExpired(purse: Purse, now: number): Day[] {
  const over = purse.points.filter((day) => day !== null && day <= now)
  purse.points = purse.points.filter((day) => day === null || day > now)
  return over
}

/** @returns whether it could */
export function correct(purse: Purse, amount: number, intoDebt: boolean): boolean {
  if (amount >= 0) {
    put(purse, Array<Day>(amount).fill(null))
    return true
  }
  if (availableIn(purse) < -amount && !intoDebt) return false
  purse.debt += -amount - take(purse, -amount).length
  return true
}

/** The points as lots: `[date, points]`, the soonest first. */
export function lotsOf(points: readonly Day[]): [Day, number][] {
  const counts = new Map<Day, number>()
  for (const day of [...points].sort(soonestFirst)) counts.set(day, (counts.get(day) ?? 0) + 1)
  return [...counts]
}

/** Both kinds in one form, to be compared. */
export function formOf(purse: Purse) {
  return {
    lots: lotsOf(purse.points),
    holds: Object.fromEntries([...purse.holds].map(([ref, points]) => [ref, lotsOf(points)])),
    debt: purse.debt,
    frozen: purse.frozen,
  }
}

export function formOfWallet(wallet: Wallet): ReturnType<typeof formOf> {
  const lots = (of: Wallet['lots']) =>
    of.map(({ expiresAt, amount }): [Day, number] => [expiresAt, Number(amount)])
  return {
    lots: lots(wallet.lots),
    holds: Object.fromEntries(wallet.holds.map(({ ref, lots: held }) => [ref, lots(held)])),
    debt: Number(wallet.debt),
    frozen: wallet.frozen !== null,
  }
}
