import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createDeliveryActivities } from '../../activities/delivery.ts'
import { readVoucherCode, UNDO_MINUTES, voucherCode } from '../../domain/fulfilment/vouchers.ts'
import { readTables } from '../support/db-snapshot.ts'
import { openHttpSession } from '../support/http-session.ts'
import { type Call, openTestApp, type TestApp } from '../support/test-app.ts'

let mall: TestApp
let store: string
beforeAll(async () => {
  mall = await openTestApp()
  store = (await admin('POST', 'stores', { name: '西湖店', address: '天目山路 120 号' })).body.data.id
})
afterAll(() => mall.close())
afterEach(async () => {
  expect(await mall.brokenLaws()).toEqual([])
  const uses = await mall.db
    .selectFrom('vouchers as v')
    .select(['v.id', 'v.uses_total', 'v.uses_left'])
    .select((eb) => [
      eb
        .selectFrom('voucher_uses as u')
        .whereRef('u.voucher_id', '=', 'v.id')
        .select((e) => e.fn.countAll<string>().as('n'))
        .as('used'),
      eb
        .selectFrom('voucher_undos as d')
        .innerJoin('voucher_uses as u', 'u.id', 'd.use_id')
        .whereRef('u.voucher_id', '=', 'v.id')
        .select((e) => e.fn.countAll<string>().as('n'))
        .as('undone'),
    ])
    .execute()
  for (const { uses_total, uses_left, used, undone } of uses) {
    expect(uses_total - uses_left).toBe(Number(used) - Number(undone))
  }
})

const OP = { as: 'op', role: 'operator' } as const
const admin = (method: string, path: string, body?: unknown, how: Call = OP) =>
  mall.call(method, `/api/admin/points-mall/${path}`, { ...how, ...(body === undefined ? {} : { body }) })
const redeem = (code: string, how: Call = OP, store_id = store) =>
  admin('POST', 'vouchers/redeem', { code, store_id }, how)

let customers = 0
/** A paid order of a service. */
async function issued(
  voucher: { uses: number; valid_days: number } = { uses: 1, valid_days: 30 },
  quantity = 1,
) {
  const made = await admin('POST', 'products', {
    title: '标准洗车',
    payment_mode: 'points_only',
    point: 100,
    stock_quantity: 5,
    product_type: 'service',
    shipping_type: 'pickup',
    delivery: 'voucher',
    voucher,
  })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  const { id } = made.body.data
  await admin('POST', `products/${id}/publish`, {})
  customers += 1
  const owner = `driver${customers}`
  await mall.points(owner, 1_000)
  const answer = await mall.exchange(owner, { product_id: id, quantity })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  const orderNo = answer.body.data.order_no as string
  await mall.reach(owner, orderNo, 'order_shipped')
  const { delivery } = await mall.order(owner, orderNo)
  const row = await mall.db
    .selectFrom('vouchers')
    .select('id')
    .where('order_no', '=', orderNo)
    .executeTakeFirstOrThrow()
  return { owner, orderNo, code: delivery.code as string, delivery, id: row.id, productId: id as string }
}

test('a code has twelve digits; each mistyped digit and each swap of neighbours is noticed', () => {
  for (const number of [0, 7, 12_345_678_901, 99_999_999_999]) {
    const code = voucherCode(number)
    expect(code).toMatch(/^\d{12}$/)
    expect(readVoucherCode(` ${code.slice(0, 4)} ${code.slice(4, 8)}-${code.slice(8)} `)).toBe(code)
    for (let at = 0; at < 12; at += 1) {
      for (let digit = 0; digit < 10; digit += 1) {
        const wrong = `${code.slice(0, at)}${digit}${code.slice(at + 1)}`
        expect(readVoucherCode(wrong)).toBe(wrong === code ? code : undefined)
      }
      const swapped = `${code.slice(0, at)}${code[at + 1] ?? ''}${code[at] ?? ''}${code.slice(at + 2)}`
      if (at < 11) expect(readVoucherCode(swapped)).toBe(swapped === code ? code : undefined)
    }
  }
  for (const other of ['', '12345678901', 'abc', '1'.repeat(13)])
    expect(readVoucherCode(other)).toBeUndefined()
})

describe('a service', () => {
  test('gives its voucher once paid; its owner alone sees it, and its last use finishes the order', async () => {
    const { owner, orderNo, code, delivery } = await issued({ uses: 2, valid_days: 30 })
    expect(delivery).toEqual({
      type: 'voucher',
      code,
      valid_until: expect.any(String),
      uses_left: 2,
      uses_total: 2,
    })
    const left = Date.parse(delivery.valid_until) - Date.now()
    expect(Math.round(left / 86_400_000)).toBe(30)
    expect((await mall.call('GET', `/api/points-mall/orders/${orderNo}`, { as: 'stranger' })).status).toBe(
      404,
    )

    const first = await redeem(code)
    expect([first.status, first.body.data.uses_left]).toEqual([200, 1])
    expect((await mall.order(owner, orderNo)).status).toBe('order_shipped')
    const last = await redeem(`${code.slice(0, 4)} ${code.slice(4)}`)
    expect([last.status, last.body.data.uses_left]).toEqual([200, 0])
    await mall.reach(owner, orderNo, 'order_finished')
    const used = await redeem(code)
    expect([used.status, used.body.code]).toEqual([409, 'VOUCHER_USED'])
    const { voucher } = (await admin('GET', `orders/${orderNo}`)).body.data
    expect(voucher.uses).toMatchObject([
      { store: { id: store, name: '西湖店' }, by: 'op', undone: null },
      { by: 'op', undone: null },
    ])
    expect(JSON.stringify(voucher)).not.toContain(code)
  })

  test('of several pieces has the uses of all of them', async () => {
    expect((await issued({ uses: 3, valid_days: 1 }, 2)).delivery.uses_total).toBe(6)
  })

  test('finishes by itself at the end of its validity, and is not used after it', async () => {
    const { orderNo, code, id, delivery } = await issued()
    const order = await mall.db
      .selectFrom('points_exchange_orders')
      .select('confirm_by')
      .where('order_no', '=', orderNo)
      .executeTakeFirstOrThrow()
    expect(order.confirm_by?.toISOString()).toBe(delivery.valid_until)
    await mall.db
      .updateTable('vouchers')
      .set({ valid_until: new Date(Date.now() - 1000) })
      .where('id', '=', id)
      .execute()
    const over = await redeem(code)
    expect([over.status, over.body.code]).toEqual([409, 'VOUCHER_EXPIRED'])
  })

  test('that is refunded can no longer be used', async () => {
    const { owner, orderNo, code } = await issued()
    expect((await mall.operate(orderNo, 'refund', { reason: '门店关闭' })).status).toBe(200)
    const gone = await redeem(code)
    expect([gone.status, gone.body.code]).toEqual([409, 'VOUCHER_VOID'])
    expect((await mall.order(owner, orderNo)).delivery).toBeNull()
  })

  test('gets the same voucher when the step runs again', async () => {
    const { owner, orderNo, code } = await issued()
    const { deliverOrder } = createDeliveryActivities(mall.deps)
    const before = await readTables(mall.db)
    await Promise.all([1, 2].map(() => deliverOrder(orderNo, new Date().toISOString())))
    expect(await readTables(mall.db)).toEqual(before)
    expect((await mall.order(owner, orderNo)).delivery.code).toBe(code)
  })

  test('is received at once, so that nobody extends the time for it', async () => {
    const { owner, orderNo } = await issued()
    const { status, body } = await mall.act(owner, orderNo, 'extend')
    expect([status, body.code]).toEqual([409, 'ORDER_STATE_CONFLICT'])
  })
})

test('each view of a voucher by its owner is recorded, and none can be erased', async () => {
  const { owner, orderNo, id } = await issued()
  const viewsOf = async () => (await admin('GET', `vouchers/${id}`)).body.data
  const before = await viewsOf()
  expect(before.views).toBeGreaterThan(0)
  await mall.order(owner, orderNo)
  const after = await viewsOf()
  expect(after.views).toBe(before.views + 1)
  expect(after.first_viewed_at).toBe(before.first_viewed_at)
  // Lists and staff do not see it, so nothing is recorded.
  await mall.call('GET', '/api/points-mall/orders', { as: owner })
  await admin('GET', `orders/${orderNo}`)
  expect((await mall.call('GET', `/api/points-mall/orders/${orderNo}`, { as: 'somebody' })).status).toBe(404)
  expect((await viewsOf()).views).toBe(after.views)
  const page = await (await openHttpSession(mall, owner)).get(`/points-mall/orders/${orderNo}`)
  expect(page.status).toBe(200)
  expect((await viewsOf()).views).toBeGreaterThan(after.views)
  // An open page shows it on, which is no further view.
  const seen = (await viewsOf()).views
  const stream = new AbortController()
  const session = await openHttpSession(mall, owner)
  const live = await session.open(`/points-mall/orders/${orderNo}/live`, stream.signal)
  const first = await live.body?.getReader().read()
  expect(Buffer.from(first?.value ?? []).toString()).toContain('data:')
  stream.abort()
  expect((await viewsOf()).views).toBe(seen)
  await expect(mall.db.deleteFrom('voucher_views').execute()).rejects.toThrow('permission denied')
})

test('100 redemptions of one use at the same time: one; a repeat under its key answers the same', async () => {
  const { code } = await issued()
  const busy = async (key: string) => {
    for (;;) {
      const answer = await redeem(code, { ...OP, key })
      if (answer.status !== 503) return answer
    }
  }
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => busy(`redeem-${n}`)))
  const won = answers.flatMap(({ status }, n) => (status === 200 ? [n] : []))
  expect(won).toHaveLength(1)
  for (const { status, body } of answers) {
    if (status !== 200) expect([status, body.code]).toEqual([409, 'VOUCHER_USED'])
  }
  const again = await busy(`redeem-${won[0]}`)
  expect([again.status, again.body.data.uses_left]).toEqual([200, 0])
})

describe('a use', () => {
  test('is undone once, with a reason, within its time', async () => {
    const { code, id } = await issued({ uses: 2, valid_days: 30 })
    const undo = (how: Call = OP) => admin('POST', `vouchers/${id}/undo`, { reason: '扫错了' }, how)
    expect((await undo()).body.code).toBe('UNDO_TOO_LATE')
    await redeem(code)
    const answers = await Promise.all([1, 2, 3].map(() => undo()))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const { uses, uses_left } = (await admin('GET', `vouchers/${id}`)).body.data
    expect([uses_left, uses[0].undone]).toEqual([2, { by: 'op', reason: '扫错了', at: expect.any(String) }])

    await redeem(code)
    const late = new Date(Date.now() - (UNDO_MINUTES + 1) * 60_000)
    // Only the owner of the database can change a use.
    await expect(mall.db.updateTable('voucher_uses').set({ at: late }).execute()).rejects.toThrow(
      'permission denied',
    )
    await mall.db
      .insertInto('voucher_uses')
      .values({ voucher_id: id, store_id: store, staff_id: 'op', operation_key: 'long ago', at: late })
      .execute()
    await mall.db.updateTable('vouchers').set({ uses_left: 0 }).where('id', '=', id).execute()
    expect((await undo()).status).toBe(200)
    expect((await undo()).body.code).toBe('UNDO_TOO_LATE')
  })

  test('is for the staff of the store, and not for their own voucher', async () => {
    const { owner, code } = await issued({ uses: 5, valid_days: 30 })
    const named = await admin('POST', 'stores', { name: '滨江店', staff: ['wang'] })
    const own = named.body.data.id as string
    const stranger = await redeem(code, OP, own)
    expect([stranger.status, stranger.body.reason]).toEqual([403, 'other_store'])
    expect((await redeem(code, { as: 'wang', role: 'operator' }, own)).status).toBe(200)
    await admin('PATCH', `stores/${own}`, { staff: ['wang', 'op'] })
    expect((await redeem(code, OP, own)).status).toBe(200)
    const self = await redeem(code, { as: owner, role: 'operator' })
    expect([self.status, self.body.reason]).toEqual([403, 'own_account'])
    expect((await redeem(code, { as: 'somebody', role: 'customer' })).status).toBe(403)
    expect((await redeem(code, OP, '999999')).body.errors[0]).toMatchObject({
      field: 'store_id',
      code: 'exists',
    })
    const wrong = `${code.slice(0, 11)}${(Number(code[11]) + 1) % 10}`
    expect((await redeem(wrong)).body.errors[0]).toMatchObject({ field: 'code', code: 'check_digit' })
    const unknown = voucherCode(1)
    expect((await redeem(unknown)).status).toBe(404)
  })
})

test('pages: the owner shows a QR code, staff redeem at the counter, and undo', async () => {
  const { owner, orderNo, code, id } = await issued({ uses: 2, valid_days: 30 })
  const visitor = await openHttpSession(mall, owner)
  const path = `/points-mall/orders/${orderNo}`
  const order = (await visitor.get(path)).html
  for (const said of ['待使用', code.slice(0, 4), '<svg', '剩余 2 次']) expect(order).toContain(said)
  const staff = await openHttpSession(mall, 'op', 'zh', 'operator')
  expect((await staff.get('/admin/counter')).html).toContain('西湖店')
  const wrong = await staff.post('/admin/counter', { code: '123', store_id: store })
  expect([wrong.status, wrong.html.includes('不是有效的核销码')]).toEqual([422, true])
  const done = await staff.post('/admin/counter', { code, store_id: store })
  expect([done.status, done.html.includes('核销成功'), done.html.includes(code)]).toEqual([200, true, false])
  expect((await visitor.get(path)).html).toContain('剩余 1 次')
  expect((await staff.post(`/admin/counter/${id}/undo`, { reason: '' })).status).toBe(422)
  const undone = await staff.post(`/admin/counter/${id}/undo`, { reason: '扫错了' })
  expect((await staff.get(undone.location)).html).toContain('扫错了')
  expect((await staff.get(`/admin/orders/${orderNo}`)).html).toContain(`/admin/counter/${id}`)
  const shop = await staff.post('/admin/stores', { name: '城东店', address: '', staff: 'wang\nchen' })
  expect((await staff.get(shop.location)).html).toContain('chen, wang')
})

test('no voucher code is in the database in clear', async () => {
  const { code } = await issued()
  const dumped = JSON.stringify(await readTables(mall.db))
  expect(dumped.includes(code)).toBe(false)
  expect(dumped.includes(Buffer.from(code).toString('hex'))).toBe(false)
})
