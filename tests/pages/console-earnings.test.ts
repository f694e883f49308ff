import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { signIn } from '../../application/customers/sessions.ts'
import { keepFirstLevel } from '../../db/customers/users.ts'
import { onceIn, openHttpSession, type Visitor } from '../support/http-session.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** Earnings from elsewhere: entered by hand once, and reversed. */

let mall: TestApp
let admin: Visitor
beforeAll(async () => {
  mall = await openTestApp()
  admin = await openHttpSession(mall, 'olga', 'zh', 'admin')
})
afterAll(async () => {
  expect(await mall.brokenLaws()).toEqual([])
  await mall.close()
})

const at = (owner: string) => `/admin/users/${owner}/earnings`
const available = async (as: string) =>
  (await mall.call('GET', '/api/points-mall/wallet', { as })).body.data.available as number

async function tell(owner: string, fields: Record<string, string>) {
  await keepFirstLevel(mall.db, owner, 1)
  const once = onceIn(await admin.get(at(owner)), at(owner))
  return admin.post(at(owner), { once, source: 'order', ...fields })
}

describe('an earning entered by hand', () => {
  test('for an id that was never seen is asked about first', async () => {
    const once = onceIn(await admin.get(at('anne')), at('anne'))
    const fields = { once, source: 'order', external_id: 'SHOP-0', points: '5' }
    const asked = await admin.post(at('anne'), fields)
    expect([asked.status, asked.html.includes('这个编号从未出现过')]).toEqual([200, true])
    expect(await available('anne')).toBe(0)
    expect((await admin.post(at('anne'), { ...fields, confirmed: 'yes' })).status).toBe(303)
    expect(await available('anne')).toBe(5)
  })

  test('counts once, however often it is sent; cash earns by the rule', async () => {
    const told = await tell('ann', { external_id: 'SHOP-1', amount: '88.80' })
    expect([told.status, told.location]).toEqual([303, `${at('ann')}?done=told`])
    expect(await available('ann')).toBe(88)
    const again = await tell('ann', { external_id: 'SHOP-1', amount: '88.80' })
    expect(again.location).toBe(`${at('ann')}?done=known`)
    expect(await available('ann')).toBe(88)
    const { html } = await admin.get(again.location)
    expect(html).toContain('没有重复入账')
    expect(html).toContain('SHOP-1')
    // The customer sees the earning, but not who booked it.
    const customer = await openHttpSession(mall, 'ann')
    expect((await customer.get('/points-mall/wallet')).html).not.toContain('olga')
  })

  test('is refused next to its field if its number belongs to another; the input stays', async () => {
    await tell('ben', { external_id: 'SHOP-2', points: '50' })
    const other = await tell('ben', { external_id: 'SHOP-2', points: '60' })
    expect(other.status).toBe(422)
    expect(other.html).toContain('id="field-external_id-error"')
    expect(other.html).toContain('value="60"')
    expect(await available('ben')).toBe(50)
  })

  test('is either cash or points, with source and number; anything else books nothing', async () => {
    const wrong: readonly Record<string, string>[] = [
      { external_id: 'X' },
      { external_id: 'X', amount: '1.00', points: '1' },
      { external_id: '', points: '1' },
      { external_id: 'with space', points: '1' },
      { external_id: 'X', points: '-1' },
      { external_id: 'X', points: '0' },
      { external_id: 'X', amount: '1.001' },
      { external_id: 'X', points: '1', source: 'Order' },
      { external_id: 'X', points: '1', occurred: '2026-02-30' },
      { external_id: 'X', points: '1', occurred: '2999-01-01' },
    ]
    for (const fields of wrong) {
      const { status } = await tell('cid', fields)
      expect([fields, status]).toEqual([fields, 422])
    }
    expect(await available('cid')).toBe(0)
  })

  test('of many points asks for confirmation, and can be corrected', async () => {
    const fields = { external_id: 'SHOP-3', points: '20000' }
    const asked = await tell('dan', fields)
    expect([asked.status, await available('dan')]).toEqual([200, 0])
    expect(asked.html).toContain('20,000')
    const form = { once: onceIn(asked), source: 'order', ...fields }
    expect((await admin.post(at('dan'), { ...form, confirmed: 'no' })).html).toContain('value="20000"')
    expect(await available('dan')).toBe(0)
    expect((await admin.post(at('dan'), { ...form, confirmed: 'yes' })).status).toBe(303)
    expect(await available('dan')).toBe(20_000)
  })

  test('of much cash asks for confirmation, too, by the points that it earns', async () => {
    const asked = await tell('dora', { external_id: 'SHOP-5', amount: '12345.00' })
    expect([asked.status, await available('dora')]).toEqual([200, 0])
    expect(asked.html).toContain('12,345')
  })
})

describe('a reversal of an earning', () => {
  test('takes back what was not spent, once, with a reason', async () => {
    await tell('eva', { external_id: 'SHOP-4', points: '100' })
    const product = await mall.product({ point: 30 })
    await mall.exchange('eva', { product_id: product })
    const { html } = await admin.get(at('eva'))
    const path = /href="([^"]+\/reverse)"/.exec(html)?.[1] ?? ''
    const once = onceIn(await admin.get(path))
    const silent = await admin.post(path, { once, reason: '' })
    expect([silent.status, await available('eva')]).toEqual([422, 70])
    for (let tap = 0; tap < 2; tap += 1) {
      expect((await admin.post(path, { once, reason: '退货' })).location).toBe(`${at('eva')}?done=reversed`)
      expect(await available('eva')).toBe(0)
    }
    const after = await admin.get(at('eva'))
    for (const text of ['已撤销', '退货', '未追回 30']) expect(after.html).toContain(text)
    expect(after.html).not.toContain('/reverse"')
    // Under another customer it does not exist.
    expect((await admin.get(path.replace('/eva/', '/ann/'))).status).toBe(404)
  })
})

describe('the permission for earnings', () => {
  test('lets staff see and only admins change them; nobody if another system keeps the points', async () => {
    await tell('ida', { external_id: 'SHOP-7', points: '10' })
    const [customer, operator] = [
      await openHttpSession(mall, 'ida'),
      await openHttpSession(mall, 'otto', 'zh', 'operator'),
    ]
    const undo = /href="([^"]+\/reverse)"/.exec((await admin.get(at('ida'))).html)?.[1] ?? ''
    expect((await customer.get(at('ida'))).status).toBe(403)
    const seen = await operator.get(at('ida'))
    expect(seen.status).toBe(200)
    expect(seen.html).toContain('SHOP-7')
    expect(seen.html).not.toMatch(/\/reverse"|name="external_id"/)
    for (const visitor of [customer, operator]) {
      expect((await visitor.post(at('ida'), { external_id: 'X', points: '1', source: 'order' })).status).toBe(
        403,
      )
      expect((await visitor.get(undo)).status).toBe(403)
      expect((await visitor.post(undo, { reason: '退货' })).status).toBe(403)
    }
    expect(await available('ida')).toBe(10)
    const elsewhere = createApp({ ...mall.deps, outsideWallet: {} as never })
    const session = await signIn(mall.db, { sub: 'olga', role: 'admin', level: 1 })
    const answer = await elsewhere.request(`${mall.url}${at('ida')}`, {
      headers: { cookie: `points_mall_session=${session}` },
    })
    expect(answer.status).toBe(403)
  })
})
