import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { addAddress, chooseDefaultAddress, readAddresses } from '../../application/customers/addresses.ts'
import { PAYMENT_METHODS } from '../../domain/payments/method.ts'
import { createHttpWallet } from '../../wallets/http.ts'
import { readTables } from '../support/db-snapshot.ts'
import { freePort } from '../support/ports.ts'
import { type Fields, fieldsOf, openVisitor, type Visitor } from '../support/shopper.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

let mall: TestApp
let alice: Visitor
let bob: Visitor
beforeAll(async () => {
  mall = await openTestApp()
  alice = openVisitor(mall.url)
  bob = openVisitor(mall.url)
  await Promise.all([alice.signIn('alice'), bob.signIn('bob')])
  await Promise.all([mall.points('alice', 1_000_000), mall.cash('alice', 100_000), mall.points('bob', 80)])
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

const HOME = '/points-mall/products'
const BOOK = '/points-mall/addresses'
const ADDRESS = {
  name: '欧阳小明',
  phone: '13800138000',
  province: '浙江省',
  city: '杭州市',
  district: '西湖区',
  detail: '文三路 90 号 502 室',
}
const sheetOf = (id: string) => `${HOME}/${id}/redeem`

/** The values of the confirm sheet. */
async function sheet(who: Visitor, id: string, quantity = 1): Promise<Record<string, string>> {
  const shown = await who.get(`${sheetOf(id)}?quantity=${quantity}`)
  expect(shown.status).toBe(200)
  return fieldsOf(shown.html, sheetOf(id))
}

const orderNoIn = (location: string) =>
  /^\/points-mall\/orders\/(PM\w+)\?new=1(?:&go=1)?$/.exec(location)?.[1]
const ordersOf = async (owner: string, product_id: string) => {
  const found = await mall.call('GET', '/api/points-mall/orders?per_page=100', { as: owner })
  return found.body.data.filter((order: { product_id: string }) => order.product_id === product_id)
}
const stock = async (id: string) =>
  (await mall.call('GET', `/api/points-mall/products/${id}`)).body.data.stock_quantity

/** Sends the sheet and expects a refusal that leaves every table unchanged. */
async function refused(who: Visitor, id: string, fields: Fields) {
  const before = await readTables(mall.db)
  const shown = await who.post(sheetOf(id), fields)
  expect(await readTables(mall.db)).toEqual(before)
  return shown
}

describe('the catalogue', () => {
  test('shows products to a guest, and also the balance to a customer', async () => {
    const id = await mall.product({ title: '帆布袋', payment_mode: 'mixed', point: 1200, fen: 990 })
    const guest = await openVisitor(mall.url).get(HOME)
    expect(guest.status).toBe(200)
    expect(guest.text).toContain('登录后查看你的积分')
    expect(guest.html).toContain(`${HOME}/${id}`)
    expect(guest.text).toContain('1,200 积分 + ¥9.90')
    expect(guest.text).not.toContain('我能兑的')
    const available = (await mall.call('GET', '/api/points-mall/wallet', { as: 'alice' })).body.data.available
    const shown = await alice.get(HOME)
    expect(shown.text).toContain(`可用积分 等级 3 ${available.toLocaleString('en')}`)
    expect(shown.text).toContain('我能兑的')
  })

  test('finds by two Chinese characters, and suggests products and categories if nothing is found', async () => {
    const beads = await mall.product({ title: '紫檀手串' })
    const found = await alice.get(`${HOME}?keyword=${encodeURIComponent('手串')}`)
    expect(found.text).toContain('紫檀手串')
    expect(found.text).toContain('“手串” 1 件')
    const none = await alice.get(`${HOME}?keyword=${encodeURIComponent('紫檀家具')}`)
    expect(none.text).toContain('“紫檀家具” 0 件')
    expect(none.text).toContain('没有找到符合的商品')
    expect(none.text).toContain('看看这些： 紫檀手串')
    expect(none.html).toContain(`<a class="chip" href="${HOME}/${beads}">紫檀手串</a>`)
    expect(none.html).not.toContain(`keyword=${encodeURIComponent('檀家')}"`)
    expect(none.text).toContain('也许你会喜欢')
  })

  test('lists under "within my reach" exactly what points and level allow', async () => {
    const within = await mall.product({ title: '够得着甲', point: 80 })
    const over = await mall.product({ title: '够得着乙', point: 81 })
    const high = await mall.product({ title: '够得着丙', point: 10, limit: { user_level_required: 2 } })
    const cash = await mall.product({ title: '够得着丁', payment_mode: 'money_only', fen: 5000 })
    const all = await bob.get(`${HOME}?keyword=${encodeURIComponent('够得着')}`)
    const reached = await bob.get(`${HOME}?keyword=${encodeURIComponent('够得着')}&affordable=1`)
    const idsIn = ({ html }: { html: string }) =>
      [within, over, high, cash].filter((id) => html.includes(`href="${HOME}/${id}"`))
    expect(idsIn(all)).toEqual([within, over, high, cash])
    expect(idsIn(reached)).toEqual([within, cash])
  })

  test('excludes from "within my reach" what exceeds the points per order, whatever the balance', async () => {
    const most = await mall.product({ title: '封顶甲', point: 10_000 })
    const more = await mall.product({ title: '封顶乙', point: 10_001 })
    const shown = await alice.get(`${HOME}?keyword=${encodeURIComponent('封顶')}&affordable=1`)
    expect(shown.html).toContain(`href="${HOME}/${most}"`)
    expect(shown.html).not.toContain(`href="${HOME}/${more}"`)
    // A permanent reason is shown first, also on the button.
    const poor = await bob.get(`${HOME}/${more}`)
    expect(poor.text).toMatch(/暂时不能兑换 单笔最多使用 10,000 积分，这一单需要 10,001 积分还差 9,921/)
    expect(poor.html).toMatch(/<button class="wide" disabled>超出单笔积分上限<\/button>/)
  })

  test('leads from a page past the last to the last, with all filters', async () => {
    await Promise.all(Array.from({ length: 21 }, (_, n) => mall.product({ title: `末页样品 ${n}` })))
    const words = encodeURIComponent('末页样品')
    const far = await alice.get(`${HOME}?keyword=${words}&sort=newest&page=9`)
    expect([far.status, far.location]).toEqual([303, `${HOME}?keyword=${words}&sort=newest&page=2`])
    const last = await alice.get(far.location)
    expect([last.status, last.text.includes('2 / 2')]).toEqual([200, true])
    const none = await alice.get(`${HOME}?keyword=${encodeURIComponent('绝无此物')}&page=3`)
    expect((await alice.get(none.location)).text).toContain('没有找到符合的商品')
  })

  test('filters, sorts and pages; it ignores invalid parameters', async () => {
    await Promise.all(
      Array.from({ length: 25 }, (_, n) => mall.product({ title: `翻页样品 ${n}`, point: 1000 - n })),
    )
    const mixed = await mall.product({ title: '翻页样品 混合', payment_mode: 'mixed' })
    const words = encodeURIComponent('翻页样品')
    const first = await alice.get(`${HOME}?keyword=${words}&payment_mode=points_only&sort=points_asc`)
    expect(first.text).toContain('25 件')
    expect(first.html).not.toContain(`href="${HOME}/${mixed}"`)
    const prices = [...first.text.matchAll(/翻页样品 \d+ ([\d,]+) 积分/g)].map(([, points]) => points)
    expect(prices).toEqual(Array.from({ length: 20 }, (_, n) => `${976 + n}`))
    const second = await alice.get(`${HOME}?keyword=${words}&payment_mode=points_only&page=2`)
    expect(second.html.match(/class="ticket product"/g)).toHaveLength(5)
    const odd = await alice.get(
      `${HOME}?keyword=${words}&payment_mode=gold&sort=stolen&category_id=x&page=-1`,
    )
    expect([odd.status, odd.text.includes('26 件')]).toEqual([200, true])
  })

  test('is available when an external wallet does not answer', async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}`
    const outsideWallet = createHttpWallet({ baseUrl, keyId: 'mall', secret: 'nobody listens there' })
    const apart = await openTestApp({ worker: false, outsideWallet })
    try {
      const visitor = openVisitor(apart.url)
      await visitor.signIn('alice')
      const id = await apart.product({ title: '在架商品' })
      const shown = await visitor.get(HOME)
      expect([shown.status, shown.text.includes('积分暂时查不到')]).toEqual([200, true])
      expect(shown.text).toContain('在架商品')
      expect((await visitor.get(`${HOME}/${id}`)).status).toBe(200)
      expect((await visitor.get(sheetOf(id))).status).toBe(200)
    } finally {
      await apart.close()
    }
  })

  test('shows a title as text everywhere', async () => {
    const title = '<script>alert("标题")</script>'
    const id = await mall.product({ title, shipping_type: 'logistics' })
    for (const path of [
      HOME,
      `${HOME}?sort=newest`,
      `${HOME}?keyword=${encodeURIComponent(title)}`,
      `${HOME}/${id}`,
      sheetOf(id),
    ]) {
      const shown = await alice.get(path)
      expect(shown.status, path).toBe(200)
      expect(shown.html, path).not.toContain('<script>alert')
      if (path !== HOME) expect(shown.html, path).toContain('&lt;script&gt;alert(')
    }
  })

  test('is below 100 KB on its first page without pictures, and requests nothing from other hosts', async () => {
    const shown = await openVisitor(mall.url).get(HOME)
    const files = [...shown.html.matchAll(/(?:href|src)="(\/assets\/[^"]+\.(?:css|js)[^"]*)"/g)]
    expect(files.length).toBeGreaterThan(3)
    const sizes = await Promise.all(
      files.map(async ([, file]) => (await fetch(`${mall.url}${file}`)).arrayBuffer()),
    )
    const bytes = sizes.reduce((sum, { byteLength }) => sum + byteLength, Buffer.byteLength(shown.html))
    expect(bytes).toBeLessThan(100_000)
    expect(shown.html).not.toMatch(/(?:href|src|action)="(?:https?:)?\/\//)
    expect(shown.html).not.toMatch(/\s(?:style|on\w+)="/)
    expect(shown.headers.get('content-security-policy')).not.toContain('unsafe')
    // Other sites get no referrer; our own pages need it for "back".
    expect(shown.headers.get('referrer-policy')).toBe('same-origin')
  })
})

describe('a product', () => {
  test('shows its limits, and every reason against it together with the gap', async () => {
    const id = await mall.product({
      title: '限量手办',
      point: 200,
      stock: 3,
      exchange_limit: 5,
      limit: { user_level_required: 2, max_per_order: 2, max_per_user: 1, time_limit_seconds: 86_400 },
    })
    const shown = await bob.get(`${HOME}/${id}`)
    for (const words of [
      '等级 2 及以上可兑',
      '每单最多 2 件',
      '每人每天限兑 1 件',
      '每人累计限兑 5 件',
      '仅剩 3 件',
      '暂时不能兑换',
      '需要 2 级，当前 1 级',
      '积分还差 120：需要 200，可用 80',
    ]) {
      expect(shown.text).toContain(words)
    }
    expect(shown.html).not.toContain('/redeem"')
    const able = await alice.get(`${HOME}/${id}`)
    expect(able.text).not.toContain('暂时不能兑换')
    expect(able.html).toContain(`action="${sheetOf(id)}"`)
  })

  test('offers as many pieces as stock, limits and points per order allow, and keeps the chosen number', async () => {
    const quantityOf = async (id: string, asked: number, who = alice) => {
      const { html } = await who.get(`${HOME}/${id}?quantity=${asked}`)
      const [, value, max] = /name="quantity"[^>]*value="(\d+)" min="1" max="(\d+)"/.exec(html) ?? []
      return [Number(value), Number(max)]
    }
    const guest = openVisitor(mall.url)
    const few = await mall.product({ stock: 3 })
    const limited = await mall.product({ stock: 50, limit: { max_per_user: 4, time_limit_seconds: 60 } })
    const ever = await mall.product({ stock: 50, exchange_limit: 5, limit: { max_per_order: 9 } })
    const dear = await mall.product({ stock: 50, point: 4_000 })
    const cash = await mall.product({ stock: 50, payment_mode: 'money_only' })
    for (const [id, max] of [
      [few, 3],
      [limited, 4],
      [ever, 5],
      [dear, 2],
      [cash, 50],
    ] as const) {
      expect(await quantityOf(id, 2), id).toEqual([2, max])
      expect(await quantityOf(id, 900, guest), id).toEqual([max, max])
    }
    expect((await alice.get(`${HOME}/${few}?quantity=-1`)).html).toContain('value="1" min="1" max="3"')
    // Earlier pieces count, and the sheet leads back with its number.
    await alice.post(sheetOf(ever), await sheet(alice, ever, 2))
    expect(await quantityOf(ever, 5)).toEqual([3, 3])
    expect((await alice.get(`${sheetOf(cash)}?quantity=7`)).html).toContain(
      `href="${HOME}/${cash}?quantity=7"`,
    )
  })

  test('keeps its page when sold out; off sale, draft or unknown it has none', async () => {
    const out = await alice.get(`${HOME}/${await mall.product({ title: '兑完了', stock: 0 })}`)
    expect([out.status, out.text.includes('已兑完'), out.html.includes('/redeem"')]).toEqual([
      200,
      true,
      false,
    ])
    const hidden = [
      await mall.product({ title: '绝密商品', status: 'off_sale' }),
      await mall.product({ title: '绝密商品', status: 'draft' }),
      '999999999',
    ]
    for (const id of hidden) {
      for (const shown of [await alice.get(`${HOME}/${id}`), await alice.get(sheetOf(id))]) {
        expect(shown.status).toBe(404)
        expect(shown.text).toContain('这件商品已下架')
        expect(shown.text).not.toContain('绝密商品')
      }
    }
    expect((await alice.get(`${HOME}/abc`)).status).toBe(404)
  })
})

describe('redeeming without JavaScript', () => {
  test('leads from the sheet to the order, with the typed and stored address', async () => {
    const id = await mall.product({ title: '邮寄样品', point: 150, stock: 5, shipping_type: 'logistics' })
    const form = await sheet(alice, id, 2)
    expect(form).toMatchObject({
      quantity: '2',
      points: '300',
      cash: '0.00',
      address: 'new',
      keep_address: '1',
    })
    const typed = { ...form, ...ADDRESS, phone: '+86 138-0013-8000', remarks: '周末送' }
    const sent = await alice.post(sheetOf(id), typed)
    expect(sent.status).toBe(303)
    const order = await mall.order('alice', orderNoIn(sent.location) ?? '')
    expect(order).toMatchObject({
      status: 'order_paid',
      quantity: 2,
      total_points: 300,
      address_info: ADDRESS,
    })
    expect(order.customer_notes).toMatchObject({ buyer_remarks: '周末送' })
    expect(await stock(id)).toBe(3)
    expect(await readAddresses(mall.deps, 'alice')).toMatchObject([{ ...ADDRESS, is_default: true }])

    const again = await alice.get(sheetOf(id))
    expect(again.text).toContain('你刚刚兑换过这件商品')
    expect(again.text).toContain('欧阳小明 138****8000')
    expect(again.text).toContain('浙江省杭州市西湖区文三路')
    expect(again.text).not.toContain('13800138000')
    const asked = await alice.post(sheetOf(id), fieldsOf(again.html, sheetOf(id)))
    expect([asked.status, asked.text.includes('要再兑一份吗')]).toEqual([409, true])
    const second = await alice.post(sheetOf(id), fieldsOf(asked.html, sheetOf(id)))
    expect(await mall.order('alice', orderNoIn(second.location) ?? '')).toMatchObject({
      address_info: ADDRESS,
    })
  })

  test('makes one order per double tap and reload; other contents make another one', async () => {
    const id = await mall.product({ stock: 9 })
    const form = await sheet(alice, id)
    const taps = await Promise.all(Array.from({ length: 5 }, () => alice.post(sheetOf(id), form)))
    const places = new Set([...taps, await alice.post(sheetOf(id), form)].map(({ location }) => location))
    expect(places.size).toBe(1)
    expect(orderNoIn([...places][0] ?? '')).toBeDefined()
    expect(await ordersOf('alice', id)).toHaveLength(1)
    expect(await stock(id)).toBe(8)
  })

  test('two tabs at the same instant make one order, and the others are asked', async () => {
    const id = await mall.product({ stock: 9 })
    const tabs = await Promise.all(Array.from({ length: 4 }, () => sheet(alice, id)))
    expect(new Set(tabs.map(({ once }) => once)).size).toBe(4)
    const answers = await Promise.all(tabs.map((form) => alice.post(sheetOf(id), form)))
    expect(answers.map(({ status }) => `${status}`).toSorted()).toEqual(['303', '409', '409', '409'])
    const [first] = await ordersOf('alice', id)
    expect([(await ordersOf('alice', id)).length, await stock(id)]).toEqual([1, 8])
    // Two consents to one more make one more.
    const yes = answers.filter(({ status }) => status === 409).map(({ html }) => fieldsOf(html, sheetOf(id)))
    expect(yes.map(({ again }) => again)).toEqual(Array(3).fill(first?.order_no))
    const agreed = await Promise.all(yes.slice(0, 2).map((form) => alice.post(sheetOf(id), form)))
    expect(agreed.map(({ status }) => `${status}`).toSorted()).toEqual(['303', '409'])
    expect(await ordersOf('alice', id)).toHaveLength(2)
  })

  test.each(['zh', 'en'] as const)(
    'a second order of the same product is asked about (%s), and made once',
    async (lang) => {
      const customer = openVisitor(mall.url, lang)
      await customer.signIn('alice')
      const [id, other] = [await mall.product({ stock: 9 }), await mall.product({ stock: 9 })]
      // Two sheets from before the first order: the browser's, which it keeps, and that of another tab.
      const [kept, tab] = [await sheet(customer, id), await sheet(customer, id)]
      const first = orderNoIn((await customer.post(sheetOf(id), kept)).location) ?? ''
      const says = { zh: ['再兑一份', '要再兑一份吗'], en: ['Redeem again', 'Redeem one more?'] }[lang]
      let asked = ''
      for (const form of [
        { ...kept, remarks: '再来' },
        tab,
        await sheet(customer, id),
        { ...tab, again: 'PM1' },
      ]) {
        const shown = await customer.post(sheetOf(id), form)
        expect([shown.status, ...says.map((text) => shown.text.includes(text))]).toEqual([409, true, true])
        expect(shown.html).toContain(`href="/points-mall/orders/${first}"`)
        expect(fieldsOf(shown.html, sheetOf(id)).again).toBe(first)
        asked = shown.html
      }
      expect(await ordersOf('alice', id)).toHaveLength(1)
      // The tap that made the order is not asked about, nor is another product.
      expect((await customer.post(sheetOf(id), kept)).location).toContain(first)
      expect(
        orderNoIn((await customer.post(sheetOf(other), await sheet(customer, other))).location),
      ).toBeDefined()
      const yes = fieldsOf(asked, sheetOf(id))
      const places = new Set<string>()
      for (const _ of [1, 2]) places.add((await customer.post(sheetOf(id), yes)).location)
      expect([places.size, (await ordersOf('alice', id)).length]).toEqual([1, 2])
      // That was consent to one more, and not to a third; a canceled order asks nothing.
      const third = await customer.post(sheetOf(id), { ...yes, remarks: '三' })
      const second = orderNoIn([...places][0] ?? '') ?? ''
      expect([third.status, fieldsOf(third.html, sheetOf(id)).again]).toEqual([409, second])
      for (const orderNo of [first, second]) {
        await mall.act('alice', orderNo, 'cancel')
        await mall.reach('alice', orderNo, 'order_canceled')
      }
      expect((await customer.post(sheetOf(id), tab)).status).toBe(303)
    },
  )

  test('asks again when the price changed, in points or cash', async () => {
    const id = await mall.product({ payment_mode: 'mixed', point: 100, fen: 990 })
    for (const change of [{ point: 101 }, { price_amount: '9.91' }]) {
      const shownFirst = await sheet(alice, id)
      const form = { ...shownFirst, remarks: '尽快' }
      await mall.db.updateTable('points_products').set(change).where('id', '=', id).execute()
      const shown = await refused(alice, id, form)
      expect([shown.status, shown.text.includes('价格有变动')]).toEqual([409, true])
      const fresh = fieldsOf(shown.html, sheetOf(id))
      expect(fresh).toMatchObject({ points: '101', remarks: '尽快', once: shownFirst.once })
    }
    const sent = await alice.post(sheetOf(id), await sheet(alice, id))
    expect(await mall.order('alice', orderNoIn(sent.location) ?? '')).toMatchObject({
      total_points: 101,
      total_money: { amount: '9.91', currency: 'CNY' },
    })
  })

  test('shows errors by field and keeps the input', async () => {
    const id = await mall.product({ payment_mode: 'mixed', shipping_type: 'logistics' })
    const typed = {
      ...(await sheet(alice, id)),
      ...ADDRESS,
      address: 'new',
      name: '"><b>甲',
      phone: '12345',
      province: '',
      method: 'gold',
      remarks: '字'.repeat(501),
    }
    const shown = await refused(alice, id, typed)
    expect(shown.status).toBe(422)
    for (const words of ['电话格式不正确', '省份不能为空', '备注不能超过 500 个字符', '请选择支付方式']) {
      expect(shown.text).toContain(words)
    }
    for (const name of ['phone', 'province', 'remarks', 'method']) {
      expect(shown.html).toContain(`href="#field-${name}"`)
      expect(shown.html).toMatch(new RegExp(`id="field-${name}"`))
    }
    const { method: _, ...kept } = typed
    expect(fieldsOf(shown.html, sheetOf(id))).toMatchObject(kept)
    const mended = { ...kept, method: 'wallet', phone: '0571-87654321', province: '浙江省', remarks: '' }
    expect(orderNoIn((await alice.post(sheetOf(id), mended)).location)).toBeDefined()
  })

  test('asks for the details of customized goods only, and stores them in the order', async () => {
    const id = await mall.product({ product_type: 'customized', told: { 定制内容: '刻字，最多 12 个字' } })
    const form = await sheet(alice, id)
    const shown = await alice.get(sheetOf(id))
    expect(shown.html).toMatch(/<textarea id="field-customized" name="customized" required/)
    expect(shown.text).toContain('刻字，最多 12 个字')
    for (const customized of ['', '   ']) {
      const empty = await refused(alice, id, { ...form, customized })
      expect([empty.status, empty.text.includes('定制内容不能为空')]).toEqual([422, true])
      expect(empty.html).toContain('href="#field-customized"')
    }
    const sent = await alice.post(sheetOf(id), { ...form, customized: '赠<b>林可' })
    const order = await alice.get(sent.location)
    expect(order.text).toContain('定制内容 赠<b>林可')
    expect(order.html).toContain('赠&lt;b&gt;林可')
    const plain = await mall.product()
    expect(fieldsOf((await alice.get(sheetOf(plain))).html, sheetOf(plain))).not.toHaveProperty('customized')
    expect(orderNoIn((await alice.post(sheetOf(plain), await sheet(alice, plain))).location)).toBeDefined()
  })

  test("refuses another customer's address, and a missing one", async () => {
    const id = await mall.product({ shipping_type: 'logistics', point: 10 })
    const [hers] = await readAddresses(mall.deps, 'alice')
    for (const address of [hers?.id ?? '', '', '0']) {
      const shown = await refused(bob, id, { ...(await sheet(bob, id)), address })
      expect([shown.status, shown.text.includes('请选择收货地址')]).toEqual([422, true])
      expect(shown.text).not.toContain('欧阳')
    }
  })

  test('shows a refusal on the sheet with the gap, and takes nothing', async () => {
    const id = await mall.product({ point: 60, stock: 1, exchange_limit: 1 })
    const poor = await bob.get(`${sheetOf(id)}?quantity=2`)
    expect(poor.text).toContain('积分还差 40：需要 120，可用 80')
    expect(poor.text).toContain('需要 2 件，剩余 1 件')
    expect(poor.html).toMatch(/<button class="wide" disabled>/)
    const short = await refused(bob, id, fieldsOf(poor.html, sheetOf(id)))
    expect(short.status).toBe(409)
    expect(short.text).toContain('积分和现金都没有扣')

    const form = { ...(await sheet(bob, id)), remarks: '留给我' }
    await mall.setStock(id, 0)
    const late = await refused(bob, id, form)
    expect([late.status, late.text.includes('这件商品已经兑完')]).toEqual([409, true])
    expect(fieldsOf(late.html, sheetOf(id))).toMatchObject({ remarks: '留给我' })
    await mall.setStock(id, 1)
    // A refusal leaves the key free: the same form works later.
    expect(orderNoIn((await bob.post(sheetOf(id), form)).location)).toBeDefined()
  })

  test("pays cash by the shop's methods on the order page, for phone and desktop", async () => {
    const offer = () => mall.product({ payment_mode: 'money_only', fen: 1500, shipping_type: 'none' })
    const clients: Record<string, string | null> = {}
    for (const [agent, method] of [
      ['Mozilla/5.0 (iPhone) Mobile', 'alipay'],
      ['Mozilla/5.0 (Windows NT 10.0)', 'alipay'],
      ['Mozilla/5.0 (Windows NT 10.0)', 'wechat'],
    ] as const) {
      const id = await offer()
      const form = { ...(await sheet(alice, id)), method }
      const { location } = await alice.post(sheetOf(id), form, { agent })
      const orderNo = orderNoIn(location) ?? ''
      const order = await mall.order('alice', orderNo)
      expect(order).toMatchObject({ status: 'order_created', payment_status: 'unpaid' })
      expect(order.payment_info.pay_url).toMatch(/^http/)
      // Leads on to the cashier once; the order page itself does not.
      const refresh = `content="0;url=${order.payment_info.pay_url.replaceAll('&', '&amp;')}"`
      const path = `/points-mall/orders/${orderNo}`
      expect(location).toBe(`${path}?new=1&go=1`)
      expect((await alice.get(location)).html).toContain(refresh)
      expect((await alice.get(`${path}?new=1`)).html).not.toContain('http-equiv="refresh"')
      const row = await mall.db
        .selectFrom('payments')
        .select('client')
        .where('order_no', '=', orderNo)
        .executeTakeFirstOrThrow()
      clients[`${method} ${agent.includes('Mobile') ? 'phone' : 'desk'}`] = row.client
    }
    expect(clients).toEqual({ 'alipay phone': 'h5', 'alipay desk': 'desktop', 'wechat desk': 'desktop' })

    const { rules } = mall.deps.settings
    mall.configure({ rules: { ...rules, supportedMethods: ['alipay'] } })
    const id = await offer()
    const shown = await alice.get(sheetOf(id))
    const offered = PAYMENT_METHODS.filter((method) => shown.html.includes(`name="method" value="${method}"`))
    expect(offered).toEqual(['alipay'])
    const form = { ...fieldsOf(shown.html, sheetOf(id)), method: 'wallet' }
    expect((await refused(alice, id, form)).status).toBe(422)
    mall.configure({ rules })
  })

  test('does not offer a wallet without enough cash, and selects another method', async () => {
    const id = await mall.product({ payment_mode: 'money_only', fen: 1500 })
    const shown = await bob.get(sheetOf(id))
    expect(shown.html).toMatch(/value="wallet"\s+disabled/)
    expect(shown.text).toContain('余额不足')
    expect(fieldsOf(shown.html, sheetOf(id))).toMatchObject({ method: 'alipay' })
    const forced = await refused(bob, id, { ...fieldsOf(shown.html, sheetOf(id)), method: 'wallet' })
    expect([forced.status, forced.text.includes('现金余额不足')]).toEqual([409, true])
  })

  test('shows the accepted order when no worker runs', async () => {
    const still = await openTestApp({ worker: false })
    try {
      const visitor = openVisitor(still.url)
      await visitor.signIn('alice')
      await still.points('alice', 500)
      const id = await still.product()
      const shown = await visitor.get(sheetOf(id))
      const sent = await visitor.post(sheetOf(id), fieldsOf(shown.html, sheetOf(id)))
      expect(sent.status).toBe(303)
      const orderNo = orderNoIn(sent.location) ?? ''
      expect((await still.order('alice', orderNo)).status).toBe('exchanged')
      await still.startWorker()
      await still.reach('alice', orderNo, 'order_paid')
    } finally {
      await still.close()
    }
  })
})

describe('the address book', () => {
  const carol = () => openVisitor(mall.url)
  const book = () => readAddresses(mall.deps, 'carol')

  test('adds, masks the phone, changes, selects and removes', async () => {
    const visitor = carol()
    await visitor.signIn('carol')
    expect((await visitor.get(BOOK)).text).toContain('还没有收货地址')
    const form = { ...fieldsOf((await visitor.get(`${BOOK}/new`)).html, `${BOOK}/new`), ...ADDRESS }
    const taps = await Promise.all([1, 2, 3].map(() => visitor.post(`${BOOK}/new`, form)))
    expect(taps.map(({ status, location }) => [status, location])).toEqual(Array(3).fill([303, BOOK]))
    const [first] = await book()
    expect(await book()).toMatchObject([{ ...ADDRESS, is_default: true }])

    const fresh = fieldsOf((await visitor.get(`${BOOK}/new`)).html, `${BOOK}/new`)
    await visitor.post(`${BOOK}/new`, { ...fresh, ...ADDRESS, name: '李雷', district: '' })
    const shown = await visitor.get(BOOK)
    for (const words of ['欧阳小明 138****8000', '李雷 138****8000', '浙江省杭州市西湖区文三路']) {
      expect(shown.text).toContain(words)
    }
    expect(shown.html).not.toContain('13800138000')

    const [, second] = await book()
    expect(second?.is_default).toBe(false)
    await visitor.post(`${BOOK}/${second?.id}/default`, {})
    expect(await book()).toMatchObject([{ name: '李雷', is_default: true }, { is_default: false }])
    const at = `${BOOK}/${first?.id}`
    const change = fieldsOf((await visitor.get(at)).html, at)
    expect(change).toMatchObject(ADDRESS)
    await visitor.post(at, { ...change, name: '欧阳大明' })
    expect((await book()).map(({ name }) => name)).toEqual(['李雷', '欧阳大明'])

    await visitor.post(`${BOOK}/${second?.id}/remove`, {})
    await visitor.post(`${BOOK}/${second?.id}/remove`, {})
    expect(await book()).toMatchObject([{ name: '欧阳大明', is_default: true }])
  })

  test('shows errors by field and keeps the input; it saves nothing', async () => {
    const before = await readAddresses(mall.deps, 'alice')
    const shown = await alice.post(`${BOOK}/new`, { ...ADDRESS, name: '', detail: '<i>路', phone: '110' })
    expect(shown.status).toBe(422)
    expect(shown.text).toContain('收货人不能为空')
    expect(shown.text).toContain('电话格式不正确')
    expect(fieldsOf(shown.html, `${BOOK}/new`)).toMatchObject({
      detail: '<i>路',
      phone: '110',
      city: '杭州市',
    })
    expect(await readAddresses(mall.deps, 'alice')).toEqual(before)
  })

  test('is asked about when another tab has changed the address meanwhile; a double tap is not', async () => {
    const visitor = openVisitor(mall.url)
    await visitor.signIn('carol')
    const before = await readAddresses(mall.deps, 'carol')
    await visitor.post(`${BOOK}/new`, ADDRESS)
    const fresh = async () =>
      (await readAddresses(mall.deps, 'carol')).filter((one) => !before.some(({ id }) => id === one.id))
    const [{ id } = { id: '' }] = await fresh()
    const at = `${BOOK}/${id}`
    const open = async () => fieldsOf((await visitor.get(at)).html, at)
    const [one, other] = [await open(), await open()]
    for (const _ of [1, 2]) {
      expect((await visitor.post(at, { ...one, detail: '新路 1 号' })).location).toBe(BOOK)
    }
    const asked = await visitor.post(at, { ...other, name: '王小波' })
    expect([asked.status, asked.text.includes('现在保存的：新路 1 号')]).toEqual([412, true])
    expect(await fresh()).toMatchObject([{ name: ADDRESS.name, detail: '新路 1 号' }])
    const choice = { ...fieldsOf(asked.html, at), use_detail: 'saved', use_name: 'typed' }
    expect((await visitor.post(at, choice)).location).toBe(BOOK)
    expect(await fresh()).toMatchObject([{ name: '王小波', detail: '新路 1 号' }])
    await visitor.post(`${at}/remove`, {})
  })

  test('belongs to its owner: others find nothing, and guests sign in', async () => {
    const [hers] = await readAddresses(mall.deps, 'alice')
    const before = await readAddresses(mall.deps, 'alice')
    const at = `${BOOK}/${hers?.id}`
    const answers = await Promise.all([
      bob.get(at),
      bob.get(`${at}/remove`),
      bob.post(at, ADDRESS),
      bob.post(`${at}/default`, {}),
      bob.get(`${BOOK}/999999999`),
    ])
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(404))
    await bob.post(`${at}/remove`, {})
    expect(await readAddresses(mall.deps, 'alice')).toEqual(before)
    const guest = await openVisitor(mall.url).get(at)
    expect([guest.status, guest.location]).toEqual([
      303,
      `/points-mall/sign-in?next=${encodeURIComponent(at)}`,
    ])
  })

  test('has one default and at most 20 addresses, in any number of tabs', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 25 }, (_, n) => addAddress(mall.deps, 'tabs', ADDRESS, true, `tab-${n}`)),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(20)
    const all = await readAddresses(mall.deps, 'tabs')
    await Promise.all(all.map(({ id }) => chooseDefaultAddress(mall.deps, 'tabs', id)))
    const after = await readAddresses(mall.deps, 'tabs')
    expect([after.length, after.filter(({ is_default }) => is_default).length]).toEqual([20, 1])
  })

  test('is encrypted per owner: no row can be read, or read as another one', async () => {
    const rows = await mall.db.selectFrom('addresses').selectAll().where('owner_id', '=', 'alice').execute()
    expect(rows.length).toBeGreaterThan(0)
    for (const { sealed } of rows) expect(sealed.toString('utf8')).not.toMatch(/欧阳|13800138000|文三路/)
    await mall.db
      .insertInto('addresses')
      .values({ owner_id: 'thief', sealed: rows[0]?.sealed ?? Buffer.alloc(0), operation_key: 'stolen' })
      .execute()
    await expect(readAddresses(mall.deps, 'thief')).rejects.toThrow()
  })
})

describe('a session that ends before the form is sent', () => {
  const lost = (visitor: Visitor) => visitor.cookies.delete('points_mall_session')
  const ended = () =>
    mall.db
      .updateTable('web_sessions')
      .set({ expires_at: new Date(Date.now() - 1000) })
      .where('owner_id', '=', 'alice')
      .execute()

  /** Fills the sheet, and sends it when the session is over. */
  async function sendTooLate(end: (visitor: Visitor) => unknown) {
    const visitor = openVisitor(mall.url)
    await visitor.signIn('alice')
    const id = await mall.product({ shipping_type: 'logistics' })
    const typed = { ...(await sheet(visitor, id)), ...ADDRESS, address: 'new', remarks: '“<b>”与 &amp;' }
    await end(visitor)
    const late = await visitor.post(sheetOf(id), typed)
    expect([late.status, late.location]).toEqual([303, '/points-mall/sign-in?why=ended'])
    expect((await visitor.get(late.location)).text).toContain('你填写的内容已保留')
    return { visitor, id, typed }
  }

  test.each([
    ['is gone', lost],
    ['has ended', ended],
  ])(
    'where the session %s, all that was typed is shown after the sign-in, nothing is done before it is submitted',
    async (_, end) => {
      const { visitor, id, typed } = await sendTooLate(end)
      const next = await visitor.signIn('alice')
      expect(next).toBe('/points-mall/continue')
      const waiting = await visitor.get(next)
      const { once, kept_form: kept, ...shown } = fieldsOf(waiting.html, sheetOf(id))
      const { once: before, ...sent }: Fields = typed
      expect([shown, once === before, kept === undefined]).toEqual([sent, false, false])
      const { form_for: _mark, ...values } = sent
      for (const value of Object.values(values).filter(Boolean)) expect(waiting.text).toContain(value)
      expect(waiting.text).toContain('兑换商品')
      expect(await ordersOf('alice', id)).toEqual([])
      const form = fieldsOf(waiting.html, sheetOf(id))
      const [done, again] = [await visitor.post(sheetOf(id), form), await visitor.post(sheetOf(id), form)]
      expect(again.location).toBe(done.location)
      expect((await mall.order('alice', orderNoIn(done.location) ?? '')).customer_notes).toMatchObject({
        buyer_remarks: typed.remarks,
      })
      expect(await visitor.signIn('alice')).toBe(HOME)
      expect((await visitor.get(next)).text).toContain('没有等待提交的内容')
      await alice.signIn('alice')
    },
  )

  test('shows a changed price on the sheet, with all input', async () => {
    const { visitor, id, typed } = await sendTooLate(ended)
    await mall.db.updateTable('points_products').set({ point: 123 }).where('id', '=', id).execute()
    const waiting = await visitor.get(await visitor.signIn('alice'))
    const again = await visitor.post(sheetOf(id), fieldsOf(waiting.html, sheetOf(id)))
    expect([again.status, await ordersOf('alice', id)]).toEqual([409, []])
    expect(fieldsOf(again.html, sheetOf(id))).toMatchObject({
      ...ADDRESS,
      remarks: typed.remarks,
      points: '123',
    })
    await alice.signIn('alice')
  })

  test('passes forms of other pages on unchanged', async () => {
    const visitor = openVisitor(mall.url)
    await visitor.signIn('bob')
    const form = { ...fieldsOf((await visitor.get(`${BOOK}/new`)).html, `${BOOK}/new`), ...ADDRESS }
    lost(visitor)
    await visitor.post(`${BOOK}/new`, form)
    const waiting = await visitor.get(await visitor.signIn('bob'))
    await visitor.post(`${BOOK}/new`, fieldsOf(waiting.html, `${BOOK}/new`))
    expect(await readAddresses(mall.deps, 'bob')).toMatchObject([ADDRESS])
  })

  test('stores the form encrypted, and deletes it when it expires', async () => {
    await mall.db.deleteFrom('kept_forms').execute()
    await sendTooLate(ended)
    const rows = await mall.db.selectFrom('kept_forms').selectAll().execute()
    expect(rows).toHaveLength(1)
    for (const { sealed } of rows) expect(sealed.toString('utf8')).not.toMatch(/欧阳|13800138000/)
    await mall.db
      .updateTable('kept_forms')
      .set({ expires_at: new Date(0) })
      .execute()
    await sendTooLate(ended)
    expect(await mall.db.selectFrom('kept_forms').selectAll().execute()).toHaveLength(1)
    await alice.signIn('alice')
  })
})

describe('a wrong address', () => {
  test('with a trailing slash leads to the right page, and to no other site', async () => {
    for (const [path, location] of [
      ['/points-mall/', '/points-mall'],
      [`${HOME}/`, HOME],
      [`${HOME}/?keyword=x`, `${HOME}?keyword=x`],
      ['/points-mall/orders/', '/points-mall/orders'],
      ['/points-mall//evil.example//', '/points-mall//evil.example'],
    ] as const) {
      const answer = await alice.get(path)
      expect([answer.status, answer.location], path).toEqual([301, location])
    }
  })

  test('has a text about products only in the catalogue', async () => {
    const texts = await Promise.all(
      [`${HOME}/abc`, '/points-mall/orders/PM1', `${BOOK}/abc`, '/points-mall/nowhere'].map(async (path) => {
        const { status, text } = await alice.get(path)
        return [status, text.includes('商品已经下架')]
      }),
    )
    expect(texts).toEqual([
      [404, true],
      [404, false],
      [404, false],
      [404, false],
    ])
  })
})

describe('shop pages', () => {
  test('refuse a form of another site, and one of a guest', async () => {
    const id = await mall.product()
    const form = await sheet(alice, id)
    const before = await readTables(mall.db)
    for (const origin of ['https://evil.example', 'null']) {
      expect((await alice.post(sheetOf(id), form, { origin })).status).toBe(403)
      expect((await alice.post(`${BOOK}/new`, ADDRESS, { origin })).status).toBe(403)
    }
    expect(await readTables(mall.db)).toEqual(before)
    const guest = await openVisitor(mall.url).get(`${sheetOf(id)}?quantity=2`)
    expect(guest.location).toBe(
      `/points-mall/sign-in?next=${encodeURIComponent(`${sheetOf(id)}?quantity=2`)}`,
    )
  })

  test('are all available in both languages', async () => {
    const visitor = openVisitor(mall.url, 'en')
    await visitor.signIn('alice')
    const id = await mall.product({
      title: 'Mug',
      shipping_type: 'logistics',
      payment_mode: 'mixed',
      stock: 4,
    })
    for (const path of [`${HOME}?keyword=Mug`, `${HOME}/${id}`, sheetOf(id), BOOK, `${BOOK}/new`]) {
      const shown = await visitor.get(path)
      expect(shown.html, path).toContain('<html lang="en">')
      const own = shown.text.replaceAll(/中文|欧阳小明|李雷|甲|浙江省|杭州市|西湖区|文三路|号|室/g, '')
      expect(own.match(/\p{Script=Han}+/gu) ?? [], path).toEqual([])
      const chinese = await visitor.get(`${path}${path.includes('?') ? '&' : '?'}lang=zh`)
      expect(chinese.html, path).toContain('<html lang="zh-CN">')
      await visitor.get(`${HOME}?lang=en`)
    }
  })
})
