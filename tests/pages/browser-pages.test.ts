import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRelay } from '../../application/messaging/relay.ts'
import { bringToLife } from '../../cli/demo/life.ts'
import { seedDemo } from '../../cli/demo/seed.ts'
import { EVENT_TYPES } from '../../domain/messaging/events.ts'
import { BROWSER, type Look, openBrowser, openBrowserUser, REMEDY, signIn } from '../support/browser-user.ts'
import { SHARE, sampleOf, turnOf } from '../support/sample.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** What holds for every page of the demo that a link leads to; the demo has one of everything. */

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

if (BROWSER === undefined) process.stderr.write(`skipped: ${REMEDY}\n`)

const PATIENCE = { unpaidMs: 3_600_000, lateMs: 1_500, autoConfirmMs: 3_600_000 }

/** Start addresses that no link leads to: typed ones and wrong ones. */
const SEEDS = {
  carol: [
    'products',
    'products?keyword=雨伞',
    'products?keyword=没有的东西',
    'products/1/redeem?quantity=1',
    'nowhere',
  ],
  guest: [
    'products',
    'products/1',
    'products/999999',
    'orders',
    'sign-in',
    'sign-in?why=used',
    'sign-in?why=ended',
  ],
  alice: ['orders', 'addresses', 'wallet', 'products/2/redeem?quantity=999'],
  admin: [
    '',
    '/orders?q=没有',
    '/products?keyword=没有',
    '/users?q=nobody',
    '/users/nobody',
    '/users/dave',
    '/nowhere',
  ],
  operator: ['/users/carol'],
} as const
type User = keyof typeof SEEDS
/** Users who see the same pages as another one: only differences are visited. */
const STAYS: readonly User[] = ['alice', 'operator']

const LOOKS: readonly (readonly [string, Look])[] = [
  ['in Chinese, on a phone', { lang: 'zh', width: 375 }],
  ['in English, at a desk', { lang: 'en', width: 1280 }],
]
/** From the smallest common phone to a desktop. */
const WIDTHS = [320, 375, 768, 1280]

/** An endpoint of another system, with deliveries of which some were given up: the demo sends nothing elsewhere. */
async function receiveEvents({ call, deps: { db, sealer } }: TestApp): Promise<void> {
  const staff = { as: 'root', role: 'admin' } as const
  const path = '/api/admin/points-mall/webhook-endpoints'
  // Nothing listens at the port that is reserved for "discard".
  const body = { url: 'http://127.0.0.1:9/erp', events: EVENT_TYPES, description: 'ERP' }
  const { id } = (await call('POST', path, { ...staff, body })).body.data
  for (let n = 0; n < 2; n += 1) await call('POST', `${path}/${id}/test`, { ...staff, body: {} })
  const settings = {
    retryMs: [1e9],
    timeoutMs: 5_000,
    disableAfterMs: 1e9,
    retentionMs: 1e9,
    allowPrivate: true,
  }
  const relay = createRelay({ db, sealer, settings, isOff: () => false, log: { warn: () => {} } })
  await relay.round()
  await relay.stop()
}

/** How many pages of a kind are visited: they look the same, except an order in each status. */
const OF_A_KIND = 1
const ORDERS = SHARE > 0 ? 8 : 3

/** After-sales of Carol: one waits for an operator, one for the goods. */
async function askForReturns(mall: TestApp): Promise<void> {
  const product_id = await mall.product({ shipping_type: 'logistics', returnable: { days: 7 }, point: 10 })
  const address = { name: '林可', phone: '13800138000', detail: '文三路 90 号' }
  const { order_no } = (await mall.exchange('carol', { product_id, quantity: 3, address })).body.data
  await mall.operate(order_no, 'accept')
  await mall.operate(order_no, 'ship', { carrier: '顺丰', tracking_no: 'SF1' })
  await mall.operate(order_no, 'finish')
  const ask = async () => {
    const body = { type: 'return_refund', quantity: 1, reason: '颜色和图片不一样，想退掉这一件' }
    const asked = await mall.call('POST', `/api/points-mall/orders/${order_no}/after-sales`, {
      as: 'carol',
      body,
    })
    expect(asked.status, JSON.stringify(asked.body)).toBe(201)
    return asked.body.data.id as string
  }
  await ask()
  const path = `/api/admin/points-mall/after-sales/${await ask()}/approve`
  expect((await mall.call('POST', path, { as: 'op', role: 'operator', body: {} })).status).toBe(200)
}

/** The kind of a page: its address without numbers, names and query. */
function kindOf(path: string): string {
  const { pathname, search } = new URL(path, 'http://shop.invalid')
  const named = pathname
    .replace(/\/PM\w+/, '/PM')
    .replace(/\/\d+/g, '/1')
    .replace(/\/users\/[^/]+/, '/users/x')
  return named + (search === '' ? '' : '?')
}

const isOrder = (kind: string) => /\/orders\/PM\??$/.test(kind)

describe.skipIf(BROWSER === undefined)('every page', () => {
  let mall: TestApp
  let browser: Browser
  beforeAll(async () => {
    mall = await openTestApp()
    await seedDemo(mall.db, mall.deps.vault, mall.deps.sealer, true)
    await bringToLife(mall.deps, () => {}, PATIENCE)
    await receiveEvents(mall)
    await askForReturns(mall)
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser.close()
    await mall.close()
  })

  /** What users have seen who visit one after the other: in `npm test` the next visits other kinds, and its seeds. */
  const seenBefore = () => (SHARE > 0 ? undefined : new Map<string, number>())

  /** Visits each page that links reach from the seeds, a few of each kind. */
  async function walk(
    user: User,
    look: Look,
    visit: (page: Page, path: string) => Promise<void>,
    seen = new Map<string, number>(),
  ) {
    const person = await openBrowserUser(browser, mall.url, look)
    const { page, context, complaints } = person
    if (user !== 'guest') await signIn(person, user)
    const isStaff = user === 'admin' || user === 'operator'
    const root = isStaff ? '/admin' : '/points-mall/'
    const open = SEEDS[user].map((path) => root + path)
    const visited = new Set<string>()
    for (const path of open) {
      if (visited.has(path)) continue
      visited.add(path)
      const kind = kindOf(path)
      const count = seen.get(kind) ?? 0
      const isSeed = visited.size <= SEEDS[user].length
      if (!isSeed && count >= (isOrder(kind) ? ORDERS : OF_A_KIND)) continue
      seen.set(kind, count + 1)
      const answer = await page.goto(path)
      if ((answer?.status() ?? 500) >= 500) complaints.push(`${path}: ${answer?.status()}`)
      await visit(page, path)
      if (STAYS.includes(user)) continue
      const links = await page.evaluate<string[]>(
        "[...document.querySelectorAll('a[href]:not([download])')].map((link) => link.getAttribute('href'))",
      )
      open.push(...links.filter((href) => href.startsWith(root) && !/[?&]lang=|\.csv/.test(href)))
    }
    await context.close()
    return { seen: [...seen.keys()], complaints: complaints.map((what) => `${user}: ${what}`) }
  }

  let judged = 0
  /** Serious axe violations, in the light and the dark color scheme; in `npm test` the pages take one each, in turn. */
  async function faultsOf(page: Page): Promise<string[]> {
    const [scheme = 'light', other] = turnOf(['light', 'dark'] as const, judged++)
    // Evaluated, not inserted as a script: the page's policy stays as it is.
    await page.evaluate(AXE)
    await paint(page, scheme)
    const found = (await serious(page, { resultTypes: ['violations'] })).map((fault) => `${scheme}: ${fault}`)
    if (other === undefined) return found
    await paint(page, other)
    const more = await serious(page, { runOnly: ['color-contrast'] })
    return [...found, ...more.map((fault) => `${other}: ${fault}`)]
  }

  /** Waits for color transitions to end: the final colors are judged. */
  async function paint(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.evaluate(
      'new Promise(requestAnimationFrame).then(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)))',
    )
  }

  async function serious(page: Page, options: object): Promise<string[]> {
    return page.evaluate(async (wanted) => {
      // biome-ignore lint/suspicious/noExplicitAny: axe has put itself there
      const result = await (globalThis as any).axe.run(wanted)
      return (result.violations as { id: string; impact: string; nodes: { html: string }[] }[])
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id} ${nodes[0]?.html.slice(0, 120)}`)
    }, options)
  }

  /** The widths at which the page overflows its window. */
  async function tooNarrow(page: Page): Promise<number[]> {
    const size = page.viewportSize() ?? { width: 375, height: 812 }
    const found: number[] = []
    for (const width of WIDTHS) {
      await page.setViewportSize({ ...size, width })
      if (await isWide(page)) found.push(width)
    }
    await page.setViewportSize(size)
    return found
  }

  const isWide = (page: Page) =>
    page.evaluate<boolean>('document.documentElement.scrollWidth > document.documentElement.clientWidth')

  test.each(sampleOf(LOOKS, 1))(
    'has no serious axe violation, light or dark, no error, no foreign request, and fits every width: %s',
    async (_name, look) => {
      const found: string[] = []
      const kinds = new Set<string>()
      const before = seenBefore()
      for (const user of Object.keys(SEEDS) as User[]) {
        const visit = async (page: Page, path: string) => {
          for (const fault of await faultsOf(page)) found.push(`${user} ${path}: ${fault}`)
          for (const width of await tooNarrow(page)) found.push(`${user} ${path}: wider than ${width} px`)
        }
        const { seen, complaints } = await walk(user, look, visit, before)
        found.push(...complaints)
        for (const kind of seen) kinds.add(kind)
      }
      expect(found).toEqual([])
      // The walk reached shop and console, lists and details, questions and forms.
      expect(kinds.size).toBeGreaterThan(40)
    },
    900_000,
  )

  test('of the shop is readable at twice the text size, on a phone', async () => {
    const found: string[] = []
    const before = seenBefore()
    for (const user of ['carol', 'guest'] as const) {
      const visit = async (page: Page, path: string) => {
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        if (await isWide(page)) found.push(`${user} ${path}`)
      }
      await walk(user, {}, visit, before)
    }
    expect(found).toEqual([])
  })

  test('shows form errors to every user, assistive technology included', async () => {
    const found: string[] = []
    for (const [user, path, button] of [
      ['bob', '/points-mall/addresses/new', 'main form button'],
      ['admin', '/admin/products/new', '.form-end button'],
      ['admin', '/admin/users/carol/grant', 'main form button'],
      ['admin', '/admin/reconciliations', 'main form button'],
    ] as const) {
      const person = await openBrowserUser(browser, mall.url)
      await signIn(person, user)
      const { page } = person
      await page.goto(path)
      await page.evaluate(
        "for (const field of document.querySelectorAll('main input:not([type=hidden])')) field.value = ''",
      )
      await Promise.all([page.waitForEvent('load'), page.click(button)])
      if (!(await page.evaluate<boolean>("document.activeElement.matches('.summary')"))) {
        found.push(`${path}: what is wrong is not read out`)
      }
      for (const fault of await faultsOf(page)) found.push(`${path}: ${fault}`)
      await person.context.close()
    }
    expect(found).toEqual([])
  })

  test('is small without its pictures, if it is the home page', async () => {
    const { page, context } = await openBrowserUser(browser, mall.url)
    let bytes = 0
    page.on('response', async (response) => {
      if (response.request().resourceType() === 'image') return
      const { responseBodySize, responseHeadersSize } = await response.request().sizes()
      bytes += responseBodySize + responseHeadersSize
    })
    await page.goto('/points-mall/products', { waitUntil: 'networkidle' })
    expect(bytes).toBeGreaterThan(5_000)
    expect(bytes).toBeLessThan(100_000)
    await context.close()
  })
})
