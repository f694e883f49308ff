import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { readTables } from '../support/db-snapshot.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** Many orders accepted by one request: each has its own result, and none is accepted twice. */

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

const ADDRESS = { name: '李四', phone: '13900000000', detail: '人民路 2 号' }
const PATH = '/api/admin/points-mall/orders/accept-batch'
const MIXED = { payment_mode: 'mixed', point: 100, fen: 990 } as const
let customers = 0

/** @returns the number of a paid order, or of an unpaid one */
async function ordered(named?: string, isPaid = true): Promise<string> {
  customers += 1
  const owner = named ?? `batched${customers}`
  await mall.points(owner, 200)
  const product_id = await mall.product({ shipping_type: 'logistics', ...(isPaid ? {} : MIXED) })
  const payment = isPaid ? {} : { payment_method: 'bank_card' }
  const placed = await mall.exchange(owner, { product_id, address: ADDRESS, ...payment })
  expect(placed.status, JSON.stringify(placed.body)).toBe(201)
  return placed.body.data.order_no
}

const send = (order_nos: readonly string[], headers: Record<string, string> = {}) =>
  mall.call('POST', PATH, { as: 'op', role: 'operator', body: { order_nos }, headers })
const outcomes = (answer: Awaited<ReturnType<typeof send>>) =>
  answer.body.data.map(({ result, code }: { result: string; code: string | null }) => code ?? result)
test('each order has a result, and the same request again accepts nothing twice', async () => {
  const [one, two, unpaid, own] = [
    await ordered(),
    await ordered(),
    await ordered(undefined, false),
    await ordered('op'),
  ]
  const asked = [one, two, unpaid, own, 'PM20260101000000AAAAAAAAAAAA', one]
  const first = await send(asked)
  expect(first.status, JSON.stringify(first.body)).toBe(200)
  expect(outcomes(first)).toEqual(['accepted', 'accepted', 'ORDER_STATE_CONFLICT', 'FORBIDDEN', 'NOT_FOUND'])
  const after = await readTables(mall.db)
  const again = await send(asked)
  expect(outcomes(again).slice(0, 2)).toEqual(['already_accepted', 'already_accepted'])
  expect(await readTables(mall.db)).toEqual(after)
})

test('an order that was refused unpaid is accepted once it is paid', async () => {
  const orderNo = await ordered(undefined, false)
  expect(outcomes(await send([orderNo]))).toEqual(['ORDER_STATE_CONFLICT'])
  const owner = (
    await mall.call('GET', `/api/admin/points-mall/orders/${orderNo}`, { as: 'op', role: 'operator' })
  ).body.data
  await mall.cashier(owner.payment_info.pay_url, 'pay')
  await mall.reach(owner.owner_id, orderNo, 'order_paid')
  expect(outcomes(await send([orderNo]))).toEqual(['accepted'])
})

test('fifty requests for the same orders accept each once', async () => {
  const orders = [await ordered(), await ordered(), await ordered()]
  const answers = await Promise.all(Array.from({ length: 50 }, () => send(orders)))
  const steps = await mall.db
    .selectFrom('order_events')
    .select('order_no')
    .where('order_no', 'in', orders)
    .where('status', '=', 'order_accepted')
    .execute()
  expect(steps.map(({ order_no }) => order_no).toSorted()).toEqual(orders.toSorted())
  for (const answer of answers) {
    if (answer.status !== 200) continue
    for (const outcome of outcomes(answer))
      expect(outcome).toMatch(/^(accepted|already_accepted|pending|UNAVAILABLE|ORDER_STATE_CONFLICT)$/)
  }
})

test('no order, too many, or another field is refused', async () => {
  for (const body of [
    { order_nos: [] },
    { order_nos: Array.from({ length: 101 }, (_, n) => `PM${n}`) },
    { order_nos: ['PM1'], all: true },
    {},
  ]) {
    expect((await mall.call('POST', PATH, { as: 'op', role: 'operator', body })).status).toBe(422)
  }
})
