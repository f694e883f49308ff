import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHttpSession } from '../support/http-session.ts'
import { tally } from '../support/outcomes.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())

const STAFF = '/api/admin/points-mall'
const operate = (method: string, path: string, body?: unknown) =>
  mall.call(method, `${STAFF}${path}`, { as: 'op', role: 'operator', body })
const movements = async (id: string, query = '') =>
  (await operate('GET', `/products/${id}/stock-movements${query}`)).body
const kinds = async (id: string) =>
  (await movements(id)).data.map((row: { kind: string; delta: number }) => [row.kind, row.delta])
const stockOf = async (id: string) => (await operate('GET', `/products/${id}`)).body.data.stock_quantity

async function onSale(fields: Record<string, unknown>): Promise<string> {
  const { body } = await operate('POST', '/products', {
    title: '茶叶',
    payment_mode: 'points_only',
    point: 10,
    shipping_type: 'none',
    ...fields,
  })
  await operate('POST', `/products/${body.data.id}/publish`)
  return body.data.id
}

describe('the stock ledger', () => {
  test('has a row for every change, with its order or operator and the stock after it', async () => {
    const id = await onSale({
      payment_mode: 'mixed',
      price: { amount: '1.00', currency: 'CNY' },
      stock_quantity: 5,
    })
    await Promise.all([mall.points('ann', 1000), mall.cash('ann', 1000)])
    await operate('PATCH', `/products/${id}`, { stock_delta: -1 })
    const order = async (payment_method: string) =>
      (await mall.exchange('ann', { product_id: id, quantity: 2, payment_method })).body.data.order_no
    const cancel = (no: string) =>
      mall.call('POST', `/api/points-mall/orders/${no}/cancel`, { as: 'ann', body: {} })
    const paid = await order('wallet')
    const unpaid = await order('bank_card')
    await cancel(unpaid)
    await mall.reach('ann', unpaid, 'order_canceled')
    await cancel(paid)
    await mall.reach('ann', paid, 'order_canceled')
    const { data, meta } = await movements(id)
    expect(meta.total).toBe(6)
    expect(data).toMatchObject([
      { kind: 'returned', delta: 2, stock_after: 4, order_no: paid, operator_id: null },
      { kind: 'released', delta: 2, stock_after: 2, order_no: unpaid },
      { kind: 'reserved', delta: -2, stock_after: 0, order_no: unpaid },
      { kind: 'committed', delta: -2, stock_after: 2, order_no: paid },
      { kind: 'adjusted', delta: -1, stock_after: 4, order_no: null, operator_id: 'op' },
      { kind: 'initial', delta: 5, stock_after: 5, order_no: null, operator_id: 'op' },
    ])
    expect((await movements(id, '?per_page=2&page=2')).data).toEqual(data.slice(2, 4))
    expect(await mall.brokenLaws()).toEqual([])

    const operator = await openHttpSession(mall, 'op', 'zh', 'operator')
    const page = (await operator.get(`/admin/products/${id}/stock`)).html
    expect(page).toContain(`/admin/orders/${unpaid}`)
    expect(page).toContain('未支付，释放')
  })

  test('adds up after concurrent redemptions, cancellations and changes; sold out sets and clears itself', async () => {
    const id = await onSale({ stock_quantity: 6 })
    await mall.points('ben', 10_000)
    const redeem = () => mall.exchange('ben', { product_id: id, quantity: 1 })
    const first = await Promise.all([1, 2, 3].map(redeem))
    const cancels = first.map(({ body }) =>
      mall.call('POST', `/api/points-mall/orders/${body.data.order_no}/cancel`, { as: 'ben', body: {} }),
    )
    await Promise.all([
      ...cancels,
      ...Array.from({ length: 8 }, redeem),
      ...[2, -1, 3, -2].map((stock_delta) => operate('PATCH', `/products/${id}`, { stock_delta })),
    ])
    for (const { body } of first) await mall.reach('ben', body.data.order_no, 'order_canceled')
    const rest = await stockOf(id)
    const sum = (await movements(id, '?per_page=100')).data.reduce(
      (all: number, { delta }: { delta: number }) => all + delta,
      0,
    )
    expect(sum).toBe(rest)
    expect(await mall.brokenLaws()).toEqual([])

    const status = async () => (await operate('GET', `/products/${id}`)).body.data.status
    if (rest > 0) await operate('PATCH', `/products/${id}`, { stock_delta: -rest })
    expect(await status()).toBe('sold_out')
    expect(await tally([await redeem()], mall)).toEqual({ '409 OUT_OF_STOCK': 1 })
    await operate('PATCH', `/products/${id}`, { stock_delta: 1 })
    expect(await status()).toBe('on_sale')
    expect((await kinds(id))[0]).toEqual(['adjusted', 1])
  })

  test('reports stock that no row explains, and no row of it can be changed', async () => {
    const id = await onSale({ stock_quantity: 3 })
    await mall.points('cleo', 100)
    const no = (await mall.exchange('cleo', { product_id: id, quantity: 1 })).body.data.order_no
    await sql`update points_products set stock_quantity = 5 where id = ${id}`.execute(mall.db)
    expect(await mall.brokenLaws()).toEqual([`stock movements of product ${id}: 5 while 2`])
    await sql`update points_products set stock_quantity = 2 where id = ${id}`.execute(mall.db)
    await sql`update stock_reservations set quantity = 2 where order_no = ${no}`.execute(mall.db)
    expect(await mall.brokenLaws()).toContain(`stock movements of ${no}: committed while -1`)
    await sql`update stock_reservations set quantity = 1 where order_no = ${no}`.execute(mall.db)
    expect(await mall.brokenLaws()).toEqual([])
    const statements = [
      sql`update stock_movements set delta = 0 where product_id = ${id}`,
      sql`delete from stock_movements where product_id = ${id}`,
    ]
    for (const statement of statements)
      await expect(statement.execute(mall.db)).rejects.toThrow(/permission denied/)
  })

  test('of an unknown product is not found', async () => {
    expect((await operate('GET', '/products/987654321/stock-movements')).status).toBe(404)
  })
})
