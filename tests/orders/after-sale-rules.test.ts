import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  AFTER_SALE_ACTIONS,
  AFTER_SALE_DEADLINES,
  AFTER_SALE_STATES,
  AFTER_SALE_TRANSITIONS,
  AFTER_SALE_TYPES,
  type AfterSaleAction,
  type AfterSaleRequest,
  type AfterSaleState,
  afterSaleDeadline,
  afterSaleStateAfter,
  goodsStateOf,
  isOpenAfterSale,
  moneyStateOf,
  reasonAgainstAfterSale,
  returnsToStock,
} from '../../domain/orders/after-sale.ts'
import { type Amounts, remainderOf, shareOf } from '../../domain/orders/refund.ts'
import { ORDER_STATUSES } from '../../domain/orders/status.ts'

const ACTIONS = Object.keys(AFTER_SALE_ACTIONS) as AfterSaleAction[]
const DAY_MS = 86_400_000

describe('refunds by quantity', () => {
  const order = fc
    .record({
      points: fc.bigInt({ min: 0n, max: 2_000n }),
      fen: fc.bigInt({ min: 0n, max: 5_000n }),
      bought: fc.integer({ min: 1, max: 40 }),
      wishes: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 40 }),
      /** What an operator pays back between them, in percent of the remainder. */
      goodwill: fc.array(fc.integer({ min: 0, max: 99 }), { maxLength: 3 }),
      seed: fc.integer(),
    })
    .map((given) => ({ ...given, cost: { points: given.points, fen: given.fen } }))

  /** Pays back whole pieces until none is left. @returns each refund */
  function refundAll(
    cost: Amounts,
    bought: number,
    wishes: readonly number[],
    extra: readonly number[] = [],
  ) {
    const back: Amounts[] = []
    let left = bought
    for (const [n, wish] of [...wishes, bought].entries()) {
      if (left === 0) break
      const percent = extra[n]
      if (percent !== undefined) {
        const rest = remainderOf(cost, back)
        const part = (whole: bigint) => (whole * BigInt(percent)) / 100n
        back.push({ points: part(rest.points), fen: part(rest.fen) })
      }
      const pieces = Math.min(wish, left)
      back.push(shareOf(remainderOf(cost, back), pieces, left))
      left -= pieces
    }
    return back
  }
  const sumOf = (back: readonly Amounts[]): Amounts =>
    back.reduce((sum, part) => ({ points: sum.points + part.points, fen: sum.fen + part.fen }), {
      points: 0n,
      fen: 0n,
    })

  test('never exceed what was paid, and are exact at the end, in any number and order', () => {
    fc.assert(
      fc.property(order, ({ cost, bought, wishes, goodwill }) => {
        const back = refundAll(cost, bought, wishes, goodwill)
        const sums = back.map((_, n) => sumOf(back.slice(0, n + 1)))
        expect(sums.every((sum) => sum.points <= cost.points && sum.fen <= cost.fen)).toBe(true)
        expect(back.every((part) => part.points >= 0n && part.fen >= 0n)).toBe(true)
        expect(sumOf(back)).toEqual(cost)
      }),
      { numRuns: 1000 },
    )
  })

  test('are by largest remainder: pieces differ by one at most, and their order changes no total', () => {
    /** By the book: everyone the floor, then one each to the largest fraction, ties by number. */
    const shares = (whole: bigint, bought: number) =>
      Array.from(
        { length: bought },
        (_, n) => whole / BigInt(bought) + (BigInt(n) < whole % BigInt(bought) ? 1n : 0n),
      )
    fc.assert(
      fc.property(order, ({ cost, bought, wishes }) => {
        const points = shares(cost.points, bought)
        const fen = shares(cost.fen, bought)
        let from = 0
        for (const part of refundAll(cost, bought, wishes)) {
          const pieces = Math.min(wishes.shift() ?? bought, bought - from)
          const total = (of: readonly bigint[]) => of.slice(from, from + pieces).reduce((a, b) => a + b, 0n)
          expect(part).toEqual({ points: total(points), fen: total(fen) })
          from += pieces
        }
        expect(from).toBe(bought)
      }),
      { numRuns: 1000 },
    )
  })

  test.each([
    [-1, 3],
    [4, 3],
    [1, 0],
    [0.5, 3],
  ])('of %d of %d pieces do not exist', (pieces, left) => {
    expect(() => shareOf({ points: 9n, fen: 9n }, pieces, left)).toThrow(RangeError)
  })
})

describe('an after-sale', () => {
  test('moves only as the table says, whoever asks and in whatever order, and never leaves its end', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...AFTER_SALE_TYPES),
        fc.array(fc.constantFrom(...ACTIONS, 'deadline' as const, 'refunded' as const), { maxLength: 30 }),
        (type, asked) => {
          let state: AfterSaleState = 'requested'
          for (const ask of asked) {
            const before: AfterSaleState = state
            if (ask === 'deadline') {
              const due = afterSaleDeadline(state, AFTER_SALE_DEADLINES)
              if (due?.ends === 'closed') state = 'closed'
            } else if (ask === 'refunded') {
              if (state === 'refunding') state = 'completed'
            } else state = afterSaleStateAfter(ask, { state, type }) ?? state
            if (state !== before) expect(AFTER_SALE_TRANSITIONS[before]).toContain(state)
            if (!isOpenAfterSale(before)) expect(state).toBe(before)
          }
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('every transition of the table is somebody’s: a person’s, a deadline’s or the refund’s', () => {
    for (const from of AFTER_SALE_STATES) {
      const reached = new Set<string>(from === 'refunding' ? ['completed'] : [])
      // Goods that have not left the shop are paid back at once, with nobody's approval.
      if (from === 'requested') reached.add('refunding')
      if (afterSaleDeadline(from, AFTER_SALE_DEADLINES)?.ends === 'closed') reached.add('closed')
      for (const type of AFTER_SALE_TYPES) {
        for (const action of ACTIONS) {
          const to = afterSaleStateAfter(action, { state: from, type })
          if (to) reached.add(to)
        }
      }
      expect([...reached].sort(), from).toEqual([...AFTER_SALE_TRANSITIONS[from]].sort())
    }
  })

  test('every open state but "refunding" has a deadline; the end has none', () => {
    for (const state of AFTER_SALE_STATES) {
      const due = afterSaleDeadline(state, AFTER_SALE_DEADLINES)
      expect([state, due !== undefined]).toEqual([state, isOpenAfterSale(state) && state !== 'refunding'])
    }
    const days = (state: AfterSaleState) => {
      const { ms = 0, ends } = afterSaleDeadline(state, AFTER_SALE_DEADLINES) ?? {}
      return [ms / DAY_MS, ends]
    }
    expect(days('requested')).toEqual([2, 'overdue'])
    expect(days('refused')).toEqual([7, 'closed'])
    expect(days('awaiting_return')).toEqual([7, 'closed'])
    expect(days('returning')).toEqual([10, 'overdue'])
    expect(days('receipt_refused')).toEqual([7, 'closed'])
  })

  test('goods and money are two axes, and stock comes back only unsent or sellable', () => {
    for (const type of AFTER_SALE_TYPES) {
      for (const state of AFTER_SALE_STATES) {
        for (const sent of [true, false]) {
          for (const sellable of [true, false, null]) {
            const facts = { type, state, sent, sellable }
            const isRefunded = state === 'refunding' || state === 'completed'
            const isBack = goodsStateOf(facts) === 'restocked'
            const cameBack = !sent || type === 'return_refund'
            expect(isBack, JSON.stringify(facts)).toBe(isRefunded && cameBack && returnsToStock(facts))
            expect(moneyStateOf(facts) === 'refunded').toBe(state === 'completed')
            expect(moneyStateOf(facts) === 'not_refunded').toBe(state === 'closed')
          }
        }
      }
    }
  })
})

describe('a request', () => {
  const possible: AfterSaleRequest = {
    type: 'return_refund',
    quantity: 2,
    status: 'order_finished',
    returnable: { days: 7 },
    receivedAt: 0,
    now: 7 * DAY_MS - 1,
    bought: 3,
    claimed: 1,
    travels: true,
    delivery: 'shipment',
    hasLeft: false,
    used: false,
    divisible: true,
  }
  const codeOf = (change: Partial<AfterSaleRequest>) =>
    reasonAgainstAfterSale({ ...possible, ...change })?.code

  test('within all rules is possible, to their last millisecond and piece', () => {
    expect(codeOf({})).toBeUndefined()
    expect(codeOf({ status: 'order_shipped', receivedAt: undefined, now: 99 * DAY_MS })).toBeUndefined()
    expect(codeOf({ status: 'order_paid', returnable: 'before_shipping', travels: false })).toBeUndefined()
    expect(codeOf({ delivery: 'codes', status: 'order_paid' })).toBeUndefined()
    expect(codeOf({ returnable: 'before_shipping', status: 'order_accepted' })).toBeUndefined()
    expect(codeOf({ divisible: false, quantity: 3, claimed: 0 })).toBeUndefined()
  })

  test('beyond one rule is refused with the code of the rule', () => {
    expect(codeOf({ returnable: 'none' })).toBe('NOT_RETURNABLE')
    expect(codeOf({ returnable: 'none', status: 'order_paid' })).toBe('NOT_RETURNABLE')
    expect(codeOf({ returnable: 'before_shipping' })).toBe('NOT_RETURNABLE')
    expect(codeOf({ returnable: 'before_shipping', status: 'order_shipped' })).toBe('NOT_RETURNABLE')
    expect(codeOf({ returnable: 'before_shipping', status: 'order_accepted', hasLeft: true })).toBe(
      'NOT_RETURNABLE',
    )
    expect(codeOf({ delivery: 'codes' })).toBe('NOT_RETURNABLE')
    expect(codeOf({ now: 7 * DAY_MS })).toBe('RETURN_PERIOD_OVER')
    expect(codeOf({ quantity: 3 })).toBe('AFTER_SALE_QUANTITY_EXCEEDED')
    expect(codeOf({ travels: false })).toBe('NOTHING_TO_RETURN')
    expect(codeOf({ divisible: false })).toBe('AFTER_SALE_WHOLE_ONLY')
    expect(codeOf({ used: true })).toBe('NOT_RETURNABLE')
  })

  test('is possible for paid orders only', () => {
    const asked = ORDER_STATUSES.filter((status) => codeOf({ status }) === undefined)
    expect(asked).toEqual(['order_paid', 'order_accepted', 'order_shipped', 'order_finished'])
    for (const status of ['exchanged', 'order_created', 'order_canceled'] as const) {
      expect(codeOf({ status })).toBe('ORDER_STATE_CONFLICT')
    }
  })
})
