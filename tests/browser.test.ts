import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Mall, openMall, until } from './mall.ts'
import { BROWSER, type Look, openBrowser, openPerson, REMEDY } from './person.ts'

/** The pages in a real browser, on the real stack: what customers and operators do, from the first tap to the last. */

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

if (BROWSER === undefined) process.stderr.write(`skipped: ${REMEDY}\n`)

describe.skipIf(BROWSER === undefined)('in a browser', () => {
  let mall: Mall
  let browser: Browser
  let product = ''
  let mixed = ''
  beforeAll(async () => {
    mall = await openMall()
    browser = await openBrowser()
    product = await mall.product({ title: '保温杯 <b>蓝色</b>', point: 100 })
    mixed = await mall.product({ title: '电饭煲', payment_mode: 'mixed', point: 100, fen: 990 })
    await mall.points('alice', 50_000)
    await mall.cash('alice', 50_000)
  })
  afterAll(async () => {
    await browser.close()
    await mall.close()
  })

  async function enter(user: 'alice' | 'bob' | 'operator' | 'admin', look: Look = {}) {
    const person = await openPerson(browser, mall.url, look)
    await person.page.goto('/points-mall/sign-in')
    await person.page.click(`button[value="${user}"]`)
    await person.page.waitForLoadState('load')
    return person
  }

  /** From the product's page to the order's. @returns the order's number */
  async function redeem(page: Page, id: string, method?: string): Promise<string> {
    await page.goto(`/points-mall/products/${id}`)
    await page.click('form.buy button:not([data-step])')
    if (method) await page.check(`input[value="${method}"]`)
    await page.click('form.redeem button.wide')
    await page.waitForURL(/\/points-mall\/orders\/PM/)
    return new URL(page.url()).pathname.split('/').at(-1) ?? ''
  }

  async function status(orderNo: string, wanted: string): Promise<void> {
    await mall.reach('alice', orderNo, wanted)
  }

  test('points only: from the list to the result, with a title that is text', async () => {
    const { page, complaints, context } = await enter('alice')
    await page.goto('/points-mall/products')
    await page.getByText('保温杯 <b>蓝色</b>').first().waitFor()
    const orderNo = await redeem(page, product)
    await status(orderNo, 'order_paid')
    await page.getByText(orderNo).first().waitFor()
    expect(complaints).toEqual([])
    await context.close()
  })

  test('points and cash: declined at the cashier, paid at the second try, and the open page shows it by itself', async () => {
    const { page, complaints, context } = await enter('alice')
    const orderNo = await redeem(page, mixed, 'bank_card')
    const pay = page.locator('a.button.wide').first()
    const payUrl = (await pay.getAttribute('href')) ?? ''
    expect(payUrl).toContain(mall.sandbox.url)
    await mall.cashier(payUrl, 'decline')
    await mall.cashier(payUrl, 'pay')
    await status(orderNo, 'order_paid')
    // No reload: the page hears of it.
    await until(
      () => page.locator('a.button.wide').count(),
      (count) => count === 0,
      'the cashier is no longer offered',
      10_000,
    )
    expect(complaints).toEqual([])
    await context.close()
  })

  test('a double tap is one order; going back afterwards makes no second one', async () => {
    const { page, context } = await enter('alice')
    const before = (await mall.call('GET', '/api/points-mall/orders', { as: 'alice' })).body.meta.total
    await page.goto(`/points-mall/products/${product}`)
    await page.click('form.buy button:not([data-step])')
    await page.dblclick('form.redeem button.wide')
    await page.waitForURL(/\/points-mall\/orders\/PM/)
    await page.goBack({ waitUntil: 'commit' })
    await page.waitForURL(/redeem/)
    await page.locator('form.redeem').waitFor()
    const after = (await mall.call('GET', '/api/points-mall/orders', { as: 'alice' })).body.meta.total
    expect(after - before).toBe(1)
    await context.close()
  })

  test('on a slow network: the button says that it works, a second tap is nothing, and the order comes', async () => {
    const { page, context } = await enter('alice')
    await page.goto(`/points-mall/products/${product}`)
    await page.click('form.buy button:not([data-step])')
    await page.waitForURL(/redeem/)
    await page.waitForLoadState('load')
    let posts = 0
    await context.route('**/redeem**', async (route) => {
      posts += route.request().method() === 'POST' ? 1 : 0
      await pause(1_500)
      await route.continue()
    })
    // Playwright's own click would wait for the page that the first one asks for.
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

  test('at a desk WeChat’s code is shown to be scanned', async () => {
    const { page, context } = await enter('alice', { width: 1280 })
    const orderNo = await redeem(page, mixed, 'wechat')
    const code = 'weixin://wxpay/bizpayurl?pr=abc123'
    // The sandbox names its cashier page, where the real one gives a code.
    await mall.db
      .updateTable('points_exchange_orders')
      .set({ payment_info: sql`payment_info || ${JSON.stringify({ pay_url: code })}::jsonb` })
      .where('order_no', '=', orderNo)
      .execute()
    await page.goto(`/points-mall/orders/${orderNo}`)
    expect(await page.locator('.scan svg path').count()).toBeGreaterThan(0)
    await context.close()
  })

  test('two tabs of one form: one order', async () => {
    const { page, context } = await enter('alice')
    await page.goto(`/points-mall/products/${product}`)
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

  test('without JavaScript: redeem, look, cancel, and the points are back', async () => {
    const { page, complaints, context } = await enter('alice', { javaScript: false })
    const orderNo = await redeem(page, product)
    await status(orderNo, 'order_paid')
    await page.goto(`/points-mall/orders/${orderNo}/cancel`)
    await page.locator('main form button').first().click()
    await status(orderNo, 'order_canceled')
    expect(complaints).toEqual([])
    await context.close()
  })

  test('the deadline is seen live, and the order is canceled by itself', async () => {
    mall.configure({ paymentTimeoutMs: 4_000 })
    const { page, context } = await enter('alice')
    const orderNo = await redeem(page, mixed, 'wechat')
    await page.locator('[data-until]').first().waitFor()
    await status(orderNo, 'order_canceled')
    await until(
      () => page.locator('[data-until]').count(),
      (count) => count === 0,
      'nothing counts down any more',
      10_000,
    )
    mall.configure({ paymentTimeoutMs: 1_800_000 })
    await context.close()
  })

  test('the session ends in the middle of a form: nothing that was typed is lost', async () => {
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

  test('an operator accepts and ships, the customer confirms; an admin grants points', async () => {
    const customer = await enter('alice')
    const orderNo = await redeem(customer.page, product)
    await status(orderNo, 'order_paid')
    const clerk = await enter('operator', { width: 1280 })
    await clerk.page.goto(`/admin/orders/${orderNo}`)
    await clerk.page.locator('form[action$="/accept"] button').click()
    await status(orderNo, 'order_accepted')
    await clerk.page.goto(`/admin/orders/${orderNo}`)
    const ship = clerk.page.locator('form[action$="/ship"]')
    await ship.locator('[name="carrier"]').fill('顺丰')
    await ship.locator('[name="tracking_no"]').fill('SF1234567890')
    await ship.locator('button').click()
    await status(orderNo, 'order_shipped')
    await customer.page.goto(`/points-mall/orders/${orderNo}`)
    await customer.page.getByText('SF1234567890').first().waitFor()
    await customer.page.goto(`/points-mall/orders/${orderNo}/confirm`)
    await customer.page.locator('main form button').first().click()
    await status(orderNo, 'order_finished')
    const admin = await enter('admin', { width: 1280 })
    await admin.page.goto('/admin/users/bob/grant')
    await admin.page.locator('[name="points"]').fill('300')
    await admin.page.locator('[name="reason"]').fill('补发')
    await admin.page.locator('main form button').first().click()
    await until(
      async () => (await mall.call('GET', '/api/points-mall/wallet', { as: 'bob' })).body.data.available,
      (points) => points === 300,
      'bob has his points',
    )
    expect([...customer.complaints, ...clerk.complaints, ...admin.complaints]).toEqual([])
    for (const { context } of [customer, clerk, admin]) await context.close()
  })

  test('a customer has no place in the console', async () => {
    const { page, context } = await enter('bob')
    const answer = await page.goto('/admin')
    expect(answer?.status()).toBe(403)
    await context.close()
  })

  const LOOKS: readonly (readonly [string, Look])[] = [
    ['light, Chinese, on a phone', { lang: 'zh' }],
    ['light, English, on a phone', { lang: 'en' }],
    ['dark, English, at a desk', { lang: 'en', dark: true, width: 1280 }],
    ['dark, Chinese, on a tablet', { lang: 'zh', dark: true, width: 768 }],
  ]
  test.each(LOOKS)(
    'axe finds nothing serious on any page, and nothing overflows: %s',
    async (_name, look) => {
      const found: string[] = []
      const orderNo = (await mall.exchange('alice', { product_id: mixed, payment_method: 'bank_card' })).body
        .data.order_no as string
      const pages = {
        alice: [
          'products',
          'products?keyword=没有的东西',
          `products/${product}`,
          `products/${mixed}/redeem?quantity=1`,
          'orders',
          `orders/${orderNo}`,
          `orders/${orderNo}/cancel`,
          'wallet',
          'addresses',
          'addresses/new',
          'nowhere',
        ].map((path) => `/points-mall/${path}`),
        admin: [
          '',
          '/orders',
          `/orders/${orderNo}`,
          '/products',
          '/products/new',
          `/products/${product}`,
          '/categories',
          '/users',
          '/users/alice',
          '/users/alice/grant',
          '/reconciliations',
        ].map((path) => `/admin${path}`),
      }
      for (const [user, paths] of Object.entries(pages) as ['alice' | 'admin', string[]][]) {
        const { page, complaints, context } = await enter(user, look)
        for (const path of paths) {
          const answer = await page.goto(path)
          if ((answer?.status() ?? 500) >= 500) found.push(`${path}: ${answer?.status()}`)
          // Evaluated, not put into the page: its policy stays as it is.
          await page.evaluate(AXE)
          const violations = await page.evaluate(async () => {
            // biome-ignore lint/suspicious/noExplicitAny: axe has put itself there
            const result = await (globalThis as any).axe.run()
            return (result.violations as { id: string; impact: string; nodes: { html: string }[] }[])
              .filter(({ impact }) => impact === 'serious' || impact === 'critical')
              .map(({ id, nodes }) => `${id} ${nodes[0]?.html.slice(0, 120)}`)
          })
          found.push(...violations.map((what) => `${path}: ${what}`))
          const wide = await page.evaluate<boolean>(
            'document.documentElement.scrollWidth > document.documentElement.clientWidth',
          )
          if (wide) found.push(`${path}: wider than the window`)
        }
        found.push(...complaints.filter((what) => !what.includes('404')))
        await context.close()
      }
      expect(found).toEqual([])
    },
    120_000,
  )
})
