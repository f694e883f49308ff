import { originalOf, type ReturnCause, type Wallet } from '../../domain/wallet/wallet.ts'

/**
 * A wallet so simple that it is obviously right: every point is one element with its dates. The real one is
 * compared with it.
 */

export type Day = number | null

/** One point: its expiry and the date it was granted with. They differ in a grace only. */
export interface Point {
  readonly until: Day
  readonly first: Day
}

export interface Purse {
  points: Point[]
  holds: Map<string, Point[]>
  debt: number
  frozen: boolean
}

export const newPurse = (): Purse => ({ points: [], holds: new Map(), debt: 0, frozen: false })

export function clonePurse(purse: Purse): Purse {
  return { ...purse, points: [...purse.points], holds: new Map(purse.holds) }
}

const LAST = Number.POSITIVE_INFINITY
const compare = (a: Day, b: Day) => (a === b ? 0 : (a ?? LAST) - (b ?? LAST))
const soonestFirst = (a: Point, b: Point) => compare(a.until, b.until) || compare(a.first, b.first)

/** Points as they are granted. */
export const fresh = (count: number, day: Day): Point[] =>
  Array<Point>(count).fill({ until: day, first: day })

export const availableIn = (purse: Purse) => purse.points.length - purse.debt

/** Adds points; a debt consumes the first ones. @returns those that were kept */
export function put(purse: Purse, points: readonly Point[]): Point[] {
  const sorted = [...points].sort(soonestFirst)
  const eaten = Math.min(purse.debt, sorted.length)
  purse.debt -= eaten
  const kept = sorted.slice(eaten)
  purse.points.push(...kept)
  return kept
}

/** Takes so many, those that expire first. */
export function take(purse: Purse, amount: number): Point[] {
  purse.points.sort(soonestFirst)
  return purse.points.splice(0, amount)
}

/** Takes up to so many of those granted with this date, those that expire first. */
export function takeOf(purse: Purse, amount: number, first: Day): Point[] {
  const own = purse.points
    .filter((point) => point.first === first)
    .sort(soonestFirst)
    .slice(0, amount)
  for (const point of own) purse.points.splice(purse.points.indexOf(point), 1)
  return own
}

export type Denial = 'insufficient' | 'frozen' | 'held_before' | 'no_hold'

/** @returns what was taken, or why not */
export function setAside(
  purse: Purse,
  ref: string,
  amount: number,
  keep: boolean,
  byOperator = false,
): Point[] | Denial {
  if (purse.frozen && !byOperator) return 'frozen'
  if (purse.holds.has(ref)) return 'held_before'
  if (purse.debt > 0 || purse.points.length < amount) return 'insufficient'
  const taken = take(purse, amount)
  if (keep) purse.holds.set(ref, taken)
  return taken
}

export function resolve(purse: Purse, ref: string): Point[] | Denial {
  const held = purse.holds.get(ref)
  if (!held) return 'no_hold'
  purse.holds.delete(ref)
  return held
}

export const isOver = ({ until }: Point, now: number) => until !== null && until <= now

/**
 * Returns points with their dates. Those that have passed get the grace after the first date, unless the
 * owner caused it; if that has passed, too, they are gone.
 * @returns how many are gone
 */
export function putBack(
  purse: Purse,
  points: readonly Point[],
  now: number,
  { cause, grace }: { readonly cause: ReturnCause; readonly grace: number },
): number {
  const dated = points.map((point) => {
    if (!isOver(point, now) || point.first === null || cause === 'owner') return point
    return { until: point.first + grace, first: point.first }
  })
  put(
    purse,
    dated.filter((point) => !isOver(point, now)),
  )
  return dated.filter((point) => isOver(point, now)).length
}

/** Removes expired points. @returns them */
export function dropExpired(purse: Purse, now: number): Point[] {
  const over = purse.points.filter((point) => isOver(point, now))
  purse.points = purse.points.filter((point) => !isOver(point, now))
  return over
}

/** @returns whether the balance sufficed */
export function correct(purse: Purse, amount: number, intoDebt: boolean): boolean {
  if (amount >= 0) {
    put(purse, fresh(amount, null))
    return true
  }
  if (availableIn(purse) < -amount && !intoDebt) return false
  purse.debt += -amount - take(purse, -amount).length
  return true
}

/** Expiry, original date, and count. */
export type LotForm = [until: Day, first: Day, count: number]

/** The points as lots, the soonest first. */
export function lotsOf(points: readonly Point[]): LotForm[] {
  const lots: LotForm[] = []
  for (const { until, first } of [...points].sort(soonestFirst)) {
    const last = lots.at(-1)
    if (last && last[0] === until && last[1] === first) last[2] += 1
    else lots.push([until, first, 1])
  }
  return lots
}

/** Both kinds of wallet in one form, for comparison. */
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
    of.map((lot): LotForm => [lot.expiresAt, originalOf(lot), Number(lot.amount)])
  return {
    lots: lots(wallet.lots),
    holds: Object.fromEntries(wallet.holds.map(({ ref, lots: held }) => [ref, lots(held)])),
    debt: Number(wallet.debt),
    frozen: wallet.frozen !== null,
  }
}
