import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  BROWSER,
  confirmRedemption,
  type Look,
  openBrowser,
  openBrowserUser,
  REMEDY,
  signIn,
} from '../support/browser-user.ts'
import { inTime } from '../support/patience.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

/** What only a browser can show: live updates, double taps, tabs, history, network, keyboard. */

if (BROWSER === undefined) process.stderr.write(`skipped: ${REMEDY}\n`)

describe.skipIf(BROWSER === undefined)('in a browser', () => {
  let mall: TestApp
  let browser: Browser
  let product = ''
  let mixed = ''
  beforeAll(async () => {
    mall = await openTestApp()
    // On a slow machine a query would be due before the payer returns.
    mall.configure({ queryGapsMs: [3_600_000] })
    browser = await openBrowser()
    product = await mall.product({ title: '保温杯 <b>蓝色</b>', point: 100 })
    mixed = await mall.product({ title: '电饭煲', payment_mode: 'mixed', point: 100, fen: 990 })
    await mall.points('alice', 50_000)
    await mall.cash('alice', 50_000)
    await mall.points('carol', 1_000)
  })
  afterAll(async () => {
    await browser.close()
    await mall.close()
  })

  async function enter(user: Parameters<typeof signIn>[1], look: Look = {}) {
    const person = await openBrowserUser(browser, mall.url, look)
    await signIn(person, user)
    return person
  }

  /** From the product page to the order. @returns the order number */
  async function redeem(page: Page, id: string, method?: string): Promise<string> {
    await page.goto(`/points-mall/products/${id}`)
    await page.click('form.buy button:not([data-step])')
    const orderNo = await confirmRedemption(page, method)
    if (method) await page.goto(`/points-mall/orders/${orderNo}`)
    return orderNo
  }

  async function status(orderNo: string, wanted: string): Promise<void> {
    await mall.reach('alice', orderNo, wanted)
  }

  test('an open order page shows the decline and the payment without a reload', async () => {
    const { page, complaints, context } = await enter('alice')
    const orderNo = await redeem(page, mixed, 'bank_card')
    const pay = page.locator('a.button.wide').first()
    const payUrl = (await pay.getAttribute('href')) ?? ''
    expect(payUrl).toContain(mall.sandbox.url)
    // No reload: the page receives an event.
    await mall.cashier(payUrl, 'decline')
    await page.locator('.order-ticket .notice.bad').waitFor()
    await mall.cashier(payUrl, 'pay')
    await status(orderNo, 'order_paid')
    await until(
      () => page.locator('a.button.wide').count(),
      (count) => count === 0,
      'the cashier is no longer offered',
    )
    expect(complaints).toEqual([])
    await context.close()
  })

  test('a double tap makes one order; going back makes no second one', async () => {
    const { page, context } = await enter('alice')
    const before = (await mall.call('GET', '/api/points-mall/orders', { as: 'alice' })).body.meta.total
    await page.goto(`/points-mall/products/${product}`)
    await page.click('form.buy button:not([data-step])')
    await page.dblclick('form.redeem button.wide')
    await page.waitForURL(/\/points-mall\/orders\/PM/)
    await page.goBack({ waitUntil: 'commit' })
    await page.waitForURL(/redeem/)
    await page.locator('form.redeem').waitFor()
    const after = async () =>
      (await mall.call('GET', '/api/points-mall/orders', { as: 'alice' })).body.meta.total - before
    expect(await after()).toBe(1)
    // One more tap there asks, and orders nothing.
    await page.click('form.redeem button.wide')
    await page.getByText('要再兑一份吗').waitFor()
    expect(await after()).toBe(1)
    await page.click('form.redeem button.wide')
    await page.waitForURL(/\/points-mall\/orders\/PM/)
    expect(await after()).toBe(2)
    await context.close()
  })

  test('a slow network shows a busy button, ignores a second tap, and leads to the order', async () => {
    const { page, context } = await enter('alice')
    await page.goto(`/points-mall/products/${await mall.product({ point: 10 })}`)
    await page.click('form.buy button:not([data-step])')
    await page.waitForURL(/redeem/)
    await page.waitForLoadState('load')
    let posts = 0
    await context.route('**/redeem**', async (route) => {
      posts += route.request().method() === 'POST' ? 1 : 0
      await pause(1_500)
      await route.continue()
    })
    // Playwright's own click would wait for the page that the first one requests.
    const busy = await page.evaluate<string>(`(() => {
      const button = document.querySelector('form.redeem button.wide')
      button.click()
      const state = button.getAttribute('aria-busy')
      button.click()
      return state
    })()`)
    expect(busy).toBe('true')
    await page.waitForURL(/\/points-mall\/orders\/PM/)
    expect(posts).toBe(1)
    await context.close()
  })

  test('a desktop shows WeChat’s QR code', async () => {
    const { page, context } = await enter('alice', { width: 1280 })
    const orderNo = await redeem(page, mixed, 'wechat')
    const code = 'weixin://wxpay/bizpayurl?pr=abc123'
    // The sandbox returns its cashier page, where WeChat returns the content of a code.
    await mall.db
      .updateTable('points_exchange_orders')
      .set({ payment_info: sql`payment_info || ${JSON.stringify({ pay_url: code })}::jsonb` })
      .where('order_no', '=', orderNo)
      .execute()
    await page.goto(`/points-mall/orders/${orderNo}`)
    expect(await page.locator('.scan svg path').count()).toBeGreaterThan(0)
    await context.close()
  })

  test('two tabs of one form make one order', async () => {
    const { page, context } = await enter('alice')
    await page.goto(`/points-mall/products/${await mall.product({ point: 10 })}`)
    await page.click('form.buy button:not([data-step])')
    const body = await page.evaluate<string>(
      "new URLSearchParams(new FormData(document.querySelector('form.redeem'))).toString()",
    )
    const send = () =>
      context.request.post(page.url(), {
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: mall.url },
        data: body,
        maxRedirects: 0,
      })
    const [one, other] = await Promise.all([send(), send()])
    expect(one.status()).toBe(303)
    expect(one.headers().location).toBe(other.headers().location)
    await context.close()
  })

  test('the deadline counts down, and the order is canceled automatically', async () => {
    const { page, context } = await enter('alice')
    const counting = () => page.locator('[data-until]').count()
    const orderNo = await inTime(4_000, async (paymentTimeoutMs) => {
      mall.configure({ paymentTimeoutMs })
      const placed = await redeem(page, mixed, 'wechat')
      const seen = await until(
        async () => ((await counting()) > 0 ? 'counting' : (await mall.order('alice', placed)).status),
        (what) => what === 'counting' || what === 'order_canceled',
        'the deadline is seen, or has passed',
      )
      return seen === 'counting' ? placed : undefined
    })
    await status(orderNo, 'order_canceled')
    await until(counting, (count) => count === 0, 'nothing counts down any more')
    mall.configure({ paymentTimeoutMs: 1_800_000 })
    await context.close()
  })

  test('a session that expires in the middle of a form loses no input', async () => {
    const { page, context } = await enter('alice')
    await page.goto('/points-mall/addresses/new')
    await page.locator('main form input[type="text"]').first().fill('王小明')
    await mall.db.deleteFrom('web_sessions').where('owner_id', '=', 'alice').execute()
    await page.locator('main form button').first().click()
    await page.waitForURL(/sign-in/)
    await page.click('button[value="alice"]')
    await page.waitForLoadState('load')
    const button = page.locator('form[action="/points-mall/addresses/new"] button')
    if ((await page.locator('input[value="王小明"]:visible').count()) === 0) await button.first().click()
    await page.locator('input[value="王小明"]').first().waitFor({ state: 'attached' })
    await context.close()
  })

  test('a shop form sent after the session expired is kept, and shown again before it is submitted', async () => {
    const { page, context } = await enter('alice')
    const fresh = await mall.product({ payment_mode: 'mixed', point: 100, fen: 990 })
    await page.goto(`/points-mall/products/${fresh}`)
    await page.click('form.buy button:not([data-step])')
    await page.check('form.redeem input[value="bank_card"]')
    await page.fill('form.redeem [name="remarks"]', '请周末送')
    const orders = async () =>
      (await mall.call('GET', '/api/points-mall/orders', { as: 'alice' })).body.meta.total
    const before = await orders()
    await mall.db.deleteFrom('web_sessions').where('owner_id', '=', 'alice').execute()
    await page.click('form.redeem button.wide')
    await page.waitForURL(/sign-in/)
    await page.click('button[value="alice"]')
    await page.waitForURL('**/points-mall/continue')
    const shown = await page.locator('dl.facts').textContent()
    expect(shown).toContain('请周末送')
    expect(shown).toContain('bank_card')
    expect(await orders()).toBe(before)
    await page.click('main form button')
    await page.waitForURL((url) => url.href.startsWith(mall.sandbox.url))
    expect(await orders()).toBe(before + 1)
    await context.close()
  })

  test('back from a product leads to the list as it was; in a new tab, to the list', async () => {
    const { page, context } = await enter('alice')
    await page.goto('/points-mall/products?sort=newest')
    await page.click(`a[href="/points-mall/products/${product}"]`)
    await page.waitForURL(`**/products/${product}`)
    await page.click('a.back')
    await page.waitForURL('**/products?sort=newest')
    const [tab] = await Promise.all([
      context.waitForEvent('page'),
      page.click(`a[href="/points-mall/products/${product}"]`, { modifiers: ['ControlOrMeta'] }),
    ])
    await tab.waitForURL(`**/products/${product}`)
    await tab.click('a.back')
    await tab.waitForURL('**/points-mall/products')
    await context.close()
  })

  test('product input survives a tap on a link, and a success notice is shown once', async () => {
    const { page, context } = await enter('operator', { width: 1280 })
    await page.goto(`/admin/products/${product}`)
    await page.fill('[name="title"]', '改到一半')
    const asked: string[] = []
    page.on('dialog', (dialog) => {
      asked.push(dialog.type())
      void dialog.dismiss()
    })
    await page.click('a[href="/admin/products"]').catch(() => {})
    await until(
      () => asked,
      (all) => all.length > 0,
      'the browser asks before it leaves',
    )
    expect(asked).toEqual(['beforeunload'])
    expect(await page.inputValue('[name="title"]')).toBe('改到一半')
    await page.fill('[name="title"]', '保温杯')
    await page.click('.form-end button')
    await page.locator('.notice.good').waitFor()
    expect(page.url()).not.toContain('done=')
    await page.reload()
    expect(await page.locator('.notice.good').count()).toBe(0)
    await context.close()
  })

  test('a product can be redeemed with the keyboard alone, past the tabs', async () => {
    const { page, context } = await enter('carol')
    await page.goto('/points-mall/products')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    const inMain = () =>
      page.evaluate<boolean>("document.querySelector('main').contains(document.activeElement)")
    expect(await inMain()).toBe(true)
    const pressUntil = async (selector: string) => {
      for (let tabs = 0; tabs < 60; tabs += 1) {
        await page.keyboard.press('Tab')
        if (await page.evaluate<boolean>(`document.activeElement.matches(${JSON.stringify(selector)})`))
          return
      }
      throw new Error(`no way to ${selector} by the keyboard`)
    }
    const leave = (what: string) => Promise.all([page.waitForURL(what), page.keyboard.press('Enter')])
    await pressUntil(`a[href="/points-mall/products/${product}"]`)
    await leave(`**/products/${product}`)
    await pressUntil('form.buy button:not([data-step])')
    // The focus is visible.
    const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle')
    expect(outline).not.toBe('none')
    await leave('**/redeem**')
    await pressUntil('form.redeem button.wide')
    await leave('**/orders/PM**')
    await context.close()
  })

  test('an address form offers the cities of its province, and the districts of its city', async () => {
    const { page, complaints, context } = await enter('carol')
    await page.goto('/points-mall/addresses/new')
    const offers = (name: string) => page.locator(`#field-${name}-offers option`).count()
    await page.fill('[name="province"]', '浙江省')
    await until(
      () => offers('city'),
      (count) => count === 11,
      'the cities of the province are offered',
    )
    expect([await page.inputValue('[name="city"]'), await offers('district')]).toEqual(['', 0])
    await page.fill('[name="city"]', '杭州市')
    await until(
      () => offers('district'),
      (count) => count > 10,
      'the districts of the city are offered',
    )
    // The only city is filled in; what is typed stays.
    await page.fill('[name="city"]', '')
    await page.fill('[name="province"]', '上海市')
    await until(
      () => page.inputValue('[name="city"]'),
      (city) => city === '上海市',
      'the only city is filled in',
    )
    await page.fill('[name="province"]', '别处')
    expect(await page.inputValue('[name="city"]')).toBe('上海市')
    expect(complaints).toEqual([])
    await context.close()
  })

  test('a tap copies the order number', async () => {
    const { page, context } = await enter('alice')
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const orderNo = await redeem(page, product)
    await page.click(`button[data-copy="${orderNo}"]`)
    await until(
      () => page.evaluate<string>('navigator.clipboard.readText()'),
      (text) => text === orderNo,
      'the number is in the clipboard',
    )
    await context.close()
    // Without JavaScript the number can be selected, and no button promises more.
    const plain = await enter('alice', { javaScript: false })
    await plain.page.goto(`/points-mall/orders/${orderNo}`)
    expect(await plain.page.locator('[data-copy]').first().isVisible()).toBe(false)
    await plain.context.close()
  })

  test.each([
    ['with', true],
    ['without', false],
  ])(
    'paying takes one tap %s JavaScript, and going back orders and pays nothing more',
    async (_how, javaScript) => {
      const { page, context } = await enter('alice', { javaScript })
      const fresh = await mall.product({ payment_mode: 'mixed', point: 100, fen: 990 })
      const ordered = async () => {
        const { body } = await mall.call('GET', '/api/points-mall/orders?per_page=100', { as: 'alice' })
        return body.data.filter((order: { product_id: string }) => order.product_id === fresh)
      }
      await page.goto(`/points-mall/products/${fresh}/redeem`)
      const button = page.locator('form.redeem button.wide')
      const says = async () => (await button.textContent())?.trim()
      for (const [method, name] of [
        ['bank_card', '用银行卡支付 ¥9.90'],
        ['alipay', '用支付宝支付 ¥9.90'],
      ]) {
        await page.check(`form.redeem input[value="${method}"]`)
        expect(await says()).toBe(javaScript ? name : '确认并支付 ¥9.90')
      }
      const orderNo = await confirmRedemption(page, 'alipay')
      expect(page.url()).toContain(mall.sandbox.url)
      const [order] = await ordered()
      expect([order?.order_no, order?.payment_info.payment_method]).toEqual([orderNo, 'alipay'])

      await page.goBack({ waitUntil: 'commit' })
      await page.waitForURL(/\/redeem/)
      await page.locator('form.redeem').waitFor()
      await page.check('form.redeem input[value="alipay"]')
      await button.click()
      await page.getByText('要再兑一份吗').waitFor()
      expect((await ordered()).map(({ order_no }: { order_no: string }) => order_no)).toEqual([orderNo])

      // The order page itself leads nowhere, and its link to the cashier is one tap.
      await page.goto(`/points-mall/orders/${orderNo}`)
      await page.locator('main a.button.wide').waitFor()
      expect(new URL(page.url()).origin).toBe(mall.url)
      await context.close()
    },
  )

  test('another payment method is one tap from its cashier, and back leads to the order', async () => {
    const { page, context } = await enter('alice')
    const orderNo = await redeem(page, mixed, 'alipay')
    await page.click('#other-method summary')
    await page.check('#other-method input[value="bank_card"]')
    await page.click('#other-method button')
    await page.waitForURL((url) => url.href.startsWith(mall.sandbox.url))
    await page.goBack()
    await page.waitForURL(`**/points-mall/orders/${orderNo}**`)
    await context.close()
  })

  test('a lost network shows a message, and so does its return', async () => {
    const { page, context } = await enter('alice')
    await page.goto('/points-mall/products')
    expect(await page.isVisible('.offline')).toBe(false)
    await context.setOffline(true)
    await page.locator('.offline').waitFor({ state: 'visible' })
    await context.setOffline(false)
    await page.locator('.offline').waitFor({ state: 'hidden' })
    await context.close()
  })

  test('a returning payer sees that the payment is being confirmed, and then that it is', async () => {
    const { page, complaints, context } = await enter('alice')
    const orderNo = await redeem(page, mixed, 'bank_card')
    await mall.control('faults', { method: 'bank_card', fault: 'drop' })
    await mall.cashier((await page.locator('a.button.wide').first().getAttribute('href')) ?? '', 'pay')
    await page.goto(`/points-mall/orders/${orderNo}?returned=1`)
    const heading = page.locator('.order-ticket h1')
    expect(await heading.textContent()).toBe('正在确认支付结果')
    // Loaded again, it is no return any more.
    expect(new URL(page.url()).search).toBe('')
    await mall.queryDue()
    await heading.getByText('兑换成功').waitFor()
    await status(orderNo, 'order_paid')
    expect(complaints).toEqual([])
    await context.close()
  })

  test('inside WeChat, the end of its payment sheet is a return', async () => {
    const { page, context } = await enter('alice')
    const pay = { client: 'in_app', openid: 'oUpF8uMuAJO_M2pxb1Q9', payment_method: 'wechat' }
    const { order_no } = (await mall.exchange('alice', { product_id: mixed, ...pay })).body.data
    // The app's part: it opens the sheet, and says how it ended.
    await page.addInitScript(`Object.defineProperty(navigator, 'userAgent', { value: 'MicroMessenger' })
      window.WeixinJSBridge = { invoke: (name, _parameters, done) => done({ err_msg: sheet }) }
      let sheet = 'get_brand_wcpay_request:cancel'
      window.endSheet = (said) => { sheet = said }`)
    await page.goto(`/points-mall/orders/${order_no}`)
    const button = page.locator('[data-wechat-pay]')
    await button.evaluate((element: { click(): void }) => element.click())
    expect(await mall.queryDue()).toBe(0)
    await mall.control('faults', { method: 'wechat', fault: 'drop' })
    await mall.control('force-pay', { out_trade_no: `${order_no}-1` })
    await page.evaluate("endSheet('get_brand_wcpay_request:ok')")
    await button.evaluate((element: { click(): void }) => element.click())
    await page.locator('.order-ticket h1').getByText('正在确认支付结果').waitFor()
    expect(await mall.queryDue()).toBe(1)
    await status(order_no, 'order_paid')
    await context.close()
  })
})
