import { activityInfo } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Db } from '../../db/client.ts'
import { findAmountViolations, findPaymentViolations } from '../../db/reconciliation/invariants.ts'
import { disagreementLine } from '../../i18n/finding-texts.ts'
import { AlipayError } from '../../payments/alipay/api.ts'
import { PART_REFUND_WORKFLOW, REFUND_WORKFLOW, TASK_QUEUE } from '../../workflows/messages.ts'
import { ended, readHoldings, readTables, workflowState } from '../support/db-snapshot.ts'
import { createDoor, createHooks } from '../support/hooks.ts'
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
    'the provider keeps what is left of each live order, what was given back by hand, and no more',
  )
  expect((await mall.control('faults')).body).toEqual([])
})

let customers = 0
const DAY = 86_400_000

/** An unpaid order of 100 points and 9.90, by card unless stated otherwise. */
async function order(shop: TestApp, method: 'bank_card' | 'alipay' | 'wallet' = 'bank_card') {
  customers += 1
  const owner = `returner${customers}`
  // Taken in this order: 60 that expire sooner, then 40 of 50 that expire later.
  await shop.points(owner, 60, new Date(Date.now() + 10 * DAY))
  await shop.points(owner, 50, new Date(Date.now() + 20 * DAY))
  await shop.cash(owner, method === 'wallet' ? 1000 : 0)
  const product_id = await shop.product({ payment_mode: 'mixed', stock: 5 })
  const before = await readHoldings(shop)
  const answer = await shop.exchange(owner, { product_id, payment_method: method })
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
  const { order_no: orderNo, payment_info } = answer.body.data
  const path = `/api/admin/points-mall/orders/${orderNo}`
  return {
    owner,
    orderNo: orderNo as string,
    payUrl: payment_info.pay_url as string,
    before,
    show: () => shop.order(owner, orderNo),
    /** The order as operators see it. */
    admin: async () => (await shop.call('GET', path, { as: 'op', role: 'operator' })).body.data,
    act: (action: string, body: unknown = {}) => shop.act(owner, orderNo, action, body),
    operate: (action: string, body: unknown = {}) => shop.operate(orderNo, action, body),
    refund: (body: object, key?: string) =>
      shop.call('POST', `${path}/refund`, {
        as: 'op',
        role: 'operator',
        body: { reason: '少发一件', ...body },
        ...(key ? { key } : {}),
      }),
    resolve: (action: string, reason = 'looked at it', refund_no?: string) =>
      shop.operate(orderNo, 'resolve', { action, reason, ...(refund_no ? { refund_no } : {}) }),
    settle: (payment_status: string) =>
      until(
        () => shop.order(owner, orderNo),
        (found) => found.payment_status === payment_status,
        `${orderNo} is ${payment_status}`,
      ),
    attention: () =>
      until(
        async () =>
          (await shop.call('GET', path, { as: 'op', role: 'operator' })).body.data.needs_attention as string,
        (why) => why !== null,
        `${orderNo} needs attention`,
      ),
    trades: async () => (await shop.books()).filter((trade) => trade.out_trade_no?.startsWith(orderNo)),
    wallet: async () => {
      const { data } = (await shop.call('GET', '/api/points-mall/wallet', { as: owner })).body
      const lots = data.expiring.map(({ points }: { points: number }) => points)
      return { available: data.available as number, lots, cash: data.cash.amount as string }
    },
  }
}

async function paidOrder(shop: TestApp = mall, method: 'bank_card' | 'wallet' = 'bank_card') {
  const o = await order(shop, method)
  if (method === 'bank_card') await shop.cashier(o.payUrl, 'pay')
  await shop.reach(o.owner, o.orderNo, 'order_paid')
  return o
}

async function finishedOrder() {
  const o = await paidOrder()
  await o.operate('accept')
  expect((await o.operate('finish')).body.data.status).toBe('order_finished')
  await ended(mall, o.orderNo)
  return o
}

const cny = (amount: string) => ({ amount, currency: 'CNY' })
const fault = (name: string, count = 1) => mall.control('faults', { fault: name, count })

describe('a partial refund', () => {
  test('returns the stated amounts, and the order keeps its status', async () => {
    const o = await paidOrder()
    const answer = await o.refund({ points: 30, money: cny('3.30') })
    expect(answer).toMatchObject({
      status: 200,
      body: { data: { status: 'order_paid', cancel_reason: null } },
    })
    const shown = await o.settle('paid')
    expect(shown.refunds).toEqual([
      {
        refund_no: `${o.orderNo}-R1`,
        provider_refund_no: `${o.orderNo}-1-R1`,
        points: 30,
        money: cny('3.30'),
        state: 'done',
        reason: '少发一件',
        failure: null,
        settled: null,
        at: expect.stringMatching(/Z$/),
        done_at: expect.stringMatching(/Z$/),
      },
    ])
    expect(await o.trades()).toMatchObject([{ state: 'paid', amount: '9.90', refunded: '3.30' }])
    // As if the order had cost 70: the lots taken last are filled first.
    expect(await o.wallet()).toMatchObject({ available: 40, lots: [40] })
    const path = '/api/points-mall/orders/statistics'
    expect((await mall.call('GET', path, { as: o.owner })).body.data).toMatchObject({
      by_status: { order_paid: 1 },
      total_points: 70,
      total_money: cny('6.60'),
    })
    expect((await o.operate('accept')).body.data.status).toBe('order_accepted')
  })

  test('can follow another; the rest is returned by the full refund', async () => {
    const o = await paidOrder()
    await o.refund({ points: 50 })
    expect(await o.wallet()).toMatchObject({ available: 60, lots: [10, 50] })
    await o.refund({ money: cny('0.01') })
    await o.refund({ points: 1, money: cny('4.00') })
    await o.settle('paid')
    expect(await o.trades()).toMatchObject([{ state: 'paid', refunded: '4.01' }])
    await o.operate('accept')
    const whole = await o.refund({ reason: '退货' })
    expect(whole.body.data).toMatchObject({ status: 'order_canceled', cancel_reason: '退货' })
    const shown = await o.settle('refunded')
    expect(
      shown.refunds.map(({ points, money, state }: Record<string, unknown>) => [points, money, state]),
    ).toEqual([
      [50, cny('0.00'), 'done'],
      [0, cny('0.01'), 'done'],
      [1, cny('4.00'), 'done'],
      [49, cny('5.89'), 'done'],
    ])
    await ended(mall, o.orderNo)
    expect(await o.trades()).toMatchObject([{ state: 'refunded', amount: '9.90', refunded: '9.90' }])
    expect(await readHoldings(mall)).toEqual(o.before)
    expect((await o.refund({ points: 1 })).status).toBe(409)
  })

  test('of an order paid by the wallet is returned immediately', async () => {
    const o = await paidOrder(mall, 'wallet')
    const answer = await o.refund({ points: 10, money: cny('1.05') })
    expect(answer.body.data).toMatchObject({ status: 'order_paid', payment_status: 'paid' })
    expect(answer.body.data.refunds).toMatchObject([{ provider_refund_no: null, state: 'done' }])
    expect(await o.wallet()).toEqual({ available: 20, lots: [20], cash: '1.15' })
    await o.act('cancel')
    expect(await o.show()).toMatchObject({ status: 'order_canceled', payment_status: 'refunded' })
    await ended(mall, o.orderNo)
    expect(await readHoldings(mall)).toEqual(o.before)
  })

  test('is never all that is left, in one or several refunds: that is a full refund', async () => {
    const o = await paidOrder()
    const isWhole = { status: 409, body: { code: 'REFUND_IS_WHOLE' } }
    expect(await o.refund({ points: 100, money: cny('9.90') })).toMatchObject(isWhole)
    await o.refund({ money: cny('9.90') })
    expect(await o.settle('paid')).toMatchObject({ status: 'order_paid' })
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    expect(await o.refund({ points: 100 })).toMatchObject(isWhole)
    expect((await o.refund({ reason: '退货' })).body.data).toMatchObject({
      status: 'order_canceled',
      payment_status: 'refunded',
    })
    await ended(mall, o.orderNo)
    expect((await o.show()).refunds).toHaveLength(2)
    expect(await readHoldings(mall)).toEqual(o.before)
  })

  test('is possible after the order is finished, and so is the full refund', async () => {
    const o = await finishedOrder()
    expect((await o.refund({ points: 20, money: cny('1.00') })).body.data.status).toBe('order_finished')
    await o.settle('paid')
    expect((await o.refund({ reason: '七天无理由' })).status).toBe(200)
    await o.settle('refunded')
    await until(
      () => workflowState(mall, `refund/${o.orderNo}/after-sale`),
      (state) => state === 'COMPLETED',
      'the after-sale ends',
    )
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    expect(await readHoldings(mall)).toEqual(o.before)
  })

  test('works when points are an external step', async () => {
    const saga = await openTestApp({ outsideSteps: ['stock', 'points', 'orders'] })
    try {
      const o = await paidOrder(saga)
      expect((await o.refund({ points: 30, money: cny('3.30') })).status).toBe(200)
      await o.settle('paid')
      expect(await o.wallet()).toMatchObject({ available: 40 })
      await o.act('cancel')
      await o.settle('refunded')
      await ended(saga, o.orderNo)
      expect(await readHoldings(saga)).toEqual(o.before)
      expect(await saga.brokenLaws()).toEqual([])
    } finally {
      await saga.close()
    }
  })

  test('is made once for ten requests with one key, and again with another key', async () => {
    const o = await paidOrder()
    const part = { points: 10, money: cny('1.00') }
    const answers = await Promise.all(Array.from({ length: 10 }, () => o.refund(part, 'one-key')))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect((await o.refund({ ...part, points: 11 }, 'one-key')).body.code).toBe('IDEMPOTENCY_KEY_REUSED')
    await o.settle('paid')
    expect(await o.trades()).toMatchObject([{ refunded: '1.00' }])
    await o.refund(part, 'other-key')
    await o.settle('paid')
    expect(await o.trades()).toMatchObject([{ refunded: '2.00' }])
    expect(await o.wallet()).toMatchObject({ available: 30 })
  })

  test('cannot exceed what was paid, in ten concurrent requests', async () => {
    const o = await paidOrder()
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => o.refund({ points: 30, money: cny('2.50') })),
    )
    const codes = answers.map(({ status, body }) => `${body.code ?? status}`).sort()
    expect(codes).toEqual(['200', '200', '200', ...Array<string>(7).fill('REFUND_EXCEEDS_REST')])
    await o.settle('paid')
    expect(await o.trades()).toMatchObject([{ state: 'paid', refunded: '7.50' }])
    expect(await o.wallet()).toMatchObject({ available: 100 })
  })

  test('and a concurrent full refund return together what was paid', async () => {
    const o = await paidOrder()
    await Promise.all([
      o.refund({ points: 30, money: cny('2.50') }),
      o.act('cancel'),
      o.refund({ points: 30, money: cny('2.50') }),
    ])
    await o.settle('refunded')
    await ended(mall, o.orderNo)
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    expect(await readHoldings(mall)).toEqual(o.before)
  })

  test('is a workflow of its own type, and an unknown refund kind changes nothing', async () => {
    const o = await finishedOrder()
    await o.refund({ points: 10 })
    const { operation_key } = await mall.db
      .selectFrom('order_refunds')
      .select('operation_key')
      .where('order_no', '=', o.orderNo)
      .executeTakeFirstOrThrow()
    const { workflow } = mall.temporal.client
    const part = await workflow.getHandle(`refund/${o.orderNo}/${operation_key}`).describe()
    expect(part.type).toBe(PART_REFUND_WORKFLOW)

    const handle = await workflow.start(REFUND_WORKFLOW, {
      workflowId: `refund/${o.orderNo}/of-tomorrow`,
      taskQueue: TASK_QUEUE,
      args: [{ kind: 'of tomorrow', orderNo: o.orderNo, by: { type: 'operator' }, reason: 'x' }],
    })
    await until(
      async () => (await handle.fetchHistory()).events ?? [],
      (events) => events.some(({ workflowTaskFailedEventAttributes: failed }) => failed != null),
      'the worker has given its task back',
    )
    expect(await o.show()).toMatchObject({ status: 'order_finished', payment_status: 'paid' })
    expect(await o.wallet()).toMatchObject({ available: 20 })
    await handle.terminate('nobody knows it')
  })

  test('of one more than is left is refused, and changes nothing', async () => {
    const o = await paidOrder()
    await o.refund({ points: 30, money: cny('3.30') })
    await o.settle('paid')
    const before = await readTables(mall.db)
    const refused = await o.refund({ points: 71 })
    expect(refused).toMatchObject({ status: 409, body: { code: 'REFUND_EXCEEDS_REST' } })
    expect(refused.body.detail).toContain('71')
    expect((await o.refund({ money: cny('6.61') })).body).toMatchObject({ code: 'REFUND_EXCEEDS_REST' })
    expect((await o.refund({ points: 1, money: cny('6.61') })).status).toBe(409)
    expect(withoutKeys(await readTables(mall.db))).toEqual(withoutKeys(before))
    expect((await o.refund({ points: 70, money: cny('6.59') })).status).toBe(200)
    await o.settle('paid')
  })

  test('without an amount, malformed, or of an unpaid order is refused, and changes nothing', async () => {
    const o = await paidOrder()
    const unpaid = await order(mall)
    const before = await readTables(mall.db)
    for (const body of [
      { points: 0 },
      { money: cny('0.00') },
      { points: 0, money: cny('0') },
      { points: -1 },
      { points: 1.5 },
      { points: '1' },
      { money: cny('1.001') },
      { money: '1.00' },
      { money: { amount: '1.00', currency: 'USD' } },
    ]) {
      expect((await o.refund(body)).body.code, JSON.stringify(body)).toBe('VALIDATION_FAILED')
    }
    expect((await unpaid.refund({ points: 1 })).body.code).toBe('ORDER_STATE_CONFLICT')
    expect(withoutKeys(await readTables(mall.db))).toEqual(withoutKeys(before))
    await unpaid.act('cancel')
    expect((await unpaid.refund({ points: 1 })).body.code).toBe('ORDER_STATE_CONFLICT')
  })

  for (const name of ['answer_lost', 'error_before', 'error_after', 'error_stored']) {
    test(`is made once when the request meets ${name}`, async () => {
      const o = await paidOrder()
      await fault(name)
      await o.refund({ money: cny('3.30') })
      await o.settle('paid')
      expect(await o.trades()).toMatchObject([{ state: 'paid', refunded: '3.30' }])
    })
  }

  test('shows as "refunding" while the provider has only accepted it', async () => {
    const o = await paidOrder()
    await fault('refund_stuck')
    expect((await o.refund({ money: cny('3.30') })).body.data).toMatchObject({
      status: 'order_paid',
      payment_status: 'refunding',
      refunds: [{ state: 'pending', failure: null }],
    })
    await until(
      () =>
        mall.db
          .selectFrom('payment_refunds')
          .selectAll()
          .where('order_refund', '=', `${o.orderNo}-R1`)
          .execute(),
      ([refund]) => refund?.refund_ref !== null,
      'the provider has taken the refund',
    )
    expect(await o.trades()).toMatchObject([{ refunded: '0.00' }])
    // What is being refunded cannot be refunded again.
    expect((await o.refund({ money: cny('6.61') })).status).toBe(409)
    // The order moves on while the refund runs.
    expect((await o.operate('accept')).body.data.status).toBe('order_accepted')
    await o.act('cancel')
    await mall.control('settle-refunds', { out_trade_no: `${o.orderNo}-1` })
    await o.settle('refunded')
    await ended(mall, o.orderNo)
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    expect(await readHoldings(mall)).toEqual(o.before)
  })

  test('that the provider refuses needs attention; "retry" sends it under a new number', async () => {
    const o = await paidOrder()
    await fault('refund_failed')
    await o.refund({ points: 5, money: cny('3.30') })
    expect(await o.attention()).toMatch(/^退款失败：./)
    expect((await o.admin()).attention).toMatchObject({
      code: 'refund',
      data: { said: expect.stringMatching(/./) },
    })
    const stuck = await o.admin()
    expect(stuck).toMatchObject({ status: 'order_paid', payment_status: 'refunding' })
    expect(stuck.refunds).toMatchObject([{ state: 'pending', failure: expect.any(String) }])
    // Customers see that support is informed, not the internal error.
    expect(await o.show()).toMatchObject({ needs_attention: 'support', refunds: [{ failure: null }] })
    expect((await o.resolve('skip')).status).toBe(409)
    expect((await o.resolve('retry')).status).toBe(200)
    const shown = await o.settle('paid')
    expect(shown.refunds).toMatchObject([{ provider_refund_no: `${o.orderNo}-1-R2`, state: 'done' }])
    expect((await o.admin()).needs_attention).toBeNull()
    expect(await o.trades()).toMatchObject([{ state: 'paid', refunded: '3.30' }])
  })
})

/** Refused requests use up keys, which do not belong to the order. */
function withoutKeys(tables: Record<string, string[]>) {
  return { ...tables, idempotency_keys: [] }
}

describe('settle by hand', () => {
  test('ends a refused refund, with actor and reason; the provider is not asked again', async () => {
    const o = await paidOrder()
    await fault('refund_failed')
    await o.act('cancel')
    await o.attention()
    const settled = await o.resolve('settle', '已转账给买家')
    expect(settled.status).toBe(200)
    const shown = await o.settle('refunded')
    expect(shown).toMatchObject({ status: 'order_canceled', needs_attention: null })
    await ended(mall, o.orderNo)
    expect((await o.admin()).refunds).toMatchObject([
      {
        points: 100,
        money: cny('9.90'),
        state: 'done_by_hand',
        settled: { by: 'op', reason: '已转账给买家' },
        failure: expect.any(String),
      },
    ])
    expect(shown.refunds).toMatchObject([{ state: 'done_by_hand', settled: null }])
    const events = await mall.db
      .selectFrom('order_events')
      .select(['actor_type', 'actor_id', 'note'])
      .where('order_no', '=', o.orderNo)
      .where('event_key', 'like', 'settled/%')
      .execute()
    expect(events).toEqual([
      { actor_type: 'operator', actor_id: 'op', note: { code: 'refund_settled_by_hand' } },
    ])
    expect(await o.trades()).toMatchObject([{ state: 'paid', refunded: '0.00' }])
    expect((await o.resolve('settle')).status).toBe(409)
  })

  test('ends a partial refund; the rest is returned through the provider later', async () => {
    const o = await paidOrder()
    await fault('refund_failed')
    await o.refund({ money: cny('3.30') })
    await o.attention()
    expect((await o.resolve('settle')).status).toBe(200)
    expect(await o.settle('paid')).toMatchObject({ status: 'order_paid', needs_attention: null })
    await o.act('cancel')
    await o.settle('refunded')
    await ended(mall, o.orderNo)
    expect(await o.trades()).toMatchObject([{ state: 'paid', refunded: '6.60' }])
    expect((await o.show()).refunds).toMatchObject([{ state: 'done_by_hand' }, { state: 'done' }])
  })

  test('ends a stuck partial and a stuck full refund, each by its own decision', async () => {
    const o = await paidOrder()
    await fault('refund_failed', 2)
    await o.refund({ money: cny('3.30') })
    await o.attention()
    await o.act('cancel')
    await until(
      () =>
        mall.db
          .selectFrom('payment_refunds')
          .select('state')
          .where('out_trade_no', '=', `${o.orderNo}-1`)
          .where('state', '=', 'failed')
          .execute(),
      (failed) => failed.length === 2,
      'both are refused',
    )
    await until(
      async () => {
        if ((await o.admin()).needs_attention !== null) await o.resolve('retry')
        return (await o.show()).payment_status
      },
      (status) => status === 'refunded',
      'everything is returned',
    )
    await ended(mall, o.orderNo)
    expect((await o.admin()).needs_attention).toBeNull()
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    expect(await readHoldings(mall)).toEqual(o.before)
  })

  test('ends the refund of a late payment, in its own workflow', async () => {
    const o = await order(mall)
    await o.act('cancel')
    await ended(mall, o.orderNo)
    await fault('refund_failed')
    await mall.control('force-pay', { out_trade_no: `${o.orderNo}-1` })
    await o.attention()
    expect((await o.resolve('settle')).status).toBe(200)
    await o.settle('refunded')
    await until(
      () => workflowState(mall, `refund/${o.orderNo}/1`),
      (state) => state === 'COMPLETED',
      'the refund has ended',
    )
    expect(await o.trades()).toMatchObject([{ state: 'paid', refunded: '0.00' }])
    expect((await o.show()).refunds).toMatchObject([
      { refund_no: `${o.orderNo}-1-R2`, points: 0, money: cny('9.90'), state: 'done_by_hand' },
    ])
  })

  test('ends the refund of a second payment, while the order continues', async () => {
    const o = await order(mall)
    await mall.cash(o.owner, 990)
    await o.act('pay', { payment_method: 'wallet' })
    await fault('refund_failed')
    await mall.control('force-pay', { out_trade_no: `${o.orderNo}-1` })
    await o.attention()
    expect((await o.resolve('skip')).status).toBe(409)
    expect((await o.resolve('settle')).body.data).toMatchObject({
      status: 'order_paid',
      payment_status: 'paid',
    })
    expect((await o.admin()).needs_attention).toBeNull()
    expect((await o.resolve('settle')).status).toBe(409)
    await o.act('cancel')
    await ended(mall, o.orderNo)
  })

  /** States of the refunds of 3.30 (`-R1`) and 2.20 (`-R2`), in this order. */
  const statesOf = async (o: Awaited<ReturnType<typeof order>>) =>
    (await o.show()).refunds.map(({ state }: { state: string }) => state)

  test('settles the refund that was refused, never another that is refused later', async () => {
    const o = await paidOrder()
    await fault('refund_stuck')
    await o.refund({ money: cny('3.30') })
    await until(
      () =>
        mall.db
          .selectFrom('payment_refunds')
          .select('refund_ref')
          .where('order_refund', '=', `${o.orderNo}-R1`)
          .execute(),
      ([refund]) => refund?.refund_ref != null,
      'the provider has taken the refund',
    )
    await fault('refund_failed')
    await o.refund({ money: cny('2.20') })
    await o.attention()
    expect((await o.resolve('settle')).status).toBe(200)
    expect(await statesOf(o)).toEqual(['pending', 'done_by_hand'])
    hooks.before('refundPayment', () => {
      throw ApplicationFailure.nonRetryable('the account is gone', 'ProviderRefusalError')
    })
    await until(
      o.attention,
      (why) => why.includes('the account is gone'),
      'an operator is asked about the other',
    )
    // A second click on a settled refund, and one on an unknown refund.
    expect((await o.resolve('settle', 'again', `${o.orderNo}-R2`)).status).toBe(409)
    expect((await o.resolve('settle', 'again', `${o.orderNo}-R9`)).status).toBe(409)
    expect(await statesOf(o)).toEqual(['pending', 'done_by_hand'])
    hooks.clear()
    await mall.control('settle-refunds', { out_trade_no: `${o.orderNo}-1` })
    expect((await o.resolve('retry')).status).toBe(200)
    await o.settle('paid')
    expect(await statesOf(o)).toEqual(['done', 'done_by_hand'])
    expect(await o.trades()).toMatchObject([{ state: 'paid', refunded: '3.30' }])
  })

  test('must name the refund if two are stuck', async () => {
    const o = await paidOrder()
    let questions = 0
    hooks.before('flagOrder', () => {
      questions += 1
    })
    await fault('refund_failed', 2)
    await o.refund({ money: cny('3.30') })
    await o.refund({ money: cny('2.20') })
    await until(
      () => questions,
      (asked) => asked === 2,
      'an operator is asked about both',
    )
    const unnamed = await o.resolve('settle')
    expect(unnamed).toMatchObject({ status: 422, body: { errors: [{ field: 'refund_no' }] } })
    expect(await statesOf(o)).toEqual(['pending', 'pending'])
    expect((await o.resolve('settle', 'paid in the shop', `${o.orderNo}-R2`)).status).toBe(200)
    expect(await statesOf(o)).toEqual(['pending', 'done_by_hand'])
    // The other one still needs attention, and is found.
    expect(await o.attention()).toMatch(/^退款失败：./)
    expect((await o.admin()).attention).toMatchObject({
      code: 'refund',
      data: { said: expect.stringMatching(/./) },
    })
    expect((await o.resolve('settle', 'and this', `${o.orderNo}-1-R1`)).status).toBe(200)
    expect(await statesOf(o)).toEqual(['done_by_hand', 'done_by_hand'])
    expect((await o.admin()).needs_attention).toBeNull()
  })

  test("ends a refund that waits for the merchant's balance, and keeps its number", async () => {
    const provider = mall.deps.providers.find(({ method }) => method === 'alipay')
    if (!provider) throw new Error('no Alipay')
    const short = new AlipayError('not refunded yet', 'ACQ.SELLER_BALANCE_NOT_ENOUGH')
    const asked = vi.spyOn(provider, 'refund').mockRejectedValue(short)
    try {
      const o = await order(mall, 'alipay')
      await mall.cashier(o.payUrl, 'pay')
      await mall.reach(o.owner, o.orderNo, 'order_paid')
      let attempt = 9
      hooks.before('refundPayment', () => void Object.assign(activityInfo(), { attempt }))
      await o.refund({ money: cny('3.30') })
      await until(
        () => asked.mock.calls.length,
        (calls) => calls >= 3,
        'it is tried again',
      )
      expect((await o.admin()).needs_attention).toBeNull()
      attempt = 10
      expect(await o.attention()).toContain('not refunded yet')
      hooks.clear()
      const number = `${o.orderNo}-1-R1`
      expect((await o.admin()).refunds).toMatchObject([{ provider_refund_no: number, state: 'pending' }])
      expect((await o.resolve('settle', '线下退款', number)).status).toBe(200)
      expect((await o.settle('paid')).refunds).toMatchObject([
        { provider_refund_no: number, state: 'done_by_hand' },
      ])
    } finally {
      asked.mockRestore()
    }
  })

  test('is refused before the order asks for it, and is not kept for later', async () => {
    const o = await order(mall)
    const closing = createDoor()
    hooks.before('closePayment', async () => {
      await closing.passed()
      throw ApplicationFailure.nonRetryable('the other system says no', 'ProviderRefusalError')
    })
    const canceling = o.act('cancel')
    await o.settle('closing')
    const early = o.resolve('skip')
    await until(
      async () => JSON.stringify((await mall.history(o.orderNo)).events),
      (events) => events.includes('"name":"resolve"'),
      'the decision has arrived',
    )
    closing.open()
    expect((await early).status).toBe(409)
    expect(await o.attention()).toMatch(/^关闭支付失败：./)
    expect((await o.admin()).attention).toMatchObject({ code: 'payment' })
    expect(await o.show()).toMatchObject({ status: 'order_created' })
    hooks.clear()
    expect((await o.resolve('retry')).status).toBe(200)
    expect((await canceling).body.data).toMatchObject({ status: 'order_canceled' })
    await ended(mall, o.orderNo)
  })

  /** Blocks the first two tries to refund, each at its own door. */
  function keepRefundsWaiting() {
    const doors = [createDoor(), createDoor()]
    let asked = 0
    hooks.before('refundPayment', async () => {
      const door = doors[asked]
      asked += 1
      await door?.passed()
    })
    const waiting = (n: number) =>
      until(
        () => asked,
        (count) => count === n,
        `${n} tries to refund are on their way`,
      )
    return { doors, waiting }
  }

  test('a slower concurrent try of a settled refund asks no operator again', async () => {
    const o = await order(mall)
    await mall.cash(o.owner, 990)
    await o.act('pay', { payment_method: 'wallet' })
    const { doors, waiting } = keepRefundsWaiting()
    await fault('refund_failed')
    for (const n of [1, 2]) {
      // Two events about the same money start two refunds of one number.
      await mall.control('force-pay', { out_trade_no: `${o.orderNo}-1` })
      await waiting(n)
    }
    doors[0]?.open()
    await o.attention()
    expect((await o.resolve('settle')).status).toBe(200)
    expect((await o.admin()).needs_attention).toBeNull()
    const answered = createDoor()
    let asked = 0
    hooks.after('refundPayment', () => answered.open())
    hooks.before('flagOrder', () => {
      asked += 1
      answered.open()
    })
    doors[1]?.open()
    await answered.passed()
    expect(asked).toBe(0)
    expect((await o.act('cancel')).status).toBe(200)
    await ended(mall, o.orderNo)
    expect((await o.admin()).needs_attention).toBeNull()
    expect(await o.trades()).toMatchObject([{ state: 'paid', refunded: '0.00' }])
  })

  test('two concurrent tries of a refund that is still owed both ask the operator', async () => {
    const o = await order(mall)
    await mall.cash(o.owner, 990)
    await o.act('pay', { payment_method: 'wallet' })
    const { doors, waiting } = keepRefundsWaiting()
    await fault('refund_failed')
    for (const n of [1, 2]) {
      await mall.control('force-pay', { out_trade_no: `${o.orderNo}-1` })
      await waiting(n)
    }
    let asked = 0
    hooks.after('flagOrder', () => {
      asked += 1
    })
    for (const door of doors) door.open()
    await until(
      () => asked,
      (count) => count === 2,
      'an operator is asked by both',
    )
    expect((await o.resolve('retry')).status).toBe(200)
    await until(o.trades, ([trade]) => trade?.state === 'refunded', 'the money is back')
    expect(await o.trades()).toMatchObject([{ refunded: '9.90' }])
    await o.act('cancel')
    await ended(mall, o.orderNo)
  })

  test('a refund that is settled before the order shows it as stuck is not shown', async () => {
    const o = await order(mall)
    await mall.cash(o.owner, 990)
    await o.act('pay', { payment_method: 'wallet' })
    const [came, shown, slow] = [createDoor(), createDoor(), createDoor()]
    hooks.before('flagOrder', () => {
      came.open()
      return slow.passed()
    })
    hooks.after('flagOrder', () => shown.open())
    await fault('refund_failed')
    await mall.control('force-pay', { out_trade_no: `${o.orderNo}-1` })
    await came.passed()
    expect((await o.resolve('settle')).status).toBe(200)
    slow.open()
    await shown.passed()
    hooks.clear()
    expect((await o.admin()).needs_attention).toBeNull()
    await o.act('cancel')
    await ended(mall, o.orderNo)
  })

  test('of two workflows that refund the same money, the last to ask gets the answer; nothing is left open', async () => {
    const o = await order(mall)
    await o.act('pay', { payment_method: 'bank_card', client: 'desktop' })
    await o.act('cancel')
    await ended(mall, o.orderNo)
    const { doors, waiting } = keepRefundsWaiting()
    await fault('refund_failed')
    for (const n of [1, 2]) {
      await mall.control('force-pay', { out_trade_no: `${o.orderNo}-${n}` })
      await waiting(n)
    }
    doors[0]?.open()
    await o.attention()
    const slow = createDoor()
    const came = createDoor()
    hooks.before('flagOrder', () => {
      came.open()
      return slow.passed()
    })
    doors[1]?.open()
    await came.passed()
    const settling = o.resolve('settle', 'given back', `${o.orderNo}-1-R1`)
    const finish = (n: number) =>
      until(
        () => workflowState(mall, `refund/${o.orderNo}/${n}`),
        (state) => state === 'COMPLETED',
        `refund ${n} has ended`,
      )
    await finish(1)
    slow.open()
    expect([200, 202]).toContain((await settling).status)
    await finish(2)
    expect(await o.admin()).toMatchObject({ needs_attention: null, payment_status: 'refunded' })
    const states = (await o.admin()).refunds.map(({ state }: { state: string }) => state)
    expect(states.toSorted()).toEqual(['done', 'done_by_hand'])
  })

  test('is refused if nothing has failed', async () => {
    const o = await paidOrder()
    await o.refund({ money: cny('1.00') })
    await o.settle('paid')
    const before = await readTables(mall.db)
    expect((await o.resolve('settle')).status).toBe(409)
    expect(withoutKeys(await readTables(mall.db))).toEqual(withoutKeys(before))
  })
})

describe('the refund invariants notice', () => {
  const changes: [string, string][] = [
    [
      'a refund that the payment does not count',
      `update payments set refunded_amount = 0 where refunded_amount > 0`,
    ],
    ['a refund that was never made', `update payments set refunded_amount = 1 where refunded_amount = 3.30`],
    ['a refund of another amount', `update payment_refunds set amount = 3.31 where amount = 3.30`],
    [
      'a refund that is done twice',
      `insert into payment_refunds (refund_no, out_trade_no, amount, reason, state)
      select refund_no || 'X', out_trade_no, 9.90, reason, 'done' from payment_refunds`,
    ],
    ['a refund without an order refund', `update payment_refunds set order_refund = null`],
    ['a refund that failed and needs nobody', `update payment_refunds set state = 'failed'`],
    [
      'an open refund of a refunded attempt',
      `update payment_refunds set state = 'pending'
      where out_trade_no in (select out_trade_no from payments where state = 'refunded')`,
    ],
    [
      'an attempt marked refunded after a partial refund',
      `update payments set state = 'refunded' where refunded_amount = 3.30`,
    ],
    [
      'an order refund whose points were not returned',
      `insert into order_refunds
      (refund_no, order_no, kind, points, money, reason, operation_key, actor_type)
      select refund_no || 'X', order_no, 'part', 1, 0, 'x', refund_no || 'X', 'operator' from order_refunds`,
    ],
    [
      'a refund of more than was paid',
      `insert into order_refunds
      (refund_no, order_no, kind, points, money, reason, operation_key, actor_type)
      select refund_no || 'X', order_no, 'part', 0, 100, 'x', refund_no || 'X', 'operator' from order_refunds`,
    ],
  ]
  let shop: TestApp
  beforeAll(async () => {
    shop = await openTestApp()
    const part = await paidOrder(shop)
    await part.refund({ points: 30, money: cny('3.30') })
    await part.settle('paid')
    const whole = await paidOrder(shop)
    await whole.act('cancel')
    await whole.settle('refunded')
  })
  afterAll(() => shop.close())

  test.each(changes)('%s', async (_, change) => {
    const { vault } = shop.deps
    const look = async (db: Db) => [
      ...(await findPaymentViolations(db)),
      ...(await findAmountViolations(db, vault)),
    ]
    expect(await look(shop.db)).toEqual([])
    const seen = shop.db.transaction().execute(async (tx) => {
      await sql.raw(change).execute(tx)
      // Rolls back.
      throw new Error((await look(tx)).map(disagreementLine).join('; '))
    })
    await expect(seen).rejects.toThrow(/ of PM| PM\d/)
    expect(await look(shop.db)).toEqual([])
  })
})

describe('paying again', () => {
  test('by the same method from another client opens a new cashier and closes the first', async () => {
    const o = await order(mall)
    const again = await o.act('pay', { client: 'desktop' })
    expect(again.body.data.payment_info).toMatchObject({
      payment_method: 'bank_card',
      trade_no: `${o.orderNo}-2`,
    })
    const { pay_url } = again.body.data.payment_info
    expect(pay_url).not.toBe(o.payUrl)
    expect(await o.trades()).toMatchObject([{ state: 'closed' }, { state: 'unpaid' }])
    // The same client gets the same cashier.
    for (const body of [{}, { client: 'desktop' }, { payment_method: 'bank_card' }]) {
      expect((await o.act('pay', body)).body.data.payment_info.pay_url).toBe(pay_url)
    }
    expect(await mall.cashier(o.payUrl, 'pay')).toBeGreaterThanOrEqual(400)
    await mall.cashier(pay_url, 'pay')
    await mall.reach(o.owner, o.orderNo, 'order_paid')
    expect(await o.trades()).toMatchObject([{ state: 'closed' }, { state: 'paid', refunded: '0.00' }])
  })

  test('before the provider knows the first trade leaves it to expire, and refunds its later payment once', async () => {
    const o = await order(mall, 'alipay')
    const again = await o.act('pay', { payment_method: 'bank_card' })
    expect(again.body.data).toMatchObject({ status: 'order_created', payment_status: 'unpaid' })
    expect(await o.trades()).toMatchObject([{ method: 'bank_card', state: 'unpaid' }])
    // Its address is still open in a browser tab.
    await mall.cashier(o.payUrl, 'pay')
    await until(
      async () => (await o.trades()).find(({ method }) => method === 'alipay')?.state,
      (state) => state === 'refunded',
      'the payment on a replaced attempt is refunded',
    )
    for (let n = 0; n < 3; n += 1) await mall.control('force-pay', { out_trade_no: `${o.orderNo}-1` })
    await mall.cashier(again.body.data.payment_info.pay_url, 'pay')
    await mall.reach(o.owner, o.orderNo, 'order_paid')
    expect(
      Object.fromEntries(
        (await o.trades()).map(({ method, state, refunded }) => [method, `${state} ${refunded}`]),
      ),
    ).toEqual({ alipay: 'refunded 9.90', bank_card: 'paid 0.00' })
    expect((await o.show()).refunds).toMatchObject([{ refund_no: `${o.orderNo}-1-R1`, state: 'done' }])
  })

  test('finds and closes a trade whose creation lost its answer, and never takes its payment', async () => {
    const o = await order(mall)
    hooks.after('openPayment', () => {
      throw ApplicationFailure.nonRetryable('the answer is lost', 'Lost')
    })
    await mall.db
      .updateTable('payments')
      .set({ provider_ref: null })
      .where('out_trade_no', '=', `${o.orderNo}-1`)
      .execute()
    // The first lost its answer as well: a repeat returns the same trade.
    expect((await o.act('pay')).status).toBe(503)
    hooks.clear()
    await mall.db
      .updateTable('payments')
      .set({ provider_ref: null })
      .where('out_trade_no', '=', `${o.orderNo}-2`)
      .execute()
    const again = await o.act('pay', { client: 'desktop' })
    expect(again.body.data.payment_info.trade_no).toBe(`${o.orderNo}-3`)
    expect((await o.trades()).map(({ state }) => state)).toEqual(['closed', 'closed', 'unpaid'])
    await mall.control('force-pay', { out_trade_no: `${o.orderNo}-2` })
    await until(
      async () => (await o.trades())[1]?.state,
      (state) => state === 'refunded',
      'the payment on a replaced attempt is refunded',
    )
    await mall.cashier(again.body.data.payment_info.pay_url, 'pay')
    await mall.reach(o.owner, o.orderNo, 'order_paid')
    expect((await o.trades()).map(({ state, refunded }) => [state, refunded])).toEqual([
      ['closed', '0.00'],
      ['refunded', '9.90'],
      ['paid', '0.00'],
    ])
  })
})
