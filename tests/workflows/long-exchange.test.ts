import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { MAX_PAYMENT_ATTEMPTS } from '../../domain/payments/method.ts'
import { ended, readHoldings } from '../support/db-snapshot.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** An order can be processed to its end, however many requests a customer sends. */

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())
afterEach(async () => {
  mall.configure({ runLimits: { events: 4_000, updates: 500 } })
  expect(await mall.brokenLaws()).toEqual([])
})

const ADDRESS = { name: '李四', phone: '13900000000', detail: '人民路 2 号' }
const PARCEL = { carrier: '顺丰', tracking_no: 'SF1' }

let customers = 0
async function unpaid() {
  customers += 1
  const owner = `patient${customers}`
  await mall.points(owner, 100)
  const product_id = await mall.product({ payment_mode: 'mixed', stock: 1, shipping_type: 'logistics' })
  const before = await readHoldings(mall)
  const { body } = await mall.exchange(owner, { product_id, payment_method: 'bank_card', address: ADDRESS })
  const orderNo: string = body.data.order_no
  const pay = (payment_method?: string) => mall.act(owner, orderNo, 'pay', { payment_method })
  return { owner, orderNo, pay, before, payUrl: body.data.payment_info.pay_url as string }
}
const describeRun = (orderNo: string) =>
  mall.temporal.client.workflow.getHandle(`exchange/${orderNo}`).describe()

async function finish(orderNo: string, owner: string) {
  await mall.reach(owner, orderNo, 'order_paid')
  expect((await mall.operate(orderNo, 'accept')).status).toBe(200)
  expect((await mall.operate(orderNo, 'ship', PARCEL)).status).toBe(200)
  expect((await mall.operate(orderNo, 'finish')).status).toBe(200)
  await ended(mall, orderNo)
}

describe('payment requests', () => {
  test('for the same cashier cost the workflow nothing', async () => {
    const { owner, orderNo, pay, payUrl } = await unpaid()
    const { historyLength } = await describeRun(orderNo)
    for (let n = 0; n < 30; n += 1) {
      const { status, body } = await pay(n % 2 === 0 ? undefined : 'bank_card')
      expect([status, body.data.payment_info.pay_url]).toEqual([200, payUrl])
    }
    expect((await describeRun(orderNo)).historyLength).toBe(historyLength)
    await mall.cashier(payUrl, 'pay')
    await finish(orderNo, owner)
  })

  test(`are limited to ${MAX_PAYMENT_ATTEMPTS} attempts, then 429; the order can still be paid, accepted and canceled`, async () => {
    for (const last of ['pay', 'cancel']) {
      const { owner, orderNo, pay, before } = await unpaid()
      const methods = ['alipay', 'bank_card']
      let open = ''
      for (let n = 1; n < MAX_PAYMENT_ATTEMPTS; n += 1) {
        const { status, body } = await pay(methods[(n - 1) % 2])
        expect([n, status]).toEqual([n, 200])
        open = body.data.payment_info.pay_url
      }
      const { status, body, headers } = await pay('bank_card')
      expect([status, body.code, headers.get('retry-after')]).toEqual([429, 'RATE_LIMITED', '1'])
      expect((await pay('wallet')).status).toBe(429)
      expect((await pay()).body.data.payment_info.pay_url).toBe(open)
      const attempts = await mall.db
        .selectFrom('payments')
        .select('attempt_no')
        .where('order_no', '=', orderNo)
        .execute()
      expect(attempts).toHaveLength(MAX_PAYMENT_ATTEMPTS)
      if (last === 'pay') {
        await mall.cashier(open, 'pay')
        await finish(orderNo, owner)
      } else {
        // Alipay knows an attempt once its cashier has been opened.
        await fetch(open)
        expect((await mall.act(owner, orderNo, 'cancel')).body.data.status).toBe('order_canceled')
        await ended(mall, orderNo)
        expect(await readHoldings(mall)).toEqual(before)
      }
    }
  })
})

describe('a long run continues as new', () => {
  test('after many events, and attempts, declines and deadlines stay the same', async () => {
    mall.configure({ runLimits: { events: 40, updates: 500 } })
    const { owner, orderNo, pay } = await unpaid()
    const runs = new Set([(await describeRun(orderNo)).runId])
    const deadline = (await mall.order(owner, orderNo)).payment_info.expires_at
    let open = ''
    for (let n = 0; n < 9; n += 1) {
      const { status, body } = await pay(n % 2 === 0 ? 'alipay' : 'bank_card')
      expect(status).toBe(200)
      open = body.data.payment_info.pay_url
      await mall.cashier(open, 'decline')
      runs.add((await describeRun(orderNo)).runId)
    }
    expect(runs.size).toBeGreaterThan(2)
    const order = await mall.order(owner, orderNo)
    expect([order.status, order.payment_info.expires_at]).toEqual(['order_created', deadline])
    await mall.cashier(open, 'pay')
    await finish(orderNo, owner)
    expect((await describeRun(orderNo)).typedSearchAttributes.getAll().length).toBeGreaterThanOrEqual(4)
  })

  test('after many requests, and answers each of those that keep coming', async () => {
    mall.configure({ runLimits: { events: 4_000, updates: 4 } })
    const { owner, orderNo, pay, payUrl } = await unpaid()
    const first = (await describeRun(orderNo)).runId
    // Too little cash: refused by the workflow each time.
    const answers = await Promise.all(
      [1, 2, 3].map(async () => {
        const statuses: number[] = []
        for (let n = 0; n < 12; n += 1) statuses.push((await pay('wallet')).status)
        return statuses
      }),
    )
    expect([...new Set(answers.flat())]).toEqual([409])
    expect((await describeRun(orderNo)).runId).not.toBe(first)
    expect((await pay()).body.data.payment_info.pay_url).toBe(payUrl)
    await mall.cashier(payUrl, 'pay')
    await finish(orderNo, owner)
  })

  test('after shipping, and is confirmed at the same time', async () => {
    mall.configure({ runLimits: { events: 25, updates: 2 }, autoConfirmTimeoutMs: 1_500 })
    const { owner, orderNo, payUrl } = await unpaid()
    await mall.cashier(payUrl, 'pay')
    await mall.reach(owner, orderNo, 'order_paid')
    await mall.operate(orderNo, 'accept')
    await mall.operate(orderNo, 'ship', PARCEL)
    const { runId } = await describeRun(orderNo)
    mall.configure({ autoConfirmTimeoutMs: 86_400_000 })
    await mall.reach(owner, orderNo, 'order_finished')
    await ended(mall, orderNo)
    const runs = await mall.db
      .selectFrom('exchange_attempts')
      .select(['run_epoch', 'run_id'])
      .where('order_no', '=', orderNo)
      .executeTakeFirstOrThrow()
    expect(runs.run_epoch).toBeGreaterThan(0)
    expect(runs.run_id).toBe((await describeRun(orderNo)).runId)
    expect(runId).toBeDefined()
  })
})
