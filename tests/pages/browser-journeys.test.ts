import { crc32, deflateSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  BROWSER,
  confirmRedemption,
  type Look,
  openBrowser,
  openBrowserUser,
  type Person,
  REMEDY,
  signIn,
} from '../support/browser-user.ts'
import { turnOf } from '../support/sample.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

/** Complete journeys of customers and operators in a real browser on the real stack. */

if (BROWSER === undefined) process.stderr.write(`skipped: ${REMEDY}\n`)

const ADDRESS = {
  name: '王小明',
  phone: '13800138000',
  province: '浙江省',
  city: '杭州市',
  district: '西湖区',
  detail: '文三路 90 号',
}

describe.skipIf(BROWSER === undefined).each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('%s', (_how, javaScript) => {
  let walks = 0
  /** In `npm test` one walk has JavaScript and the next has none. */
  function walk(title: string, run: () => Promise<void>): void {
    if (turnOf([true, false], walks++).includes(javaScript)) test(title, run)
  }
  let mall: TestApp
  let browser: Browser
  let people: Person[] = []
  const goods = { points: '', mixed: '', parcel: '', dear: '' }
  beforeAll(async () => {
    mall = await openTestApp()
    browser = await openBrowser()
    goods.points = await mall.product({ title: '保温杯 <b>蓝色</b>', point: 100 })
    goods.mixed = await mall.product({ title: '电饭煲', payment_mode: 'mixed', point: 100, fen: 990 })
    goods.parcel = await mall.product({ title: '雨伞', point: 200, shipping_type: 'logistics' })
    goods.dear = await mall.product({ title: '望远镜', point: 9_000, limit: { max_per_order: 1 } })
    await mall.points('alice', 50_000)
    await mall.cash('alice', 50_000)
    await mall.points('bob', 800)
  })
  afterAll(async () => {
    await browser.close()
    expect(await mall.brokenLaws()).toEqual([])
    await mall.close()
  })

  async function enter(user: Parameters<typeof signIn>[1], look: Look = {}): Promise<Page> {
    const person = await openBrowserUser(browser, mall.url, { javaScript, ...look })
    await signIn(person, user)
    people.push(person)
    return person.page
  }

  /** Closes the browsers and expects no console errors and no foreign requests. */
  async function leave(): Promise<void> {
    expect(people.flatMap(({ complaints }) => complaints)).toEqual([])
    await Promise.all(people.map(({ context }) => context.close()))
    people = []
  }

  /** Presses something and waits for the next page. */
  async function press(page: Page, what: string): Promise<void> {
    await Promise.all([page.waitForEvent('load'), page.click(what)])
  }

  /** Waits for the success notice. */
  const told = (page: Page) => page.locator('main .notice.good').first().waitFor()

  /** From the list to the confirm sheet. */
  async function choose(page: Page, id: string): Promise<void> {
    await page.goto('/points-mall/products')
    await press(page, `a[href="/points-mall/products/${id}"]`)
    await press(page, 'form.buy button:not([data-step])')
    await page.waitForURL(/\/redeem/)
  }

  const textOf = async (page: Page, place = 'main') =>
    (await page.locator(place).first().textContent())?.trim() ?? ''

  /** Waits until the page shows the text there; without JavaScript it reloads. */
  async function shows(page: Page, text: string, place = 'main h1'): Promise<void> {
    await until(
      async () => {
        if (!javaScript) await page.reload()
        return textOf(page, place)
      },
      (shown) => shown.includes(text),
      `${page.url()} shows ${text}`,
    )
  }

  const wallet = async (as: string) => (await mall.call('GET', '/api/points-mall/wallet', { as })).body.data

  walk(
    'an order for points is found by two letters, placed, and in list and statement; its title is text',
    async () => {
      const page = await enter('alice')
      await page.goto('/points-mall/products')
      await page.fill('#keyword', '温杯')
      await press(page, 'form.search button')
      expect(await page.locator('.shelf li').count()).toBe(1)
      expect(await textOf(page, '.shelf li')).toContain('保温杯 <b>蓝色</b>')
      const before = (await wallet('alice')).available
      await choose(page, goods.points)
      const orderNo = await confirmRedemption(page)
      await shows(page, '兑换成功')
      expect((await wallet('alice')).available).toBe(before - 100)
      await press(page, 'nav.tabs a[href="/points-mall/orders"]')
      await page.locator(`a[href="/points-mall/orders/${orderNo}"]`).waitFor()
      await press(page, 'nav.tabs a[href="/points-mall/wallet"]')
      expect(await textOf(page, '.entries li')).toContain('兑换')
      await leave()
    },
  )

  walk(
    'an order for points and cash is declined at the cashier, paid at the second try, and shown',
    async () => {
      const page = await enter('alice')
      await choose(page, goods.mixed)
      // One tap leads to the cashier.
      const orderNo = await confirmRedemption(page, 'bank_card')
      await press(page, 'button[value="decline"]')
      await page.locator('.notice').waitFor()
      await page.goto(`/points-mall/orders/${orderNo}`)
      await shows(page, '支付未成功', '.timeline')
      await press(page, 'main a.button.wide')
      await press(page, 'button[value="pay"]')
      await press(page, 'footer a.primary')
      await page.waitForURL((url) => url.href.startsWith(`${mall.url}/points-mall/orders/${orderNo}`))
      await shows(page, '兑换成功')
      expect(await mall.order('alice', orderNo)).toMatchObject({
        status: 'order_paid',
        payment_status: 'paid',
      })
      await leave()
    },
  )

  walk('a customer switches from card to Alipay, which takes the payment', async () => {
    const page = await enter('alice')
    await choose(page, goods.mixed)
    const orderNo = await confirmRedemption(page, 'bank_card')
    await page.goto(`/points-mall/orders/${orderNo}`)
    expect(await textOf(page, 'main h1')).toBe('待支付')
    await page.click('#other-method summary')
    await page.check('#other-method input[value="alipay"]')
    // One tap to its cashier.
    await press(page, '#other-method button')
    await press(page, 'button[value="pay"]')
    await page.goto(`/points-mall/orders/${orderNo}`)
    await shows(page, '兑换成功')
    const books = (await mall.books()).filter(({ out_trade_no }) => out_trade_no?.startsWith(orderNo))
    expect(books.map(({ method, state }) => `${method} ${state}`).toSorted()).toEqual([
      'alipay paid',
      'bank_card closed',
    ])
    await leave()
  })

  walk('a cancellation asks first, takes a reason, and returns points and cash', async () => {
    const page = await enter('alice')
    const before = await wallet('alice')
    await choose(page, goods.mixed)
    const orderNo = await confirmRedemption(page, 'wallet')
    await shows(page, '兑换成功')
    await press(page, `a[href="/points-mall/orders/${orderNo}/cancel"]`)
    await page.locator('input[name="reason"]').first().check()
    await press(page, 'main form button')
    await page.waitForURL(new RegExp(`/orders/${orderNo}(\\?|$)`))
    await shows(page, '已取消')
    const { available, held, cash } = await wallet('alice')
    expect({ available, held, cash }).toEqual({
      available: before.available,
      held: before.held,
      cash: before.cash,
    })
    expect((await mall.order('alice', orderNo)).cancel_reason).toBe('不想要了')
    await leave()
  })

  walk('an address is typed and stored, the shop accepts and ships, the customer confirms', async () => {
    const customer = await enter('alice')
    await choose(customer, goods.parcel)
    for (const [name, text] of Object.entries({ ...ADDRESS, phone: '110' })) {
      await customer.fill(`form.redeem [name="${name}"]`, text)
    }
    await press(customer, 'form.redeem button.wide')
    // The error is shown next to its field, and the input stays.
    await customer.locator('#field-phone-error').waitFor()
    expect(await customer.inputValue('form.redeem [name="detail"]')).toBe(ADDRESS.detail)
    await customer.fill('form.redeem [name="phone"]', ADDRESS.phone)
    const orderNo = await confirmRedemption(customer)

    const clerk = await enter('operator', { width: 1280 })
    await clerk.goto('/admin')
    await press(clerk, 'a[href^="/admin/orders?status=order_paid"]')
    await press(clerk, `a[href^="/admin/orders/${orderNo}"]`)
    await press(clerk, 'form[action*="/accept"] button')
    await told(clerk)
    // Only who ships it sees the full address.
    expect(await textOf(clerk, 'address')).toContain(`${ADDRESS.name} ${ADDRESS.phone}`)
    await press(clerk, 'form[action*="/ship"] .row button')
    await clerk.locator('#field-carrier-error').waitFor()
    await clerk.fill('[name="carrier"]', '顺丰速运')
    await clerk.fill('[name="tracking_no"]', 'SF1234567890')
    await press(clerk, 'form[action*="/ship"] .row button')
    await told(clerk)
    expect(await textOf(clerk)).not.toContain(ADDRESS.phone)

    await customer.goto(`/points-mall/orders/${orderNo}`)
    await shows(customer, 'SF1234567890', '.order')
    await press(customer, `a[href="/points-mall/orders/${orderNo}/confirm"]`)
    await press(customer, 'main form button')
    await shows(customer, '已完成')
    await customer.goto('/points-mall/addresses')
    expect(await textOf(customer)).toContain(ADDRESS.detail)
    await leave()
  })

  walk('a product that cannot be redeemed says why before anything is sent', async () => {
    const page = await enter('bob')
    await page.goto(`/points-mall/products/${goods.dear}`)
    expect(await textOf(page)).toContain('8,200')
    expect(await page.locator('.buy button').last().isDisabled()).toBe(true)
    await leave()
  })

  walk(
    'an admin grants points, a large amount after confirmation; an operator has no such button',
    async () => {
      const admin = await enter('admin', { width: 1280 })
      const before = (await wallet('bob')).available
      await admin.goto('/admin/users')
      await admin.fill('[name="q"]', 'bob')
      await press(admin, 'main form button')
      await press(admin, 'a[href="/admin/users/bob"]')
      await press(admin, 'a[href="/admin/users/bob/grant"]')
      await admin.fill('[name="points"]', '300')
      await admin.fill('[name="reason"]', '补发')
      await press(admin, 'main form button')
      await told(admin)
      expect((await wallet('bob')).available).toBe(before + 300)
      await press(admin, 'a[href="/admin/users/bob/grant"]')
      await admin.fill('[name="points"]', '20000')
      await admin.fill('[name="reason"]', '周年礼')
      await press(admin, 'main form button')
      expect((await wallet('bob')).available).toBe(before + 300)
      await press(admin, 'button[name="confirmed"][value="yes"]')
      await told(admin)
      expect((await wallet('bob')).available).toBe(before + 20_300)
      const clerk = await enter('operator', { width: 1280 })
      await clerk.goto('/admin/users/bob')
      expect(await clerk.locator('a[href$="/grant"]').count()).toBe(0)
      expect((await clerk.goto('/admin/users/bob/grant'))?.status()).toBe(403)
      await leave()
    },
  )

  walk('an operator creates a product: draft, picture, limits, on sale, more stock, off sale', async () => {
    const clerk = await enter('operator', { width: 1280 })
    await clerk.goto('/admin/products')
    await press(clerk, 'a[href="/admin/products/new"]')
    await clerk.fill('[name="title"]', '手冲咖啡壶')
    await clerk.fill('[name="point"]', '260')
    await clerk.fill('[name="stock"]', '5')
    await clerk.fill('[name="max_per_order"]', '2')
    await clerk.selectOption('[name="shipping_type"]', 'none')
    await press(clerk, '.form-end button')
    await told(clerk)
    const id = new URL(clerk.url()).pathname.split('/').at(-1) ?? ''
    const picture = { name: 'pot.png', mimeType: 'image/png', buffer: png() }
    await clerk.setInputFiles('input[type="file"]', picture)
    await press(clerk, `form[action="/admin/products/${id}/picture"] button`)
    await clerk.locator('main img').first().waitFor()
    await press(clerk, `form[action="/admin/products/${id}/publish"] button`)
    await told(clerk)
    await clerk.fill('[name="stock_change"]', '3')
    await press(clerk, '.form-end button')
    await told(clerk)

    const customer = await enter('alice')
    await customer.goto(`/points-mall/products/${id}`)
    expect(await textOf(customer)).toContain('每单最多 2 件')
    expect(await customer.locator('#quantity').getAttribute('max')).toBe('2')
    expect((await mall.call('GET', `/api/points-mall/products/${id}`)).body.data.stock_quantity).toBe(8)
    const src = (await customer.locator('.photographed img').getAttribute('src')) ?? ''
    const seen = await customer.request.get(src)
    expect([seen.status(), seen.headers()['content-type']]).toEqual([200, 'image/png'])
    await press(clerk, `form[action="/admin/products/${id}/unpublish"] button`)
    await told(clerk)
    expect((await customer.goto(`/points-mall/products/${id}`))?.status()).toBe(404)
    await leave()
  })

  walk('an operator refunds a part, then the rest; the customer sees where everything is', async () => {
    const made = await mall.exchange('alice', { product_id: goods.mixed, payment_method: 'wallet' })
    const orderNo = made.body.data.order_no as string
    const before = await wallet('alice')
    const clerk = await enter('operator', { width: 1280 })
    const refund = async (what: 'part' | 'whole', fields: Record<string, string>) => {
      await clerk.goto(`/admin/orders/${orderNo}`)
      await press(clerk, `a[href^="/admin/orders/${orderNo}/refund"]`)
      await clerk.check(`input[name="what"][value="${what}"]`)
      for (const [name, text] of Object.entries(fields)) await clerk.fill(`[name="${name}"]`, text)
      await press(clerk, 'main form button')
      await told(clerk)
    }
    await refund('part', { points: '30', money: '3.30', reason: '少发一件' })
    await refund('whole', { reason: '全部退回' })
    const after = await wallet('alice')
    expect(after.available).toBe(before.available + 100)
    const customer = await enter('alice')
    await customer.goto(`/points-mall/orders/${orderNo}`)
    await shows(customer, '已取消')
    expect(await textOf(customer, '.where')).toMatch(/30 积分[\s\S]*70 积分|70 积分[\s\S]*30 积分/)
    await leave()
  })

  walk('an operator reconciles a day with one click', async () => {
    const clerk = await enter('operator', { width: 1280 })
    await clerk.goto('/admin/reconciliations')
    await press(clerk, 'main form button')
    await told(clerk)
    const link = clerk.locator('table a[href^="/admin/reconciliations/"]')
    await until(
      async () => {
        await clerk.goto('/admin/reconciliations')
        return link.count()
      },
      (count) => count > 0,
      'the comparison is listed',
    )
    await press(clerk, 'table a[href^="/admin/reconciliations/"]')
    await clerk.locator('main h1').waitFor()
    await leave()
  })

  walk('the switch to English applies from then on', async () => {
    const page = await enter('alice')
    await page.goto('/points-mall/products')
    await press(page, 'a[hreflang="en"]')
    await page.waitForURL(/lang=en/)
    await choose(page, goods.points)
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
    await confirmRedemption(page)
    expect(await textOf(page)).toContain('Redeemed')
    await leave()
  })

  walk("a customer can open neither the console nor another customer's order", async () => {
    const page = await enter('bob')
    expect((await page.goto('/admin'))?.status()).toBe(403)
    const made = await mall.exchange('alice', { product_id: goods.points })
    expect((await page.goto(`/points-mall/orders/${made.body.data.order_no}`))?.status()).toBe(404)
    await leave()
  })
})

/** A picture of 8 × 8 red dots. */
function png(): Buffer {
  const line = Buffer.concat([Buffer.from([0]), Buffer.alloc(24, Buffer.from([168, 50, 31]))])
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const frame = Buffer.alloc(8)
    frame.writeUInt32BE(data.length, 0)
    frame.writeUInt32BE(crc32(body), 4)
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
  }
  const header = Buffer.from([0, 0, 0, 8, 0, 0, 0, 8, 8, 2, 0, 0, 0])
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(8 * line.length, line))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
