import { describe, expect, test } from 'vitest'
import * as rules from '../../domain/payments/decision.ts'
import {
  brokenAtRest,
  brokenUnderWay,
  EVENTS,
  type Event,
  happen,
  newWorld,
  PROVIDERS,
  type Provider,
  type Rules,
  rest,
} from '../models/payment-model.ts'

const LENGTH_MAX = 5

/** All sequences of events up to a length, the empty one first. */
function* sequences(length: number): Generator<readonly Event[]> {
  let longest: readonly (readonly Event[])[] = [[]]
  yield* longest
  for (let n = 1; n <= length; n += 1) {
    longest = longest.flatMap((before) => EVENTS.map((event) => [...before, event]))
    yield* longest
  }
}

/** Plays a sequence to its end. @returns what broke, and what happened */
function play(provider: Provider, events: readonly Event[], by: Rules) {
  const world = newWorld(provider)
  const broken: string[] = []
  for (const event of events) {
    happen(world, event, by)
    broken.push(...brokenUnderWay(world))
  }
  rest(world, by)
  broken.push(...brokenUnderWay(world), ...brokenAtRest(world))
  return { broken, seen: world.seen, order: world.order }
}

describe('the payment model', () => {
  test(`keeps its invariants for every order of up to ${LENGTH_MAX} events and every provider`, () => {
    const seen = new Set<string>()
    const ends = new Map<string, number>()
    const broken: string[] = []
    let count = 0
    for (const provider of PROVIDERS) {
      for (const events of sequences(LENGTH_MAX)) {
        const played = play(provider, events, rules)
        count += 1
        for (const what of played.seen) seen.add(what)
        ends.set(played.order, (ends.get(played.order) ?? 0) + 1)
        if (played.broken.length > 0) broken.push(`${provider}: ${events.join(', ')}: ${played.broken[0]}`)
      }
    }
    console.info(`${count} sequences`, Object.fromEntries(ends))
    expect(broken.slice(0, 5)).toEqual([])
    const perProvider = Array.from({ length: LENGTH_MAX + 1 }, (_, n) => EVENTS.length ** n)
    expect(count).toBe(PROVIDERS.length * perProvider.reduce((sum, n) => sum + n, 0))
    // Every decision was taken in every possible state.
    expect([...seen].toSorted()).toEqual(
      [
        'closed, release',
        'no_answer, ask_again',
        'not_known_yet, ask_again',
        'not_known_yet, release',
        'paid, take',
        'refund while order_canceled',
        'refund while order_created',
        'refund while order_paid',
        'repeat while order_canceled',
        'repeat while order_created',
        'repeat while order_paid',
        'settle while order_created',
      ].toSorted(),
    )
  })

  /** Known bugs of real shops. */
  const bugs: [string, Partial<Rules>][] = [
    [
      'an order released before the close is certain',
      { decideClose: (word) => (word === 'paid' ? 'take' : 'release') },
    ],
    [
      'an order released although it was paid',
      { decideClose: (word) => (word === 'no_answer' ? 'ask_again' : 'release') },
    ],
    [
      'a late payment applied to a canceled order',
      {
        decideMoney: ({ payment }) =>
          payment === 'unpaid' || payment === 'closing' || payment === 'closed' ? 'settle' : 'repeat',
      },
    ],
    [
      'a late payment not refunded',
      { decideMoney: (money) => (money.order === 'order_canceled' ? 'repeat' : rules.decideMoney(money)) },
    ],
    [
      'a payment applied on a replaced attempt',
      {
        decideMoney: (money) =>
          rules.decideMoney({ ...money, payment: money.payment === 'closed' ? 'unpaid' : money.payment }),
      },
    ],
    [
      'a second notification applied again',
      {
        decideMoney: (money) =>
          rules.decideMoney({ ...money, payment: money.payment === 'refunded' ? 'closed' : money.payment }),
      },
    ],
    [
      'a canceled order that keeps its payment',
      { afterCancel: (payment) => (payment === 'paid' ? 'closed' : payment) },
    ],
    ['a refund that is repeated forever', { afterRefund: (payment) => payment }],
  ]
  test.each(bugs)('notices this bug: %s', (_, bug) => {
    const by: Rules = { ...rules, ...bug }
    const noticed = PROVIDERS.some((provider) =>
      [...sequences(4)].some((events) => play(provider, events, by).broken.length > 0),
    )
    expect(noticed).toBe(true)
  })
})
