import { sql } from 'kysely'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createOrderActivities } from '../../activities/orders.ts'
import { adoptAfterSales } from '../../application/orders/after-sales.ts'
import { findOrderViolations } from '../../db/reconciliation/invariants.ts'
import type { Returnable, ShippingType } from '../../domain/catalogue/product.ts'
import {
  AFTER_SALE_STATES,
  AFTER_SALE_TRANSITIONS,
  type AfterSaleState,
} from '../../domain/orders/after-sale.ts'
import { ORDER_ACTIONS } from '../../domain/orders/status.ts'
import { disagreementLine } from '../../i18n/finding-texts.ts'
import { ended, readHoldings, readTables, workflowState } from '../support/db-snapshot.ts'
import { loseWorkflow } from '../support/engine-loss.ts'
import { createDoor, createHooks } from '../support/hooks.ts'
import { openHttpSession } from '../support/http-session.ts'
import { compareBooks, type Trade } from '../support/provider-books.ts'
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
  await until(
    async () => compareBooks(mall.db, (await mall.books()) as unknown as Trade[]),
    (kept) => kept.every((order) => order.due === order.kept),
    'the provider keeps what is left of each live order, and no more',
  )
})

const ADDRESS = { name: '李雷', phone: '13800000000', detail: '杭州市西湖区' }
const PARCEL = { carrier: '顺丰', tracking_no: 'SF1234567890123' }
const DAYS: Returnable = { days: 7 }
const cny = (amount: string) => ({ amount, currency: 'CNY' })

let customers = 0

interface Bought {
  readonly quantity?: number
  readonly method?: 'wallet' | 'bank_card' | 'points'
  readonly returnable?: Returnable
  readonly shipping?: ShippingType
  readonly shop?: TestApp
}

/** A paid order; a piece costs 100 points, and 3.33 unless it is paid with points only. */
async function paidOrder(bought: Bought = {}) {
  const { quantity = 3, method = 'wallet', returnable = DAYS, shipping = 'logistics', shop = mall } = bought
  customers += 1
  const owner = `after${customers}`
  await shop.points(owner, 100 * quantity)
  if (method === 'wallet') await shop.cash(owner, 333 * quantity)
  const product_id = await shop.product({
    payment_mode: method === 'points' ? 'points_only' : 'mixed',
    fen: method === 'points' ? 0 : 333,
    stock: 10,
    shipping_type: shipping,
    returnable,
  })
  const before = await readHoldings(shop)
  const body = {
    product_id,
    quantity,
    ...(method === 'points' ? {} : { payment_method: method }),
    ...(shipping === 'logistics' ? { address: ADDRESS } : {}),
  }
  const answer = await shop.exchange(owner, body)
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
  const { order_no: orderNo, payment_info } = answer.body.data
  if (method === 'bank_card') await shop.cashier(payment_info.pay_url, 'pay')
  await shop.reach(owner, orderNo, 'order_paid')
  const sale = (id: string) => handleOf(shop, owner, id)
  return {
    owner,
    orderNo: orderNo as string,
    before,
    show: () => shop.order(owner, orderNo),
    stock: async () =>
      (
        await shop.db
          .selectFrom('points_products')
          .select('stock_quantity')
          .where('id', '=', product_id)
          .executeTakeFirstOrThrow()
      ).stock_quantity,
    wallet: async () => {
      const { data } = (await shop.call('GET', '/api/points-mall/wallet', { as: owner })).body
      return { available: data.available as number, cash: data.cash.amount as string }
    },
    ask: (wish: object, key?: string) =>
      shop.call('POST', `/api/points-mall/orders/${orderNo}/after-sales`, {
        as: owner,
        body: { type: 'return_refund', quantity: 1, reason: '颜色不对', ...wish },
        ...(key ? { key } : {}),
      }),
    async asked(wish: object = {}) {
      const given = await this.ask(wish)
      expect(given, JSON.stringify(given.body)).toMatchObject({ status: 201 })
      return sale(given.body.data.id)
    },
    sale,
  }
}

function handleOf(shop: TestApp, owner: string, id: string) {
  const path = `/api/points-mall/after-sales/${id}`
  const show = async () => (await shop.call('GET', path, { as: owner })).body.data
  return {
    id,
    show,
    act: (action: string, body: object = {}, key?: string) =>
      shop.call('POST', `${path}/${action}`, { as: owner, body, ...(key ? { key } : {}) }),
    operate: (action: string, body: object = {}, key?: string) =>
      shop.call('POST', `/api/admin/points-mall/after-sales/${id}/${action}`, {
        as: 'op',
        role: 'operator',
        body,
        ...(key ? { key } : {}),
      }),
    reach: (state: AfterSaleState) =>
      until(show, (found) => found.state === state, `after-sale ${id} is ${state}`),
    gone: () =>
      until(
        () => workflowState(shop, `after-sale/${id}`),
        (name) => name === 'COMPLETED',
        `the workflow of after-sale ${id} ends`,
      ),
  }
}

async function shippedOrder(bought: Bought = {}) {
  const o = await paidOrder(bought)
  const shop = bought.shop ?? mall
  await shop.operate(o.orderNo, 'accept')
  if (bought.shipping === 'none') return o
  expect((await shop.operate(o.orderNo, 'ship', PARCEL)).status).toBe(200)
  return o
}

async function finishedOrder(bought: Bought = {}) {
  const o = await shippedOrder(bought)
  const shop = bought.shop ?? mall
  expect((await shop.operate(o.orderNo, 'finish')).body.data.status).toBe('order_finished')
  await ended(shop, o.orderNo)
  return o
}

describe('goods that have not been shipped', () => {
  test('are refunded and back in stock immediately, without an operator', async () => {
    const o = await paidOrder({ returnable: 'before_shipping' })
    const answer = await o.ask({ type: 'refund_only', quantity: 1 })
    expect(answer).toMatchObject({ status: 201, body: { data: { stage: 'in_sale', quantity: 1 } } })
    const done = await o.sale(answer.body.data.id).reach('completed')
    expect(done).toMatchObject({
      goods_state: 'restocked',
      money_state: 'refunded',
      points: 100,
      money: cny('3.33'),
      deadline: null,
      refund_no: `${o.orderNo}-R1`,
    })
    expect(done.timeline.map(({ code }: { code: string }) => code)).toEqual([
      'requested',
      'refund_at_once',
      'refunded',
    ])
    expect(await o.wallet()).toEqual({ available: 100, cash: '3.33' })
    expect(await o.stock()).toBe(8)
    expect(await o.show()).toMatchObject({ status: 'order_paid', payment_status: 'paid' })
  })

  test('in all pieces, in several requests, cancel the order properly', async () => {
    const o = await paidOrder({ method: 'bank_card' })
    const first = await o.asked({ quantity: 2, type: 'refund_only' })
    await first.reach('completed')
    expect(await o.show()).toMatchObject({ status: 'order_paid' })
    const last = await o.asked({ quantity: 1 })
    await last.reach('completed')
    expect(await o.show()).toMatchObject({
      status: 'order_canceled',
      payment_status: 'refunded',
      cancel_reason: 'returned_in_full',
    })
    await ended(mall, o.orderNo)
    await last.gone()
    expect(await readHoldings(mall)).toEqual(o.before)
  })

  test('are sent no more once they are refunded, and what was planned to be sent is less', async () => {
    const o = await paidOrder()
    await mall.operate(o.orderNo, 'accept')
    await (await o.asked({ quantity: 2, type: 'refund_only' })).reach('completed')
    const staff = { as: 'op', role: 'operator' } as const
    const path = `/api/admin/points-mall/orders/${o.orderNo}/shipments`
    const send = (quantity: number) => mall.call('POST', path, { ...staff, body: { ...PARCEL, quantity } })
    expect(await send(2)).toMatchObject({ status: 409, body: { code: 'SHIPMENT_EXCEEDS_REST' } })
    expect(await send(1)).toMatchObject({ status: 200 })
    expect(await o.show()).toMatchObject({ status: 'order_shipped' })
  })

  test('are decided on by an operator once a parcel of the order has left', async () => {
    const o = await paidOrder()
    await mall.operate(o.orderNo, 'accept')
    const path = `/api/admin/points-mall/orders/${o.orderNo}/shipments`
    const body = { ...PARCEL, quantity: 1 }
    expect(await mall.call('POST', path, { as: 'op', role: 'operator', body })).toMatchObject({ status: 200 })
    const sale = await o.asked({ quantity: 1, type: 'refund_only' })
    expect(await sale.show()).toMatchObject({ state: 'requested', goods_state: 'with_customer' })
    expect(await o.wallet()).toEqual({ available: 0, cash: '0.00' })
    const early = await paidOrder({ returnable: 'before_shipping' })
    await mall.operate(early.orderNo, 'accept')
    const there = path.replace(o.orderNo, early.orderNo)
    await mall.call('POST', there, { as: 'op', role: 'operator', body })
    expect(await early.ask({ type: 'refund_only' })).toMatchObject({
      status: 409,
      body: { code: 'NOT_RETURNABLE' },
    })
  })

  test('that are shipped before the refund begins wait for an operator', async () => {
    const o = await paidOrder()
    await mall.operate(o.orderNo, 'accept')
    await mall.stopWorker()
    const asking = o.ask({ quantity: 1 })
    await until(
      () => mall.db.selectFrom('after_sales').selectAll().where('order_no', '=', o.orderNo).execute(),
      (rows) => rows.length === 1,
      'the request is recorded',
    )
    await mall.db
      .updateTable('points_exchange_orders')
      .set({ status: 'order_shipped', confirm_by: new Date(Date.now() + 86_400_000) })
      .where('order_no', '=', o.orderNo)
      .execute()
    await mall.db
      .updateTable('orders')
      .set({ status: 'order_shipped' })
      .where('order_no', '=', o.orderNo)
      .execute()
    await mall.startWorker()
    const { id } = (await asking).body.data
    const waiting = await until(o.sale(id).show, ({ deadline }) => deadline !== null, 'it has a deadline')
    expect(waiting).toMatchObject({ state: 'requested', goods_state: 'with_customer' })
    expect(await o.stock()).toBe(7)
    await o.sale(id).act('cancel')
  })
})

describe('goods that cannot be returned', () => {
  test('cannot be canceled by their customer once paid, on no way; an operator may', async () => {
    const o = await paidOrder({ returnable: 'none' })
    expect(await o.show()).toMatchObject({ returnable: 'none' })
    const before = await readTables(mall.db)
    const refused = { status: 409, body: { code: 'NOT_RETURNABLE' } }
    expect(await mall.act(o.owner, o.orderNo, 'cancel', { reason: '不要了' })).toMatchObject(refused)
    expect(await o.ask({ type: 'refund_only' })).toMatchObject(refused)
    expect(await readTables(mall.db)).toEqual(before)
    const visitor = await openHttpSession(mall, o.owner)
    const path = `/points-mall/orders/${o.orderNo}`
    const page = await visitor.get(path)
    expect(page.html).not.toContain(`${path}/cancel`)
    expect(page.html).not.toContain(`${path}/after-sale`)
    expect(page.html).toContain('付款后不能取消，也不支持退货退款')
    expect((await visitor.get(`${path}/cancel`)).location).toContain(path)
    const posted = await visitor.post(`${path}/cancel`, { reason: '' })
    expect([posted.status, posted.html.includes('该商品现在不支持退货退款')]).toEqual([409, true])
    await mall.operate(o.orderNo, 'accept')
    expect(await mall.act(o.owner, o.orderNo, 'cancel')).toMatchObject(refused)
    expect((await mall.operate(o.orderNo, 'cancel', { reason: '缺货' })).status).toBe(200)
    await mall.reach(o.owner, o.orderNo, 'order_canceled')
    await ended(mall, o.orderNo)
    expect(await readHoldings(mall)).toEqual(o.before)
  })

  test('can be canceled while they are not paid, and the sheet says so before', async () => {
    const product_id = await mall.product({ payment_mode: 'mixed', fen: 333, returnable: 'none', stock: 5 })
    await mall.points('kept', 100)
    const visitor = await openHttpSession(mall, 'kept')
    const sheet = await visitor.get(`/points-mall/products/${product_id}/redeem?quantity=1`)
    expect([sheet.status, sheet.html.includes('付款后不能取消，也不支持退货退款')]).toEqual([200, true])
    const { order_no } = (await mall.exchange('kept', { product_id, payment_method: 'bank_card' })).body.data
    expect((await mall.act('kept', order_no, 'cancel')).status).toBe(200)
    await mall.reach('kept', order_no, 'order_canceled')
    await ended(mall, order_no)
  })

  test('stay when they are paid while their customer asks', async () => {
    const product_id = await mall.product({ payment_mode: 'mixed', fen: 333, returnable: 'none', stock: 5 })
    await mall.points('racer', 100)
    const placed = await mall.exchange('racer', { product_id, payment_method: 'bank_card' })
    const { order_no, payment_info } = placed.body.data
    await mall.cashier(payment_info.pay_url, 'pay')
    await mall.reach('racer', order_no, 'order_paid')
    // As if the order had been unpaid when the request was checked.
    const ask = { by: { type: 'customer' as const, id: 'racer' }, reason: 'canceled_by_customer' }
    const { cancelExchange } = createOrderActivities({
      ...mall.deps,
      autoCreateLogistics: true,
      orderService: undefined,
    })
    const allowedIn = ORDER_ACTIONS.cancel
    const answer = await cancelExchange({ orderNo: order_no, ...ask, outsideSteps: [], allowedIn })
    expect(answer).toEqual({ status: 'order_paid' })
    expect((await mall.operate(order_no, 'cancel', { reason: '缺货' })).status).toBe(200)
    await ended(mall, order_no)
  })
})

describe('returned goods', () => {
  test('are approved, sent back, received and refunded; sellable ones are back in stock', async () => {
    const o = await finishedOrder()
    const sale = await o.asked({ quantity: 2, pictures: ['/assets/products/acacia-honey.svg'] })
    expect(await sale.show()).toMatchObject({
      state: 'requested',
      stage: 'after_sale',
      goods_state: 'with_customer',
      money_state: 'initial',
      points: 200,
      money: cny('6.66'),
      pictures: ['/assets/products/acacia-honey.svg'],
      deadline: expect.stringMatching(/Z$/),
    })
    expect((await sale.operate('approve')).body.data).toMatchObject({
      state: 'awaiting_return',
      goods_state: 'to_return',
    })
    expect((await sale.act('return-shipment', PARCEL)).body.data).toMatchObject({
      state: 'returning',
      return_shipment: PARCEL,
    })
    expect(await o.stock()).toBe(7)
    expect((await sale.operate('receive', { sellable: true })).status).toBe(200)
    expect(await sale.reach('completed')).toMatchObject({ goods_state: 'restocked', points: 200 })
    expect(await o.wallet()).toEqual({ available: 200, cash: '6.66' })
    expect(await o.stock()).toBe(9)
    expect(await o.show()).toMatchObject({ status: 'order_finished' })
    await sale.gone()
    const { events } = await mall.temporal.client.workflow.getHandle(`after-sale/${sale.id}`).fetchHistory()
    const { events: ofOrder } = await mall.history(o.orderNo)
    expect((events?.length ?? 0) + (ofOrder?.length ?? 0)).toBeLessThan(150)
  })

  test('that are not sellable are refunded and never put back, also with the last piece', async () => {
    const o = await finishedOrder({ method: 'bank_card' })
    for (const quantity of [1, 2]) {
      const sale = await o.asked({ quantity })
      await sale.operate('approve')
      await sale.act('return-shipment', PARCEL)
      await sale.operate('receive', { sellable: false })
      expect(await sale.reach('completed')).toMatchObject({ goods_state: 'unusable' })
      await sale.gone()
    }
    expect(await o.stock()).toBe(7)
    expect(await o.show()).toMatchObject({ status: 'order_canceled', payment_status: 'refunded' })
    expect(await o.wallet()).toEqual({ available: 300, cash: '0.00' })
  })

  test('paid with points only get their points back, piece by piece', async () => {
    const o = await finishedOrder({ method: 'points' })
    const sale = await o.asked({ type: 'refund_only', quantity: 2 })
    await sale.operate('approve')
    expect(await sale.reach('completed')).toMatchObject({
      goods_state: 'with_customer',
      points: 200,
      money: cny('0.00'),
    })
    expect((await o.wallet()).available).toBe(200)
    expect(await o.stock()).toBe(7)
  })

  test('can be refused with a reason, and the customer may appeal; so can their receipt', async () => {
    const o = await finishedOrder()
    const sale = await o.asked()
    expect((await sale.operate('refuse', { reason: '照片不清楚' })).body.data).toMatchObject({
      state: 'refused',
    })
    expect((await sale.act('appeal', { reason: '请看新照片' })).body.data).toMatchObject({
      state: 'requested',
    })
    await sale.operate('approve')
    await sale.act('return-shipment', PARCEL)
    expect((await sale.operate('refuse-receipt', { reason: '空包裹' })).body.data).toMatchObject({
      state: 'receipt_refused',
      goods_state: 'receipt_refused',
    })
    expect((await sale.act('appeal', { reason: '有签收记录' })).body.data).toMatchObject({
      state: 'returning',
    })
    await sale.operate('refuse-receipt', { reason: '空包裹' })
    expect((await sale.operate('receive', { sellable: true })).status).toBe(200)
    const done = await sale.reach('completed')
    expect(
      done.timeline.map(({ code, by }: { code: string; by: { type: string } }) => [code, by.type]),
    ).toEqual([
      ['requested', 'customer'],
      ['refused', 'operator'],
      ['appealed', 'customer'],
      ['approved', 'operator'],
      ['sent_back', 'customer'],
      ['receipt_refused', 'operator'],
      ['appealed', 'customer'],
      ['receipt_refused', 'operator'],
      ['received', 'operator'],
      ['refunded', 'system'],
    ])
    expect(done.timeline[1]).toMatchObject({ note: '商城拒绝：照片不清楚', by: { id: null } })
  })

  test('are refunded by the provider before the after-sale is completed', async () => {
    const o = await finishedOrder({ method: 'bank_card' })
    const sale = await o.asked({ type: 'refund_only', quantity: 1 })
    await mall.control('faults', { fault: 'refund_failed', count: 1 })
    await sale.operate('approve')
    await until(o.show, ({ needs_attention }) => needs_attention !== null, 'the refund needs an operator')
    expect(await sale.show()).toMatchObject({ state: 'refunding', money_state: 'refunding' })
    const cancel = await sale.act('cancel')
    expect(cancel).toMatchObject({ status: 409, body: { code: 'AFTER_SALE_STATE_CONFLICT' } })
    expect((await mall.operate(o.orderNo, 'resolve', { action: 'retry', reason: '已充值' })).status).toBe(200)
    await sale.reach('completed')
  })
})

describe('a request is refused, and changes nothing:', () => {
  const refused = async (o: Awaited<ReturnType<typeof paidOrder>>, wish: object, code: string) => {
    const before = await readTables(mall.db)
    const answer = await o.ask(wish)
    expect([answer.body.code, answer.status]).toEqual([code, code === 'VALIDATION_FAILED' ? 422 : 409])
    expect(await readTables(mall.db)).toEqual(before)
    return answer
  }

  test('by the rule of the product when it was redeemed', async () => {
    await refused(await paidOrder({ returnable: 'none' }), {}, 'NOT_RETURNABLE')
    const o = await shippedOrder({ returnable: 'before_shipping' })
    await mall.db
      .updateTable('points_products')
      .set({ returnable: JSON.stringify(DAYS) })
      .execute()
    await refused(o, {}, 'NOT_RETURNABLE')
  })

  test('after the days since receipt', async () => {
    const o = await finishedOrder()
    const client = new Client({ connectionString: mall.databaseUrl })
    await client.connect()
    await client.query(
      `update order_events set created_at = now() - interval '8 days' where order_no = $1 and event_key = 'order_finished'`,
      [o.orderNo],
    )
    await client.end()
    const { body } = await refused(o, {}, 'RETURN_PERIOD_OVER')
    expect(body.detail).toContain('7')
  })

  test('for more pieces than are left', async () => {
    const o = await finishedOrder()
    const first = await o.asked({ quantity: 2 })
    const { body } = await refused(o, { quantity: 2 }, 'AFTER_SALE_QUANTITY_EXCEEDED')
    expect(body.detail).toMatch(/2.*1/)
    await first.act('cancel')
    const again = await o.asked({ quantity: 3 })
    await again.act('cancel')
  })

  test('for goods that cannot be sent back, malformed bodies and unpaid or canceled orders', async () => {
    const service = await shippedOrder({ shipping: 'none' })
    await mall.operate(service.orderNo, 'finish')
    await refused(service, {}, 'NOTHING_TO_RETURN')
    for (const wish of [
      { quantity: 0 },
      { quantity: 1.5 },
      { reason: ' ' },
      { type: 'exchange' },
      { pictures: ['https://elsewhere.example/x.png'] },
      { pictures: Array(6).fill('/assets/products/acacia-honey.svg') },
      { unknown: 1 },
    ]) {
      await refused(service, wish, 'VALIDATION_FAILED')
    }
    const canceled = await paidOrder()
    await mall.act(canceled.owner, canceled.orderNo, 'cancel')
    await ended(mall, canceled.orderNo)
    await refused(canceled, {}, 'ORDER_STATE_CONFLICT')
  })

  test('by others than the owner, and an operator acts on no after-sale of their own', async () => {
    const o = await finishedOrder()
    const sale = await o.asked()
    const path = `/api/points-mall/after-sales/${sale.id}`
    for (const [method, action] of [
      ['GET', ''],
      ['POST', '/cancel'],
    ] as const) {
      const body = method === 'POST' ? { body: {} } : {}
      expect((await mall.call(method, `${path}${action}`, { as: 'stranger', ...body })).status).toBe(404)
    }
    const own = await mall.call('POST', `/api/admin/points-mall/after-sales/${sale.id}/approve`, {
      as: o.owner,
      role: 'operator',
      body: {},
    })
    expect(own).toMatchObject({ status: 403, body: { reason: 'own_account' } })
    expect(await sale.show()).toMatchObject({ state: 'requested' })
    await sale.act('cancel')
  })
})

describe('concurrently', () => {
  test('ten requests of two pieces of five get two, and one key asks once', async () => {
    const o = await finishedOrder({ quantity: 5 })
    const answers = await Promise.all(Array.from({ length: 10 }, () => o.ask({ quantity: 2 })))
    const codes = answers.map(({ status, body }) => `${body.code ?? status}`).sort()
    expect(codes).toEqual(['201', '201', ...Array<string>(8).fill('AFTER_SALE_QUANTITY_EXCEEDED')])
    const same = await Promise.all(Array.from({ length: 5 }, () => o.ask({ quantity: 1 }, 'one-key')))
    expect(new Set(same.map(({ body }) => body.data.id)).size).toBe(1)
    const { data } = (await mall.call('GET', '/api/points-mall/after-sales', { as: o.owner })).body
    expect(data).toHaveLength(3)
    for (const { id } of data) await o.sale(id).act('cancel')
  })

  test('customer and operators get one outcome, and the refund is made once', async () => {
    const o = await finishedOrder()
    const sale = await o.asked({ type: 'refund_only', quantity: 1 })
    const answers = await Promise.all([
      sale.act('cancel'),
      sale.operate('approve'),
      sale.operate('approve'),
      sale.operate('refuse', { reason: '不符合' }),
    ])
    // Refused may be followed by the customer's cancel.
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(1)
    const { state } = await until(
      sale.show,
      (found) => ['closed', 'completed', 'refused'].includes(found.state),
      'it is decided',
    )
    const points = state === 'completed' ? 100 : 0
    expect((await o.wallet()).available).toBe(points)
    if (state === 'refused') await sale.act('cancel')
  })

  test('all pieces in single after-sales refund exactly what was paid', async () => {
    const o = await finishedOrder({ quantity: 5, method: 'bank_card' })
    // What is left does not divide evenly.
    const path = `/api/admin/points-mall/orders/${o.orderNo}/refund`
    const goodwill = { reason: '补偿', points: 3, money: cny('0.04') }
    await mall.call('POST', path, { as: 'op', role: 'operator', body: goodwill })
    const sales = await Promise.all(
      Array.from({ length: 5 }, () => o.asked({ type: 'refund_only', quantity: 1 })),
    )
    await Promise.all(sales.map((sale) => sale.operate('approve')))
    const done = await Promise.all(sales.map((sale) => sale.reach('completed')))
    const sum = (of: (sale: { points: number; money: { amount: string } }) => number) =>
      done.reduce((total, sale) => total + of(sale), 0)
    expect(sum(({ points }) => points)).toBe(497)
    expect(sum(({ money }) => Math.round(Number(money.amount) * 100))).toBe(1661)
    const reached = await until(
      o.show,
      ({ payment_status }) => payment_status === 'refunded',
      'all is refunded',
    )
    expect(reached).toMatchObject({ status: 'order_canceled' })
    expect(await o.wallet()).toEqual({ available: 500, cash: '0.00' })
    expect(await o.stock()).toBe(5)
  })

  test('a refund of the whole order closes what is open, and leaves returned pieces alone', async () => {
    const o = await shippedOrder()
    const back = await o.asked({ quantity: 1 })
    await back.operate('approve')
    await back.act('return-shipment', PARCEL)
    await back.operate('receive', { sellable: false })
    await back.reach('completed')
    const open = await o.asked({ quantity: 1 })
    expect((await mall.operate(o.orderNo, 'refund', { reason: '全部退款' })).status).toBe(200)
    expect(await open.show()).toMatchObject({ state: 'closed', money_state: 'not_refunded' })
    expect((await open.operate('approve')).body.code).toBe('AFTER_SALE_STATE_CONFLICT')
    expect(await o.stock()).toBe(9)
    expect(await o.wallet()).toEqual({ available: 300, cash: '9.99' })
  })
})

describe('the stock ledger', () => {
  const movementsOf = (productId: string) =>
    mall.db
      .selectFrom('stock_movements')
      .select(['sku_id', 'kind', 'delta', 'order_no'])
      .where('product_id', '=', productId)
      .where('kind', '<>', 'initial')
      .orderBy('id')
      .execute()

  test('counts what comes back for the SKU that was ordered, each after-sale once', async () => {
    const made = await mall.call('POST', '/api/admin/points-mall/products', {
      as: 'op',
      role: 'operator',
      body: {
        title: 'T 恤',
        payment_mode: 'points_only',
        shipping_type: 'logistics',
        returnable: DAYS,
        skus: ['红', '蓝'].map((colour) => ({ specs: { 颜色: colour }, point: 10, stock_quantity: 5 })),
      },
    })
    const { id: product_id, skus } = made.body.data
    await mall.call('POST', `/api/admin/points-mall/products/${product_id}/publish`, {
      as: 'op',
      role: 'operator',
    })
    await mall.points('ledger', 1000)
    const sku_id = skus[1].id
    const answer = await mall.exchange('ledger', { product_id, sku_id, quantity: 4, address: ADDRESS })
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
    const { order_no } = answer.body.data
    await mall.reach('ledger', order_no, 'order_paid')
    const ask = async (type: string) => {
      const body = { type, quantity: 1, reason: '尺码不对' }
      const path = `/api/points-mall/orders/${order_no}/after-sales`
      const asked = await mall.call('POST', path, { as: 'ledger', body })
      expect(asked, JSON.stringify(asked.body)).toMatchObject({ status: 201 })
      return handleOf(mall, 'ledger', asked.body.data.id)
    }
    await (await ask('refund_only')).reach('completed')
    await mall.operate(order_no, 'accept')
    expect((await mall.operate(order_no, 'ship', PARCEL)).status).toBe(200)
    for (const sellable of [true, false]) {
      const sale = await ask('return_refund')
      await sale.operate('approve')
      await sale.act('return-shipment', PARCEL)
      expect((await sale.operate('receive', { sellable })).status).toBe(200)
      await sale.reach('completed')
    }
    expect((await mall.operate(order_no, 'refund', { reason: '补偿' })).status).toBe(200)
    await mall.reach('ledger', order_no, 'order_canceled')
    const moved = await movementsOf(product_id)
    expect(moved.map(({ sku_id: sku, kind, delta, order_no: no }) => [sku, kind, delta, no])).toEqual([
      [sku_id, 'committed', -4, order_no],
      [sku_id, 'returned', 1, order_no],
      [sku_id, 'returned', 1, order_no],
      [sku_id, 'returned', 1, order_no],
      [sku_id, 'adjusted', -1, null],
      [sku_id, 'returned', 1, order_no],
    ])
    const shown = await mall.call('GET', `/api/points-mall/products/${product_id}`)
    const stocks = shown.body.data.skus.map((sku: { stock_quantity: number }) => sku.stock_quantity)
    expect(stocks).toEqual([5, 4])
  })

  test('keeps codes that were shown out of the stock, and a voucher comes back whole', async () => {
    const bought = async (delivery: 'codes' | 'voucher') => {
      const product_id = await mall.product({ shipping_type: 'none', returnable: DAYS })
      await mall.db
        .updateTable('points_products')
        .set({ delivery: 'voucher' })
        .where('id', '=', product_id)
        .execute()
      await mall.points(delivery, 200)
      const { order_no } = (await mall.exchange(delivery, { product_id, quantity: 2 })).body.data
      await mall.reach(delivery, order_no, 'order_shipped')
      // What is handed out decides, whatever it was.
      await mall.db
        .updateTable('points_exchange_orders')
        .set({ delivery })
        .where('order_no', '=', order_no)
        .execute()
      const ask = (quantity: number) =>
        mall.call('POST', `/api/points-mall/orders/${order_no}/after-sales`, {
          as: delivery,
          body: { type: 'refund_only', quantity, reason: '不想要了' },
        })
      return { order_no, ask }
    }
    const codes = await bought('codes')
    expect(await codes.ask(2)).toMatchObject({ status: 409, body: { code: 'NOT_RETURNABLE' } })
    const voucher = await bought('voucher')
    expect(await voucher.ask(1)).toMatchObject({ status: 409, body: { code: 'AFTER_SALE_WHOLE_ONLY' } })
    const asked = await voucher.ask(2)
    expect(asked.status).toBe(201)
    const sale = handleOf(mall, 'voucher', asked.body.data.id)
    expect((await sale.operate('approve')).status).toBe(200)
    await sale.reach('completed')
    await mall.reach('voucher', voucher.order_no, 'order_canceled')
    const kept = await mall.db
      .selectFrom('vouchers')
      .select('void_at')
      .where('order_no', '=', voucher.order_no)
      .executeTakeFirstOrThrow()
    expect(kept.void_at).not.toBeNull()
  })
})

describe('deadlines', () => {
  const SHORT_MS = 700
  let prompt: TestApp
  beforeAll(async () => {
    prompt = await openTestApp({
      afterSale: {
        decideMs: SHORT_MS,
        appealMs: SHORT_MS,
        returnMs: SHORT_MS,
        receiveMs: SHORT_MS,
        receiptAppealMs: SHORT_MS,
      },
    })
  })
  afterAll(async () => {
    expect(await prompt.brokenLaws()).toEqual([])
    await prompt.close()
  })
  const listed = async (orderNo: string) => {
    const { data } = (
      await prompt.call('GET', '/api/admin/points-mall/orders?needs_attention=true', {
        as: 'op',
        role: 'operator',
      })
    ).body
    return data.some(({ order_no }: { order_no: string }) => order_no === orderNo)
  }

  test('of operators list the order as one that needs attention, until they act', async () => {
    const o = await finishedOrder({ shop: prompt })
    const sale = await o.asked()
    await until(
      () => listed(o.orderNo),
      (is) => is,
      'it needs attention',
    )
    expect(await sale.show()).toMatchObject({ state: 'requested', overdue: true, deadline: null })
    const { data } = (
      await prompt.call('GET', '/api/admin/points-mall/after-sales?overdue=true', {
        as: 'op',
        role: 'operator',
      })
    ).body
    expect(data.map(({ id }: { id: string }) => id)).toContain(sale.id)
    await sale.operate('refuse', { reason: '超出范围' })
    expect(await listed(o.orderNo)).toBe(false)
    expect(await sale.reach('closed')).toMatchObject({ overdue: false })
    await sale.gone()
  })

  test('of customers close the after-sale', async () => {
    const o = await finishedOrder({ shop: prompt })
    const sale = await o.asked()
    await sale.operate('approve')
    const closed = await sale.reach('closed')
    expect(closed.timeline.at(-1)).toMatchObject({ code: 'closed', data: { by: 'deadline' } })
    expect((await o.wallet()).available).toBe(0)
  })
})

test('an open after-sale stops the clock of the automatic confirmation', async () => {
  const timer = createHooks()
  const [asked, refused] = [createDoor(), createDoor()]
  const shop = await openTestApp({
    autoConfirmTimeoutMs: 300,
    tamper: (activities) => timer.tamper(activities),
  })
  try {
    // The timer runs out while the after-sale is being asked for.
    timer.before('advanceOrder', (input) =>
      (input as { note?: string }).note === 'auto_confirm' ? asked.passed() : undefined,
    )
    const o = await shippedOrder({ shop })
    const sale = await o.asked({ type: 'refund_only' })
    const row = () =>
      shop.db
        .selectFrom('points_exchange_orders')
        .select(['confirm_by', 'confirm_paused_at'])
        .where('order_no', '=', o.orderNo)
        .executeTakeFirstOrThrow()
    const before = await row()
    expect(before.confirm_paused_at).not.toBeNull()
    timer.after('readProgress', () => refused.open())
    asked.open()
    await refused.passed()
    expect(await o.show()).toMatchObject({ status: 'order_shipped' })
    await sale.operate('approve')
    await sale.reach('completed')
    await until(o.show, ({ status }) => status === 'order_finished', 'it is confirmed afterwards')
    const after = await row()
    expect(after.confirm_paused_at).toBeNull()
    expect(Number(after.confirm_by)).toBeGreaterThan(Number(before.confirm_by))
    await ended(shop, o.orderNo)
    expect(await shop.brokenLaws()).toEqual([])
  } finally {
    asked.open()
    await shop.close()
  }
})

test('an after-sale whose workflow is lost goes on in a new one', async () => {
  const o = await finishedOrder()
  const sale = await o.asked()
  await sale.operate('approve')
  await loseWorkflow(mall, `after-sale/${sale.id}`)
  expect(await adoptAfterSales(mall.deps, () => {}, 0)).toEqual([sale.id])
  await loseWorkflow(mall, `after-sale/${sale.id}`)
  // A request finds it gone, too.
  expect(await sale.act('return-shipment', PARCEL)).toMatchObject({
    status: 200,
    body: { data: { state: 'returning' } },
  })
  await sale.operate('receive', { sellable: true })
  await sale.reach('completed')
})

test.each([
  ['pieces that the stock does not count', 'update stock_reservations set settled = 0 where settled > 0'],
  [
    'another refund than the after-sale says',
    "update after_sales set points = points + 1 where state = 'completed'",
  ],
  ['more pieces than were bought', "update after_sales set quantity = 9 where state = 'completed'"],
  [
    'a clock that nothing stops',
    "update points_exchange_orders set confirm_paused_at = now() where status = 'order_finished'",
  ],
  [
    'an open after-sale of a canceled order',
    `insert into after_sales (order_no, owner_id, type, stage, sent, quantity, state, reason, points, money, operation_key)
     select order_no, owner_id, 'refund_only', 'in_sale', true, 1, 'requested', 'x', 0, 0, 'open/' || order_no
     from points_exchange_orders where status = 'order_canceled' limit 1`,
  ],
])('the invariants notice %s', async (_, change) => {
  const [partly, canceled] = [await finishedOrder(), await paidOrder({ method: 'points', quantity: 1 })]
  const sale = await partly.asked({ type: 'refund_only' })
  await sale.operate('approve')
  await sale.reach('completed')
  await (await canceled.asked({ type: 'refund_only' })).reach('completed')
  const seen = mall.db.transaction().execute(async (tx) => {
    await sql.raw(change).execute(tx)
    // Rolls back.
    throw new Error((await findOrderViolations(tx)).map(disagreementLine).join('; '))
  })
  await expect(seen).rejects.toThrow(/after-sale/)
  expect(await findOrderViolations(mall.db)).toEqual([])
})

test('the database has the transition table of the domain', async () => {
  const client = new Client({ connectionString: mall.databaseUrl })
  await client.connect()
  try {
    await client.query('begin')
    await client.query('alter table after_sales drop constraint after_sales_order_no_fkey')
    for (const from of AFTER_SALE_STATES) {
      const allowed: AfterSaleState[] = []
      for (const to of AFTER_SALE_STATES) {
        if (to === from) continue
        await client.query('savepoint one')
        const { rows } = await client.query(
          `insert into after_sales (order_no, owner_id, type, stage, sent, quantity, state, reason, points, money, operation_key)
           values ('x', 'x', 'refund_only', 'in_sale', true, 1, $1, 'x', 0, 0, 'x') returning id`,
          [from],
        )
        const moved = await client
          .query('update after_sales set state = $2 where id = $1', [rows[0].id, to])
          .then(
            () => true,
            () => false,
          )
        if (moved) allowed.push(to)
        await client.query('rollback to savepoint one')
      }
      expect([from, allowed.sort()]).toEqual([from, [...AFTER_SALE_TRANSITIONS[from]].sort()])
    }
  } finally {
    await client.query('rollback')
    await client.end()
  }
})
