import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pino } from 'pino'
import { Stripe } from 'stripe'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { PATIENTLY } from '../support/patience.ts'
import { freeLowPort } from '../support/ports.ts'
import { type Received, type Receiver, startReceiver } from '../support/receiver.ts'

const SECRET_KEY = 'sk_test_of_the_tests'
const WEBHOOK_SECRET = 'whsec_of_the_tests'

let dataDir: string
let mall: Receiver
let sandbox: Sandbox
/** What the mall answers to a notification. */
let answer: (request: Received, index: number) => { status: number }

beforeEach(async () => {
  answer = () => ({ status: 200 })
  dataDir = mkdtempSync(join(tmpdir(), 'points-mall-sandbox-'))
  mall = await startReceiver((request, index) => answer(request, index))
  sandbox = await start(true)
})
afterEach(async () => {
  await sandbox.stop()
  await mall.stop()
  rmSync(dataDir, { recursive: true })
})

function start(control: boolean): Promise<Sandbox> {
  return startSandbox({
    host: '127.0.0.1',
    port: 0,
    dataDir,
    mallUrl: mall.url,
    accounts: { stripe: { secretKey: SECRET_KEY, webhookSecret: WEBHOOK_SECRET } },
    control,
    log: pino({ level: 'silent' }),
  })
}

function stripeAt(url: string): Stripe {
  const { hostname, port } = new URL(url)
  return new Stripe(SECRET_KEY, { host: hostname, port, protocol: 'http', maxNetworkRetries: 0 })
}

function sessionOf(outTradeNo: string, amount = 990): Stripe.Checkout.SessionCreateParams {
  const metadata = { out_trade_no: outTradeNo }
  return {
    mode: 'payment',
    client_reference_id: outTradeNo,
    line_items: [
      { quantity: 1, price_data: { currency: 'cny', unit_amount: amount, product_data: { name: '保温杯' } } },
    ],
    metadata,
    payment_intent_data: { metadata },
    success_url: 'http://127.0.0.1:3000/orders/1',
  }
}

async function open(outTradeNo: string, url = sandbox.url) {
  const session = await stripeAt(url).checkout.sessions.create(sessionOf(outTradeNo))
  return { id: session.id, payUrl: session.url ?? '' }
}
const cashier = (payUrl: string, action: string, redirect: 'follow' | 'manual' = 'follow') =>
  fetch(payUrl, { method: 'POST', body: new URLSearchParams({ action }), redirect })
const control = async (path: string, body?: object) =>
  (
    await fetch(`${sandbox.url}/control/${path}`, body && { method: 'POST', body: JSON.stringify(body) })
  ).json() as Promise<unknown>
const fault = (name: string, more: object = {}) => control('faults', { fault: name, count: 1, ...more })
const books = async (url = sandbox.url) => (await fetch(`${url}/books`)).json() as Promise<unknown>
/** The sends, each verified by Stripe's own library. */
const events = () =>
  mall.received.map(({ body, headers }) =>
    stripeAt(sandbox.url).webhooks.constructEvent(body, headers['stripe-signature'] ?? '', WEBHOOK_SECRET),
  )
const until = (count: number) =>
  vi.waitFor(() => expect(mall.received.length).toBeGreaterThanOrEqual(count), PATIENTLY)
/** How many notifications are still to be sent. */
function waiting(): number {
  const db = new DatabaseSync(join(dataDir, 'sandbox.db'), { readOnly: true })
  const row = db.prepare("SELECT count(*) AS n FROM notifications WHERE state = 'waiting'").get()
  db.close()
  return Number(row?.n)
}
const settled = () => vi.waitFor(() => expect(waiting()).toBe(0), PATIENTLY)

describe("the sandbox's books and cashier", () => {
  test('show each state of a trade', async () => {
    const { id, payUrl } = await open('E1-1')
    const row = {
      out_trade_no: 'E1-1',
      method: 'bank_card',
      amount: '9.90',
      state: 'unpaid',
      refunded: '0.00',
    }
    expect(await books()).toEqual([row])
    const page = await fetch(payUrl)
    expect(page.headers.get('content-type')).toMatch(/^text\/html/)
    const text = await page.text()
    for (const shown of ['9.90', '积分商城', 'E1-1', '保温杯', 'value="pay"', 'value="decline"']) {
      expect(text).toContain(shown)
    }
    expect((await cashier(payUrl, 'decline', 'manual')).status).toBe(303)
    expect(await books()).toEqual([{ ...row, state: 'declined' }])
    expect(await (await cashier(payUrl, 'pay')).text()).toContain('http://127.0.0.1:3000/orders/1')
    expect(await books()).toEqual([{ ...row, state: 'paid' }])
    expect((await cashier(payUrl, 'pay')).status).toBe(200)
    expect((await cashier(payUrl, 'decline')).status).toBe(409)
    const stripe = stripeAt(sandbox.url)
    const session = await stripe.checkout.sessions.retrieve(id)
    expect(session).toMatchObject({ status: 'complete', payment_status: 'paid', url: null })
    const payment_intent = session.payment_intent as string
    await stripe.refunds.create({ payment_intent, amount: 190 })
    expect(await books()).toEqual([{ ...row, state: 'paid', refunded: '1.90' }])
    await stripe.refunds.create({ payment_intent })
    expect(await books()).toEqual([{ ...row, state: 'refunded', refunded: '9.90' }])
    await until(6)
    expect(
      events()
        .map(({ type }) => type)
        .sort(),
    ).toEqual([
      'charge.refunded',
      'charge.refunded',
      'checkout.session.completed',
      'payment_intent.payment_failed',
      'refund.updated',
      'refund.updated',
    ])
  })

  test('take one payment out of ten concurrent ones', async () => {
    const { payUrl } = await open('E2-1')
    await Promise.all(Array.from({ length: 10 }, () => cashier(payUrl, 'pay')))
    await until(1)
    await settled()
    expect(mall.received).toHaveLength(1)
  })

  test('refuse a closed trade with a page, and an unknown trade or action', async () => {
    const { id, payUrl } = await open('E3-1')
    await stripeAt(sandbox.url).checkout.sessions.expire(id)
    const refused = await cashier(payUrl, 'pay')
    expect(refused.status).toBe(409)
    expect(await refused.text()).toContain('交易已关闭')
    expect((await fetch(`${payUrl}x`)).status).toBe(404)
    expect((await cashier(`${payUrl}x`, 'pay')).status).toBe(404)
    expect((await cashier(payUrl, 'steal')).status).toBe(422)
    expect(await books()).toMatchObject([{ state: 'closed' }])
  })

  test("show a merchant's text as text, never as markup", async () => {
    const params = sessionOf('<script>alert(1)</script>')
    const { url } = await stripeAt(sandbox.url).checkout.sessions.create(params)
    const page = await fetch(url ?? '')
    expect(await page.text()).not.toContain('<script>alert')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  test('close a trade at its own expiry, and notify the mall', async () => {
    const { payUrl } = await open('E4-1')
    const db = new DatabaseSync(join(dataDir, 'sandbox.db'))
    db.exec('UPDATE trades SET expires_at = 1')
    db.close()
    await until(1)
    expect(events()).toMatchObject([{ type: 'checkout.session.expired' }])
    expect((await cashier(payUrl, 'pay')).status).toBe(409)
  })
})

describe("the sandbox's API, as strict as Stripe's", () => {
  const post = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${sandbox.url}/v1/checkout/sessions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${SECRET_KEY}`, ...headers },
      body: new URLSearchParams(fields),
    })
  const good = {
    mode: 'payment',
    success_url: 'http://127.0.0.1:3000/',
    'line_items[0][quantity]': '2',
    'line_items[0][price_data][currency]': 'cny',
    'line_items[0][price_data][unit_amount]': '495',
    'line_items[0][price_data][product_data][name]': '杯',
  }

  test.each<[string, Record<string, string>, object]>([
    ['an unknown field', { ...good, surprise: '1' }, { code: 'parameter_unknown', param: 'surprise' }],
    ['no mode', { ...good, mode: '' }, { code: 'parameter_missing', param: 'mode' }],
    ['no item', { mode: 'payment', success_url: 'http://a.test/' }, { param: 'line_items' }],
    [
      'a fraction',
      { ...good, 'line_items[0][price_data][unit_amount]': '9.5' },
      { code: 'parameter_invalid_integer' },
    ],
    [
      'nothing to pay',
      { ...good, 'line_items[0][price_data][unit_amount]': '0' },
      { code: 'amount_too_small' },
    ],
    ['dollars', { ...good, 'line_items[0][price_data][currency]': 'usd' }, {}],
    ['a script for an address', { ...good, success_url: 'javascript:alert(1)' }, { code: 'url_invalid' }],
    ['an early expiry', { ...good, expires_at: '1' }, { param: 'expires_at' }],
  ])('refuses %s', async (_name, fields, error) => {
    const refused = await post(fields)
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ error: { type: 'invalid_request_error', ...error } })
    expect(await books()).toEqual([])
  })

  test('answers 401 to a missing or wrong key, and 404 to an unknown path', async () => {
    expect((await post(good, { authorization: '' })).status).toBe(401)
    expect((await post(good, { authorization: 'Bearer sk_test_wrong' })).status).toBe(401)
    const headers = { authorization: `Bearer ${SECRET_KEY}` }
    const unknown = await fetch(`${sandbox.url}/v1/customers`, { headers })
    expect(unknown.status).toBe(404)
    expect(await unknown.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
  })

  test('keeps the first answer of an Idempotency-Key and refuses other fields; an invalid form is not kept', async () => {
    const key = { 'idempotency-key': 'k1' }
    expect((await post({ ...good, mode: 'x' }, key)).status).toBe(400)
    const first = await post(good, key)
    const again = await post(good, key)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(await again.json()).toEqual(await first.json())
    const other = await post({ ...good, 'line_items[0][quantity]': '1' }, key)
    expect(other.status).toBe(400)
    expect(await other.json()).toMatchObject({ error: { type: 'idempotency_error' } })
    expect(await books()).toMatchObject([{ amount: '9.90' }])
  })
})

describe("the sandbox's notifications", () => {
  test('are repeated until a 2xx: the same event under a fresh signature', async () => {
    answer = (_request, index) => ({ status: [500, 302, 204][index] ?? 200 })
    const { payUrl } = await open('E5-1')
    await cashier(payUrl, 'pay')
    await until(3)
    await settled()
    const sent = events()
    expect(sent).toHaveLength(3)
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1)
    expect(new Set(mall.received.map(({ body }) => body.toString())).size).toBe(1)
    expect(new Set(mall.received.map(({ headers }) => headers['stripe-signature'])).size).toBe(3)
    expect(await control('notifications')).toMatchObject([
      {
        method: 'bank_card',
        out_trade_no: 'E5-1',
        status: 500,
        url: `${mall.url}/api/webhooks/payments/stripe`,
      },
      { status: 302 },
      { status: 204, body_base64: mall.received[2]?.body.toString('base64') },
    ])
  })

  test('duplicate: are sent twice as one event', async () => {
    await fault('duplicate')
    await cashier((await open('E6-1')).payUrl, 'pay')
    await until(2)
    await settled()
    const ids = events().map(({ id }) => id)
    expect(ids).toHaveLength(2)
    expect(new Set(ids).size).toBe(1)
  })

  test('drop: are not sent until an operator resends them', async () => {
    await fault('drop', { method: 'bank_card' })
    await cashier((await open('E7-1')).payUrl, 'pay')
    // The notification of a later trade arrives; this one would have come before it.
    await cashier((await open('E7-2')).payUrl, 'pay')
    await until(1)
    await settled()
    expect(events()).toMatchObject([{ data: { object: { client_reference_id: 'E7-2' } } }])
    expect(await control('resend', { out_trade_no: 'E7-1' })).toEqual({
      out_trade_no: 'E7-1',
      notifications: 1,
    })
    await until(2)
    expect(events()[1]).toMatchObject({ data: { object: { client_reference_id: 'E7-1' } } })
  })

  test('delay: arrive later', async () => {
    await fault('delay', { delay_ms: 300 })
    const { payUrl } = await open('E8-1')
    const from = Date.now()
    await cashier(payUrl, 'pay')
    await until(1)
    expect(Date.now() - from).toBeGreaterThanOrEqual(295)
  })

  test('reorder: are overtaken by the next of the same trade', async () => {
    await fault('reorder')
    const { payUrl } = await open('E9-1')
    await cashier(payUrl, 'decline')
    await cashier(payUrl, 'pay')
    await until(2)
    expect(events().map(({ type }) => type)).toEqual([
      'checkout.session.completed',
      'payment_intent.payment_failed',
    ])
  })

  test('wrong_signature: are refused by Stripe’s own check; the repeat is valid', async () => {
    await fault('wrong_signature')
    answer = (_request, index) => ({ status: index === 0 ? 401 : 200 })
    await cashier((await open('E10-1')).payUrl, 'pay')
    await until(2)
    expect(() => events()).toThrow()
    mall.received.shift()
    expect(events()).toHaveLength(1)
  })

  test('wrong_amount: are signed correctly, while the books are right', async () => {
    await fault('wrong_amount')
    await cashier((await open('E11-1')).payUrl, 'pay')
    await until(1)
    expect(events()).toMatchObject([{ data: { object: { amount_total: 1 } } }])
    expect(await books()).toMatchObject([{ amount: '9.90', state: 'paid' }])
  })

  test("are not affected by another method's fault", async () => {
    await fault('drop', { method: 'wechat' })
    await cashier((await open('E12-1')).payUrl, 'pay')
    await until(1)
    expect(await control('faults')).toEqual([{ method: 'wechat', fault: 'drop', count: 1 }])
    expect(await control('clear-faults', {})).toEqual({ faults: [] })
  })

  test('force-pay: report money on a closed trade; on a paid one, a new event', async () => {
    const { id } = await open('E13-1')
    await stripeAt(sandbox.url).checkout.sessions.expire(id)
    expect(await control('force-pay', { out_trade_no: 'E13-1' })).toEqual({
      out_trade_no: 'E13-1',
      state: 'paid',
    })
    expect(await books()).toMatchObject([{ state: 'paid' }])
    await control('force-pay', { out_trade_no: 'E13-1' })
    await until(3)
    const paid = events().filter(({ type }) => type === 'checkout.session.completed')
    expect(new Set(paid.map((event) => event.id)).size).toBe(2)
    expect(await control('force-pay', { out_trade_no: 'none' })).toEqual({ error: 'no such trade' })
  })

  test('are not changed by an invalid control request', async () => {
    const refused = (body: string) => fetch(`${sandbox.url}/control/faults`, { method: 'POST', body })
    expect((await refused('{"fault":"unheard","count":1}')).status).toBe(422)
    expect((await refused('{')).status).toBe(400)
  })
})

test('without the control setting there is no control API', async () => {
  await sandbox.stop()
  sandbox = await start(false)
  expect((await fetch(`${sandbox.url}/control/notifications`)).status).toBe(404)
  for (const path of ['resend', 'force-pay', 'faults', 'clear-faults', 'settle-refunds']) {
    expect((await fetch(`${sandbox.url}/control/${path}`, { method: 'POST', body: '{}' })).status).toBe(404)
  }
})

describe('the sandbox as a process', () => {
  async function launch(port: number, mallUrl: string): Promise<ChildProcess> {
    const child = spawn(process.execPath, ['sandbox/server.ts'], {
      env: {
        PATH: process.env.PATH ?? '',
        DATA_DIR: join(dataDir, 'process'),
        SANDBOX_PORT: String(port),
        SANDBOX_MALL_URL: mallUrl,
        SANDBOX_CONTROL: '1',
        STRIPE_SECRET_KEY: SECRET_KEY,
        STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    child.stdout?.resume()
    const live = () => fetch(`http://127.0.0.1:${port}/health/live`)
    await vi.waitFor(live, PATIENTLY)
    return child
  }

  test('keeps books and undelivered notifications over kill -9; SIGTERM ends it', async () => {
    const port = await freeLowPort()
    const url = `http://127.0.0.1:${port}`
    const count = 20
    answer = () => ({ status: 503 })
    const first = await launch(port, mall.url)
    const trades = await Promise.all(Array.from({ length: count }, (_, n) => open(`K${n}-1`, url)))
    // Killed while the last of these are being answered: what was answered must be stored.
    const answered: string[] = []
    const paying = trades.map(async ({ payUrl }, n) => {
      const paid = await cashier(payUrl, 'pay', 'manual').catch(() => undefined)
      if (paid?.status === 303) answered.push(`K${n}-1`)
      if (n === count / 2) first.kill('SIGKILL')
    })
    await Promise.all([...paying, once(first, 'exit')])
    expect(answered.length).toBeGreaterThan(0)

    const sentBefore = mall.received.length
    answer = () => ({ status: 200 })
    const second = await launch(port, mall.url)
    const after = (await books(url)) as { out_trade_no: string; state: string }[]
    expect(after).toHaveLength(count)
    const paid = after.filter(({ state }) => state === 'paid').map((row) => row.out_trade_no)
    expect(paid).toEqual(expect.arrayContaining(answered))
    // Exactly the stored payments are notified.
    await vi.waitFor(() => {
      const told = mall.received.slice(sentBefore).map(({ body }) => {
        const event = JSON.parse(body.toString()) as { data: { object: { client_reference_id: string } } }
        return event.data.object.client_reference_id
      })
      expect([...new Set(told)].sort()).toEqual([...paid].sort())
    }, PATIENTLY)

    second.kill('SIGTERM')
    expect(await once(second, 'exit')).toEqual([0, null])
  })
})
