import { inspect } from 'node:util'
import { sql } from 'kysely'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ChargeDeps, createChargeActivities } from '../../activities/charges.ts'
import { createApp } from '../../api/app.ts'
import { connectTemporal } from '../../application/temporal/client.ts'
import { createEncryptor } from '../../db/platform/encryption.ts'
import { CHARGE_STATES, CHARGE_TRANSITIONS, type ChargeState } from '../../domain/fulfilment/charge.ts'
import { SUPPLIER_FAULTS, type SupplierFault } from '../../sandbox/supplier/books.ts'
import { createHttpSupplier, SupplierError } from '../../suppliers/http.ts'
import { SupplierRefusalError } from '../../suppliers/port.ts'
import { createDoor, createHooks } from '../support/hooks.ts'
import { openHttpSession } from '../support/http-session.ts'
import { freePort } from '../support/ports.ts'
import { fieldsOf } from '../support/shopper.ts'
import { compareCharges, type SupplierCharge } from '../support/supplier-books.ts'
import { openTestApp, SUPPLIER, type TestApp, token, until } from '../support/test-app.ts'
import { toPlainHistory } from '../workflows/plain-history.ts'

const ACCOUNT = '13812345678'
const POINTS = 100
const staff = { as: 'op', role: 'operator' } as const
const hooks = createHooks()

/** Orders whose charge is due by the clock of the workflow, and not by that of the worker. */
const behind = new Set<string>()
let mall: TestApp
let product: string
let owners = 0
beforeAll(async () => {
  mall = await openTestApp({
    tamper: (activities) => {
      const hooked = hooks.tamper(activities)
      return {
        ...hooked,
        chargeOrder: async (orderNo, confirmBy, when) => {
          const charged = await hooked.chargeOrder(orderNo, confirmBy, when)
          if (!behind.has(orderNo) || charged.charge === null) return charged
          return { ...charged, charge: { ...charged.charge, nextAt: new Date(0).toISOString() } }
        },
      }
    },
  })
  product = await chargeProduct()
})
afterAll(async () => {
  expect(await mall.brokenLaws()).toEqual([])
  await mall.close()
})

async function chargeProduct(fields: Record<string, unknown> = {}): Promise<string> {
  const body = {
    title: '手机话费 10 元',
    payment_mode: 'points_only',
    point: POINTS,
    stock_quantity: 1_000,
    product_type: 'virtual',
    delivery: 'charge',
    charge: { item: 'mobile-10' },
    ...fields,
  }
  const made = await mall.call('POST', '/api/admin/points-mall/products', { ...staff, body })
  const { id } = made.body.data
  await mall.call('POST', `/api/admin/points-mall/products/${id}/publish`, { ...staff, body: {} })
  return id
}

async function buyer(points = POINTS): Promise<string> {
  owners += 1
  await mall.points(`caller${owners}`, points)
  return `caller${owners}`
}

async function redeem(body: Record<string, unknown> = {}, owner?: string) {
  const as = owner ?? (await buyer())
  const answer = await mall.exchange(as, { product_id: product, account: ACCOUNT, ...body })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return { as, orderNo: answer.body.data.order_no as string, data: answer.body.data }
}

const fail = (fault: SupplierFault, count = 1) => mall.control('supplier/faults', { fault, count })
const books = async () => (await mall.control('supplier/charges')).body as SupplierCharge[]
const requestsOf = async (orderNo: string) =>
  ((await mall.control('supplier/requests')).body as { kind: string; charge_no: string }[]).filter(
    ({ charge_no }) => charge_no === orderNo,
  )
const chargeOf = async (orderNo: string) =>
  (await mall.call('GET', `/api/admin/points-mall/orders/${orderNo}`, staff)).body.data
const available = async (as: string) =>
  (await mall.call('GET', '/api/points-mall/wallet', { as })).body.data.available
const stockOf = async (id: string) =>
  (await mall.call('GET', `/api/points-mall/products/${id}`)).body.data.stock_quantity
const reachCharge = (orderNo: string, holds: (charge: Record<string, unknown>) => boolean, what: string) =>
  until(async () => (await chargeOf(orderNo)).charge, holds, what)
const ATTENTION = '/api/admin/points-mall/attention'
const listedFor = async (orderNo: string) =>
  (await mall.call('GET', `${ATTENTION}?kind=order`, staff)).body.data.find(
    ({ order_no }: { order_no: string }) => order_no === orderNo,
  )
const decide = async (orderNo: string, action: string, reason: string) =>
  mall.call('POST', `${ATTENTION}/${(await listedFor(orderNo)).id}/${action}`, { ...staff, body: { reason } })
const passDeadline = (orderNo: string) =>
  sql`update charges set deadline_at = now() - interval '1 second', next_at = now() where order_no = ${orderNo}`.execute(
    mall.db,
  )
/** Nothing is asked about the charge for a day from then on. @returns lets its workflow see that */
async function pauseQueries(orderNo: string): Promise<() => void> {
  const door = createDoor()
  const reached = new Promise<void>((resolve) => {
    hooks.before('chargeOrder', (charged) => {
      if (charged !== orderNo) return
      resolve()
      return door.passed()
    })
  })
  await reached
  await sql`update charges set next_at = now() + interval '1 day' where order_no = ${orderNo}`.execute(
    mall.db,
  )
  return () => {
    hooks.clear()
    door.open()
  }
}

describe('a paid order', () => {
  test('is charged once under its own number, and then finished as codes are', async () => {
    const { as, orderNo } = await redeem({ account: ' +86 138-1234-5678 ', quantity: 1 })
    const order = await mall.reach(as, orderNo, 'order_shipped')
    expect(order.delivery).toEqual({ type: 'charge', state: 'succeeded', account: ACCOUNT })
    expect(order.timeline.map(({ code }: { code: string | null }) => code)).toContain('charged')
    const mine = (await books()).filter(({ charge_no }) => charge_no === orderNo)
    expect(mine).toMatchObject([{ item: 'mobile-10', quantity: 1, state: 'succeeded' }])
    expect((await requestsOf(orderNo)).filter(({ kind }) => kind === 'charge')).toHaveLength(1)
    const { charge } = await chargeOf(orderNo)
    expect(charge).toMatchObject({ state: 'succeeded', account: '138****5678', sends: 1 })
    expect(charge.supplier_ref).toMatch(/^SP/)
    expect((await mall.act(as, orderNo, 'confirm')).body.data.status).toBe('order_finished')
    // Nobody else's: the order does not exist for them.
    expect((await mall.call('GET', `/api/points-mall/orders/${orderNo}`, { as: 'somebody' })).status).toBe(
      404,
    )
  })

  test('with cash is charged after its payment, not before', async () => {
    const mixed = await chargeProduct({
      payment_mode: 'mixed',
      price: { amount: '5.00', currency: 'CNY' },
    })
    const { as, orderNo, data } = await redeem({ product_id: mixed, payment_method: 'bank_card' })
    expect(data.status).toBe('order_created')
    expect((await mall.order(as, orderNo)).delivery).toMatchObject({ state: 'processing' })
    expect(await requestsOf(orderNo)).toEqual([])
    const paid = await until(
      () => mall.order(as, orderNo),
      ({ payment_info }) => payment_info.pay_url !== null,
      'the cashier is open',
    )
    await mall.cashier(paid.payment_info.pay_url, 'pay')
    await until(
      async () => {
        await mall.sweep()
        return mall.order(as, orderNo)
      },
      ({ status }) => status === 'order_shipped',
      'it is charged',
    )
    expect(await requestsOf(orderNo)).not.toEqual([])
  })

  test('keeps the number out of clear text: rows, workflow, lists and pages of staff', async () => {
    const { as, orderNo } = await redeem()
    await mall.reach(as, orderNo, 'order_shipped')
    const { rows } = await sql<{ row: string }>`
      select charges::text as row from charges where order_no = ${orderNo} union all
      select exchange_attempts::text from exchange_attempts where order_no = ${orderNo} union all
      select points_exchange_orders::text from points_exchange_orders where order_no = ${orderNo} union all
      select order_events::text from order_events where order_no = ${orderNo}`.execute(mall.db)
    const history = JSON.stringify(await toPlainHistory(await mall.history(orderNo), mall.deps.sealer))
    const seen = JSON.stringify([rows, await chargeOf(orderNo), history])
    expect(rows.length).toBeGreaterThan(3)
    expect(history).toContain(orderNo)
    expect(seen).not.toContain(ACCOUNT)
    expect(seen).not.toContain(Buffer.from(ACCOUNT).toString('hex'))
    expect(seen).not.toContain(Buffer.from(ACCOUNT).toString('base64').slice(0, 12))
  })
})

describe('refused before points are touched', () => {
  test.each([
    ['without a number', {}, 'ACCOUNT_REQUIRED'],
    ['with a fixed line', { account: '010-12345678' }, 'VALIDATION_FAILED'],
    ['with a digit too few', { account: '1381234567' }, 'VALIDATION_FAILED'],
    ['with words', { account: 'my phone' }, 'VALIDATION_FAILED'],
  ])('%s', async (_, body, code) => {
    const as = await buyer()
    const answer = await mall.exchange(as, { product_id: product, ...body })
    expect([answer.status, answer.body.code]).toEqual([422, code])
    expect(await available(as)).toBe(POINTS)
    expect((await mall.call('GET', '/api/points-mall/orders', { as })).body.data).toEqual([])
  })

  test('a number for goods that charge nothing', async () => {
    const as = await buyer()
    const other = await mall.product({ point: 10 })
    const answer = await mall.exchange(as, { product_id: other, account: ACCOUNT })
    expect(answer.status).toBe(422)
    expect(answer.body.errors).toMatchObject([{ field: 'account', code: 'charge_only' }])
    expect(await available(as)).toBe(POINTS)
  })

  test('a product without an article, and any product without a supplier', async () => {
    const staffed = { ...staff, body: {} }
    const bare = await mall.call('POST', '/api/admin/points-mall/products', {
      ...staff,
      body: { title: '话费', payment_mode: 'points_only', point: 1, stock_quantity: 1, delivery: 'charge' },
    })
    const publish = `/api/admin/points-mall/products/${bare.body.data.id}/publish`
    expect((await mall.call('POST', publish, staffed)).body.errors).toMatchObject([{ field: 'charge' }])
    const { rules } = mall.deps.settings
    mall.configure({ rules: { ...rules, canCharge: false } })
    try {
      const as = await buyer()
      const answer = await mall.exchange(as, { product_id: product, account: ACCOUNT })
      expect([answer.status, answer.body.code]).toEqual([409, 'CHARGE_UNAVAILABLE'])
      expect(await available(as)).toBe(POINTS)
      const again = await mall.call('POST', `/api/admin/points-mall/products/${product}/publish`, staffed)
      expect(again.body.code).toBe('CHARGE_UNAVAILABLE')
    } finally {
      mall.configure({ rules })
    }
  })
})

describe('whatever happens at the supplier', () => {
  const charged: SupplierFault[] = [
    'answer_lost',
    'silent',
    'error_before',
    'error_after',
    'twice',
    'garbage',
    'stranger',
    'redirect',
    'unknown',
    'query_error',
  ]
  test.each(charged)('%s: the account is charged exactly once, under one number', async (fault) => {
    if (fault === 'unknown' || fault === 'query_error') await fail('answer_lost')
    await fail(fault, fault === 'query_error' ? 3 : 1)
    const { as, orderNo } = await redeem()
    await mall.reach(as, orderNo, 'order_shipped')
    const mine = (await books()).filter(({ charge_no }) => charge_no.startsWith(orderNo))
    expect(mine).toMatchObject([{ charge_no: orderNo, state: 'succeeded' }])
    // A second request follows a query that found nothing, and nothing else.
    const kinds = (await requestsOf(orderNo)).map(({ kind }) => kind)
    const resends = kinds.flatMap((kind, n) => (kind === 'charge' && n > 0 ? [kinds[n - 1]] : []))
    expect(resends.every((kind) => kind === 'find')).toBe(true)
    const isResent = fault === 'error_before' || fault === 'redirect' || fault === 'unknown'
    expect(resends).toHaveLength(isResent ? 1 : 0)
    expect(await compareCharges(mall.db, await books())).toEqual([])
  })

  const failed: SupplierFault[] = ['refused', 'fails', 'fails_at_once']
  test.each(failed)('%s: points and stock come back, and the order is canceled', async (fault) => {
    const before = await stockOf(product)
    await fail(fault)
    const { as, orderNo } = await redeem({ quantity: 2 }, await buyer(2 * POINTS))
    const order = await mall.reach(as, orderNo, 'order_canceled')
    expect(order.cancel_reason).toBe('charge_failed')
    expect(order.delivery).toMatchObject({ state: 'failed' })
    expect(await available(as)).toBe(2 * POINTS)
    expect(await stockOf(product)).toBe(before)
    expect(await compareCharges(mall.db, await books())).toEqual([])
  })

  test('every fault of the sandbox is one of these', () => {
    const apart: SupplierFault[] = ['stuck', 'late']
    expect([...charged, ...failed, ...apart].toSorted()).toEqual([...SUPPLIER_FAULTS].toSorted())
  })

  test('a step that ran and whose answer was lost charges nothing again', async () => {
    let lost = 3
    hooks.after('chargeOrder', () => {
      if (lost-- > 0) throw new Error('the worker died')
    })
    const { as, orderNo } = await redeem()
    await mall.reach(as, orderNo, 'order_shipped')
    hooks.clear()
    expect((await requestsOf(orderNo)).filter(({ kind }) => kind === 'charge')).toHaveLength(1)
  })
})

describe('a charge that is not decided', () => {
  test('cannot be canceled, moved or returned; "query now" asks at once', async () => {
    await fail('stuck')
    const { as, orderNo } = await redeem()
    await reachCharge(orderNo, ({ state }) => state === 'processing', 'it is processed')
    expect((await mall.act(as, orderNo, 'cancel')).body.code).toBe('ORDER_NOT_CANCELABLE')
    const wish = { type: 'refund_only', quantity: 1, reason: '不要了' }
    const asked = await mall.call('POST', `/api/points-mall/orders/${orderNo}/after-sales`, {
      as,
      body: wish,
    })
    expect(asked.body.code).toBe('NOT_RETURNABLE')
    const reason = { reason: '客户要求' }
    expect((await mall.operate(orderNo, 'cancel', reason)).body.code).toBe('CHARGE_UNDECIDED')
    expect((await mall.operate(orderNo, 'refund', reason)).body.code).toBe('CHARGE_UNDECIDED')
    const part = await mall.operate(orderNo, 'refund', { ...reason, points: 10 })
    expect([part.status, part.body.code]).toEqual([409, 'CHARGE_UNDECIDED'])
    expect((await mall.operate(orderNo, 'accept')).body.code).toBe('ORDER_STATE_CONFLICT')
    expect(await available(as)).toBe(0)
    const resume = await pauseQueries(orderNo)
    await mall.control('supplier/settle', { charge_no: orderNo, state: 'succeeded' })
    resume()
    const now = await mall.operate(orderNo, 'charge/query')
    expect(now.status).toBe(200)
    await mall.reach(as, orderNo, 'order_shipped')
    expect((await mall.operate(orderNo, 'charge/query')).body.code).toBe('ORDER_STATE_CONFLICT')
    expect((await mall.operate(orderNo, 'refund', { ...reason, points: 10 })).status).toBe(200)
    expect(await available(as)).toBe(10)
  })

  test('is not refunded in part before it is sent, either', async () => {
    hooks.before('chargeOrder', () => {
      throw new Error('the worker is down')
    })
    const { as, orderNo } = await redeem()
    await mall.reach(as, orderNo, 'order_paid')
    const part = await mall.operate(orderNo, 'refund', { reason: '客户要求', points: 10 })
    expect([part.status, part.body.code]).toEqual([409, 'CHARGE_UNDECIDED'])
    expect(await available(as)).toBe(0)
    hooks.clear()
    await mall.reach(as, orderNo, 'order_shipped')
  })

  test('calls an operator after its deadline; a negative answer refunds', async () => {
    await fail('stuck')
    const { as, orderNo } = await redeem()
    await reachCharge(orderNo, ({ state }) => state === 'processing', 'it is processed')
    await passDeadline(orderNo)
    const late = await until(
      () => chargeOf(orderNo),
      ({ charge, attention }) => charge.overdue && attention !== undefined,
      'it is overdue',
    )
    expect(late.attention).toEqual({ code: 'charge', data: { said: 'processing' } })
    expect((await mall.order(as, orderNo)).needs_attention).toBe('support')
    expect((await mall.operate(orderNo, 'refund', { reason: '超时' })).body.code).toBe('CHARGE_UNDECIDED')
    expect(await available(as)).toBe(0)
    await mall.control('supplier/settle', { charge_no: orderNo, state: 'failed' })
    await sql`update charges set next_at = now() + interval '1 day' where order_no = ${orderNo}`.execute(
      mall.db,
    )
    expect(await listedFor(orderNo)).toMatchObject({ code: 'charge', actions: ['retry'] })
    expect((await decide(orderNo, 'skip', '算了')).body.code).toBe('ORDER_STATE_CONFLICT')
    expect((await decide(orderNo, 'retry', '供应商已恢复')).status).toBe(200)
    await mall.reach(as, orderNo, 'order_canceled')
    expect(await available(as)).toBe(POINTS)
    expect((await chargeOf(orderNo)).attention).toBeUndefined()
  })

  test('that succeeds after its refund is listed with both facts until an operator records how it was settled', async () => {
    await fail('late', 100)
    const { as, orderNo } = await redeem()
    await reachCharge(orderNo, ({ answer }) => answer === 'not_found' || answer === null, 'it is not there')
    await passDeadline(orderNo)
    await reachCharge(
      orderNo,
      ({ overdue, answer, state }) => overdue === true && answer === 'not_found' && state === 'unknown',
      'it is overdue',
    )
    await mall.control('supplier/clear-faults', {})
    const sent = (await requestsOf(orderNo)).filter(({ kind }) => kind === 'charge').length
    const part = await mall.operate(orderNo, 'refund', { reason: '供应商没有收到', points: 10 })
    expect([part.status, part.body.code]).toEqual([409, 'CHARGE_UNDECIDED'])
    expect((await mall.operate(orderNo, 'refund', { reason: '供应商没有收到' })).status).toBe(200)
    expect(await available(as)).toBe(POINTS)
    // Past the deadline and past the refund it is only asked about.
    await mall.control('supplier/arrive', { charge_no: orderNo })
    expect(await compareCharges(mall.db, await books())).toContain(
      `${orderNo} is charged, and order_canceled`,
    )
    await mall.operate(orderNo, 'charge/query')
    const both = await until(
      async () => {
        await mall.askAboutRefunded()
        return chargeOf(orderNo)
      },
      ({ attention }) => attention !== undefined,
      'an operator sees it',
    )
    expect(both).toMatchObject({ status: 'order_canceled', attention: { code: 'charged_after_refund' } })
    expect(both.charge).toMatchObject({ state: 'succeeded', acknowledged: null })
    expect(both.attention.data.said).toBe(both.charge.supplier_ref)
    expect(both.timeline.at(-1).code).toBe('charged_after_refund')
    expect(await available(as)).toBe(POINTS)
    expect((await requestsOf(orderNo)).filter(({ kind }) => kind === 'charge')).toHaveLength(sent)
    expect(await compareCharges(mall.db, await books())).toEqual([])
    const words = { reason: '客户已补付' }
    expect(await listedFor(orderNo)).toMatchObject({ code: 'charged_after_refund', actions: ['skip'] })
    const { id } = await listedFor(orderNo)
    expect((await decide(orderNo, 'retry', '再试')).body.code).toBe('ORDER_STATE_CONFLICT')
    expect((await decide(orderNo, 'skip', words.reason)).status).toBe(200)
    expect(await listedFor(orderNo)).toBeUndefined()
    expect((await mall.call('POST', `${ATTENTION}/${id}/skip`, { ...staff, body: words })).status).toBe(404)
    expect((await mall.operate(orderNo, 'charge/acknowledge', { reason: '再来' })).status).toBe(200)
    const settled = await chargeOf(orderNo)
    expect(settled.attention).toBeUndefined()
    expect(settled.charge.acknowledged).toMatchObject({ by: 'op', ...words })
    expect(await compareCharges(mall.db, await books())).toEqual([])
  })

  test('and whose order is canceled while the supplier is asked is listed, too', async () => {
    await fail('late', 100)
    const { as, orderNo } = await redeem()
    await passDeadline(orderNo)
    await reachCharge(orderNo, ({ overdue, answer }) => overdue === true && answer === 'not_found', 'overdue')
    await mall.control('supplier/clear-faults', {})
    const { chargeOrder } = createChargeActivities({
      ...mall.deps,
      supplier: {
        ...mall.supplier,
        find: async (chargeNo) => {
          expect((await mall.operate(orderNo, 'refund', { reason: '供应商没有收到' })).status).toBe(200)
          await mall.control('supplier/arrive', { charge_no: orderNo })
          return mall.supplier.find(chargeNo)
        },
      },
    })
    const late = await chargeOrder(orderNo, new Date().toISOString(), 'now')
    expect(late).toMatchObject({ status: 'order_canceled', charge: { state: 'succeeded', nextAt: null } })
    const both = await chargeOf(orderNo)
    expect(both).toMatchObject({ status: 'order_canceled', attention: { code: 'charged_after_refund' } })
    expect(both.timeline.at(-1).code).toBe('charged_after_refund')
    expect(await available(as)).toBe(POINTS)
    expect(await compareCharges(mall.db, await books())).toEqual([])
  })

  test('is not asked about without a pause while the clock of the worker is behind', async () => {
    await fail('stuck')
    const { as, orderNo } = await redeem()
    await reachCharge(orderNo, ({ state }) => state === 'processing', 'it is processed')
    const resume = await pauseQueries(orderNo)
    behind.add(orderNo)
    const before = hooks.ended('chargeOrder')
    resume()
    await until(
      () => hooks.ended('chargeOrder') - before,
      (asked) => asked >= 4,
      'it is asked about',
    )
    const events = (await mall.history(orderNo)).events ?? []
    const asked = events.filter(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'chargeOrder',
    )
    const pauses = events.flatMap(({ timerStartedEventAttributes: timer }) =>
      timer
        ? [Number(timer.startToFireTimeout?.seconds ?? 0) * 1e9 + (timer.startToFireTimeout?.nanos ?? 0)]
        : [],
    )
    expect(pauses.length).toBeGreaterThanOrEqual(asked.length - 1)
    expect(pauses.at(-1)).toBeGreaterThan(pauses.at(-3) ?? 0)
    behind.delete(orderNo)
    await mall.control('supplier/settle', { charge_no: orderNo, state: 'succeeded' })
    expect((await mall.operate(orderNo, 'charge/query')).status).toBe(200)
    await mall.reach(as, orderNo, 'order_shipped')
  })

  test('is 503 to "query now" while Temporal is away or does not answer', async () => {
    await fail('stuck')
    const { as, orderNo } = await redeem()
    await reachCharge(orderNo, ({ state }) => state === 'processing', 'it is processed')
    const nowhere = { address: `127.0.0.1:${await freePort()}` }
    const away = { ...connectTemporal(nowhere, mall.name, mall.deps.sealer), answerMs: 500 }
    const mute = { ...mall.deps.temporal, answerMs: -1 }
    for (const temporal of [away, mute]) {
      const path = `/api/admin/points-mall/orders/${orderNo}/charge/query`
      const answer = await createApp({ ...mall.deps, temporal }).request(path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await token('op', 'operator', 1)}`,
          'content-type': 'application/json',
        },
        body: '{}',
      })
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([503, 'UNAVAILABLE'])
    }
    await away.client.connection.close()
    await mall.control('supplier/settle', { charge_no: orderNo, state: 'succeeded' })
    await mall.reach(as, orderNo, 'order_shipped')
  })

  test('belongs to its customer: an operator does not decide on their own', async () => {
    const as = 'op'
    await mall.points(as, POINTS)
    await fail('stuck')
    const { orderNo } = await redeem({}, as)
    await reachCharge(orderNo, ({ state }) => state === 'processing', 'it is processed')
    expect((await mall.operate(orderNo, 'charge/query')).body.code).toBe('FORBIDDEN')
    await mall.control('supplier/settle', { charge_no: orderNo, state: 'succeeded' })
    await mall.reach(as, orderNo, 'order_shipped')
  })
})

describe('a charge that was never sent', () => {
  test('stays so without a supplier, and without a readable account; a failed call is told, once', async () => {
    hooks.before('chargeOrder', () => {
      throw new Error('the worker is down')
    })
    const { as, orderNo } = await redeem()
    await mall.reach(as, orderNo, 'order_paid')
    const ask = (deps: Partial<ChargeDeps>) =>
      createChargeActivities({ ...mall.deps, ...deps }).chargeOrder(orderNo, new Date().toISOString(), 'due')
    const unsent = { state: 'created', sends: 0, queries: 0, answer: null, deadline_at: null }

    const asked = Date.now()
    const { charge } = await ask({ supplier: undefined })
    expect(charge).toMatchObject({ state: 'created', refundable: true })
    expect(Date.parse(charge?.nextAt ?? '')).toBeGreaterThanOrEqual(asked + 60_000)
    expect((await chargeOf(orderNo)).charge).toMatchObject(unsent)

    const { supplier } = mall
    const unreadable = createEncryptor([{ id: 't2', key: Buffer.alloc(32, 'another key') }])
    await expect(ask({ supplier, sealer: unreadable })).rejects.toThrow()
    expect((await chargeOf(orderNo)).charge).toMatchObject(unsent)
    expect(await requestsOf(orderNo)).toEqual([])

    const told: unknown[][] = []
    const wrong = { baseUrl: `${mall.sandbox.url}/supplier`, keyId: SUPPLIER.keyId, secret: 'x'.repeat(32) }
    const charges = { onError: (...failure: unknown[]) => void told.push(failure) }
    await ask({ supplier: createHttpSupplier(wrong), charges })
    expect(told).toEqual([[orderNo, expect.any(SupplierError)]])
    expect(inspect(told, { depth: 9 })).not.toContain(ACCOUNT)
    expect((await chargeOf(orderNo)).charge).toMatchObject({ state: 'unknown', sends: 1, answer: 'none' })
    hooks.clear()
    await mall.reach(as, orderNo, 'order_shipped')
  })
})

test('50 at once through every fault: each order ends, and the books agree', async () => {
  const faults = ['answer_lost', 'error_before', 'error_after', 'fails', 'refused', 'garbage'] as const
  for (const fault of faults) await fail(fault, 5)
  await fail('unknown', 5)
  const owner = await buyer(50 * POINTS)
  const before = await stockOf(product)
  const placed = await Promise.all(Array.from({ length: 50 }, () => redeem({}, owner)))
  const numbers = placed.map(({ orderNo }) => orderNo)
  const ended = await until(
    () =>
      mall.db
        .selectFrom('points_exchange_orders')
        .select(['order_no', 'status'])
        .where('order_no', 'in', numbers)
        .execute(),
    (orders) => orders.every(({ status }) => ['order_shipped', 'order_canceled'].includes(status)),
    'every order has ended',
  )
  await mall.control('supplier/clear-faults', {})
  const shipped = ended.filter(({ status }) => status === 'order_shipped').length
  expect(50 - shipped).toBe(10)
  expect(await available(owner)).toBe(10 * POINTS)
  expect(await stockOf(product)).toBe(before - shipped)
  expect(await compareCharges(mall.db, await books())).toEqual([])
})

test('the database allows the transitions of the table, and no other order under a number', async () => {
  const client = new Client({ connectionString: mall.databaseUrl })
  await client.connect()
  const change = async (from: ChargeState, what: string, values: unknown[]) => {
    await client.query('savepoint one')
    await client.query(
      `insert into charges (order_no, item, quantity, account, state, sends, succeeded_at)
       values ('x', 'mobile-10', 1, '', $1, $2, $3)`,
      [from, from === 'created' ? 0 : 1, from === 'succeeded' ? new Date() : null],
    )
    const done = await client.query(`update charges set ${what} where order_no = 'x'`, values).then(
      () => true,
      () => false,
    )
    await client.query('rollback to savepoint one')
    return done
  }
  try {
    await client.query('begin')
    await client.query('alter table charges drop constraint charges_order_no_fkey')
    for (const from of CHARGE_STATES) {
      const allowed: ChargeState[] = []
      for (const to of CHARGE_STATES.filter((state) => state !== from)) {
        const values = [to, to === 'created' ? 0 : 1, to === 'succeeded' ? new Date() : null]
        if (await change(from, 'state = $1, sends = $2, succeeded_at = $3', values)) allowed.push(to)
      }
      expect([from, allowed.toSorted()]).toEqual([from, [...CHARGE_TRANSITIONS[from]].toSorted()])
    }
    expect(await change('created', 'updated_at = now()', [])).toBe(true)
    for (const other of ["item = 'mobile-100'", 'quantity = 2', "order_no = 'y'"]) {
      expect(await change('created', other, []), other).toBe(false)
    }
  } finally {
    await client.query('rollback')
    await client.end()
  }
})

test('the pages ask for the number, refuse a wrong one, and show it masked', async () => {
  const as = await buyer()
  const customer = await openHttpSession(mall, as)
  const sheet = `/points-mall/products/${product}/redeem`
  const page = await customer.get(sheet)
  expect(page.html).toContain('name="account"')
  const wrong = await customer.post(sheet, { ...fieldsOf(page.html, sheet), account: '12345' })
  expect([wrong.status, wrong.html.includes('11 位中国大陆手机号')]).toEqual([422, true])
  expect(await available(as)).toBe(POINTS)
  const done = await customer.post(sheet, { ...fieldsOf(wrong.html, sheet), account: '１３８ 1234 5678' })
  expect(done.status).toBe(303)
  const orderNo = /PM\w+/.exec(done.location)?.[0] ?? ''
  await mall.reach(as, orderNo, 'order_shipped')
  const shown = await customer.get(`/points-mall/orders/${orderNo}`)
  expect(shown.html).toContain('138****5678')
  expect(shown.html).toContain('充值成功')
  expect(shown.html).not.toContain(ACCOUNT)
  const console = await (await openHttpSession(mall, 'op', 'zh', 'operator')).get(`/admin/orders/${orderNo}`)
  expect(console.html).toContain('138****5678')
  expect(console.html).not.toContain(ACCOUNT)
})

describe('the client', () => {
  const access = () => ({ baseUrl: `${mall.sandbox.url}/supplier`, ...SUPPLIER, timeoutMs: 2_000 })
  const order = (chargeNo: string) => ({ chargeNo, item: 'mobile-10', quantity: 1, account: ACCOUNT })

  test('a wrong secret, an unknown key and a repeated request are unknown outcomes, and charge nothing', async () => {
    for (const wrong of [{ secret: 'another secret of the tests, long enough' }, { keyId: 'nobody' }]) {
      const supplier = createHttpSupplier({ ...access(), ...wrong })
      await expect(supplier.charge(order('WRONG1'))).rejects.toThrow(SupplierError)
      await expect(supplier.find('WRONG1')).rejects.toThrow(SupplierError)
    }
    expect(await createHttpSupplier(access()).find('WRONG1')).toBeUndefined()
  })

  test('a refusal is final only with a code, and no error has the account in it', async () => {
    await fail('refused')
    const refused = await createHttpSupplier(access())
      .charge(order('REFUSED1'))
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(SupplierRefusalError)
    await fail('redirect')
    const redirected = await createHttpSupplier(access())
      .charge(order('REDIRECT1'))
      .catch((error: unknown) => error)
    expect(redirected).not.toBeInstanceOf(SupplierRefusalError)
    expect(inspect([refused, redirected], { depth: 5 })).not.toContain(ACCOUNT)
    expect(await createHttpSupplier(access()).find('REDIRECT1')).toBeUndefined()
  })

  test('the same number for another account is refused by the supplier, and changes nothing', async () => {
    const supplier = createHttpSupplier(access())
    await supplier.charge(order('REUSED1'))
    await expect(supplier.charge({ ...order('REUSED1'), account: '13900000001' })).rejects.toThrow(
      SupplierError,
    )
    await expect(supplier.charge({ ...order('REUSED1'), quantity: 2 })).rejects.toThrow(SupplierError)
    const mine = (await books()).filter(({ charge_no }) => charge_no === 'REUSED1')
    expect(mine).toMatchObject([{ quantity: 1 }])
  })
})
