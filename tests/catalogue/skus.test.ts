import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openHttpSession } from '../support/http-session.ts'
import { tally } from '../support/outcomes.ts'
import { type Answer, openTestApp, type TestApp } from '../support/test-app.ts'

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

const operate = (method: string, path: string, body?: unknown) =>
  mall.call(method, `/api/admin/points-mall${path}`, { as: 'op', role: 'operator', body })

interface Sku {
  readonly id: string
  readonly specs: Record<string, string>
  readonly point: number
  readonly stock_quantity: number
}

const TSHIRT = {
  title: 'T 恤',
  payment_mode: 'points_only',
  shipping_type: 'none',
  skus: [
    { specs: { 颜色: '红', 尺码: 'L' }, point: 30, stock_quantity: 5 },
    { specs: { 颜色: '蓝', 尺码: 'L' }, point: 20, stock_quantity: 7, image: '/assets/products/tea.svg' },
  ],
}

const read = async (id: string) => (await mall.call('GET', `/api/points-mall/products/${id}`)).body.data
const stocks = async (id: string) => (await read(id)).skus.map((sku: Sku) => sku.stock_quantity)

async function onSale(fields: Record<string, unknown> = TSHIRT): Promise<{ id: string; skus: Sku[] }> {
  const { body } = await operate('POST', '/products', fields)
  await operate('POST', `/products/${body.data.id}/publish`)
  return body.data
}

/** Repeats what the mall was too busy to start, as customers do. */
async function redeem(
  owner: string,
  product_id: string,
  more: Record<string, unknown> = {},
): Promise<Answer> {
  for (;;) {
    const answer = await mall.exchange(owner, { product_id, quantity: 1, ...more })
    if (answer.status !== 503) return answer
  }
}

const cancel = (owner: string, orderNo: string) =>
  mall.call('POST', `/api/points-mall/orders/${orderNo}/cancel`, { as: owner, body: {} })

const wrong = ({
  status,
  body,
}: {
  status: number
  body: { errors?: { field: string; code: string }[] }
}) => [status, ...(body.errors ?? []).map(({ field, code }) => `${field} ${code}`)]

describe('a product with several SKUs', () => {
  test('shows the amounts of the cheapest and the sum of the stock, and one without is its own SKU', async () => {
    const { id, skus } = await onSale()
    expect(await read(id)).toMatchObject({ points_price: 20, stock_quantity: 12, status: 'on_sale', skus })
    expect(skus).toMatchObject([
      { specs: { 颜色: '红', 尺码: 'L' }, point: 30, stock_quantity: 5, image: null },
      { specs: { 颜色: '蓝', 尺码: 'L' }, point: 20, stock_quantity: 7, image: '/assets/products/tea.svg' },
    ])
    const plain = await mall.product({ point: 10, stock: 3 })
    expect((await read(plain)).skus).toEqual([
      {
        id: plain,
        specs: {},
        point: 10,
        price: { amount: '0.00', currency: 'CNY' },
        stock_quantity: 3,
        image: null,
      },
    ])
  })

  test('is redeemed by SKU: its price, its stock, its specs on the order; without one it is refused', async () => {
    const { id, skus } = await onSale()
    const [red, blue] = skus.map((sku) => sku.id)
    await mall.points('sam', 1000)
    const check = async (sku_id?: string) =>
      (
        await mall.call('POST', '/api/points-mall/check-exchange', {
          as: 'sam',
          body: { product_id: id, quantity: 6, sku_id },
        })
      ).body
    expect((await check()).data).toMatchObject({ eligible: false, reasons: [{ code: 'SKU_REQUIRED' }] })
    expect((await check(red)).data.reasons).toMatchObject([
      { code: 'OUT_OF_STOCK', required: 6, available: 5 },
    ])
    expect((await check(blue)).data).toMatchObject({ eligible: true, quote: { total_points: 120 } })
    expect((await check('987654321')).code).toBe('NOT_FOUND')

    const none = await redeem('sam', id)
    expect([none.status, none.body.code]).toEqual([422, 'SKU_REQUIRED'])
    const unknown = await redeem('sam', id, { sku_id: id })
    expect([unknown.status, unknown.body.code]).toEqual([404, 'NOT_FOUND'])
    const cheap = await redeem('sam', id, { sku_id: red, expected_points: 20 })
    expect([cheap.status, cheap.body.code]).toEqual([409, 'PRICE_CHANGED'])
    const { body } = await redeem('sam', id, { sku_id: red, quantity: 2, expected_points: 60 })
    expect(body.data).toMatchObject({
      sku_id: red,
      specs: { 颜色: '红', 尺码: 'L' },
      points_price: 30,
      total_points: 60,
      status: 'order_paid',
    })
    expect(await stocks(id)).toEqual([3, 7])
    await cancel('sam', body.data.order_no)
    await mall.reach('sam', body.data.order_no, 'order_canceled')
    expect(await stocks(id)).toEqual([5, 7])

    const own = await mall.product({ point: 10, stock: 3 })
    expect((await redeem('sam', own, { sku_id: own })).body.data).toMatchObject({ sku_id: own, specs: {} })
    expect((await redeem('sam', own)).body.data).toMatchObject({ sku_id: own, specs: {} })
  })

  test('sells the last piece of one SKU once to 50 at once, while another is free', async () => {
    const { id, skus } = await onSale({
      ...TSHIRT,
      skus: [
        { ...TSHIRT.skus[0], stock_quantity: 1 },
        { ...TSHIRT.skus[1], stock_quantity: 30 },
      ],
    })
    const [last, free] = skus.map((sku) => sku.id)
    const owners = Array.from({ length: 50 }, (_, n) => `crowd${n}`)
    await Promise.all(owners.map((owner) => mall.points(owner, 100)))
    const answers = await Promise.all(owners.map((owner) => redeem(owner, id, { sku_id: last })))
    const others = await Promise.all(owners.slice(0, 10).map((owner) => redeem(owner, id, { sku_id: free })))
    expect(await tally(answers, mall)).toEqual({ '201 order_paid': 1, '409 OUT_OF_STOCK': 49 })
    expect(await tally(others, mall)).toEqual({ '201 order_paid': 10 })
    expect(await stocks(id)).toEqual([0, 20])
  })

  test('adds up after redemptions, cancellations and changes of several SKUs at once', async () => {
    const { id, skus } = await onSale()
    await mall.points('mia', 100_000)
    const sku = (n: number) => skus[n % skus.length]?.id
    const first = await Promise.all([0, 1, 2, 3].map((n) => redeem('mia', id, { sku_id: sku(n) })))
    const adjust = (n: number, stock_delta: number) =>
      operate('PATCH', `/products/${id}`, {
        skus: skus.map(({ id: sku_id, specs }, at) => ({
          id: sku_id,
          specs,
          stock_delta: at === n ? stock_delta : 0,
        })),
      })
    await Promise.all([
      ...first.map(({ body }) => cancel('mia', body.data.order_no)),
      ...Array.from({ length: 12 }, (_, n) => redeem('mia', id, { sku_id: sku(n) })),
      ...[2, -1, 3, -2].map((delta, n) => adjust(n % 2, delta)),
    ])
    for (const { body } of first) await mall.reach('mia', body.data.order_no, 'order_canceled')
    const { skus: after, stock_quantity } = await read(id)
    expect(after.reduce((sum: number, one: Sku) => sum + one.stock_quantity, 0)).toBe(stock_quantity)
  })

  test('comes from a product without, whose orders and stock stay those of its first SKU', async () => {
    const { id } = await onSale({
      title: '杯子',
      payment_mode: 'points_only',
      point: 10,
      shipping_type: 'none',
      stock_quantity: 4,
    })
    await mall.points('leo', 1000)
    const order = (await redeem('leo', id)).body.data.order_no
    const split = await operate('PATCH', `/products/${id}`, {
      skus: [
        { id, specs: { 颜色: '白' } },
        { specs: { 颜色: '黑' }, point: 8, stock_quantity: 2 },
      ],
    })
    const [white, black] = split.body.data.skus as Sku[]
    expect([white, black]).toMatchObject([
      { id, point: 10, stock_quantity: 3 },
      { point: 8, stock_quantity: 2 },
    ])
    expect(split.body.data).toMatchObject({ point: 8, stock_quantity: 5 })
    await cancel('leo', order)
    await mall.reach('leo', order, 'order_canceled')
    expect(await stocks(id)).toEqual([4, 2])
    // A deleted SKU takes back what returns, and offers nothing.
    const late = (await redeem('leo', id, { sku_id: id })).body.data.order_no
    const rest = await operate('PATCH', `/products/${id}`, {
      skus: [{ id: black?.id, specs: { 颜色: '黑' } }],
    })
    expect(rest.body.data).toMatchObject({ point: 8, stock_quantity: 2, skus: [{ id: black?.id }] })
    await cancel('leo', late)
    await mall.reach('leo', late, 'order_canceled')
    expect(await read(id)).toMatchObject({ stock_quantity: 2 })
    // One is left: the product's amounts are its.
    const one = await operate('PATCH', `/products/${id}`, { point: 9, stock_delta: -2 })
    expect(one.body.data).toMatchObject({
      point: 9,
      status: 'sold_out',
      skus: [{ point: 9, stock_quantity: 0 }],
    })
    expect((await operate('PATCH', `/products/${id}`, { stock_delta: 1 })).body.data.status).toBe('on_sale')
    expect((await redeem('leo', id)).body.data).toMatchObject({ sku_id: black?.id, total_points: 9 })
  })

  test.each<[string, Record<string, unknown>, string[]]>([
    ['amounts of its own', { point: 5, stock_quantity: 3 }, ['point per_sku', 'stock_quantity per_sku']],
    ['no SKU', { skus: [] }, ['skus min']],
    ['an SKU without points', { skus: [{ specs: { 色: '红' } }] }, ['skus.0.point min']],
    [
      'two without specs',
      { skus: [{ point: 1 }, { point: 2 }] },
      ['skus.0.specs required', 'skus.1.specs required'],
    ],
    [
      'two alike',
      {
        skus: [
          { specs: { 色: '红' }, point: 1 },
          { specs: { 色: '红' }, point: 2 },
        ],
      },
      ['skus.1.specs taken'],
    ],
    [
      'other names of specs',
      {
        skus: [
          { specs: { 色: '红' }, point: 1 },
          { specs: { 码: 'L' }, point: 2 },
        ],
      },
      ['skus.1.specs invalid'],
    ],
    ['an id of another product', { skus: [{ id: '1', point: 1 }] }, ['skus.0.id exists']],
    ['an unknown field', { skus: [{ point: 1, colour: 'red' }] }, ['skus.0.colour unknown']],
  ])('is refused with %s, and nothing is created', async (_, fields, expected) => {
    const count = async () => (await operate('GET', '/products')).body.meta.total
    const before = await count()
    expect(wrong(await operate('POST', '/products', { ...TSHIRT, ...fields }))).toEqual([422, ...expected])
    expect(await count()).toBe(before)
  })

  test('is refused amounts of its own when it is changed, and more pieces taken than there are', async () => {
    const { id, skus } = await onSale()
    const answer = await operate('PATCH', `/products/${id}`, { point: 5, stock_delta: 1 })
    expect(wrong(answer)).toEqual([422, 'point per_sku', 'stock_delta per_sku'])
    const kept = skus.map(({ id: sku_id, specs }) => ({ id: sku_id, specs }))
    const less = await operate('PATCH', `/products/${id}`, {
      skus: [kept[0], { ...kept[1], stock_delta: -8 }],
    })
    expect([less.status, less.body.code]).toEqual([409, 'OUT_OF_STOCK'])
    const mixed = await operate('PATCH', `/products/${id}`, { payment_mode: 'mixed' })
    expect(wrong(mixed)).toEqual([422, 'skus.0.price.amount min', 'skus.1.price.amount min'])
    expect(await stocks(id)).toEqual([5, 7])
    expect((await operate('PATCH', `/products/${id}`, { title: '圆领 T 恤' })).body.data.skus).toHaveLength(2)
  })

  test('whose stock is not that of its SKUs is reported', async () => {
    const { id, skus } = await onSale()
    await sql`update points_products set stock_quantity = 13 where id = ${id}`.execute(mall.db)
    expect(await mall.brokenLaws()).toEqual([`stock of product ${id} and its SKUs: 13 while 12`])
    await sql`update product_skus set stock_quantity = 6 where id = ${skus[0]?.id}`.execute(mall.db)
    expect(await mall.brokenLaws()).toEqual([`stock movements of SKU ${skus[0]?.id}: 6 while 5`])
    await sql`update product_skus set stock_quantity = 5 where id = ${skus[0]?.id}`.execute(mall.db)
    await sql`update points_products set stock_quantity = 12 where id = ${id}`.execute(mall.db)
  })
})

describe('the pages', () => {
  test('let a customer choose an SKU, confirm it and see it on the order', async () => {
    const { id, skus } = await onSale()
    const blue = skus[1]?.id ?? ''
    await mall.points('ivy', 1000)
    const ivy = await openHttpSession(mall, 'ivy')
    const page = (await ivy.get(`/points-mall/products/${id}`)).html
    expect(page).toContain('红 · L')
    expect(page).toMatch(new RegExp(`type="radio" form="buy" name="sku_id" value="${blue}"`))
    const sheet = `/points-mall/products/${id}/redeem`
    expect((await ivy.get(`${sheet}?quantity=1`)).location).toBe(`/points-mall/products/${id}`)
    const shown = (await ivy.get(`${sheet}?quantity=2&sku_id=${blue}`)).html
    expect(shown).toContain('蓝 · L')
    const fields = Object.fromEntries(
      Array.from(
        shown.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g),
        ([, name = '', value = '']) => [name, value],
      ),
    )
    expect(fields).toMatchObject({ sku_id: blue, points: '40' })
    const placed = await ivy.post(sheet, fields)
    expect(placed.location).toMatch(/\/points-mall\/orders\/PM/)
    expect((await ivy.get(placed.location)).html).toContain('蓝 · L')
  })

  test('let an operator edit SKUs, and say what is wrong', async () => {
    const operator = await openHttpSession(mall, 'op', 'zh', 'operator')
    const { id } = await onSale({
      title: '袜子',
      payment_mode: 'points_only',
      point: 10,
      shipping_type: 'none',
      stock_quantity: 4,
    })
    const path = `/admin/products/${id}/skus`
    const version = async () => (await operate('GET', `/products/${id}`)).body.data.version
    const once = (n: number) => ({ once: `editing-skus-${id}-${n}` })
    const fields = {
      specs_0: '颜色：灰',
      point_0: '10',
      change_0: '-1',
      specs_1: '颜色: 绿；',
      point_1: '12',
      stock_1: '6',
    }
    const bad = await operator.post(path, {
      ...once(1),
      version: await version(),
      ...fields,
      specs_1: '绿色',
    })
    expect([bad.status, bad.html.includes('写成「名称：内容」')]).toEqual([422, true])
    const none = await operator.post(path, { ...once(2), version: await version(), ...fields, point_1: '' })
    expect([none.status, none.html.includes('不能小于 1')]).toEqual([422, true])
    const saved = await operator.post(path, { ...once(3), version: await version(), ...fields })
    expect(saved.location).toBe(`${path}?done=saved`)
    expect(await read(id)).toMatchObject({
      points_price: 10,
      stock_quantity: 9,
      skus: [
        { id, specs: { 颜色: '灰' }, point: 10, stock_quantity: 3 },
        { specs: { 颜色: '绿' }, point: 12, stock_quantity: 6 },
      ],
    })
    const stale = await operator.post(path, { ...once(4), version: '1', ...fields })
    expect([stale.status, await stocks(id)]).toEqual([422, [3, 6]])
    const edit = (await operator.get(`/admin/products/${id}`)).html
    expect([edit.includes('name="point"'), edit.includes(`${path}"`)]).toEqual([false, true])
    const removed = await operator.post(path, {
      ...once(5),
      version: await version(),
      remove_0: '1',
      specs_1: '颜色：绿',
      point_1: '12',
    })
    expect(removed.location).toBe(`${path}?done=saved`)
    expect((await read(id)).skus).toHaveLength(1)
    expect((await operator.get(`/admin/products/${id}/stock`)).html).toContain('灰')
  })
})
