import { createServer, type Server } from 'node:http'
import { networkInterfaces } from 'node:os'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { hiddenEndpoint } from '../../cli/embedded/ports.ts'
import { createUiProxy } from '../../cli/embedded/ui-proxy.ts'
import { readConfig } from '../../config/index.ts'
import { openHttpSession } from '../support/http-session.ts'
import { statusFor } from '../support/status-for.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** By which names and addresses the mall is reached, and from whose pages a form may come. */

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp({ worker: false })
})
afterAll(() => mall.close())

const configOf = (given: Record<string, string>) => readConfig({ DATA_DIR: mall.dataDir, ...given })
const addresses = () => Object.values(networkInterfaces()).flatMap((found = []) => found)

describe('a request for another host', () => {
  test('is refused by the pages, the API and the codec; a probe is answered', async () => {
    const app = createApp(mall.deps)
    const at = (host: string, path: string, method = 'GET') =>
      app.request(`http://${host}${path}`, { method })
    for (const path of ['/points-mall/products', '/api/points-mall/products', '/docs', '/openapi.json']) {
      expect((await at('evil.example', path)).status, path).toBe(421)
      expect((await at('127.0.0.1:3000', path)).status, path).toBe(200)
    }
    const decode = await at('evil.example:3000', '/codec/decode', 'POST')
    expect([decode.status, ((await decode.json()) as { code: string }).code]).toEqual([
      421,
      'MISDIRECTED_REQUEST',
    ])
    expect((await at('localhost', '/codec/decode', 'POST')).status).toBe(400)
    expect((await at('10.0.0.7:3000', '/health/live')).status).toBe(200)
  })

  test('is known by its Host header', async () => {
    expect(await statusFor(`${mall.url}/openapi.json`, 'evil.example')).toBe(421)
    expect(await statusFor(`${mall.url}/openapi.json`, 'localhost:1')).toBe(200)
  })
})

describe('the Temporal Web UI', () => {
  const opened: Server[] = []
  afterEach(async () => {
    for (const server of opened.splice(0)) {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    }
  })
  const listening = async (server: Server) => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    opened.push(server)
    const { port } = server.address() as { port: number }
    return new URL(`http://127.0.0.1:${port}`)
  }

  test('is passed on to the hosts of the mall, and to no other', async () => {
    const asked: string[] = []
    const web = createServer((request, answer) => {
      asked.push(`${request.method} ${request.url}`)
      answer.setHeader('set-cookie', ['a=1', 'b=2'])
      answer.writeHead(request.url === '/gone' ? 404 : 200, { 'content-type': 'text/x-told' })
      request.pipe(answer)
    })
    const target = await listening(web)
    const proxy = await listening(
      createUiProxy(target, configOf({ ALLOWED_HOSTS: 'ui.example' }).http.isKnownHost),
    )
    for (const host of ['evil.example', `evil.example:${proxy.port}`, '127.0.0.1.evil.example', 'a b']) {
      expect(await statusFor(proxy.href, host), host).toBe(421)
    }
    expect(asked).toEqual([])
    for (const host of [proxy.host, 'localhost:9', '[::1]', 'ui.example']) {
      expect(await statusFor(proxy.href, host), host).toBe(200)
    }
    const body = 'x'.repeat(100_000)
    const answer = await fetch(new URL('/api/v1/a?b=%2F', proxy), { method: 'POST', body })
    expect([answer.status, await answer.text()]).toEqual([200, body])
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(answer.headers.get('content-type')).toBe('text/x-told')
    expect((await fetch(new URL('/gone', proxy))).status).toBe(404)
    expect(asked.slice(-2)).toEqual(['POST /api/v1/a?b=%2F', 'GET /gone'])
    web.closeAllConnections()
    await new Promise((done) => web.close(done))
    expect((await fetch(proxy)).status).toBe(502)
  })

  test('itself listens where nobody can guess, on this machine only', async () => {
    const places = await Promise.all(Array.from({ length: 20 }, hiddenEndpoint))
    for (const { host } of places) expect(host).toMatch(/^127\./)
    expect(new Set(places.map(({ host, port }) => `${host}:${port}`)).size).toBe(places.length)
    if (process.platform === 'linux') expect(places.map(({ host }) => host)).not.toContain('127.0.0.1')
  })
})

describe('the hosts of an installation', () => {
  test('are this machine, HOST, that of PUBLIC_URL, and those that are named', () => {
    const { isKnownHost } = configOf({
      HOST: '192.0.2.7',
      DEMO: '1',
      PUBLIC_URL: 'https://shop.example/mall',
      ALLOWED_HOSTS: 'api, Inner.Example',
    }).http
    for (const name of [
      'localhost',
      '127.0.0.1',
      '[::1]',
      '192.0.2.7',
      'shop.example',
      'api',
      'inner.example',
    ]) {
      expect(isKnownHost(name), name).toBe(true)
    }
    for (const name of ['evil.example', 'shop.example.evil.example', '192.0.2.8', '']) {
      expect(isKnownHost(name), name).toBe(false)
    }
    expect(() => configOf({ ALLOWED_HOSTS: 'api:3000' })).toThrow('ALLOWED_HOSTS')
  })

  test('are every address of the machine when it listens at all of them, and only then', () => {
    const all = configOf({ HOST: '0.0.0.0', DEMO: '1' }).http
    const one = configOf({ HOST: '127.0.0.1' }).http
    for (const { address, family, internal } of addresses()) {
      const name = family === 'IPv6' ? `[${address}]` : address
      expect(all.isKnownHost(name), name).toBe(true)
      if (!internal) expect(one.isKnownHost(name), name).toBe(false)
    }
    expect(all.isKnownHost('203.0.113.9')).toBe(false)
  })

  test('have an address in the local network, for pages, notifications and the sandbox alike', () => {
    const outer = addresses().filter(({ internal, family }) => !internal && family === 'IPv4')
    const { http, sandbox, payments } = configOf({ HOST: '0.0.0.0', DEMO: '1', SANDBOX_PORT: '3400' })
    const host = new URL(http.publicUrl).hostname
    expect(outer.length === 0 ? ['127.0.0.1'] : outer.map(({ address }) => address)).toContain(host)
    expect(sandbox.url).toBe(`http://${host}:3400`)
    expect(payments.alipay?.gatewayUrl).toMatch(`http://${host}:3400/`)
    expect(http.localUrl).toBe('http://127.0.0.1:3000')
  })

  test('are written in brackets where they have colons', () => {
    const { http, sandbox, payments } = configOf({ HOST: '::1', SANDBOX_PORT: '3400' })
    expect([http.publicUrl, http.localUrl]).toEqual(['http://[::1]:3000', 'http://[::1]:3000'])
    expect(sandbox.url).toBe('http://[::1]:3400')
    expect(payments.stripe?.baseUrl).toMatch('http://[::1]:3400')
  })
})

describe('a form', () => {
  const signIn = (publicUrl: string, at: string, headers: Record<string, string>) => {
    const isKnownHost = (name: string) => ['192.0.2.2', '127.0.0.1', 'shop.example'].includes(name)
    return createApp({ ...mall.deps, publicUrl, isKnownHost }).request(`${at}/points-mall/sign-in`, {
      method: 'POST',
      body: new URLSearchParams({ user: 'alice' }),
      headers: { 'accept-language': 'en', ...headers },
    })
  }

  test('is accepted at every address of the mall without TLS, as a phone sends it', async () => {
    const phone = 'http://192.0.2.2:3110'
    for (const publicUrl of ['http://192.0.2.2:3110', 'http://127.0.0.1:3110']) {
      const answer = await signIn(publicUrl, phone, { origin: phone })
      expect([answer.status, answer.headers.getSetCookie().length]).toEqual([303, 1])
    }
  })

  test.each([
    ['another port', 'http://192.0.2.2:3111'],
    ['another scheme', 'https://192.0.2.2:3110'],
    ['another host', 'http://192.0.2.2.evil.example:3110'],
    ['no page', 'null'],
  ])('from %s is refused', async (_what, origin) => {
    const answer = await signIn('http://127.0.0.1:3110', 'http://192.0.2.2:3110', { origin })
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []])
  })

  test('by plain HTTP is refused where the mall has TLS, and the page says what to set', async () => {
    const phone = 'http://192.0.2.2:3110'
    const answer = await signIn('https://shop.example', phone, { origin: phone })
    expect(answer.status).toBe(403)
    const page = await answer.text()
    expect(page).toContain('https://shop.example')
    expect(page).toContain('PUBLIC_URL')
    expect((await signIn('https://shop.example', phone, { origin: 'https://shop.example' })).status).toBe(303)
  })

  test('of another site is refused whatever its content type says', async () => {
    const admin = await openHttpSession(mall, 'root', 'en', 'admin')
    const id = await mall.product()
    for (const type of ['application/json', 'text/plain', 'application/octet-stream']) {
      const foreign = { origin: 'https://evil.example', 'content-type': type }
      expect((await admin.post(`/admin/products/${id}/unpublish`, {}, foreign)).status, type).toBe(403)
    }
    expect((await mall.call('GET', `/api/points-mall/products/${id}`)).status).toBe(200)
  })

  test.each([
    ['no boundary', 'multipart/form-data', 'a=b'],
    ['another boundary', 'multipart/form-data; boundary=x', '--y\r\n\r\nb\r\n--y--'],
    ['no end', 'multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb'],
  ])('whose multipart body has %s is malformed, and changes nothing', async (_what, type, body) => {
    const operator = await openHttpSession(mall, 'op', 'en', 'operator')
    const id = await mall.product()
    for (const path of [`/admin/products/${id}`, `/admin/products/${id}/picture`]) {
      const headers = { cookie: operator.cookie, origin: mall.url, 'content-type': type }
      const answer = await fetch(`${mall.url}${path}`, { method: 'POST', headers, body, redirect: 'manual' })
      expect([path, answer.status]).toEqual([path, 400])
    }
  })
})

describe('metrics', () => {
  const ask = async (more: object, authorization?: string) => {
    const headers = authorization === undefined ? {} : { authorization }
    return (await createApp({ ...mall.deps, ...more }).request('/metrics', { headers })).status
  }

  test('need their token wherever one is set', async () => {
    const metricsToken = 'a-token-of-the-monitoring'
    for (const demo of [true, false]) {
      expect(await ask({ demo, metricsToken }, `Bearer ${metricsToken}`)).toBe(200)
      expect(await ask({ demo, metricsToken })).toBe(401)
      expect(await ask({ demo, metricsToken }, 'Bearer another-token-of-somebody')).toBe(401)
    }
  })

  test('are there without a token in a demo only', async () => {
    expect(await ask({ demo: true })).toBe(200)
    expect(await ask({ demo: false })).toBe(404)
    expect(await ask({ demo: false }, 'Bearer ')).toBe(404)
  })
})
