import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { PATIENCE_MS } from './patience.ts'

/** Users of a real browser: Debian's Chromium, or another installed one. */

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Undefined if none is installed: then the tests that need it are skipped. */
export const BROWSER = PLACES.find((place) => existsSync(place))

export const REMEDY = 'Chromium is missing: apt-get update && apt-get install -y chromium fonts-noto-cjk'

const ARGS = [
  ...['--no-sandbox', '--disable-dev-shm-usage'],
  // Fewer processes, and no emulated graphics card.
  ...['--disable-gpu', '--in-process-gpu', '--disable-site-isolation-trials', '--renderer-process-limit=1'],
]

export function openBrowser(): Promise<Browser> {
  if (BROWSER === undefined) throw new Error(REMEDY)
  return chromium.launch({ executablePath: BROWSER, args: ARGS })
}

export interface Look {
  readonly width?: number
  readonly dark?: boolean
  readonly javaScript?: boolean
  readonly lang?: 'zh' | 'en'
}

/** A user with a browser context of his own. */
export interface Person {
  readonly context: BrowserContext
  readonly page: Page
  /** The mall's address. */
  readonly url: string
  /** What no page may do: log errors or request other hosts. */
  readonly complaints: string[]
}

/** Signs in by the demo's one click. */
export async function signIn(
  { page, url }: Person,
  user: 'alice' | 'bob' | 'carol' | 'operator' | 'admin',
): Promise<void> {
  // As the button does, without its page; the browser gets the cookie.
  const { origin } = new URL(url)
  const answer = await page.request.post('/points-mall/sign-in', {
    form: { user },
    headers: { origin },
    maxRedirects: 0,
  })
  if (answer.status() !== 303) throw new Error(`${user} is not signed in: ${answer.status()}`)
}

/** @param url the mall's address: requests to other hosts are complaints */
export async function openBrowserUser(browser: Browser, url: string, look: Look = {}): Promise<Person> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: look.width ?? 375, height: 812 },
    colorScheme: look.dark ? 'dark' : 'light',
    javaScriptEnabled: look.javaScript ?? true,
    locale: look.lang === 'en' ? 'en-GB' : 'zh-CN',
  })
  context.setDefaultTimeout(PATIENCE_MS)
  const page = await context.newPage()
  const complaints: string[] = []
  const { host } = new URL(url)
  // A page's refusal has an error status, which Chromium logs as an error of the page.
  const pages = new Set<string>()
  page.on('response', (response) => {
    if (response.request().isNavigationRequest() && response.status() < 500) pages.add(response.url())
  })
  page.on('console', (message) => {
    const { url: about } = message.location()
    const isRefusal = message.text().startsWith('Failed to load resource') && pages.has(about)
    if (message.type() === 'error' && !isRefusal) complaints.push(`console: ${message.text()} ${about}`)
  })
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`))
  page.on('request', (request) => {
    const asked = new URL(request.url())
    if (asked.protocol.startsWith('http') && asked.host !== host && !request.isNavigationRequest()) {
      complaints.push(`asks ${asked.host} for ${asked.pathname}`)
    }
  })
  return { context, page, url, complaints }
}

/**
 * Confirms the sheet. Where the payment is at a provider, the browser is at its cashier then.
 * @returns the order number
 */
export async function confirmRedemption(page: Page, method?: string): Promise<string> {
  if (method) await page.check(`form.redeem input[value="${method}"]`)
  const origin = new URL(page.url()).origin
  const placed = page.waitForRequest((request) => /\/points-mall\/orders\/PM/.test(request.url()), {
    timeout: PATIENCE_MS,
  })
  await page.click('form.redeem button.wide')
  // The same product within minutes is asked about.
  const asked = page
    .locator('form.redeem input[name="again"]')
    .waitFor({ state: 'attached', timeout: PATIENCE_MS })
    .then(() => undefined)
  asked.catch(() => {})
  if (!(await Promise.race([placed, asked]))) await page.click('form.redeem button.wide')
  const orderNo = new URL((await placed).url()).pathname.split('/').at(-1) ?? ''
  const isAway = method !== undefined && method !== 'wallet'
  await page.waitForURL(
    (url) => (isAway ? url.origin !== origin : url.pathname.endsWith(`/orders/${orderNo}`)),
    {
      timeout: PATIENCE_MS,
    },
  )
  return orderNo
}
