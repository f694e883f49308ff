import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { tellOrderService } from '../../application/orders/tell-service.ts'
import { ConfigError, readConfig } from '../../config/index.ts'
import { takeUntold } from '../../db/orders/external-orders.ts'
import { lockOrder } from '../../db/orders/orders.ts'
import { showRefunded } from '../../db/orders/shown-payment.ts'
import { correctCarrier } from '../../db/shipments/subscriptions.ts'
import { createHttpOrders } from '../../partners/http-orders.ts'
import { type NewOrder, type OrderService, PartnerRefusalError } from '../../partners/port.ts'
import { ended, readHoldings } from '../support/db-snapshot.ts'
import {
  FAULTS,
  type Fault,
  type OrderServiceServer,
  startOrderService,
} from '../support/order-service-server.ts'
import { createRandom } from '../support/random.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

const SECRET = 'the secret of the shop and its mall, shared'
const ADDRESS = { name: '李雷', phone: '13800000000', detail: '杭州市西湖区 1 号' }
let shop: OrderServiceServer
let service: OrderService
let mall: TestApp
let telling: Promise<void>
const stopping = new AbortController()
/** Orders whose creation has its effect, and whose worker then dies before it can say so. */
const dies = new Set<string>()

beforeAll(async () => {
  shop = await startOrderService({ mall: SECRET })
  service = createHttpOrders({ baseUrl: shop.url, keyId: 'mall', secret: SECRET })
  mall = await openTestApp({
    orderService: service,
    tamper: (activities) => ({
      ...activities,
      async createOrder(orderNo: string) {
        const created = await activities.createOrder(orderNo)
        if (dies.delete(orderNo)) throw new Error('the worker died')
        return created
      },
    }),
  })
  telling = tellUntil(stopping.signal)
})
afterAll(async () => {
  stopping.abort()
  await telling
  await mall.close()
  await shop.stop()
})
afterEach(async () => {
  shop.cause(undefined)
  await until(disagreements, (found) => found.length === 0, 'the books of the service agree with our orders')
  expect(await mall.brokenLaws()).toEqual([])
  expect(shop.pending(), 'faults that never came to pass').toBe(0)
})

/** As the worker does. */
async function tellUntil(signal: AbortSignal): Promise<void> {
  const { db, sealer } = mall.deps
  while (!signal.aborted) {
    await tellOrderService({ db, sealer, orderService: service }, () => {})
    await pause(50)
  }
}

/** Compares both books, order by order. */
async function disagreements(): Promise<string[]> {
  const orders = await mall.db
    .selectFrom('external_orders as e')
    .innerJoin('points_exchange_orders as o', 'o.order_no', 'e.order_no')
    .selectAll('e')
    .select(['o.status', 'o.quantity', 'o.total_points', 'o.needs_attention'])
    .execute()
  const found: string[] = []
  for (const order of orders) {
    const there = shop.orders.get(order.order_no)
    const say = (what: string) =>
      found.push(`${order.order_no} is ${order.status} at ${order.revision}, and ${what}`)
    if (order.told_revision < order.revision) say(`told only ${order.told_revision}: ${order.failure}`)
    else if (!there) say('unknown there')
    else if (there.id !== order.service_no) say(`${there.id} there and ${order.service_no} here`)
    else if (there.state !== (order.status === 'order_canceled' ? 'canceled' : 'created'))
      say(`${there.state} there`)
    else if (there.revision !== order.revision) say(`at ${there.revision} there`)
    else if (there.id !== null && there.body.points !== order.total_points) say('of other points there')
    else if (there.state === 'created' && (there.told.status ?? 'order_created') !== order.status)
      say(`${there.told.status ?? 'new'} there`)
    if (new Set(there?.done).size !== there?.done.length) say(`done twice: ${there?.done.join(' ')}`)
  }
  const known = new Set(orders.map(({ order_no }) => order_no))
  for (const orderNo of shop.orders.keys()) {
    if (!known.has(orderNo) && orderNo.startsWith('PM2')) found.push(`${orderNo} is no order of ours`)
  }
  return found
}

const there = (orderNo: string) => {
  const found = shop.orders.get(orderNo)
  if (!found) throw new Error(`the service has no ${orderNo}`)
  return found
}
const told = (orderNo: string, status: string) =>
  until(
    () => shop.orders.get(orderNo),
    (order) => (status === 'order_canceled' ? order?.state === 'canceled' : order?.told.status === status),
    `${orderNo} is told ${status}`,
  )

/** Redeems and expects success, immediately or later. */
async function redeem(owner: string, body: Record<string, unknown>, status = 'order_paid') {
  const answer = await mall.exchange(owner, body)
  expect([201, 202], JSON.stringify(answer.body)).toContain(answer.status)
  return mall.reach(owner, answer.body.data.order_no, status)
}

const attentionOf = async (orderNo: string) => {
  const path = `/api/admin/points-mall/orders/${orderNo}`
  return (await mall.call('GET', path, { as: 'op', role: 'operator' })).body.data.attention
}

describe('an order that the shop keeps', () => {
  test('is created there before it is confirmed, and hears of everything up to its end', async () => {
    await mall.points('plain', 500)
    const product_id = await mall.product({ shipping_type: 'logistics', title: '礼盒' })
    const answer = await mall.exchange('plain', {
      product_id,
      quantity: 2,
      address: ADDRESS,
      buyer_remarks: '请轻放',
    })
    expect(answer.status).toBe(201)
    const { order_no } = answer.body.data
    expect(there(order_no).body).toMatchObject({
      order_no,
      order_type: 'points_exchange',
      owner_id: 'plain',
      product_id,
      title: '礼盒',
      quantity: 2,
      points: 200,
      money: { amount: '0.00', currency: 'CNY' },
      receiver: ADDRESS,
      notes: { buyer_remarks: '请轻放' },
    })
    await told(order_no, 'order_paid')
    const moved = await mall.call('PATCH', `/api/points-mall/orders/${order_no}/address`, {
      as: 'plain',
      body: { ...ADDRESS, detail: '杭州市西湖区 2 号' },
    })
    expect(moved.status).toBe(200)
    await until(
      () => there(order_no).told.receiver as { detail: string },
      ({ detail }) => detail === '杭州市西湖区 2 号',
      'the new address is told',
    )
    await mall.operate(order_no, 'accept')
    const part = { money: { amount: '0.00', currency: 'CNY' }, points: 50, reason: 'scratched' }
    expect((await mall.operate(order_no, 'refund', part)).status).toBe(200)
    await mall.operate(order_no, 'ship', { carrier: '顺丰', tracking_no: 'SF1234567890' })
    await told(order_no, 'order_shipped')
    await until(
      () => there(order_no).told,
      ({ refunded, shipments }) =>
        (refunded as { points: number }).points === 50 && (shipments as unknown[]).length === 1,
      'refund and parcel are told',
    )
    expect(there(order_no).told.shipments).toMatchObject([{ tracking_no: 'SF1234567890', quantity: 2 }])
    await mall.operate(order_no, 'finish')
    await told(order_no, 'order_finished')
    await ended(mall, order_no)
    expect((await mall.operate(order_no, 'refund', { reason: 'unwanted' })).status).toBe(200)
    await told(order_no, 'order_canceled')
    expect(there(order_no).told.refunded).toEqual({ points: 200, money: { amount: '0.00', currency: 'CNY' } })
  })

  test('is created before the customer pays, and canceled at the deadline', async () => {
    await mall.points('later', 500)
    const product_id = await mall.product({ payment_mode: 'mixed' })
    const card = { product_id, payment_method: 'bank_card' }
    const paid = (await mall.exchange('later', card)).body.data
    expect(there(paid.order_no)).toMatchObject({ state: 'created', revision: 0 })
    await mall.cashier(paid.payment_info.pay_url, 'pay')
    await mall.sweep()
    await mall.reach('later', paid.order_no, 'order_paid')
    await told(paid.order_no, 'order_paid')
    mall.configure({ paymentTimeoutMs: 700 })
    const late = (await mall.exchange('later', card)).body.data
    mall.configure({ paymentTimeoutMs: 1_800_000 })
    await mall.reach('later', late.order_no, 'order_canceled')
    await told(late.order_no, 'order_canceled')
  })

  test('that the service refuses is none: points and stock come back', async () => {
    await Promise.all([mall.points('refused', 500), mall.cash('refused', 990)])
    const product_id = await mall.product({ title: 'refused', payment_mode: 'mixed', stock: 1 })
    const before = await readHoldings(mall)
    shop.fail('refused', 'create', 'refused')
    const answer = await mall.exchange('refused', { product_id })
    expect([answer.status, answer.body.code]).toEqual([409, 'ORDER_SERVICE_REFUSED'])
    expect(await readHoldings(mall)).toEqual(before)
    const listed = await mall.call('GET', '/api/points-mall/orders', { as: 'refused' })
    expect(listed.body.data).toEqual([])
    expect((await mall.exchange('refused', { product_id })).status).toBe(201)
  })

  test('of one idempotency key is created once by 20 requests at the same time', async () => {
    await mall.points('eager', 500)
    const product_id = await mall.product({ title: 'eager' })
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => mall.exchange('eager', { product_id }, { key: 'eager' })),
    )
    expect(new Set(answers.map(({ body }) => body.data.order_no)).size).toBe(1)
    expect([...shop.orders.values()].filter(({ body }) => body.title === 'eager').length).toBe(1)
  })

  test('stays with the service that it started with', async () => {
    await mall.points('earlier', 500)
    const product_id = await mall.product({ title: 'earlier' })
    mall.configure({ orderService: 'mall' })
    const own = await redeem('earlier', { product_id })
    mall.configure({ orderService: 'outside' })
    await mall.operate(own.order_no, 'accept')
    await mall.operate(own.order_no, 'finish')
    const external = await redeem('earlier', { product_id })
    mall.configure({ orderService: 'mall' })
    await mall.act('earlier', external.order_no, 'cancel')
    mall.configure({ orderService: 'outside' })
    await told(external.order_no, 'order_canceled')
    expect(shop.orders.has(own.order_no)).toBe(false)
  })
})

describe('each fault', () => {
  test('at the creation: one order there, and it goes on', async () => {
    const product = new Map(
      await Promise.all(
        FAULTS.map(async (fault) => [fault, await mall.product({ title: `create ${fault}` })] as const),
      ),
    )
    const orders = await Promise.all(
      FAULTS.map(async (fault) => {
        const owner = `create ${fault}`
        await mall.points(owner, 500)
        shop.fail(owner, 'create', fault)
        return redeem(owner, { product_id: product.get(fault) })
      }),
    )
    expect(shop.stuck.length).toBe(1)
    shop.arrive()
    expect(orders.map(({ order_no }) => there(order_no).done[0])).toEqual(FAULTS.map(() => 'create'))
    const numbers = [...shop.orders.values()].filter(({ body }) => body.title?.startsWith('create '))
    expect(numbers.length).toBe(FAULTS.length)
  })

  test.each(['state', 'cancel'] as const)('when it is told (%s): it is told once', async (request) => {
    const product_id = await mall.product()
    await Promise.all(
      FAULTS.map(async (fault) => {
        const owner = `${request} ${fault}`
        await mall.points(owner, 500)
        const { order_no } = await redeem(owner, { product_id })
        await told(order_no, 'order_paid')
        shop.fail(order_no, request, fault)
        if (request === 'state') await mall.operate(order_no, 'accept')
        else await mall.act(owner, order_no, 'cancel')
        await told(order_no, request === 'state' ? 'order_accepted' : 'order_canceled')
      }),
    )
    await until(disagreements, (found) => found.length === 0, 'everything is told')
    const before = [...shop.orders.values()].map(({ revision, state }) => [revision, state])
    shop.arrive()
    expect([...shop.orders.values()].map(({ revision, state }) => [revision, state])).toEqual(before)
  })

  test('one after another: the service is asked before anything is sent again', async () => {
    await mall.points('unlucky', 500)
    for (const fault of ['error_before', 'late', 'lost'] as const) shop.fail('unlucky', 'create', fault)
    const { order_no } = await redeem('unlucky', { product_id: await mall.product({ title: 'unlucky' }) })
    const sent = shop.requests.filter(({ orderNo }) => orderNo === order_no).map(({ request }) => request)
    expect(sent.slice(0, 6)).toEqual(['create', 'find', 'create', 'find', 'create', 'find'])
    shop.arrive()
  })
})

test('a worker that dies after the creation finds it there', async () => {
  await mall.points('killed', 500)
  const product_id = await mall.product({ title: 'killed' })
  const watch = until(
    () => [...shop.orders.values()].find(({ body }) => body.title === 'killed')?.order_no,
    (orderNo) => orderNo !== undefined,
    'it is created there',
  )
  const seen = mall.db.selectFrom('exchange_attempts').select('order_no').where('owner_id', '=', 'killed')
  shop.fail('killed', 'create', 'error_before')
  const asked = mall.exchange('killed', { product_id })
  const attempt = await until(
    () => seen.executeTakeFirst(),
    (found) => found !== undefined,
    'the attempt is kept',
  )
  dies.add(attempt?.order_no ?? '')
  expect((await asked).status).toBe(201)
  expect(await watch).toBe(attempt?.order_no)
  expect(dies.size).toBe(0)
  expect(there(attempt?.order_no ?? '').done[0]).toBe('create')
})

test('a creation that arrives after its cancellation finds the tombstone', async () => {
  await mall.points('late', 500)
  const product_id = await mall.product({ title: 'late' })
  for (let i = 0; i < 5; i += 1) shop.fail('late', 'create', 'late')
  mall.answerWithin(1_000)
  const answer = await mall.exchange('late', { product_id })
  mall.answerWithin(60_000)
  expect(answer.status).toBe(202)
  const { order_no } = answer.body.data
  await mall.temporal.client.workflow.getHandle(`exchange/${order_no}`).cancel()
  await mall.reach('late', order_no, 'order_canceled')
  await told(order_no, 'order_canceled')
  expect(there(order_no)).toMatchObject({ id: null, done: ['tombstone'] })
  const late = shop.arrive().map(([, body]) => (body as { state: string }).state)
  expect(late.length).toBeGreaterThan(0)
  expect(new Set(late)).toEqual(new Set(['canceled']))
  for (; shop.pending() > 0; ) {
    // The faults that no try has used up.
    await service.create({ ...FRESH, orderNo: 'X', title: 'late' }, false).catch(() => {})
  }
  shop.stuck.splice(0)
}, 60_000)

const FRESH: NewOrder = {
  orderNo: 'X1',
  ownerId: 'a',
  productId: '1',
  skuId: '1',
  title: 't',
  specs: {},
  quantity: 1,
  points: 1,
  money: { amount: '0.00', currency: 'CNY' },
  paymentMode: 'points_only',
  shippingType: 'none',
  receiver: null,
  notes: null,
  createdAt: new Date(0).toISOString(),
}

test('of an order that goes on, the end of a refund and a carrier that tracking corrected are told', async () => {
  await mall.points('told more', 500)
  const product_id = await mall.product({ shipping_type: 'logistics' })
  const { order_no } = await redeem('told more', { product_id, address: ADDRESS })
  await mall.operate(order_no, 'accept')
  await mall.operate(order_no, 'ship', { carrier: '极兔', tracking_no: 'AB5000000000077' })
  await told(order_no, 'order_shipped')
  const refunded = () =>
    mall.db.transaction().execute(async (tx) => showRefunded(tx, await lockOrder(tx, order_no)))
  await mall.db
    .updateTable('points_exchange_orders')
    .set({ payment_status: 'refunding' })
    .where('order_no', '=', order_no)
    .execute()
  const before = there(order_no).revision
  await refunded()
  await until(
    () => there(order_no),
    ({ revision, told }) => revision === before + 1 && told.payment_status === 'paid',
    'the end of the refund is told',
  )
  await refunded()
  const right = { from: 'jtsd', to: 'yto', name: '圆通速递' } as const
  expect(await correctCarrier(mall.db, 'kuaidi100', 'AB5000000000077', right)).toBe(1)
  await until(
    () => there(order_no),
    ({ revision, told }) =>
      revision === before + 2 && (told.shipments as { carrier: string }[])[0]?.carrier === 'yto',
    'the right carrier is told',
  )
  expect(await correctCarrier(mall.db, 'kuaidi100', 'AB5000000000077', right)).toBe(0)
})

describe('what the service does not take', () => {
  test('is an error with its code; what the service writes may name a customer', async () => {
    await mall.points('unnamed', 500)
    const { order_no } = await redeem('unnamed', { product_id: await mall.product() })
    await told(order_no, 'order_paid')
    shop.fail(order_no, 'state', 'refused')
    const state = { orderNo: order_no, revision: 999, status: 'order_paid', paymentStatus: 'paid' } as const
    const rest = { cancelReason: null, refunded: { points: 0, money: FRESH.money }, receiver: null }
    const error = await service.tell({ ...state, ...rest, shipments: [] }, false).catch((thrown) => thrown)
    expect(error).toMatchObject({ name: 'PartnerRefusalError', code: 'NO_SUCH_CUSTOMER' })
    expect(inspect(error)).not.toContain('not with us')
  })

  async function refusedAtState(owner: string) {
    await mall.points(owner, 500)
    const { order_no } = await redeem(owner, { product_id: await mall.product() })
    await told(order_no, 'order_paid')
    shop.fail(order_no, 'state', 'refused')
    await mall.operate(order_no, 'accept')
    await until(
      () => attentionOf(order_no),
      (attention) => attention?.code === 'order_service',
      'the order needs attention',
    )
    expect(await attentionOf(order_no)).toEqual({
      code: 'order_service',
      data: { said: 'NO_SUCH_CUSTOMER' },
    })
    return order_no
  }
  const resolve = (orderNo: string, action: string) =>
    mall.operate(orderNo, 'resolve', { action, reason: 'looked at it' })

  test('waits for an operator, who sends it again', async () => {
    const order_no = await refusedAtState('insists')
    expect((await resolve(order_no, 'settle')).status).toBe(409)
    expect((await resolve(order_no, 'retry')).status).toBe(200)
    await told(order_no, 'order_accepted')
    await until(
      () => attentionOf(order_no),
      (attention) => attention === undefined,
      'it needs no attention',
    )
  })

  test('or skips it, with a reason; what comes next is told', async () => {
    const order_no = await refusedAtState('lets go')
    expect((await resolve(order_no, 'skip')).status).toBe(200)
    expect(await attentionOf(order_no)).toBeUndefined()
    const row = await mall.db
      .selectFrom('external_orders')
      .select(['skipped_by', 'skipped_reason'])
      .where('order_no', '=', order_no)
      .executeTakeFirstOrThrow()
    expect(row).toEqual({ skipped_by: 'op', skipped_reason: 'looked at it' })
    expect(there(order_no).told.status).toBe('order_paid')
    await mall.operate(order_no, 'finish')
    await told(order_no, 'order_finished')
  })

  test('for long is shown, and is told once the service is back', async () => {
    await mall.points('patient', 500)
    const { order_no } = await redeem('patient', { product_id: await mall.product() })
    await told(order_no, 'order_paid')
    shop.keys.mall = 'another secret'
    await mall.act('patient', order_no, 'cancel')
    await mall.db.updateTable('external_orders').set({ tries: 7 }).where('order_no', '=', order_no).execute()
    await until(
      () => attentionOf(order_no),
      (attention) => attention?.code === 'order_service',
      'the order needs attention',
    )
    expect(there(order_no).state).toBe('created')
    shop.keys.mall = SECRET
    expect((await resolve(order_no, 'retry')).status).toBe(200)
    await told(order_no, 'order_canceled')
    await until(
      () => attentionOf(order_no),
      (attention) => attention === undefined,
      'it needs no attention',
    )
  })

  test('and was taken by a worker that died is told by another', async () => {
    await mall.points('dropped', 500)
    const { order_no } = await redeem('dropped', { product_id: await mall.product() })
    await told(order_no, 'order_paid')
    shop.fail(order_no, 'state', 'lost')
    await mall.operate(order_no, 'accept')
    await takeUntold(mall.db, 16, 200)
    await told(order_no, 'order_accepted')
  })
})

test('random faults at every request: in the end both books say the same', async () => {
  const random = createRandom(20_281)
  const some = FAULTS.filter((fault) => fault !== 'silent')
  const pick = (): Fault | undefined =>
    random() < 0.3 ? some[Math.floor(random() * some.length)] : undefined
  const product_id = await mall.product({ stock: 1000, title: 'storm' })
  shop.cause(pick)
  const live = async (n: number): Promise<void> => {
    const owner = `storm${n % 6}`
    const answer = await mall.exchange(owner, { product_id })
    if (answer.status !== 201) return
    const { order_no } = answer.body.data
    const fate = random()
    if (fate < 0.3) await mall.act(owner, order_no, 'cancel')
    else if (fate < 0.7) {
      await mall.operate(order_no, 'accept')
      if (fate < 0.5) await mall.operate(order_no, 'finish')
    }
  }
  await Promise.all(Array.from({ length: 6 }, (_, n) => mall.points(`storm${n}`, 10_000)))
  await Promise.all(Array.from({ length: 12 }, (_, n) => live(n)))
  await mall.stopWorker()
  const waiting = Array.from({ length: 6 }, (_, n) => live(n))
  await mall.startWorker()
  await Promise.all(waiting)
  shop.cause(undefined)
  // Pauses grow with each failure: the test does not wait for them.
  await mall.db
    .updateTable('external_orders')
    .set({ next_at: new Date() })
    .whereRef('told_revision', '<', 'revision')
    .execute()
  await until(disagreements, (found) => found.length === 0, 'both books say the same')
  const before = [...shop.orders.values()].map((order) => ({ ...order }))
  shop.arrive()
  expect([...shop.orders.values()]).toEqual(before)
}, 120_000)

describe('the client of the order service', () => {
  test('refuses another order under the same number permanently', async () => {
    const created = await service.create(FRESH, false)
    expect(created.id).toMatch(/^S-/)
    expect(await service.create(FRESH, false)).toEqual(created)
    await expect(service.create({ ...FRESH, quantity: 2 }, false)).rejects.toBeInstanceOf(PartnerRefusalError)
    expect(await service.find('X1')).toEqual(created)
    expect(await service.find('X2')).toBeUndefined()
  })

  test('tells an older revision without effect', async () => {
    const at = (revision: number, status: 'order_paid' | 'order_accepted') => ({
      orderNo: 'X1',
      revision,
      status,
      paymentStatus: 'paid' as const,
      cancelReason: null,
      refunded: { points: 0, money: { amount: '0.00', currency: 'CNY' as const } },
      receiver: null,
      shipments: [],
    })
    await service.tell(at(2, 'order_accepted'), false)
    expect(await service.tell(at(1, 'order_paid'), false)).toMatchObject({ revision: 2 })
    expect(there('X1').told.status).toBe('order_accepted')
  })

  test('limits its concurrent requests, and refuses more immediately', async () => {
    const answers = await Promise.allSettled(Array.from({ length: 100 }, () => service.find('X1')))
    expect(answers.filter(({ status }) => status === 'rejected').length).toBe(36)
  })
})

test('the settings of the order service are required all together, with an encrypted address', () => {
  const all = {
    POINTS_MALL_ORDER_SERVICE_URL: 'https://orders.shop.example/api/',
    POINTS_MALL_ORDER_SERVICE_KEY_ID: 'mall-1',
    POINTS_MALL_ORDER_SERVICE_SECRET: SECRET,
  }
  const base = {
    NODE_ENV: 'production',
    AUTH_JWT_SECRET: randomBytes(24).toString('hex'),
    LEDGER_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    PAYLOAD_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  }
  expect(readConfig(base).orderService).toBeUndefined()
  expect(readConfig({ ...base, ...all }).orderService).toEqual({
    baseUrl: 'https://orders.shop.example/api',
    keyId: 'mall-1',
    secret: SECRET,
  })
  for (const name of Object.keys(all)) {
    expect(() => readConfig({ ...base, ...all, [name]: '' })).toThrow(ConfigError)
  }
  const open = { POINTS_MALL_ORDER_SERVICE_URL: 'http://orders.shop.example' }
  expect(() => readConfig({ ...base, ...all, ...open })).toThrow('POINTS_MALL_ORDER_SERVICE_URL')
})
