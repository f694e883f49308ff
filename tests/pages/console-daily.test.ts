import { afterAll, beforeAll, expect, test } from 'vitest'
import { onceIn, openHttpSession, type Visitor } from '../support/http-session.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** An operator's daily work with orders, in pages without JavaScript. */

const ADDRESS = { name: '欧阳明月', phone: '13812345678', detail: '文三路 1 号 301 室' }

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

let owners = 0
async function order(named?: string): Promise<string> {
  owners += 1
  const owner = named ?? `daily-${owners}`
  await mall.points(owner, 200)
  const product_id = await mall.product({ title: '手工香皂', shipping_type: 'logistics' })
  const placed = await mall.exchange(owner, { product_id, address: ADDRESS })
  expect(placed.status, JSON.stringify(placed.body)).toBe(201)
  return placed.body.data.order_no
}
const statusOf = async (orderNo: string) =>
  (await mall.call('GET', `/api/admin/points-mall/orders/${orderNo}`, { as: 'olga', role: 'operator' })).body
    .data.status

test('accepts the ticked orders and says what became of each', async () => {
  const [one, two, own] = [await order(), await order(), await order('olga')]
  const list = await operator.get('/admin/orders?status=order_paid&select=all')
  for (const orderNo of [one, two, own]) {
    expect(list.html).toMatch(new RegExp(`name="order_\\d+" value="${orderNo}"\\s+checked`))
  }
  const fields = { do: 'accept', once: onceIn(list, '/admin/orders/selected'), from: 'status=order_paid' }
  const ticked = { order_1: one, order_2: two, order_3: own, order_4: 'PM0', order_5: 'no/number' }
  const done = await operator.post('/admin/orders/selected', { ...fields, ...ticked })
  expect(done.status).toBe(200)
  expect(done.html.match(/>已接单</g)).toHaveLength(2)
  expect(done.html.match(/>不能接单</g)).toHaveLength(2)
  expect(done.html).toContain('href="/admin/orders/ship-queue" autofocus')
  expect(done.html).toContain(`orders=${one},${two}"`)
  expect([await statusOf(one), await statusOf(own)]).toEqual(['order_accepted', 'order_paid'])
  const again = await operator.post('/admin/orders/selected', { ...fields, ...ticked })
  expect(again.html.match(/>之前已接单</g)).toHaveLength(2)
})

test('prints the ticked orders, and asks for a tick where there is none', async () => {
  const orderNo = await order()
  const slips = await operator.post('/admin/orders/selected', { do: 'slips', order_7: orderNo })
  expect([slips.status, slips.location]).toEqual([303, `/admin/orders/packing-slips?orders=${orderNo}`])
  const none = await operator.post('/admin/orders/selected', { do: 'accept', from: 'sent=1&next=//evil' })
  expect(none.location).toBe('/admin/orders?sent=1&next=%2F%2Fevil&picked=0')
  expect((await operator.get(none.location)).html).toContain('请先勾选订单')
  expect(await statusOf(orderNo)).toBe('order_paid')
})

test('ships one order after the other, remembers the carrier, and passes over what is skipped and the own', async () => {
  const orders = [await order('olga'), await order(), await order()]
  for (const orderNo of orders) await mall.operate(orderNo, 'accept')
  const shown = async (path: string, cookie = '') => {
    const page = cookie === '' ? await operator.get(path) : await askWith(path, cookie)
    return [/name="order" value="(\w+)"/.exec(page.html)?.[1], page] as const
  }
  const askWith = async (path: string, cookie: string) => {
    const response = await fetch(`${mall.url}${path}`, {
      headers: { cookie: `${operator.cookie}; ${cookie}` },
    })
    return { html: await response.text() }
  }
  const waiting: string[] = []
  let path = '/admin/orders/ship-queue'
  for (;;) {
    const [orderNo, page] = await shown(path)
    if (orderNo === undefined) break
    waiting.push(orderNo)
    path = /href="(\/admin\/orders\/ship-queue\?past=\d+)"/.exec(page.html)?.[1] ?? ''
  }
  expect(waiting).not.toContain(orders[0])
  expect(waiting.slice(-2)).toEqual(orders.slice(1))
  const [first = '', second] = waiting
  const send = (fields: Record<string, string>) =>
    operator.post('/admin/orders/ship-queue', {
      order: first,
      carrier: '圆通',
      tracking_no: 'YT0000000000001',
      ...fields,
    })
  const wrong = await send({ tracking_no: 'no' })
  expect(wrong.status).toBe(422)
  expect(wrong.html).toMatch(/autofocus[^>]*aria-invalid="true"[^>]*|name="tracking_no" required autofocus/)
  const doubted = await send({ carrier: '中通' })
  expect([doubted.status, await statusOf(first)]).toEqual([422, 'order_accepted'])
  expect(doubted.html).toContain('name="carrier_confirmed"')
  const once = { once: 'ship-queue-once-1' }
  const done = await send(once)
  expect([done.status, done.location]).toEqual([303, `/admin/orders/ship-queue?done=${first}`])
  expect((await send(once)).location).toBe(done.location)
  const cookie = /points_mall_carrier=[^;]+/.exec(done.headers.get('set-cookie') ?? '')?.[0] ?? ''
  const [next, page] = await shown(done.location, cookie)
  expect(next).toBe(second)
  expect(page.html).toContain('value="圆通"')
  expect(page.html).toMatch(/name="tracking_no" required autofocus/)
  expect(page.html).toContain(`已发货：${first}`)
  // What a colleague has shipped is not shipped twice.
  const late = await send({ tracking_no: 'YT0000000000009' })
  expect([late.status, await statusOf(first)]).toEqual([409, 'order_shipped'])
  expect(
    (
      await operator.post('/admin/orders/ship-queue', {
        order: orders[0] ?? '',
        carrier: '圆通',
        tracking_no: 'YT0000000000002',
      })
    ).status,
  ).toBe(403)
})

test('has single keys that can be turned off', async () => {
  const on = await operator.get('/admin/orders')
  for (const key of ['o', '1', 'x', 'a', 's', '/', '?']) expect(on.html).toContain(`data-key="${key}"`)
  const off = await operator.post('/admin/shortcuts', { keys: 'off' })
  expect([off.status, off.location]).toEqual([303, '/admin/shortcuts'])
  const cookie = /points_mall_keys=[^;]+/.exec(off.headers.get('set-cookie') ?? '')?.[0] ?? ''
  expect(cookie).toBe('points_mall_keys=off')
  const headers = { cookie: `${operator.cookie}; ${cookie}` }
  expect(await (await fetch(`${mall.url}/admin/orders`, { headers })).text()).not.toContain('data-key')
})

test('saves the filter of the list under a name, without search words, for its operator alone', async () => {
  const query = 'from=2026-01-01&payment_status=paid&to=2026-12-31'
  const list = await operator.get(`/admin/orders?${query}&q=13812345678&select=all&past=7`)
  const kept = /name="query" value="([^"]*)"/.exec(list.html)?.[1]?.replaceAll('&amp;', '&')
  expect(kept).toBe(query)
  const saved = await operator.post('/admin/orders/views', {
    name: '已付款',
    query: `${query}&q=13812345678`,
  })
  expect([saved.status, saved.location]).toEqual([303, `/admin/orders?${query}&view=saved`])
  const shown = await operator.get(saved.location)
  expect(shown.html).toContain('已保存。')
  expect(shown.html).toMatch(/aria-current="page"[^>]*>已付款<\/a>/)
  // Whoever has the address sees the same list, and no view of somebody else.
  const other = await openHttpSession(mall, 'oscar', 'zh', 'operator')
  const theirs = await other.get(`/admin/orders?${query}`)
  expect([theirs.status, theirs.html.includes('已付款</a>')]).toEqual([200, false])
  const [view] = await mall.db.selectFrom('order_views').selectAll().execute()
  expect(view).toMatchObject({ operator_id: 'olga', name: '已付款', query })
  await other.post(`/admin/orders/views/${view?.id}/delete`, {})
  expect((await operator.get('/admin/orders')).html).toContain('已付款</a>')
  // The same name again is the same view with another filter.
  await operator.post('/admin/orders/views', { name: '已付款', query: 'sent=1' })
  expect(await mall.db.selectFrom('order_views').select('query').execute()).toEqual([{ query: 'sent=1' }])
  await operator.post(`/admin/orders/views/${view?.id}/delete`, {})
  expect((await operator.get('/admin/orders')).html).not.toContain('已付款</a>')
})

test('keeps at most 20 views of an operator, also when many are saved at the same time', async () => {
  const save = (n: number) =>
    operator.post('/admin/orders/views', { name: `v${n}`, query: `product_id=${n}` })
  const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => save(n + 1)))
  expect(answers.filter(({ location }) => location.endsWith('view=saved'))).toHaveLength(20)
  expect(answers.filter(({ location }) => location.endsWith('view=full'))).toHaveLength(10)
  expect(await mall.db.selectFrom('order_views').select('id').execute()).toHaveLength(20)
  expect((await operator.post('/admin/orders/views', { name: ' ', query: 'sent=1' })).location).toContain(
    'view=wrong',
  )
})
