import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { importCodes } from '../../application/fulfilment/codes.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** A copy is a draft that differs from its product in title, stock and what belongs to one product alone. */

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

const STAFF = { as: 'op', role: 'operator' } as const
const PATH = '/api/admin/points-mall/products'
const create = async (body: object) => {
  const made = await mall.call('POST', PATH, { ...STAFF, body })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return made.body.data
}
const copy = (id: string, body: object = {}, headers: Record<string, string> = {}) =>
  mall.call('POST', `${PATH}/${id}/copy`, { ...STAFF, body, headers })

/** What every product has of its own. */
const OWN = [
  'id',
  'title',
  'status',
  'stock_quantity',
  'external_id',
  'skus',
  'version',
  'created_at',
  'updated_at',
]
const shared = (product: object) =>
  Object.fromEntries(Object.entries(product).filter(([name]) => !OWN.includes(name)))

const FULL = {
  title: '钢笔',
  description: '好写',
  payment_mode: 'mixed',
  original_price: { amount: '99.00', currency: 'CNY' },
  exchange_limit: 3,
  sort: 7,
  external_id: 'SHOP-1',
  shipping_type: 'logistics',
  returnable: { days: 7 },
  visible_until: '2099-01-01T00:00:00.000Z',
  rules: '不退不换',
  properties: { 品牌: '英雄', limit: { max_per_order: 2 } },
}
const PRICE = { point: 10, price: { amount: '9.90', currency: 'CNY' } }

test('a copy has all fields, and neither stock nor the id in the shop', async () => {
  const product = await create({ ...FULL, ...PRICE, stock_quantity: 5 })
  await mall.call('POST', `${PATH}/${product.id}/publish`, { ...STAFF, body: {} })
  const answer = await copy(product.id)
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  const made = answer.body.data
  expect(shared(made)).toEqual(shared(product))
  expect(made).toMatchObject({ title: '钢笔（副本）', status: 'draft', stock_quantity: 0, external_id: null })
  expect((await mall.call('GET', `${PATH}/${product.id}`, STAFF)).body.data).toMatchObject({
    title: '钢笔',
    stock_quantity: 5,
  })
})

test('a copy has SKUs of its own, with the same specs and amounts', async () => {
  const skus = ['红', '蓝'].map((color, n) => ({
    specs: { 颜色: color },
    ...PRICE,
    point: 10 + n,
    stock_quantity: 3,
  }))
  const product = await create({ ...FULL, external_id: 'SHOP-2', skus })
  const made = (await copy(product.id)).body.data
  const plain = (all: { specs: object; point: number; price: object }[]) =>
    all.map(({ specs, point, price }) => ({ specs, point, price }))
  expect(plain(made.skus)).toEqual(plain(product.skus))
  expect(made.skus.map(({ stock_quantity }: { stock_quantity: number }) => stock_quantity)).toEqual([0, 0])
  const ids = [...made.skus, ...product.skus].map(({ id }: { id: string }) => id)
  expect(new Set(ids).size).toBe(4)
})

test('a copy of a pool of codes has no codes', async () => {
  const product = await create({ title: '礼品卡', payment_mode: 'points_only', point: 10, delivery: 'codes' })
  const lines = [{ line: 1, code: 'CODE-1' }]
  await importCodes(mall.deps, product.id, lines, { operationKey: 'import-1', operatorId: 'op' })
  const made = (await copy(product.id)).body.data
  expect(made).toMatchObject({ delivery: 'codes', stock_quantity: 0 })
  const codes = await mall.db
    .selectFrom('product_codes')
    .select('id')
    .where('product_id', '=', made.id)
    .execute()
  expect(codes).toEqual([])
})

test('the same request twice makes one copy; a title is taken as it is, and a long one is cut', async () => {
  const product = await create({ title: '长'.repeat(255), payment_mode: 'points_only', point: 10 })
  const headers = { 'idempotency-key': 'copy-product-once' }
  const [one, other] = [await copy(product.id, {}, headers), await copy(product.id, {}, headers)]
  expect(other.body.data.id).toBe(one.body.data.id)
  expect(one.body.data.title).toBe(`${'长'.repeat(251)}（副本）`)
  expect((await copy(product.id, { title: '短' })).body.data.title).toBe('短')
  expect((await copy('999999')).status).toBe(404)
  expect((await copy(product.id, { stock_quantity: 5 })).status).toBe(422)
})
