import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createPayloadCodec } from '../../application/temporal/payload-codec.ts'
import { ended, readHoldings, readTables } from '../support/db-snapshot.ts'
import { type Answer, type Call, openTestApp, type TestApp, until } from '../support/test-app.ts'

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp({ minPoints: 10, supportedMethods: ['wallet', 'bank_card'] })
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

const ADDRESS = { name: '张三', phone: '13800000000', detail: '浦东大道 1 号' }

const wallet = async (as: string) => (await mall.call('GET', '/api/points-mall/wallet', { as })).body.data
const check = (as: string, body: Record<string, unknown>, how: Call = {}) =>
  mall.call('POST', '/api/points-mall/check-exchange', { ...how, as, body: { quantity: 1, ...body } })
const product = async (id: string) => (await mall.call('GET', `/api/points-mall/products/${id}`)).body.data

/** Redeems and expects a refusal that leaves every table unchanged. */
async function refused(as: string, body: Record<string, unknown>, how: { level?: number } = {}) {
  const before = await readTables(mall.db)
  const answer = await mall.exchange(as, body, how)
  expect(await readTables(mall.db)).toEqual(before)
  return { status: answer.status, code: answer.body.code }
}

/** Redeems and expects success. */
async function redeem(as: string, body: Record<string, unknown>, how: { level?: number } = {}) {
  const answer = await mall.exchange(as, body, how)
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
  return answer.body.data
}

describe('each payment mode, from request to finished order', () => {
  const cases = [
    { payment_mode: 'points_only', method: 'wallet', points: 200, fen: 0 },
    { payment_mode: 'money_only', method: 'wallet', points: 0, fen: 1980 },
    { payment_mode: 'mixed', method: 'wallet', points: 200, fen: 1980 },
    { payment_mode: 'money_only', method: 'bank_card', points: 0, fen: 1980 },
    { payment_mode: 'mixed', method: 'bank_card', points: 200, fen: 1980 },
  ] as const

  test.each(cases)('$payment_mode by $method', async ({ payment_mode, method, points, fen }) => {
    const owner = `end-${payment_mode}-${method}`
    const product_id = await mall.product({ payment_mode, stock: 5 })
    await Promise.all([mall.points(owner, 500), mall.cash(owner, 5000)])
    const byCard = method === 'bank_card'
    const placed = await redeem(owner, { product_id, quantity: 2, payment_method: method })
    const total_money = { amount: (fen / 100).toFixed(2), currency: 'CNY' }
    expect(placed).toMatchObject({ total_points: points, total_money, payment_mode, quantity: 2 })
    expect(placed).toMatchObject(
      byCard
        ? { status: 'order_created', payment_status: 'unpaid' }
        : { status: 'order_paid', payment_status: 'paid' },
    )
    const { order_no } = placed
    expect(await wallet(owner)).toMatchObject({ available: 500 - points, held: byCard ? points : 0 })
    expect(await product(product_id)).toMatchObject({ stock_quantity: 3 })

    if (byCard) {
      expect(await mall.cashier(placed.payment_info.pay_url, 'pay')).toBeLessThan(400)
      await mall.reach(owner, order_no, 'order_paid')
    }
    const paid = await mall.order(owner, order_no)
    expect(paid).toMatchObject({ status: 'order_paid', payment_status: 'paid', cancel_reason: null })
    expect(paid.payment_info).toMatchObject({
      payment_method: fen > 0 ? method : null,
      trade_no: fen > 0 ? expect.any(String) : null,
      pay_url: null,
    })
    const cash = byCard || fen === 0 ? '50.00' : ((5000 - fen) / 100).toFixed(2)
    expect(await wallet(owner)).toMatchObject({
      available: 500 - points,
      held: 0,
      cash: { amount: cash, currency: 'CNY' },
    })
    const trades = (await mall.books()).filter(({ out_trade_no }) => out_trade_no?.startsWith(order_no))
    expect(trades).toEqual(
      byCard
        ? [expect.objectContaining({ state: 'paid', amount: total_money.amount, refunded: '0.00' })]
        : [],
    )

    expect((await mall.operate(order_no, 'accept')).body.data.status).toBe('order_accepted')
    expect((await mall.operate(order_no, 'finish')).body.data.status).toBe('order_finished')
    await ended(mall, order_no)
    const { timeline } = await mall.order(owner, order_no)
    expect(timeline.map(({ status }: { status: string }) => status)).toEqual([
      'exchanged',
      'order_created',
      'order_paid',
      'order_accepted',
      'order_finished',
    ])
  })

  test('takes at most 10 history events for points only, 24 for mixed with a signal, until order_paid', async () => {
    await Promise.all([mall.points('events', 500)])
    const points = await redeem('events', { product_id: await mall.product() })
    expect(await eventsUntilPaid(points.order_no)).toBeLessThanOrEqual(10)

    const mixed = await redeem('events', {
      product_id: await mall.product({ payment_mode: 'mixed' }),
      payment_method: 'bank_card',
    })
    await mall.cashier(mixed.payment_info.pay_url, 'pay')
    await mall.reach('events', mixed.order_no, 'order_paid')
    const events = await eventsUntilPaid(mixed.order_no)
    expect(events).toBeGreaterThan(10)
    expect(events).toBeLessThanOrEqual(24)
  })
})

/** How many history events precede the one that shows `order_paid` to operators. */
async function eventsUntilPaid(orderNo: string): Promise<number> {
  const paid = Buffer.from('"order_paid"')
  const { index } = await until(
    async () => {
      const { events } = await mall.history(orderNo)
      const shown = (events ?? []).findIndex((event) =>
        Object.values(
          event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields ?? {},
        ).some(({ data }) => data && paid.equals(data)),
      )
      return { index: shown }
    },
    (found) => found.index >= 0,
    `${orderNo} shows that it is paid`,
  )
  return index + 1
}

describe('check-exchange', () => {
  test('gives every reason with its gap, in the order of the checks, and changes nothing', async () => {
    const product_id = await mall.product({
      status: 'off_sale',
      payment_mode: 'mixed',
      point: 6000,
      fen: 990,
      stock: 2,
      exchange_limit: 1,
      shipping_type: 'logistics',
      limit: { user_level_required: 5 },
    })
    await mall.points('checker', 70)
    const before = await readTables(mall.db)
    const answer = await check('checker', { product_id, quantity: 3 }, { level: 2 })
    expect(answer.status).toBe(200)
    expect(answer.body.data).toEqual({
      eligible: false,
      reasons: [
        { code: 'PRODUCT_NOT_ON_SALE', required: null, available: null },
        { code: 'USER_LEVEL_TOO_LOW', required: 5, available: 2 },
        { code: 'EXCHANGE_LIMIT_EXCEEDED', required: 3, available: 1 },
        { code: 'POINTS_PER_ORDER_EXCEEDED', required: 18000, available: 10000 },
        { code: 'OUT_OF_STOCK', required: 3, available: 2 },
        { code: 'INSUFFICIENT_POINTS', required: 18000, available: 70 },
      ].map((reason) => ({ ...reason, message: expect.stringMatching(/\p{Script=Han}/u) })),
      quote: {
        quantity: 3,
        total_points: 18000,
        total_money: { amount: '29.70', currency: 'CNY' },
        points_available: 70,
      },
    })
    expect(await readTables(mall.db)).toEqual(before)
  })

  test('gives no reason for what can be redeemed, and reserves nothing', async () => {
    const product_id = await mall.product({ point: 60, stock: 1 })
    await mall.points('eligible', 60)
    const before = await readTables(mall.db)
    for (let n = 0; n < 2; n += 1) {
      const { data } = (await check('eligible', { product_id })).body
      expect(data).toMatchObject({ eligible: true, reasons: [], quote: { total_points: 60 } })
    }
    expect(await readTables(mall.db)).toEqual(before)
    await redeem('eligible', { product_id })
    expect((await check('eligible', { product_id })).body.data).toMatchObject({
      eligible: false,
      reasons: [{ code: 'OUT_OF_STOCK' }, { code: 'INSUFFICIENT_POINTS' }],
    })
  })

  test('answers 404 for a product that does not exist', async () => {
    expect(await check('checker', { product_id: '987654321' })).toMatchObject({ status: 404 })
  })
})

test('the first failing check decides the answer; once it is fixed, the next one does', async () => {
  const as = 'in-order'
  const product_id = await mall.product({
    status: 'draft',
    payment_mode: 'mixed',
    point: 6000,
    fen: 1000,
    stock: 1,
    exchange_limit: 2,
    shipping_type: 'logistics',
    limit: { user_level_required: 5 },
  })
  const body: Record<string, unknown> = {
    product_id,
    quantity: 3,
    payment_method: 'wechat',
    cash_amount: '1.00',
  }
  const who = { level: 1 }
  const set = (change: Record<string, unknown>) =>
    mall.db.updateTable('points_products').set(change).where('id', '=', product_id).execute()
  const steps: [string, number, () => unknown][] = [
    ['PRODUCT_NOT_ON_SALE', 409, () => set({ status: 'on_sale' })],
    ['ADDRESS_REQUIRED', 422, () => Object.assign(body, { address: ADDRESS })],
    ['PAYMENT_METHOD_UNSUPPORTED', 422, () => Object.assign(body, { payment_method: 'wallet' })],
    ['PRICE_CHANGED', 409, () => Object.assign(body, { cash_amount: '30.00' })],
    ['USER_LEVEL_TOO_LOW', 409, () => Object.assign(who, { level: 5 })],
    ['EXCHANGE_LIMIT_EXCEEDED', 409, () => set({ exchange_limit: 3 })],
    ['POINTS_PER_ORDER_EXCEEDED', 409, () => set({ point: 3000 })],
    ['OUT_OF_STOCK', 409, () => mall.setStock(product_id, 3)],
    ['INSUFFICIENT_POINTS', 409, () => mall.points(as, 9000)],
    ['INSUFFICIENT_BALANCE', 409, () => mall.cash(as, 3000)],
  ]
  expect(await refused(as, { ...body, product_id: '987654321' })).toEqual({ status: 404, code: 'NOT_FOUND' })
  const open = steps.map(([code]) => code)
  for (const [code, status, mend] of steps) {
    expect(await refused(as, body, who)).toEqual({ status, code })
    const { reasons } = (await check(as, { product_id, quantity: 3 }, who)).body.data
    const aboutRequest = ['ADDRESS_REQUIRED', 'PAYMENT_METHOD_UNSUPPORTED', 'PRICE_CHANGED']
    const expected = open.filter((one) => ![...aboutRequest, 'INSUFFICIENT_BALANCE'].includes(one))
    expect(reasons.map((reason: { code: string }) => reason.code)).toEqual(expected)
    await mend()
    open.shift()
  }
  expect(await redeem(as, body, who)).toMatchObject({ status: 'order_paid', total_points: 9000 })
})

describe('a rule refuses, leaves every table unchanged, and accepts what satisfies it:', () => {
  test('BELOW_MIN_POINTS, except for money_only', async () => {
    await Promise.all([mall.points('min', 100), mall.cash('min', 5000)])
    const below = { status: 409, code: 'BELOW_MIN_POINTS' }
    expect(await refused('min', { product_id: await mall.product({ point: 9 }) })).toEqual(below)
    const mixed = await mall.product({ point: 4, payment_mode: 'mixed' })
    expect(await refused('min', { product_id: mixed, quantity: 2 })).toEqual(below)
    await redeem('min', { product_id: mixed, quantity: 3 })
    await redeem('min', { product_id: await mall.product({ point: 10 }) })
    await redeem('min', { product_id: await mall.product({ payment_mode: 'money_only' }) })
  })

  test('POINTS_PER_ORDER_EXCEEDED: one point too many', async () => {
    await mall.points('max', 30_000)
    const product_id = await mall.product({ point: 5000 })
    const one = await mall.product({ point: 10_001 })
    expect(await refused('max', { product_id, quantity: 3 })).toEqual({
      status: 409,
      code: 'POINTS_PER_ORDER_EXCEEDED',
    })
    expect(await refused('max', { product_id: one })).toMatchObject({ code: 'POINTS_PER_ORDER_EXCEEDED' })
    await redeem('max', { product_id, quantity: 2 })
  })

  test('EXCHANGE_LIMIT_EXCEEDED by exchange_limit, over all orders but canceled ones', async () => {
    await Promise.all([mall.points('limit', 1000), mall.points('limit-other', 1000)])
    const product_id = await mall.product({ point: 10, exchange_limit: 3 })
    const exceeded = { status: 409, code: 'EXCHANGE_LIMIT_EXCEEDED' }
    expect(await refused('limit', { product_id, quantity: 4 })).toEqual(exceeded)
    const first = await redeem('limit', { product_id, quantity: 2 })
    expect(await refused('limit', { product_id, quantity: 2 })).toEqual(exceeded)
    await redeem('limit', { product_id, quantity: 1 })
    expect(await refused('limit', { product_id })).toEqual(exceeded)
    await redeem('limit-other', { product_id, quantity: 3 })
    expect((await mall.act('limit', first.order_no, 'cancel')).status).toBe(200)
    expect(await refused('limit', { product_id, quantity: 3 })).toEqual(exceeded)
    await redeem('limit', { product_id, quantity: 2 })
  })

  test('EXCHANGE_LIMIT_EXCEEDED by max_per_user; the stricter of two limits wins', async () => {
    await mall.points('per-user', 1000)
    const exceeded = { status: 409, code: 'EXCHANGE_LIMIT_EXCEEDED' }
    for (const fields of [
      { exchange_limit: 5, limit: { max_per_user: 2 } },
      { exchange_limit: 2, limit: { max_per_user: 5 } },
      { limit: { max_per_user: 2 } },
    ]) {
      const product_id = await mall.product({ point: 10, ...fields })
      expect(await refused('per-user', { product_id, quantity: 3 })).toEqual(exceeded)
      await redeem('per-user', { product_id, quantity: 2 })
      expect(await refused('per-user', { product_id })).toEqual(exceeded)
    }
  })

  test('EXCHANGE_LIMIT_EXCEEDED by max_per_order, for each order on its own', async () => {
    await mall.points('per-order', 1000)
    const product_id = await mall.product({ point: 10, limit: { max_per_order: 2 } })
    expect(await refused('per-order', { product_id, quantity: 3 })).toEqual({
      status: 409,
      code: 'EXCHANGE_LIMIT_EXCEEDED',
    })
    await redeem('per-order', { product_id, quantity: 2 })
    await redeem('per-order', { product_id, quantity: 2 })
  })

  test('EXCHANGE_LIMIT_EXCEEDED within time_limit_seconds; older orders do not count', async () => {
    await mall.points('window', 1000)
    const limit = { max_per_user: 2, time_limit_seconds: 3600 }
    const product_id = await mall.product({ point: 10, limit })
    const first = await redeem('window', { product_id })
    const second = await redeem('window', { product_id })
    const aged = (order_no: string, seconds: number) =>
      mall.db
        .updateTable('points_exchange_orders')
        .set({ exchange_time: new Date(Date.now() - seconds * 1000) })
        .where('order_no', '=', order_no)
        .execute()
    const exceeded = { status: 409, code: 'EXCHANGE_LIMIT_EXCEEDED' }
    expect(await refused('window', { product_id })).toEqual(exceeded)
    await aged(first.order_no, 3500)
    expect(await refused('window', { product_id })).toEqual(exceeded)
    await aged(first.order_no, 3601)
    expect(await refused('window', { product_id, quantity: 2 })).toEqual(exceeded)
    await redeem('window', { product_id })
    expect(await refused('window', { product_id })).toEqual(exceeded)
    await aged(second.order_no, 3601)
    await redeem('window', { product_id })
  })

  test('a window of one second reopens by itself', async () => {
    await mall.points('short-window', 1000)
    const limit = { max_per_user: 1, time_limit_seconds: 1 }
    const product_id = await mall.product({ point: 10, limit })
    await redeem('short-window', { product_id })
    await until(
      () => mall.exchange('short-window', { product_id }),
      ({ status }) => status === 201,
      'the window has passed',
    )
  })

  test('USER_LEVEL_TOO_LOW; a stored level overrides the level in the token', async () => {
    await mall.points('level', 1000)
    const product_id = await mall.product({ point: 10, limit: { user_level_required: 3 } })
    const tooLow = { status: 409, code: 'USER_LEVEL_TOO_LOW' }
    const keep = (level: number) =>
      mall.call('PUT', '/api/admin/points-mall/users/level', { as: 'root', role: 'admin', body: { level } })
    expect(await refused('level', { product_id }, { level: 2 })).toEqual(tooLow)
    await redeem('level', { product_id }, { level: 3 })
    expect((await keep(2)).status).toBe(200)
    expect(await refused('level', { product_id }, { level: 9 })).toEqual(tooLow)
    expect((await keep(3)).status).toBe(200)
    await redeem('level', { product_id }, { level: 1 })
  })

  test('PRICE_CHANGED: accepts only the right total, as number or as text', async () => {
    await mall.cash('price', 50_000)
    const product_id = await mall.product({ payment_mode: 'money_only', fen: 990 })
    const body = { product_id, quantity: 2 }
    for (const cash_amount of [9.9, '9.90', 19.79, '19.81', 0, '0.00']) {
      expect(await refused('price', { ...body, cash_amount })).toEqual({ status: 409, code: 'PRICE_CHANGED' })
    }
    expect(9.9 * 3).not.toBe(29.7)
    await redeem('price', { product_id, quantity: 3, cash_amount: 9.9 * 3 })
    for (const cash_amount of [19.800000001, 19.7999999999]) {
      await redeem('price', { ...body, cash_amount })
    }
    for (const cash_amount of [19.805, 19.8001, 1e21, '19.8000000000003']) {
      const { status, body: problem } = await mall.exchange('price', { ...body, cash_amount })
      expect([status, problem.code], `${cash_amount}`).toEqual([422, 'VALIDATION_FAILED'])
    }
    for (const cash_amount of [19.8, '19.80', '19.8', undefined])
      await redeem('price', { ...body, cash_amount })
    await mall.db
      .updateTable('points_products')
      .set({ price_amount: '9.91' })
      .where('id', '=', product_id)
      .execute()
    expect(await refused('price', { ...body, cash_amount: '19.80' })).toMatchObject({ code: 'PRICE_CHANGED' })
    expect((await redeem('price', { ...body, cash_amount: '19.82' })).total_money.amount).toBe('19.82')
  })

  test('PRICE_CHANGED: a price in points that rose between view and redemption is not charged', async () => {
    await mall.points('points-price', 1000)
    const product_id = await mall.product({ point: 10 })
    const body = { product_id, quantity: 2 }
    const set = (point: number) =>
      mall.db.updateTable('points_products').set({ point }).where('id', '=', product_id).execute()
    await set(500)
    const changed = { status: 409, code: 'PRICE_CHANGED' }
    expect(await refused('points-price', { ...body, expected_points: 20 })).toEqual(changed)
    expect(await refused('points-price', { ...body, expected_points: 0 })).toEqual(changed)
    const { reasons } = (await check('points-price', { ...body, expected_points: 20 })).body.data
    expect(reasons).toMatchObject([
      {
        code: 'PRICE_CHANGED',
        rule: 'points',
        message: expect.stringContaining('需要 1000 积分'),
        required: 1000,
        available: 20,
      },
    ])
    expect((await check('points-price', { ...body, expected_points: 1000 })).body.data.eligible).toBe(true)
    expect((await mall.exchange('points-price', { ...body, expected_points: 1.5 })).body.code).toBe(
      'VALIDATION_FAILED',
    )
    expect((await redeem('points-price', { ...body, expected_points: 1000 })).total_points).toBe(1000)
    // Who does not say pays what is due, as before.
    await mall.points('points-price', 1000)
    expect((await redeem('points-price', body)).total_points).toBe(1000)
  })

  test('ADDRESS_REQUIRED for shipped goods only', async () => {
    await mall.points('address', 1000)
    const product_id = await mall.product({ point: 10, shipping_type: 'logistics' })
    const required = { status: 422, code: 'ADDRESS_REQUIRED' }
    expect(await refused('address', { product_id })).toEqual(required)
    expect(await refused('address', { product_id, address: {} })).toEqual(required)
    expect((await redeem('address', { product_id, address: ADDRESS })).address_info).toEqual(ADDRESS)
    for (const shipping_type of ['pickup', 'none'] as const) {
      await redeem('address', { product_id: await mall.product({ point: 10, shipping_type }) })
    }
  })

  test('ADDRESS_REQUIRED with the fields in which nothing can be seen', async () => {
    await mall.points('blank', 1000)
    const product_id = await mall.product({ point: 10, shipping_type: 'logistics' })
    const missing = async (address: unknown) => {
      const { status, body } = await mall.exchange('blank', { product_id, address })
      return [status, body.code, ...body.errors.map((error: { field: string }) => error.field)]
    }
    const all = ['address.name', 'address.phone', 'address.detail']
    expect(await missing(null)).toEqual([422, 'ADDRESS_REQUIRED', ...all])
    for (const blank of ['', '   ', '\u200b', '\u3000', '\u2800', '\u3164', '\u0301', '\u202a\ufeff']) {
      const address = { name: blank, phone: blank, detail: blank }
      expect(await missing(address), JSON.stringify(blank)).toEqual([422, 'ADDRESS_REQUIRED', ...all])
    }
    expect(await missing({ ...ADDRESS, detail: '\u200d' })).toEqual([
      422,
      'ADDRESS_REQUIRED',
      'address.detail',
    ])
    expect(await missing({ name: '王芳', province: '上海市' })).toEqual([
      422,
      'ADDRESS_REQUIRED',
      'address.phone',
      'address.detail',
    ])
    // What no field of ours is, and what is no address at all, is refused by its form.
    expect(await missing({ 收货人: '王芳', 电话: '13800138000', 地址: '某路' })).toEqual([
      422,
      'VALIDATION_FAILED',
      'address.收货人',
      'address.电话',
      'address.地址',
    ])
    expect(await missing([0])).toEqual([422, 'VALIDATION_FAILED', 'address'])
    expect(await missing({ ...ADDRESS, name: '王'.repeat(41) })).toEqual([
      422,
      'VALIDATION_FAILED',
      'address.name',
    ])
    expect((await mall.call('GET', '/api/points-mall/orders', { as: 'blank' })).body.data).toEqual([])

    const typed = {
      name: ' 王\u200b芳 ',
      phone: '\u202a＋８６ １３８－００１３ ８０００\u202c',
      detail: '漕溪北路 1 号',
      city: '\u2800',
    }
    expect((await redeem('blank', { product_id, address: typed })).address_info).toEqual({
      name: '王芳',
      phone: '13800138000',
      detail: '漕溪北路 1 号',
    })
  })

  test('PAYMENT_METHOD_UNSUPPORTED, except for points_only', async () => {
    await Promise.all([mall.points('method', 1000), mall.cash('method', 5000)])
    const product_id = await mall.product({ payment_mode: 'mixed' })
    for (const payment_method of ['alipay', 'wechat']) {
      expect(await refused('method', { product_id, payment_method })).toEqual({
        status: 422,
        code: 'PAYMENT_METHOD_UNSUPPORTED',
      })
    }
    await redeem('method', { product_id, payment_method: 'wallet' })
    const points = await redeem('method', { product_id: await mall.product(), payment_method: 'alipay' })
    expect(points.payment_info.payment_method).toBeNull()
  })

  test('OUT_OF_STOCK; a product without stock is sold out and stays visible', async () => {
    await mall.points('stock', 1000)
    const product_id = await mall.product({ point: 10, stock: 2 })
    const out = { status: 409, code: 'OUT_OF_STOCK' }
    expect(await refused('stock', { product_id, quantity: 3 })).toEqual(out)
    await redeem('stock', { product_id })
    const last = await redeem('stock', { product_id })
    expect(await product(product_id)).toMatchObject({ status: 'sold_out', stock_quantity: 0 })
    expect(await refused('stock', { product_id })).toEqual(out)
    await mall.act('stock', last.order_no, 'cancel')
    expect(await product(product_id)).toMatchObject({ status: 'on_sale', stock_quantity: 1 })
    await redeem('stock', { product_id })
  })

  test('PRODUCT_NOT_ON_SALE and NOT_FOUND', async () => {
    await mall.points('sale', 1000)
    for (const status of ['draft', 'off_sale'] as const) {
      const product_id = await mall.product({ point: 10, status })
      expect(await refused('sale', { product_id })).toEqual({ status: 409, code: 'PRODUCT_NOT_ON_SALE' })
    }
    const deleted = await mall.product({ point: 10 })
    await mall.db
      .updateTable('points_products')
      .set({ deleted_at: new Date() })
      .where('id', '=', deleted)
      .execute()
    for (const product_id of [deleted, '987654321']) {
      expect(await refused('sale', { product_id })).toEqual({ status: 404, code: 'NOT_FOUND' })
    }
  })

  test('INSUFFICIENT_POINTS by one point; expired points do not count', async () => {
    await mall.points('poor', 119)
    const product_id = await mall.product({ point: 120 })
    const insufficient = { status: 409, code: 'INSUFFICIENT_POINTS' }
    expect(await refused('poor', { product_id })).toEqual(insufficient)
    expect(await refused('nobody', { product_id })).toEqual(insufficient)
    await mall.points('poor', 500, new Date(Date.now() - 1000))
    expect(await refused('poor', { product_id })).toEqual(insufficient)
    await mall.points('poor', 1)
    await redeem('poor', { product_id })
  })

  test('INSUFFICIENT_BALANCE by one fen; another method is accepted', async () => {
    await Promise.all([mall.points('broke', 1000), mall.cash('broke', 989)])
    const product_id = await mall.product({ payment_mode: 'mixed', fen: 990 })
    expect(await refused('broke', { product_id })).toEqual({ status: 409, code: 'INSUFFICIENT_BALANCE' })
    await redeem('broke', { product_id, payment_method: 'bank_card' })
    await mall.cash('broke', 1)
    expect((await redeem('broke', { product_id })).status).toBe('order_paid')
  })

  test('and no refusal started a workflow: every workflow has an order', async () => {
    const attempts = await mall.db.selectFrom('exchange_attempts').select('order_no').execute()
    const expected = attempts.map(({ order_no }) => `exchange/${order_no}`).sort()
    const listed = async () => {
      const ids: string[] = []
      for await (const { workflowId } of mall.temporal.client.workflow.list()) ids.push(workflowId)
      return ids.sort()
    }
    await until(listed, (ids) => ids.length >= expected.length, 'all workflows are visible')
    expect(await listed()).toEqual(expected)
  })
})

describe('personal data', () => {
  test('is readable in neither the database nor the history', async () => {
    const canary = 'Kanarienvogel'
    await mall.points('private', 1000)
    const title = 'Schaufenster'
    const product_id = await mall.product({ point: 10, shipping_type: 'logistics', title })
    const told = {
      address: { name: `${canary} 1`, phone: `${canary}2`, detail: `${canary} 6` },
      buyer_remarks: `${canary} 3`,
      buyer_message: `${canary} 4`,
      customized: { engraving: `${canary} 5` },
    }
    const order = await redeem('private', { product_id, ...told })
    expect(order).toMatchObject({
      address_info: told.address,
      customer_notes: {
        buyer_remarks: told.buyer_remarks,
        buyer_message: told.buyer_message,
        customized: told.customized,
      },
    })
    await mall.operate(order.order_no, 'cancel', { reason: 'test' })
    await ended(mall, order.order_no)

    const tables = JSON.stringify(await readTables(mall.db))
    expect(tables).toContain(title)
    expect(tables).not.toContain(canary)
    // Binary columns read as hexadecimal digits.
    expect(tables).not.toContain(Buffer.from(canary).toString('hex'))

    const history = await readHistory(order.order_no)
    expect(history).toContain(order.order_no)
    expect(history).not.toContain(canary)
  })
})

/** The whole history as text, encrypted and decrypted. */
async function readHistory(orderNo: string): Promise<string> {
  const codec = createPayloadCodec(mall.deps.sealer)
  const said: string[] = []
  async function walk(value: unknown): Promise<void> {
    if (value instanceof Uint8Array) said.push(Buffer.from(value).toString())
    else if (typeof value === 'string') said.push(value)
    else if (typeof value === 'object' && value !== null) {
      if ('metadata' in value && 'data' in value && value.data instanceof Uint8Array) {
        const [opened] = await codec.decode([value as never])
        said.push(Buffer.from(opened?.data ?? []).toString())
      }
      for (const child of Object.values(value)) await walk(child)
    }
  }
  await walk(await mall.history(orderNo))
  return said.join('\n')
}

describe('orders', () => {
  test('are found by id and by number, only by their owner and operators', async () => {
    await Promise.all([mall.points('owner', 1000), mall.points('stranger', 1000)])
    const product_id = await mall.product({ point: 10 })
    const order = await redeem('owner', { product_id })
    expect(order.order_no).toMatch(/^PM\d{14}[0-9A-HJKMNP-TV-Z]{12}$/)
    expect(order.id).toMatch(/^\d+$/)
    expect(await mall.order('owner', order.id)).toEqual(await mall.order('owner', order.order_no))
    const paths = [order.id, order.order_no]
    const seen = async (how: Call) =>
      Promise.all(
        paths.map(async (id) => (await mall.call('GET', `/api/points-mall/orders/${id}`, how)).status),
      )
    expect(await seen({ as: 'owner' })).toEqual([200, 200])
    expect(await seen({ as: 'stranger' })).toEqual([404, 404])
    expect(await seen({ as: 'stranger', role: 'admin' })).toEqual([404, 404])
    expect(await seen({})).toEqual([401, 401])
    const before = await readTables(mall.db)
    for (const action of ['cancel', 'pay', 'confirm']) {
      expect((await mall.act('stranger', order.order_no, action)).status).toBe(404)
    }
    expect(await readTables(mall.db)).toEqual(before)
    const admin = await mall.call('GET', `/api/admin/points-mall/orders/${order.id}`, {
      as: 'op',
      role: 'operator',
    })
    expect(admin.body.data).toMatchObject({
      order_no: order.order_no,
      workflow: { id: `exchange/${order.order_no}`, run_id: expect.any(String) },
    })
    const list = (as: string) => mall.call('GET', '/api/points-mall/orders', { as })
    expect((await list('owner')).body).toMatchObject({ meta: { total: 1 }, data: [{ id: order.id }] })
    expect((await list('stranger')).body).toMatchObject({ meta: { total: 0 }, data: [] })
  })

  test('statistics count all orders of the customer, and points and money of the paid ones', async () => {
    const as = 'statistician'
    const read = async (): Promise<Answer['body']> =>
      (await mall.call('GET', '/api/points-mall/orders/statistics', { as })).body.data
    expect(await read()).toEqual({
      total: 0,
      by_status: {},
      by_payment_mode: {},
      total_points: 0,
      total_money: { amount: '0.00', currency: 'CNY' },
    })
    await Promise.all([mall.points(as, 5000), mall.cash(as, 10_000)])
    const [points, mixed] = await Promise.all([
      mall.product({ point: 100 }),
      mall.product({ point: 30, fen: 990, payment_mode: 'mixed' }),
    ])
    await redeem(as, { product_id: points, quantity: 2 })
    const finished = await redeem(as, { product_id: mixed, quantity: 3 })
    await mall.operate(finished.order_no, 'accept')
    await mall.operate(finished.order_no, 'finish')
    const canceled = await redeem(as, { product_id: mixed })
    await mall.act(as, canceled.order_no, 'cancel')
    await redeem(as, { product_id: mixed, payment_method: 'bank_card' })
    expect(await read()).toEqual({
      total: 4,
      by_status: { order_paid: 1, order_finished: 1, order_canceled: 1, order_created: 1 },
      by_payment_mode: { points_only: 1, mixed: 3 },
      total_points: 290,
      total_money: { amount: '29.70', currency: 'CNY' },
    })
  })

  test('have a worth, and what belongs to them for who asks', async () => {
    const as = 'linked'
    await Promise.all([mall.points(as, 1000), mall.cash(as, 5000)])
    const product_id = await mall.product({ point: 30, fen: 990, payment_mode: 'mixed', title: '折扇' })
    const { order_no, id, order_id } = await redeem(as, { product_id, quantity: 2 })
    const read = async (query: string, path = `/${order_no}`) =>
      (
        await mall.call('GET', `/api/points-mall/orders${path}${query}`, {
          as,
          headers: { 'accept-language': 'en' },
        })
      ).body
    const plain = (await read('')).data
    // 60 points of 0.01 and 19.80.
    expect(plain.total_value).toEqual({ amount: '20.40', currency: 'CNY' })
    expect(['product' in plain, 'order' in plain]).toEqual([false, false])
    const full = (await read('?include=product,order')).data
    expect(full.product).toMatchObject({
      id: product_id,
      title: '折扇',
      payment_info: { mode: 'Points and cash', points: '30 points' },
    })
    expect(full.order).toMatchObject({
      id: order_id,
      order_no,
      order_type: 'points_exchange',
      status: 'order_paid',
      amount: { amount: '19.80', currency: 'CNY' },
    })
    const listed = (await read('?include=order', '')).data
    expect(listed).toMatchObject([{ id, order: { id: order_id } }])
    expect('product' in listed[0]).toBe(false)
    const byOperator = await mall.call('GET', `/api/admin/points-mall/orders/${id}?include=product`, {
      as: 'op',
      role: 'operator',
    })
    expect(byOperator.body.data).toMatchObject({
      product: { id: product_id },
      total_value: { amount: '20.40' },
    })
    expect((await read('?include=payments')).code).toBe('VALIDATION_FAILED')
    await mall.db
      .updateTable('points_products')
      .set({ deleted_at: new Date() })
      .where('id', '=', product_id)
      .execute()
    expect((await read('?include=product')).data.product).toBeNull()
  })

  test('are listed for operators by day and by what is paid', async () => {
    const as = 'dated'
    await mall.points(as, 1000)
    const product_id = await mall.product({ point: 10 })
    const days = ['2026-03-01T15:59:59Z', '2026-03-01T16:00:00Z', '2026-03-03T01:00:00Z']
    const ids: string[] = []
    for (const day of days) {
      const { id } = await redeem(as, { product_id })
      ids.push(id)
      await mall.db
        .updateTable('points_exchange_orders')
        .set({ exchange_time: new Date(day) })
        .where('id', '=', id)
        .execute()
    }
    await mall.act(as, ids[2] ?? '', 'cancel')
    const found = async (query: string) => {
      const path = `/api/admin/points-mall/orders?owner_id=${as}&${query}`
      const { body } = await mall.call('GET', path, { as: 'op', role: 'operator' })
      return body.data?.map(({ id }: { id: string }) => ids.indexOf(id)) ?? body.code
    }
    // Days are those of Shanghai, both included.
    expect(await found('from=2026-03-02')).toEqual([2, 1])
    expect(await found('from=2026-03-01&to=2026-03-01')).toEqual([0])
    expect(await found('to=2026-03-02')).toEqual([1, 0])
    expect(await found('payment_status=paid')).toEqual([1, 0])
    expect(await found('payment_status=refunded&from=2026-03-03')).toEqual([2])
    for (const wrong of ['from=2026-02-30', 'to=1', 'payment_status=some', 'from=2026-03-02&to=2026-03-01']) {
      expect(await found(wrong)).toBe('VALIDATION_FAILED')
    }
  })

  test('hold nothing once they are canceled', async () => {
    await Promise.all([mall.points('round', 1000), mall.cash('round', 5000)])
    const product_id = await mall.product({ payment_mode: 'mixed', stock: 1 })
    const before = await readHoldings(mall)
    const order = await redeem('round', { product_id })
    expect(await readHoldings(mall)).not.toEqual(before)
    await mall.act('round', order.order_no, 'cancel')
    expect(await readHoldings(mall)).toEqual(before)
  })
})
