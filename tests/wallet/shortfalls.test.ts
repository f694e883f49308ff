import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Tx } from '../../db/client.ts'
import { findEarningViolations } from '../../db/reconciliation/invariants.ts'
import { grantEarning, insertEarning, reverseEarning } from '../../db/wallet/earnings.ts'
import { blockPoints, unblockPoints } from '../../db/wallet/freezes.ts'
import { adjust } from '../../db/wallet/grants.ts'
import { capture, giveBack, giveBackPart, hold } from '../../db/wallet/order-holds.ts'
import { lockAccount } from '../../db/wallet/posting.ts'
import { availableOf, heldOf } from '../../domain/wallet/wallet.ts'
import { disagreementLine } from '../../i18n/finding-texts.ts'
import { type Books, findBroken, openBooks } from '../models/wallet-books.ts'

const DAY = 86_400_000
const START = Date.UTC(2030, 0, 1)
const BY = { operatorId: 'shop', reason: 'returned' }
const TERMS = { cause: 'mall', graceMs: 0 } as const

let books: Books
beforeAll(async () => {
  books = await openBooks(inject('postgresUrl'), 8)
})
afterAll(() => books.close())
afterEach(async () => {
  expect(await findBroken(books)).toEqual([])
  expect((await findEarningViolations(books.db, books.vault)).map(disagreementLine)).toEqual([])
})

type Step =
  | { readonly do: 'earn' | 'reverse'; readonly earning: number; readonly points: number }
  | {
      readonly do: 'redeem' | 'hold' | 'capture' | 'part' | 'cancel'
      readonly order: number
      readonly points: number
    }
  | { readonly do: 'block' | 'unblock'; readonly points: number }

const points = fc.integer({ min: 1, max: 9 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('earn' as const, 'reverse' as const),
      earning: fc.nat({ max: 3 }),
      points,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'redeem' as const,
        'hold' as const,
        'capture' as const,
        'part' as const,
        'cancel' as const,
      ),
      order: fc.nat({ max: 4 }),
      points,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('block' as const, 'unblock' as const), points }) },
)

/** One customer with earnings and orders, told apart from other runs by a random name. */
function openRun() {
  const { db, vault } = books
  const run = randomBytes(5).toString('hex')
  const ownerId = `${run}-owner`
  const earnings = new Map<number, string>()
  const inTx = <T>(does: (tx: Tx) => Promise<T>) => db.transaction().execute(does)
  const account = (order: number) => ({
    ownerId,
    currency: 'ZJF' as const,
    orderNo: `${run}-${order}`,
    reason: 'canceled',
    terms: TERMS,
  })
  const earn = async (earning: number, amount: number, lastsDays: number) => {
    if (earnings.has(earning)) return
    await inTx(async (tx) => {
      const row = await insertEarning(tx, vault, {
        ownerId,
        source: 'order',
        externalId: `${run}-${earning}`,
        amount: null,
        askedPoints: BigInt(amount),
        points: BigInt(amount),
        capped: 0n,
        occurredAt: new Date(START),
        matureAt: new Date(START),
        expiresAt: new Date(START + lastsDays * DAY),
        operatorId: 'shop',
      })
      earnings.set(earning, row?.id ?? '')
      await grantEarning(tx, vault, row?.id ?? '')
    })
  }
  const cancel = (order: number) => inTx((tx) => giveBack(tx, vault, account(order)))
  const reverse = async (earning: number, intoDebt: boolean) => {
    const id = earnings.get(earning)
    if (id !== undefined) await inTx((tx) => reverseEarning(tx, vault, id, intoDebt, BY))
  }
  const perform = async (one: Step, intoDebt: boolean): Promise<unknown> => {
    if ('earning' in one) {
      const { earning } = one
      return one.do === 'earn' ? earn(earning, one.points, 100 + earning) : reverse(earning, intoDebt)
    }
    if (one.do === 'unblock') {
      return inTx((tx) => unblockPoints(tx, vault, { ownerId, blockId: `${run}-b`, terms: TERMS }, BY))
    }
    if (one.do === 'block') {
      const block = { ownerId, amount: BigInt(one.points), blockId: `${run}-b` }
      return inTx((tx) => blockPoints(tx, vault, block, BY)).catch(() => undefined)
    }
    if (!('order' in one)) return
    if (one.do === 'cancel') return cancel(one.order)
    const spend = { ...account(one.order), amount: BigInt(one.points) }
    if (one.do === 'capture') return inTx((tx) => capture(tx, vault, spend))
    // A repeat with another amount is refused; nothing changes then.
    const does = (tx: Tx) =>
      one.do === 'part'
        ? giveBackPart(tx, vault, { ...spend, part: 'r1' })
        : hold(tx, vault, spend, one.do === 'hold' ? 'keep' : 'capture')
    return inTx(does).catch(() => undefined)
  }
  const balance = async () => {
    const { wallet } = await inTx((tx) => lockAccount(tx, vault, ownerId, 'ZJF'))
    return { available: Number(availableOf(wallet)), held: Number(heldOf(wallet)) }
  }
  /** What the customer earned and was not taken back, and what of the rest is still to come. */
  const due = async () => {
    const rows = await db.selectFrom('earnings').selectAll().where('owner_id', '=', ownerId).execute()
    const total = (of: readonly { readonly points: string }[]) =>
      of.reduce((sum, row) => sum + Number(row.points), 0)
    return {
      earned: total(rows.filter(({ state }) => state === 'granted')),
      open: rows.reduce((sum, row) => sum + Number(row.open_shortfall), 0),
    }
  }
  /** Cancels and unblocks everything, all at once. */
  const undoAll = () =>
    Promise.all([...[0, 1, 2, 3, 4].map(cancel), perform({ do: 'unblock', points: 1 }, false)])
  const gift = () =>
    inTx((tx) => adjust(tx, vault, { ownerId, currency: 'ZJF', amount: 1n }, { operationKey: `${run}-gift` }))
  return { ownerId, earn, cancel, reverse, perform, balance, due, undoAll, gift }
}

type Run = ReturnType<typeof openRun>

/** Once nothing is redeemed any more, a customer has exactly the points that were not taken back. */
async function expectNothingFree({ balance, due }: Run) {
  const { earned, open } = await due()
  expect({ ...(await balance()), open }).toEqual({ available: earned, held: 0, open: 0 })
}

describe('a shortfall of a clawback', () => {
  test('leaves nobody with more or fewer points than were earned, whatever happens in which order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 10, maxLength: 25 }),
        fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
        async (steps, intoDebt) => {
          const run = openRun()
          // Something is spent before anything is taken back.
          for (const n of [0, 1]) await run.perform({ do: 'earn', earning: n, points: 9 }, intoDebt)
          for (const n of [0, 1, 2]) await run.perform({ do: 'redeem', order: n, points: 5 }, intoDebt)
          for (const one of steps) {
            await run.perform(one, intoDebt)
            if (!intoDebt) expect((await run.balance()).available).toBeGreaterThanOrEqual(0)
          }
          await run.undoAll()
          await expectNothingFree(run)
          // One point from elsewhere is noticed.
          await run.gift()
          await expect(expectNothingFree(run)).rejects.toThrow()
        },
      ),
      { numRuns: 8, endOnFailure: true },
    )
  })

  test('is settled once by returns that come at the same time', async () => {
    const run = openRun()
    await run.earn(0, 8, 100)
    await run.earn(1, 8, 200)
    for (const order of [0, 1, 2, 3]) await run.perform({ do: 'redeem', order, points: 4 }, false)
    await run.reverse(1, false)
    expect(await run.due()).toEqual({ earned: 8, open: 8 })
    await run.undoAll()
    await expectNothingFree(run)
  })

  test('is settled by points that expired only if they are its own', async () => {
    const run = openRun()
    await run.earn(0, 4, 3)
    await run.earn(1, 5, 50)
    await run.perform({ do: 'redeem', order: 0, points: 4 }, false)
    await run.perform({ do: 'redeem', order: 1, points: 5 }, false)
    await run.reverse(1, false)
    await books.setDay(10)
    try {
      await run.cancel(0)
      expect(await run.due()).toEqual({ earned: 4, open: 5 })
      await run.cancel(1)
      expect(await run.due()).toEqual({ earned: 4, open: 0 })
      expect(await run.balance()).toEqual({ available: 0, held: 0 })

      const late = openRun()
      await late.earn(0, 5, 12)
      await late.perform({ do: 'redeem', order: 0, points: 5 }, false)
      await late.reverse(0, false)
      await books.setDay(20)
      await late.cancel(0)
      expect(await late.due()).toEqual({ earned: 0, open: 0 })
      expect(await late.balance()).toEqual({ available: 0, held: 0 })
    } finally {
      await books.setDay(0)
    }
  })

  test('that somebody erased in the database is reported', async () => {
    const run = openRun()
    await run.earn(0, 5, 100)
    await run.perform({ do: 'redeem', order: 0, points: 5 }, false)
    await run.reverse(0, false)
    const put = (open_shortfall: bigint) =>
      books.owner
        .updateTable('earnings')
        .set({ open_shortfall })
        .where('owner_id', '=', run.ownerId)
        .execute()
    await put(0n)
    try {
      const broken = await findEarningViolations(books.db, books.vault)
      expect(broken).toMatchObject([{ subject: { code: 'earning' } }])
    } finally {
      await put(5n)
    }
  })
})
