import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { moveBefore, type Weighed } from '../../domain/catalogue/sorting.ts'
import { openHttpSession } from '../support/http-session.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** Products are put into the order that the shop shows. */

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

const STAFF = { as: 'op', role: 'operator' } as const
const PATH = '/api/admin/points-mall/products'
const move = (id: string, before_id: string | null) =>
  mall.call('POST', `${PATH}/${id}/move`, { ...STAFF, body: { before_id } })
const shown = async (): Promise<string[]> =>
  (await mall.call('GET', '/api/points-mall/products?per_page=100')).body.data.map(
    ({ id }: { id: string }) => id,
  )

/** The list after the changes, in the order of the shop. */
function after(list: readonly Weighed[], changes: readonly Weighed[]): Weighed[] {
  const changed = new Map(changes.map((one) => [one.id, one]))
  return list
    .map((one) => changed.get(one.id) ?? one)
    .toSorted((a, b) => a.sort - b.sort || Number(b.id) - Number(a.id))
}

test('every move of every list gives that order, and leaves what follows behind it', () => {
  const lists = [
    [0, 0, 0, 0, 0],
    [1, 2, 3, 4, 5],
    [-3, 0, 0, 7, 7],
    [5, 5, 5, 5, 9],
  ].map((sorts) => sorts.map((sort, n) => ({ id: `${9 - n}`, sort })))
  for (const list of lists) {
    for (const one of list) {
      for (const target of [...list, undefined]) {
        const changes = moveBefore(list, one.id, target?.id)
        const others = list.filter(({ id }) => id !== one.id)
        const at = target === undefined ? others.length : others.findIndex(({ id }) => id === target.id)
        const wanted = target === one ? list : others.toSpliced(at, 0, one)
        const made = after(list, changes ?? [])
        expect(made.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id))
        // A product outside of the list with the weight of the last one, older than all.
        const last = list.at(-1)?.sort ?? 0
        expect(after([...made, { id: '1', sort: last }], []).at(-1)?.id).toBe('1')
        // The same move again changes nothing.
        expect(moveBefore(made, one.id, target?.id)).toEqual([])
      }
    }
  }
  expect(moveBefore(lists[0] ?? [], '77', undefined)).toBeUndefined()
  expect(moveBefore(lists[0] ?? [], '9', '77')).toBeUndefined()
})

test('the API moves a product in the list of the shop; what is not shown cannot be moved', async () => {
  const ids: string[] = []
  for (let n = 0; n < 4; n += 1) ids.push(await mall.product())
  expect(await shown()).toEqual(ids.toReversed())
  const [a = '', b = '', c = '', d = ''] = ids
  expect((await move(a, d)).status).toBe(200)
  expect(await shown()).toEqual([a, d, c, b])
  expect((await move(a, d)).status).toBe(200)
  expect((await move(d, null)).status).toBe(200)
  expect(await shown()).toEqual([a, c, b, d])
  const draft = await mall.product({ status: 'draft' })
  expect((await move(draft, a)).status).toBe(404)
  expect((await move(a, draft)).status).toBe(404)
  expect((await move(a, '0')).status).toBe(422)
  expect(await shown()).toEqual([a, c, b, d])
})

test('fifty moves at the same time leave an order with every product once', async () => {
  const before = await shown()
  const moves = Array.from({ length: 50 }, (_, n) =>
    move(before[n % 4] ?? '', before[(n * 3 + 1) % 4] ?? null),
  )
  for (const answer of await Promise.all(moves)) expect([200, 503]).toContain(answer.status)
  expect((await shown()).toSorted()).toEqual(before.toSorted())
})

test('the page moves without JavaScript, once however often the form is sent, and keeps the focus there', async () => {
  const operator = await openHttpSession(mall, 'olga', 'zh', 'operator')
  const page = await operator.get('/admin/products/arrange')
  const [first = '', second = '', third = ''] = await shown()
  expect(page.html).toContain(`name="move" value="${second},${first},up"`)
  expect(page.html).toContain(`name="move" value="${first},${third},down"`)
  const sent = { move: `${second},${first},up` }
  for (let n = 0; n < 2; n += 1) {
    const done = await operator.post('/admin/products/arrange', sent)
    expect([done.status, done.location]).toEqual([303, `/admin/products/arrange?moved=${second}&way=up`])
  }
  expect((await shown()).slice(0, 3)).toEqual([second, first, third])
  const moved = await operator.get(`/admin/products/arrange?moved=${first}&way=up`)
  expect(moved.html).toMatch(new RegExp(`value="${first},${second},up"[^>]*autofocus`))
  for (const move of ['', 'x', `${first},`, '999999,1']) {
    expect((await operator.post('/admin/products/arrange', { move })).status).toBe(303)
  }
})
