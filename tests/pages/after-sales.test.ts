import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Returnable } from '../../domain/catalogue/product.ts'
import { headingOf, onceIn, openHttpSession, type Visitor } from '../support/http-session.ts'
import { formMarkIn } from '../support/shopper.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

/** The pages of after-sales, without JavaScript. */

let mall: TestApp
let operator: Visitor
beforeAll(async () => {
  mall = await openTestApp()
  operator = await openHttpSession(mall, 'olga', 'zh', 'operator')
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

const ADDRESS = { name: '王芳', phone: '13800138000', detail: '漕溪北路 1 号' }
let customers = 0

/** A customer with three pieces of 100 points each. */
async function customer(
  state: 'paid' | 'finished',
  returnable: Returnable = { days: 7 },
  lang: 'zh' | 'en' = 'zh',
) {
  customers += 1
  const owner = `returns${customers}`
  await mall.points(owner, 300)
  const product_id = await mall.product({ shipping_type: 'logistics', returnable })
  const answer = await mall.exchange(owner, { product_id, quantity: 3, address: ADDRESS })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  const { order_no: orderNo } = answer.body.data
  if (state === 'finished') {
    await mall.operate(orderNo, 'accept')
    await mall.operate(orderNo, 'ship', { carrier: '顺丰', tracking_no: 'SF1' })
    expect((await mall.operate(orderNo, 'finish')).status).toBe(200)
  }
  const visitor = await openHttpSession(mall, owner, lang)
  const order = `/points-mall/orders/${orderNo}`
  const ask = async (fields: Record<string, string>) => {
    const once = onceIn(await visitor.get(`${order}/after-sale`))
    return visitor.post(`${order}/after-sale`, {
      once,
      type: 'return_refund',
      quantity: '2',
      reason: '颜色不对',
      ...fields,
    })
  }
  return { owner, orderNo, visitor, order, ask }
}

/** Sends a form of a page. */
async function send(visitor: Visitor, page: string, action: string, fields: Record<string, string> = {}) {
  const path = `${page}/${action}`
  return visitor.post(path, { once: onceIn(await visitor.get(page), path), ...fields })
}

const stateOf = (id: string, state: string) =>
  until(
    () => mall.db.selectFrom('after_sales').select('state').where('id', '=', id).executeTakeFirst(),
    (found) => found?.state === state,
    `after-sale ${id} is ${state}`,
  )

describe('a customer', () => {
  test('asks on the order, and returns the goods together with an operator', async () => {
    const { visitor, order, ask } = await customer('finished')
    expect((await visitor.get(order)).html).toContain(`href="${order}/after-sale"`)
    const asked = await ask({})
    expect(asked.location).toMatch(/^\/points-mall\/after-sales\/\d+\?done=asked$/)
    const [page = ''] = asked.location.split('?')
    const id = page.split('/').at(-1) ?? ''
    const shown = await visitor.get(asked.location)
    expect(headingOf(shown)).toBe('待审核')
    expect(shown.html).toContain('申请已提交')
    expect(shown.html).toContain('颜色不对')
    expect(shown.html).toMatch(/截止 <strong><time datetime="/)

    const admin = `/admin/after-sales/${id}`
    const list = await operator.get('/admin/after-sales')
    expect(list.html).toContain(`href="${admin}"`)
    expect(list.html).toMatch(/待处理 <span class="badge todo">1<\/span>/)
    expect((await send(operator, admin, 'approve')).location).toBe(`${admin}?done=done`)
    expect((await operator.get('/admin/after-sales')).html).not.toContain(`href="${admin}"`)

    expect(headingOf(await visitor.get(page))).toBe('待寄回')
    const none = await send(visitor, page, 'return-shipment', { carrier: '', tracking_no: '' })
    expect([none.status, none.html]).toEqual([422, expect.stringContaining('快递公司不能为空')])
    const parcel = { carrier: '顺丰', tracking_no: 'SF2' }
    expect((await send(visitor, page, 'return-shipment', parcel)).location).toBe(`${page}?done=done`)

    const unsaid = await send(operator, admin, 'receive')
    expect([unsaid.status, unsaid.html]).toEqual([422, expect.stringContaining('收到的商品不能为空')])
    expect((await send(operator, admin, 'receive', { sellable: 'yes' })).location).toBe(`${admin}?done=done`)
    await stateOf(id, 'completed')
    const done = await visitor.get(page)
    expect(headingOf(done)).toBe('已完成')
    expect(done.html).toContain('已入库')
    expect((await visitor.get('/points-mall/after-sales')).html).toContain(`href="${page}"`)
    expect((await operator.get(`/admin/orders/${done.html.match(/PM\w+/)?.[0]}`)).html).toContain(
      `href="${admin}"`,
    )
  })

  test('adds pictures, and appeals against a refusal', async () => {
    const { visitor, ask } = await customer('finished')
    const [page = ''] = (await ask({})).location.split('?')
    const id = page.split('/').at(-1) ?? ''
    const bytes = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#f00' } })
      .png()
      .toBuffer()
    const upload = async (given: Uint8Array<ArrayBuffer>) => {
      const body = new FormData()
      body.set('form_for', formMarkIn((await visitor.get(page)).html) ?? '')
      body.set('picture', new File([given], 'a.png', { type: 'image/png' }))
      const headers = { cookie: visitor.cookie, origin: mall.url }
      const answer = await fetch(`${mall.url}${page}/picture`, {
        method: 'POST',
        redirect: 'manual',
        headers,
        body,
      })
      return answer.headers.get('location')
    }
    expect(await upload(new Uint8Array(bytes))).toBe(`${page}?done=done`)
    expect(await upload(new Uint8Array([1, 2, 3]))).toBe(`${page}?picture=wrong`)
    const [address = ''] = /\/assets\/pictures\/[0-9a-f]{64}\.\w+/.exec((await visitor.get(page)).html) ?? []
    expect((await operator.get(`/admin/after-sales/${id}`)).html).toContain(address)
    expect((await fetch(`${mall.url}${address}`)).status).toBe(200)

    const admin = `/admin/after-sales/${id}`
    const bare = await send(operator, admin, 'refuse', { reason: '' })
    expect([bare.status, bare.html]).toEqual([422, expect.stringContaining('原因不能为空')])
    await send(operator, admin, 'refuse', { reason: '看不清<b>' })
    const refused = await visitor.get(page)
    expect(headingOf(refused)).toBe('已拒绝')
    expect(refused.html).toContain('看不清&lt;b&gt;')
    expect((await send(visitor, page, 'appeal', { reason: '补充了照片' })).location).toBe(`${page}?done=done`)
    expect((await send(visitor, page, 'cancel')).location).toBe(`${page}?done=done`)
    expect(headingOf(await visitor.get(page))).toBe('已关闭')
    expect((await visitor.get(page)).html).not.toContain(`action="${page}/`)
  })

  test('is refunded at once before the goods are sent, and told so in English', async () => {
    const { visitor, order, ask } = await customer('paid', 'before_shipping', 'en')
    const form = await visitor.get(`${order}/after-sale`)
    expect(form.html).toContain('refunded immediately')
    expect(form.html).not.toContain('type="radio"')
    const [page = ''] = (await ask({ type: 'refund_only' })).location.split('?')
    await stateOf(page.split('/').at(-1) ?? '', 'completed')
    expect(headingOf(await visitor.get(page))).toBe('Completed')
  })

  test('sees why it is not possible, or what is wrong, and twice the same form asks once', async () => {
    const none = await customer('finished', 'none')
    const said = await none.visitor.get(`${none.order}/after-sale`)
    expect(said.html).toContain('现在不能申请售后')
    expect(said.html).not.toContain('name="quantity"')

    const { visitor, order, ask, orderNo } = await customer('finished')
    for (const [fields, text] of [
      [{ quantity: '0' }, '件数不能小于 1'],
      [{ quantity: '4' }, '件数不能大于 3'],
      [{ quantity: '' }, '件数不能为空'],
      [{ reason: ' ' }, '原因不能为空'],
    ] as const) {
      const wrong = await ask(fields)
      expect([wrong.status, wrong.html]).toEqual([422, expect.stringContaining(text)])
    }
    const once = onceIn(await visitor.get(`${order}/after-sale`))
    const fields = { once, type: 'return_refund', quantity: '2', reason: '破损' }
    const taps = await Promise.all([1, 2, 3].map(() => visitor.post(`${order}/after-sale`, fields)))
    expect(new Set(taps.map(({ location }) => location)).size).toBe(1)
    const much = await ask({})
    expect([much.status, much.html]).toEqual([409, expect.stringContaining('超出可申请售后的数量')])
    const { data } = (
      await mall.call('GET', `/api/admin/points-mall/after-sales?order_no=${orderNo}`, {
        as: 'op',
        role: 'operator',
      })
    ).body
    expect(data).toHaveLength(1)
  })

  test('sees no after-sale of another, and staff none of their own to decide on', async () => {
    const { ask, owner } = await customer('finished')
    const [page = ''] = (await ask({})).location.split('?')
    const other = await openHttpSession(mall, 'somebody-else')
    expect((await other.get(page)).status).toBe(404)
    expect((await other.post(`${page}/cancel`, {})).status).toBe(404)
    const self = await openHttpSession(mall, owner, 'zh', 'operator')
    const own = await self.get(page.replace('/points-mall', '/admin'))
    expect(own.html).toContain('须由其他同事处理')
    expect(own.html).not.toContain('/approve"')
  })
})
