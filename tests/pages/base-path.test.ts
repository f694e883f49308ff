import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { readConfig } from '../../config/index.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** A mall under a path, behind a proxy that takes the path away. */

const BASE = '/mall'
let mall: TestApp
let inner: ReturnType<typeof serve>
let proxy: Server
let origin = ''

beforeAll(async () => {
  mall = await openTestApp()
  proxy = createServer((request, response) => {
    const { url = '', method, headers } = request
    // Beside the mall is nothing.
    if (!url.startsWith(`${BASE}/`)) return response.writeHead(404).end('not of the mall')
    const { port } = inner.address() as AddressInfo
    const path = url.slice(BASE.length)
    const forwarded = httpRequest({ port, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    response.on('close', () => forwarded.destroy())
    forwarded.on('error', () => response.destroy())
    return request.pipe(forwarded)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => proxy.once('listening', resolve))
  origin = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const app = createApp({ ...mall.deps, publicUrl: origin + BASE })
  inner = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
})
afterAll(async () => {
  for (const server of [proxy, inner as Server]) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  await mall.close()
})

/** A browser: it sends a cookie only where its path says, and resolves every address as a browser does. */
function openBrowser() {
  const cookies = new Map<string, { readonly value: string; readonly path: string }>()
  async function ask(address: string, form?: Record<string, string>, headers: Record<string, string> = {}) {
    const url = new URL(address, origin)
    const sent = [...cookies]
      .filter(([, { path }]) => path === '/' || url.pathname === path || url.pathname.startsWith(`${path}/`))
      .map(([name, { value }]) => `${name}=${value}`)
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: sent.join('; '), 'accept-language': 'en', origin, ...headers },
      ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, { value, path: /Path=([^;]*)/i.exec(line)?.[1] ?? '' })
    }
    return {
      status: response.status,
      location: response.headers.get('location') ?? '',
      type: response.headers.get('content-type') ?? '',
      html: await response.text(),
    }
  }
  return { ask, cookies }
}

async function signedIn(user: string) {
  const browser = openBrowser()
  const page = await browser.ask(`${BASE}/points-mall/sign-in`)
  const next = /name="next" value="([^"]*)"/.exec(page.html)?.[1] ?? ''
  const answer = await browser.ask(`${BASE}/points-mall/sign-in`, { user, next })
  return { browser, home: answer.location }
}

/** Every address in a page, by what a browser does with it. */
const addressesIn = (html: string) =>
  [...html.matchAll(/ (href|src|action|hx-sse:connect)="([^"#]+)/g)].map(
    ([, kind = '', address = '']) => [kind, address.replaceAll('&amp;', '&')] as const,
  )

test('every link, form, redirect and file of the pages has the path', async () => {
  const id = await mall.product({ payment_mode: 'money_only', fen: 100, shipping_type: 'none' })
  const { browser: customer, home } = await signedIn('alice')
  expect(home).toBe(`${BASE}/points-mall`)
  const { browser: staff, home: desk } = await signedIn('admin')
  expect(desk).toBe(`${BASE}/admin`)
  const orderNo = (await mall.exchange('alice', { product_id: id, payment_method: 'bank_card' })).body.data
    .order_no
  const pages = [
    ...['products', `products/${id}`, `products/${id}/redeem`, 'orders', `orders/${orderNo}`, 'wallet'].map(
      (path) => [customer, `/points-mall/${path}`] as const,
    ),
    ...['addresses', 'addresses/new', 'nothing'].map((path) => [customer, `/points-mall/${path}`] as const),
    ...['', '/orders', `/orders/${orderNo}`, '/products', `/products/${id}`, '/users/alice', '/nothing'].map(
      (path) => [staff, `/admin${path}`] as const,
    ),
  ]
  const checked = new Set<string>()
  for (const [browser, path] of pages) {
    const page = await browser.ask(BASE + path)
    expect([path, page.status]).toEqual([path, path.endsWith('nothing') ? 404 : 200])
    const found = addressesIn(page.html)
    expect(found.length, path).toBeGreaterThan(8)
    for (const [kind, address] of found) {
      const url = new URL(address, `${origin}${BASE}${path}`)
      if (url.origin !== origin) continue
      expect(url.pathname, `${path}: ${kind} ${address}`).toMatch(/^\/mall\//)
      if (!['href', 'src'].includes(kind) || checked.has(url.pathname) || path.endsWith('/nothing')) continue
      checked.add(url.pathname)
      const answer = await browser.ask(url.href)
      expect([address, answer.status]).toEqual([address, answer.status === 303 ? 303 : 200])
      if (answer.status === 303) expect(answer.location).toMatch(/^\/mall\//)
    }
  }
  expect(checked.size).toBeGreaterThan(25)
  for (const browser of [customer, staff]) {
    for (const [name, { path }] of browser.cookies) expect([name, path]).toEqual([name, BASE])
  }
})

test('who is not signed in comes back to the page, also from a form by its Referer', async () => {
  const browser = openBrowser()
  const wanted = await browser.ask(`${BASE}/points-mall/orders?tab=to_pay`)
  expect(wanted.location).toBe(
    `${BASE}/points-mall/sign-in?next=${encodeURIComponent('/points-mall/orders?tab=to_pay')}`,
  )
  const referer = `${origin}${BASE}/points-mall/orders/1`
  const sent = await browser.ask(`${BASE}/points-mall/orders/1/confirm`, {}, { referer })
  expect(sent.location).toContain(`next=${encodeURIComponent('/points-mall/orders/1')}`)
  // A path of the same letters is another one.
  const other = await browser.ask(
    `${BASE}/points-mall/orders/1/confirm`,
    {},
    { referer: `${origin}/malls/admin` },
  )
  expect(other.location).toContain(`next=${encodeURIComponent('/points-mall')}`)
})

test('a form that came too late is kept and shown under the path', async () => {
  const browser = openBrowser()
  const referer = `${origin}${BASE}/points-mall/addresses/new`
  const address = { name: 'Wang Fang', phone: '13800138000', detail: 'Caoxi Road 1' }
  const sent = await browser.ask(`${BASE}/points-mall/addresses/new`, address, { referer })
  expect(sent.location).toBe(`${BASE}/points-mall/sign-in?why=ended`)
  const answer = await browser.ask(`${BASE}/points-mall/sign-in`, { user: 'bob', next: '/points-mall' })
  expect(answer.location).toBe(`${BASE}/points-mall/continue`)
  const page = await browser.ask(answer.location)
  expect(page.html).toContain(`action="${BASE}/points-mall/addresses/new"`)
})

test('what an order sends as it changes has the path', async () => {
  const id = await mall.product({ point: 5 })
  await mall.points('alice', 5)
  const orderNo = (await mall.exchange('alice', { product_id: id })).body.data.order_no
  const { browser } = await signedIn('alice')
  const cookie = [...browser.cookies].map(([name, { value }]) => `${name}=${value}`).join('; ')
  const gone = new AbortController()
  const live = await fetch(`${origin}${BASE}/points-mall/orders/${orderNo}/live`, {
    headers: { cookie },
    signal: gone.signal,
  })
  let seen = ''
  const decoder = new TextDecoder()
  for await (const chunk of live.body ?? []) {
    seen += decoder.decode(chunk as Uint8Array, { stream: true })
    if (seen.includes('</div>\n\n') || seen.includes(`/points-mall/products/${id}`)) break
  }
  gone.abort()
  expect(seen).toContain(`href="${BASE}/points-mall/products/${id}"`)
})

test('the API document, its page, notifications and return addresses have the path', async () => {
  const { ask } = openBrowser()
  const page = await ask(`${BASE}/docs`)
  for (const [, address] of addressesIn(page.html)) {
    if (address.startsWith('data:')) continue
    expect((await ask(new URL(address, `${origin}${BASE}/docs`).href)).status, address).toBe(200)
  }
  const start = await ask(`${BASE}/docs/start.js`)
  const document = /url: '([^']+)'/.exec(start.html)?.[1] ?? ''
  const { servers } = JSON.parse((await ask(new URL(document, `${origin}${BASE}/docs`).href)).html)
  expect(servers).toEqual([{ url: origin + BASE }])
  const config = readConfig({
    DATA_DIR: mall.dataDir,
    PUBLIC_URL: 'https://shop.example/mall/',
    SANDBOX_PORT: '3400',
  })
  expect(config.http.publicUrl).toBe('https://shop.example/mall')
  expect(config.payments.wechat?.notifyUrl).toBe('https://shop.example/mall/api/webhooks/payments/wechat')
})

test('cookies of a mall with TLS have the path, and a prefix that allows it', async () => {
  const app = createApp({ ...mall.deps, publicUrl: 'https://127.0.0.1/mall' })
  const request = {
    method: 'POST',
    body: new URLSearchParams({ name: 'Wang Fang' }),
    headers: { origin: 'https://127.0.0.1', referer: 'https://127.0.0.1/mall/points-mall/addresses/new' },
  }
  const env = { incoming: { socket: { remoteAddress: '127.0.0.1' } } }
  const answer = await app.request('http://127.0.0.1/points-mall/addresses/new', request, env)
  expect([answer.status, answer.headers.get('location')]).toEqual([
    303,
    '/mall/points-mall/sign-in?why=ended',
  ])
  const [kept] = answer.headers.getSetCookie()
  expect(kept).toMatch(/^__Secure-points_mall_kept=.+Path=\/mall; .*Secure/)
})
