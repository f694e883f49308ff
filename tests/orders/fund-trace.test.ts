import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type FundTrace, readFundTrace } from '../../application/orders/fund-trace.ts'
import { getOrder } from '../../application/orders/reads.ts'
import { forCustomer } from '../../application/orders/view.ts'
import { createDoor, createHooks } from '../support/hooks.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

const hooks = createHooks()
let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp({ tamper: (activities) => hooks.tamper(activities) })
})
afterAll(() => mall.close())
afterEach(async () => {
  hooks.clear()
  expect(await mall.brokenLaws()).toEqual([])
})

const cny = (amount: string) => ({ amount, currency: 'CNY' })
const SOON = new Date('2031-05-01T00:00:00.000Z')

let customers = 0

/** An order of 100 points, 60 of which expire, and of 9.90 by this method. */
async function order(method?: 'bank_card' | 'wallet') {
  customers += 1
  const owner = `asker${customers}`
  await mall.points(owner, 60, SOON)
  await mall.points(owner, 90)
  if (method === 'wallet') await mall.cash(owner, 990)
  const product_id = await mall.product({ payment_mode: method ? 'mixed' : 'points_only' })
  const body = { product_id, ...(method ? { payment_method: method } : {}) }
  const { order_no, payment_info } = (await mall.exchange(owner, body)).body.data
  const orderNo: string = order_no
  return {
    owner,
    orderNo,
    where: () => whereOf(orderNo),
    pay: async () => {
      await mall.cashier(payment_info.pay_url, 'pay')
      await mall.reach(owner, orderNo, 'order_paid')
    },
  }
}

/** The answer, which is the same for customer and staff, and whose points add up. */
async function whereOf(orderNo: string): Promise<FundTrace> {
  const view = await getOrder(mall.deps, orderNo, undefined)
  const where = await readFundTrace(mall.deps, view)
  expect(await readFundTrace(mall.deps, forCustomer(view))).toEqual(where)
  expect(where.points.reduce((sum, { points }) => sum + points, 0)).toBe(view.total_points)
  return where
}

const time = expect.stringMatching(/^\d{4}-.*Z$/)
const BOTH_LOTS = [
  { points: 60, expires_at: SOON.toISOString() },
  { points: 40, expires_at: null },
]

describe('the points of an order', () => {
  test('are held while it waits for payment, and spent once it is paid', async () => {
    const o = await order('bank_card')
    expect(await o.where()).toEqual({
      points: [{ place: 'held', points: 100, since: time }],
      cash: [{ place: 'due', money: cny('9.90'), until: time }],
      outside: false,
    })
    await o.pay()
    expect(await o.where()).toEqual({
      points: [{ place: 'spent', points: 100, since: time }],
      cash: [{ place: 'paid', money: cny('9.90'), since: time, method: 'bank_card' }],
      outside: false,
    })
  })

  test('return to their lots when nobody pays', async () => {
    const o = await order('bank_card')
    await mall.act(o.owner, o.orderNo, 'cancel')
    expect(await o.where()).toMatchObject({
      points: [{ place: 'returned', points: 100, at: time, lots: BOTH_LOTS }],
      cash: [{ place: 'never_paid', money: cny('9.90') }],
    })
  })

  test("return with the wallet's cash when a paid order is canceled", async () => {
    const o = await order('wallet')
    expect((await o.where()).cash).toMatchObject([{ place: 'paid', money: cny('9.90'), method: 'wallet' }])
    await mall.act(o.owner, o.orderNo, 'cancel')
    expect(await o.where()).toMatchObject({
      points: [{ place: 'returned', points: 100, lots: BOTH_LOTS }],
      cash: [{ place: 'returned', money: cny('9.90'), to: 'wallet', undue: null }],
    })
  })

  test('are in two places after a partial refund', async () => {
    const o = await order('wallet')
    const body = { reason: '少发一件', points: 30, money: cny('3.30') }
    expect((await mall.operate(o.orderNo, 'refund', body)).status).toBe(200)
    expect(await o.where()).toMatchObject({
      points: [
        { place: 'spent', points: 70 },
        { place: 'returned', points: 30, lots: [{ points: 30, expires_at: null }] },
      ],
      cash: [
        { place: 'paid', money: cny('6.60') },
        { place: 'returned', money: cny('3.30'), to: 'wallet' },
      ],
    })
  })

  test('were never taken if the order was refused; no cash is shown if none was due', async () => {
    const o = await order()
    expect(await o.where()).toMatchObject({ points: [{ place: 'spent', points: 100 }], cash: [] })
    hooks.before('placeExchange', () => {
      throw new Error('the database is away')
    })
    const owner = 'refused'
    await mall.points(owner, 100)
    mall.answerWithin(5_000)
    const answer = await mall.exchange(owner, { product_id: await mall.product() })
    expect(answer.status).toBe(202)
    mall.answerWithin(PATIENCE_MS)
    const orderNo = answer.body.data.order_no
    expect((await whereOf(orderNo)).points).toEqual([{ place: 'untouched', points: 100, settled: false }])
    hooks.clear()
    await mall.reach(owner, orderNo, 'order_paid')
    expect((await whereOf(orderNo)).points).toMatchObject([{ place: 'spent', points: 100 }])
  })
})

describe('money at a provider', () => {
  test('is shown as returning from the request until the provider has refunded it', async () => {
    const o = await order('bank_card')
    await o.pay()
    const door = createDoor()
    hooks.before('refundPayment', () => door.passed())
    await mall.act(o.owner, o.orderNo, 'cancel')
    expect((await o.where()).cash).toEqual([
      { place: 'returning', money: cny('9.90'), since: time, undue: null },
    ])
    door.open()
    const { cash } = await until(
      o.where,
      (where) => where.cash[0]?.place === 'returned',
      'the refund is done',
    )
    expect(cash).toEqual([{ place: 'returned', money: cny('9.90'), at: time, to: 'payer', undue: null }])
  })

  test('is shown as late if it arrives after the cancellation', async () => {
    const o = await order('bank_card')
    await mall.act(o.owner, o.orderNo, 'cancel')
    await mall.control('force-pay', { out_trade_no: `${o.orderNo}-1` })
    const { cash } = await until(
      o.where,
      (where) => where.cash[0]?.place === 'returned',
      'the late payment is refunded',
    )
    // Only the late payment is shown, without a "never paid" next to it.
    expect(cash).toEqual([{ place: 'returned', money: cny('9.90'), at: time, to: 'payer', undue: 'late' }])
  })

  test('is refunded if it is paid in addition, and the order keeps the first payment', async () => {
    const o = await order('bank_card')
    await mall.cash(o.owner, 990)
    await mall.act(o.owner, o.orderNo, 'pay', { payment_method: 'wallet' })
    await mall.reach(o.owner, o.orderNo, 'order_paid')
    await mall.control('force-pay', { out_trade_no: `${o.orderNo}-1` })
    const { cash } = await until(
      o.where,
      (where) => where.cash.some(({ place }) => place === 'returned'),
      'the second payment is refunded',
    )
    expect(cash).toEqual([
      { place: 'paid', money: cny('9.90'), since: time, method: 'wallet' },
      { place: 'returned', money: cny('9.90'), at: time, to: 'payer', undue: 'twice' },
    ])
  })
})
