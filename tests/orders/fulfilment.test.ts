import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  canMove,
  ORDER_ACTIONS,
  ORDER_STATUSES,
  ORDER_TRANSITIONS,
  type OrderAction,
  type OrderStatus,
} from '../../domain/orders/status.ts'
import { ended, readHoldings, readTables, workflowState } from '../support/db-snapshot.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

const AUTO_CONFIRM_MS = 800

let mall: TestApp
/** Confirms automatically soon after it has shipped. */
let prompt: TestApp
beforeAll(async () => {
  mall = await openTestApp()
  prompt = await openTestApp({ autoConfirmTimeoutMs: AUTO_CONFIRM_MS })
})
afterAll(async () => {
  await mall.close()
  await prompt.close()
})
afterEach(async () => {
  expect(await mall.brokenLaws()).toEqual([])
  expect(await prompt.brokenLaws()).toEqual([])
})

const ADDRESS = { name: '李四', phone: '13900000000', detail: '人民路 2 号' }
const PARCEL = { carrier: '顺丰', tracking_no: 'SF123456' }

type Payment = 'points' | 'wallet' | 'bank_card'
let customers = 0

/** An order in this status, paid by this method, whose owner has nothing else in the wallet. */
async function orderIn(
  status: Exclude<OrderStatus, 'exchanged'>,
  payment: Payment = 'points',
  shop: TestApp = mall,
  shipping_type: 'logistics' | 'none' = 'logistics',
) {
  customers += 1
  const owner = `receiver${customers}`
  await Promise.all([shop.points(owner, 100), payment === 'wallet' ? shop.cash(owner, 990) : undefined])
  const unpaid = status === 'order_created'
  const payment_mode = payment === 'points' && !unpaid ? 'points_only' : 'mixed'
  const product_id = await shop.product({ payment_mode, stock: 1, shipping_type })
  const before = await readHoldings(shop)
  const payment_method = payment === 'bank_card' || unpaid ? 'bank_card' : 'wallet'
  const answer = await shop.exchange(owner, { product_id, address: ADDRESS, payment_method })
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
  const { order_no: orderNo, payment_info } = answer.body.data
  const o = {
    owner,
    orderNo: orderNo as string,
    product_id,
    before,
    payUrl: payment_info.pay_url as string,
    show: () => shop.order(owner, orderNo),
    act: (action: string, body: unknown = {}) => shop.act(owner, orderNo, action, body),
    operate: (action: string, body: unknown = {}) => shop.operate(orderNo, action, body),
    trades: async () => (await shop.books()).filter((trade) => trade.out_trade_no?.startsWith(orderNo)),
  }
  if (unpaid) return o
  if (payment === 'bank_card') {
    await shop.cashier(payment_info.pay_url, 'pay')
    await shop.reach(owner, orderNo, 'order_paid')
  }
  if (status === 'order_canceled') await o.act('cancel')
  const path = ['order_accepted', 'order_shipped', 'order_finished']
  for (const state of path.slice(0, path.indexOf(status) + 1)) {
    if (state === 'order_accepted') await o.operate('accept')
    else if (state === 'order_shipped') await o.operate('ship', PARCEL)
    else await o.act('confirm')
  }
  expect(await o.show()).toMatchObject({ status })
  return o
}

describe('an order from paid to finished', () => {
  test('is accepted, shipped with its parcel, and confirmed by the customer', async () => {
    const o = await orderIn('order_paid')
    expect((await o.operate('accept')).body.data).toMatchObject({ status: 'order_accepted' })
    expect((await o.operate('ship', PARCEL)).body.data).toMatchObject({
      status: 'order_shipped',
      shipping_info: PARCEL,
    })
    expect((await o.act('confirm')).body.data).toMatchObject({
      status: 'order_finished',
      shipping_info: PARCEL,
    })
    await ended(mall, o.orderNo)
    const { timeline } = await o.show()
    expect(timeline.map(({ status }: { status: string }) => status)).toEqual([
      'exchanged',
      'order_created',
      'order_paid',
      'order_accepted',
      'order_shipped',
      'order_finished',
    ])
    const standard = await mall.db
      .selectFrom('orders')
      .select('status')
      .where('order_no', '=', o.orderNo)
      .executeTakeFirstOrThrow()
    expect(standard.status).toBe('order_finished')
  })

  test('is finished by an operator, after shipping or without it if nothing is shipped', async () => {
    const shipped = await orderIn('order_shipped')
    expect((await shipped.operate('finish')).body.data.status).toBe('order_finished')
    const pickedUp = await orderIn('order_accepted', 'points', mall, 'none')
    expect((await pickedUp.operate('finish')).body.data.status).toBe('order_finished')
    const parcel = await orderIn('order_accepted')
    expect(await parcel.operate('finish')).toMatchObject({
      status: 409,
      body: { code: 'ORDER_STATE_CONFLICT' },
    })
    expect(await parcel.show()).toMatchObject({ status: 'order_accepted' })
  })

  test('is confirmed automatically some time after it ships', async () => {
    const started = Date.now()
    const o = await orderIn('order_accepted', 'points', prompt)
    const rival = await orderIn('order_accepted', 'points', prompt)
    // The timer of the order that ships runs out; an order that has not shipped has none.
    await rival.operate('ship', PARCEL)
    await until(rival.show, ({ status }) => status === 'order_finished', 'the rival is confirmed')
    expect(Date.now() - started).toBeGreaterThan(AUTO_CONFIRM_MS)
    expect(await o.show()).toMatchObject({ status: 'order_accepted' })
    expect(await workflowState(prompt, `exchange/${o.orderNo}`)).toBe('RUNNING')

    const shipping = Date.now()
    expect((await o.operate('ship', PARCEL)).status).toBe(200)
    const finished = await until(o.show, ({ status }) => status === 'order_finished', 'it is confirmed')
    expect(Date.now() - shipping).toBeGreaterThanOrEqual(AUTO_CONFIRM_MS - 50)
    expect(finished.timeline.slice(-2)).toMatchObject([
      { status: 'order_shipped' },
      { status: 'order_finished', note: '到期自动确认', code: 'auto_confirm' },
    ])
    await ended(prompt, o.orderNo)
  })

  test('is not shipped without carrier and tracking number', async () => {
    const o = await orderIn('order_accepted')
    const before = await readTables(mall.db)
    for (const body of [{}, { carrier: '顺丰' }, { carrier: ' ', tracking_no: '1' }]) {
      expect(await o.operate('ship', body)).toMatchObject({
        status: 422,
        body: { code: 'VALIDATION_FAILED' },
      })
    }
    expect(await readTables(mall.db)).toEqual(before)
  })
})

type Orders = Awaited<ReturnType<typeof orderIn>>

/** How each action is requested. */
const ASKED: Record<OrderAction, (o: Orders) => ReturnType<Orders['act']>> = {
  pay: (o) => o.act('pay'),
  confirm: (o) => o.act('confirm'),
  cancel: (o) => o.act('cancel'),
  accept: (o) => o.operate('accept'),
  ship: (o) => o.operate('ship', PARCEL),
  finish: (o) => o.operate('finish'),
  refund: (o) => o.operate('refund', { reason: 'damaged' }),
}

describe('an action that the status does not allow is refused, and changes nothing:', () => {
  const states = ORDER_STATUSES.filter((status) => status !== 'exchanged')
  test.each(states)('%s', async (status) => {
    const o = await orderIn(status)
    const actions = (Object.keys(ORDER_ACTIONS) as OrderAction[]).filter(
      (action) => !(ORDER_ACTIONS[action] as readonly OrderStatus[]).includes(status),
    )
    expect(actions.length).toBeGreaterThan(2)
    const before = await readTables(mall.db)
    for (const action of actions) {
      const code = action === 'cancel' ? 'ORDER_NOT_CANCELABLE' : 'ORDER_STATE_CONFLICT'
      expect([action, await ASKED[action](o)]).toMatchObject([action, { status: 409, body: { code } }])
    }
    if (actions.includes('cancel')) {
      const byOperator = await o.operate('cancel', { reason: 'no' })
      expect(byOperator).toMatchObject({ status: 409, body: { code: 'ORDER_STATE_CONFLICT' } })
    }
    expect(await readTables(mall.db)).toEqual(before)
  })

  test('and every other action is allowed', async () => {
    for (const status of states) {
      for (const action of Object.keys(ORDER_ACTIONS) as OrderAction[]) {
        if (!(ORDER_ACTIONS[action] as readonly OrderStatus[]).includes(status)) continue
        const o = await orderIn(
          status,
          'points',
          mall,
          action === 'finish' && status === 'order_accepted' ? 'none' : 'logistics',
        )
        expect([status, action, (await ASKED[action](o)).status]).toEqual([status, action, 200])
      }
    }
  })
})

describe('a cancellation returns everything:', () => {
  const cases: [Exclude<OrderStatus, 'exchanged'>, Payment, string][] = [
    ['order_created', 'bank_card', 'closed'],
    ['order_paid', 'points', 'refunded'],
    ['order_paid', 'wallet', 'refunded'],
    ['order_paid', 'bank_card', 'refunded'],
    ['order_accepted', 'points', 'refunded'],
    ['order_accepted', 'wallet', 'refunded'],
    ['order_accepted', 'bank_card', 'refunded'],
  ]
  const settled = (o: Orders, payment_status: string) =>
    until(o.show, (found) => found.payment_status === payment_status, `${o.orderNo} is ${payment_status}`)

  test.each(cases)('%s by %s, by the customer', async (status, payment, payment_status) => {
    const o = await orderIn(status, payment)
    expect(await readHoldings(mall)).not.toEqual(o.before)
    const answer = await o.act('cancel', { reason: '不想要了' })
    expect(answer.body.data).toMatchObject({ status: 'order_canceled', cancel_reason: '不想要了' })
    await settled(o, payment_status)
    await ended(mall, o.orderNo)
    // The words are sealed: no table has them in plain text.
    expect(JSON.stringify(await readTables(mall.db))).not.toContain('不想要了')
    expect(JSON.stringify((await o.show()).timeline)).toContain('不想要了')
    expect(await readHoldings(mall)).toEqual(o.before)
    const canceled = await readTables(mall.db)
    expect((await o.act('cancel')).status).toBe(409)
    expect(await readTables(mall.db)).toEqual(canceled)
  })

  test.each(cases)('%s by %s, by an operator', async (status, payment, payment_status) => {
    const o = await orderIn(status, payment)
    expect((await o.operate('cancel', { reason: 'lost' })).body.data).toMatchObject({
      status: 'order_canceled',
      cancel_reason: 'lost',
    })
    await settled(o, payment_status)
    await ended(mall, o.orderNo)
    expect(await readHoldings(mall)).toEqual(o.before)
  })

  const refundable = ORDER_ACTIONS.refund.flatMap((status) =>
    (['points', 'wallet', 'bank_card'] as const).map((payment) => [status, payment] as const),
  )
  test.each(refundable)('%s by %s, refunded by an operator', async (status, payment) => {
    const o = await orderIn(status, payment)
    const answer = await o.operate('refund', { reason: 'damaged' })
    expect(answer.body.data).toMatchObject({ status: 'order_canceled', cancel_reason: 'damaged' })
    await settled(o, 'refunded')
    await ended(mall, o.orderNo)
    expect(await readHoldings(mall)).toEqual(o.before)
    const refunded = await readTables(mall.db)
    expect((await o.operate('refund', { reason: 'again' })).status).toBe(409)
    expect(await readTables(mall.db)).toEqual(refunded)
    if (status === 'order_finished') {
      expect(await workflowState(mall, `refund/${o.orderNo}/after-sale`)).toBe('COMPLETED')
    }
  })

  test('of the workflow itself', async () => {
    for (const [status, payment, payment_status] of [
      ['order_created', 'bank_card', 'closed'],
      ['order_accepted', 'bank_card', 'refunded'],
      ['order_paid', 'wallet', 'refunded'],
    ] as const) {
      const o = await orderIn(status, payment)
      await mall.temporal.client.workflow.getHandle(`exchange/${o.orderNo}`).cancel()
      await until(
        () => workflowState(mall, `exchange/${o.orderNo}`),
        (state) => state === 'CANCELLED',
        'the workflow has ended',
      )
      expect(await o.show()).toMatchObject({ status: 'order_canceled', payment_status })
      expect(await readHoldings(mall)).toEqual(o.before)
    }
  })
})

describe('events of the order domain', () => {
  /** Sends an event in the form of Standard Webhooks 1.0. */
  async function send(
    kind: string,
    orderNo: string,
    how: { id?: string; data?: object; secret?: string; at?: Date; tamper?: (body: string) => string } = {},
  ) {
    const { id = `evt_${randomUUID()}`, at = new Date(), secret = mall.deps.ordersWebhookSecret ?? '' } = how
    const body = JSON.stringify({ type: `order.${kind}`, data: { order_no: orderNo, ...how.data } })
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': `${Math.floor(at.getTime() / 1000)}`,
      'webhook-signature': new Webhook(secret).sign(id, at, body),
      'content-type': 'application/json',
    }
    return mall.call('POST', '/api/webhooks/orders', { headers, body: how.tamper ? how.tamper(body) : body })
  }
  const reach = (o: Orders, status: string) => mall.reach(o.owner, o.orderNo, status)
  const delivered = (o: Orders) =>
    until(
      () =>
        mall.db
          .selectFrom('webhook_inbox')
          .select('outcome')
          .where('order_no', '=', o.orderNo)
          .where('source', '=', 'orders')
          .execute(),
      (events) => events.every(({ outcome }) => outcome !== null),
      'all events are delivered',
    )

  test('move the order: accepted, shipped, finished', async () => {
    const o = await orderIn('order_paid')
    expect((await send('accepted', o.orderNo)).status).toBe(200)
    await reach(o, 'order_accepted')
    await send('shipped', o.orderNo, { data: PARCEL })
    expect(await reach(o, 'order_shipped')).toMatchObject({ shipping_info: PARCEL })
    await send('finished', o.orderNo)
    await reach(o, 'order_finished')
    await ended(mall, o.orderNo)
  })

  test('of what only the mall decides are acknowledged and move nothing, whenever they come', async () => {
    const unpaid = await orderIn('order_created', 'bank_card')
    const shipped = await orderIn('order_shipped')
    const before = await Promise.all([unpaid.show(), shipped.show()])
    for (const o of [unpaid, shipped]) {
      for (const kind of ['created', 'paid']) expect((await send(kind, o.orderNo)).status).toBe(200)
      expect((await delivered(o)).map(({ outcome }) => outcome).slice(-2)).toEqual([
        'not_relevant',
        'not_relevant',
      ])
    }
    expect(await Promise.all([unpaid.show(), shipped.show()])).toEqual(before)
    expect((await send('packed', shipped.orderNo)).status).toBe(422)
  })

  test('ship an order that travels with its parcel only', async () => {
    const o = await orderIn('order_paid')
    const still = await orderIn('order_paid', 'points', mall, 'none')
    for (const [data, fields] of [
      [{}, ['data.carrier', 'data.tracking_no']],
      [{ carrier: ' ', tracking_no: 'SF1' }, ['data.carrier']],
      [{ carrier: '顺丰', tracking_no: '\u200b' }, ['data.tracking_no']],
    ] as const) {
      const { status, body } = await send('shipped', o.orderNo, { data })
      expect([status, body.code]).toEqual([422, 'VALIDATION_FAILED'])
      expect(body.errors).toEqual(fields.map((field) => expect.objectContaining({ field, code: 'required' })))
    }
    // Nothing was kept of them, and the orders go on.
    const events = mall.db.selectFrom('webhook_inbox').select('id')
    expect(await events.where('order_no', 'in', [o.orderNo, still.orderNo]).execute()).toEqual([])
    await send('shipped', o.orderNo, { data: PARCEL })
    expect(await reach(o, 'order_shipped')).toMatchObject({ shipping_info: PARCEL })
    // What is handed over has no parcel.
    await send('shipped', still.orderNo)
    expect(await reach(still, 'order_shipped')).toMatchObject({ shipping_info: null })
  })

  test('of steps that are switched off are acknowledged, and neither kept nor applied', async () => {
    const o = await orderIn('order_paid')
    const kept = () =>
      mall.db.selectFrom('webhook_inbox').select('id').where('order_no', '=', o.orderNo).execute()
    const { orderSync } = mall.deps
    const before = [await kept(), await o.show()]
    try {
      Object.assign(mall.deps, { orderSync: ['shipped'] })
      expect((await send('accepted', o.orderNo)).status).toBe(200)
      expect((await send('accepted', o.orderNo, { tamper: (body) => `${body} ` })).status).toBe(401)
      expect([await kept(), await o.show()]).toEqual(before)
    } finally {
      Object.assign(mall.deps, { orderSync })
    }
    await send('accepted', o.orderNo)
    await reach(o, 'order_accepted')
  })

  test('only move it forward when they arrive out of order', async () => {
    const o = await orderIn('order_paid')
    await send('shipped', o.orderNo, { data: PARCEL })
    expect(await reach(o, 'order_shipped')).toMatchObject({ shipping_info: PARCEL })
    await send('accepted', o.orderNo)
    await delivered(o)
    // This answer proves that the late event has been processed.
    expect((await o.operate('accept')).status).toBe(409)
    const { status, timeline } = await o.show()
    expect(status).toBe('order_shipped')
    expect(timeline.map((line: { status: string }) => line.status)).toEqual([
      'exchanged',
      'order_created',
      'order_paid',
      'order_accepted',
      'order_shipped',
    ])
  })

  test('finish it once when sent twice within milliseconds, and a later cancellation is ignored', async () => {
    const orders = await Promise.all(Array.from({ length: 8 }, () => orderIn('order_paid')))
    await Promise.all(
      orders.map(async ({ orderNo }, n) => {
        const first = send('finished', orderNo)
        await pause(3 + n * 3)
        const answers = await Promise.all([first, send('finished', orderNo)])
        expect(answers.map(({ status }) => status)).toEqual([200, 200])
      }),
    )
    for (const { owner, orderNo } of orders) {
      await mall.reach(owner, orderNo, 'order_finished')
      await ended(mall, orderNo)
      await send('canceled', orderNo)
      await mall.sweep()
      expect((await mall.order(owner, orderNo)).status).toBe('order_finished')
    }
  })

  test("never make the customer's confirmation fail when they arrive at the same time", async () => {
    const orders = await Promise.all(Array.from({ length: 8 }, () => orderIn('order_shipped')))
    const answers = await Promise.all(
      orders.map(async ({ owner, orderNo }, n) => {
        const told = send('finished', orderNo)
        await pause(n * 3)
        const { status } = await mall.act(owner, orderNo, 'confirm')
        await told
        return status
      }),
    )
    expect(answers.filter((status) => status !== 200 && status !== 409)).toEqual([])
    for (const { orderNo } of orders) await ended(mall, orderNo)
  })

  test('count once when they are repeated', async () => {
    const o = await orderIn('order_paid')
    const id = `evt_${randomUUID()}`
    for (let n = 0; n < 5; n += 1) expect((await send('accepted', o.orderNo, { id })).status).toBe(200)
    await reach(o, 'order_accepted')
    await delivered(o)
    const before = await readTables(mall.db)
    expect((await send('accepted', o.orderNo, { id })).status).toBe(200)
    expect(await readTables(mall.db)).toEqual(before)
    expect(before.webhook_inbox?.filter((row) => row.includes(id))).toHaveLength(1)
  })

  test('cancel and return everything before it ships, and do nothing after', async () => {
    for (const [status, payment] of [
      ['order_created', 'bank_card'],
      ['order_paid', 'wallet'],
      ['order_accepted', 'bank_card'],
    ] as const) {
      const o = await orderIn(status, payment)
      await send('canceled', o.orderNo)
      await reach(o, 'order_canceled')
      await ended(mall, o.orderNo)
      expect(await readHoldings(mall)).toEqual(o.before)
    }
    const shipped = await orderIn('order_shipped')
    await send('canceled', shipped.orderNo)
    await delivered(shipped)
    expect((await shipped.act('cancel')).status).toBe(409)
    expect(await shipped.show()).toMatchObject({ status: 'order_shipped' })
  })

  test('do nothing for an unpaid, a finished or an unknown order', async () => {
    const [unpaid, finished] = [await orderIn('order_created'), await orderIn('order_finished')]
    await ended(mall, finished.orderNo)
    for (const { orderNo } of [unpaid, finished, { orderNo: 'PM20260101000000AAAAAAAAAAAA' }]) {
      expect((await send('shipped', orderNo, { data: PARCEL })).status).toBe(200)
    }
    await Promise.all([delivered(unpaid), delivered(finished)])
    expect((await unpaid.operate('accept')).status).toBe(409)
    expect(await unpaid.show()).toMatchObject({ status: 'order_created' })
    expect(await finished.show()).toMatchObject({ status: 'order_finished' })
  })

  test('answer 401 and change nothing if unsigned, wrongly signed, expired, early or altered', async () => {
    const o = await orderIn('order_paid')
    const before = await readTables(mall.db)
    const minutes = (n: number) => new Date(Date.now() + n * 60_000)
    const body = { type: 'order.finished', data: { order_no: o.orderNo } }
    const answers = [
      await mall.call('POST', '/api/webhooks/orders', { body }),
      await send('finished', o.orderNo, { secret: `whsec_${Buffer.from('guessed').toString('base64')}` }),
      await send('finished', o.orderNo, { at: minutes(-10) }),
      await send('finished', o.orderNo, { at: minutes(10) }),
      await send('accepted', o.orderNo, { tamper: (text) => text.replace('accepted', 'finished') }),
    ]
    expect(answers.map(({ status, body: { code } }) => [status, code])).toEqual(
      answers.map(() => [401, 'WEBHOOK_SIGNATURE_INVALID']),
    )
    expect(await readTables(mall.db)).toEqual(before)
    expect((await send('accepted', o.orderNo)).status).toBe(200)
    await reach(o, 'order_accepted')
  })
})

describe('roles', () => {
  const actions: [string, object][] = [
    ['accept', {}],
    ['ship', PARCEL],
    ['finish', {}],
    ['cancel', { reason: 'x' }],
    ['refund', { reason: 'x' }],
    ['resolve', { action: 'skip', reason: 'x' }],
  ]
  test('a customer gets 403 at every operator route, an anonymous caller 401, and nothing changes', async () => {
    const o = await orderIn('order_paid')
    const before = await readTables(mall.db)
    for (const [action, body] of actions) {
      const path = `/api/admin/points-mall/orders/${o.orderNo}/${action}`
      const forbidden = await mall.call('POST', path, { as: o.owner, body })
      expect(forbidden).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } })
      expect(await mall.call('POST', path, { body })).toMatchObject({ status: 401 })
    }
    for (const path of ['orders', `orders/${o.orderNo}`]) {
      expect(await mall.call('GET', `/api/admin/points-mall/${path}`, { as: o.owner })).toMatchObject({
        status: 403,
      })
    }
    expect(await readTables(mall.db)).toEqual(before)
    for (const role of ['operator', 'admin'] as const) {
      const path = `/api/admin/points-mall/orders/${o.orderNo}`
      expect((await mall.call('GET', path, { as: 'staff', role })).status).toBe(200)
    }
  })
})

describe('the table of transitions', () => {
  test('is the same in the database as in the domain', async () => {
    const { rows } = await sql<{ from_status: string; to_status: string }>`
      select * from order_status_transitions`.execute(mall.db)
    const kept = rows.map(({ from_status, to_status }) => `${from_status} ${to_status}`)
    const told = ORDER_STATUSES.flatMap((from) => ORDER_TRANSITIONS[from].map((to) => `${from} ${to}`))
    expect(kept.toSorted()).toEqual(told.toSorted())
  })

  test.each(['points_exchange_orders', 'orders'])('is enforced by the database: %s', async (table) => {
    const product_id = await mall.product()
    const insert = (status: OrderStatus) =>
      table === 'orders'
        ? sql`insert into orders (order_no, status, amount, owner_type, owner_id)
            values ('trial', ${status}, 0, 'user', 'trial')`
        : sql`insert into points_exchange_orders
              (id, order_no, product_id, product_title, shipping_type, payment_mode, status, owner_type, owner_id)
            values (0, 'trial', ${product_id}, 'trial', 'none', 'points_only', ${status}, 'user', 'trial')`
    const undone = new Error('undone')
    /** Tries the transition in a transaction that is rolled back. */
    async function moves(from: OrderStatus, to: OrderStatus): Promise<boolean> {
      try {
        await mall.db.transaction().execute(async (tx) => {
          await insert(from).execute(tx)
          await sql`update ${sql.table(table)} set status = ${to} where order_no = 'trial'`.execute(tx)
          throw undone
        })
      } catch (error) {
        if (error === undone) return true
        if ((error as { code?: string }).code === '23514') return false
        throw error
      }
      return true
    }
    for (const from of ORDER_STATUSES) {
      for (const to of ORDER_STATUSES) {
        if (from !== to) expect([from, to, await moves(from, to)]).toEqual([from, to, canMove(from, to)])
      }
    }
  })
})
