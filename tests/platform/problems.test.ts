import { Hono } from 'hono'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import type { ApiEnv } from '../../api/deps.ts'
import { ApiError, answerError } from '../../api/errors.ts'
import { language } from '../../api/middleware/observe.ts'
import { connectTemporal } from '../../application/temporal/client.ts'
import { connectDatabase } from '../../db/client.ts'
import { type ErrorCode, errorText, fieldText } from '../../i18n/error-texts.ts'
import { connectPatiently } from '../support/database.ts'
import { freePort } from '../support/ports.ts'
import { openTestApp, type TestApp, token, until } from '../support/test-app.ts'

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp({ worker: false })
})
afterAll(() => mall.close())

/** The published error codes and their statuses. */
const CONTRACT: Record<ErrorCode, number> = {
  VALIDATION_FAILED: 422,
  MALFORMED_JSON: 400,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  METHOD_NOT_ALLOWED: 405,
  MISDIRECTED_REQUEST: 421,
  UNAUTHENTICATED: 401,
  WEBHOOK_SIGNATURE_INVALID: 401,
  FORBIDDEN: 403,
  RISK_REJECTED: 403,
  NOT_FOUND: 404,
  PRODUCT_NOT_ON_SALE: 409,
  OUT_OF_STOCK: 409,
  INSUFFICIENT_POINTS: 409,
  INSUFFICIENT_BALANCE: 409,
  EXCHANGE_LIMIT_EXCEEDED: 409,
  ENDPOINT_DISABLED: 409,
  TOO_MANY_ENDPOINTS: 409,
  TOO_MANY_UNPAID_ORDERS: 409,
  POINTS_PER_ORDER_EXCEEDED: 409,
  BELOW_MIN_POINTS: 409,
  USER_LEVEL_TOO_LOW: 409,
  PRICE_CHANGED: 409,
  ORDER_NOT_CANCELABLE: 409,
  ORDER_STATE_CONFLICT: 409,
  DELIVERY_MISMATCH: 409,
  ORDER_SERVICE_REFUSED: 409,
  SHIPMENT_EXCEEDS_REST: 409,
  CARRIER_MISMATCH: 409,
  ALREADY_EXTENDED: 409,
  CHARGE_UNAVAILABLE: 409,
  CHARGE_UNDECIDED: 409,
  VOUCHER_USED: 409,
  VOUCHER_EXPIRED: 409,
  VOUCHER_VOID: 409,
  UNDO_TOO_LATE: 409,
  REFUND_EXCEEDS_REST: 409,
  REFUND_IS_WHOLE: 409,
  NOT_RETURNABLE: 409,
  RETURN_PERIOD_OVER: 409,
  NOTHING_TO_RETURN: 409,
  AFTER_SALE_QUANTITY_EXCEEDED: 409,
  AFTER_SALE_WHOLE_ONLY: 409,
  AFTER_SALE_STATE_CONFLICT: 409,
  STALE: 412,
  SKU_REQUIRED: 422,
  ADDRESS_REQUIRED: 422,
  ACCOUNT_REQUIRED: 422,
  PAYMENT_METHOD_UNSUPPORTED: 422,
  IDEMPOTENCY_KEY_REUSED: 422,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  INTERNAL: 500,
}

/** An app with only the error handler, and what it logs. */
function bare() {
  const lines: string[] = []
  const logger = pino({}, { write: (line: string) => lines.push(line) })
  const app = new Hono<ApiEnv>()
  app.onError(answerError(logger))
  app.use(language)
  return { app, lines }
}

describe('an error response', () => {
  test.each(Object.entries(CONTRACT))(
    '%s has status %i, and a text in Chinese and in English',
    async (code, status) => {
      const { app } = bare()
      app.get('/', () => {
        throw new ApiError(code as ErrorCode, { required: '3', available: '2' })
      })
      const bodies = await Promise.all(
        ['zh-CN', 'en-GB'].map(async (lang) => {
          const response = await app.request('/', { headers: { 'accept-language': lang } })
          expect(response.status).toBe(status)
          expect(response.headers.get('content-type')).toContain('application/problem+json')
          expect(response.headers.has('retry-after')).toBe(status === 429 || status === 503)
          return (await response.json()) as Record<string, unknown>
        }),
      )
      const [zh, en] = bodies
      expect(zh).toMatchObject({ success: false, code, status, errors: [] })
      expect(Object.keys(zh ?? {}).sort()).toEqual(
        ['success', 'type', 'title', 'status', 'detail', 'code', 'request_id', 'errors'].sort(),
      )
      expect(zh?.detail).toMatch(/[一-鿿]/)
      expect(en?.detail).toMatch(/^[ -~¥]+$/)
      expect(en?.detail).not.toBe(zh?.detail)
    },
  )

  test('states the gap if it is known completely, else not at all', () => {
    expect(errorText('INSUFFICIENT_POINTS', 'zh').detail).toBe('积分余额不足')
    expect(errorText('INSUFFICIENT_POINTS', 'zh', { required: '9', available: '4' }).detail).toBe(
      '积分余额不足：需要 9 积分，可用 4 积分',
    )
    expect(errorText('OUT_OF_STOCK', 'en', { required: '9' }).detail).not.toContain('undefined')
  })

  test('has a text for each field and rule', () => {
    const text = (field: string, rule: 'required' | 'min' | 'in') =>
      fieldText({ field, rule, bound: '1' }, 'zh')
    expect(text('product_id', 'required')).toBe('商品ID不能为空')
    expect(text('quantity', 'required')).toBe('数量不能为空')
    expect(text('quantity', 'min')).toBe('数量必须大于0')
    expect(text('cash_amount', 'min')).toBe('现金金额不能为负数')
    expect(text('payment_method', 'in')).toBe('不支持的支付方式')
  })

  test('reveals nothing of an unexpected error, and logs it once with its cause', async () => {
    const { app, lines } = bare()
    app.get('/', () => {
      throw new Error('select password from users', { cause: new Error('the cause') })
    })
    const response = await app.request('/')
    const body = await response.text()
    expect(response.status).toBe(500)
    expect(body).toContain('"INTERNAL"')
    expect(body).not.toMatch(/password|select|cause|\.ts/)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/select password from users.*the cause/)
  })

  test('is 503 when the database is unavailable', async () => {
    const db = connectDatabase(`postgres://nobody@127.0.0.1:${await freePort()}/none`, 1)
    const app = createApp({ ...mall.deps, db, replica: db, publicDb: db })
    const response = await app.request('/api/points-mall/products')
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    expect(await response.text()).not.toMatch(/ECONNREFUSED|127\.0\.0\.1/)
    for (const path of ['/points-mall/products', '/points-mall/wallet', '/admin']) {
      const headers = { cookie: 'points_mall_session=of-somebody', 'accept-language': 'en' }
      const page = await app.request(path, { headers })
      expect([path, page.status]).toEqual([path, 503])
      expect(page.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
      expect(await page.text()).toContain('temporarily unavailable')
    }
    await db.destroy()
  })
})

describe('the language', () => {
  test.each([
    [undefined, 'zh'],
    ['en', 'en'],
    ['en-US,en;q=0.9', 'en'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    ['zh;q=0.3, en;q=0.7', 'en'],
    ['fr, de;q=0.5', 'zh'],
    ['en;q=0', 'zh'],
    [';;;q=,en;q=x', 'zh'],
  ])('for %s is %s', async (header, lang) => {
    const { status, body } = await mall.call('GET', '/nothing-here', {
      headers: header === undefined ? {} : { 'accept-language': header },
    })
    expect(status).toBe(404)
    expect(body.detail).toBe(errorText('NOT_FOUND', lang as 'zh' | 'en').detail)
  })
})

describe("the API's edge", () => {
  const admin = { as: 'root', role: 'admin' } as const
  const GRANT = '/api/admin/points-mall/wallets/edge/grant'
  const good = { points: 5, reason: 'edge' }
  const untouched = async () => {
    const { body } = await mall.call('GET', '/api/admin/points-mall/wallets/edge', admin)
    expect(body.data.available).toBe(0)
  }

  test.each([
    ['GET', '/api/points-mall/nope'],
    ['GET', '/api/points-mall/products/'],
    ['GET', '/api/points-mall/products/abc'],
    ['GET', '/api/points-mall/products/0'],
    ['GET', '/api/points-mall/products/-1'],
    ['GET', '/api/points-mall/products/1.5'],
    ['GET', '/api/points-mall/products/9999999999999999999999'],
    ['GET', '/api/points-mall/products/%00'],
    ['GET', '/api/points-mall/products/%E0%A4%A'],
    ['GET', '/api/points-mall/products/category/999999'],
    ['POST', '/api/admin/points-mall/products/1/destroy'],
    ['GET', '/%2e%2e/%2e%2e/etc/passwd'],
  ])('answers %s %s with a 404 problem', async (method, path) => {
    const { status, body } = await mall.call(method, path)
    expect([status, body.code]).toEqual([404, 'NOT_FOUND'])
  })

  test('checks the method of a path before the token', async () => {
    const answer = await mall.call('DELETE', '/api/points-mall/exchange')
    expect([answer.status, answer.body.code]).toEqual([405, 'METHOD_NOT_ALLOWED'])
    expect(answer.headers.get('allow')).toBe('POST')
    const product = await mall.call('PUT', '/api/admin/points-mall/products/1')
    expect(product.headers.get('allow')?.split(', ').sort()).toEqual(['DELETE', 'GET', 'HEAD', 'PATCH'])
  })

  test.each([
    ['malformed', '{"points":', 'application/json', 400, 'MALFORMED_JSON'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'application/json', 400, 'MALFORMED_JSON'],
    ['a form', 'points=5', 'application/x-www-form-urlencoded', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['text', JSON.stringify(good), 'text/plain', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'too large',
      JSON.stringify({ ...good, pad: 'x'.repeat(65_536) }),
      'application/json',
      413,
      'PAYLOAD_TOO_LARGE',
    ],
    ['a list', '[]', 'application/json', 422, 'VALIDATION_FAILED'],
    ['null', 'null', 'application/json', 422, 'VALIDATION_FAILED'],
    ['nothing', '', 'application/json', 422, 'VALIDATION_FAILED'],
    ['too deep', `${'['.repeat(30_000)}${']'.repeat(30_000)}`, 'application/json', 422, 'VALIDATION_FAILED'],
    ['a NUL', JSON.stringify({ ...good, reason: 'a\0b' }), 'application/json', 422, 'VALIDATION_FAILED'],
    ['a NUL in a name', JSON.stringify({ ...good, 'a\0': 1 }), 'application/json', 422, 'VALIDATION_FAILED'],
    ['half a pair', '{"points":5,"reason":"\\ud800"}', 'application/json', 422, 'VALIDATION_FAILED'],
    [
      'a number as text',
      JSON.stringify({ ...good, points: '5' }),
      'application/json',
      422,
      'VALIDATION_FAILED',
    ],
    ['a fraction', JSON.stringify({ ...good, points: 1.5 }), 'application/json', 422, 'VALIDATION_FAILED'],
    ['1e308', '{"points":1e308,"reason":"r"}', 'application/json', 422, 'VALIDATION_FAILED'],
    ['1e400', '{"points":1e400,"reason":"r"}', 'application/json', 422, 'VALIDATION_FAILED'],
    [
      'too many',
      JSON.stringify({ ...good, points: 1_000_000_001 }),
      'application/json',
      422,
      'VALIDATION_FAILED',
    ],
  ])('refuses a body that is %s', async (_what, body, type, status, code) => {
    const response = await fetch(`${mall.url}${GRANT}`, {
      method: 'POST',
      headers: { 'content-type': type, authorization: `Bearer ${await adminToken()}` },
      body,
    })
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code])
    await untouched()
  })

  test('refuses a body that grows too large without a declared length', async () => {
    const chunk = new TextEncoder().encode(' '.repeat(8192))
    let sent = 0
    const body = new ReadableStream({
      pull(controller) {
        sent += 1
        if (sent > 10) controller.close()
        else controller.enqueue(chunk)
      },
    })
    const response = await fetch(`${mall.url}${GRANT}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await adminToken()}` },
      body,
      duplex: 'half',
    })
    expect(response.status).toBe(413)
  })

  test('names every wrong field, in the requested language', async () => {
    const body = { points: 0, reason: '', expires_at: 'tomorrow' }
    const zh = await mall.call('POST', GRANT, { ...admin, body })
    expect(zh.body.errors).toEqual([
      { field: 'points', code: 'min', message: 'points 不能小于 1' },
      { field: 'reason', code: 'required', message: 'reason 不能为空' },
      { field: 'expires_at', code: 'format', message: 'expires_at 格式不正确' },
    ])
    const en = await mall.call('POST', GRANT, { ...admin, body, headers: { 'accept-language': 'en' } })
    expect(en.body.errors[0].message).toBe('points must be at least 1')
  })

  test('refuses NUL in a query', async () => {
    const { status, body } = await mall.call('GET', '/api/points-mall/products/search?keyword=a%00b')
    expect([status, body.errors[0]?.field]).toEqual([422, 'keyword'])
  })

  test('keeps a valid request id and replaces any other', async () => {
    const ask = (id: string) => mall.call('GET', '/health/live', { headers: { 'x-request-id': id } })
    expect((await ask('abc-123')).headers.get('x-request-id')).toBe('abc-123')
    for (const bad of ['a b', '<script>', 'x'.repeat(65)]) {
      expect((await ask(bad)).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  const adminToken = () => token('root', 'admin', 1)
})

describe('the access log', () => {
  test('has a line per request, without body, token and query', async () => {
    const lines: string[] = []
    const logger = pino({}, { write: (line: string) => lines.push(line) })
    const app = createApp({ ...mall.deps, logger })
    const bearer = await token('root', 'admin', 1)
    const response = await app.request('/api/admin/points-mall/wallets/logged/grant?note=private-query', {
      method: 'POST',
      headers: {
        authorization: `Bearer ${bearer}`,
        'content-type': 'application/json',
        'x-request-id': 'r1',
      },
      body: JSON.stringify({ points: 1, reason: 'private-reason' }),
    })
    expect(response.status).toBe(200)
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      request_id: 'r1',
      method: 'POST',
      path: '/api/admin/points-mall/wallets/logged/grant',
      status: 200,
      sub: 'root',
    })
    expect(lines[0]).not.toMatch(/private|eyJ/)
  })

  test('shortens a long path, in linear time', async () => {
    const lines: string[] = []
    const logger = pino({}, { write: (line: string) => lines.push(line) })
    const app = createApp({ ...mall.deps, logger })
    const start = performance.now()
    // With quadratic time this takes a minute.
    await app.request(`/points-mall${'/'.repeat(200_000)}x/`)
    expect(performance.now() - start).toBeLessThan(20_000)
    expect(JSON.parse(lines[0] ?? '').path).toBe(`/points-mall${'/'.repeat(244)}`)
  })
})

describe('readiness', () => {
  test('names the worker while none runs, and is 200 once one does', async () => {
    const before = await mall.call('GET', '/health/ready', { headers: { 'accept-language': 'en' } })
    expect([before.status, before.body.code]).toEqual([503, 'UNAVAILABLE'])
    expect(before.body.detail).toBe('Not there: worker')
    await mall.startWorker()
    await until(
      () => mall.call('GET', '/health/ready'),
      ({ status }) => status === 200,
      'the worker is seen',
    )
    await mall.stopWorker()
  })

  test('names the database and Temporal while they are unavailable; the process stays alive', async () => {
    const db = connectDatabase(`postgres://nobody@127.0.0.1:${await freePort()}/none`, 1)
    const temporal = connectTemporal(
      { address: `127.0.0.1:${await freePort()}` },
      'default',
      mall.deps.sealer,
    )
    const app = createApp({ ...mall.deps, db, replica: db, publicDb: db, temporal })
    const ready = await app.request('/health/ready', { headers: { 'accept-language': 'en' } })
    expect(ready.status).toBe(503)
    expect(((await ready.json()) as { detail: string }).detail).toBe('Not there: database, temporal, worker')
    expect((await app.request('/health/live')).status).toBe(200)
    const page = await app.request('/points-mall/products')
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '1'])
    await temporal.client.connection.close()
    await db.destroy()
  })
})

describe('a full disk of the database', () => {
  test('is 503 with Retry-After for what writes, and leaves reading alone', async () => {
    const owner = connectPatiently(mall.databaseUrl, 1, 'owner')
    const path = '/api/admin/points-mall/wallets/full-disk/grant'
    const headers = { authorization: `Bearer ${await token('root', 'admin', 1)}` }
    const grant = () => mall.call('POST', path, { headers, body: { points: 5, reason: 'r' } })
    try {
      // What PostgreSQL says where a table cannot grow.
      await sql`create function disk_full() returns trigger language plpgsql as $$
        begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`.execute(
        owner,
      )
      await sql`create trigger disk_full before insert on wallet_entries for each row execute function disk_full()`.execute(
        owner,
      )
      const refused = await grant()
      expect([refused.status, refused.body.code]).toEqual([503, 'UNAVAILABLE'])
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
      const read = await mall.call('GET', '/api/admin/points-mall/wallets/full-disk', { headers })
      expect([read.status, read.body.data.available]).toEqual([200, 0])
    } finally {
      await sql`drop function disk_full cascade`.execute(owner)
      await owner.destroy()
    }
    expect((await grant()).status).toBe(200)
  })
})
