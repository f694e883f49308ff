import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createDoor, createHooks } from '../support/hooks.ts'
import { headingOf, onceIn, openHttpSession, type Page, type Visitor } from '../support/http-session.ts'
import { takeLastPart } from '../support/refunded-in-parts.ts'
import { openTestApp, type ProductFields, type TestApp, until } from '../support/test-app.ts'

const hooks = createHooks()
let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp({ tamper: (activities) => hooks.tamper(activities) })
})
afterAll(() => mall.close())
afterEach(async () => {
  hooks.clear()
  expect(await mall.brokenLaws()).toEqual([])
})

const ADDRESS = {
  name: '欧阳娜娜',
  phone: '13812345678',
  province: '浙江省',
  city: '杭州市',
  detail: '文三路 90 号',
}

let customers = 0

/** A customer with one order of 100 points, and of 9.90 unless it costs points only. */
async function customer(product: ProductFields = {}, method?: 'alipay' | 'bank_card' | 'wallet') {
  customers += 1
  const owner = `visitor${customers}`
  await mall.points(owner, 150)
  if (method === 'wallet') await mall.cash(owner, 990)
  const product_id = await mall.product({ payment_mode: method ? 'mixed' : 'points_only', ...product })
  const body = { product_id, ...(method ? { payment_method: method } : {}), address: ADDRESS }
  const answer = await mall.exchange(owner, body)
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
  const order = answer.body.data
  const orderNo: string = order.order_no
  const path = `/points-mall/orders/${orderNo}`
  const visitor = await openHttpSession(mall, owner)
  return { owner, orderNo, path, visitor, payUrl: order.payment_info.pay_url as string | null, order }
}

const wallet = async (owner: string) =>
  (await mall.call('GET', '/api/points-mall/wallet', { as: owner })).body.data

const payments = async (orderNo: string) =>
  mall.db
    .selectFrom('payments')
    .select(['method', 'state'])
    .where('order_no', '=', orderNo)
    .orderBy('attempt_no')
    .execute()

describe('an unpaid order', () => {
  test('shows a link to its cashier, the remaining time, and what it holds', async () => {
    const { visitor, path, payUrl, order } = await customer({}, 'bank_card')
    const page = await visitor.get(path)
    expect(page.status).toBe(200)
    expect(headingOf(page)).toBe('待支付')
    expect(page.html).toContain(`href="${payUrl?.replaceAll('&', '&amp;')}"`)
    expect(page.html).toContain(`data-until="${order.payment_info.expires_at}"`)
    expect(page.html).toContain('100 积分</strong>：自')
    expect(page.html).toContain('为这笔订单冻结')
    // Also by id, and only to its owner.
    expect(headingOf(await visitor.get(`/points-mall/orders/${order.id}`))).toBe('待支付')
  })

  test('can be paid another way by a form: the first attempt is closed, a second tap opens no third', async () => {
    const { visitor, path, orderNo } = await customer({}, 'alipay')
    const once = onceIn(await visitor.get(path), `${path}/pay`)
    const fields = { once, method: 'bank_card' }
    const taps = await Promise.all([1, 2].map(() => visitor.post(`${path}/pay`, fields)))
    const changed = `${path}?method=bank_card`
    expect(taps.map(({ status, location }) => [status, location])).toEqual([
      [303, changed],
      [303, changed],
    ])
    expect((await visitor.get(changed)).html).toContain('role="status">已改用银行卡</p>')
    // The actual method counts, not the address.
    expect((await visitor.get(`${path}?method=alipay`)).html).not.toContain('已改用')
    expect(await payments(orderNo)).toEqual([
      { method: 'alipay', state: 'closed' },
      { method: 'bank_card', state: 'unpaid' },
    ])
    expect((await visitor.get(path)).html).toContain('value="bank_card" checked')
    // A browser that kept the form sends the same key with another choice.
    await visitor.post(`${path}/pay`, { once, method: 'wechat' })
    expect(await payments(orderNo)).toHaveLength(3)
  })

  test('is paid from the wallet once, however often the button is tapped', async () => {
    const { visitor, path, orderNo, owner } = await customer({}, 'bank_card')
    await mall.cash(owner, 2000)
    const once = onceIn(await visitor.get(path), `${path}/pay`)
    const taps = await Promise.all(
      [1, 2, 3].map(() => visitor.post(`${path}/pay`, { once, method: 'wallet' })),
    )
    expect(taps.map(({ status }) => status)).toEqual([303, 303, 303])
    expect(headingOf(await visitor.get(path))).toBe('兑换成功')
    expect(await wallet(owner)).toMatchObject({ available: 50, held: 0, cash: { amount: '10.10' } })
    expect((await payments(orderNo)).filter(({ state }) => state === 'paid')).toHaveLength(1)
  })

  test('says why it cannot be paid that way, and stays unchanged', async () => {
    const { visitor, path, orderNo } = await customer({}, 'bank_card')
    const before = await visitor.get(path)
    expect(before.html).toMatch(/value="wallet"\s+disabled/)
    expect(before.html).toContain('可用 ¥0.00 · 余额不足')
    const once = onceIn(before, `${path}/pay`)
    const poor = await visitor.post(`${path}/pay`, { once, method: 'wallet' })
    expect(poor.status).toBe(409)
    expect(poor.html).toContain('role="alert">现金余额不足：需要 ¥9.90，可用 ¥0.00')
    const unknown = await visitor.post(`${path}/pay`, { once, method: 'barter' })
    expect([unknown.status, headingOf(unknown)]).toEqual([422, '待支付'])
    expect(await payments(orderNo)).toEqual([{ method: 'bank_card', state: 'unpaid' }])
  })

  test('shows the decline, and that its points are still held', async () => {
    const { visitor, path, payUrl } = await customer({}, 'bank_card')
    await mall.cashier(payUrl ?? '', 'decline')
    const page = await until(
      () => visitor.get(path),
      ({ html }) => html.includes('上一次支付没有成功'),
      'the page tells of the decline',
    )
    expect(page.html).toContain('支付未成功')
    expect(page.html).toContain('为这笔订单冻结')
    // A newer refusal hides it, also in that page's stream; a later decline is shown.
    const once = onceIn(page, `${path}/pay`)
    const refused = await visitor.post(`${path}/pay`, { once, method: 'wallet' })
    expect(refused.html).toContain('role="alert">现金余额不足')
    expect(refused.html).not.toContain('上一次支付没有成功')
    const live = /hx-sse:connect="([^"]+)"/.exec(refused.html)?.[1] ?? ''
    const controller = new AbortController()
    const events = eventsOf(await visitor.open(live, controller.signal))
    expect(await nextEvent(events)).not.toContain('上一次支付没有成功')
    await mall.cashier(payUrl ?? '', 'decline')
    expect(await nextEvent(events)).toContain('上一次支付没有成功')
    controller.abort()
  })

  test('shows the deadline as text, which a script counts down', async () => {
    const { visitor, path } = await customer({}, 'bank_card')
    for (const page of [await visitor.get(path), await visitor.get('/points-mall/orders')]) {
      expect(page.html).toMatch(
        /data-until="[^"]+"[^>]*><time datetime="[^"]+">[\d: -]+<\/time> 前支付<\/span>/,
      )
    }
  })
})

describe('canceling', () => {
  test('asks first, takes a reason, and returns everything once', async () => {
    const { visitor, path, owner, orderNo } = await customer({}, 'wallet')
    expect((await visitor.get(path)).html).toContain(`href="${path}/cancel"`)
    const question = await visitor.get(`${path}/cancel`)
    expect(headingOf(question)).toBe('取消这笔订单？')
    const fields = { once: onceIn(question), reason: '不想要了', more: '买重复了' }
    const taps = await Promise.all([1, 2].map(() => visitor.post(`${path}/cancel`, fields)))
    expect(taps.map(({ status, location }) => [status, location])).toEqual([
      [303, path],
      [303, path],
    ])
    const page = await visitor.get(path)
    expect(headingOf(page)).toBe('已取消，已退回')
    expect(page.html).toContain('不想要了；买重复了')
    expect(await wallet(owner)).toMatchObject({ available: 150, held: 0, cash: { amount: '9.90' } })
    expect((await mall.order(owner, orderNo)).cancel_reason).toBe('不想要了；买重复了')
  })

  test('keeps the input when the reason is too long', async () => {
    const { visitor, path, owner, orderNo } = await customer()
    const question = await visitor.get(`${path}/cancel`)
    const more = '太长'.repeat(120)
    const answer = await visitor.post(`${path}/cancel`, { once: onceIn(question), reason: '等太久了', more })
    expect(answer.status).toBe(422)
    expect(answer.html).toContain(more)
    expect(answer.html).toMatch(/value="等太久了"\s+checked/)
    expect(answer.html).toContain('href="#field-more"')
    expect(onceIn(answer)).toBe(onceIn(question))
    expect((await mall.order(owner, orderNo)).status).toBe('order_paid')
  })

  test('is impossible once it is shipped: no button, and an old form is refused with a message', async () => {
    const { visitor, path, orderNo, owner } = await customer({ shipping_type: 'logistics' })
    const question = await visitor.get(`${path}/cancel`)
    await mall.operate(orderNo, 'accept')
    await mall.operate(orderNo, 'ship', { carrier: '顺丰速运', tracking_no: 'SF1<b>' })
    const page = await visitor.get(path)
    expect(page.html).not.toContain(`${path}/cancel`)
    for (const action of ['cancel', 'pay']) {
      expect(await visitor.get(`${path}/${action}`)).toMatchObject({ status: 303, location: path })
    }
    const late = await visitor.post(`${path}/cancel`, { once: onceIn(question) })
    expect([late.status, headingOf(late)]).toEqual([409, '已发货'])
    expect(late.html).toContain('role="alert">订单当前状态不能取消')
    expect((await mall.order(owner, orderNo)).status).toBe('order_shipped')
  })
})

describe('an order mentions only what it moves', () => {
  const POINTS = /积分(?!商城)/
  const CASH = /款|现金|¥/
  const textOf = ({ html }: Page) => (/<main[\s\S]*<\/main>/.exec(html)?.[0] ?? '').replace(/<[^>]*>/g, ' ')

  test('points only: from the result to the cancellation', async () => {
    const { visitor, path, orderNo, owner } = await customer()
    const seen = [await visitor.get(path), await visitor.get(`${path}/cancel`)]
    expect(textOf(seen[1] as Page)).toContain('积分随即退回钱包')
    await visitor.post(`${path}/cancel`, { once: onceIn(seen[1] as Page) })
    await mall.reach(owner, orderNo, 'order_canceled')
    const end = await visitor.get(path)
    expect(textOf(end)).toContain('积分已全部退回。')
    // The customer canceled it, and needs no reason shown.
    expect(textOf(end)).not.toContain('取消原因')
    for (const page of [...seen, end]) expect(textOf(page)).not.toMatch(CASH)
  })

  test('cash only: unpaid, canceled, paid from the wallet and refunded', async () => {
    const product = { payment_mode: 'money_only', point: 0 } as const
    const waiting = await customer(product, 'bank_card')
    const seen = [
      await waiting.visitor.get(waiting.path),
      await waiting.visitor.get(`${waiting.path}/cancel`),
    ]
    expect(textOf(seen[0] as Page)).toContain('我的款项在哪里')
    expect(textOf(seen[0] as Page)).toContain('用银行卡支付 ¥9.90')
    await waiting.visitor.post(`${waiting.path}/cancel`, { once: onceIn(seen[1] as Page) })
    await mall.reach(waiting.owner, waiting.orderNo, 'order_canceled')
    seen.push(await waiting.visitor.get(waiting.path))
    const paid = await customer(product, 'wallet')
    const question = await paid.visitor.get(`${paid.path}/cancel`)
    expect(textOf(question)).toContain('款项随即退回现金余额')
    seen.push(await paid.visitor.get(paid.path), question)
    await paid.visitor.post(`${paid.path}/cancel`, { once: onceIn(question) })
    await mall.reach(paid.owner, paid.orderNo, 'order_canceled')
    const end = await paid.visitor.get(paid.path)
    expect(textOf(end)).toContain('款项已全部退回。')
    for (const page of [...seen, end]) expect(textOf(page)).not.toMatch(POINTS)
  })

  test('both: points and cash', async () => {
    const { visitor, path } = await customer({}, 'wallet')
    expect(textOf(await visitor.get(path))).toContain('我的积分在哪里')
    expect(textOf(await visitor.get(`${path}/cancel`))).toContain('积分与现金余额随即退回钱包')
  })

  test('refunded in parts to the end: it says so, and promises nothing more', async () => {
    const { visitor, path, orderNo } = await customer({}, 'wallet')
    const money = { amount: '9.90', currency: 'CNY' }
    expect((await mall.operate(orderNo, 'refund', { reason: '补偿', money })).status).toBe(200)
    expect(textOf(await visitor.get(path))).not.toContain('商家已全额退回')
    expect(textOf(await visitor.get(`${path}/cancel`))).toMatch(/ 积分随即退回钱包。/)
    await takeLastPart(mall, orderNo)
    const page = await visitor.get(path)
    expect(headingOf(page)).toBe('兑换成功')
    expect(textOf(page)).toContain('商家已全额退回，订单仍在进行。')
    const question = textOf(await visitor.get(`${path}/cancel`))
    expect(question).toContain('商家已全额退回')
    expect(question).not.toMatch(/随即|原路/)
  })

  test('pickup: where and when; shipped goods: where they go to', async () => {
    const told = { 取货地点: '文三路 88 号', 取货时间: '10:00–20:00', 规格: '中杯' }
    const pickup = await customer({ shipping_type: 'pickup', told })
    const text = textOf(await pickup.visitor.get(pickup.path)).replace(/\s+/g, ' ')
    for (const words of ['到店自取', '取货地点 文三路 88 号', '取货时间 10:00–20:00', '凭订单到店领取']) {
      expect(text).toContain(words)
    }
    expect(text).not.toContain('中杯')
    const shipped = await customer({ shipping_type: 'logistics' })
    expect(textOf(await shipped.visitor.get(shipped.path))).not.toContain('快递配送')
  })
})

describe('receipt', () => {
  test('is confirmed by the customer, after a question, and only once it is shipped', async () => {
    const { visitor, path, orderNo, owner } = await customer({ shipping_type: 'logistics' })
    expect(await visitor.get(`${path}/confirm`)).toMatchObject({ status: 303, location: path })
    expect((await visitor.post(`${path}/confirm`, {})).status).toBe(409)
    await mall.operate(orderNo, 'accept')
    await mall.operate(orderNo, 'ship', { carrier: '顺丰速运', tracking_no: 'SF1<b>' })
    const shipped = await visitor.get(path)
    expect(shipped.html).toContain('SF1&lt;b&gt;')
    expect(shipped.html).toContain('<p>欧阳娜娜 <span class="digits">138****5678</span></p>')
    expect(shipped.html).not.toContain('13812345678')
    const once = onceIn(await visitor.get(`${path}/confirm`))
    const taps = await Promise.all([1, 2].map(() => visitor.post(`${path}/confirm`, { once })))
    expect(taps.map(({ status }) => status)).toEqual([303, 303])
    expect(headingOf(await visitor.get(path))).toBe('已完成')
    expect((await mall.order(owner, orderNo)).status).toBe('order_finished')
  })
})

describe("somebody else's order", () => {
  test('does not exist: neither page nor stream nor forms', async () => {
    const { path, orderNo, owner, order } = await customer({}, 'bank_card')
    const other = await openHttpSession(mall, 'stranger')
    const paths = [
      path,
      `${path}/live`,
      `${path}/cancel`,
      `${path}/confirm`,
      `/points-mall/orders/${order.id}`,
    ]
    for (const each of paths) expect((await other.get(each)).status, each).toBe(404)
    for (const action of ['pay', 'cancel', 'confirm']) {
      const answer = await other.post(`${path}/${action}`, { method: 'alipay' })
      expect([answer.status, headingOf(answer)], action).toEqual([404, '这个页面不存在'])
    }
    expect((await mall.order(owner, orderNo)).status).toBe('order_created')
    expect((await other.get('/points-mall/orders/PM20260101000000AAAAAAAAAAAA')).status).toBe(404)
  })

  test('leads an anonymous visitor to the sign-in', async () => {
    const { path } = await customer()
    const nobody = await openHttpSession(mall, undefined)
    for (const each of [path, `${path}/cancel`, '/points-mall/orders', '/points-mall/wallet']) {
      const answer = await nobody.get(each)
      expect([answer.status, answer.location]).toEqual([
        303,
        `/points-mall/sign-in?next=${encodeURIComponent(each)}`,
      ])
    }
    expect((await nobody.get('/points-mall/wallet/statement.csv')).status).toBe(303)
    expect(await nobody.get(`${path}/live`)).toMatchObject({ status: 204, html: '' })
  })

  test('is not changed by a form of another site, whatever cookies it sends', async () => {
    const { visitor, path, orderNo, owner } = await customer()
    for (const action of ['pay', 'cancel', 'confirm']) {
      const answer = await visitor.post(`${path}/${action}`, {}, { origin: 'https://evil.example' })
      expect(answer.status, action).toBe(403)
    }
    expect((await mall.order(owner, orderNo)).status).toBe('order_paid')
  })
})

describe('the order list', () => {
  let visitor: Visitor
  const heads = (html: string) => [...html.matchAll(/<h2><a[^>]*>([^<]*)<\/a>/g)].map(([, title]) => title)
  beforeAll(async () => {
    visitor = await openHttpSession(mall, 'lister')
    await mall.points('lister', 10_000)
    for (let n = 1; n <= 14; n += 1) {
      const product_id = await mall.product({
        title: `商品${n}`,
        payment_mode: n === 14 ? 'mixed' : 'points_only',
      })
      const body = { product_id, ...(n === 14 ? { payment_method: 'bank_card' } : {}) }
      const { order_no } = (await mall.exchange('lister', body)).body.data
      if (n === 1) await mall.act('lister', order_no, 'cancel')
      if (n === 2) {
        await mall.operate(order_no, 'accept')
        await mall.operate(order_no, 'finish')
      }
    }
  })

  test('has every order in one tab and in "all", newest first, in pages', async () => {
    const first = await visitor.get('/points-mall/orders')
    const second = await visitor.get('/points-mall/orders?tab=all&page=2')
    const all = [...heads(first.html), ...heads(second.html)]
    expect(all).toEqual(Array.from({ length: 14 }, (_, n) => `商品${14 - n}`))
    expect(first.html).toContain('href="/points-mall/orders?tab=all&amp;page=2"')
    const tabs = await Promise.all(
      ['to_pay', 'in_progress', 'done', 'canceled'].map((tab) =>
        visitor.get(`/points-mall/orders?tab=${tab}`),
      ),
    )
    expect(tabs.map(({ html }) => heads(html).length)).toEqual([1, 11, 1, 1])
    expect(new Set(tabs.flatMap(({ html }) => heads(html)))).toEqual(new Set(all))
    expect(tabs[0]?.html).toContain('data-until=')
    expect(tabs[3]?.html).toContain('已取消，已退回')
  })

  test('ignores invalid parameters, and says if it is empty', async () => {
    expect((await visitor.get('/points-mall/orders?tab=toString&page=-3')).status).toBe(200)
    const far = await visitor.get('/points-mall/orders?page=99999')
    expect([far.status, far.location]).toEqual([303, '/points-mall/orders?tab=all&page=2'])
    expect(heads((await visitor.get(far.location)).html)).toHaveLength(2)
    const newcomer = await openHttpSession(mall, 'newcomer')
    const none = await newcomer.get('/points-mall/orders')
    expect(none.html).toContain('还没有订单')
    expect(none.html).toContain('兑换之后会出现在这里')
    const tab = await newcomer.get('/points-mall/orders?tab=done')
    expect(tab.html).toContain('这里没有订单')
    expect(tab.html).not.toContain('兑换之后会出现在这里')
  })
})

describe('the order pages', () => {
  const TITLE = `<script>alert("1")</script>'&`

  test("show others' text as text, never as markup", async () => {
    const { visitor, path } = await customer({ title: TITLE }, 'bank_card')
    const controller = new AbortController()
    const live = await visitor.open(`${path}/live`, controller.signal)
    const event = await nextEvent(eventsOf(live))
    controller.abort()
    const pages = [
      (await visitor.get('/points-mall/orders')).html,
      (await visitor.get(path)).html,
      (await visitor.get(`${path}/cancel`)).html,
      event,
    ]
    for (const html of pages) {
      expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;')
      expect(html).not.toContain('<script>alert')
    }
  })

  test('follow their policy: no style, no handler, no script without nonce, no other host', async () => {
    const { visitor, path } = await customer({}, 'bank_card')
    for (const each of [path, '/points-mall/orders', '/points-mall/wallet', `${path}/cancel`]) {
      const { html, headers } = await visitor.get(each)
      const policy = headers.get('content-security-policy') ?? ''
      const nonce = /'nonce-([^']+)'/.exec(policy)?.[1]
      expect(policy).not.toMatch(/unsafe/)
      expect(html).not.toMatch(/\s(style|on\w+)=/)
      expect(html.match(/<script(?![^>]*nonce=)/g)).toBeNull()
      expect(html.match(/<script/g)?.length).toBe(html.split(`nonce="${nonce}"`).length - 1)
      expect(html.match(/(src|rel="stylesheet" href)="(?!\/)/g)).toBeNull()
    }
  })

  test('are available in both languages', async () => {
    const { owner, path } = await customer({}, 'bank_card')
    const english = await openHttpSession(mall, owner, 'en')
    const page = await english.get(path)
    expect(headingOf(page)).toBe('Awaiting payment')
    expect(page.html).toContain('<html lang="en">')
    expect(page.html).toContain('held for this order since')
    expect((await english.get('/points-mall/orders')).html).toContain('My orders')
    expect((await english.get('/points-mall/wallet')).html).toContain('Points available')
  })
})

/** The events of a stream; `undefined` is a line that only keeps it open. */
async function* eventsOf(response: Response): AsyncGenerator<string | undefined> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body ?? []) {
    rest += decoder.decode(chunk, { stream: true })
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const block = rest.slice(0, end)
      rest = rest.slice(end + 2)
      yield block.startsWith('data:') ? block.replaceAll(/^data: ?/gm, '') : undefined
    }
  }
}

async function nextEvent(events: AsyncGenerator<string | undefined>): Promise<string | undefined> {
  for (;;) {
    const { done, value } = await events.next()
    if (done || value !== undefined) return value
  }
}

describe('the stream of an order', () => {
  test('starts with the present order, and continues with each change', async () => {
    const { visitor, path, payUrl, orderNo } = await customer({ shipping_type: 'logistics' }, 'bank_card')
    const controller = new AbortController()
    const live = await visitor.open(`${path}/live?new=1`, controller.signal)
    expect(live.headers.get('content-type')).toBe('text/event-stream')
    expect(live.headers.get('cache-control')).toContain('no-store')
    const events = eventsOf(live)
    const heading = async () => headingOf({ html: (await nextEvent(events)) ?? '' } as never)
    expect(await heading()).toBe('待支付')
    await mall.cashier(payUrl ?? '', 'decline')
    expect(await nextEvent(events)).toContain('上一次支付没有成功')
    await mall.cashier(payUrl ?? '', 'pay')
    expect(await heading()).toBe('兑换成功')
    await mall.operate(orderNo, 'accept')
    expect(await heading()).toBe('备货中')
    // Connecting again starts with the whole order: nothing is missed.
    controller.abort()
    await mall.operate(orderNo, 'ship', { carrier: '顺丰速运', tracking_no: 'SF1' })
    const again = new AbortController()
    const shipped = await nextEvent(eventsOf(await visitor.open(`${path}/live`, again.signal)))
    expect(headingOf({ html: shipped ?? '' } as never)).toBe('已发货')
    again.abort()
  })

  test('is limited to four per customer; a closed one frees its place', async () => {
    const { visitor, path } = await customer()
    const controllers = Array.from({ length: 4 }, () => new AbortController())
    const open = async () => {
      const controller = new AbortController()
      const { status } = await visitor.open(`${path}/live`, controller.signal)
      controller.abort()
      return status
    }
    for (const { signal } of controllers)
      expect((await visitor.open(`${path}/live`, signal)).status).toBe(200)
    expect(await open()).toBe(204)
    const other = await customer()
    const stranger = new AbortController()
    expect((await other.visitor.open(`${other.path}/live`, stranger.signal)).status).toBe(200)
    for (const controller of [...controllers, stranger]) controller.abort()
    await until(open, (status) => status === 200, 'a place is free again')
  })

  test('ends when the process stops, which waits for none', async () => {
    const other = await openTestApp({ worker: false })
    await other.points('waiting', 100)
    const product_id = await other.product()
    const { order_no } = (await other.exchange('waiting', { product_id })).body.data
    const visitor = await openHttpSession(other, 'waiting')
    // Without a worker the order has no result yet, but a number and a page.
    const page = await visitor.get(`/points-mall/orders/${order_no}?new=1`)
    expect([page.status, headingOf(page)]).toEqual([200, '正在兑换'])
    expect(page.html).toContain('还在钱包里，正在确认兑换结果')
    expect((await visitor.get('/points-mall/orders?tab=in_progress')).html).toContain(order_no)
    const events = eventsOf(
      await visitor.open(`/points-mall/orders/${order_no}/live`, new AbortController().signal),
    )
    expect(await nextEvent(events)).toContain('正在兑换')
    const start = performance.now()
    const [ended] = await Promise.all([nextEvent(events), other.close()])
    expect(ended).toBeUndefined()
    expect(performance.now() - start).toBeLessThan(60_000)
  })
})

describe('a refund', () => {
  test('is shown as under way, and then as done', async () => {
    const { visitor, path, payUrl, owner, orderNo } = await customer({}, 'bank_card')
    await mall.cashier(payUrl ?? '', 'pay')
    await mall.reach(owner, orderNo, 'order_paid')
    const door = createDoor()
    hooks.before('refundPayment', () => door.passed())
    const question = await visitor.get(`${path}/cancel`)
    await visitor.post(`${path}/cancel`, { once: onceIn(question) })
    const onItsWay = await visitor.get(path)
    expect(headingOf(onItsWay)).toBe('已取消，退款中')
    expect(onItsWay.html).toContain('¥9.90</strong>：自')
    expect(onItsWay.html).toContain('正在原路退回')
    expect(onItsWay.html).toMatch(/100 积分<\/strong>：已于 .* 退回钱包/)
    door.open()
    const done = await until(
      () => visitor.get(path),
      (page) => headingOf(page) === '已取消，已退回',
      'the refund is shown as done',
    )
    expect(done.html).toMatch(/¥9\.90<\/strong>：已于 .* 原路退回/)
  })
})

test('an order links to its product as long as it has a page, in the shop and in the console', async () => {
  const owner = 'linked'
  const productId = await mall.product({ point: 5 })
  await mall.points(owner, 5)
  const orderNo = (await mall.exchange(owner, { product_id: productId })).body.data.order_no
  const customer = await openHttpSession(mall, owner)
  const operator = await openHttpSession(mall, 'op', 'zh', 'operator')
  const links = async () => {
    const [shop, console] = [
      await customer.get(`/points-mall/orders/${orderNo}`),
      await operator.get(`/admin/orders/${orderNo}`),
    ]
    expect([shop.status, console.status]).toEqual([200, 200])
    return [
      shop.html.includes(`href="/points-mall/products/${productId}"`),
      console.html.includes(`href="/admin/products/${productId}"`),
    ]
  }
  const change = (method: string, path: string) =>
    mall.call(method, `/api/admin/points-mall/products/${productId}${path}`, { as: 'op', role: 'operator' })
  expect(await links()).toEqual([true, true])
  expect((await change('POST', '/unpublish')).status).toBe(200)
  expect(await links()).toEqual([false, true])
  expect((await change('DELETE', '')).status).toBeLessThan(300)
  expect(await links()).toEqual([false, false])
})
