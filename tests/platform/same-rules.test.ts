import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { readTables } from '../support/db-snapshot.ts'
import { openHttpSession, type Visitor } from '../support/http-session.ts'
import { takeLastPart } from '../support/refunded-in-parts.ts'
import { openTestApp, type TestApp, token } from '../support/test-app.ts'

/** Pages and API accept and refuse the same. */

let mall: TestApp
let operator: Visitor
beforeAll(async () => {
  mall = await openTestApp()
  operator = await openHttpSession(mall, 'olga', 'zh', 'operator')
})
afterAll(async () => {
  expect(await mall.brokenLaws()).toEqual([])
  await mall.close()
})

const api = (method: string, path: string, body: unknown) =>
  mall.call(method, `/api/admin/points-mall${path}`, { as: 'op', role: 'operator', body })
const yuan = (amount: string) => ({ amount, currency: 'CNY' })
const ADDRESS = { name: '王芳', phone: '13800138000', detail: '漕溪北路 1 号' }

/** Expects that `ask` changes nothing but sessions. */
async function changesNothing<T>(ask: () => Promise<T>): Promise<T> {
  const read = async () => {
    const { web_sessions: _, ...tables } = await readTables(mall.db)
    return tables
  }
  const before = await read()
  const answer = await ask()
  expect(await read()).toEqual(before)
  return answer
}

let owners = 0
/** A paid order of 100 points and 9.90, by the wallet. */
async function paidOrder(product: Parameters<TestApp['product']>[0] = {}) {
  owners += 1
  const owner = `buyer-${owners}`
  await mall.points(owner, 100)
  await mall.cash(owner, 990)
  const product_id = await mall.product({ payment_mode: 'mixed', ...product })
  const answer = await mall.exchange(owner, { product_id, payment_method: 'wallet', address: ADDRESS })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.body.data.order_no as string
}

const statusOf = async (orderNo: string) =>
  (await api('GET', `/orders/${orderNo}`, undefined)).body.data.status
const refund = (orderNo: string, body: object) =>
  api('POST', `/orders/${orderNo}/refund`, { reason: '少发一件', ...body })
const refundPage = (orderNo: string, fields: Record<string, string>) =>
  operator.post(`/admin/orders/${orderNo}/refund`, { reason: '少发一件', ...fields })

describe('a partial refund of all that is left', () => {
  const cases = [
    ['in one refund', [], { points: 100, money: '9.90' }],
    ['of the points, after the cash', [{ money: yuan('9.90') }], { points: 100, money: '0.00' }],
    ['of the cash, after the points', [{ points: 100 }], { points: 0, money: '9.90' }],
    ['after another part', [{ points: 40, money: yuan('3.30') }], { points: 60, money: '6.60' }],
  ] as const

  test.each(cases)('(%s) is refused by both; a full refund is accepted by both', async (_, before, last) => {
    for (const isPage of [false, true]) {
      const orderNo = await paidOrder()
      for (const part of before) expect((await refund(orderNo, part)).status).toBe(200)
      const byApi = await changesNothing(() => refund(orderNo, { ...last, money: yuan(last.money) }))
      expect([byApi.status, byApi.body.code]).toEqual([409, 'REFUND_IS_WHOLE'])
      expect(byApi.body.detail).toBe('这是订单剩余的全部，请改为整单退款')
      const fields = { what: 'part', points: `${last.points}`, money: last.money }
      const byPage = await changesNothing(() => refundPage(orderNo, fields))
      expect([byPage.status, byPage.html]).toEqual([422, expect.stringContaining('这是全部')])
      expect(await statusOf(orderNo)).toBe('order_paid')
      if (isPage) expect((await refundPage(orderNo, { what: 'whole' })).status).toBe(303)
      else expect((await refund(orderNo, {})).status).toBe(200)
      expect(await statusOf(orderNo)).toBe('order_canceled')
    }
  })

  test('less one is partial for both', async () => {
    const orderNo = await paidOrder()
    expect((await refund(orderNo, { points: 99, money: yuan('9.90') })).status).toBe(200)
    expect(await statusOf(orderNo)).toBe('order_paid')
    const other = await paidOrder()
    expect((await refundPage(other, { what: 'part', points: '100', money: '9.89' })).status).toBe(303)
    expect(await statusOf(other)).toBe('order_paid')
  })

  test('is refused to the second of two concurrent requests', async () => {
    const orderNo = await paidOrder()
    const half = { points: 50, money: yuan('4.95') }
    const answers = await Promise.all([refund(orderNo, half), refund(orderNo, half)])
    expect(answers.map(({ body }) => body.code ?? 'done').toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      'REFUND_IS_WHOLE',
      'done',
    ])
  })

  test('is impossible for both when nothing is left; the order can still end', async () => {
    const orderNo = await paidOrder()
    await takeLastPart(mall, orderNo)
    const byApi = await changesNothing(() => refund(orderNo, {}))
    expect([byApi.status, byApi.body.code]).toEqual([409, 'REFUND_EXCEEDS_REST'])
    const byPage = await changesNothing(() => refundPage(orderNo, { what: 'whole' }))
    expect(byPage.status).toBe(409)
    expect((await api('POST', `/orders/${orderNo}/cancel`, { reason: '缺货' })).status).toBe(200)
  })
})

describe('a product', () => {
  const MIXED = { title: '折扇', payment_mode: 'mixed', point: 5, price: yuan('9.90') }
  const form = { title: '折扇', payment_mode: 'mixed', point: '5', price: '9.90' }
  const window = (limit: object) => ({ ...MIXED, properties: { limit } })
  const cases = [
    [
      'whose original price is lower than its price',
      { ...MIXED, original_price: yuan('9.89') },
      { ...form, original_price: '9.89' },
      'original_price.amount',
      { original_price: yuan('9.90') },
    ],
    [
      'with a period but no limit of pieces',
      window({ time_limit_seconds: 86_400 }),
      { ...form, window_count: '1', window_unit: 'day' },
      'properties.limit.max_per_user',
      { properties: { limit: { time_limit_seconds: 86_400, max_per_user: 1 } } },
    ],
  ] as const

  test.each(cases)('%s is refused by both, created or changed', async (_, body, fields, field, right) => {
    const id = (await api('POST', '/products', { ...MIXED, ...right })).body.data.id as string
    const change = Object.fromEntries(
      Object.entries(body).filter(([name]) => name === 'original_price' || name === 'properties'),
    )
    for (const [method, path, sent] of [
      ['POST', '/products', body],
      ['PATCH', `/products/${id}`, change],
    ] as const) {
      const byApi = await changesNothing(() => api(method, path, sent))
      expect([byApi.status, byApi.body.errors]).toMatchObject([422, [{ field }]])
    }
    for (const path of ['/admin/products', `/admin/products/${id}`]) {
      expect((await changesNothing(() => operator.post(path, fields))).status).toBe(422)
    }
    // Valid values are accepted; stored ones are checked only when they are written again.
    expect((await api('PATCH', `/products/${id}`, right)).status).toBe(200)
    await mall.db
      .updateTable('points_products')
      .set({
        original_price_amount: '0.01',
        properties: JSON.stringify({ limit: { time_limit_seconds: 5 } }),
      })
      .where('id', '=', id)
      .execute()
    expect((await api('PATCH', `/products/${id}`, { title: '团扇' })).status).toBe(200)
    expect((await api('PATCH', `/products/${id}`, change)).status).toBe(422)
  })

  test('cannot have an original price if it costs points only', async () => {
    const body = { title: '书签', payment_mode: 'points_only', point: 5, original_price: yuan('0.50') }
    expect((await api('POST', '/products', body)).status).toBe(201)
  })
})

describe('customized goods', () => {
  test('need their details, at both; any details are accepted', async () => {
    await mall.points('maker', 1_000)
    const product_id = await mall.product({ product_type: 'customized', point: 10 })
    const visitor = await openHttpSession(mall, 'maker')
    const path = `/points-mall/products/${product_id}/redeem`
    const sheet = { quantity: '1', points: '10', cash: '0.00' }
    for (const customized of [undefined, null, {}, [], { text: '' }, { text: '　 ' }, { a: [{ b: ' ' }] }]) {
      const answer = await changesNothing(() => mall.exchange('maker', { product_id, customized }))
      expect([answer.status, answer.body.code]).toEqual([422, 'VALIDATION_FAILED'])
      expect(answer.body.errors).toMatchObject([{ field: 'customized', code: 'required' }])
    }
    for (const customized of ['', '  ']) {
      expect((await changesNothing(() => visitor.post(path, { ...sheet, customized }))).status).toBe(422)
    }
    for (const customized of [{ text: '赠林可' }, { font: 3 }, ['A']]) {
      expect((await mall.exchange('maker', { product_id, customized })).status).toBe(201)
    }
    // Another product: one more of the same is asked about.
    const other = await mall.product({ product_type: 'customized', point: 10 })
    const otherPath = `/points-mall/products/${other}/redeem`
    expect((await visitor.post(otherPath, { ...sheet, customized: '赠林可' })).status).toBe(303)
  })

  test('are checked after the product and before the price; a repeat is accepted', async () => {
    const gone = await mall.product({ product_type: 'customized', status: 'off_sale' })
    expect((await mall.exchange('poor', { product_id: gone })).body.code).toBe('PRODUCT_NOT_ON_SALE')
    const dear = await mall.product({ product_type: 'customized', point: 9_000 })
    expect((await mall.exchange('poor', { product_id: dear })).body.code).toBe('VALIDATION_FAILED')
    await mall.points('early', 10)
    const product_id = await mall.product({ point: 10 })
    const first = await mall.exchange('early', { product_id }, { key: 'before' })
    await mall.db
      .updateTable('points_products')
      .set({ product_type: 'customized' })
      .where('id', '=', product_id)
      .execute()
    await mall.db.deleteFrom('idempotency_keys').execute()
    const again = await mall.exchange('early', { product_id }, { key: 'before' })
    expect([again.status, again.body.data.order_no]).toEqual([201, first.body.data.order_no])
  })
})

describe('goods without shipping', () => {
  const parcel = { carrier: '顺丰', tracking_no: 'SF1' }

  test.each(['pickup', 'none'] as const)(
    '(%s) cannot be shipped by either: they are finished',
    async (shipping_type) => {
      const orderNo = await paidOrder({ shipping_type })
      await api('POST', `/orders/${orderNo}/accept`, {})
      const byApi = await changesNothing(() => api('POST', `/orders/${orderNo}/ship`, parcel))
      expect([byApi.status, byApi.body.code]).toEqual([409, 'ORDER_STATE_CONFLICT'])
      const page = `/admin/orders/${orderNo}`
      expect((await changesNothing(() => operator.post(`${page}/ship`, parcel))).status).toBe(409)
      const { html } = await operator.get(page)
      expect(html).not.toContain(`action="${page}/ship"`)
      expect(html).toContain('无需寄送。')
      expect((await api('POST', `/orders/${orderNo}/finish`, {})).body.data.status).toBe('order_finished')
    },
  )

  test('differ from shipped goods, which both can ship', async () => {
    const orderNos = [
      await paidOrder({ shipping_type: 'logistics' }),
      await paidOrder({ shipping_type: 'logistics' }),
    ]
    for (const orderNo of orderNos) await api('POST', `/orders/${orderNo}/accept`, {})
    expect((await api('POST', `/orders/${orderNos[0]}/ship`, parcel)).status).toBe(200)
    expect((await operator.post(`/admin/orders/${orderNos[1]}/ship`, parcel)).status).toBe(303)
    for (const orderNo of orderNos) expect(await statusOf(orderNo)).toBe('order_shipped')
  })
})

describe('a character that the database cannot store', () => {
  const NUL = '不想要\0了'

  test('in the reason of a cancellation is refused by both, and the order can still be canceled', async () => {
    const orderNo = await paidOrder()
    const { owner_id: owner } = (await api('GET', `/orders/${orderNo}`, undefined)).body.data
    const byApi = await changesNothing(() => mall.act(owner, orderNo, 'cancel', { reason: NUL }))
    expect([byApi.status, byApi.body.errors]).toMatchObject([422, [{ field: 'reason', code: 'characters' }]])
    const visitor = await openHttpSession(mall, owner)
    const path = `/points-mall/orders/${orderNo}/cancel`
    for (const fields of [{ reason: NUL }, { more: NUL }]) {
      const { status, html } = await changesNothing(() => visitor.post(path, fields))
      expect([status, html]).toEqual([422, expect.stringContaining('含有不允许的字符')])
    }
    expect((await visitor.post(path, { more: '不想要了' })).status).toBe(303)
    expect(await statusOf(orderNo)).toBe('order_canceled')
  })

  test('in the id of a block is refused by both', async () => {
    const admin = await openHttpSession(mall, 'anna', 'zh', 'admin')
    const path = '/wallets/blocked/unblock'
    for (const block of [NUL, '', '9'.repeat(65)]) {
      const body = { block_id: block, reason: '核对' }
      const byApi = await changesNothing(() =>
        mall.call('POST', `/api/admin/points-mall${path}`, { as: 'root', role: 'admin', body }),
      )
      expect([block, byApi.status]).toEqual([block, 422])
      const fields = { block, reason: '核对' }
      const byPage = await changesNothing(() => admin.post('/admin/users/blocked/unblock', fields))
      expect([block, byPage.status]).toEqual([block, 422])
    }
  })
})

describe('with an external points system', () => {
  test('both say so, and neither books nor lists earnings', async () => {
    const app = createApp({ ...mall.deps, outsideWallet: {} as never })
    const bearer = {
      authorization: `Bearer ${await token('root', 'admin', 1)}`,
      'content-type': 'application/json',
    }
    const reason = '核对'
    const asked: readonly (readonly [string, string, object?])[] = [
      ['POST', '/wallets/ann/grant', { points: 1, reason }],
      ['POST', '/wallets/ann/adjust', { points: 1, reason }],
      ['POST', '/wallets/ann/freeze', { reason }],
      ['POST', '/wallets/ann/unfreeze', { reason }],
      ['POST', '/wallets/ann/block', { points: 1, reason }],
      ['POST', '/wallets/ann/unblock', { block_id: 'x', reason }],
      ['POST', '/earnings', { owner_id: 'ann', source: 'order', external_id: 'X', points: 1 }],
      ['POST', '/earnings/1/reverse', { reason }],
      ['GET', '/earnings'],
    ]
    for (const [method, path, body] of asked) {
      const answer = await app.request(`${mall.url}/api/admin/points-mall${path}`, {
        method,
        headers: bearer,
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      expect([path, answer.status]).toEqual([path, 403])
      expect(await answer.json()).toMatchObject({
        code: 'FORBIDDEN',
        reason: 'points_elsewhere',
        detail: '积分由外部积分系统管理，不能在这里变更',
      })
    }
  })
})
