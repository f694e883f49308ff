import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BROWSER, openBrowser, openBrowserUser, REMEDY, signIn } from '../support/browser-user.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** An operator without a mouse. */

if (BROWSER === undefined) process.stderr.write(`skipped: ${REMEDY}\n`)

const ADDRESS = { name: '欧阳明月', phone: '13812345678', detail: '文三路 1 号 301 室' }
const ORDERS = 10

describe.skipIf(BROWSER === undefined)('with the keyboard alone', () => {
  let mall: TestApp
  let browser: Browser
  beforeAll(async () => {
    mall = await openTestApp()
    browser = await openBrowser()
  })
  afterAll(async () => {
    expect(await mall.brokenLaws()).toEqual([])
    await browser.close()
    await mall.close()
  })

  async function ordered(n: number): Promise<string> {
    await mall.points(`keys-${n}`, 200)
    const product_id = await mall.product({ shipping_type: 'logistics' })
    return (await mall.exchange(`keys-${n}`, { product_id, address: ADDRESS })).body.data.order_no
  }

  const focused = (page: Page) =>
    page.evaluate<string>("document.activeElement.getAttribute('name') ?? document.activeElement.tagName")

  test('ten orders are accepted and shipped with at most 25 key presses and the typed numbers', async () => {
    const orders: string[] = []
    for (let n = 0; n < ORDERS; n += 1) orders.push(await ordered(n))
    const { page, context, complaints } = await openBrowserUser(browser, mall.url, { width: 1280 })
    await signIn({ page, context, complaints, url: mall.url }, 'operator')
    await page.goto('/admin')
    let presses = 0
    const press = async (key: string, leads: boolean) => {
      presses += 1
      if (leads) await Promise.all([page.waitForEvent('load'), page.keyboard.press(key)])
      else await page.keyboard.press(key)
      expect(await focused(page)).not.toBe(leads && presses > 4 ? 'BODY' : '')
    }
    await press('o', true)
    await press('2', true)
    await press('x', false)
    expect(await page.locator('.tick input:checked').count()).toBe(ORDERS)
    await press('a', true)
    expect(await page.locator('.badge.good').count()).toBe(ORDERS)
    await press('Enter', true)
    // The carrier is typed once, and remembered.
    expect(await focused(page)).toBe('carrier')
    await page.keyboard.type('圆通')
    await press('Tab', false)
    for (let n = 0; n < ORDERS; n += 1) {
      expect(await focused(page)).toBe('tracking_no')
      // Letters that are keys elsewhere do nothing in a field.
      await page.keyboard.type(`YT000000000000${n}`)
      await press('Enter', true)
    }
    expect(presses).toBeLessThanOrEqual(25)
    for (const [n, orderNo] of orders.entries()) {
      const parcels = await mall.db
        .selectFrom('shipments')
        .select('tracking_no')
        .where('order_no', '=', orderNo)
        .execute()
      expect(parcels).toEqual([{ tracking_no: `YT000000000000${n}` }])
    }
    expect(complaints).toEqual([])
    await context.close()
  })

  test('the focus follows an action on an order, and keys turned off do nothing', async () => {
    const orderNo = await ordered(ORDERS)
    const { page, context } = await openBrowserUser(browser, mall.url, { width: 1280 })
    await signIn({ page, context, complaints: [], url: mall.url }, 'operator')
    await page.goto(`/admin/orders/${orderNo}`)
    const submit = (selector: string) => Promise.all([page.waitForEvent('load'), page.click(selector)])
    await submit(`form[action*="/${orderNo}/accept"] button`)
    expect(await focused(page)).toBe('carrier')
    await page.keyboard.type('顺丰 os')
    await page.fill('[name="carrier"]', '顺丰')
    await page.fill('[name="tracking_no"]', 'SF1234567890123')
    await Promise.all([page.waitForEvent('load'), page.press('[name="tracking_no"]', 'Enter')])
    expect(await page.evaluate("document.activeElement.closest('.notice') !== null")).toBe(true)
    await page.goto('/admin/shortcuts')
    await submit('button[name="keys"]')
    await page.keyboard.press('o')
    await page.keyboard.press('t')
    // A key that leads nowhere leaves no event to wait for: the next page is asked for in the same turn.
    expect(await page.evaluate('document.querySelectorAll("[data-key]").length')).toBe(0)
    expect(new URL(page.url()).pathname).toBe('/admin/shortcuts')
    await context.close()
  })
})
