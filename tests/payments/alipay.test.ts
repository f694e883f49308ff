import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AlipaySdk } from 'alipay-sdk'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readBill } from '../../payments/alipay/bill.ts'
import { createAlipay } from '../../payments/alipay/provider.ts'
import { signRsa2 } from '../../payments/alipay/signature.ts'
import {
  NotKnownYetError,
  type PaymentAttempt,
  type PaymentProvider,
  ProviderRefusalError,
} from '../../payments/port.ts'
import { encodeGbk } from '../../sandbox/alipay/gbk.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { ACCOUNTS, mallSides, publicOf, sandboxSides } from '../support/accounts.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'

const HOUR_MS = 3_600_000

let dataDir: string
let mall: Receiver
let sandbox: Sandbox
let account: ReturnType<typeof mallSides>['alipay']
let provider: PaymentProvider

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'points-mall-alipay-'))
  mall = await startReceiver(() => ({ status: 200, body: 'success' }))
  const { alipay } = sandboxSides(ACCOUNTS)
  sandbox = await startSandbox({
    host: '127.0.0.1',
    port: 0,
    dataDir,
    mallUrl: mall.url,
    accounts: { alipay },
    control: true,
    log: pino({ level: 'silent' }),
  })
  account = mallSides(ACCOUNTS, sandbox.url, mall.url).alipay
  provider = createAlipay(account)
})
afterAll(async () => {
  await sandbox.stop()
  await mall.stop()
  rmSync(dataDir, { recursive: true })
})

let attempts = 0
function newAttempt(changes: Partial<PaymentAttempt> = {}): PaymentAttempt {
  attempts += 1
  return {
    outTradeNo: `PM20261123080000ABCDEFGH${String(attempts).padStart(4, '0')}-1`,
    amountFen: 990n,
    subject: '保温杯',
    expiresAt: new Date(Date.now() + HOUR_MS),
    returnUrl: 'http://127.0.0.1:3000/orders/1?a=b&c=d',
    client: 'h5',
    ...changes,
  }
}

async function opened(changes: Partial<PaymentAttempt> = {}) {
  const attempt = newAttempt(changes)
  const { providerRef, payUrl } = await provider.create(attempt)
  return { ...attempt, providerRef, payUrl: payUrl ?? '' }
}
type Opened = Awaited<ReturnType<typeof opened>>

/** The customer's browser opens the cashier. */
async function visited(changes: Partial<PaymentAttempt> = {}) {
  const trade = await opened(changes)
  const cashierPage = (await visit(trade.payUrl)).headers.get('location') ?? ''
  expect(cashierPage).toMatch(new RegExp(`^${sandbox.url}/pay/ali_[0-9a-f]{32}$`))
  return { ...trade, cashierPage }
}

async function paid(changes: Partial<PaymentAttempt> = {}) {
  const trade = await visited(changes)
  expect((await press(trade.cashierPage, 'pay')).status).toBe(303)
  return trade
}

const visit = (url: string) => fetch(url, { redirect: 'manual' })
const press = (url: string, action: string) =>
  fetch(url, { method: 'POST', body: new URLSearchParams({ action }), redirect: 'manual' })
const control = async (path: string, body: object) =>
  (
    await fetch(`${sandbox.url}/control/${path}`, { method: 'POST', body: JSON.stringify(body) })
  ).json() as Promise<unknown>
const fault = (name: string, count = 1) => control('faults', { fault: name, method: 'alipay', count })
const pendingFaults = async () => (await fetch(`${sandbox.url}/control/faults`)).json() as Promise<unknown>
const booked = async ({ outTradeNo }: { outTradeNo: string }) => {
  const books = (await (await fetch(`${sandbox.url}/books`)).json()) as { out_trade_no: string }[]
  return books.filter((row) => row.out_trade_no === outTradeNo)
}
const refundOf = (trade: Opened, amountFen: bigint, n = 1) => ({
  outTradeNo: trade.outTradeNo,
  providerRef: trade.providerRef,
  refundNo: `${trade.outTradeNo}-R${n}`,
  amountFen,
  reason: '用户取消',
})
const ask = (trade: Opened, n = 1) => ({
  outTradeNo: trade.outTradeNo,
  refundNo: `${trade.outTradeNo}-R${n}`,
  refundRef: `${trade.outTradeNo}-R${n}`,
})
/** Expects an uncertain result: the call has to be repeated. */
const repeatable = async (call: Promise<unknown>) => {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(Error)
  expect(error).not.toBeInstanceOf(ProviderRefusalError)
  expect(error).not.toBeInstanceOf(NotKnownYetError)
}

const sdkOf = (changes: object = {}) =>
  new AlipaySdk({
    appId: account.appId,
    privateKey: ACCOUNTS.alipay.shopKey,
    keyType: 'PKCS8',
    alipayPublicKey: account.alipayPublicKey,
    gateway: account.gatewayUrl,
    ...changes,
  })

beforeEach(async () => {
  expect(await pendingFaults()).toEqual([])
})

describe('the cashier', () => {
  test.each([
    ['h5', 'alipay.trade.wap.pay', 'QUICK_WAP_WAY'],
    ['in_app', 'alipay.trade.wap.pay', 'QUICK_WAP_WAY'],
    ['desktop', 'alipay.trade.page.pay', 'FAST_INSTANT_TRADE_PAY'],
  ] as const)('opens for %s by %s', async (client, method, product_code) => {
    const expiresAt = new Date('2026-12-31T15:59:58.001Z')
    const trade = await opened({ client, expiresAt, subject: `a/b=c&d${'杯'.repeat(200)}` })
    const params = new URL(trade.payUrl).searchParams
    expect(Object.fromEntries(params)).toMatchObject({
      app_id: account.appId,
      method,
      charset: 'utf-8',
      sign_type: 'RSA2',
      version: '1.0',
      notify_url: account.notifyUrl,
      return_url: trade.returnUrl,
    })
    expect(params.get('timestamp')).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    const content = JSON.parse(params.get('biz_content') ?? '')
    expect(content).toMatchObject({
      out_trade_no: trade.outTradeNo,
      total_amount: '9.90',
      product_code,
      // To the next full second, in Shanghai.
      time_expire: '2026-12-31 23:59:59',
    })
    expect([...content.subject]).toHaveLength(128)
    expect(content.subject).toMatch(/^a b c d杯+$/)
    expect(content.qr_pay_mode).toBe(client === 'desktop' ? '2' : undefined)
    expect(trade.providerRef).toBe(trade.outTradeNo)
    expect(
      sdkOf({ alipayPublicKey: publicOf(ACCOUNTS.alipay.shopKey) }).rsaCheck(
        [...params]
          .filter(([name]) => name !== 'sign')
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map((p) => p.join('='))
          .join('&'),
        params.get('sign') ?? '',
        'RSA2',
      ),
    ).toBe(true)
    expect((await visit(trade.payUrl)).status).toBe(302)
  })

  test('creates the trade when it is first opened, once', async () => {
    const trade = await opened()
    expect(await provider.query(trade)).toEqual({ state: 'unknown' })
    expect(await booked(trade)).toEqual([])
    const again = (await provider.create(trade)).payUrl ?? ''
    const pages = await Promise.all([trade.payUrl, again, trade.payUrl].map(visit))
    expect(new Set(pages.map(({ headers }) => headers.get('location'))).size).toBe(1)
    expect(await provider.query(trade)).toMatchObject({ state: 'unpaid', amountFen: 990n })
    expect(await booked(trade)).toMatchObject([{ state: 'unpaid', amount: '9.90', method: 'alipay' }])
  })

  test('opens and is confirmed by a POST to its address; the page shows the order', async () => {
    const trade = await opened()
    expect((await press(trade.payUrl, 'decline')).status).toBe(303)
    expect(await booked(trade)).toMatchObject([{ state: 'declined' }])
    expect(await provider.query(trade)).toMatchObject({ state: 'unpaid' })
    expect((await press(trade.payUrl, 'pay')).status).toBe(303)
    expect(await provider.query(trade)).toMatchObject({
      state: 'paid',
      amountFen: 990n,
      paymentRef: expect.stringMatching(/^\d{28}$/),
    })
    const page = await (await fetch(trade.payUrl)).text()
    for (const shown of ['9.90', trade.outTradeNo, '保温杯', '支付宝']) expect(page).toContain(shown)
    expect((await press(trade.payUrl, 'decline')).status).toBe(409)
    expect((await press((await opened()).payUrl, 'steal')).status).toBe(422)
  })

  test('shows an error page past its time_expire, and creates no trade', async () => {
    const trade = await opened({ expiresAt: new Date(Date.now() - 2_000) })
    const refused = await visit(trade.payUrl)
    expect(refused.status).toBe(409)
    expect(await refused.text()).toContain('过期')
    expect((await press(trade.payUrl, 'pay')).status).toBe(409)
    expect(await booked(trade)).toEqual([])
  })

  test('opens nothing if its address was changed or names another amount for a known trade', async () => {
    const trade = await opened()
    const changed = new URL(trade.payUrl)
    changed.searchParams.set(
      'biz_content',
      (changed.searchParams.get('biz_content') ?? '').replace('9.90', '0.01'),
    )
    expect((await visit(changed.href)).status).toBe(422)
    expect(await booked(trade)).toEqual([])
    await visit(trade.payUrl)
    const other = (await provider.create({ ...trade, amountFen: 1n })).payUrl ?? ''
    expect((await visit(other)).status).toBe(409)
    expect(await booked(trade)).toMatchObject([{ amount: '9.90' }])
    const script = (await provider.create(newAttempt({ returnUrl: 'javascript:alert(1)' }))).payUrl ?? ''
    expect((await visit(script)).status).toBe(409)
  })
})

describe('closing', () => {
  test('an open trade succeeds, also twice; then nobody can pay it', async () => {
    const trade = await visited()
    expect(await provider.close(trade)).toBe('closed')
    expect(await provider.close(trade)).toBe('closed')
    expect(await provider.query(trade)).toMatchObject({ state: 'closed' })
    expect((await press(trade.cashierPage, 'pay')).status).toBe(409)
    expect((await press(trade.payUrl, 'pay')).status).toBe(409)
    expect(await booked(trade)).toMatchObject([{ state: 'closed' }])
  })

  test('a paid trade says paid, also if it is paid at that moment', async () => {
    const before = await paid()
    expect(await provider.close(before)).toBe('paid')
    const during = await visited()
    await fault('pay_during_close')
    expect(await provider.close(during)).toBe('paid')
    expect(await booked(during)).toMatchObject([{ state: 'paid' }])
  })

  test('an unopened cashier is final only after its expiry and the grace', async () => {
    const trade = await opened({ expiresAt: new Date(Date.now() + 60_400) })
    const error = await provider.close(trade).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(NotKnownYetError)
    const second = Math.ceil(trade.expiresAt.getTime() / 1000) * 1000
    expect((error as NotKnownYetError).deadAt).toEqual(new Date(second + 5_000))
    // The customer opens it after all, and pays.
    await press(trade.payUrl, 'pay')
    expect(await provider.close(trade)).toBe('paid')

    const justExpired = await opened({ expiresAt: new Date(Date.now() - 2_000) })
    await expect(provider.close(justExpired)).rejects.toBeInstanceOf(NotKnownYetError)
    expect((await press(justExpired.payUrl, 'pay')).status).toBe(409)
    const dead = await opened({ expiresAt: new Date(Date.now() - 6_001) })
    expect(await provider.close(dead)).toBe('closed')
    expect(await booked(dead)).toEqual([])
  })

  test('with a lost answer is settled by a query; one that was not executed is repeated', async () => {
    for (const name of ['answer_lost', 'error_after']) {
      const trade = await visited()
      await fault(name)
      expect(await provider.close(trade)).toBe('closed')
    }
    const trade = await visited()
    await fault('error_before')
    await repeatable(provider.close(trade))
    expect(await provider.query(trade)).toMatchObject({ state: 'unpaid' })
    expect(await provider.close(trade)).toBe('closed')
  })

  test('with too many requests is repeated', async () => {
    const trade = await paid()
    await fault('rate_limited')
    await repeatable(provider.query(trade))
    await fault('rate_limited')
    await repeatable(provider.refund(refundOf(trade, 100n)))
    expect(await booked(trade)).toMatchObject([{ refunded: '0.00' }])
    await fault('rate_limited')
    await repeatable(provider.close(trade))
    expect(await provider.query(trade)).toMatchObject({ state: 'paid' })
  })
})

describe('refunds', () => {
  test('are idempotent, and never exceed the payment over several parts', async () => {
    const trade = await paid()
    const first = await provider.refund(refundOf(trade, 300n))
    expect(first).toEqual({ state: 'done', refundRef: `${trade.outTradeNo}-R1` })
    expect(await provider.refund(refundOf(trade, 300n))).toEqual(first)
    expect(await provider.queryRefund(ask(trade))).toEqual(first)
    expect(await booked(trade)).toMatchObject([{ state: 'paid', refunded: '3.00' }])
    expect(await provider.query(trade)).toMatchObject({ state: 'paid', amountFen: 990n })
    await expect(provider.refund(refundOf(trade, 100n))).rejects.toMatchObject({
      name: 'ProviderRefusalError',
      code: 'refund_no_reused',
    })
    await expect(provider.refund(refundOf(trade, 691n, 2))).rejects.toMatchObject({
      code: 'ACQ.REASON_TRADE_REFUND_FEE_ERR',
    })
    expect(await provider.refund(refundOf(trade, 690n, 3))).toMatchObject({ state: 'done' })
    await expect(provider.refund(refundOf(trade, 1n, 4))).rejects.toBeInstanceOf(ProviderRefusalError)
    expect(await booked(trade)).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    // TRADE_CLOSED, like an unpaid closed trade, although it was paid.
    expect(await provider.query(trade)).toMatchObject({ state: 'paid', refundedFen: 990n })
    expect(await provider.close(trade)).toBe('paid')
  })

  test('are refused for an unpaid, a closed and an unknown trade', async () => {
    const trade = await visited()
    const unpaid = provider.refund(refundOf(trade, 1n))
    await expect(unpaid).rejects.toMatchObject({
      name: 'ProviderRefusalError',
      code: 'ACQ.TRADE_STATUS_ERROR',
    })
    await provider.close(trade)
    const closed = provider.refund(refundOf(trade, 1n))
    await expect(closed).rejects.toMatchObject({ name: 'ProviderRefusalError', code: 'ACQ.TRADE_HAS_CLOSE' })
    const unknown = provider.refund(refundOf(await opened(), 1n))
    await expect(unknown).rejects.toMatchObject({ name: 'ProviderRefusalError', code: 'ACQ.TRADE_NOT_EXIST' })
  })

  test('that are stuck stay pending until done, and are paid once', async () => {
    const trade = await paid()
    await fault('refund_stuck')
    await repeatable(provider.refund(refundOf(trade, 300n)))
    await repeatable(provider.refund(refundOf(trade, 300n)))
    expect(await provider.queryRefund(ask(trade))).toMatchObject({ state: 'pending' })
    expect(await booked(trade)).toMatchObject([{ refunded: '0.00' }])
    await control('settle-refunds', { out_trade_no: trade.outTradeNo })
    expect(await provider.queryRefund(ask(trade))).toMatchObject({ state: 'done' })
    expect(await provider.refund(refundOf(trade, 300n))).toMatchObject({ state: 'done' })
    expect(await booked(trade)).toMatchObject([{ refunded: '3.00' }])
  })

  test('that failed are repeated under the same number, as Alipay requires, and paid once', async () => {
    const trade = await paid()
    await fault('refund_failed')
    await repeatable(provider.refund(refundOf(trade, 990n)))
    expect(await provider.queryRefund(ask(trade))).toMatchObject({ state: 'pending' })
    expect(await provider.refund(refundOf(trade, 990n))).toMatchObject({ state: 'done' })
    expect(await booked(trade)).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
  })

  test.each(['answer_lost', 'error_before', 'error_after'])(
    'are made once when repeated after %s',
    async (name) => {
      const trade = await paid()
      await fault(name)
      await repeatable(provider.refund(refundOf(trade, 400n)))
      const done = await provider.refund(refundOf(trade, 400n))
      expect(done).toMatchObject({ state: 'done' })
      expect(await provider.refund(refundOf(trade, 400n))).toEqual(done)
      expect(await booked(trade)).toMatchObject([{ state: 'paid', refunded: '4.00' }])
    },
  )
})

describe('an answer from Alipay', () => {
  let gateway: Receiver
  /** The body of each answer by the method that was called. */
  let bodies: Record<string, string | Buffer>
  let type = 'application/json'
  let stub: PaymentProvider

  beforeAll(async () => {
    gateway = await startReceiver(({ url }) => {
      const method = new URL(url, 'http://gateway').searchParams.get('method') ?? ''
      return { status: 200, body: bodies[method] ?? '', type }
    })
    stub = createAlipay({ ...account, gatewayUrl: `${gateway.url}/gateway.do` })
  })
  afterAll(() => gateway.stop())

  const payment = { outTradeNo: 'PM1-1', providerRef: 'PM1-1', expiresAt: new Date() }
  const fields = {
    code: '10000',
    out_trade_no: 'PM1-1',
    trade_no: '2026112322001400000000000001',
    trade_status: 'TRADE_SUCCESS',
    total_amount: '9.90',
  }
  const signed = (node: string, key = ACCOUNTS.alipay.providerKey) => signRsa2(node, key)
  const answer = (name: string, node: string, sign = signed(node)) => `{"${name}":${node},"sign":"${sign}"}`
  const QUERY = 'alipay_trade_query_response'
  const told = (body: string) => {
    bodies = { 'alipay.trade.query': body }
    return stub.query(payment)
  }

  test('is accepted with any spaces, escapes and order; its raw text is signed', async () => {
    const node = JSON.stringify(fields)
    const spaced = `{ "url":"https:\\/\\/a.b\\/{\\"}", "list" : [ {"a":[1,{}]}, "]}" ], ${node.slice(1, -1)} , "n":-1.5e3 }`
    const paid = { state: 'paid', amountFen: 990n, paymentRef: fields.trade_no }
    expect(await told(answer(QUERY, node))).toEqual(paid)
    expect(await told(answer(QUERY, spaced))).toEqual(paid)
    expect(
      await told(` {"sign" : "${signed(spaced)}" ,\n"alipay_cert_sn":"x", "${QUERY}" : ${spaced} } `),
    ).toEqual(paid)
    expect(sdkOf().getSignStr(answer(QUERY, spaced), QUERY)).toBe(spaced)
  })

  test('in GBK: verified over its bytes, and read in the charset that it names', async () => {
    // The second bytes of 誠調諁誟誡 in GBK are a backslash, braces and brackets.
    const sub_msg = '交易不存在誠"調諁"誟誡誠'
    const refusal = { code: '40004', msg: 'Business Failed', sub_code: 'ACQ.TRADE_NOT_EXIST', sub_msg }
    const bytes = encodeGbk(JSON.stringify(refusal))
    const body = Buffer.concat([
      Buffer.from(`{"${QUERY}":`),
      bytes,
      Buffer.from(`,"sign":"${signRsa2(bytes, ACCOUNTS.alipay.providerKey)}"}`),
    ])
    const toldIn = (contentType: string, sent: Buffer) => {
      type = contentType
      bodies = { 'alipay.trade.query': sent }
      return stub.query(payment).finally(() => {
        type = 'application/json'
      })
    }
    for (const named of [
      'text/html;charset=GBK',
      'text/html; charset="gb2312"',
      'text/html;charset=gb18030',
    ]) {
      expect(await toldIn(named, body)).toEqual({ state: 'unknown' })
    }
    expect(await toldIn('text/html', body)).toEqual({ state: 'unknown' })
    await expect(toldIn('text/html;charset=utf-8', body)).rejects.toThrow('not in utf-8')
    await expect(toldIn('text/html;charset=Big5', body)).rejects.toThrow(
      'the charset of the response is unknown',
    )
    for (let at = 0; at < body.length; at += 7) {
      const changed = Buffer.from(body)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      await repeatable(toldIn('text/html;charset=GBK', changed))
    }
  })

  test('in GBK from the sandbox: a trade that is not there, and a close that waits for its expiry', async () => {
    const trade = await opened()
    await fault('gbk_answer')
    expect(await provider.query(trade)).toEqual({ state: 'unknown' })
    await fault('gbk_answer')
    await expect(provider.close(trade)).rejects.toBeInstanceOf(NotKnownYetError)
    const bought = await paid({ subject: '誠品' })
    await fault('gbk_answer')
    expect(await provider.query(bought)).toMatchObject({ state: 'paid', amountFen: 990n })
  })

  const node = JSON.stringify(fields)
  const otherKey = ACCOUNTS.alipay.shopKey
  test.each<[string, () => string]>([
    ['no signature', () => `{"${QUERY}":${node}}`],
    ['an empty one', () => answer(QUERY, node, '')],
    ['one that is no text', () => `{"${QUERY}":${node},"sign":[1]}`],
    ['one by another key', () => answer(QUERY, node, signed(node, otherKey))],
    ['one of another node', () => answer(QUERY, node.replace('9.90', '9.91'), signed(node))],
    [
      'a signature of the same node written differently',
      () => answer(QUERY, node.replace('{', '{ '), signed(node)),
    ],
    [
      'a node twice, the signed one last',
      () => `{"${QUERY}":${node.replace('9.90', '1.00')},"${QUERY}":${node},"sign":"${signed(node)}"}`,
    ],
    [
      'a node twice',
      () => `{"${QUERY}":${node},"${QUERY}":${node.replace('9.90', '1.00')},"sign":"${signed(node)}"}`,
    ],
    ['a node of another method', () => answer('alipay_trade_close_response', node)],
    ['another trade', () => answer(QUERY, node.replace('PM1-1', 'PM2-1'), undefined)],
    ['an amount that is a JSON number', () => answer(QUERY, node.replace('"9.90"', '9.90'), undefined)],
    ['a negative amount', () => answer(QUERY, node.replace('9.90', '-9.90'), undefined)],
    ['an unknown state', () => answer(QUERY, node.replace('TRADE_SUCCESS', 'TRADE_PAID'), undefined)],
    ['no JSON', () => '<html>'],
    ['nothing', () => ''],
  ])('is not trusted, and the request is repeated: %s', async (_name, body) => {
    await repeatable(told(body()))
  })

  test.each([
    ['20000', 'isp.unknow-error'],
    ['20000', 'aop.unknow-error'],
    ['40001', 'isv.missing-signature'],
    ['40002', 'isv.invalid-signature'],
    ['40002', 'isv.invalid-app-id'],
    ['40005', 'isv.app-call-limited'],
    ['40006', 'isv.insufficient-isv-permissions'],
    ['40004', 'ACQ.SYSTEM_ERROR'],
    ['40004', 'AQC.SYSTEM_ERROR'],
    ['40004', 'isp.unknow-error'],
    ['40004', ''],
  ])('%s %s says nothing about the order', async (code, sub_code) => {
    await repeatable(told(answer(QUERY, JSON.stringify({ code, msg: 'x', sub_code, sub_msg: 'x' }))))
    await repeatable(told(answer('error_response', JSON.stringify({ code, sub_code }))))
  })

  test.each([
    ['ACQ.SELLER_BALANCE_NOT_ENOUGH', 'again'],
    ['ACQ.REASON_TRADE_BEEN_FREEZEN', 'again'],
    ['ACQ.SYSTEM_ERROR', 'again'],
    ['ACQ.TRADE_HAS_FINISHED', 'never'],
    ['ACQ.REFUND_AMT_NOT_EQUAL_TOTAL', 'never'],
    ['ACQ.DISCORDANT_REPEAT_REQUEST', 'never'],
    ['ACQ.SOMETHING_NEW', 'never'],
  ])('refuses a refund as %s, to be retried %s, unless it was done anyway', async (sub_code, meaning) => {
    const refusal = JSON.stringify({ code: '40004', msg: 'Business Failed', sub_code, sub_msg: 'x' })
    const request = {
      outTradeNo: 'PM1-1',
      providerRef: 'PM1-1',
      refundNo: 'PM1-1-R1',
      amountFen: 300n,
      reason: 'x',
    }
    const found = (more: object) =>
      answer(
        'alipay_trade_fastpay_refund_query_response',
        JSON.stringify({ code: '10000', msg: 'Success', ...more }),
      )
    const done = {
      out_trade_no: 'PM1-1',
      out_request_no: 'PM1-1-R1',
      refund_amount: '3.00',
      refund_status: 'REFUND_SUCCESS',
    }
    bodies = {
      'alipay.trade.refund': answer('alipay_trade_refund_response', refusal),
      'alipay.trade.fastpay.refund.query': found({}),
    }
    if (meaning === 'again') await repeatable(stub.refund(request))
    else
      await expect(stub.refund(request)).rejects.toMatchObject({
        name: 'ProviderRefusalError',
        code: sub_code,
      })
    bodies['alipay.trade.fastpay.refund.query'] = found(done)
    if (sub_code !== 'ACQ.SYSTEM_ERROR') expect(await stub.refund(request)).toMatchObject({ state: 'done' })
  })

  test('lets a close query first, and leave a finished trade alone', async () => {
    const before = gateway.received.length
    expect(await told(answer(QUERY, node))).toMatchObject({ state: 'paid' })
    expect(await stub.close(payment)).toBe('paid')
    await told(answer(QUERY, node.replace('TRADE_SUCCESS', 'TRADE_CLOSED')))
    expect(await stub.close(payment)).toBe('closed')
    const methods = gateway.received
      .slice(before)
      .map(({ url }) => new URL(url, 'http://gateway').searchParams.get('method'))
    expect(methods).toEqual([
      'alipay.trade.query',
      'alipay.trade.query',
      'alipay.trade.query',
      'alipay.trade.query',
    ])
  })

  test('of a refund is no success by code 10000 alone, nor with another refund number', async () => {
    const REFUND = 'alipay_trade_refund_response'
    const ASKED = 'alipay_trade_fastpay_refund_query_response'
    const request = {
      outTradeNo: 'PM1-1',
      providerRef: 'PM1-1',
      refundNo: 'PM1-1-R1',
      amountFen: 300n,
      reason: 'x',
    }
    const taken = JSON.stringify({ code: '10000', out_trade_no: 'PM1-1', refund_fee: '3.00' })
    const done = { code: '10000', out_trade_no: 'PM1-1', out_request_no: 'PM1-1-R1', refund_amount: '3.00' }
    for (const [asked, ends] of [
      [{ code: '10000' }, 'again'],
      [done, 'again'],
      [{ ...done, refund_status: 'REFUND_PROCESSING' }, 'again'],
      [{ ...done, refund_status: 'REFUND_SUCCESS', out_request_no: 'PM1-1-R2' }, 'again'],
      [{ ...done, refund_status: 'REFUND_SUCCESS', refund_amount: '3.01' }, 'refused'],
      [{ ...done, refund_status: 'REFUND_SUCCESS' }, 'done'],
    ] as const) {
      bodies = {
        'alipay.trade.refund': answer(REFUND, taken),
        'alipay.trade.fastpay.refund.query': answer(ASKED, JSON.stringify(asked)),
      }
      if (ends === 'done') expect(await stub.refund(request)).toMatchObject({ state: 'done' })
      else if (ends === 'again') await repeatable(stub.refund(request))
      else await expect(stub.refund(request)).rejects.toMatchObject({ code: 'refund_no_reused' })
    }
  })

  test('is requested again after a dead gateway or with wrong keys', async () => {
    const dead = createAlipay({ ...account, gatewayUrl: 'http://127.0.0.1:1/gateway.do' })
    await repeatable(dead.query(payment))
    await repeatable(dead.close(payment))
    const wrongKey = createAlipay({ ...account, privateKey: ACCOUNTS.alipay.providerKey })
    await repeatable(wrongKey.query(payment))
    const wrongAlipay = createAlipay({ ...account, alipayPublicKey: publicOf(ACCOUNTS.alipay.shopKey) })
    await repeatable(wrongAlipay.query(payment))
    const wrongApp = createAlipay({ ...account, appId: '2021000000000002' })
    await repeatable(wrongApp.query(payment))
  })
})

describe('Alipay’s own library and the sandbox', () => {
  const validateSign = { validateSign: true }

  test('agree on query, close, refund and refund query, and every answer verifies', async () => {
    const sdk = sdkOf()
    const trade = await visited()
    const bizContent = { out_trade_no: trade.outTradeNo }
    expect(await sdk.exec('alipay.trade.query', { bizContent }, validateSign)).toMatchObject({
      code: '10000',
      tradeStatus: 'WAIT_BUYER_PAY',
      totalAmount: '9.90',
    })
    await press(trade.payUrl, 'pay')
    expect(await sdk.exec('alipay.trade.close', { bizContent }, validateSign)).toMatchObject({
      code: '40004',
      subCode: 'ACQ.TRADE_STATUS_ERROR',
    })
    const refund = { ...bizContent, refund_amount: '1.00', out_request_no: 'R1' }
    const give = () => sdk.exec('alipay.trade.refund', { bizContent: refund }, validateSign)
    expect(await give()).toMatchObject({ code: '10000', fundChange: 'Y', refundFee: '1.00' })
    expect(await give()).toMatchObject({ code: '10000', fundChange: 'N', refundFee: '1.00' })
    const otherAmount = { bizContent: { ...refund, refund_amount: '2.00' } }
    expect(await sdk.exec('alipay.trade.refund', otherAmount)).toMatchObject({
      subCode: 'ACQ.DISCORDANT_REPEAT_REQUEST',
    })
    const whole = { bizContent: { ...bizContent, refund_amount: '1.00' } }
    expect(await sdk.exec('alipay.trade.refund', whole)).toMatchObject({
      subCode: 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL',
    })
    expect(
      await sdk.exec(
        'alipay.trade.fastpay.refund.query',
        { bizContent: { ...bizContent, out_request_no: 'R1' } },
        validateSign,
      ),
    ).toMatchObject({ code: '10000', refundStatus: 'REFUND_SUCCESS', refundAmount: '1.00' })
    expect(await sdk.exec('alipay.trade.unheard', {})).toMatchObject({
      code: '40002',
      subCode: 'isv.invalid-method',
    })
    const wrong = sdkOf({ privateKey: ACCOUNTS.alipay.providerKey })
    expect(await wrong.exec('alipay.trade.query', { bizContent })).toMatchObject({
      code: '40002',
      subCode: 'isv.invalid-signature',
    })
  })

  test.each<[string, Record<string, string | undefined>, string]>([
    ['no signature', { sign: undefined }, 'isv.missing-signature'],
    ['no method', { method: undefined }, 'isv.missing-method'],
    ['SHA-1', { sign_type: 'RSA' }, 'isv.invalid-signature-type'],
    ['GBK', { charset: 'gbk' }, 'isv.invalid-charset'],
    ['another app', { app_id: '2021000000000002' }, 'isv.invalid-app-id'],
    ['an invalid time', { timestamp: '2026-11-23T08:00:00Z' }, 'isv.invalid-timestamp'],
    ['what was not signed', { biz_content: '{}' }, 'isv.invalid-signature'],
    ['a name twice', { 'method&method': 'x' }, 'isv.invalid-parameter'],
  ])('the gateway refuses %s with a signed answer', async (_name, changes, sub_code) => {
    const { payUrl } = await opened()
    const url = new URL(payUrl)
    url.searchParams.set('method', 'alipay.trade.query')
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) url.searchParams.delete(name)
      else if (name.includes('&')) url.searchParams.append('method', value)
      else url.searchParams.set(name, value)
    }
    const text = await (await fetch(url, { method: 'POST' })).text()
    const [name = ''] = Object.keys(JSON.parse(text) as object)
    expect((JSON.parse(text) as Record<string, unknown>)[name]).toMatchObject({ sub_code })
    expect(() => sdkOf().checkResponseSign(text, name, JSON.parse(text).sign, '')).not.toThrow()
  })

  test('cancel closes an unpaid trade and refunds a paid one', async () => {
    const sdk = sdkOf()
    const cancel = (trade: Opened) =>
      sdk.exec('alipay.trade.cancel', { bizContent: { out_trade_no: trade.outTradeNo } }, validateSign)
    const unpaid = await visited()
    expect(await cancel(unpaid)).toMatchObject({ code: '10000', action: 'close' })
    expect(await booked(unpaid)).toMatchObject([{ state: 'closed' }])
    const done = await paid()
    expect(await cancel(done)).toMatchObject({ code: '10000', action: 'refund' })
    expect(await booked(done)).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    expect(await cancel(await opened())).toMatchObject({ subCode: 'ACQ.TRADE_NOT_EXIST' })
  })

  test('build the same page address as the mall, which opens the cashier', async () => {
    const attempt = newAttempt({ client: 'desktop' })
    const { payUrl } = await provider.create(attempt)
    const ours = new URL(payUrl ?? '')
    const theirs = new URL(
      sdkOf().pageExecute('alipay.trade.page.pay', 'GET', {
        bizContent: JSON.parse(ours.searchParams.get('biz_content') ?? ''),
        notify_url: account.notifyUrl,
        return_url: attempt.returnUrl,
      }),
    )
    const plain = (url: URL) =>
      Object.fromEntries(
        [...url.searchParams].filter(
          ([name]) => !['sign', 'timestamp', 'alipay_sdk', 'format'].includes(name),
        ),
      )
    expect(plain(ours)).toEqual(plain(theirs))
    expect((await visit(theirs.href)).status).toBe(302)
    expect(await booked(attempt)).toMatchObject([{ state: 'unpaid', amount: '9.90' }])
  })
})

describe('the bill', () => {
  const DAY_MS = 86_400_000
  const shanghaiDay = (at: number) => new Date(at + 8 * HOUR_MS).toISOString().slice(0, 10)

  /** Cut anywhere or with a changed byte, a file yields no lines at all. */
  function refusesWhatIsBroken(archive: Buffer) {
    const whole = readBill(archive)
    for (let length = 0; length < archive.length; length += 7) {
      expect(() => readBill(archive.subarray(0, length))).toThrow()
    }
    for (let at = 0; at < archive.length; at += 1) {
      const changed = Buffer.from(archive)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      let lines: unknown
      try {
        lines = readBill(changed)
      } catch {
        continue
      }
      // A byte without effect: a file name, a date.
      expect(lines).toEqual(whole)
    }
  }

  test('of a past day has every payment and refund once; today’s does not exist yet', async () => {
    const today = shanghaiDay(Date.now())
    const dearest = await paid({ amountFen: 123_456_789n, subject: '杯,「贵」,🍵' })
    const part = await paid()
    await provider.refund(refundOf(part, 290n))
    await provider.refund(refundOf(part, 1n, 2))
    await fault('refund_failed')
    await repeatable(provider.refund(refundOf(part, 5n, 3)))
    await visited()
    expect(await provider.downloadBill(today)).toBeUndefined()

    // A whole day passes in the provider's books.
    const day = shanghaiDay(Date.now() - 40 * DAY_MS)
    const db = new DatabaseSync(join(dataDir, 'sandbox.db'))
    const numbers = [dearest.outTradeNo, part.outTradeNo]
    for (const table of ['trades', 'refunds']) {
      const [column, key] = table === 'trades' ? ['paid_at', 'ref'] : ['created_at', 'trade_ref']
      db.prepare(
        `UPDATE ${table} SET ${column} = ${column} - ${40 * DAY_MS} WHERE ${key} IN (SELECT ref FROM trades WHERE out_trade_no IN (?, ?))`,
      ).run(...numbers)
    }
    db.close()
    const lines = await provider.downloadBill(day)
    const paymentRef = expect.stringMatching(/^\d{28}$/)
    expect(lines?.map(({ at: _at, ...line }) => line)).toEqual([
      { kind: 'payment', outTradeNo: dearest.outTradeNo, amountFen: 123_456_789n, paymentRef },
      { kind: 'payment', outTradeNo: part.outTradeNo, amountFen: 990n, paymentRef },
      {
        kind: 'refund',
        outTradeNo: part.outTradeNo,
        refundNo: `${part.outTradeNo}-R1`,
        amountFen: 290n,
        paymentRef,
      },
      {
        kind: 'refund',
        outTradeNo: part.outTradeNo,
        refundNo: `${part.outTradeNo}-R2`,
        amountFen: 1n,
        paymentRef,
      },
    ])
    expect(lines?.every(({ at }) => shanghaiDay(at.getTime()) === day)).toBe(true)
    expect(await provider.downloadBill(shanghaiDay(Date.now() - 41 * DAY_MS))).toBeUndefined()

    const { billDownloadUrl } = await sdkOf().exec(
      'alipay.data.dataservice.bill.downloadurl.query',
      { bizContent: { bill_type: 'trade', bill_date: day } },
      { validateSign: true },
    )
    expect((await fetch(billDownloadUrl)).status).toBe(200)
    refusesWhatIsBroken(Buffer.from(await (await fetch(billDownloadUrl)).arrayBuffer()))
    const expired = new URL(billDownloadUrl)
    expired.searchParams.set('expires', '1')
    expect((await fetch(expired)).status).toBe(403)
    expect((await fetch(billDownloadUrl.replace(day, '2026-01-01'))).status).toBe(403)
  })
})
