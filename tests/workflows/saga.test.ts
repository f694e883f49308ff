import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Activities } from '../../activities/index.ts'
import type { Quote } from '../../activities/place.ts'
import { newOrderNo } from '../../domain/orders/number.ts'
import { ended, readHoldings, readTables } from '../support/db-snapshot.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

/** Stock, points and orders as external systems: every step is an activity with its own undo. */

const HASTE_MS = 1_500

let activities: Activities
let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp({
    outsideSteps: ['stock', 'points', 'orders'],
    tamper(real) {
      activities = real
      return real
    },
  })
})
afterAll(() => mall.close())
afterEach(async () => {
  expect(await mall.brokenLaws()).toEqual([])
})

let customers = 0
async function customer(points = 100, fen = 990) {
  customers += 1
  const owner = `saga${customers}`
  await Promise.all([mall.points(owner, points), mall.cash(owner, fen)])
  return owner
}

const balance = async (as: string) => {
  const { available, held, cash } = (await mall.call('GET', '/api/points-mall/wallet', { as })).body.data
  return [available, held, cash.amount]
}
const stepsOf = async (orderNo: string) =>
  ((await mall.history(orderNo)).events ?? []).flatMap(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? [],
  )

describe('an exchange across systems', () => {
  test('is paid by points only, with one step per system', async () => {
    const owner = await customer()
    const answer = await mall.exchange(owner, { product_id: await mall.product({ stock: 1 }) })
    expect(answer).toMatchObject({
      status: 201,
      body: { data: { status: 'order_paid', payment_status: 'paid' } },
    })
    expect(await balance(owner)).toEqual([0, 0, '9.90'])
    expect(await stepsOf(answer.body.data.order_no)).toEqual([
      'reserveStock',
      'holdPoints',
      'createOrder',
      'capturePoints',
      'commitStock',
    ])
  })

  test('is paid by points and wallet, followed and finished', async () => {
    const owner = await customer()
    const product_id = await mall.product({ payment_mode: 'mixed', stock: 1 })
    const { order_no } = (await mall.exchange(owner, { product_id })).body.data
    expect(await balance(owner)).toEqual([0, 0, '0.00'])
    await mall.operate(order_no, 'accept')
    expect((await mall.operate(order_no, 'finish')).body.data.status).toBe('order_finished')
    await ended(mall, order_no)
  })

  test('by card holds points and stock while it waits, survives a decline, and is paid', async () => {
    const owner = await customer()
    const product_id = await mall.product({ payment_mode: 'mixed', stock: 1 })
    const placed = await mall.exchange(owner, { product_id, payment_method: 'bank_card' })
    const { order_no, status, payment_info } = placed.body.data
    expect(status).toBe('order_created')
    expect(await balance(owner)).toEqual([0, 100, '9.90'])
    await mall.cashier(payment_info.pay_url, 'decline')
    await mall.cashier(payment_info.pay_url, 'pay')
    await mall.reach(owner, order_no, 'order_paid')
    await until(
      () => stepsOf(order_no),
      (steps) => steps.at(-1) === 'commitStock',
      'stock and points are taken',
    )
    await until(
      () => balance(owner),
      ([available, held]) => available === 0 && held === 0,
      'the points are captured',
    )
    expect((await mall.operate(order_no, 'accept')).status).toBe(200)
  })

  test('by card returns everything if it is not paid in time', async () => {
    const owner = await customer()
    const product_id = await mall.product({ payment_mode: 'mixed', stock: 1 })
    const before = await readHoldings(mall)
    Object.assign(mall.deps.settings, { paymentTimeoutMs: HASTE_MS })
    const placed = await mall.exchange(owner, { product_id, payment_method: 'bank_card' })
    Object.assign(mall.deps.settings, { paymentTimeoutMs: 1_800_000 })
    const { order_no } = placed.body.data
    const canceled = await mall.reach(owner, order_no, 'order_canceled')
    expect(canceled).toMatchObject({ payment_status: 'closed', cancel_reason: 'payment_timeout' })
    await ended(mall, order_no)
    expect(await readHoldings(mall)).toEqual(before)
  })

  test.each(['points', 'wallet', 'bank_card'])(
    'canceled or refunded, paid by %s, returns everything',
    async (payment) => {
      const product_id = await mall.product({
        payment_mode: payment === 'points' ? 'points_only' : 'mixed',
        stock: 1,
      })
      for (const last of ['cancel', 'refund', 'refund of the finished']) {
        const owner = await customer()
        const before = await readHoldings(mall)
        const placed = await mall.exchange(owner, {
          product_id,
          payment_method: payment === 'points' ? undefined : payment,
        })
        const { order_no, payment_info } = placed.body.data
        if (payment === 'bank_card') await mall.cashier(payment_info.pay_url, 'pay')
        await mall.reach(owner, order_no, 'order_paid')
        expect((await mall.operate(order_no, 'accept')).status).toBe(200)
        if (last === 'cancel') await mall.act(owner, order_no, 'cancel')
        else {
          if (last !== 'refund') await mall.operate(order_no, 'finish')
          await mall.operate(order_no, 'refund', { reason: 'damaged' })
        }
        await until(
          () => mall.order(owner, order_no),
          ({ status, payment_status }) => status === 'order_canceled' && payment_status === 'refunded',
          `${order_no} is given back`,
        )
        await ended(mall, order_no)
        expect(await readHoldings(mall)).toEqual(before)
      }
    },
  )

  /** Redeems concurrently. @returns at rest, how many orders exist and why the others do not */
  async function atOnce(owners: readonly string[], product_id: string) {
    const answers = await Promise.all(owners.map((owner) => mall.exchange(owner, { product_id })))
    const attempts = await until(
      () =>
        mall.db
          .selectFrom('exchange_attempts as attempt')
          .leftJoin('points_exchange_orders as order', 'order.order_no', 'attempt.order_no')
          .select(['attempt.order_no', 'attempt.state', 'attempt.refusal', 'order.status'])
          .where('attempt.product_id', '=', product_id)
          .execute(),
      (found) => found.every(({ state, status }) => state === 'refused' || status === 'order_paid'),
      'every attempt is refused, or its order is paid',
    )
    await until(
      () => mall.brokenLaws(),
      (broken) => broken.length === 0,
      'nothing is reserved for an order that was refused',
    )
    const late = attempts.flatMap(({ refusal }) => refusal?.code ?? [])
    const inTime = answers.flatMap(({ status, body }) => (status === 409 ? [body.code] : []))
    return {
      orders: attempts.filter(({ state }) => state === 'placed').length,
      reasons: [...new Set([...late, ...inTime])],
    }
  }

  test('of 12 concurrent ones by one customer with a limit of three, exactly 3 exist', async () => {
    const owner = await customer(2000)
    const product_id = await mall.product({ stock: 100, exchange_limit: 3 })
    expect(await atOnce(Array(12).fill(owner), product_id)).toEqual({
      orders: 3,
      reasons: ['EXCHANGE_LIMIT_EXCEEDED'],
    })
    expect(await balance(owner)).toEqual([1700, 0, '9.90'])
    const page = await mall.call('GET', `/api/points-mall/products/${product_id}`)
    expect(page.body.data.stock_quantity).toBe(97)
  })

  test('of 12 concurrent ones for 5 pieces, exactly 5 exist; the others get their points back', async () => {
    const owners = await Promise.all(Array.from({ length: 12 }, () => customer()))
    const product_id = await mall.product({ stock: 5 })
    expect(await atOnce(owners, product_id)).toEqual({ orders: 5, reasons: ['OUT_OF_STOCK'] })
    const balances = await Promise.all(owners.map(balance))
    expect(balances.filter(([available, held]) => available === 100 && held === 0)).toHaveLength(7)
    expect(balances.filter(([available, held]) => available === 0 && held === 0)).toHaveLength(5)
  })
})

describe('an undo that runs before its step makes the late step fail:', () => {
  /** An attempt without a workflow, to call its steps directly. */
  async function attempt() {
    const owner = await customer()
    const product_id = await mall.product({ stock: 5 })
    const order_no = newOrderNo(new Date(), crypto.getRandomValues(new Uint8Array(12)))
    await mall.db
      .insertInto('exchange_attempts')
      .values({
        order_no,
        owner_id: owner,
        idempotency_key: null,
        product_id,
        quantity: 2,
        payment_method: null,
        cash_amount: null,
        level: 1,
        request: mall.deps.sealer.seal({}, `request/${order_no}`),
        refusal: null,
        resolved_at: null,
      })
      .execute()
    const quote: Quote = {
      productId: product_id,
      quantity: 1,
      paymentMode: 'points_only',
      points: 100,
      pieceAmount: '0.00',
      totalPoints: 100,
      totalAmount: '0.00',
    }
    return { owner, order_no, product_id, quote }
  }
  const stock = async (id: string) =>
    (await mall.call('GET', `/api/points-mall/products/${id}`)).body.data.stock_quantity
  const forget = (orderNo: string) => activities.refuseAttempt(orderNo, { code: 'UNAVAILABLE' })

  test('releaseStock before reserveStock; in order, each takes effect once', async () => {
    const late = await attempt()
    await activities.releaseStock(late.order_no)
    expect(await activities.reserveStock(late.order_no, late.quote)).toBe(false)
    expect(await stock(late.product_id)).toBe(5)
    await forget(late.order_no)

    const early = await attempt()
    for (let n = 0; n < 2; n += 1)
      expect(await activities.reserveStock(early.order_no, early.quote)).toBe(true)
    expect(await stock(early.product_id)).toBe(4)
    for (let n = 0; n < 2; n += 1) await activities.releaseStock(early.order_no)
    expect(await stock(early.product_id)).toBe(5)
    expect(await activities.reserveStock(early.order_no, early.quote)).toBe(false)
    await forget(early.order_no)
  })

  test('releasePoints before holdPoints; in order, each takes effect once', async () => {
    const late = await attempt()
    await activities.releasePoints(late.order_no, 'too late')
    expect(await activities.holdPoints(late.order_no, 100)).toBe(false)
    expect(await balance(late.owner)).toEqual([100, 0, '9.90'])
    await forget(late.order_no)

    const early = await attempt()
    for (let n = 0; n < 2; n += 1) expect(await activities.holdPoints(early.order_no, 100)).toBe(true)
    expect(await balance(early.owner)).toEqual([0, 100, '9.90'])
    for (let n = 0; n < 2; n += 1) await activities.releasePoints(early.order_no, 'undone')
    expect(await balance(early.owner)).toEqual([100, 0, '9.90'])
    expect(await activities.holdPoints(early.order_no, 100)).toBe(false)
    await forget(early.order_no)
  })

  test('cancelExchange before placeExchange', async () => {
    const { owner, order_no, product_id } = await attempt()
    const refusal = { code: 'UNAVAILABLE' } as const
    const undo = {
      orderNo: order_no,
      reason: 'x',
      by: { type: 'system' },
      outsideSteps: [],
      refusal,
    } as const
    const place = { orderNo: order_no, payBy: new Date().toISOString(), outsideSteps: [] }
    expect(await activities.cancelExchange(undo)).toEqual({ status: null })
    expect(await activities.placeExchange(place)).toEqual({ placed: false, refusal })
    expect(await stock(product_id)).toBe(5)
    expect(await balance(owner)).toEqual([100, 0, '9.90'])
  })

  test('capture and commit of an undone attempt take nothing', async () => {
    const { owner, order_no, product_id, quote } = await attempt()
    await activities.reserveStock(order_no, quote)
    await activities.holdPoints(order_no, 100)
    await activities.releaseStock(order_no)
    await activities.releasePoints(order_no, 'undone')
    const before = await readTables(mall.db)
    await activities.commitStock(order_no)
    await activities.capturePoints(order_no)
    expect(await readTables(mall.db)).toEqual(before)
    expect(await stock(product_id)).toBe(5)
    expect(await balance(owner)).toEqual([100, 0, '9.90'])
    await forget(order_no)
  })
})
