import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openBrowser, openBrowserUser, signIn } from './browser-user.ts'

/**
 * `npm run screenshots [-- http://127.0.0.1:3000]`: the README's pictures of a running demo: the shop on a
 * phone, the console on a desktop.
 */

const url = process.argv.slice(2).find((arg) => arg.startsWith('http')) ?? 'http://127.0.0.1:3000'
const folder = join(import.meta.dirname, '../../docs/pictures')
mkdirSync(folder, { recursive: true })

const SHOP = [
  ['shop-home', '/points-mall/products'],
  ['shop-product', '/points-mall/products/1'],
  ['shop-redeem', '/points-mall/products/1/redeem?quantity=1'],
  ['shop-orders', '/points-mall/orders'],
  ['shop-wallet', '/points-mall/wallet'],
] as const
const CONSOLE = [
  ['console-today', '/admin'],
  ['console-orders', '/admin/orders'],
] as const

const browser = await openBrowser()
try {
  for (const [user, width, pages] of [
    ['carol', 375, SHOP],
    ['admin', 1280, CONSOLE],
  ] as const) {
    const person = await openBrowserUser(browser, url, { width })
    const { page, context } = person
    await signIn(person, user)
    for (const [name, path] of pages) {
      await page.goto(path)
      await page.screenshot({ path: join(folder, `${name}.png`) })
      process.stdout.write(`docs/pictures/${name}.png\n`)
    }
    if (user === 'carol') {
      await page.goto('/points-mall/orders')
      await page.locator('main a[href*="/orders/PM"]').first().click()
      await page.waitForLoadState('load')
      await page.screenshot({ path: join(folder, 'shop-order.png') })
      process.stdout.write('docs/pictures/shop-order.png\n')
    }
    await context.close()
  }
} finally {
  await browser.close()
}
