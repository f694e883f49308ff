import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createDeliveryActivities } from '../../activities/delivery.ts'
import { importCodes, showCodes, sweepExpiredCodes } from '../../application/fulfilment/codes.ts'
import { createEncryptor } from '../../db/platform/encryption.ts'
import { readTables } from '../support/db-snapshot.ts'
import { openHttpSession } from '../support/http-session.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'
import { toPlainHistory } from '../workflows/plain-history.ts'

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())

/** The stock of a pool is its free codes, and nobody has a code without an order. */
async function brokenPools(): Promise<unknown[]> {
  const { rows } = await sql`
    select p.id, p.stock_quantity, count(c.id) filter (where c.state = 'free')::int as free
    from points_products p left join product_codes c on c.product_id = p.id
    where p.delivery = 'codes' group by p.id
    having p.stock_quantity <> count(c.id) filter (where c.state = 'free')
    union all
    select c.id, o.quantity, null from product_codes c
      left join points_exchange_orders o on o.order_no = c.order_no
    where c.state in ('held', 'issued') and (o.order_no is null or o.status = 'order_canceled'
      or (c.state = 'held') <> (o.status in ('exchanged', 'order_created', 'order_paid')))
    union all
    select o.id, o.quantity, count(c.id)::int from points_exchange_orders o
      left join product_codes c on c.order_no = o.order_no and c.state in ('held', 'issued')
    where o.delivery = 'codes' and o.status <> 'order_canceled' group by o.id having count(c.id) <> o.quantity`.execute(
    mall.db,
  )
  return rows
}
afterEach(async () => {
  expect(await mall.brokenLaws()).toEqual([])
  expect(await brokenPools()).toEqual([])
})

const OP = { as: 'op', role: 'operator' } as const
const admin = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  mall.call(method, `/api/admin/points-mall/${path}`, {
    ...OP,
    ...(body === undefined ? {} : { body }),
    ...(headers && { headers }),
  })

/** A product on sale with these codes. */
async function pool(codes: readonly (string | object)[], fields: object = {}): Promise<string> {
  const made = await admin('POST', 'products', {
    title: '影视会员月卡',
    payment_mode: 'points_only',
    point: 100,
    product_type: 'virtual',
    shipping_type: 'none',
    delivery: 'codes',
    ...fields,
  })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  const { id } = made.body.data
  if (codes.length > 0) expect((await add(id, codes)).body.data.imported).toBe(codes.length)
  expect((await admin('POST', `products/${id}/publish`, {})).status).toBe(200)
  return id
}
const add = (id: string, codes: readonly (string | object)[]) =>
  admin('POST', `products/${id}/codes`, {
    codes: codes.map((one) => (typeof one === 'string' ? { code: one } : one)),
  })
const addCsv = (id: string, body: string) =>
  mall.call('POST', `/api/admin/points-mall/products/${id}/codes`, {
    ...OP,
    body,
    headers: { 'content-type': 'text/csv; charset=utf-8' },
    undocumented: true,
  })
const stockOf = async (id: string) =>
  (await admin('GET', `products/${id}`)).body.data.stock_quantity as number
const countsOf = async (id: string) => (await admin('GET', `products/${id}/codes`)).body.data.counts

let customers = 0
async function customer(): Promise<string> {
  customers += 1
  await mall.points(`reader${customers}`, 10_000)
  return `reader${customers}`
}
async function bought(product_id: string, quantity = 1, more: object = {}) {
  const owner = await customer()
  const answer = await mall.exchange(owner, { product_id, quantity, ...more })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return {
    owner,
    orderNo: answer.body.data.order_no as string,
    payUrl: answer.body.data.payment_info.pay_url as string,
  }
}
async function issued(product_id: string, quantity = 1) {
  const order = await bought(product_id, quantity)
  await mall.reach(order.owner, order.orderNo, 'order_shipped')
  return order
}
const numbered = (name: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${name}-${1000 + n}`)

describe('an import', () => {
  test('tells for each line what became of it; a code comes in once', async () => {
    const id = await pool(['AAAA-1111'])
    const answer = await add(id, [
      'BBBB-2222',
      'aaaa-1111',
      // The same as before, in full width, with other blanks.
      'ＡＡＡＡ １１１１',
      'BBBB 2222',
      ' ',
      { code: 'CCCC-3333', url: 'javascript:alert(1)' },
      { code: 'DDDD-4444', valid_until: '2020-01-01' },
      { code: 'EEEE-5555', valid_until: 'tomorrow' },
      { code: 'F'.repeat(201) },
      { code: 'GGGG-7777', pin: '9876', url: 'https://example.com/use', valid_until: '2099-12-31' },
    ])
    expect([answer.status, answer.body.data]).toEqual([
      201,
      {
        imported: 3,
        duplicates: 2,
        invalid: 5,
        lines: [
          { line: 3, result: 'duplicate', field: null, code: null, message: null },
          { line: 4, result: 'duplicate', field: null, code: null, message: null },
          ...[
            [5, 'code', 'required'],
            [6, 'url', 'format'],
            [7, 'valid_until', 'future'],
            [8, 'valid_until', 'format'],
            [9, 'code', 'max_length'],
          ].map(([line, field, code]) => ({
            line,
            result: 'invalid',
            field,
            code,
            message: expect.any(String),
          })),
        ],
      },
    ])
    expect(await stockOf(id)).toBe(4)
    expect(await countsOf(id)).toEqual({ free: 4, held: 0, issued: 0, void: 0 })
  })

  test('reads CSV with and without a line of names, with the numbers of its lines', async () => {
    const id = await pool([])
    const named = await addCsv(
      id,
      '\uFEFF有效期至,兑换码,卡密\r\n,"X,1-0001",p1\r\n\r\n2000-01-01,X2-0002,\r\n,"X,1-0001",',
    )
    expect(named.body.data).toMatchObject({
      imported: 1,
      duplicates: 1,
      invalid: 1,
      lines: [
        { line: 4, result: 'invalid', field: 'valid_until', code: 'future' },
        { line: 5, result: 'duplicate' },
      ],
    })
    expect((await addCsv(id, 'Y1-0001,1234\nY2-0002')).body.data).toMatchObject({ imported: 2, invalid: 0 })
    for (const [wrong, field] of [
      ['code,"open', 'codes.1'],
      ['code,colour\nZ,red', 'codes.1.colour'],
      ['', 'codes'],
      ['code\n', 'codes'],
    ] as const) {
      const refused = await addCsv(id, wrong)
      expect([wrong, refused.status, refused.body.errors?.[0]?.field]).toEqual([wrong, 422, field])
    }
    expect(await stockOf(id)).toBe(3)
  })

  test('under one key acts once, twenty at the same time too; a repeat of it answers the same', async () => {
    const id = await pool([])
    const codes = numbered('SAME', 30)
    const answers = await Promise.all(Array.from({ length: 20 }, () => add(id, codes)))
    expect(answers.reduce((sum, { body }) => sum + body.data.imported, 0)).toBe(30)
    const cause = { operationKey: 'import-again', operatorId: 'op' }
    const lines = [{ line: 1, code: 'ONCE-0001' }]
    const first = await importCodes(mall.deps, id, lines, cause)
    expect(await importCodes(mall.deps, id, lines, cause)).toEqual(first)
    expect([first.result.imported, await stockOf(id)]).toEqual([1, 31])
  })

  test('is refused for goods that are delivered otherwise, and the stock of a pool is not set by hand', async () => {
    const other = await mall.product()
    const refused = await add(other, ['A-1'])
    expect([refused.status, refused.body.code]).toEqual([409, 'DELIVERY_MISMATCH'])
    const id = await pool(['A-1000'])
    const patched = await admin('PATCH', `products/${id}`, { stock_delta: 5 })
    const made = await admin('POST', 'products', {
      title: '卡',
      payment_mode: 'points_only',
      point: 1,
      shipping_type: 'none',
      delivery: 'codes',
      stock_quantity: 3,
    })
    expect([patched.status, patched.body.errors[0].code]).toEqual([422, 'stock_is_codes'])
    expect([made.status, made.body.errors[0].code]).toEqual([422, 'stock_is_codes'])
    // Free codes are stock only while the product is delivered by codes.
    await admin('PATCH', `products/${id}`, { delivery: 'manual' })
    expect(await stockOf(id)).toBe(0)
    await admin('PATCH', `products/${id}`, { delivery: 'codes' })
    expect(await stockOf(id)).toBe(1)
  })

  test('after a change of keys finds what was imported before, and opens it', async () => {
    const id = await pool(['OLD-KEY-0001'])
    const old = { id: 't1', key: Buffer.alloc(32, 'key of the tests') }
    const rotated = createEncryptor([{ id: 't2', key: Buffer.alloc(32, 'another key') }, old])
    const again = await importCodes(
      { db: mall.db, sealer: rotated },
      id,
      [
        { line: 1, code: 'OLD-KEY-0001' },
        { line: 2, code: 'NEW-KEY-0002' },
      ],
      { operationKey: 'rotated', operatorId: 'op' },
    )
    expect(again.result).toMatchObject({ imported: 1, duplicates: 1 })
    const { owner, orderNo } = await bought(id, 2)
    await until(
      () =>
        mall.db
          .selectFrom('points_exchange_orders')
          .select('status')
          .where('order_no', '=', orderNo)
          .execute(),
      ([order]) => order?.status === 'order_shipped',
      'the codes are issued',
    )
    const shown = await showCodes(
      { db: mall.db, sealer: rotated },
      { order_no: orderNo, owner_id: owner },
      owner,
    )
    expect(shown.map(({ code }) => code)).toEqual(['OLD-KEY-0001', 'NEW-KEY-0002'])
  })
})

describe('an order of codes', () => {
  test('gets them by itself once paid, oldest first; its owner alone sees them, and each view is recorded', async () => {
    const until_ = '2099-12-31'
    const id = await pool([
      { code: 'FIRST-0001', pin: 'PIN-42', valid_until: until_ },
      'SECOND-0002',
      'THIRD-0003',
    ])
    const { owner, orderNo } = await issued(id, 2)
    const { delivery, timeline } = await mall.order(owner, orderNo)
    expect(delivery).toEqual({
      type: 'codes',
      codes: [
        { code: 'FIRST-0001', pin: 'PIN-42', valid_until: '2099-12-31T16:00:00.000Z' },
        { code: 'SECOND-0002' },
      ],
    })
    expect(timeline.at(-1)).toMatchObject({ status: 'order_shipped', code: 'handed_out' })
    expect(await countsOf(id)).toEqual({ free: 1, held: 0, issued: 2, void: 0 })

    const stranger = await mall.call('GET', `/api/points-mall/orders/${orderNo}`, { as: 'stranger' })
    expect(stranger.status).toBe(404)
    const list = await mall.call('GET', '/api/points-mall/orders', { as: owner })
    const seen = await admin('GET', `orders/${orderNo}`)
    const listed = await admin('GET', `products/${id}/codes`)
    for (const text of [list, seen, listed].map(({ body }) => JSON.stringify(body))) {
      expect(text).not.toContain('FIRST-0001')
      expect(text).not.toContain('PIN-42')
    }
    // `reach` may have seen it, too.
    const views = seen.body.data.codes.map((code: { views: number }) => code.views)
    expect(views[0]).toBeGreaterThan(0)
    await mall.order(owner, orderNo)
    const { codes } = (await admin('GET', `orders/${orderNo}`)).body.data
    expect(codes.map((code: { views: number }) => code.views)).toEqual([views[0] + 1, views[1] + 1])
    expect(codes[0]).toMatchObject({ masked: '••••001', state: 'issued', replaced: null })
    const viewers = await mall.db.selectFrom('code_views').select('viewer_id').distinct().execute()
    expect(viewers.map(({ viewer_id }) => viewer_id)).toContain(owner)
    await expect(mall.db.deleteFrom('code_views').execute()).rejects.toThrow('permission denied')

    expect((await mall.act(owner, orderNo, 'cancel')).body.code).toBe('ORDER_NOT_CANCELABLE')
    expect((await mall.act(owner, orderNo, 'confirm')).status).toBe(200)
    expect((await mall.order(owner, orderNo)).delivery.codes).toHaveLength(2)
  })

  test('that is paid at a provider holds its codes unseen until then', async () => {
    const id = await pool(['PAY-0001', 'PAY-0002'], {
      payment_mode: 'mixed',
      price: { amount: '9.90', currency: 'CNY' },
    })
    const kept = await bought(id, 1, { payment_method: 'bank_card' })
    const left = await bought(id, 1, { payment_method: 'bank_card' })
    expect((await mall.order(kept.owner, kept.orderNo)).delivery).toBeNull()
    expect(await countsOf(id)).toEqual({ free: 0, held: 2, issued: 0, void: 0 })
    const soldOut = await mall.exchange(await customer(), { product_id: id, payment_method: 'bank_card' })
    expect(soldOut.body.code).toBe('OUT_OF_STOCK')

    expect((await mall.act(left.owner, left.orderNo, 'cancel')).status).toBe(200)
    expect([await countsOf(id), await stockOf(id)]).toEqual([{ free: 1, held: 1, issued: 0, void: 0 }, 1])
    await mall.cashier(kept.payUrl, 'pay')
    await mall.sweep()
    await mall.reach(kept.owner, kept.orderNo, 'order_shipped')
    expect((await mall.order(kept.owner, kept.orderNo)).delivery.codes).toEqual([{ code: 'PAY-0001' }])
  })

  test('not paid in time frees its codes', async () => {
    const id = await pool(['LATE-0001'], {
      payment_mode: 'money_only',
      price: { amount: '9.90', currency: 'CNY' },
    })
    const before = mall.deps.settings.paymentTimeoutMs
    mall.configure({ paymentTimeoutMs: 300 })
    const { owner, orderNo } = await bought(id, 1, { payment_method: 'bank_card' })
    mall.configure({ paymentTimeoutMs: before })
    await mall.reach(owner, orderNo, 'order_canceled')
    expect([await countsOf(id), await stockOf(id)]).toEqual([{ free: 1, held: 0, issued: 0, void: 0 }, 1])
  })

  test('that is refunded after they were issued makes them void: they do not return to the stock', async () => {
    const id = await pool(['GONE-0001', 'GONE-0002'])
    const { owner, orderNo } = await issued(id)
    expect((await mall.operate(orderNo, 'refund', { reason: '商家原因' })).status).toBe(200)
    expect((await mall.order(owner, orderNo)).delivery).toBeNull()
    expect([await countsOf(id), await stockOf(id)]).toEqual([{ free: 1, held: 0, issued: 0, void: 1 }, 1])
    expect((await add(id, ['GONE-0001'])).body.data.duplicates).toBe(1)
  })

  test('gets the same codes when the step runs again', async () => {
    const id = await pool(['TWICE-0001', 'TWICE-0002'])
    const { owner, orderNo } = await issued(id)
    const { deliverOrder } = createDeliveryActivities(mall.deps)
    const before = await readTables(mall.db)
    const later = new Date(Date.now() + 1e9).toISOString()
    const again = await Promise.all([1, 2, 3].map(() => deliverOrder(orderNo, later)))
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set(['order_shipped']))
    expect(again[0]?.confirmBy).not.toBe(later)
    expect(await readTables(mall.db)).toEqual(before)
    expect((await mall.order(owner, orderNo)).delivery.codes).toEqual([{ code: 'TWICE-0001' }])
  })
})

/** As a customer does: repeats what the mall was too busy to start. */
async function redeem(owner: string, product_id: string) {
  for (;;) {
    const answer = await mall.exchange(owner, { product_id })
    if (answer.status !== 503) return answer
  }
}

test('100 customers redeem 60 codes at the same time: 60 codes, each once', async () => {
  const codes = numbered('RUSH', 60)
  const id = await pool(codes)
  const buyers = await Promise.all(Array.from({ length: 100 }, customer))
  const answers = await Promise.all(buyers.map((owner) => redeem(owner, id)))
  for (const { status, body } of answers) {
    if (status >= 300) expect([status, body.code]).toEqual([409, 'OUT_OF_STOCK'])
  }
  await until(
    () => countsOf(id),
    ({ issued }) => issued === 60,
    'all codes are issued',
  )
  const orders = await mall.db
    .selectFrom('points_exchange_orders')
    .select(['order_no', 'owner_id'])
    .where('product_id', '=', id)
    .where('status', '=', 'order_shipped')
    .execute()
  const got: string[] = []
  for (const { order_no, owner_id } of orders) {
    const { delivery } = await mall.order(owner_id, order_no)
    got.push(...delivery.codes.map(({ code }: { code: string }) => code))
  }
  expect(got.toSorted((a, b) => a.localeCompare(b))).toEqual(codes)
  expect(await countsOf(id)).toEqual({ free: 0, held: 0, issued: 60, void: 0 })
})

describe('a code that has expired', () => {
  /** An import refuses one that is over. */
  const expire = (id: string, last: string) =>
    mall.db
      .updateTable('product_codes')
      .set({ valid_until: new Date(Date.now() - 1000) })
      .where('product_id', '=', id)
      .where('last', '=', last)
      .execute()

  test('is not redeemed, even before it leaves the stock', async () => {
    const id = await pool(['EXPIRED-1001', 'EXPIRED-2002', 'EXPIRED-3003'])
    await expire(id, '1001')
    await expire(id, '2002')
    const { owner, orderNo } = await issued(id)
    expect((await mall.order(owner, orderNo)).delivery.codes).toEqual([{ code: 'EXPIRED-3003' }])
    const refused = await mall.exchange(await customer(), { product_id: id })
    expect([refused.status, refused.body.code]).toEqual([409, 'OUT_OF_STOCK'])
    expect(await stockOf(id)).toBe(2)
    expect(await sweepExpiredCodes(mall.db)).toBe(2)
    expect([await countsOf(id), await stockOf(id)]).toEqual([{ free: 0, held: 0, issued: 1, void: 2 }, 0])
    expect(await sweepExpiredCodes(mall.db)).toBe(0)
    expect((await admin('GET', `products/${id}`)).body.data.status).toBe('sold_out')
  })

  test('while an order holds it is not freed again', async () => {
    const id = await pool(['HELDCODE-4004'], {
      payment_mode: 'money_only',
      price: { amount: '9.90', currency: 'CNY' },
    })
    const { owner, orderNo } = await bought(id, 1, { payment_method: 'bank_card' })
    await expire(id, '4004')
    expect((await mall.act(owner, orderNo, 'cancel')).status).toBe(200)
    expect([await countsOf(id), await stockOf(id)]).toEqual([{ free: 0, held: 0, issued: 0, void: 1 }, 0])
  })
})

describe('a replacement', () => {
  const replace = (orderNo: string, codeId: string, as = 'op') =>
    mall.call('POST', `/api/admin/points-mall/orders/${orderNo}/codes/${codeId}/replace`, {
      as,
      role: 'operator',
      body: { reason: '兑换码无效' },
    })

  test('makes the old code void and issues the oldest free one, while there is one', async () => {
    const id = await pool(['BROKEN-0001', 'SPARE-0002'])
    const { owner, orderNo } = await issued(id)
    const [code] = (await admin('GET', `orders/${orderNo}`)).body.data.codes
    const own = await replace(orderNo, code.id, owner)
    expect([own.status, own.body.reason]).toEqual([403, 'own_account'])
    const answers = await Promise.all([1, 2, 3].map(() => replace(orderNo, code.id)))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409])
    expect((await mall.order(owner, orderNo)).delivery.codes).toEqual([{ code: 'SPARE-0002' }])
    const { codes, timeline } = (await admin('GET', `orders/${orderNo}`)).body.data
    expect(codes).toMatchObject([
      {
        id: code.id,
        state: 'void',
        void_reason: 'replaced',
        replaced: { by: 'op', reason: '兑换码无效', code_id: codes[1].id },
      },
      { state: 'issued', replaced: null },
    ])
    expect(timeline.at(-1)).toMatchObject({ code: 'code_replaced' })
    expect(await stockOf(id)).toBe(0)

    const none = await replace(orderNo, codes[1].id)
    expect([none.status, none.body.code]).toEqual([409, 'OUT_OF_STOCK'])
    expect((await mall.order(owner, orderNo)).delivery.codes).toEqual([{ code: 'SPARE-0002' }])
    expect((await replace(orderNo, '999999')).status).toBe(404)
  })
})

test('pages: the owner opens the codes on request, operators import, count and replace them masked', async () => {
  const id = await pool(['PAGE-SECRET-0001'])
  const staff = await openHttpSession(mall, 'op', 'zh', 'operator')
  const csv = 'code,pin\nPAGE-SECRET-0002,PIN-PAGE\nPAGE-SECRET-0001,\n'
  const imported = await staff.post(`/admin/products/${id}/codes`, { codes: csv })
  expect(imported.status).toBe(303)
  const result = (await staff.get(imported.location)).html
  for (const said of ['已导入 1，重复 1，有误 0', '第 3 行', '••••0002', '可兑换 2'])
    expect(result).toContain(said)
  expect(result).not.toContain('PAGE-SECRET')
  const wrong = await staff.post(`/admin/products/${id}/codes`, { codes: '' })
  expect([wrong.status, wrong.html.includes('不能为空')]).toEqual([422, true])
  expect((await staff.get(`/admin/products/${id}`)).html).toContain('管理兑换码')

  const { owner, orderNo } = await issued(id)
  const path = `/points-mall/orders/${orderNo}`
  const visitor = await openHttpSession(mall, owner)
  const order = (await visitor.get(path)).html
  for (const said of ['已发放', '查看兑换码']) expect(order).toContain(said)
  expect(order).not.toContain('PAGE-SECRET')
  const opened = await visitor.post(`${path}/codes`, {})
  expect([opened.status, opened.html.includes('PAGE-SECRET-0001')]).toEqual([200, true])
  expect(opened.headers.get('cache-control')).toContain('no-store')
  expect((await visitor.get(`${path}/codes`)).location).toBe(path)
  const other = await openHttpSession(mall, await customer())
  expect((await other.post(`${path}/codes`, {})).status).toBe(404)

  const seen = (await staff.get(`/admin/orders/${orderNo}`)).html
  const link = /\/admin\/orders\/\w+\/codes\/\d+\/replace/.exec(seen)?.[0] ?? ''
  expect([seen.includes('••••0001'), seen.includes('PAGE-SECRET'), seen.includes('次，最近')]).toEqual([
    true,
    false,
    true,
  ])
  expect((await staff.post(link, { reason: '' })).status).toBe(422)
  const replaced = await staff.post(link, { reason: '客户反馈无效' })
  expect(replaced.status).toBe(303)
  expect((await staff.get(replaced.location)).html).toContain('op 更换：客户反馈无效')
  const again = await visitor.post(`${path}/codes`, {})
  for (const said of ['PAGE-SECRET-0002', 'PIN-PAGE']) expect(again.html).toContain(said)
})

test('no code is anywhere in clear: not in the database, not in Temporal', async () => {
  const [secret, pin] = ['LEAKING-SECRET-7F3A', 'PIN-LEAKS-55']
  const id = await pool([{ code: secret, pin }])
  const { owner, orderNo } = await issued(id)
  expect((await mall.order(owner, orderNo)).delivery.codes[0].code).toBe(secret)
  const dumped = JSON.stringify(await readTables(mall.db), (_, value) =>
    typeof value === 'bigint'
      ? `${value}`
      : value?.type === 'Buffer'
        ? Buffer.from(value.data).toString('latin1')
        : value,
  )
  const history = JSON.stringify(await toPlainHistory(await mall.history(orderNo), mall.deps.sealer))
  const decoded = history.replaceAll(/"data":"([\w+/=]+)"/g, (_, data: string) =>
    Buffer.from(data, 'base64').toString(),
  )
  for (const text of [dumped, history, decoded]) {
    expect(text).toContain(orderNo)
    for (const leak of [secret, 'LEAKINGSECRET7F3A', pin]) {
      expect(text.includes(leak)).toBe(false)
      expect(text.includes(Buffer.from(leak).toString('base64').slice(0, 14))).toBe(false)
    }
  }
})
