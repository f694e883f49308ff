import { afterAll, beforeAll, expect, test } from 'vitest'
import { closedAt, isVisibleAt } from '../../domain/catalogue/windows.ts'
import { openHttpSession } from '../support/http-session.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())

const HOUR_MS = 3_600_000
const hence = (ms: number) => new Date(Date.now() + ms).toISOString()
const operate = (method: string, path: string, body?: unknown) =>
  mall.call(method, `/api/admin/points-mall${path}`, { as: 'op', role: 'operator', body })
const change = (id: string, fields: Record<string, unknown>) => operate('PATCH', `/products/${id}`, fields)
const show = (id: string) => mall.call('GET', `/api/points-mall/products/${id}`)
const isListed = async (id: string) => {
  const { data } = (await mall.call('GET', '/api/points-mall/products?per_page=100')).body
  return data.some((one: { id: string }) => one.id === id)
}

test('a product is redeemed only while it is on sale: the refusal says when', async () => {
  const id = await mall.product({ point: 10 })
  await mall.points('tia', 1000)
  const redeem = () => mall.exchange('tia', { product_id: id, quantity: 1 })
  const [opens, ended] = [hence(HOUR_MS), hence(-HOUR_MS)]
  for (const [code, at, fields] of [
    ['not_yet', opens, { on_sale_from: opens }],
    ['over', ended, { on_sale_from: null, on_sale_until: ended }],
    ['over', ended, { visible_until: ended, on_sale_until: null }],
  ] as const) {
    expect((await change(id, fields)).body.data).toMatchObject(fields)
    const { status, body } = await redeem()
    expect([status, body.code]).toEqual([409, 'PRODUCT_NOT_ON_SALE'])
    expect(body.errors).toMatchObject([{ field: 'product_id', code, at }])
    const check = await mall.call('POST', '/api/points-mall/check-exchange', {
      as: 'tia',
      body: { product_id: id, quantity: 1 },
    })
    expect(check.body.data.reasons).toMatchObject([{ code: 'PRODUCT_NOT_ON_SALE', rule: code }])
  }
  await change(id, { visible_until: null, on_sale_from: ended, on_sale_until: opens })
  expect((await redeem()).body.data).toMatchObject({ status: 'order_paid' })
  expect(await mall.brokenLaws()).toEqual([])
})

test('opens by itself', async () => {
  const id = await mall.product({ point: 10 })
  await mall.points('uma', 1000)
  await change(id, { on_sale_from: hence(1_500) })
  await until(
    () => mall.exchange('uma', { product_id: id, quantity: 1 }),
    ({ status }) => status === 201,
    'it opens',
  )
})

test('is in lists and has a page only while it is visible; before it opens the page says when', async () => {
  const id = await mall.product({ point: 10, title: '限时' })
  const guest = await openHttpSession(mall, undefined)
  const page = () => guest.get(`/points-mall/products/${id}`)
  await change(id, { on_sale_from: '2099-01-02T03:04:00Z', rules: '每人一次，不与其他优惠同享' })
  expect([(await show(id)).status, await isListed(id)]).toEqual([200, true])
  const shown = (await page()).html
  expect(shown).toMatch(/2099[\s\S]*开始兑换/)
  expect(shown).toContain('每人一次，不与其他优惠同享')
  expect(shown).not.toContain('action="/points-mall/products/')
  for (const fields of [
    { visible_from: hence(HOUR_MS) },
    { visible_from: null, visible_until: hence(-HOUR_MS) },
  ]) {
    await change(id, fields)
    expect([(await show(id)).status, (await page()).status, await isListed(id)]).toEqual([404, 404, false])
    expect((await operate('GET', `/products/${id}`)).status).toBe(200)
  }
  await change(id, { visible_until: null, on_sale_from: null })
  await mall.points('vic', 100)
  const vic = await openHttpSession(mall, 'vic')
  expect((await vic.get(`/points-mall/products/${id}/redeem?quantity=1`)).html).toContain('每人一次')
})

test.each([
  [
    'ends before it begins',
    { on_sale_from: '2027-01-02T00:00:00Z', on_sale_until: '2027-01-01T00:00:00Z' },
    'on_sale_until',
  ],
  [
    'is visible for no time',
    { visible_from: '2027-01-01T00:00:00Z', visible_until: '2027-01-01T08:00:00+08:00' },
    'visible_until',
  ],
  ['opens at no time', { on_sale_from: 'tomorrow' }, 'on_sale_from'],
])('a product that %s is refused', async (_, fields, field) => {
  const id = await mall.product()
  const { status, body } = await change(id, fields)
  expect([status, body.errors.map((error: { field: string }) => error.field)]).toEqual([422, [field]])
})

test('the first moment is within a window, the last is not', () => {
  const at = (n: number) => new Date(n)
  const windows = { visibleFrom: at(1), visibleUntil: at(9), onSaleFrom: at(3), onSaleUntil: at(7) }
  expect([0, 1, 8, 9].map((n) => isVisibleAt(windows, at(n)))).toEqual([false, true, true, false])
  expect([2, 3, 6, 7, 9].map((n) => closedAt(windows, at(n)))).toEqual([
    { rule: 'not_yet', at: at(3) },
    undefined,
    undefined,
    { rule: 'over', at: at(7) },
    { rule: 'over', at: at(7) },
  ])
})

test('operators set the times of a product in China time', async () => {
  const operator = await openHttpSession(mall, 'op', 'zh', 'operator')
  const id = await mall.product({ point: 10 })
  const form = (await operator.get(`/admin/products/${id}`)).html
  expect(form).toContain('name="on_sale_from"')
  const fields = {
    title: '限时',
    point: '10',
    payment_mode: 'points_only',
    shipping_type: 'none',
    once: `windows-${id}`,
  }
  const saved = await operator.post(`/admin/products/${id}`, {
    ...fields,
    on_sale_from: '2027-05-01T10:00',
    rules: '须知',
  })
  expect(saved.location).toContain('done=saved')
  expect((await operate('GET', `/products/${id}`)).body.data).toMatchObject({
    on_sale_from: '2027-05-01T02:00:00.000Z',
    rules: '须知',
  })
  expect((await operator.get(`/admin/products/${id}`)).html).toContain('value="2027-05-01T10:00"')
  const wrong = await operator.post(`/admin/products/${id}`, {
    ...fields,
    once: `wrong-${id}`,
    on_sale_from: '5 月',
  })
  expect(wrong.status).toBe(422)
})
