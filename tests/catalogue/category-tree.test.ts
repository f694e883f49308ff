import { afterAll, beforeAll, expect, test } from 'vitest'
import { openHttpSession } from '../support/http-session.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp({ worker: false })
})
afterAll(() => mall.close())

const operate = (method: string, path: string, body?: unknown) =>
  mall.call(method, `/api/admin/points-mall${path}`, { as: 'op', role: 'operator', body })
const add = async (name: string, parent_id?: string) =>
  (await operate('POST', '/categories', { name, parent_id })).body.data.id as string

interface Node {
  readonly name: string
  readonly children: Node[]
}
const tree = async (): Promise<unknown> => {
  const plain = ({ name, children }: Node): unknown => [name, ...children.map(plain)]
  return (await mall.call('GET', '/api/points-mall/categories')).body.data.map(plain)
}
const wrong = ({
  status,
  body,
}: {
  status: number
  body: { errors?: { field: string; code: string }[] }
}) => [status, ...(body.errors ?? []).map(({ field, code }) => `${field} ${code}`)]

test('categories are a tree without cycles, three levels deep; what is below a deleted one moves up', async () => {
  const home = await add('家居')
  const kitchen = await add('厨房', home)
  const cups = await add('杯具', kitchen)
  const books = await add('图书')
  expect(await tree()).toEqual([['家居', ['厨房', ['杯具']]], ['图书']])
  expect(wrong(await operate('POST', '/categories', { name: '马克杯', parent_id: cups }))).toEqual([
    422,
    'parent_id max_depth',
  ])
  expect(wrong(await operate('PATCH', `/categories/${home}`, { parent_id: books }))).toEqual([
    422,
    'parent_id max_depth',
  ])
  for (const parent_id of [home, kitchen, cups]) {
    expect(wrong(await operate('PATCH', `/categories/${home}`, { parent_id }))).toEqual([
      422,
      'parent_id cycle',
    ])
  }
  expect(wrong(await operate('PATCH', `/categories/${home}`, { parent_id: '987654321' }))).toEqual([
    422,
    'parent_id exists',
  ])
  // Two changes that make a cycle together: one is refused.
  const [one, two] = [await add('甲'), await add('乙')]
  const both = await Promise.all([
    operate('PATCH', `/categories/${one}`, { parent_id: two }),
    operate('PATCH', `/categories/${two}`, { parent_id: one }),
  ])
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 422])
  for (const id of [one, two]) await operate('DELETE', `/categories/${id}`)

  const product = (
    await operate('POST', '/products', {
      title: '马克杯',
      payment_mode: 'points_only',
      point: 5,
      stock_quantity: 3,
      category_id: cups,
    })
  ).body.data.id
  await operate('POST', `/products/${product}/publish`)
  const found = async (id: string) =>
    (await mall.call('GET', `/api/points-mall/products?category_id=${id}`)).body.data.map(
      (at: { id: string }) => at.id,
    )
  expect([await found(home), await found(kitchen), await found(books)]).toEqual([[product], [product], []])
  const guest = await openHttpSession(mall, undefined)
  const chips = (await guest.get(`/points-mall/products?category_id=${kitchen}`)).html
  expect(['家居', '厨房', '杯具', '马克杯'].map((name) => chips.includes(name))).toEqual(Array(4).fill(true))
  expect((await guest.get('/points-mall/products')).html).not.toContain('>厨房<')

  await operate('DELETE', `/categories/${kitchen}`)
  expect(await tree()).toEqual([['家居', ['杯具']], ['图书']])
  expect((await operate('PATCH', `/categories/${cups}`, { parent_id: null })).body.data.parent_id).toBeNull()
  expect(await found(home)).toEqual([])
})

test('operators move a category in the console', async () => {
  const operator = await openHttpSession(mall, 'op', 'zh', 'operator')
  const [top, moved] = [await add('上级'), await add('下级')]
  const form = { name: '下级', sort: '0', parent_id: top, once: `moving-${moved}` }
  expect((await operator.post(`/admin/categories/${moved}`, form)).location).toContain('done=category')
  expect((await operate('GET', `/categories/${moved}`)).body.data.parent_id).toBe(top)
  const cycle = await operator.post(`/admin/categories/${top}`, {
    ...form,
    name: '上级',
    parent_id: moved,
    once: `cycle-${top}`,
  })
  expect([cycle.status, cycle.html.includes('不能是自己或自己的下级')]).toEqual([422, true])
})
