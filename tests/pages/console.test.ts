import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readDashboard } from '../../application/platform/dashboard.ts'
import { contactHashes, indexContacts } from '../../db/orders/contact-terms.ts'
import { createEncryptor } from '../../db/platform/encryption.ts'
import { keepTotals } from '../../db/reconciliation/reconciliations.ts'
import { dateInShanghai, yesterdayInShanghai } from '../../domain/business-time.ts'
import { LOW_STOCK } from '../../domain/catalogue/product.ts'
import type { Totals } from '../../domain/reconciliation/comparison.ts'
import { moneySide, named } from '../../domain/reconciliation/findings.ts'
import { headingOf, onceIn, openHttpSession, type Visitor } from '../support/http-session.ts'
import { takeLastPart } from '../support/refunded-in-parts.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

const ADDRESS = {
  name: '欧阳明月',
  phone: '13812345678',
  province: '浙江省',
  city: '杭州市',
  district: '西湖区',
  detail: '文三路 1 号 301 室',
}

let mall: TestApp
let operator: Visitor
let owners = 0

beforeAll(async () => {
  mall = await openTestApp()
  operator = await openHttpSession(mall, 'olga', 'zh', 'operator')
})
afterAll(() => mall.close())

const at = (orderNo: string, action = '') => `/admin/orders/${orderNo}${action && `/${action}`}`

interface Wish {
  readonly title?: string
  readonly method?: 'wallet' | 'bank_card'
  readonly fen?: number
  readonly ships?: true
  readonly remarks?: string
}

/** Places a new order of 100 points, with cash where requested. */
async function order({ title = '手工香皂', method, fen = 0, ships, remarks }: Wish = {}) {
  owners += 1
  const owner = `customer-${owners}`
  await mall.points(owner, 1_000)
  if (method === 'wallet') await mall.cash(owner, fen)
  const productId = await mall.product({
    title,
    point: 100,
    fen,
    payment_mode: fen > 0 ? 'mixed' : 'points_only',
    shipping_type: ships ? 'logistics' : 'none',
  })
  const made = await mall.exchange(owner, {
    product_id: productId,
    ...(method ? { payment_method: method } : {}),
    ...(ships ? { address: ADDRESS } : {}),
    ...(remarks ? { buyer_remarks: remarks } : {}),
  })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  const { order_no: orderNo, payment_info } = made.body.data
  return { owner, productId, orderNo: orderNo as string, payUrl: payment_info.pay_url as string }
}

async function act(orderNo: string, action: string, fields: Record<string, string> = {}, from = at(orderNo)) {
  const once = onceIn(await operator.get(from), at(orderNo, action))
  return operator.post(at(orderNo, action), { once, ...fields })
}

const statusOf = async (orderNo: string) =>
  (await mall.call('GET', `/api/admin/points-mall/orders/${orderNo}`, { as: 'op', role: 'operator' })).body
    .data

describe('access to the console', () => {
  const PAGES = ['/admin', '/admin/orders', '/admin/reconciliations']

  test('leads an anonymous visitor to the sign-in, and then back', async () => {
    const nobody = await openHttpSession(mall, undefined)
    for (const page of PAGES) {
      const { status, location } = await nobody.get(page)
      expect([status, location]).toEqual([303, `/points-mall/sign-in?next=${encodeURIComponent(page)}`])
    }
  })

  test('keeps a form sent after the session ended, without effect, until the sign-in', async () => {
    const { orderNo } = await order()
    const nobody = await openHttpSession(mall, undefined)
    const { status, location } = await nobody.post(at(orderNo, 'accept'), {})
    expect([status, location]).toEqual([303, expect.stringMatching(/^\/points-mall\/sign-in\?/)])
    expect((await statusOf(orderNo)).status).toBe('order_paid')
  })

  test('is refused to a customer, who can change nothing', async () => {
    const customer = await openHttpSession(mall, 'carl')
    const { orderNo } = await order()
    for (const page of [...PAGES, at(orderNo), at(orderNo, 'cancel'), '/admin/nothing']) {
      const { status, html } = await customer.get(page)
      expect([page, status]).toEqual([page, 403])
      // Neither the console's frame nor anything of the order.
      expect(html).not.toMatch(/后台栏目|手工香皂/)
    }
    expect((await customer.post(at(orderNo, 'accept'), {})).status).toBe(403)
    expect((await customer.post('/admin/reconciliations', { day: '2026-01-01' })).status).toBe(403)
    expect((await statusOf(orderNo)).status).toBe('order_paid')
  })

  test('gives operators and admins every section, with their name and role', async () => {
    for (const [role, word] of [
      ['operator', '运营'],
      ['admin', '管理员'],
    ] as const) {
      const { status, html } = await (await openHttpSession(mall, 'otto', 'zh', role)).get('/admin')
      expect(status).toBe(200)
      for (const section of ['', '/orders', '/products', '/categories', '/users', '/reconciliations']) {
        expect(html).toContain(`<a href="/admin${section}"`)
      }
      expect(html).toMatch(new RegExp(`<strong>otto</strong> <span class="badge">${word}</span>`))
    }
  })

  test("is refused to another site that uses an operator's session", async () => {
    const { orderNo } = await order()
    const foreign = { origin: 'https://evil.example' }
    expect((await operator.post(at(orderNo, 'accept'), {}, foreign)).status).toBe(403)
    expect((await operator.post('/admin/reconciliations', { day: '2026-01-01' }, foreign)).status).toBe(403)
    expect((await statusOf(orderNo)).status).toBe('order_paid')
  })

  test('shows an unknown order as not found, inside the console', async () => {
    for (const page of [
      at('PM20260101000000ABCDEFGHJKMN'),
      at('77777777'),
      at('PM1', 'refund'),
      '/admin/reconciliations/9999',
    ]) {
      const { status, html } = await operator.get(page)
      expect([page, status]).toEqual([page, 404])
      expect(html).toContain('aria-label="后台栏目"')
      expect(html).not.toContain('商品已经下架')
    }
  })

  test('comes with no inline script or style on any page', async () => {
    const { orderNo } = await order({
      title: '<script>alert(1)</script>皂',
      remarks: '<b onclick="x">谢</b>',
    })
    for (const page of [
      '/admin',
      '/admin/orders',
      at(orderNo),
      at(orderNo, 'cancel'),
      '/admin/reconciliations',
    ]) {
      const { html, headers } = await operator.get(page)
      expect(html).not.toMatch(/<script>|<b onclick|\sstyle="|\son\w+="/)
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'nonce-/)
    }
    const { html } = await operator.get(at(orderNo))
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;皂')
    expect(html).toContain('&lt;b onclick=&quot;x&quot;&gt;谢&lt;/b&gt;')
  })
})

describe('the dashboard', () => {
  test('counts every redemption as successful, failed or open, and sums only successful ones', async () => {
    const before = await readDashboard(mall.db, Date.now())
    await order()
    const paid = await order({ fen: 990, method: 'wallet' })
    expect((await mall.operate(paid.orderNo, 'cancel', { reason: '缺货' })).status).toBe(200)
    const unpaid = await order({ fen: 500, method: 'bank_card' })
    const dropped = await order({ fen: 500, method: 'bank_card' })
    expect((await mall.act(dropped.owner, dropped.orderNo, 'cancel')).status).toBe(200)
    const after = await readDashboard(mall.db, Date.now())
    const more = (of: 'exchanges' | 'taken' | 'failed' | 'points') => after.today[of] - before.today[of]
    // The canceled one was successful, too.
    expect([more('exchanges'), more('taken'), more('failed'), more('points')]).toEqual([4, 2, 1, 200])
    expect(after.today.cash.amount).toBe('9.90')
    expect(after.takenBack).toEqual({
      points: before.takenBack.points + 100,
      money: { amount: '9.90', currency: 'CNY' },
    })
    const [was, is] = [before.queues.to_pay, after.queues.to_pay]
    expect(is).toMatchObject({ count: was.count + 1 })
    if (was.count === 0) expect(is.orderNo).toBe(unpaid.orderNo)
    const { html } = await operator.get('/admin')
    expect(html).toContain('¥9.90')
    expect(html).toContain('· 未付款取消 ')
    const today = dateInShanghai(Date.now())
    expect(html).toContain(`href="/admin/orders?from=${today}&amp;to=${today}"`)
    await mall.act(unpaid.owner, unpaid.orderNo, 'cancel')
  })

  test('has hours and days that add up to the day, and stop at now', async () => {
    const { today, hours, days } = await readDashboard(mall.db, Date.now())
    expect(days).toHaveLength(14)
    expect(days.at(-1)).toEqual(today)
    expect(hours.reduce((sum, hour) => sum + (hour.today ?? 0), 0)).toBe(today.exchanges)
    const now = Math.floor(((Date.now() + 8 * 3_600_000) % 86_400_000) / 3_600_000)
    expect(hours.map((hour) => hour.today !== null)).toEqual(hours.map(({ hour }) => hour <= now))
  })

  test('counts a past day by its own hours in Shanghai', async () => {
    // 00:30 of tomorrow there: what was redeemed today is yesterday's.
    const today = await readDashboard(mall.db, Date.now())
    const tomorrow = Date.parse(`${dateInShanghai(Date.now())}T00:30:00+08:00`) + 86_400_000
    const next = await readDashboard(mall.db, tomorrow)
    expect(next.today).toMatchObject({ exchanges: 0, points: 0, cash: { amount: '0.00' } })
    expect(next.days.at(-2)).toEqual(today.today)
    expect(next.hours.map(({ yesterday }) => yesterday)).toEqual(today.hours.map((hour) => hour.today ?? 0))
  })

  test('shows low stock of products on sale from the same limit as domain and database', async () => {
    const few = await mall.product({ title: '只剩十件', stock: LOW_STOCK })
    const enough = await mall.product({ title: '还有很多', stock: LOW_STOCK + 1 })
    const draft = await mall.product({ title: '还没上架', stock: 1, status: 'draft' })
    const { stock } = await readDashboard(mall.db, Date.now())
    const ids = stock.low.map(({ id }) => id)
    expect(ids).toContain(few)
    expect(ids).not.toContain(enough)
    expect(ids).not.toContain(draft)
    await mall.points('buyer', 1_000)
    await mall.db.updateTable('points_products').set({ point: 10 }).where('id', '=', enough).execute()
    expect((await mall.exchange('buyer', { product_id: enough })).status).toBe(201)
    expect((await readDashboard(mall.db, Date.now())).stock.low.map(({ id }) => id)).toContain(enough)
  })
})

describe('the list of orders', () => {
  const found = async (query: Record<string, string>) => {
    const { html } = await operator.get(`/admin/orders?${new URLSearchParams(query).toString()}`)
    return [...html.matchAll(/href="\/admin\/orders\/(PM\w+)[?"]/g)].map(([, orderNo]) => orderNo)
  }

  test('finds by number, payment, customer, and two letters of a title; by nothing else', async () => {
    const one = await order({ title: '琉璃茶盏', fen: 100, method: 'wallet', ships: true })
    expect(await found({ q: one.orderNo })).toEqual([one.orderNo])
    expect(await found({ q: ` ${one.orderNo.toLowerCase()} ` })).toEqual([one.orderNo])
    expect(await found({ q: `${one.orderNo}-1` })).toEqual([one.orderNo])
    expect(await found({ q: one.owner })).toEqual([one.orderNo])
    expect(await found({ q: '茶盏' })).toEqual([one.orderNo])
    expect(await found({ owner_id: one.owner })).toEqual([one.orderNo])
    expect(await found({ q: one.orderNo.slice(-6).toLowerCase() })).toEqual([one.orderNo])
    expect(await found({ q: one.orderNo.slice(-12) })).toEqual([one.orderNo])
    await mall.operate(one.orderNo, 'accept')
    await mall.operate(one.orderNo, 'ship', { carrier: '顺丰', tracking_no: 'SF-77 12' })
    expect(await found({ q: 'sf-77 12' })).toEqual([one.orderNo])
    expect(await found({ product_id: one.productId })).toEqual([one.orderNo])
    for (const q of [
      '茶壶',
      one.owner.slice(0, -1),
      'SF-77',
      one.orderNo.slice(-5),
      `U${one.orderNo.slice(-6)}`,
      '%',
      "' or true --",
      'PM20260101000000ABCDEFGHJKMN',
    ]) {
      expect([q, await found({ q })]).not.toEqual([q, expect.arrayContaining([one.orderNo])])
    }
    const { html } = await operator.get('/admin/orders?q=%E8%8C%B6%E5%A3%B6%E5%A3%B6')
    expect(html).toContain('没有符合条件的订单')
    expect(html).toContain('商品名填两个字以上')
    // Without a search text its hint is not shown.
    const unsaid = await operator.get('/admin/orders?owner_id=nobody-at-all')
    expect(unsaid.html).toContain('没有符合条件的订单')
    expect(unsaid.html).not.toContain('商品名填两个字以上')
  })

  test('finds an order by its receiver: whole phone, last four digits, whole name; by no other part', async () => {
    const { sealer } = mall.deps
    const { owner, orderNo } = await order({ title: '收件香插' })
    const placed = async (address: Record<string, string>) => {
      const product_id = await mall.product({ point: 1, shipping_type: 'logistics' })
      const { body } = await mall.exchange(owner, {
        product_id,
        address: { detail: '中山路 1 号', ...address },
      })
      return body.data.order_no as string
    }
    const one = await placed({ name: '欧阳 锋', phone: '+86 137-6666-9182' })
    const other = await placed({ name: 'Ann Lee', phone: '0571-88889182' })
    const both = [other, one]
    for (const [q, expected] of [
      ['13766669182', [one]],
      [' １３７ 6666 9182', [one]],
      ['欧阳锋', [one]],
      ['9182', both],
      ['057188889182', [other]],
      ['ann lee', [other]],
      ['1376666918', []],
      ['66669182', []],
      ['182', []],
      ['欧阳', []],
    ] as const) {
      expect([q, await found({ q })]).toEqual([q, expected])
    }
    expect(await found({ q: '9182', owner_id: 'somebody-else' })).toEqual([])
    // An earlier version changes an address, and writes orders without an index.
    const moved = { name: '洪七', phone: '13766660000', detail: '桃花岛' }
    await mall.db
      .updateTable('points_exchange_orders')
      .set({ address_info: sealer.seal(moved, `address/${one}`) })
      .where('order_no', '=', one)
      .execute()
    await mall.db
      .updateTable('points_exchange_orders')
      .set({ contact_terms: null })
      .where('order_no', '=', other)
      .execute()
    expect(await found({ q: '9182' })).toEqual([])
    expect(await indexContacts(mall.deps)).toBe(2)
    expect([await found({ q: '洪七' }), await found({ q: '9182' })]).toEqual([[one], [other]])
    expect(await indexContacts(mall.deps)).toBe(0)
    // Of a receiver nothing is readable, and another key finds nothing.
    const stored = await mall.db
      .selectFrom('points_exchange_orders')
      .select('contact_terms')
      .where('order_no', 'in', [one, other, orderNo])
      .orderBy('id')
      .execute()
    expect(stored.map(({ contact_terms }) => contact_terms?.length)).toEqual([0, 3, 3])
    const rotated = createEncryptor([{ id: 't2', key: Buffer.alloc(32, 'new') }])
    expect(contactHashes(rotated, moved)[0]).not.toEqual(contactHashes(sealer, moved)[0])
  })

  test('reports days in the wrong order as an error', async () => {
    const { status, html } = await operator.get('/admin/orders?from=2026-03-02&to=2026-03-01')
    expect([status, html]).toEqual([422, expect.stringContaining('开始日期不能晚于结束日期')])
    expect((await operator.get('/admin/orders?from=2026-03-01&to=2026-03-01')).status).toBe(200)
  })

  test('combines its filters: status, payment, mode, days', async () => {
    const one = await order({ title: '青瓷花瓶', fen: 100, method: 'wallet' })
    const today = dateInShanghai(Date.now())
    const all = {
      q: '青瓷',
      status: 'order_paid',
      payment_status: 'paid',
      payment_mode: 'mixed',
      from: today,
      to: today,
    }
    expect(await found(all)).toEqual([one.orderNo])
    for (const other of [
      { status: 'order_created' },
      { payment_status: 'refunded' },
      { payment_mode: 'points_only' },
      { to: yesterdayInShanghai(Date.now()) },
      { attention: '1' },
    ]) {
      expect([other, await found({ ...all, ...other })]).toEqual([other, []])
    }
    // An unknown filter is ignored.
    expect(
      await found({
        q: '青瓷',
        status: 'nonsense',
        from: '2026-99-99',
        past: 'x',
        sort: 'x',
        product_id: '0',
      }),
    ).toEqual([one.orderNo])
  })

  test('has pages without gaps', async () => {
    const owner = 'collector'
    await mall.points(owner, 10_000)
    const productId = await mall.product({ title: '集章卡', point: 1 })
    for (let n = 0; n < 33; n += 1) {
      expect((await mall.exchange(owner, { product_id: productId })).status).toBe(201)
    }
    const first = await operator.get(`/admin/orders?owner_id=${owner}`)
    const next = /rel="next" href="([^"]+)"/.exec(first.html)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const second = await operator.get(next)
    const numbers = [first, second].map(({ html }) =>
      [...html.matchAll(/href="\/admin\/orders\/(PM\w+)[?"]/g)].map(([, no]) => no),
    )
    expect(numbers.map((page) => page.length)).toEqual([30, 3])
    expect(new Set(numbers.flat()).size).toBe(33)
    expect(second.html).not.toContain('rel="next"')
  })
})

describe('an order in the console', () => {
  test('shows everything about the order, and hides who the customer is', async () => {
    const one = await order({ fen: 990, method: 'bank_card', ships: true, remarks: '请快一点' })
    await mall.cashier(one.payUrl, 'pay')
    await mall.reach(one.owner, one.orderNo, 'order_paid')
    const page = await operator.get(at(one.orderNo))
    expect(headingOf(page)).toBe('手工香皂')
    for (const text of [
      '经过',
      '账本分录',
      '库存变动',
      '付款记录',
      '收到的通知',
      '请快一点',
      `${one.orderNo}-1`,
      '-100',
      '没有退款。',
    ]) {
      expect(page.html).toContain(text)
    }
    expect(page.html).toContain('欧阳* 138******78 浙江省杭州市西湖区***')
    for (const secret of [ADDRESS.name, ADDRESS.phone, '文三路']) expect(page.html).not.toContain(secret)
    const { payment_ref, provider_ref } = await mall.db
      .selectFrom('payments')
      .select(['payment_ref', 'provider_ref'])
      .where('order_no', '=', one.orderNo)
      .executeTakeFirstOrThrow()
    const known = payment_ref ?? provider_ref ?? ''
    expect(known.length).toBeGreaterThan(6)
    expect(page.html).toContain(`<span class="code whole">${known}</span>`)
    // By any number that the provider gave, whole, and by no part of it.
    for (const number of [payment_ref, provider_ref]) {
      if (number === null) continue
      const found = await operator.get(`/admin/orders?q=${encodeURIComponent(number)}`)
      expect(found.html).toContain(`href="${at(one.orderNo)}`)
      expect(
        (await operator.get(`/admin/orders?q=${encodeURIComponent(number.slice(0, -1))}`)).html,
      ).not.toContain(one.orderNo)
    }
    // In the statement what was held is said to be settled: nothing became available or was no longer.
    const { html } = await operator.get(`/admin/users/${one.owner}`)
    expect(html).toMatch(/结清冻结的 100\s*<\/td>/)
    expect(html).not.toContain('不变')
  })

  test('asks about a number that looks like another carrier, alone and in a file, and prints what is to be sent', async () => {
    const [one, two] = [await order({ ships: true }), await order({ ships: true })]
    for (const { orderNo } of [one, two]) expect((await act(orderNo, 'accept')).status).toBe(303)
    const slips = await operator.get(`/admin/orders/packing-slips?orders=${one.orderNo},${two.orderNo},NONE`)
    expect(slips.html.match(/class="card slip"/g)).toHaveLength(2)
    const odd = { carrier: '中通', tracking_no: 'YT0000000000001' }
    const doubted = await act(one.orderNo, 'ship', odd)
    expect(doubted.status).toBe(422)
    expect(doubted.html).toContain('name="carrier_confirmed"')
    expect((await act(one.orderNo, 'ship', { ...odd, carrier_confirmed: '1' })).status).toBe(303)
    const file = `${one.orderNo},中通,YT0000000000001\n${two.orderNo},中通,YT0000000000002`
    const asked = await operator.post('/admin/orders/ship-batch', { lines: file })
    expect(asked.status).toBe(200)
    expect(asked.html).toContain('之前已发货')
    expect(asked.html).toContain(`${two.orderNo},中通,YT0000000000002,confirm</textarea>`)
    const sent = await operator.post('/admin/orders/ship-batch', {
      lines: `${two.orderNo},中通,YT0000000000002,confirm`,
    })
    expect(sent.html).toContain('已发货')
    expect((await operator.get(at(two.orderNo))).html).toContain('YT0000000000002')
    // What has left is not printed again.
    expect((await operator.get(`/admin/orders/packing-slips?orders=${two.orderNo}`)).html).toContain(
      '没有可以打印的订单',
    )
  })

  test('offers the actions that its status allows; the others say why not', async () => {
    const { orderNo } = await order({ ships: true })
    const resting = async () => {
      const { html } = await operator.get(at(orderNo))
      return [...html.matchAll(/disabled aria-describedby="why-(\w+)"/g)].map(([, action]) => action)
    }
    expect(await resting()).toEqual(['ship', 'finish', 'resolve'])
    expect((await act(orderNo, 'accept')).location).toBe(`${at(orderNo)}?done=accept`)
    expect(await resting()).toEqual(['accept', 'finish', 'resolve'])
    // Goods that need shipping are shipped first, for every role.
    expect((await operator.get(at(orderNo))).html).toContain('需要寄送，请先发货。')
    expect((await operator.post(at(orderNo, 'finish'), {})).status).toBe(409)

    const half = await act(orderNo, 'ship', { carrier: '顺丰 <速运>', tracking_no: ' ' })
    expect(half.status).toBe(422)
    expect(half.html).toContain('value="顺丰 &lt;速运&gt;"')
    expect(half.html).toContain('运单号不能为空')
    expect((await act(orderNo, 'ship', { carrier: '顺丰', tracking_no: 'SF123' })).status).toBe(303)
    expect(await resting()).toEqual(['accept', 'ship', 'cancel', 'resolve'])
    expect((await operator.get(at(orderNo))).html).toContain('SF123')
    expect((await act(orderNo, 'finish')).status).toBe(303)
    expect(await resting()).toEqual(['accept', 'ship', 'finish', 'cancel', 'resolve'])
    expect(await statusOf(orderNo)).toMatchObject({ status: 'order_finished' })
  })

  test('shows the full address to the shipper, from acceptance to shipping, else masked', async () => {
    const { orderNo } = await order({ ships: true })
    const whole = [ADDRESS.name, ADDRESS.phone, ADDRESS.detail]
    const shown = async () => {
      const { html } = await operator.get(at(orderNo))
      return {
        whole: whole.filter((text) => html.includes(text)),
        masked: html.includes('欧阳* 138******78'),
      }
    }
    expect(await shown()).toEqual({ whole: [], masked: true })
    await act(orderNo, 'accept')
    expect(await shown()).toEqual({ whole, masked: false })
    await act(orderNo, 'ship', { carrier: '顺丰', tracking_no: 'SF1' })
    expect(await shown()).toEqual({ whole: [], masked: true })
  })

  test('leads to the next waiting order after it is done, the oldest first', async () => {
    const [first, second] = [await order({ title: '排队茶盏' }), await order({ title: '排队茶盏' })]
    const listed = async (sort: string) => {
      const { html } = await operator.get(`/admin/orders?q=排队茶盏&sort=${sort}`)
      return [...html.matchAll(/href="\/admin\/orders\/(PM\w+)[?"]/g)].map(([, orderNo]) => orderNo)
    }
    expect(await listed('oldest')).toEqual([first.orderNo, second.orderNo])
    expect(await listed('')).toEqual([second.orderNo, first.orderNo])
    const { html } = await operator.get((await act(first.orderNo, 'accept')).location)
    const { count, orderNo } = (await readDashboard(mall.db, Date.now())).queues.to_accept
    expect(html).toContain(`href="${at(orderNo ?? '')}"`)
    expect(html).toContain(`还有 ${count} 笔待接单`)
  })

  test('is changed once by a double tap', async () => {
    const { orderNo } = await order()
    const once = onceIn(await operator.get(at(orderNo)), at(orderNo, 'accept'))
    const taps = await Promise.all([1, 2, 3].map(() => operator.post(at(orderNo, 'accept'), { once })))
    expect(taps.map(({ status, location }) => `${status} ${location}`)).toEqual(
      Array(3).fill(`303 ${at(orderNo)}?done=accept`),
    )
    const events = await mall.db
      .selectFrom('order_events')
      .select('status')
      .where('order_no', '=', orderNo)
      .execute()
    expect(events.filter(({ status }) => status === 'order_accepted')).toHaveLength(1)
    // A later repeat from an open page is refused with a message.
    const late = await operator.post(at(orderNo, 'accept'), { once: crypto.randomUUID() })
    expect(late.status).toBe(409)
    expect(late.html).toContain('订单当前状态不允许此操作')
  })

  test('needs a reason to be canceled, and returns everything', async () => {
    const { orderNo, owner } = await order({ fen: 990, method: 'wallet' })
    const form = at(orderNo, 'cancel')
    const none = await act(orderNo, 'cancel', { reason: '' }, form)
    expect(none.status).toBe(422)
    expect(none.html).toContain('原因不能为空')
    expect((await statusOf(orderNo)).status).toBe('order_paid')
    expect((await act(orderNo, 'cancel', { reason: '缺货' }, form)).location).toBe(
      `${at(orderNo)}?done=cancel`,
    )
    expect(await statusOf(orderNo)).toMatchObject({ status: 'order_canceled', cancel_reason: '缺货' })
    const { data } = (await mall.call('GET', '/api/points-mall/wallet', { as: owner })).body
    expect([data.available, data.held, data.cash.amount]).toEqual([1_000, 0, '9.90'])
    // A final order has no form either.
    expect((await operator.get(form)).location).toBe(at(orderNo))
  })

  test('is partly refunded once, and never beyond the rest', async () => {
    const { orderNo } = await order({ fen: 990, method: 'wallet' })
    const form = at(orderNo, 'refund')
    const part = { what: 'part', reason: '少发一件' }
    const nothing = await act(orderNo, 'refund', { ...part, points: '', money: '' }, form)
    expect(nothing.status).toBe(422)
    const odd = await act(orderNo, 'refund', { ...part, points: '1.5', money: '1,00' }, form)
    expect(odd.status).toBe(422)
    expect(odd.html).toContain('value="1.5"')
    const much = await act(orderNo, 'refund', { ...part, points: '40', money: '9.91' }, form)
    expect(much.status).toBe(422)
    expect(much.html).toMatch(/href="#field-money">退款超出订单剩余可退部分/)
    const zero = await act(orderNo, 'refund', { ...part, points: '0', money: '0.00' }, form)
    expect([zero.status, zero.html]).toEqual([422, expect.stringContaining('请填写要退回多少，要大于 0')])
    const once = onceIn(await operator.get(form))
    const fields = { once, ...part, points: '40', money: '3.30' }
    const taps = await Promise.all([1, 2].map(() => operator.post(form, fields)))
    expect(taps.map(({ status }) => status)).toEqual([303, 303])
    const { status, refunds } = await statusOf(orderNo)
    expect(status).toBe('order_paid')
    expect(refunds).toMatchObject([{ points: 40, money: { amount: '3.30' }, reason: '少发一件' }])
    expect((await operator.get(form)).html).toContain('60 积分 + ¥6.60')
    const { html } = await operator.get(at(orderNo))
    expect(html).toContain('<span class="badge warn">部分退款</span>')
    expect(html).toContain('<dt>已退</dt><dd>40 积分 + ¥3.30</dd>')
    // Who refunded stands in the order and in the statement; the customer learns why, and not by whom.
    expect(html).toMatch(/<td data-label="操作人"[^>]*>运营 olga<\/td>/)
    const { owner } = await mall.db
      .selectFrom('points_exchange_orders')
      .select('owner_id as owner')
      .where('order_no', '=', orderNo)
      .executeTakeFirstOrThrow()
    expect((await operator.get(`/admin/users/${owner}?kind=reverse`)).html).toMatch(
      /class="by[^"]*">olga<\/td>/,
    )
    for (const [lang, word] of [
      ['zh', '退款'],
      ['en', 'Refunds'],
    ] as const) {
      const seen = (await (await openHttpSession(mall, owner, lang)).get(`/points-mall/orders/${orderNo}`))
        .html
      expect(seen).toMatch(new RegExp(`<h2 id="refunds">${word}</h2>[\\s\\S]*¥3\\.30[\\s\\S]*少发一件`))
      expect(seen).not.toContain('olga')
    }
    expect((await operator.get(at((await order()).orderNo))).html).not.toMatch(/部分退款|<dt>已退/)
  })

  test('has no preselected refund, and refunds everything without an amount', async () => {
    const { orderNo } = await order({ fen: 990, method: 'wallet' })
    const form = at(orderNo, 'refund')
    const page = await operator.get(form)
    expect(page.html.match(/<input type="radio"[^>]*>/g)).toHaveLength(2)
    expect(page.html).not.toMatch(/<input type="radio"[^>]*\schecked/)
    const wrong = async (fields: Record<string, string>) => {
      const { status, html } = await act(orderNo, 'refund', { reason: '少发', ...fields }, form)
      return [status, /<p class="error" id="field-(\w+)-error">([^<]*)</.exec(html)?.slice(1)]
    }
    expect(await wrong({ points: '40' })).toEqual([422, ['what', '请选择全部退回，还是退回一部分']])
    for (const amount of [{ points: '40' }, { money: '3.30' }]) {
      const said = await wrong({ what: 'whole', ...amount })
      expect(said).toEqual([422, ['what', '选了全部退回，不要填写数额']])
    }
    expect(await statusOf(orderNo)).toMatchObject({ status: 'order_paid', refunds: [] })
    const whole = await act(orderNo, 'refund', { reason: '少发', what: 'whole', points: '', money: '' }, form)
    expect([whole.status, whole.location]).toEqual([303, `${at(orderNo)}?done=refund`])
    expect((await statusOf(orderNo)).status).toBe('order_canceled')
  })

  test('can be partly refunded by less than the rest; with no rest there is nothing to refund', async () => {
    const { orderNo } = await order({ fen: 990, method: 'wallet' })
    const form = at(orderNo, 'refund')
    const part = { what: 'part', reason: '少发一件' }
    const all = await act(orderNo, 'refund', { ...part, points: '100', money: '9.90' }, form)
    expect([all.status, all.html]).toEqual([422, expect.stringContaining('这是全部，请选「全部退回」')])
    // A double tap refunds half; the other half would be all that is left.
    const half = { once: onceIn(await operator.get(form)), ...part, points: '50', money: '4.95' }
    for (const _ of [1, 2]) expect((await operator.post(form, half)).status).toBe(303)
    expect((await statusOf(orderNo)).refunds).toHaveLength(1)
    const rest = await act(orderNo, 'refund', { ...part, points: '50', money: '4.95' }, form)
    expect(rest.html).toContain('这是全部，请选「全部退回」')
    expect((await act(orderNo, 'refund', { ...part, points: '50', money: '' }, form)).status).toBe(303)
    await takeLastPart(mall, orderNo)
    const { html } = await operator.get(at(orderNo))
    expect(html).toContain('disabled aria-describedby="why-refund"')
    expect(html).toContain('<span class="hint" id="why-refund">已全部退回。</span>')
    expect((await operator.get(form)).location).toBe(at(orderNo))
    const refused = await operator.post(form, { what: 'whole', reason: '再退' })
    expect([refused.status, refused.html]).toEqual([409, expect.stringContaining('已全部退回。')])
    expect((await statusOf(orderNo)).status).toBe('order_paid')
  })

  test('shows its stock to the end: reserved, sold when paid, returned', async () => {
    const movesOf = async (orderNo: string) => {
      const { html } = await operator.get(at(orderNo))
      return [
        ...html.matchAll(/data-label="变动"\s*>([^<]*)<\/td>\s*<td data-label="件数"[^>]*>([^<]*)</g),
      ].map(([, move, pieces]) => `${move} ${pieces}`)
    }
    const paid = await order({ fen: 990, method: 'wallet' })
    expect(await movesOf(paid.orderNo)).toEqual(['占用 -1', '售出 —'])
    await act(paid.orderNo, 'accept')
    // A partial refund moves no stock, although its event has the order's status.
    const part = { what: 'part', reason: '少发', points: '1' }
    expect((await act(paid.orderNo, 'refund', part, at(paid.orderNo, 'refund'))).status).toBe(303)
    expect(await movesOf(paid.orderNo)).toEqual(['占用 -1', '售出 —'])
    const whole = { what: 'whole', reason: '缺货' }
    expect((await act(paid.orderNo, 'refund', whole, at(paid.orderNo, 'refund'))).status).toBe(303)
    expect(await movesOf(paid.orderNo)).toEqual(['占用 -1', '售出 —', '放回 +1'])
    const unpaid = await order({ fen: 500, method: 'bank_card' })
    expect(await movesOf(unpaid.orderNo)).toEqual(['占用 -1'])
    expect((await mall.act(unpaid.owner, unpaid.orderNo, 'cancel')).status).toBe(200)
    expect(await movesOf(unpaid.orderNo)).toEqual(['占用 -1', '放回 +1'])
  })

  test('is finished without shipping if nothing is sent; else it is shipped first', async () => {
    const [none, sent] = [await order(), await order({ ships: true })]
    const shipping = async (orderNo: string) => {
      expect((await act(orderNo, 'accept')).status).toBe(303)
      const { html } = await operator.get(at(orderNo))
      const actions = [...html.matchAll(/action="\/admin\/orders\/PM\w+\/(\w+)"[^>]*>/g)]
      const forms = actions.flatMap(([, name]) => (name === 'finish' || name === 'ship' ? [name] : []))
      return { forms, why: /id="why-ship">([^<]*)</.exec(html)?.[1] }
    }
    expect(await shipping(none.orderNo)).toEqual({ forms: ['finish'], why: '无需寄送。' })
    expect(await shipping(sent.orderNo)).toEqual({ forms: ['ship'], why: undefined })
  })

  test('refuses a tracking number that is too long, and never cuts it', async () => {
    const { orderNo } = await order({ ships: true })
    await act(orderNo, 'accept')
    const { html } = await operator.get(at(orderNo))
    expect(html).toContain('<option value="顺丰速运"></option>')
    expect(html).not.toMatch(/name="tracking_no"[^>]*maxlength/)
    const long = await act(orderNo, 'ship', { carrier: '顺丰速运', tracking_no: '9'.repeat(65) })
    expect([long.status, long.html]).toEqual([422, expect.stringContaining('运单号不能超过 64 个字符')])
    expect((await statusOf(orderNo)).status).toBe('order_accepted')
  })

  test('leads back to the list it was opened from, and to nowhere else', async () => {
    const { orderNo } = await order({ title: '来路茶盏' })
    const query = new URLSearchParams({ status: 'order_paid', q: '来路茶盏', sort: 'oldest' }).toString()
    const list = `/admin/orders?${query}`
    const plain = (html: string) => html.replaceAll('&amp;', '&')
    const link =
      /href="(\/admin\/orders\/PM\w+\?from=[^"]*)"/.exec((await operator.get(list)).html)?.[1] ?? ''
    const backIn = (html: string) => plain(/class="up press" href="([^"]*)"/.exec(html)?.[1] ?? '')
    expect(backIn((await operator.get(link)).html)).toBe(list)
    // Also after an action.
    const page = await operator.get(link)
    const action = plain(/action="([^"]*\/accept[^"]*)"/.exec(page.html)?.[1] ?? '')
    const done = await operator.post(action, { once: onceIn(page, at(orderNo, 'accept')) })
    expect(done.location).toBe(`${at(orderNo)}?done=accept&from=${encodeURIComponent(query)}`)
    expect(backIn((await operator.get(done.location)).html)).toBe(list)
    const ask = await operator.get(`${at(orderNo, 'cancel')}?from=${encodeURIComponent(query)}`)
    expect(backIn((await operator.get(backIn(ask.html))).html)).toBe(list)
    expect(backIn((await operator.get(at(orderNo))).html)).toBe('/admin/orders')
    for (const hostile of [
      'https://evil.example/',
      '//evil.example',
      '/points-mall',
      '../users',
      'javascript:alert(1)',
      '"><script>alert(1)</script>',
      '\r\nLocation: https://evil.example',
      'x'.repeat(5_000),
    ]) {
      const { status, html } = await operator.get(`${at(orderNo)}?from=${encodeURIComponent(hostile)}`)
      expect(status).toBe(200)
      expect(new URL(backIn(html), mall.url).href).toMatch(new RegExp(`^${mall.url}/admin/orders(\\?|$)`))
      expect(html).not.toMatch(/<script>|href="(?!\/)[^"]*evil/)
    }
  })

  test('shows a success notice only while the order is in that status', async () => {
    const { orderNo } = await order()
    expect((await operator.get((await act(orderNo, 'accept')).location)).html).toContain(
      'role="status">已接单。',
    )
    await act(orderNo, 'finish')
    expect((await operator.get(`${at(orderNo)}?done=accept`)).html).not.toContain('role="status">已接单。')
    expect((await operator.get(`${at(orderNo)}?done=finish`)).html).toContain('订单已完成。')
  })

  test("shows that it is stuck, and continues by an operator's decision", async () => {
    const { orderNo, owner, payUrl } = await order({ title: '卡住的订单', fen: 990, method: 'bank_card' })
    await mall.cashier(payUrl, 'pay')
    await mall.reach(owner, orderNo, 'order_paid')
    await mall.control('faults', { method: 'bank_card', fault: 'refund_failed', count: 1 })
    expect((await act(orderNo, 'cancel', { reason: '缺货' }, at(orderNo, 'cancel'))).status).toBe(303)
    await until(
      () => statusOf(orderNo),
      ({ needs_attention }) => needs_attention !== null,
      `${orderNo} is stuck`,
    )
    expect((await operator.get('/admin')).html).toContain(`href="${at(orderNo)}">卡住的订单</a>`)
    expect((await operator.get('/admin/orders?attention=1')).html).toContain(orderNo)
    const form = at(orderNo, 'resolve')
    const page = await operator.get(form)
    expect(page.html).toContain('退款失败：')
    // A refund is never skipped, and an external refund is named.
    expect(page.html).not.toContain('value="skip"')
    const settle = `settle/${orderNo}-R1`
    expect(page.html).toContain(`value="${settle}"`)
    expect((await act(orderNo, 'resolve', { way: 'skip', reason: '不管了' }, form)).status).toBe(422)
    const settled = await act(orderNo, 'resolve', { way: settle, reason: '柜台已退现金' }, form)
    expect(settled.location).toBe(`${at(orderNo)}?done=resolve`)
    await until(
      () => statusOf(orderNo),
      ({ payment_status }) => payment_status === 'refunded',
      `${orderNo} is at rest`,
    )
    expect((await operator.get(at(orderNo))).html).toContain('olga 线下退回：柜台已退现金')
    expect((await operator.get('/admin/orders?attention=1')).html).not.toContain(orderNo)
  })

  test('has a warning if its ledger was changed', async () => {
    const { orderNo } = await order()
    const owner = new Client({ connectionString: mall.databaseUrl })
    await owner.connect()
    const flip = `update wallet_entries set sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)
      where operation_key in (select operation_key from wallet_transfers where order_no = $1)`
    await owner.query('set session_replication_role = replica')
    await owner.query(flip, [orderNo])
    const page = await operator.get(at(orderNo))
    await owner.query(flip, [orderNo])
    await owner.end()
    expect(page.status).toBe(200)
    expect(page.html).toContain('账本记录打不开')
    expect((await operator.get(at(orderNo))).html).not.toContain('账本记录打不开')
  })

  test('is available in English', async () => {
    const { orderNo } = await order()
    const english = await openHttpSession(mall, 'olga', 'en', 'operator')
    for (const [page, text] of [
      ['/admin', 'Needs attention'],
      ['/admin/orders', 'Order, tracking number, receiver, customer or product'],
      [at(orderNo), 'Timeline'],
      [at(orderNo, 'refund'), 'Full refund, cancels the order'],
      ['/admin/reconciliations', 'Reconciliation'],
    ] as const) {
      const { html } = await english.get(page)
      expect(html).toContain('<html lang="en">')
      expect(html).toContain(text)
    }
  })
})

describe('the reconciliation page', () => {
  test('compares a day with one click, and shows the result with a table to download', async () => {
    const day = yesterdayInShanghai(Date.now())
    for (const wrong of ['', '2026-02-30', 'soon', '2999-01-01']) {
      const { status, html } = await operator.post('/admin/reconciliations', { day: wrong })
      expect([wrong, status]).toEqual([wrong, 422])
      expect(html).toContain(`value="${wrong}"`)
      expect(html).toMatch(/账单日期(格式不正确|不能是将来的时间)/)
    }
    const { location } = await operator.post('/admin/reconciliations', { day })
    expect(location).toBe(`/admin/reconciliations?started=${day}`)
    await mall.temporal.client.workflow.getHandle(`reconciliation/${day}`).result()
    const list = await operator.get(location)
    expect(list.html).toContain(`已开始比对 ${day} 的账目`)
    expect(list.html).toContain(`href="${location}">刷新看结果</a>`)
    const run = /href="(\/admin\/reconciliations\/\d+)"/.exec(list.html)?.[1] ?? ''
    const { html } = await operator.get(run)
    expect(html).toContain(`${day} 的对账`)
    // The sandbox has bills of the day: none is missing, and every total has a text.
    expect(html).toContain('当日渠道账单')
    expect(html).toContain('截至对账时的全部订单与付款')
    expect(html).toContain('订单 · 已支付')
    expect(html).not.toMatch(/payments paid|order_paid|not made yet|CNY/)
  })

  test('shows no agreement while a provider’s bill is missing', async () => {
    const kept = async (runKey: string, totals: Totals) => {
      const { id } = await mall.db
        .insertInto('reconciliations')
        .values({ day: '2026-01-02', run_key: runKey, finished_at: new Date() })
        .returning('id')
        .executeTakeFirstOrThrow()
      await keepTotals(mall.db, id, totals)
      return (await operator.get(`/admin/reconciliations/${id}`)).html
    }
    const wechat = {
      lines: 2,
      payments: { count: 1, money: '1234.50' },
      refunds: { count: 1, money: '4.00' },
    }
    const missing = await kept('missing', {
      payments: { paid: { count: 3, money: '9.90' } },
      orders: {
        order_paid: { count: 1234, points: 56789, money: '9.90' },
        order_created: { count: 1, points: 5, money: '0.00' },
      },
      others: { 'something else': 'said otherwise' },
      bills: { alipay: null, wechat },
    })
    expect(missing).toContain('1 个渠道账单未生成，未比对')
    expect(missing).not.toMatch(/>一致<|没有差异。<\/p>\s*<section/)
    expect(missing).toMatch(/支付宝<\/th>[\s\S]*?未生成/)
    for (const text of ['2 条', '¥1,234.50', '1,234', '56,789', '付款 · 已付款', 'said otherwise']) {
      expect(missing).toContain(text)
    }
    // In the order of a life cycle, not of storage.
    expect(missing.indexOf('订单 · 待支付')).toBeLessThan(missing.indexOf('订单 · 已支付'))
    expect((await operator.get('/admin/reconciliations')).html).toContain('1 个渠道账单未生成，未比对')
    const clean = await kept('clean', { bills: { wechat } })
    expect(clean).toMatch(/<span class="badge good">一致<\/span>/)
    expect(clean).not.toContain('未生成')
  })

  test('shows both sides of a difference, its order, and if it is healed; the dashboard counts open ones', async () => {
    const { orderNo } = await order()
    const { id } = await mall.db
      .insertInto('reconciliations')
      .values({ day: dateInShanghai(Date.now()), run_key: 'by hand', finished_at: new Date() })
      .returning('id')
      .executeTakeFirstOrThrow()
    const finding = {
      reconciliation_id: id,
      kind: 'payment_amount',
      ours: JSON.stringify(moneySide('paid', '9.90')),
      theirs: JSON.stringify(moneySide('paid', '9.00')),
    } as const
    await mall.db
      .insertInto('reconciliation_findings')
      .values([
        { ...finding, subject: JSON.stringify(named(`${orderNo}-1`)), order_no: orderNo },
        { ...finding, subject: JSON.stringify(named('<script>x</script>')), order_no: null, state: 'healed' },
      ])
      .execute()
    const { html } = await operator.get(`/admin/reconciliations/${id}`)
    for (const text of [
      '付款金额不同',
      'paid 9.90',
      'paid 9.00',
      `href="${at(orderNo)}"`,
      '未解决',
      '已修正',
    ]) {
      expect(html).toContain(text)
    }
    expect(html).toContain('&lt;script&gt;x&lt;/script&gt;')
    const csv = await operator.get(`/admin/reconciliations/${id}/findings.csv`)
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(csv.html).toContain(`${orderNo}-1`)
    expect((await operator.get('/admin')).html).toContain(`href="/admin/reconciliations/${id}"`)
  })
})
