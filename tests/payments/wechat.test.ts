import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Formatter, Rsa } from 'wechatpay-axios-plugin'
import type { PaymentClient } from '../../domain/payments/method.ts'
import { type PaymentAttempt, type PaymentProvider, ProviderRefusalError } from '../../payments/port.ts'
import { createWechat } from '../../payments/wechat/provider.ts'
import { cutToBytes } from '../../payments/wechat/text.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { newKey, publicOf } from '../support/accounts.ts'
import { PATIENTLY } from '../support/patience.ts'
import { type Received, type Receiver, startReceiver } from '../support/receiver.ts'
import { accountAt, MERCHANT, othersAt } from './wechat-sides.ts'

let dataDir: string
let mall: Receiver
let sandbox: Sandbox
let provider: PaymentProvider
let drawn = 0

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'points-mall-wechat-'))
  mall = await startReceiver()
  sandbox = await startSandbox({
    host: '127.0.0.1',
    port: 0,
    dataDir,
    mallUrl: mall.url,
    accounts: { wechat: MERCHANT },
    control: true,
    log: pino({ level: 'silent' }),
  })
  provider = createWechat(accountAt(sandbox.url, mall.url))
})
afterAll(async () => {
  await sandbox.stop()
  await mall.stop()
  rmSync(dataDir, { recursive: true })
})

function newAttempt(client: PaymentClient = 'h5', expiresInMs = 1_800_000): PaymentAttempt {
  drawn += 1
  return {
    outTradeNo: `PM20261122120000ABCDEFGH${String(drawn).padStart(4, '0')}-1`,
    amountFen: 990n,
    subject: '保温杯 & 红糖',
    expiresAt: new Date(Date.now() + expiresInMs),
    returnUrl: 'http://127.0.0.1:3000/points-mall/orders?from=cashier&x=1',
    client,
    ...(client === 'in_app' && { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' }),
    clientIp: '2001:db8::1',
  }
}
async function opened(attempt = newAttempt()) {
  const { providerRef, payUrl, jsapi } = await provider.create(attempt)
  return { ...attempt, providerRef, payUrl: payUrl ?? cashierOf(jsapi?.package) }
}
/** The cashier of somebody inside the app. */
const cashierOf = (prepay = '') => `${sandbox.url}/pay/${prepay.replace('prepay_id=', '')}`
async function paid() {
  const trade = await opened()
  await cashier(trade.payUrl, 'pay')
  return trade
}
const cashier = (payUrl: string, action: 'pay' | 'decline') =>
  fetch(payUrl, { method: 'POST', body: new URLSearchParams({ action }) })
const control = (path: string, body: object) =>
  fetch(`${sandbox.url}/control/${path}`, { method: 'POST', body: JSON.stringify(body) })
const fault = (name: string, count = 1) => control('faults', { fault: name, count })
async function booked(outTradeNo: string) {
  const books = (await (await fetch(`${sandbox.url}/books`)).json()) as { out_trade_no: string }[]
  return books.filter((row) => row.out_trade_no === outTradeNo)
}
const refundOf = (trade: { outTradeNo: string; providerRef: string }, amountFen: bigint, n = 1) => ({
  outTradeNo: trade.outTradeNo,
  providerRef: trade.providerRef,
  refundNo: `${trade.outTradeNo}-R${n}`,
  amountFen,
  reason: '客户取消'.repeat(20),
})
const headersOf = (sent: Received) => new Headers(sent.headers as Record<string, string>)
/** The verified notifications of a trade, in the order of arrival. */
async function told(outTradeNo: string, count: number) {
  const verdicts = () =>
    mall.received
      .map((sent) => provider.verify(sent.body, headersOf(sent), new Date()))
      .flatMap((verdict) => (verdict.ok ? [verdict.notification] : []))
      .filter((notification) => notification.outTradeNo === outTradeNo)
  await vi.waitFor(() => expect(verdicts().length).toBeGreaterThanOrEqual(count), PATIENTLY)
  return verdicts()
}

describe('opening an order', () => {
  test.each<PaymentClient>(['h5', 'desktop', 'in_app'])('twice for %s creates it once', async (client) => {
    const attempt = newAttempt(client)
    const first = await provider.create(attempt)
    const again = await provider.create(attempt)
    expect(first.providerRef).toBe(attempt.outTradeNo)
    expect(again.payUrl).toBe(first.payUrl)
    expect(again.jsapi?.package).toBe(first.jsapi?.package)
    expect(await booked(attempt.outTradeNo)).toEqual([
      {
        out_trade_no: attempt.outTradeNo,
        method: 'wechat',
        amount: '9.90',
        state: 'unpaid',
        refunded: '0.00',
      },
    ])
  })

  test('inside WeChat gives the page a bridge call signed by the shop', async () => {
    const { payUrl, jsapi } = await provider.create(newAttempt('in_app'))
    expect(payUrl).toBeNull()
    const { appId = '', timeStamp = '', nonceStr = '', paySign = '', ...rest } = jsapi ?? {}
    expect(rest).toEqual({ signType: 'RSA', package: expect.stringMatching(/^prepay_id=wx\w+$/) })
    const message = Formatter.joinedByLineFeed(appId, timeStamp, nonceStr, rest.package ?? '')
    expect(Rsa.verify(message, paySign, Rsa.from(MERCHANT.merchantPublicKey, 'public'))).toBe(true)
  })

  test('inside WeChat without openid is refused; nothing is opened', async () => {
    const { openid: _openid, ...attempt } = newAttempt('in_app')
    await expect(provider.create(attempt)).rejects.toMatchObject({
      name: 'ProviderRefusalError',
      code: 'openid_required',
    })
    expect(await booked(attempt.outTradeNo)).toEqual([])
  })

  test('in a phone’s browser returns the customer to the shop', async () => {
    const trade = await opened()
    expect(new URL(trade.payUrl).searchParams.get('redirect_url')).toBe(trade.returnUrl)
    const page = await (await cashier(trade.payUrl, 'pay')).text()
    expect(page).toContain(trade.returnUrl.replaceAll('&', '&amp;'))
    const script = trade.payUrl.replace(/redirect_url=.*/, 'redirect_url=javascript:alert(1)')
    expect(await (await fetch(script)).text()).not.toContain('javascript:')
  })

  test('accepts attempt numbers up to three digits; one of four is refused before WeChat sees it', async () => {
    const attempt = newAttempt()
    for (const n of ['10', '100']) {
      await provider.create({ ...attempt, outTradeNo: attempt.outTradeNo.replace(/1$/, n) })
    }
    const long = { ...attempt, outTradeNo: attempt.outTradeNo.replace(/1$/, '1000') }
    await expect(provider.create(long)).rejects.toMatchObject({ code: 'out_trade_no_unfit' })
    expect(await booked(long.outTradeNo)).toEqual([])
  })

  test("cuts a long subject to WeChat's limit, never within a character", async () => {
    const attempt = { ...newAttempt(), subject: '👍保温杯'.repeat(40) }
    await expect(provider.create(attempt)).resolves.toMatchObject({ providerRef: attempt.outTradeNo })
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat({ max: 60 }), (text, max) => {
        const cut = cutToBytes(text, max)
        expect(text.startsWith(cut)).toBe(true)
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(max)
        const [next] = text.slice(cut.length)
        if (next) expect(Buffer.byteLength(cut + next)).toBeGreaterThan(max)
      }),
    )
  })

  test('for another amount under the same number is refused, and changes nothing', async () => {
    const attempt = newAttempt()
    await provider.create(attempt)
    await expect(provider.create({ ...attempt, amountFen: 1n })).rejects.toMatchObject({
      name: 'ProviderRefusalError',
      code: 'OUT_TRADE_NO_USED',
    })
    expect(await booked(attempt.outTradeNo)).toMatchObject([{ amount: '9.90' }])
  })

  test('another way, or once paid or closed, gives an order to query and no cashier', async () => {
    const attempt = newAttempt()
    const noCashier = { providerRef: attempt.outTradeNo, payUrl: null }
    await provider.create(attempt)
    expect(await provider.create({ ...attempt, client: 'desktop' })).toEqual(noCashier)
    await control('force-pay', { out_trade_no: attempt.outTradeNo })
    expect(await provider.create(attempt)).toEqual(noCashier)
    const closed = await opened()
    await provider.close(closed)
    expect(await provider.create(closed)).toMatchObject({ payUrl: null })
    expect(await booked(attempt.outTradeNo)).toHaveLength(1)
  })

  test.each([
    ['a millisecond', 1],
    ['past', -3_600_000],
    ['a month', 2_592_000_000],
  ])('leaves a deadline that WeChat cannot keep to our close: %s', async (_name, expiresInMs) => {
    const attempt = newAttempt('desktop', expiresInMs)
    const first = await provider.create(attempt)
    expect(await provider.create(attempt)).toEqual(first)
    expect(await provider.close({ ...attempt, ...first })).toBe('closed')
  })
})

describe('paying', () => {
  test.each<PaymentClient>(['h5', 'desktop', 'in_app'])(
    'is known by query and by notification: %s',
    async (client) => {
      const trade = await opened(newAttempt(client))
      expect(await provider.query(trade)).toEqual({ state: 'unpaid', amountFen: 990n })
      await cashier(trade.payUrl, 'pay')
      const found = await provider.query(trade)
      const paymentRef = expect.stringMatching(/^4200\d{24}$/) as string
      expect(found).toEqual({ state: 'paid', amountFen: 990n, paymentRef })
      expect(await told(trade.outTradeNo, 1)).toEqual([
        {
          eventId: expect.stringMatching(/./),
          occurredAt: expect.any(Date),
          kind: 'paid',
          outTradeNo: trade.outTradeNo,
          providerRef: trade.providerRef,
          paymentRef: found.paymentRef,
          amountFen: 990n,
        },
      ])
      const sent = mall.received.find(({ url }) => url === '/api/webhooks/payments/wechat')
      expect(sent?.method).toBe('POST')
    },
  )

  test('after a decline is the only thing WeChat reports', async () => {
    const trade = await opened()
    await cashier(trade.payUrl, 'decline')
    expect(await provider.query(trade)).toMatchObject({ state: 'unpaid' })
    expect(await booked(trade.outTradeNo)).toMatchObject([{ state: 'declined' }])
    await cashier(trade.payUrl, 'pay')
    expect(await provider.query(trade)).toMatchObject({ state: 'paid' })
    expect(await told(trade.outTradeNo, 1)).toMatchObject([{ kind: 'paid' }])
  })

  test('is reported apart from refunds, done or failed', async () => {
    const trade = await paid()
    await provider.refund(refundOf(trade, 300n))
    expect(await provider.query(trade)).toMatchObject({ state: 'paid' })
    await fault('refund_failed')
    await provider.refund(refundOf(trade, 100n, 2))
    const all = await told(trade.outTradeNo, 3)
    const { refundNo } = refundOf(trade, 300n)
    expect(all.map(({ kind }) => kind).sort()).toEqual(['paid', 'refund_failed', 'refunded'])
    expect(all.find(({ kind }) => kind === 'refunded')).toMatchObject({ refundNo, amountFen: 300n })
    expect(all.find(({ kind }) => kind === 'refund_failed')).toMatchObject({ amountFen: 100n })
  })

  test('counts when repeated after a probe, which is refused like any wrong signature', async () => {
    await fault('wrong_signature')
    const before = mall.received.length
    const trade = await paid()
    await vi.waitFor(() => expect(mall.received.length).toBeGreaterThan(before), PATIENTLY)
    const probe = mall.received[before] as Received
    expect(probe.headers['wechatpay-signature']).toMatch(/^WECHATPAY\/SIGNTEST\//)
    expect(provider.verify(probe.body, headersOf(probe), new Date())).toEqual({
      ok: false,
      fault: 'bad_signature',
    })
    await control('resend', { out_trade_no: trade.outTradeNo })
    expect(await told(trade.outTradeNo, 1)).toMatchObject([{ kind: 'paid' }])
  })

  test('to another merchant is not ours, although it is signed correctly', async () => {
    await fault('wrong_merchant')
    const before = mall.received.length
    const trade = await paid()
    await vi.waitFor(() => expect(mall.received.length).toBeGreaterThan(before), PATIENTLY)
    const sent = mall.received[before] as Received
    expect(provider.verify(sent.body, headersOf(sent), new Date())).toEqual({
      ok: false,
      fault: 'other_merchant',
    })
    expect(await booked(trade.outTradeNo)).toMatchObject([{ state: 'paid' }])
  })

  test('of a wrong amount is passed on as reported', async () => {
    await fault('wrong_amount')
    const trade = await paid()
    expect(await told(trade.outTradeNo, 1)).toMatchObject([{ kind: 'paid', amountFen: 1n }])
    expect(await provider.query(trade)).toMatchObject({ amountFen: 990n })
  })
})

describe('closing', () => {
  test('an open order succeeds, also twice; then nobody can pay it', async () => {
    const trade = await opened()
    expect(await provider.close(trade)).toBe('closed')
    expect(await provider.close(trade)).toBe('closed')
    expect(await provider.query(trade)).toMatchObject({ state: 'closed' })
    expect((await cashier(trade.payUrl, 'pay')).status).toBe(409)
    expect(await booked(trade.outTradeNo)).toMatchObject([{ state: 'closed' }])
  })

  test('a paid or refunded order says paid, also if it is paid at that moment', async () => {
    const trade = await paid()
    expect(await provider.close(trade)).toBe('paid')
    await provider.refund(refundOf(trade, 990n))
    expect(await provider.close(trade)).toBe('paid')
    const late = await opened()
    await fault('pay_during_close')
    expect(await provider.close(late)).toBe('paid')
    expect(await booked(late.outTradeNo)).toMatchObject([{ state: 'paid' }])
  })

  test.each(['error_before', 'rate_limited'])(
    'throws because the result of %s is uncertain',
    async (name) => {
      const trade = await opened()
      await fault(name)
      await expect(provider.close(trade)).rejects.not.toBeInstanceOf(ProviderRefusalError)
      expect(await provider.query(trade)).toMatchObject({ state: 'unpaid' })
      expect(await provider.close(trade)).toBe('closed')
    },
  )

  test.each(['answer_lost', 'error_after'])('settles the lost answer of %s by a query', async (name) => {
    const trade = await opened()
    await fault(name)
    expect(await provider.close(trade)).toBe('closed')
    expect(await booked(trade.outTradeNo)).toMatchObject([{ state: 'closed' }])
  })

  test('an order unknown to WeChat is final only past its deadline', async () => {
    const ghost = { ...newAttempt(), providerRef: undefined }
    expect(await provider.query(ghost)).toEqual({ state: 'unknown' })
    await expect(provider.close(ghost)).rejects.toMatchObject({
      name: 'NotKnownYetError',
      deadAt: new Date(ghost.expiresAt.getTime() + 300_000),
    })
    const dead = { ...ghost, expiresAt: new Date(Date.now() - 301_000) }
    expect(await provider.close(dead)).toBe('closed')
  })
})

describe('refunding', () => {
  test('is idempotent, and never exceeds the payment over several parts', async () => {
    const trade = await paid()
    const first = await provider.refund(refundOf(trade, 300n))
    expect(first).toEqual({ state: 'done', refundRef: expect.stringMatching(/^5030\d{24}$/) })
    expect(await provider.refund(refundOf(trade, 300n))).toEqual(first)
    expect(await booked(trade.outTradeNo)).toMatchObject([{ state: 'paid', refunded: '3.00' }])
    await expect(provider.refund(refundOf(trade, 100n))).rejects.toMatchObject({ code: 'refund_no_reused' })
    await expect(provider.refund(refundOf(trade, 691n, 2))).rejects.toMatchObject({
      name: 'ProviderRefusalError',
      code: 'INVALID_REQUEST',
    })
    expect(await provider.refund(refundOf(trade, 690n, 3))).toMatchObject({ state: 'done' })
    await expect(provider.refund(refundOf(trade, 1n, 4))).rejects.toBeInstanceOf(ProviderRefusalError)
    expect(await booked(trade.outTradeNo)).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
  })

  test('under a number of another order is refused', async () => {
    const one = await paid()
    const two = await paid()
    await provider.refund(refundOf(one, 300n))
    const stolen = { ...refundOf(two, 300n), refundNo: refundOf(one, 300n).refundNo }
    await expect(provider.refund(stolen)).rejects.toMatchObject({ code: 'refund_no_reused' })
    expect(await booked(two.outTradeNo)).toMatchObject([{ refunded: '0.00' }])
  })

  test('is refused for an unpaid or unknown order', async () => {
    const trade = await opened()
    await expect(provider.refund(refundOf(trade, 1n))).rejects.toMatchObject({ code: 'not_paid' })
    const ghost = { ...trade, outTradeNo: newAttempt().outTradeNo }
    await expect(provider.refund(refundOf(ghost, 1n))).rejects.toMatchObject({ code: 'not_paid' })
    await expect(
      provider.queryRefund({ ...trade, refundNo: 'none-1', refundRef: 'none' }),
    ).rejects.toBeInstanceOf(ProviderRefusalError)
  })

  test('stays pending while stuck; a failed refund says so, and the next number works', async () => {
    const trade = await paid()
    await fault('refund_stuck')
    const stuck = await provider.refund(refundOf(trade, 300n))
    expect(stuck.state).toBe('pending')
    expect(await provider.refund(refundOf(trade, 300n))).toEqual(stuck)
    expect(await booked(trade.outTradeNo)).toMatchObject([{ refunded: '0.00' }])
    await control('settle-refunds', { out_trade_no: trade.outTradeNo })
    const { refundNo } = refundOf(trade, 300n)
    const { refundRef } = stuck
    const ask = { outTradeNo: trade.outTradeNo, refundNo, refundRef }
    expect(await provider.queryRefund(ask)).toEqual({ state: 'done', refundRef })
    await fault('refund_failed')
    expect(await provider.refund(refundOf(trade, 690n, 2))).toMatchObject({
      state: 'failed',
      reason: 'CLOSED',
    })
    expect(await booked(trade.outTradeNo)).toMatchObject([{ state: 'paid', refunded: '3.00' }])
    expect(await provider.refund(refundOf(trade, 690n, 3))).toMatchObject({ state: 'done' })
  })

  test('keeps money and number when it does not reach the customer, until it is sent on', async () => {
    const trade = await paid()
    await fault('refund_abnormal')
    const made = await provider.refund(refundOf(trade, 690n))
    expect(made).toEqual({ state: 'pending', refundRef: expect.stringMatching(/^5030\d{24}$/) })
    expect(await provider.refund(refundOf(trade, 690n))).toEqual(made)
    const { refundNo } = refundOf(trade, 690n)
    const ask = { outTradeNo: trade.outTradeNo, refundNo, refundRef: made.refundRef }
    await expect(provider.queryRefund(ask)).rejects.toMatchObject({
      name: 'ProviderRefusalError',
      code: 'ABNORMAL',
    })
    // Another number would pay twice.
    await expect(provider.refund(refundOf(trade, 301n, 2))).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await provider.refund(refundOf(trade, 300n, 3))).toMatchObject({ state: 'done' })
    expect(await booked(trade.outTradeNo)).toMatchObject([{ state: 'paid', refunded: '3.00' }])
    await control('settle-refunds', { out_trade_no: trade.outTradeNo })
    expect(await provider.queryRefund(ask)).toEqual({ state: 'done', refundRef: made.refundRef })
    expect(await booked(trade.outTradeNo)).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    const about = (await told(trade.outTradeNo, 4)).filter((notice) => notice.refundNo === refundNo)
    expect(about.map(({ kind }) => kind).sort()).toEqual(['ignored', 'refunded'])
  })
})

describe('an uncertain request', () => {
  test.each(['answer_lost', 'error_before', 'error_after', 'rate_limited'])(
    'is repeated after %s, with one order and one refund',
    async (name) => {
      const attempt = newAttempt()
      await fault(name)
      await expect(provider.create(attempt)).rejects.not.toBeInstanceOf(ProviderRefusalError)
      const trade = { ...attempt, ...(await provider.create(attempt)) }
      expect(await booked(attempt.outTradeNo)).toHaveLength(1)
      await cashier(trade.payUrl ?? '', 'pay')

      await fault(name)
      await expect(provider.refund(refundOf(trade, 400n))).rejects.not.toBeInstanceOf(ProviderRefusalError)
      const done = await provider.refund(refundOf(trade, 400n))
      expect(await provider.refund(refundOf(trade, 400n))).toEqual(done)
      expect(await booked(attempt.outTradeNo)).toMatchObject([{ state: 'paid', refunded: '4.00' }])
    },
  )

  test('is repeated after a wrong key or a dead provider', async () => {
    const account = accountAt(sandbox.url, mall.url)
    const attempt = newAttempt()
    const strangers = [
      { ...account, privateKey: newKey() },
      { ...account, serial: '01' },
      { ...account, mchId: '1900000002' },
      { ...account, baseUrl: 'http://127.0.0.1:1' },
    ]
    for (const stranger of strangers) {
      await expect(createWechat(stranger).create(attempt)).rejects.not.toBeInstanceOf(ProviderRefusalError)
    }
    expect(await booked(attempt.outTradeNo)).toEqual([])
  })

  test('is repeated when WeChat’s key did not sign the answer', async () => {
    const account = accountAt(sandbox.url, mall.url, 'public key')
    const [keyId = ''] = account.platformKeys.keys()
    const deceived = { ...account, platformKeys: new Map([[keyId, publicOf(newKey())]]) }
    const trade = await paid()
    await expect(createWechat(deceived).query(trade)).rejects.toThrow('bad_signature')
    await expect(createWechat(deceived).create(newAttempt())).rejects.toThrow('bad_signature')
  })
})

describe('both kinds of keys', () => {
  test.each(['public key', 'certificate', 'both'] as const)(
    'verify answers for a shop with %s',
    async (kind) => {
      const one = createWechat(accountAt(sandbox.url, mall.url, kind))
      const attempt = newAttempt('desktop')
      const trade = { ...attempt, ...(await one.create(attempt)) }
      expect(await one.query(trade)).toMatchObject({ state: 'unpaid' })
      expect(await one.close(trade)).toBe('closed')
    },
  )

  test('verify notifications during a change of keys, each with its own key', async () => {
    const before = mall.received.length
    for (let n = 0; n < 4; n += 1) await paid()
    await vi.waitFor(() => expect(mall.received.length).toBeGreaterThanOrEqual(before + 4), PATIENTLY)
    const sent = mall.received.slice(before)
    const serials = new Set(sent.map(({ headers }) => headers['wechatpay-serial']))
    expect(serials).toEqual(new Set([MERCHANT.certificate?.serial, MERCHANT.keyId]))
    for (const kind of ['public key', 'certificate', 'both'] as const) {
      const account = accountAt(sandbox.url, mall.url, kind)
      for (const one of sent) {
        const serial = String(one.headers['wechatpay-serial'])
        const { ok } = createWechat(account).verify(one.body, headersOf(one), new Date())
        expect(ok).toBe(account.platformKeys.has(serial))
      }
    }
  })
})

describe('the third-party client', () => {
  test('opens, queries, closes and refunds at the sandbox, and its answers verify', async () => {
    const account = accountAt(sandbox.url, mall.url)
    const { v3 } = othersAt(account) as unknown as { v3: Api }
    const { outTradeNo } = newAttempt()
    const order = {
      appid: account.appId,
      mchid: account.mchId,
      description: '保温杯',
      out_trade_no: outTradeNo,
      notify_url: account.notifyUrl,
      amount: { total: 990 },
    }
    const { data } = await v3.pay.transactions.native.post(order)
    expect((await cashier(String(data.code_url), 'pay')).status).toBe(200)
    const asked = await v3.pay.transactions.outTradeNo._out_trade_no_.get({
      out_trade_no: outTradeNo,
      params: { mchid: account.mchId },
    })
    expect(asked.data).toMatchObject({ trade_state: 'SUCCESS', amount: { total: 990 } })
    const refund = await v3.refund.domestic.refunds.post({
      out_trade_no: outTradeNo,
      out_refund_no: `${outTradeNo}-R1`,
      amount: { refund: 100, total: 990, currency: 'CNY' },
    })
    expect(refund.data).toMatchObject({ status: 'SUCCESS', out_trade_no: outTradeNo })
    const open = newAttempt().outTradeNo
    await v3.pay.transactions.native.post({ ...order, out_trade_no: open })
    const closed = await v3.pay.transactions.outTradeNo._out_trade_no_.close.post(
      { mchid: account.mchId },
      { out_trade_no: open },
    )
    expect(closed.status).toBe(204)
  })

  test('gets the unknown, missing or invalid fields by name, and opens nothing', async () => {
    const account = accountAt(sandbox.url, mall.url)
    const { v3 } = othersAt(account) as unknown as { v3: Api }
    const { outTradeNo } = newAttempt()
    const good = {
      appid: account.appId,
      mchid: account.mchId,
      description: '保温杯',
      out_trade_no: outTradeNo,
      notify_url: account.notifyUrl,
      amount: { total: 990, currency: 'CNY' },
    }
    const cases: [object, string][] = [
      [{ ...good, surprise: 1 }, 'PARAM_ERROR'],
      [{ ...good, description: undefined }, 'PARAM_ERROR'],
      [{ ...good, description: '长'.repeat(43) }, 'PARAM_ERROR'],
      [{ ...good, out_trade_no: 'short' }, 'PARAM_ERROR'],
      [{ ...good, out_trade_no: 'x'.repeat(33) }, 'PARAM_ERROR'],
      [{ ...good, amount: { total: 9.9 } }, 'PARAM_ERROR'],
      [{ ...good, amount: { total: '990' } }, 'PARAM_ERROR'],
      [{ ...good, amount: { total: 0 } }, 'PARAM_ERROR'],
      [{ ...good, amount: { total: 990, currency: 'USD' } }, 'PARAM_ERROR'],
      [{ ...good, time_expire: '2026-11-22 12:00:00' }, 'PARAM_ERROR'],
      [{ ...good, notify_url: 'http://a.test/?x=1' }, 'PARAM_ERROR'],
      [{ ...good, appid: 'wx1' }, 'APPID_MCHID_NOT_MATCH'],
      [{ ...good, mchid: '1' }, 'MCH_NOT_EXISTS'],
    ]
    for (const [fields, code] of cases) {
      const refused = v3.pay.transactions.native.post(fields)
      await expect(refused, JSON.stringify(fields)).rejects.toMatchObject({
        response: { status: 400, data: { code, message: expect.any(String) } },
      })
    }
    expect(await booked(outTradeNo)).toEqual([])
  })
})

interface Answered {
  readonly status: number
  readonly data: Record<string, unknown>
}
/** The part of the third-party API that is called here. */
interface Api {
  readonly pay: {
    readonly transactions: {
      readonly native: { post(body: object): Promise<Answered> }
      readonly outTradeNo: {
        readonly _out_trade_no_: {
          get(config: object): Promise<Answered>
          readonly close: { post(body: object, config: object): Promise<Answered> }
        }
      }
    }
  }
  readonly refund: { readonly domestic: { readonly refunds: { post(body: object): Promise<Answered> } } }
}
