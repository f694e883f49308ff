import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { type Books, findBroken, type Operation, openBooks, operation, pass } from '../models/wallet-books.ts'
import { crashEverywhere, playAtOnce, playInTurn } from './wallet-laws.ts'

let books: Books
beforeAll(async () => {
  books = await openBooks(inject('postgresUrl'), 16)
})
afterAll(() => books.close())
afterEach(async () => expect(await findBroken(books)).toEqual([]))

describe('the ledger', () => {
  test('follows its model through sequential operations over several days', async () => {
    const steps = fc.array(fc.oneof({ weight: 9, arbitrary: operation }, { weight: 1, arbitrary: pass }), {
      minLength: 20,
      maxLength: 60,
    })
    await fc.assert(
      fc.asyncProperty(steps, (some) => playInTurn(books, some)),
      { numRuns: 12 },
    )
  })

  test('gives 12 concurrent clients a result that some sequential order explains', async () => {
    const some = fc.array(operation, { minLength: 60, maxLength: 120 })
    await fc.assert(
      fc.asyncProperty(some, (operations) => playAtOnce(books, operations, 12)),
      { numRuns: 6, endOnFailure: true },
    )
  })

  const first: Operation = { do: 'grant', who: 'ann', currency: 'ZJF', key: 'k1', points: 9, day: 3 }
  const held: Operation = { do: 'hold', who: 'ann', currency: 'ZJF', orderNo: 'o1', points: 4, keep: true }
  const taken: Operation = { ...held, keep: false }
  const at = { who: 'ann', currency: 'ZJF', orderNo: 'o1', cause: 'mall' } as const
  const byOwner = { ...at, cause: 'owner' } as const
  const back: Operation = { do: 'giveBackPart', ...at, part: 'r1', points: 3 }
  test.each<{ name: string; before: Operation[]; day: number; op: Operation }>([
    { name: 'a first grant', before: [], day: 0, op: first },
    { name: 'a grant after others expired', before: [first], day: 5, op: { ...first, key: 'k2', day: null } },
    { name: 'a hold', before: [first], day: 0, op: held },
    { name: 'a capture at once', before: [first], day: 0, op: taken },
    { name: 'a capture', before: [first, held], day: 0, op: { do: 'capture', ...at } },
    { name: 'a release after the date', before: [first, held], day: 5, op: { do: 'giveBack', ...at } },
    { name: 'a release too late for a grace', before: [first, held], day: 10, op: { do: 'giveBack', ...at } },
    {
      name: 'a release by the owner after the date',
      before: [first, held],
      day: 5,
      op: { do: 'giveBack', ...byOwner },
    },
    { name: 'a reversal in part that is too late', before: [first, taken], day: 10, op: back },
    { name: 'a reversal', before: [first, taken], day: 0, op: { do: 'giveBack', ...at } },
    { name: 'a reversal in part', before: [first, taken], day: 0, op: back },
    { name: 'a reversal of the rest', before: [first, taken, back], day: 5, op: { do: 'giveBack', ...at } },
    { name: 'the undoing of what never came', before: [first], day: 0, op: { do: 'voidHold', ...at } },
    {
      name: 'a correction',
      before: [first],
      day: 0,
      op: { ...on(), do: 'adjust', points: -5, intoDebt: false },
    },
    {
      name: 'a correction into debt',
      before: [],
      day: 0,
      op: { ...on(), do: 'adjust', points: -5, intoDebt: true },
    },
    { name: 'a freeze', before: [first], day: 0, op: { ...on(), do: 'freeze', frozen: true } },
    { name: 'a block', before: [first], day: 0, op: { do: 'block', who: 'ann', blockId: 'b1', points: 3 } },
    {
      name: 'the end of a block',
      before: [first, { do: 'block', who: 'ann', blockId: 'b1', points: 3 }],
      day: 0,
      op: { do: 'unblock', who: 'ann', blockId: 'b1' },
    },
    { name: 'expiry', before: [first], day: 5, op: { do: 'expire', who: 'ann', currency: 'ZJF' } },
  ])(
    'performs $name completely or not at all, at whatever statement it is interrupted',
    async ({ before, day, op }) => {
      const cuts = await crashEverywhere(books, before, day, op)
      expect(cuts).toBeGreaterThan(1)
    },
  )

  test("cannot change or delete entries as the application's role", async () => {
    await playInTurn(books, [first])
    for (const table of ['wallet_entries', 'wallet_transfers']) {
      await expect(sql`delete from ${sql.table(table)}`.execute(books.db)).rejects.toThrow(
        /permission denied/,
      )
      await expect(sql`update ${sql.table(table)} set created_at = now()`.execute(books.db)).rejects.toThrow(
        /permission denied/,
      )
      await expect(sql`delete from ${sql.table(table)}`.execute(books.owner)).rejects.toThrow(/append-only/)
      await expect(sql`truncate ${sql.table(table)} cascade`.execute(books.owner)).rejects.toThrow(
        /append-only/,
      )
    }
  })
})

function on() {
  return { who: 'ann', currency: 'ZJF', key: 'k5' } as const
}
