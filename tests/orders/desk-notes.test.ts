import { afterAll, beforeAll, expect, test } from 'vitest'
import { readTables } from '../support/db-snapshot.ts'
import { onceIn, openHttpSession } from '../support/http-session.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** Notes of operators on an order, and who looks after it. */

let mall: TestApp
let customers = 0
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())

const STAFF_API = '/api/admin/points-mall/orders'
const as = (who: string) => ({ as: who, role: 'operator' }) as const

async function redeemed() {
  customers += 1
  const owner = `noted${customers}`
  await mall.points(owner, 100)
  const { body } = await mall.exchange(owner, { product_id: await mall.product({ point: 100 }) })
  return { owner, orderNo: body.data.order_no as string }
}

const note = (who: string, orderNo: string, text: unknown, key?: string) =>
  mall.call('POST', `${STAFF_API}/${orderNo}/notes`, { ...as(who), body: { text }, ...(key ? { key } : {}) })
const assign = (who: string, orderNo: string, assignee: string | null) =>
  mall.call('PUT', `${STAFF_API}/${orderNo}/assignee`, { ...as(who), body: { assignee } })
const read = (orderNo: string) => mall.call('GET', `${STAFF_API}/${orderNo}/notes`, as('olga'))
const listed = async (assignee: string) => {
  const { body } = await mall.call('GET', `${STAFF_API}?assignee=${assignee}`, as('olga'))
  return body.data.map(({ order_no }: { order_no: string }) => order_no) as string[]
}

test('a note is kept once with who and when, encrypted, and no customer sees it', async () => {
  const { owner, orderNo } = await redeemed()
  const [first, again] = [
    await note('olga', orderNo, '顾客电话 13800138000', 'one-key'),
    await note('olga', orderNo, '顾客电话 13800138000', 'one-key'),
  ]
  expect(first.status, JSON.stringify(first.body)).toBe(201)
  expect(again.body).toEqual(first.body)
  expect((await read(orderNo)).body.data).toMatchObject({
    assignee: null,
    notes: [{ kind: 'note', by: 'olga', text: '顾客电话 13800138000', assignee: null }],
  })
  expect(JSON.stringify((await readTables(mall.db)).order_notes)).not.toContain('13800138000')
  await expect(mall.db.deleteFrom('order_notes').execute()).rejects.toThrow()
  const order = await mall.call('GET', `/api/points-mall/orders/${orderNo}`, { as: owner })
  const visitor = await openHttpSession(mall, owner)
  const page = await visitor.get(`/points-mall/orders/${orderNo}`)
  expect([order.status, page.status]).toEqual([200, 200])
  expect(JSON.stringify(order.body) + page.html).not.toMatch(/13800138000|olga/)
})

test('what is refused leaves nothing behind', async () => {
  const { owner, orderNo } = await redeemed()
  for (const text of ['', ' \u200b', '字'.repeat(501), 5]) {
    expect((await note('olga', orderNo, text)).status).toBe(422)
  }
  expect((await note(owner, orderNo, '自己的订单')).body.reason).toBe('own_account')
  expect((await assign('olga', orderNo, owner)).body.reason).toBe('own_account')
  expect((await note('olga', 'PM20261122120000ABCDEFGHJKMN', '没有')).status).toBe(404)
  expect((await read(orderNo)).body.data).toEqual({ assignee: null, notes: [] })
})

test('an order is assigned, taken over and let go, each with who did it; "mine" finds it', async () => {
  const { orderNo } = await redeemed()
  expect((await assign('olga', orderNo, 'olga')).body.data.assignee).toBe('olga')
  expect(await listed('olga')).toContain(orderNo)
  await assign('olga', orderNo, 'olga')
  await assign('oscar', orderNo, 'oscar')
  expect(await listed('olga')).not.toContain(orderNo)
  expect(await listed('oscar')).toContain(orderNo)
  const operator = await openHttpSession(mall, 'oscar', 'zh', 'operator')
  const mine = (await operator.get('/admin/orders?mine=1')).html
  expect(mine).toContain(orderNo)
  await assign('olga', orderNo, null)
  const { data } = (await read(orderNo)).body
  expect(data.assignee).toBeNull()
  const changes = data.notes.map(({ kind, by, assignee }: Record<string, unknown>) => [kind, by, assignee])
  expect(changes).toEqual([
    ['unassigned', 'olga', null],
    ['assigned', 'oscar', 'oscar'],
    ['assigned', 'olga', 'olga'],
  ])
})

test('many at once: the last change is the one that stands', async () => {
  const { orderNo } = await redeemed()
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => assign('olga', orderNo, n % 2 === 0 ? 'olga' : 'oscar')),
  )
  const { data } = (await read(orderNo)).body
  expect(data.assignee).toBe(data.notes[0].assignee)
})

test('the page does the same without JavaScript', async () => {
  const { orderNo } = await redeemed()
  const operator = await openHttpSession(mall, 'olga', 'zh', 'operator')
  const page = `/admin/orders/${orderNo}`
  const once = onceIn(await operator.get(page), `${page}/notes`)
  const empty = await operator.post(`${page}/notes`, { once, note: '' })
  expect([empty.status, empty.html]).toEqual([422, expect.stringContaining('备注内容不能为空')])
  for (let click = 0; click < 2; click += 1) {
    expect((await operator.post(`${page}/notes`, { once, note: '<i>急</i>' })).location).toBe(
      `${page}?done=note`,
    )
  }
  const mine = onceIn(await operator.get(page), `${page}/assign`)
  expect((await operator.post(`${page}/assign`, { once: mine })).location).toBe(`${page}?done=assign`)
  const shown = (await operator.get(page)).html
  expect(shown.match(/&lt;i&gt;急/g)).toHaveLength(1)
  expect(shown).toContain('指定 olga 负责')
  expect(shown).not.toContain(`action="${page}/assign"`)
  const off = onceIn(await operator.get(page), `${page}/unassign`)
  expect((await operator.post(`${page}/unassign`, { once: off })).location).toBe(`${page}?done=unassign`)
})
