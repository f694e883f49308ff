import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  adjust,
  availableOf,
  block,
  byDate,
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
  originalOf,
  type ReturnCause,
  release,
  reverse,
  spendableOf,
  type Wallet,
} from '../../domain/wallet/wallet.ts'
import * as model from '../models/wallet-model.ts'

const GRACE = 7
const byMall = { cause: 'mall', graceMs: GRACE } as const
const byOwner = { cause: 'owner', graceMs: GRACE } as const
const RUNS = 1000

const amount = fc.integer({ min: 1, max: 12 })
const ref = fc.constantFrom('a', 'b', 'c', 'd')
const cause = fc.constantFrom<ReturnCause>('owner', 'mall')
/** Days from now; null never expires. */
const lasts = fc.option(fc.integer({ min: -1, max: 9 }), { nil: null })
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('grant' as const), amount, lasts }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('hold' as const), ref, amount, keep: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('capture' as const), ref }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), ref, cause }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reverse' as const), nth: fc.nat(9), cause }) },
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
  /** What the issuing account holds. */
  system: number
  /** What was taken and may be returned. */
  readonly taken: { readonly lots: readonly Lot[]; readonly points: readonly model.Point[] }[]
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

/** Applies the change, after checking its sums against the resulting wallet. */
function follow(world: World, change: Change): void {
  expect(availableOf(change.wallet) - availableOf(world.wallet)).toBe(change.available)
  expect(heldOf(change.wallet) - heldOf(world.wallet)).toBe(change.held)
  for (const lot of change.lots) expect(lot.amount).toBeGreaterThan(0n)
  world.wallet = change.wallet
}

/** Applies an outcome. @returns whether it succeeded */
function settle(world: World, outcome: Outcome, expected: model.Point[] | model.Denial): boolean {
  if (outcome.ok) follow(world, outcome.change)
  expect(outcome.ok ? 'done' : outcome.denial).toBe(typeof expected === 'string' ? expected : 'done')
  return outcome.ok
}

/** Returns points in the model, and expires immediately what is too late, as the books do. */
function putBack(world: World, points: readonly model.Point[], cause: ReturnCause): void {
  const { purse, now } = world
  const gone = model.putBack(purse, points, now, { cause, grace: GRACE })
  const over = gone + model.dropExpired(purse, now).length
  const change = expire(world.wallet, now)
  expect(-(change?.available ?? 0n)).toBe(BigInt(over))
  if (change) follow(world, change)
  world.system += over
}

function walk(world: World, one: Step): void {
  const { purse, now } = world
  switch (one.do) {
    case 'grant': {
      const date = dateOf(world, one.lasts)
      follow(world, grant(world.wallet, BigInt(one.amount), date))
      model.put(purse, model.fresh(one.amount, date))
      world.system -= one.amount
      return
    }
    case 'hold': {
      const outcome = hold(world.wallet, one.ref, BigInt(one.amount), one.keep ? 'keep' : 'take')
      const points = model.setAside(purse, one.ref, one.amount, one.keep)
      if (!settle(world, outcome, points) || typeof points === 'string' || !outcome.ok) return
      expect(outcome.change.lots.map((lot) => [lot.expiresAt, originalOf(lot), Number(lot.amount)])).toEqual(
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
      const back = { cause: one.cause, graceMs: GRACE }
      settle(world, release(world.wallet, one.ref, now, back), points)
      if (typeof points !== 'string') putBack(world, points, one.cause)
      return
    }
    case 'reverse': {
      const [taken] = world.taken.splice(one.nth, 1)
      if (!taken) return
      follow(world, reverse(world.wallet, taken.lots, now, { cause: one.cause, graceMs: GRACE }))
      world.system -= taken.points.length
      putBack(world, taken.points, one.cause)
      return
    }
    case 'expire': {
      const change = expire(world.wallet, now)
      const over = model.dropExpired(purse, now)
      expect(change === undefined).toBe(over.length === 0)
      if (change) follow(world, change)
      world.system += over.length
      // A repeat does nothing.
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
      const own = model.takeOf(purse, one.amount, date).length
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

/** What always holds for a wallet. */
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
  expect(dates, 'the soonest first').toEqual([...dates].sort((a, b) => a - b))
  const pairs = wallet.lots.map((lot) => `${lot.expiresAt}/${originalOf(lot)}`)
  expect(new Set(pairs).size, 'one lot per date and original date').toBe(pairs.length)
  for (const lot of [...wallet.lots, ...wallet.holds.flatMap(({ lots }) => lots)]) {
    expect(lot.amount, 'a lot').toBeGreaterThan(0n)
    const latest = (originalOf(lot) ?? Number.POSITIVE_INFINITY) + GRACE
    expect(lot.expiresAt ?? 0, 'the grace counts once').toBeLessThanOrEqual(latest)
  }
  expect(nextExpiryOf(wallet)).toBe(dates[0] !== undefined && Number.isFinite(dates[0]) ? dates[0] : null)
  const alive = purse.points.filter((point) => !model.isOver(point, now)).length
  expect(Number(spendableOf(wallet, now)), 'spendable').toBe(alive - purse.debt)
  expect(model.formOfWallet(wallet), 'the model').toEqual(model.formOf(purse))
}

describe('a wallet', () => {
  test('keeps its invariants, and behaves as a model of single points', () => {
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

  test('is unchanged by a denial', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), ref, amount, (steps, at, points) => {
        const world = newWorld()
        for (const one of steps) walk(world, one)
        const before = structuredClone(world.wallet)
        hold(world.wallet, at, BigInt(points), 'keep')
        capture(world.wallet, at)
        release(world.wallet, at, world.now, byMall)
        adjust(world.wallet, BigInt(-points), false)
        expire(world.wallet, world.now)
        clawBack(world.wallet, BigInt(points), null, false)
        expect(world.wallet).toEqual(before)
      }),
      { numRuns: 500 },
    )
  })

  test('resolves a hold at most once', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('capture', 'release'), { minLength: 2, maxLength: 5 }), (ways) => {
        let wallet = take(hold(grant(EMPTY_WALLET, 5n, null).wallet, 'a', 5n, 'keep'))
        const outcomes = ways.map((way) => {
          const outcome = way === 'capture' ? capture(wallet, 'a') : release(wallet, 'a', 0, byMall)
          if (outcome.ok) wallet = outcome.change.wallet
          return outcome.ok ? 'done' : outcome.denial
        })
        expect(outcomes).toEqual(['done', ...ways.slice(1).map(() => 'no_hold')])
      }),
    )
  })

  test('returns points with their dates, or with the grace if those have passed', () => {
    const granted = grant(grant(EMPTY_WALLET, 3n, 10).wallet, 4n, 20).wallet
    const held = take(hold(granted, 'a', 5n, 'keep'))
    expect(take(release(held, 'a', 5, byMall)).lots).toEqual(granted.lots)
    expect(take(release(held, 'a', 12, byMall)).lots).toEqual([
      { expiresAt: 10 + GRACE, originalExpiresAt: 10, amount: 3n },
      { expiresAt: 20, amount: 4n },
    ])
    // Too late for a grace, or by the owner: the old date, so that the next expiry books it.
    expect(take(release(held, 'a', 10 + GRACE, byMall)).lots[0]).toEqual({ expiresAt: 10, amount: 3n })
    expect(take(release(held, 'a', 12, byOwner)).lots[0]).toEqual({ expiresAt: 10, amount: 3n })
    // A date that ends exactly now is kept.
    expect(take(release(held, 'a', 9, byMall)).lots[0]).toEqual({ expiresAt: 10, amount: 3n })
  })

  test.each([byMall, byOwner])('gives points returned repeatedly by the $cause one grace', (back) => {
    const latest = back.cause === 'mall' ? 10 + GRACE : 10
    for (const ways of [['keep'], ['take'], ['keep', 'take']] as const) {
      let wallet = grant(EMPTY_WALLET, 3n, 10).wallet
      for (let now = 8, n = 0; now < 60; now += 3, n += 1) {
        const spent = hold(wallet, 'a', 3n, ways[n % ways.length] ?? 'keep')
        if (!spent.ok) break
        const { lots } = spent.change
        const returned = spent.change.held > 0n ? release(spent.change.wallet, 'a', now + 3, back) : undefined
        wallet = returned ? take(returned) : reverse(spent.change.wallet, lots, now + 3, back).wallet
        wallet = expire(wallet, now + 3)?.wallet ?? wallet
        expect(spendableOf(wallet, now + 3)).toBe(now + 3 < latest ? 3n : 0n)
      }
      expect(wallet).toEqual(EMPTY_WALLET)
    }
  })

  test('keeps points of one date in grace apart from newly granted ones, and shows them together', () => {
    const held = take(hold(grant(EMPTY_WALLET, 3n, 10).wallet, 'a', 3n, 'keep'))
    const back = take(release(held, 'a', 12, byMall))
    const both = grant(back, 2n, 10 + GRACE).wallet
    expect(both.lots).toEqual([
      { expiresAt: 10 + GRACE, originalExpiresAt: 10, amount: 3n },
      { expiresAt: 10 + GRACE, amount: 2n },
    ])
    expect(byDate(both.lots)).toEqual([{ expiresAt: 10 + GRACE, amount: 5n }])
    // A clawback finds each by its original date.
    expect(clawBack(both, 2n, 10 + GRACE, false).change.wallet.lots).toEqual(back.lots)
    expect(clawBack(both, 3n, 10, false).change.wallet.lots).toEqual([{ expiresAt: 10 + GRACE, amount: 2n }])
  })

  test('pays no debt with points that return too late', () => {
    const held = take(hold(grant(EMPTY_WALLET, 3n, 10).wallet, 'a', 3n, 'keep'))
    const owing = take(adjust(held, -2n, true))
    const back = take(release(owing, 'a', 12, byOwner))
    expect(expire(back, 12)?.wallet).toEqual({ ...EMPTY_WALLET, debt: 2n })
    expect(take(release(owing, 'a', 12, byMall))).toMatchObject({ debt: 0n, lots: [{ amount: 1n }] })
  })

  test('receives and returns points while it is frozen, but spends none', () => {
    const held = take(hold(grant(EMPTY_WALLET, 9n, null).wallet, 'a', 4n, 'keep'))
    const frozen = freeze(held, 'a doubt')
    expect(hold(frozen, 'b', 1n, 'take')).toEqual({ ok: false, denial: 'frozen' })
    expect(availableOf(take(release(frozen, 'a', 0, byMall)))).toBe(9n)
    expect(availableOf(take(capture(frozen, 'a')))).toBe(5n)
    expect(availableOf(grant(frozen, 1n, null).wallet)).toBe(6n)
  })
})

function take(outcome: Outcome): Wallet {
  if (!outcome.ok) throw new Error(outcome.denial)
  return outcome.change.wallet
}
