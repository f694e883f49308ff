import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  adjust,
  availableOf,
  block,
  type Change,
  capture,
  clawBack,
  EMPTY_WALLET,
  expire,
  freeze,
  grant,
  heldOf,
  hold,
  type Lot,
  nextExpiryOf,
  type Outcome,
  release,
  reverse,
  spendableOf,
  type Wallet,
} from '../domain/wallet.ts'
import * as model from './wallet-model.ts'

const GRACE = 7
const RUNS = 1000

const amount = fc.integer({ min: 1, max: 12 })
const ref = fc.constantFrom('a', 'b', 'c', 'd')
/** Days from now; null lasts. */
const lasts = fc.option(fc.integer({ min: -1, max: 9 }), { nil: null })
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('grant' as const), amount, lasts }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('hold' as const), ref, amount, keep: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('capture' as const), ref }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), ref }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reverse' as const), nth: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('expire' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('adjust' as const),
      amount: fc.integer({ min: -12, max: 6 }),
      intoDebt: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('freeze' as const), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('block' as const), ref, amount }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('clawBack' as const), amount, lasts, intoDebt: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 5 }) }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** A wallet, its model, and the other side of the books. */
interface World {
  wallet: Wallet
  readonly purse: model.Purse
  now: number
  /** What the issuing side holds, by what each step asked for. */
  system: number
  /** What was taken and may come back. */
  readonly taken: { readonly lots: readonly Lot[]; readonly points: readonly model.Day[] }[]
  mayOwe: boolean
}

const newWorld = (): World => ({
  wallet: EMPTY_WALLET,
  purse: model.newPurse(),
  now: 100,
  system: 0,
  taken: [],
  mayOwe: false,
})

const dateOf = (world: World, days: number | null) => (days === null ? null : world.now + days)
const repeat = (count: number, day: model.Day) => Array<model.Day>(count).fill(day)

/** Takes the change into the world, having held its sums against the wallet it leads to. */
function follow(world: World, change: Change): void {
  expect(availableOf(change.wallet) - availableOf(world.wallet)).toBe(change.available)
  expect(heldOf(change.wallet) - heldOf(world.wallet)).toBe(change.held)
  for (const lot of change.lots) expect(lot.amount).toBeGreaterThan(0n)
  world.wallet = change.wallet
}

/** Takes an outcome into the world. @returns whether it came about */
function settle(world: World, outcome: Outcome, expected: model.Day[] | model.Denial): boolean {
  if (outcome.ok) follow(world, outcome.change)
  expect(outcome.ok ? 'done' : outcome.denial).toBe(typeof expected === 'string' ? expected : 'done')
  return outcome.ok
}

function walk(world: World, one: Step): void {
  const { purse, now } = world
  switch (one.do) {
    case 'grant': {
      const date = dateOf(world, one.lasts)
      follow(world, grant(world.wallet, BigInt(one.amount), date))
      model.put(purse, repeat(one.amount, date))
      world.system -= one.amount
      return
    }
    case 'hold': {
      const outcome = hold(world.wallet, one.ref, BigInt(one.amount), one.keep ? 'keep' : 'take')
      const points = model.setAside(purse, one.ref, one.amount, one.keep)
      if (!settle(world, outcome, points) || typeof points === 'string' || !outcome.ok) return
      expect(outcome.change.lots.map((lot) => [lot.expiresAt, Number(lot.amount)])).toEqual(
        model.lotsOf(points),
      )
      if (one.keep) return
      world.system += one.amount
      world.taken.push({ lots: outcome.change.lots, points })
      return
    }
    case 'block':
      settle(
        world,
        block(world.wallet, one.ref, BigInt(one.amount)),
        model.setAside(purse, one.ref, one.amount, true, true),
      )
      return
    case 'capture': {
      const outcome = capture(world.wallet, one.ref)
      const points = model.resolve(purse, one.ref)
      if (!settle(world, outcome, points) || typeof points === 'string' || !outcome.ok) return
      world.system += points.length
      world.taken.push({ lots: outcome.change.lots, points })
      return
    }
    case 'release': {
      const points = model.resolve(purse, one.ref)
      settle(world, release(world.wallet, one.ref, now, GRACE), points)
      if (typeof points !== 'string') model.putBack(purse, points, now, GRACE)
      return
    }
    case 'reverse': {
      const [taken] = world.taken.splice(one.nth, 1)
      if (!taken) return
      follow(world, reverse(world.wallet, taken.lots, now, GRACE))
      model.putBack(purse, taken.points, now, GRACE)
      world.system -= taken.points.length
      return
    }
    case 'expire': {
      const change = expire(world.wallet, now)
      const over = model.dropExpired(purse, now)
      expect(change === undefined).toBe(over.length === 0)
      if (change) follow(world, change)
      world.system += over.length
      // Once is enough.
      expect(expire(world.wallet, now)).toBeUndefined()
      return
    }
    case 'adjust': {
      const outcome = adjust(world.wallet, BigInt(one.amount), one.intoDebt)
      const could = model.correct(purse, one.amount, one.intoDebt)
      if (outcome.ok) follow(world, outcome.change)
      expect(outcome.ok).toBe(could)
      if (could) world.system -= one.amount
      world.mayOwe ||= one.intoDebt
      return
    }
    case 'clawBack': {
      const date = dateOf(world, one.lasts)
      const before = Number(availableOf(world.wallet))
      const { change, shortfall } = clawBack(world.wallet, BigInt(one.amount), date, one.intoDebt)
      follow(world, change)
      const own = Math.min(one.amount, purse.points.filter((day) => day === date).length)
      for (let n = 0; n < own; n += 1) purse.points.splice(purse.points.indexOf(date), 1)
      const others = model.take(purse, one.amount - own).length
      const missing = one.amount - own - others
      expect(Number(shortfall)).toBe(one.intoDebt ? 0 : missing)
      if (one.intoDebt) purse.debt += missing
      world.system += before - model.availableIn(purse)
      world.mayOwe ||= one.intoDebt
      return
    }
    case 'freeze':
      world.wallet = freeze(world.wallet, one.on ? 'a doubt' : null)
      purse.frozen = one.on
      return
    case 'wait':
      world.now += one.days
  }
}

/** What holds of every wallet at any time. */
function checkLaws({ wallet, purse, system, now, mayOwe }: World): void {
  const available = availableOf(wallet)
  const held = heldOf(wallet)
  expect(Number(available + held) + system, 'the books sum to zero').toBe(0)
  if (!mayOwe) expect(available, 'available without debt').toBeGreaterThanOrEqual(0n)
  expect(wallet.debt, 'debt').toBeGreaterThanOrEqual(0n)
  expect(wallet.debt > 0n && wallet.lots.length > 0, 'points beside a debt').toBe(false)
  expect(
    wallet.lots.reduce((sum, lot) => sum + lot.amount, 0n) - wallet.debt,
    'available = lots − debt',
  ).toBe(available)
  expect(new Set(wallet.holds.map((open) => open.ref)).size, 'one hold per reference').toBe(
    wallet.holds.length,
  )
  const dates = wallet.lots.map((lot) => lot.expiresAt ?? Number.POSITIVE_INFINITY)
  expect(dates, 'one lot per date, the soonest first').toEqual([...new Set(dates)].sort((a, b) => a - b))
  for (const lot of [...wallet.lots, ...wallet.holds.flatMap(({ lots }) => lots)]) {
    expect(lot.amount, 'a lot').toBeGreaterThan(0n)
  }
  expect(nextExpiryOf(wallet)).toBe(dates[0] !== undefined && Number.isFinite(dates[0]) ? dates[0] : null)
  const alive = purse.points.filter((day) => day === null || day > now).length
  expect(Number(spendableOf(wallet, now)), 'spendable').toBe(alive - purse.debt)
  expect(model.formOfWallet(wallet), 'the model').toEqual(model.formOf(purse))
}

describe('a wallet', () => {
  test('keeps its laws, and does what a purse of single points does, whatever happens to it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const world = newWorld()
        for (const one of steps) {
          walk(world, one)
          checkLaws(world)
        }
      }),
      { numRuns: RUNS },
    )
  })

  test('a denial changes nothing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), ref, amount, (steps, at, points) => {
        const world = newWorld()
        for (const one of steps) walk(world, one)
        const before = structuredClone(world.wallet)
        hold(world.wallet, at, BigInt(points), 'keep')
        capture(world.wallet, at)
        release(world.wallet, at, world.now, GRACE)
        adjust(world.wallet, BigInt(-points), false)
        expire(world.wallet, world.now)
        clawBack(world.wallet, BigInt(points), null, false)
        expect(world.wallet).toEqual(before)
      }),
      { numRuns: 500 },
    )
  })

  test('a hold resolves at most once', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('capture', 'release'), { minLength: 2, maxLength: 5 }), (ways) => {
        let wallet = take(hold(grant(EMPTY_WALLET, 5n, null).wallet, 'a', 5n, 'keep'))
        const outcomes = ways.map((way) => {
          const outcome = way === 'capture' ? capture(wallet, 'a') : release(wallet, 'a', 0, GRACE)
          if (outcome.ok) wallet = outcome.change.wallet
          return outcome.ok ? 'done' : outcome.denial
        })
        expect(outcomes).toEqual(['done', ...ways.slice(1).map(() => 'no_hold')])
      }),
    )
  })

  test('what is given back has the dates that it had, or the grace where those have passed', () => {
    const granted = grant(grant(EMPTY_WALLET, 3n, 10).wallet, 4n, 20).wallet
    const held = take(hold(granted, 'a', 5n, 'keep'))
    expect(take(release(held, 'a', 5, GRACE)).lots).toEqual(granted.lots)
    expect(take(release(held, 'a', 12, GRACE)).lots).toEqual([
      { expiresAt: 12 + GRACE, amount: 3n },
      { expiresAt: 20, amount: 4n },
    ])
    // A date that is not over at this very moment is kept.
    expect(take(release(held, 'a', 9, GRACE)).lots[0]).toEqual({ expiresAt: 10, amount: 3n })
  })

  test('a frozen wallet takes and gives back, but spends nothing', () => {
    const held = take(hold(grant(EMPTY_WALLET, 9n, null).wallet, 'a', 4n, 'keep'))
    const frozen = freeze(held, 'a doubt')
    expect(hold(frozen, 'b', 1n, 'take')).toEqual({ ok: false, denial: 'frozen' })
    expect(availableOf(take(release(frozen, 'a', 0, GRACE)))).toBe(9n)
    expect(availableOf(take(capture(frozen, 'a')))).toBe(5n)
    expect(availableOf(grant(frozen, 1n, null).wallet)).toBe(6n)
  })
})

function take(outcome: Outcome): Wallet {
  if (!outcome.ok) throw new Error(outcome.denial)
  return outcome.change.wallet
}
