import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { createOrderActivities } from '../../activities/orders.ts'
import { createPlaceActivities } from '../../activities/place.ts'
import { createPointsActivities } from '../../activities/points.ts'
import { createRefundActivities } from '../../activities/refunds.ts'
import { block, unblock } from '../../application/wallet/freezes.ts'
import { keepAttempt } from '../../db/orders/attempts.ts'
import type { Actor } from '../../db/orders/orders.ts'
import { createEncryptor } from '../../db/platform/encryption.ts'
import { findOrderViolations } from '../../db/reconciliation/invariants.ts'
import { clawBack, grant } from '../../db/wallet/grants.ts'
import { listEntries, readBalance } from '../../db/wallet/reads.ts'
import type { ExternalStep } from '../../domain/orders/external-steps.ts'
import { newOrderNo } from '../../domain/orders/number.ts'
import { type Books, findBroken, newRun, openBooks } from '../models/wallet-books.ts'
import { openTestApp, until } from '../support/test-app.ts'

/**
 * How long returned points live whose date has passed. Days are counted from the start of a clock that the
 * test moves.
 */

const DAY = 86_400_000
const START = Date.UTC(2030, 0, 1)
const DUE = 10
const GRACE = 7
const expiryGraceMs = GRACE * DAY

let books: Books
let product: string
let owner: string
beforeAll(async () => {
  books = await openBooks(inject('postgresUrl'), 4)
  const made = await books.db
    .insertInto('points_products')
    .values({
      title: '保温杯',
      description: null,
      image: null,
      point: 100,
      price_amount: '1.00',
      payment_mode: 'mixed',
      stock_quantity: 1000,
      status: 'on_sale',
      shipping_type: 'none',
      properties: null,
      outer_id: null,
      operator_type: null,
      operator_id: null,
      operation_key: null,
      deleted_at: null,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  product = made.id
  await books.db
    .insertInto('stock_movements')
    .values({
      product_id: product,
      delta: 1000,
      kind: 'initial',
      order_no: null,
      operation_key: `initial/${product}`,
      operator_id: null,
    })
    .execute()
})
afterAll(() => books.close())
afterEach(async () => {
  expect(await findBroken(books)).toEqual([])
  expect(await findOrderViolations(books.db)).toEqual([])
})

const dateOf = (day: number) => new Date(START + day * DAY)

function activities() {
  const { db, vault } = books
  const sealer = createEncryptor([{ id: 't1', key: Buffer.alloc(32, 'key of the tests') }])
  const rules = {
    minPoints: 1,
    maxPointsPerOrder: 10_000,
    exchangeLimitEnabled: true,
    maxUnpaidOrders: 5,
    maxUnpaidPieces: 5,
    supportedMethods: ['wallet', 'bank_card'] as const,
  }
  return {
    sealer,
    ...createPlaceActivities({ db, sealer, vault, rules }),
    ...createOrderActivities({
      db,
      vault,
      sealer,
      orderService: undefined,
      expiryGraceMs,
      autoCreateLogistics: false,
    }),
    ...createPointsActivities({ db, vault, expiryGraceMs, outsideWallet: undefined }),
    ...createRefundActivities({ db, vault, providers: [], expiryGraceMs }),
  }
}

/** A new owner with 100 points until the tenth day, and cash. */
async function newOwner(): Promise<void> {
  const { db, vault } = books
  owner = newRun()
  await books.setDay(0)
  await db.transaction().execute(async (tx) => {
    await grant(
      tx,
      vault,
      { ownerId: owner, currency: 'ZJF', amount: 100n, expiresAt: dateOf(DUE) },
      { operationKey: `points/${owner}` },
    )
    await grant(
      tx,
      vault,
      { ownerId: owner, currency: 'CNY', amount: 100_000n, expiresAt: null },
      { operationKey: `cash/${owner}` },
    )
  })
}

type How = 'unpaid' | 'paid' | 'paid later'

/**
 * An order for all 100 points. @param outsideSteps if it has `points`, hold and return are steps of their own
 */
async function order(how: How, outsideSteps: readonly ExternalStep[] = []): Promise<string> {
  const { sealer, quoteExchange, holdPoints, placeExchange, createOrder, settleExchange, capturePoints } =
    activities()
  const order_no = newOrderNo(new Date(), randomBytes(12))
  await keepAttempt(books.db, {
    order_no,
    owner_id: owner,
    idempotency_key: null,
    product_id: product,
    quantity: 1,
    payment_method: how === 'unpaid' ? 'bank_card' : 'wallet',
    cash_amount: null,
    level: 1,
    request: sealer.seal({}, `request/${order_no}`),
    refusal: null,
    resolved_at: null,
  })
  const steps: readonly ExternalStep[] = how === 'paid later' ? ['orders', ...outsideSteps] : outsideSteps
  const payBy = dateOf(300).toISOString()
  let quote = {}
  if (steps.length > 0) {
    const quoted = await quoteExchange(order_no)
    if (!('quote' in quoted)) throw new Error(JSON.stringify(quoted))
    quote = quoted
    if (steps.includes('points')) expect(await holdPoints(order_no, 100)).toBe(true)
  }
  const placed = await placeExchange({ orderNo: order_no, payBy, outsideSteps: steps, ...quote })
  expect(placed).toMatchObject({ placed: true })
  if (how === 'paid later') {
    await createOrder(order_no)
    expect(await settleExchange({ orderNo: order_no, outsideSteps: steps })).toEqual({ settled: true })
    if (steps.includes('points')) await capturePoints(order_no)
  }
  return order_no
}

async function cancel(
  orderNo: string,
  by: Actor,
  reason = `canceled_by_${by.type}`,
  outsideSteps: readonly ExternalStep[] = [],
): Promise<void> {
  const { cancelExchange, releasePoints } = activities()
  expect(await cancelExchange({ orderNo, reason, by, outsideSteps })).toEqual({ status: 'order_canceled' })
  if (outsideSteps.includes('points')) await releasePoints(orderNo, reason)
}

const customer = { type: 'customer', id: 'ann' } as const
const operator = { type: 'operator', id: 'op' } as const
const system = { type: 'system' } as const

async function points() {
  const { available, held, expiring } = await readBalance(books.db, books.vault, owner, 'ZJF')
  const lots = expiring.map((lot) => [Number(lot.points), (lot.expiresAt.getTime() - START) / DAY])
  return { available: Number(available), held: Number(held), lots }
}

/** All entries of points, oldest first. */
async function booked() {
  const entries = await listEntries(books.db, books.vault, owner, 'ZJF', { limit: 100 })
  return entries.map(({ kind, plain }) => [kind, Number(plain.available)]).reverse()
}

const NOTHING = { available: 0, held: 0, lots: [] }
const until17 = { available: 100, held: 0, lots: [[100, DUE + GRACE]] }
const byOwner = [
  ['a cancellation by the customer', customer, undefined],
  ['the payment deadline', system, 'payment_timeout'],
] as const
const byMall = [
  ['an operator', operator, undefined],
  // A text of an operator is not read as a code.
  ['an operator who writes a code', operator, 'payment_timeout'],
  ['the order domain', { type: 'order_domain' }, 'canceled_by_order_domain'],
  ['a step that failed', system, 'UNAVAILABLE'],
] as const
const places = [
  ['in the one transaction', []],
  ['by a step of its own', ['points']],
] as const satisfies [string, ExternalStep[]][]

describe.each(places)('points returned %s', (_, steps) => {
  test.each(byOwner)(
    'after their date, from an unpaid order and by %s, are expired immediately',
    async (__, by, reason) => {
      await newOwner()
      await books.setDay(DUE - 1)
      const orderNo = await order('unpaid', steps)
      await books.setDay(DUE + 1)
      await cancel(orderNo, by, reason, steps)
      const all = [
        ['grant', 100],
        ['hold', -100],
        ['release', 100],
        ['expire', -100],
      ]
      expect(await booked()).toEqual(all)
      expect(await points()).toEqual(NOTHING)
      // A repeat changes nothing.
      await cancel(orderNo, by, reason, steps)
      expect(await booked()).toEqual(all)
    },
  )

  test.each(byOwner)('before their date by %s keep it', async (__, by, reason) => {
    await newOwner()
    const orderNo = await order('unpaid', steps)
    await books.setDay(DUE - 1)
    await cancel(orderNo, by, reason, steps)
    expect(await points()).toEqual({ available: 100, held: 0, lots: [[100, DUE]] })
  })

  test.each(byMall)(
    'from an unpaid order by %s have one grace, counted from their date',
    async (__, by, reason) => {
      await newOwner()
      await books.setDay(DUE - 1)
      const orderNo = await order('unpaid', steps)
      await books.setDay(DUE + 1)
      await cancel(orderNo, by, reason, steps)
      expect(await points()).toEqual(until17)
      await cancel(orderNo, by, reason, steps)
      expect(await booked()).toHaveLength(3)
    },
  )

  test.each<[How, string]>([
    ['paid', 'capture'],
    ['paid later', 'hold'],
  ])(
    'from an order that was %s have one grace, whoever cancels it, also after a second order',
    async (how) => {
      await newOwner()
      await books.setDay(DUE - 1)
      const first = await order(how, how === 'paid' ? [] : steps)
      await books.setDay(DUE + 2)
      await cancel(first, customer, undefined, how === 'paid' ? [] : steps)
      expect(await points()).toEqual(until17)

      await books.setDay(DUE + 4)
      const second = await order(how, how === 'paid' ? [] : steps)
      await books.setDay(DUE + 6)
      await cancel(second, operator, 'sold out', how === 'paid' ? [] : steps)
      expect(await points()).toEqual(until17)

      const third = await order(how, how === 'paid' ? [] : steps)
      await books.setDay(DUE + GRACE)
      await cancel(third, operator, 'sold out', how === 'paid' ? [] : steps)
      expect(await points()).toEqual(NOTHING)
      expect((await booked()).slice(-2)).toEqual([
        ['reverse', 100],
        ['expire', -100],
      ])
    },
  )

  test.each([
    ...byOwner.map((way) => [...way, DUE] as const),
    ...byMall.map((way) => [...way, DUE + GRACE] as const),
  ])(
    'live at most until their date and one grace, however often returned by %s',
    async (__, by, reason, latest) => {
      await newOwner()
      let rounds = 0
      for (let day = DUE - 3; day < DUE + 4 * GRACE; day += 2) {
        await books.setDay(day)
        if ((await points()).available < 100) break
        rounds += 1
        const orderNo = await order('unpaid', steps)
        await books.setDay(day + 2)
        await cancel(orderNo, by, reason, steps)
        expect((await points()).available, `on day ${day + 2}`).toBe(day + 2 < latest ? 100 : 0)
      }
      expect(rounds).toBe(Math.ceil((latest - (DUE - 3)) / 2))
      expect(await points()).toEqual(NOTHING)
    },
  )
})

describe('points of a partial refund', () => {
  const part = (orderNo: string, points: number, key: string) =>
    activities().refundPart({
      orderNo,
      points,
      money: '0.00',
      reason: 'a scratch',
      by: operator,
      operationKey: `${orderNo}/${key}`,
    })

  test('have the same single grace, and are expired immediately after it', async () => {
    await newOwner()
    const orderNo = await order('paid')
    await books.setDay(DUE + 1)
    expect(await part(orderNo, 30, 'a')).toBeNull()
    expect(await points()).toEqual({ available: 30, held: 0, lots: [[30, DUE + GRACE]] })
    await books.setDay(DUE + GRACE)
    expect(await part(orderNo, 20, 'b')).toBeNull()
    expect(await part(orderNo, 20, 'b')).toBeNull()
    expect(await points()).toEqual(NOTHING)
    await cancel(orderNo, operator, 'sold out')
    expect((await booked()).slice(2)).toEqual([
      ['reverse', 30],
      ['expire', -30],
      ['reverse', 20],
      ['expire', -20],
      ['reverse', 50],
      ['expire', -50],
    ])
  })
})

describe('points that an operator blocked', () => {
  test('have one grace when they are unblocked, and none after it', async () => {
    const ledger = { db: books.db, vault: books.vault, outsideWallet: undefined }
    const cause = (what: string) => ({
      operationKey: `${owner}/${what}`,
      operatorId: 'op',
      reason: 'a doubt',
    })
    for (const [day, left] of [
      [DUE + 3, until17],
      [DUE + GRACE, NOTHING],
    ] as const) {
      await newOwner()
      const { block_id } = await block(ledger, owner, 100, cause('block'))
      await books.setDay(day)
      await unblock(ledger, owner, block_id, expiryGraceMs, cause('unblock'))
      expect(await points()).toEqual(left)
      const times = (await booked()).length
      await unblock(ledger, owner, block_id, expiryGraceMs, cause('unblock'))
      expect(await booked()).toHaveLength(times)
    }
  })
})

describe('the encrypted lots', () => {
  test('are unchanged for points without grace; points in grace keep their original date', async () => {
    await newOwner()
    const orderNo = await order('paid')
    await books.setDay(DUE + 1)
    await cancel(orderNo, operator, 'sold out')
    const entries = await listEntries(books.db, books.vault, owner, 'ZJF', { limit: 9 })
    const [due, graced] = [dateOf(DUE).getTime(), dateOf(DUE + GRACE).getTime()]
    expect(entries.map(({ plain }) => plain.lots).reverse()).toEqual([
      [[due, '100']],
      [[due, '100']],
      [[graced, '100', due]],
    ])
  })

  test('let a clawback find points in grace', async () => {
    await newOwner()
    const { db, vault } = books
    const orderNo = await order('paid')
    await books.setDay(DUE + 1)
    await cancel(orderNo, operator, 'sold out')
    await db.transaction().execute(async (tx) => {
      const soon = { operationKey: `soon/${owner}` }
      await grant(
        tx,
        vault,
        { ownerId: owner, currency: 'ZJF', amount: 50n, expiresAt: dateOf(DUE + 2) },
        soon,
      )
      const back = { operationKey: `claw/${owner}` }
      expect(
        await clawBack(
          tx,
          vault,
          { ownerId: owner, points: 100n, expiresAt: dateOf(DUE), intoDebt: false },
          back,
        ),
      ).toBe(0n)
    })
    expect(await points()).toEqual({ available: 50, held: 0, lots: [[50, DUE + 2]] })
  })
})

describe('a shop whose orders reach their payment deadline', () => {
  test.each(places)('returns points %s, without grace', async (_, outsideSteps) => {
    const mall = await openTestApp({ outsideSteps, paymentTimeoutMs: 4_000, expiryGraceMs })
    try {
      const expiry = new Date(Date.now() + 3_000)
      await mall.points('waiter', 100, expiry)
      const product_id = await mall.product({ point: 100, payment_mode: 'mixed', fen: 990 })
      const placed = await mall.exchange('waiter', { product_id, payment_method: 'bank_card' })
      expect(placed.status).toBe(201)
      const ended = await mall.reach('waiter', placed.body.data.order_no, 'order_canceled')
      expect(ended).toMatchObject({ cancel_reason: 'payment_timeout' })
      const kinds = async () => {
        const { rows } = await sql<{ kind: string }>`
          select kind from wallet_transfers join wallet_entries using (operation_key) order by version`.execute(
          mall.db,
        )
        return rows.map(({ kind }) => kind)
      }
      await until(kinds, (found) => found.includes('release'), 'the points are back')
      expect(await kinds()).toEqual(['grant', 'hold', 'release', 'expire'])
      expect(await mall.brokenLaws()).toEqual([])
    } finally {
      await mall.close()
    }
  })
})
