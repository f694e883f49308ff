import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

/** A real browser for the tests of the pages: Debian's Chromium, or what else is installed. */

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Undefined where there is none: then the tests that need it are skipped. */
export const BROWSER = PLACES.find((place) => existsSync(place))

export const REMEDY = 'Chromium is missing: apt-get update && apt-get install -y chromium fonts-noto-cjk'

export function openBrowser(): Promise<Browser> {
  if (BROWSER === undefined) throw new Error(REMEDY)
  return chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

export interface Look {
  readonly width?: number
  readonly dark?: boolean
  readonly javaScript?: boolean
  readonly lang?: 'zh' | 'en'
}

/** A person at a browser of his own. */
export interface Person {
  readonly context: BrowserContext
  readonly page: Page
  /** What no page may do: messages of errors, and requests to other hosts. */
  readonly complaints: string[]
}

/** @param url the mall's address; no page may ask any other host for anything but the cashier */
export async function openPerson(browser: Browser, url: string, look: Look = {}): Promise<Person> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: look.width ?? 375, height: 812 },
    colorScheme: look.dark ? 'dark' : 'light',
    javaScriptEnabled: look.javaScript ?? true,
    locale: look.lang === 'en' ? 'en-GB' : 'zh-CN',
  })
  const page = await context.newPage()
  const complaints: string[] = []
  const { host } = new URL(url)
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`))
  page.on('request', (request) => {
    const asked = new URL(request.url())
    if (asked.protocol.startsWith('http') && asked.host !== host && !request.isNavigationRequest()) {
      complaints.push(`asks ${asked.host} for ${asked.pathname}`)
    }
  })
  return { context, page, complaints }
}
