import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openHttpSession } from '../support/http-session.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** Statistics by date. Orders are moved to days of before, so that the days are known. */

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())

const API = '/api/admin/points-mall/statistics'
const OLGA = { as: 'olga', role: 'operator' } as const

const ask = (query: string) => mall.call('GET', `${API}?${query}`, OLGA)
const cny = (amount: string) => ({ amount, currency: 'CNY' })

/** Moves all that happened to the order to one moment. */
async function moveTo(orderNo: string, at: string) {
  await sql`update points_exchange_orders set exchange_time = ${at} where order_no = ${orderNo}`.execute(
    mall.db,
  )
  await sql`update payments set paid_at = ${at} where order_no = ${orderNo} and paid_at is not null`.execute(
    mall.db,
  )
  // Append-only for the application: the owner of the database does it.
  const { Client } = await import('pg')
  const owner = new Client({ connectionString: mall.databaseUrl })
  await owner.connect()
  await owner.query("set session_replication_role = 'replica'")
  for (const table of ['order_events', 'order_refunds']) {
    await owner.query(`update ${table} set created_at = $1 where order_no = $2`, [at, orderNo])
  }
  await owner.end()
}

async function redeem(owner: string, product: string, quantity: number, cash = false): Promise<string> {
  await mall.points(owner, 1_000)
  if (cash) await mall.cash(owner, 5_000)
  const { body } = await mall.exchange(owner, { product_id: product, quantity, payment_method: 'wallet' })
  expect(body.data?.status, JSON.stringify(body)).toBe('order_paid')
  return body.data.order_no
}

test('counts what happened in the days of Shanghai, by day, week and month', async () => {
  const tea = await mall.product({ title: '茶', point: 100, stock: 50 })
  const cup = await mall.product({ title: '杯', payment_mode: 'mixed', stock: 50 })
  const first = await redeem('stat1', tea, 3)
  const second = await redeem('stat2', cup, 2, true)
  const third = await redeem('stat3', tea, 1)
  await mall.operate(third, 'cancel', { reason: '缺货' })
  await mall.reach('stat3', third, 'order_canceled')
  await mall.operate(first, 'accept')
  await mall.operate(first, 'finish')
  // One second before midnight in Shanghai, and midnight: Wednesday, then Thursday the first of the month.
  await moveTo(first, '2025-12-31T15:59:59Z')
  await moveTo(second, '2025-12-31T16:00:00Z')
  await moveTo(third, '2026-01-05T04:00:00Z')

  const { data } = (await ask('from=2025-12-30&to=2026-01-05&by=day')).body
  expect(data.periods.map(({ period }: { period: string }) => period)).toEqual([
    '2025-12-30',
    '2025-12-31',
    '2026-01-01',
    '2026-01-02',
    '2026-01-03',
    '2026-01-04',
    '2026-01-05',
  ])
  const [empty, wednesday, thursday, , , , monday] = data.periods
  const none = { created: 0, paid: 0, finished: 0, canceled: 0, refunded: 0, points_spent: 0 }
  expect(empty).toMatchObject({ ...none, points_returned: 0, cash_in: cny('0.00') })
  expect(wednesday).toMatchObject({ created: 1, paid: 1, finished: 1, canceled: 0, points_spent: 300 })
  expect(thursday).toMatchObject({ created: 1, paid: 1, points_spent: 200, cash_in: cny('19.80') })
  expect(monday).toMatchObject({ ...none, created: 1, paid: 1, canceled: 1, refunded: 1, points_spent: 100 })
  expect([monday.points_returned, monday.cash_out]).toEqual([100, cny('0.00')])
  expect(data.products).toEqual([
    { product_id: tea, title: '茶', orders: 2, quantity: 4 },
    { product_id: cup, title: '杯', orders: 1, quantity: 2 },
  ])

  const paidBy = async (by: string) =>
    (await ask(`from=2025-12-30&to=2026-01-05&by=${by}`)).body.data.periods.map(
      ({ period, paid }: { period: string; paid: number }) => [period, paid],
    )
  expect(await paidBy('week')).toEqual([
    ['2025-12-29', 2],
    ['2026-01-05', 1],
  ])
  expect(await paidBy('month')).toEqual([
    ['2025-12-01', 1],
    ['2026-01-01', 2],
  ])
  // Neither end reaches beyond its day.
  const day = (await ask('from=2025-12-31&to=2025-12-31')).body.data
  expect([day.periods.length, day.periods[0].paid]).toEqual([1, 1])
})

test('refuses days that are wrong, reversed or too many', async () => {
  for (const query of [
    'from=2026-02-30&to=2026-03-01',
    'from=2026-01-02&to=2026-01-01',
    'from=2025-01-01&to=2026-01-02',
    'by=year',
  ]) {
    const answer = await ask(query)
    expect([query, answer.status, answer.body.code]).toEqual([query, 422, 'VALIDATION_FAILED'])
  }
  expect((await ask('from=2025-01-01&to=2026-01-01')).status).toBe(200)
  expect((await ask('')).body.data.periods).toHaveLength(30)
})

test('the page shows the same, and both download it as a table', async () => {
  const operator = await openHttpSession(mall, 'olga', 'en', 'operator')
  const span = 'from=2025-12-30&to=2026-01-05&by=day'
  const page = await operator.get(`/admin/statistics?${span}`)
  expect(page.html).toMatch(/<th scope="row">2025-12-31<\/th>\s*<td class="number">1<\/td>/)
  expect(page.html).toContain('Most redeemed products')
  const wrong = await operator.get('/admin/statistics?from=2026-01-02&to=2026-01-01')
  expect([wrong.status, wrong.html]).toEqual([422, expect.stringContaining('366')])
  const table = await operator.get(`/admin/statistics/statistics.csv?${span}`)
  const lines = table.html.split('\r\n')
  expect(lines[0]).toContain('From,Created,Paid')
  expect(lines[2]).toBe("'2025-12-31,1,1,1,0,0,300,0,0.00,0.00")
  const api = await mall.call('GET', `/api/admin/points-mall/statistics.csv?${span}`, {
    ...OLGA,
    headers: { 'accept-language': 'en' },
  })
  expect(api.status).toBe(200)
})
