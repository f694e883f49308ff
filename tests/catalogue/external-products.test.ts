import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { refreshProducts } from '../../application/catalogue/external-products.ts'
import { noteUnread } from '../../db/catalogue/external-products.ts'
import { allotment } from '../../domain/catalogue/external.ts'
import { createHttpProducts } from '../../partners/http-products.ts'
import { openHttpSession } from '../support/http-session.ts'
import { PRODUCT_FAULTS, type ProductServer, startProductServer } from '../support/product-server.ts'
import { createRandom } from '../support/random.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

const SECRET = 'the secret of the shop and its mall, shared'
const IMAGE = 'https://images.example.com/a.jpg'
let shop: ProductServer
let mall: TestApp

beforeAll(async () => {
  shop = await startProductServer({ mall: SECRET })
  mall = await openTestApp()
})
afterAll(async () => {
  await mall.close()
  await shop.stop()
})
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

const admin = (method: string, path: string, body?: unknown) =>
  mall.call(method, `/api/admin/points-mall/products${path}`, { as: 'op', role: 'operator', body })
const read = async (id: string) => (await admin('GET', `/${id}`)).body.data
const rowOf = (id: string) =>
  mall.db.selectFrom('external_products').selectAll().where('product_id', '=', id).executeTakeFirstOrThrow()

/** Reads what is due, or all products. @returns the errors */
async function refresh(all = true): Promise<unknown[]> {
  const productSource = createHttpProducts({ baseUrl: shop.url, keyId: 'mall', secret: SECRET })
  if (all)
    await mall.db
      .updateTable('external_products')
      .set({ next_at: new Date(0) })
      .execute()
  const errors: unknown[] = []
  const { db, imageHosts } = mall.deps
  await refreshProducts({ db, productSource, imageHosts, refreshMs: 300_000 }, (_, error) =>
    errors.push(error),
  )
  return errors
}

/** A product on sale that is linked to one of the shop, and has been read. */
async function linked(id: string, goods: Parameters<ProductServer['add']>[1] = {}, price = {}) {
  shop.add(id, goods)
  const fields = { title: '草稿', payment_mode: 'points_only', point: 100, shipping_type: 'none', ...price }
  const made = await admin('POST', '', { ...fields, stock_quantity: 7, external_id: id })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  const product = made.body.data.id as string
  expect((await admin('POST', `/${product}/publish`, {})).status).toBe(200)
  expect(await refresh()).toEqual([])
  return product
}

const goodsOf = (id: string) => {
  const found = shop.products.get(id)
  if (!found) throw new Error(`the shop has no ${id}`)
  return found
}

/** Pieces that customers have, or have reserved. */
async function redeemed(product: string): Promise<number> {
  const rows = await mall.db
    .selectFrom('stock_reservations')
    .select(['quantity', 'settled'])
    .where('product_id', '=', product)
    .where('state', '<>', 'released')
    .execute()
  return rows.reduce((sum, { quantity, settled }) => sum + quantity - settled, 0)
}

describe('a linked product', () => {
  test('takes over title, picture, usual price and stock; points and all else stay', async () => {
    const goods = { title: ' 保温杯\n大号 ', image: IMAGE, price: '99.00', allotted: 120 }
    const id = await linked('A-1', goods)
    expect(await read(id)).toMatchObject({
      title: '保温杯 大号',
      image: IMAGE,
      original_price: { amount: '99.00' },
      stock_quantity: 120,
      point: 100,
      status: 'on_sale',
      external_id: 'A-1',
    })
    const moves = await admin('GET', `/${id}/stock-movements`)
    expect(moves.body.data.map(({ kind, delta }: { kind: string; delta: number }) => [kind, delta])).toEqual([
      ['adjusted', 113],
      ['initial', 7],
    ])
    const before = await read(id)
    expect(await refresh()).toEqual([])
    expect(await read(id)).toEqual(before)
    expect(shop.requests.at(-1)).toMatchObject({ applied: expect.arrayContaining(['120']) })
  })

  test('keeps what cannot be taken over, and says so', async () => {
    const goods = { title: '', image: 'https://elsewhere.example/a.jpg', price: '1.00', allotted: null }
    const id = await linked('A-2', goods, {
      payment_mode: 'mixed',
      price: { amount: '5.00', currency: 'CNY' },
    })
    expect(await read(id)).toMatchObject({
      title: '草稿',
      image: null,
      original_price: null,
      stock_quantity: 7,
    })
    expect((await rowOf(id)).problems).toEqual(['title_unusable', 'image_refused', 'price_below'])
  })

  test('is off sale while the shop says so or does not have it, unless an operator decides', async () => {
    const id = await linked('A-3', { allotted: 3 })
    goodsOf('A-3').on_sale = false
    await refresh()
    expect(await read(id)).toMatchObject({ status: 'off_sale' })
    goodsOf('A-3').on_sale = true
    await refresh()
    expect(await read(id)).toMatchObject({ status: 'on_sale' })
    const goods = goodsOf('A-3')
    shop.products.delete('A-3')
    await refresh()
    expect([(await read(id)).status, (await rowOf(id)).state]).toEqual(['off_sale', 'gone'])
    const operator = await openHttpSession(mall, 'op', 'zh', 'operator')
    const list = await operator.get('/admin/products')
    expect(list.html).toContain('id="troubled"')
    await admin('POST', `/${id}/unpublish`, {})
    shop.products.set('A-3', goods)
    await refresh()
    expect([(await read(id)).status, (await rowOf(id)).state]).toEqual(['off_sale', 'current'])
  })

  test('belongs to one product of the shop, and its stock to the shop', async () => {
    const id = await linked('A-4', { allotted: 3 })
    const draft = { title: 'x', payment_mode: 'points_only', point: 1 }
    const second = await admin('POST', '', { ...draft, external_id: 'A-4' })
    expect([second.status, second.body.errors?.[0]?.code]).toEqual([422, 'taken'])
    const other = (await admin('POST', '', draft)).body.data.id
    expect((await admin('PATCH', `/${other}`, { external_id: 'A-4' })).body.errors[0].code).toBe('taken')
    for (const body of [{ stock_delta: 5 }, { delivery: 'codes' }]) {
      const refused = await admin('PATCH', `/${id}`, body)
      expect([refused.status, refused.body.errors?.[0]?.code]).toEqual([422, 'stock_at_shop'])
    }
    expect((await admin('PATCH', `/${id}`, { external_id: null })).status).toBe(200)
    expect((await admin('PATCH', `/${id}`, { stock_delta: 5 })).status).toBe(200)
    expect((await admin('PATCH', `/${other}`, { external_id: 'A-4' })).status).toBe(200)
  })

  test('with codes keeps its stock', async () => {
    shop.add('A-5', { allotted: 9 })
    const fields = {
      title: 'x',
      payment_mode: 'points_only',
      point: 1,
      delivery: 'codes',
      external_id: 'A-5',
    }
    const id = (await admin('POST', '', fields)).body.data.id
    await refresh()
    expect(await read(id)).toMatchObject({ stock_quantity: 0 })
    expect((await rowOf(id)).problems).toContain('stock_not_taken')
  })

  test('is read when an operator asks for it; the page shows the last time', async () => {
    const id = await linked('A-6', { allotted: 3 })
    goodsOf('A-6').title = '新的标题'
    expect(await refresh(false)).toEqual([])
    expect((await read(id)).title).toBe('A-6')
    const operator = await openHttpSession(mall, 'op', 'zh', 'operator')
    const page = `/admin/products/${id}`
    expect((await operator.get(page)).html).toContain('id="external"')
    expect((await operator.post(`${page}/refresh`, {})).location).toBe(`${page}?done=refreshing`)
    await refresh(false)
    expect((await read(id)).title).toBe('新的标题')
  })
})

describe('stock that the shop takes back', () => {
  test('leaves the stock; pieces that were redeemed are short, and the product is off sale until they are not', async () => {
    const id = await linked('B-1', { allotted: 5 })
    await mall.points('holder', 1_000)
    const order = (await mall.exchange('holder', { product_id: id, quantity: 4 })).body.data
    goodsOf('B-1').allotted = 2
    await refresh()
    expect(await read(id)).toMatchObject({ stock_quantity: 0, status: 'off_sale' })
    expect(await rowOf(id)).toMatchObject({ allotted: 2, short: 2 })
    await refresh()
    expect(goodsOf('B-1').applied).toBe(4)
    await mall.act('holder', order.order_no, 'cancel')
    expect((await mall.exchange('holder', { product_id: id, quantity: 1 })).status).toBe(409)
    await refresh()
    expect(await read(id)).toMatchObject({ stock_quantity: 2, status: 'on_sale' })
    await refresh()
    expect(goodsOf('B-1').applied).toBe(2)
    goodsOf('B-1').allotted = null
    await refresh()
    expect(await read(id)).toMatchObject({ stock_quantity: 0, status: 'sold_out' })
  })

  test('adds up for any changes and sales: what is counted on is what is there and what was redeemed', () => {
    const random = createRandom(29)
    for (let life = 0; life < 60; life += 1) {
      let state = allotment({ stock: Math.floor(random() * 9), short: 0 }, null, 5)
      let [given, sold] = [5, 0]
      for (let step = 0; step < 30; step += 1) {
        if (random() < 0.5 && state.stock > 0 && state.short === 0) {
          state = { ...state, stock: state.stock - 1 }
          sold += 1
        } else if (random() < 0.3 && sold > 0) {
          state = { ...state, stock: state.stock + 1 }
          sold -= 1
        } else {
          const next = Math.floor(random() * 12)
          state = allotment(state, given, next)
          given = next
        }
        expect([sold + state.stock, state.stock >= 0]).toEqual([given + state.short, true])
      }
    }
  })
})

describe('pieces that were counted before', () => {
  const stockOf = async (id: string) => (await read(id)).stock_quantity
  const change = async (id: string, body: object) => {
    const { status, body: said } = await admin('PATCH', `/${id}`, body)
    return status === 200 ? status : said.errors[0].code
  }
  /** 4 of 5 pieces are redeemed. */
  async function soldMostOf(name: string) {
    const id = await linked(name, { allotted: 5 })
    await mall.points(`holder ${name}`, 1_000)
    expect((await mall.exchange(`holder ${name}`, { product_id: id, quantity: 4 })).status).toBe(201)
    return id
  }

  test.each([0, 5, -1])('stay counted when the same product is linked again; by hand %i', async (byHand) => {
    const name = `F-${byHand}`
    const id = await soldMostOf(name)
    expect(await change(id, { external_id: null })).toBe(200)
    if (byHand !== 0) expect(await change(id, { stock_delta: byHand })).toBe(200)
    expect(await change(id, { external_id: name })).toBe(200)
    await refresh()
    const left = byHand < 0 ? 0 : 1
    expect([await stockOf(id), (await redeemed(id)) + left]).toEqual([left, 4 + left])
    goodsOf(name).allotted = 8
    await refresh()
    expect(await stockOf(id)).toBe(left + 3)
    expect(await change(id, { stock_delta: 1 })).toBe('stock_at_shop')
  })

  test("are short no more when the shop gives none: the stock is the mall's, until the shop gives again", async () => {
    const id = await soldMostOf('F-null')
    expect(await change(id, { stock_delta: 3 })).toBe('stock_at_shop')
    goodsOf('F-null').allotted = null
    await refresh()
    expect(await stockOf(id)).toBe(0)
    expect(await change(id, { stock_delta: 3 })).toBe(200)
    await refresh()
    expect(await read(id)).toMatchObject({ stock_quantity: 3, status: 'on_sale' })
    expect(goodsOf('F-null').applied).toBe(4)
    expect((await mall.exchange('holder F-null', { product_id: id, quantity: 2 })).status).toBe(201)
    goodsOf('F-null').allotted = 5
    await refresh()
    expect(await read(id)).toMatchObject({ stock_quantity: 1, status: 'on_sale' })
    expect(await change(id, { stock_delta: 3 })).toBe('stock_at_shop')
  })

  test("stay counted while no product service is set up, and the stock is the mall's", async () => {
    const id = await soldMostOf('F-none')
    mall.configure({ readsProducts: false })
    try {
      expect(await change(id, { stock_delta: 3 })).toBe(200)
    } finally {
      mall.configure({ readsProducts: true })
    }
    expect(await stockOf(id)).toBe(4)
    await refresh()
    expect(await stockOf(id)).toBe(1)
  })
})

describe('a request that fails', () => {
  test('is not noted at a product that was linked to another one since', async () => {
    const id = await linked('C-moved', { allotted: 1 })
    const before = await rowOf(id)
    shop.add('C-other', {})
    expect((await admin('PATCH', `/${id}`, { external_id: 'C-other' })).status).toBe(200)
    await noteUnread(mall.db, [before], 'late', new Date())
    expect(await rowOf(id)).toMatchObject({ tries: 0, failure: null })
    await noteUnread(mall.db, [await rowOf(id)], 'in time', new Date())
    expect(await rowOf(id)).toMatchObject({ tries: 1, failure: 'in time' })
    expect(await refresh()).toEqual([])
  })

  test.each(PRODUCT_FAULTS)('(%s) changes nothing, and is repeated', async (fault) => {
    const id = await linked(`C-${fault}`, { allotted: 3 })
    goodsOf(`C-${fault}`).title = '后来'
    const before = await read(id)
    shop.fail(fault)
    expect((await refresh()).length).toBe(1)
    expect(await read(id)).toEqual(before)
    expect((await rowOf(id)).tries).toBe(1)
    expect(await refresh()).toEqual([])
    expect((await read(id)).title).toBe('后来')
    expect(await rowOf(id)).toMatchObject({ tries: 0, failure: null })
  })

  test('of many products is one; one that is unreadable does not keep the others', async () => {
    const bad = await linked('D-bad', { allotted: 1 })
    goodsOf('D-bad').price = 'free'
    const good = await linked('D-good', { allotted: 1 })
    goodsOf('D-good').title = '好的'
    const before = shop.requests.length
    expect(await refresh()).toEqual([])
    expect(shop.requests.length).toBe(before + 1)
    expect((await rowOf(bad)).problems).toEqual(['unreadable'])
    expect((await read(good)).title).toBe('好的')
  })

  test('with a wrong secret is an outage; the list shows it from the third time on', async () => {
    const id = await linked('D-secret', { allotted: 1 })
    shop.keys.mall = 'another secret'
    for (let i = 0; i < 3; i += 1) expect((await refresh()).length).toBe(1)
    shop.keys.mall = SECRET
    expect((await rowOf(id)).tries).toBe(3)
    expect(await refresh()).toEqual([])
  })
})

test('the shop sells its pieces elsewhere too, answers get lost: no piece is sold twice', async () => {
  const random = createRandom(2_912)
  const total = 40
  const id = await linked('E-1', { allotted: 10 })
  const goods = goodsOf('E-1')
  let elsewhere = 0
  shop.cause(() =>
    random() < 0.4 ? (['lost', 'error', 'busy', 'garbage'] as const)[Math.floor(random() * 4)] : undefined,
  )
  await mall.points('rush', 100_000)
  const orders: string[] = []
  for (let round = 0; round < 20; round += 1) {
    goods.allotted = Math.min(total - elsewhere, Math.floor(random() * 15))
    const buying = Array.from({ length: 3 }, async () => {
      const answer = await mall.exchange('rush', { product_id: id, quantity: 1 })
      if (answer.status === 201) orders.push(answer.body.data.order_no)
    })
    await Promise.all([...buying, refresh()])
    const free = total - elsewhere - Math.max(goods.allotted, goods.applied)
    if (free > 0) elsewhere += Math.ceil(free / 2)
    if (random() < 0.3) {
      const back = orders.pop()
      if (back) await mall.act('rush', back, 'cancel')
    }
    expect((await redeemed(id)) + elsewhere).toBeLessThanOrEqual(total)
  }
  shop.cause(undefined)
  await refresh()
  const { allotted, short } = await rowOf(id)
  expect((await redeemed(id)) + (await read(id)).stock_quantity).toBe((allotted ?? 0) + short)
  expect(orders.length).toBeGreaterThan(3)
  await until(
    () => redeemed(id),
    (pieces) => pieces + elsewhere <= total,
    'no piece is sold twice',
  )
})
