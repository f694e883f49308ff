import { createSign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AlipaySdk } from 'alipay-sdk'
import fc from 'fast-check'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { verifyAlipayNotification } from '../../payments/alipay/notification.ts'
import { createAlipay } from '../../payments/alipay/provider.ts'
import type { PaymentProvider } from '../../payments/port.ts'
import { encodeGbk } from '../../sandbox/alipay/gbk.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { ACCOUNTS, mallSides, sandboxSides } from '../support/accounts.ts'
import { PATIENTLY } from '../support/patience.ts'
import { type Received, type Receiver, startReceiver } from '../support/receiver.ts'

const { alipay: account } = mallSides(ACCOUNTS, 'http://127.0.0.1:1', 'http://127.0.0.1:1')
const { providerKey } = ACCOUNTS.alipay
const sdk = new AlipaySdk({
  appId: account.appId,
  privateKey: ACCOUNTS.alipay.shopKey,
  keyType: 'PKCS8',
  alipayPublicKey: account.alipayPublicKey,
})

type Fields = Record<string, string>

const PAID: Fields = {
  app_id: account.appId,
  auth_app_id: account.appId,
  seller_id: account.sellerId,
  charset: 'utf-8',
  version: '1.0',
  notify_id: '2026112300222180000000000000000001',
  notify_type: 'trade_status_sync',
  notify_time: '2026-11-23 18:00:01',
  gmt_create: '2026-11-23 17:59:00',
  gmt_payment: '2026-11-23 18:00:00',
  out_trade_no: 'PM20261123175900ABCDEFGHJKMN-1',
  trade_no: '2026112322001400000000000001',
  trade_status: 'TRADE_SUCCESS',
  total_amount: '9.90',
  subject: '保温杯 + 50% = &',
  body: '',
  fund_bill_list: '[{"amount":"9.90","fundChannel":"ALIPAYACCOUNT"}]',
}

function textOf(fields: Fields): string {
  const names = Object.keys(fields).filter((name) => name !== 'sign' && name !== 'sign_type')
  return names
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join('&')
}
const signatureOf = (text: string, key = providerKey, algorithm = 'RSA-SHA256') =>
  createSign(algorithm).update(text, 'utf8').sign(key, 'base64')
const form = (fields: Fields) => new URLSearchParams(fields).toString()
/** The body as Alipay sends it. */
const signed = (fields: Fields, key = providerKey) =>
  form({ ...fields, sign: signatureOf(textOf(fields), key), sign_type: 'RSA2' })

const ours = (body: string | Uint8Array) =>
  verifyAlipayNotification(typeof body === 'string' ? Buffer.from(body) : body, account)

/** What Alipay's SDK says as a shop would call it; `throws` would crash the shop. */
function sdkSays(body: string | Uint8Array): 'accepts' | 'refuses' | 'throws' {
  const fields: Record<string, unknown> = {}
  for (const [name, value] of new URLSearchParams(Buffer.from(body).toString())) {
    const known = fields[name]
    // As qs and common body parsers do.
    if (name.endsWith('[]')) fields[name.slice(0, -2)] = [value]
    else fields[name] = known === undefined ? value : [known, value].flat()
  }
  try {
    return sdk.checkNotifySignV2(fields) ? 'accepts' : 'refuses'
  } catch {
    return 'throws'
  }
}

const paid = {
  kind: 'paid',
  eventId: '2026112322001400000000000001/TRADE_SUCCESS/',
  outTradeNo: PAID.out_trade_no,
  providerRef: PAID.out_trade_no,
  paymentRef: PAID.trade_no,
  amountFen: 990n,
  occurredAt: new Date('2026-11-23T10:00:00.000Z'),
}

describe("a notification's signature", () => {
  test('is valid for any order of fields and any case of escapes', () => {
    const body = signed(PAID)
    const turned = body.split('&').reverse().join('&')
    const lower = body.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase())
    const percent = body.replaceAll('+', '%20')
    for (const one of [body, turned, lower, percent]) {
      expect(ours(one)).toEqual({ ok: true, notification: paid })
      expect(sdkSays(one)).toBe('accepts')
    }
    // The signed value is not decoded twice.
    expect(ours(signed({ ...PAID, subject: '100%25 %' })).ok).toBe(true)
  })

  const text = textOf(PAID)
  const good = signatureOf(text)
  const withSign = (sign: string, sign_type = 'RSA2') => form({ ...PAID, sign, sign_type })
  const sha1 = signatureOf(text, providerKey, 'RSA-SHA1')
  const cases: [name: string, body: string, fault: string, sdk: ReturnType<typeof sdkSays>][] = [
    ['no sign', form({ ...PAID, sign_type: 'RSA2' }), 'unsigned', 'refuses'],
    ['an empty sign', withSign(''), 'unsigned', 'refuses'],
    ['no sign_type', form({ ...PAID, sign: good }), 'unsigned', 'accepts'],
    ['RSA with SHA-1, and it says so', withSign(sha1, 'RSA'), 'unsigned', 'accepts'],
    ['RSA with SHA-1, and it says RSA2', withSign(sha1), 'bad_signature', 'refuses'],
    ['sign_type RSA over SHA-256', withSign(good, 'RSA'), 'unsigned', 'refuses'],
    ['an unknown sign_type', withSign(good, 'MD5'), 'unsigned', 'throws'],
    ['a sign_type of Object', withSign(good, 'constructor'), 'unsigned', 'throws'],
    ['rsa2 in small letters', withSign(good, 'rsa2'), 'unsigned', 'throws'],
    ['sign twice', `${signed(PAID)}&sign=x`, 'malformed', 'throws'],
    ['sign as an array', signed(PAID).replace('sign=', 'sign%5B%5D='), 'malformed', 'throws'],
    ['sign[] as it is', signed(PAID).replace('sign=', 'sign[]='), 'malformed', 'throws'],
    ['sign_type twice', `${signed(PAID)}&sign_type=RSA2`, 'malformed', 'throws'],
    ['an amount twice', `total_amount=0.01&${signed(PAID)}`, 'malformed', 'refuses'],
    ['signed by the shop itself', signed(PAID, ACCOUNTS.alipay.shopKey), 'bad_signature', 'refuses'],
    [
      'sign_type signed, too',
      withSign(signatureOf(textOf(PAID).replace('&subject', '&sign_type=RSA2&subject'))),
      'bad_signature',
      'accepts',
    ],
    ['another amount', signed(PAID).replace('9.90', '0.01'), 'bad_signature', 'refuses'],
    ['another order', signed(PAID).replace('ABCDEFGHJKMN', 'ABCDEFGHJKMP'), 'bad_signature', 'refuses'],
    ['an additional field', `${signed(PAID)}&x=1`, 'bad_signature', 'refuses'],
    ['a missing field', signed(PAID).replace('&body=', ''), 'bad_signature', 'refuses'],
    ['a truncated sign', withSign(good.slice(0, -4)), 'bad_signature', 'refuses'],
    ['a sign with spaces', withSign(`${good.slice(0, 9)} ${good.slice(9)}`), 'bad_signature', 'accepts'],
    ['a sign with a tail', withSign(`${good}AAAA`), 'bad_signature', 'accepts'],
    ['another app', signed({ ...PAID, app_id: '2021000000000002' }), 'other_merchant', 'accepts'],
    ['another seller', signed({ ...PAID, seller_id: '2088000000000002' }), 'other_merchant', 'accepts'],
    ['GBK', signed({ ...PAID, charset: 'gbk' }), 'malformed', 'accepts'],
    ['an amount with three places', signed({ ...PAID, total_amount: '9.900' }), 'malformed', 'accepts'],
    ['an amount as an exponent', signed({ ...PAID, total_amount: '1e3' }), 'malformed', 'accepts'],
    ['nothing to pay', signed({ ...PAID, total_amount: '0.00' }), 'malformed', 'accepts'],
    ['a negative amount', signed({ ...PAID, total_amount: '-9.90' }), 'malformed', 'accepts'],
    ['an invalid order number', signed({ ...PAID, out_trade_no: "1' OR '1'='1" }), 'malformed', 'accepts'],
    ['an invalid time', signed({ ...PAID, notify_time: 'yesterday' }), 'malformed', 'accepts'],
    ['JSON', JSON.stringify(PAID), 'malformed', 'refuses'],
  ]
  test.each(cases)('%s', (_name, body, fault, theirs) => {
    expect(ours(body)).toEqual({ ok: false, fault })
    expect(sdkSays(body)).toBe(theirs)
  })

  test('no seller, no app, no status: none is guessed', () => {
    for (const name of ['app_id', 'seller_id']) {
      const { [name]: _gone, ...rest } = PAID
      expect(ours(signed(rest as Fields))).toEqual({ ok: false, fault: 'other_merchant' })
    }
    for (const name of ['trade_no', 'out_trade_no', 'total_amount', 'notify_time']) {
      const { [name]: _gone, ...rest } = PAID
      expect(ours(signed(rest as Fields))).toEqual({ ok: false, fault: 'malformed' })
    }
  })

  test.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['10 MB', `${signed(PAID)}&x=${'a'.repeat(10_000_000)}`],
    ['one byte too long', `${signed(PAID)}&x=`.padEnd(65_537, 'a')],
    ['a thousand fields', `${signed(PAID)}${Array.from({ length: 1000 }, (_, n) => `&f${n}=1`).join('')}`],
    ['a bad escape', `${signed(PAID)}&x=%`],
    ['another', `${signed(PAID)}&x=%zz`],
    ['an escape that is no UTF-8', `${signed(PAID)}&x=%ff%fe`],
    ['bytes that are no UTF-8', Buffer.concat([Buffer.from(`${signed(PAID)}&x=`), Buffer.of(0xff, 0xfe)])],
    ['a byte order mark', `\ufeff${signed(PAID)}`],
    ['__proto__', `${signed(PAID)}&__proto__=1`],
    ['a[b]', `${signed(PAID)}&a[b]=1`],
    ['a.b', `${signed(PAID)}&a.b=1`],
    ['an empty name', `${signed(PAID)}&=1`],
    ['no equals sign', `${signed(PAID)}&x`],
    ['a last &', `${signed(PAID)}&`],
    ['NUL', `${signed(PAID)}&x\0=1`],
    ['zeros', new Uint8Array(1000)],
  ])('is refused without throwing: %s', (_name, body) => {
    expect(ours(body)).toEqual({ ok: false, fault: 'malformed' })
  })

  test('is refused, without throwing, if the public key is invalid', () => {
    const verdict = verifyAlipayNotification(Buffer.from(signed(PAID)), {
      ...account,
      alipayPublicKey: 'none',
    })
    expect(verdict).toEqual({ ok: false, fault: 'bad_signature' })
  })

  test('accepts, of 2,000 mutations, only what says the same and Alipay’s library accepts', () => {
    const body = Buffer.from(signed(PAID))
    const edit = fc.record({
      at: fc.nat({ max: body.length }),
      cut: fc.nat({ max: 6 }),
      put: fc.oneof(
        fc.uint8Array({ maxLength: 4 }),
        fc.constantFrom('&', '=', '%', '+', '%20', '%2B').map((t) => Buffer.from(t)),
      ),
    })
    let believed = 0
    let refused = 0
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 2 }), (edits) => {
        const sent = edits.reduce(
          (bytes, { at, cut, put }) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]),
          body,
        )
        const verdict = ours(sent)
        if (!verdict.ok) {
          refused += 1
          expect(sent.equals(body)).toBe(false)
          return
        }
        believed += 1
        expect(sdkSays(sent)).toBe('accepts')
        expect(verdict.notification).toEqual(paid)
        expect(Object.fromEntries(new URLSearchParams(sent.toString()))).toEqual(
          Object.fromEntries(new URLSearchParams(body.toString())),
        )
      }),
      { numRuns: 2000 },
    )
    expect(believed).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(1000)
  })

  test('is refused with one flipped bit anywhere, except in the case of an escape', () => {
    const body = Buffer.from(signed(PAID))
    for (let at = 0; at < body.length; at += 1) {
      const sent = Buffer.from(body)
      sent.writeUInt8(sent.readUInt8(at) ^ (1 << (at % 8)), at)
      const verdict = ours(sent)
      if (verdict.ok) expect(sent.toString().toLowerCase()).toBe(body.toString().toLowerCase())
    }
  })

  test('covers any fields and any text, as Alipay’s library reads them', () => {
    const name = fc
      .stringMatching(/^[a-z][a-z0-9_]{0,12}$/)
      .filter(
        (one) =>
          !(one in PAID) && !one.startsWith('sign') && !/^(refund_fee|gmt_refund|out_biz_no)$/.test(one),
      )
    fc.assert(
      fc.property(
        fc.dictionary(name, fc.string({ unit: 'grapheme', maxLength: 20 }), { maxKeys: 5 }),
        (more) => {
          const body = signed({ ...PAID, ...more })
          expect(sdkSays(body)).toBe('accepts')
          expect(ours(body)).toEqual({ ok: true, notification: paid })
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe("a notification's content", () => {
  const trade = { outTradeNo: PAID.out_trade_no, providerRef: PAID.out_trade_no, paymentRef: PAID.trade_no }
  const refund = { gmt_refund: '2026-11-23 19:00:00.536', refund_fee: '3.00', out_biz_no: 'R1' }
  const backAt = new Date('2026-11-23T11:00:00.536Z')
  const closed = { gmt_close: '2026-11-23 20:00:00', trade_status: 'TRADE_CLOSED' }
  test.each<[string, Fields, object]>([
    ['TRADE_SUCCESS', {}, paid],
    ['TRADE_SUCCESS, nothing refunded', { refund_fee: '0.00' }, paid],
    [
      'TRADE_FINISHED',
      { trade_status: 'TRADE_FINISHED' },
      { ...paid, eventId: `${PAID.trade_no}/TRADE_FINISHED/` },
    ],
    [
      'a part refunded',
      refund,
      {
        kind: 'refunded',
        ...trade,
        refundNo: 'R1',
        refundRef: 'R1',
        occurredAt: backAt,
        eventId: `${PAID.trade_no}/TRADE_SUCCESS/R1`,
      },
    ],
    [
      'all refunded',
      { ...refund, ...closed, refund_fee: '9.90' },
      {
        kind: 'refunded',
        ...trade,
        refundNo: 'R1',
        refundRef: 'R1',
        occurredAt: backAt,
        eventId: `${PAID.trade_no}/TRADE_CLOSED/R1`,
      },
    ],
    [
      'closed unpaid',
      { ...closed, refund_fee: '0.00' },
      {
        kind: 'closed',
        ...trade,
        amountFen: 990n,
        occurredAt: new Date('2026-11-23T12:00:00Z'),
        eventId: `${PAID.trade_no}/TRADE_CLOSED/`,
      },
    ],
    [
      'WAIT_BUYER_PAY',
      { trade_status: 'WAIT_BUYER_PAY' },
      {
        kind: 'ignored',
        ...trade,
        occurredAt: new Date('2026-11-23T10:00:01Z'),
        eventId: `${PAID.trade_no}/WAIT_BUYER_PAY/`,
      },
    ],
    [
      'another kind of notice',
      { notify_type: 'batch_refund_notify' },
      { kind: 'ignored', occurredAt: new Date('2026-11-23T10:00:01Z'), eventId: paid.eventId },
    ],
  ])('%s', (_name, changes, expected) => {
    expect(ours(signed({ ...PAID, ...changes }))).toEqual({ ok: true, notification: expected })
  })

  test('with any trace of a refund is no payment', () => {
    for (const trace of [
      { gmt_refund: '2026-11-23 19:00:00' },
      { gmt_refund: 'x' },
      { out_biz_no: 'R1' },
      { out_biz_no: '!' },
      { refund_fee: '0.01' },
      { refund_fee: '9.90' },
      { refund_fee: '-1' },
      { refund_fee: 'x' },
    ]) {
      for (const trade_status of ['TRADE_SUCCESS', 'TRADE_FINISHED', 'TRADE_CLOSED']) {
        const verdict = ours(signed({ ...PAID, ...trace, trade_status } as Fields))
        expect(verdict).toMatchObject({ ok: true, notification: { kind: 'refunded' } })
        expect(verdict.ok && verdict.notification.amountFen).toBeUndefined()
      }
    }
  })

  test('has amounts exact to the fen, where a float would not be', () => {
    for (const [text, fen] of [
      ['0.01', 1n],
      ['0.29', 29n],
      ['4.35', 435n],
      ['1.1', 110n],
      ['19', 1900n],
      ['90071992547409.93', 9007199254740993n],
    ] as const) {
      expect(ours(signed({ ...PAID, total_amount: text }))).toMatchObject({
        notification: { amountFen: fen },
      })
    }
  })

  test('is accepted at any age, as the same event: Alipay repeats for 25 hours', () => {
    const old = { ...PAID, notify_time: '2025-01-01 00:00:00' }
    expect(ours(signed(old))).toMatchObject({ ok: true, notification: { eventId: paid.eventId } })
  })
})

describe("the sandbox's notifications, as Alipay sends them", () => {
  let dataDir: string
  let mall: Receiver
  let sandbox: Sandbox
  let provider: PaymentProvider
  let answer: (request: Received, index: number) => { status: number; body?: string }

  beforeEach(async () => {
    answer = () => ({ status: 200, body: 'success' })
    dataDir = mkdtempSync(join(tmpdir(), 'points-mall-alipay-'))
    mall = await startReceiver((request, index) => answer(request, index))
    sandbox = await startSandbox({
      host: '127.0.0.1',
      port: 0,
      dataDir,
      mallUrl: mall.url,
      accounts: { alipay: sandboxSides(ACCOUNTS).alipay },
      control: true,
      log: pino({ level: 'silent' }),
    })
    provider = createAlipay(mallSides(ACCOUNTS, sandbox.url, mall.url).alipay)
  })
  afterEach(async () => {
    await sandbox.stop()
    await mall.stop()
    rmSync(dataDir, { recursive: true })
  })

  async function open(outTradeNo = 'PM20261123080000ABCDEFGHJKMN-1') {
    const attempt = {
      outTradeNo,
      amountFen: 990n,
      subject: '保温杯 + 赠品 100%',
      expiresAt: new Date(Date.now() + 3_600_000),
      returnUrl: 'http://127.0.0.1:3000/',
      client: 'h5' as const,
    }
    const { payUrl, providerRef } = await provider.create(attempt)
    return { ...attempt, payUrl: payUrl ?? '', providerRef }
  }
  const press = (url: string, action: string) =>
    fetch(url, { method: 'POST', body: new URLSearchParams({ action }), redirect: 'manual' })
  const control = async (path: string, body?: object) =>
    (
      await fetch(`${sandbox.url}/control/${path}`, body && { method: 'POST', body: JSON.stringify(body) })
    ).json() as Promise<unknown>
  const fault = (name: string) => control('faults', { fault: name, count: 1, method: 'alipay' })
  const received = (count: number) =>
    vi.waitFor(() => expect(mall.received.length).toBeGreaterThanOrEqual(count), PATIENTLY)
  const verify = ({ body }: Received) => provider.verify(body, new Headers(), new Date())
  const kinds = () =>
    mall.received.map((request) => {
      const verdict = verify(request)
      expect(sdkSays(request.body)).toBe('accepts')
      return verdict.ok ? verdict.notification.kind : verdict.fault
    })
  function inBooks<T>(work: (db: DatabaseSync) => T): T {
    const db = new DatabaseSync(join(dataDir, 'sandbox.db'))
    try {
      return work(db)
    } finally {
      db.close()
    }
  }
  /** The expected content of the one notification. */
  const standing = () =>
    inBooks((db) => db.prepare('SELECT state, attempts, due_at FROM notifications').get()) as {
      state: string
      attempts: number
      due_at: number
    }
  const tried = (attempts: number) =>
    vi.waitFor(() => expect(standing()).toMatchObject({ attempts }), PATIENTLY)

  test('report payment, partial and full refund as one signed form each', async () => {
    const trade = await open()
    await press(trade.payUrl, 'decline')
    await press(trade.payUrl, 'pay')
    await received(1)
    const refund = (amountFen: bigint, n: number) =>
      provider.refund({ ...trade, refundNo: `${trade.outTradeNo}-R${n}`, amountFen, reason: 'x' })
    await refund(300n, 1)
    await received(2)
    await refund(690n, 2)
    await received(3)
    // The declined try is not reported.
    expect(kinds()).toEqual(['paid', 'refunded', 'refunded'])
    const [paidNotice, part, whole] = mall.received.map(({ body }) =>
      Object.fromEntries(new URLSearchParams(body.toString())),
    )
    expect(mall.received[0]?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/)
    expect(paidNotice).toMatchObject({
      trade_status: 'TRADE_SUCCESS',
      total_amount: '9.90',
      sign_type: 'RSA2',
    })
    expect(part).toMatchObject({
      trade_status: 'TRADE_SUCCESS',
      refund_fee: '3.00',
      out_biz_no: `${trade.outTradeNo}-R1`,
    })
    expect(whole).toMatchObject({
      trade_status: 'TRADE_CLOSED',
      refund_fee: '9.90',
      out_biz_no: `${trade.outTradeNo}-R2`,
    })
    const events = mall.received.map((request) => {
      const verdict = verify(request)
      return verdict.ok && verdict.notification.eventId
    })
    expect(new Set(events).size).toBe(3)
    const { paymentRef } = await provider.query(trade)
    expect(verify(mall.received[0] as Received)).toMatchObject({
      notification: { outTradeNo: trade.outTradeNo, amountFen: 990n, paymentRef },
    })
  })

  test('report an unpaid trade as closed, and a later payment as paid', async () => {
    const trade = await open()
    await fetch(trade.payUrl)
    expect(await provider.close(trade)).toBe('closed')
    await received(1)
    await control('force-pay', { out_trade_no: trade.outTradeNo })
    await received(2)
    expect(kinds()).toEqual(['closed', 'paid'])
    expect(await provider.query(trade)).toMatchObject({ state: 'paid' })
  })

  test('are repeated until the answer is exactly the seven bytes “success”', async () => {
    let given: { status: number; body?: string } = { status: 500, body: 'success' }
    answer = () => given
    const trade = await open()
    await press(trade.payUrl, 'pay')
    await tried(1)
    const told = async (one: typeof given) => {
      given = one
      await control('resend', { out_trade_no: trade.outTradeNo })
      await tried(1)
      return standing().state
    }
    for (const body of ['', 'SUCCESS', 'success\n', ' success', '"success"', 'fail', '{"success":true}']) {
      expect(await told({ status: 200, body }), JSON.stringify(body)).toBe('waiting')
    }
    expect(await told({ status: 302, body: 'success' })).toBe('waiting')
    expect(await told({ status: 200, body: 'success' })).toBe('delivered')
  })

  test('are repeated after 4m, 10m, 10m, 1h, 2h, 6h and 15h, eight times the same, then no more', async () => {
    answer = () => ({ status: 500 })
    const trade = await open()
    await press(trade.payUrl, 'pay')
    for (const [index, minutes] of [4, 10, 10, 60, 120, 360, 900].entries()) {
      await tried(index + 1)
      const { state, due_at } = standing()
      expect(state).toBe('waiting')
      expect(Math.abs(due_at - Date.now() - minutes * 60_000)).toBeLessThan(60_000)
      inBooks((db) => db.exec('UPDATE notifications SET due_at = 0'))
      // Any request wakes the sender.
      await provider.query(trade)
    }
    await tried(8)
    expect(standing().state).toBe('given_up')
    expect(mall.received).toHaveLength(8)
    expect(new Set(mall.received.map(({ body }) => body.toString())).size).toBe(1)
  })

  test('wrong_signature: are refused as sent; the repeat is valid', async () => {
    await fault('wrong_signature')
    await press((await open()).payUrl, 'pay')
    await received(1)
    const [wrong] = mall.received as [Received]
    expect(verify(wrong)).toEqual({ ok: false, fault: 'bad_signature' })
    expect(sdkSays(wrong.body)).toBe('refuses')
    const [sent] = (await control('notifications')) as { body_base64: string }[]
    expect(Buffer.from(sent?.body_base64 ?? '', 'base64').equals(wrong.body)).toBe(true)
    mall.received.shift()
    await control('resend', { out_trade_no: 'PM20261123080000ABCDEFGHJKMN-1' })
    await received(1)
    expect(kinds()).toEqual(['paid'])
  })

  test('wrong_amount and wrong_merchant: are signed correctly, while the books are right', async () => {
    await fault('wrong_amount')
    await press((await open('PM20261123080000ABCDEFGHJKMN-1')).payUrl, 'pay')
    await received(1)
    expect(verify(mall.received[0] as Received)).toMatchObject({
      notification: { kind: 'paid', amountFen: 1n },
    })
    await fault('wrong_merchant')
    const trade = await open('PM20261123080000ABCDEFGHJKMP-1')
    await press(trade.payUrl, 'pay')
    await received(2)
    expect(kinds()).toEqual(['paid', 'other_merchant'])
    expect(await provider.query(trade)).toMatchObject({ state: 'paid', amountFen: 990n })
  })

  test('duplicate: are sent twice as one event', async () => {
    await fault('duplicate')
    await press((await open()).payUrl, 'pay')
    await received(2)
    expect(kinds()).toEqual(['paid', 'paid'])
    expect(mall.received[0]?.body.equals(mall.received[1]?.body ?? Buffer.of())).toBe(true)
  })
})

describe('in another charset, it is verified over its bytes', () => {
  const escaped = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex').replaceAll(/../g, '%$&')
  const utf8 = (text: string) => Buffer.from(text)
  /** A form in the charset that it names; `encode` is how a text is written in it. */
  function formIn(charset: string | undefined, encode: (text: string) => Buffer, more: Fields = {}) {
    const { charset: _utf8, ...rest } = PAID
    const fields = { ...rest, subject: '誠品保温杯', ...more, ...(charset && { charset }) } as Fields
    const sign = createSign('RSA-SHA256')
      .update(encode(textOf(fields)))
      .sign(providerKey, 'base64')
    return Object.entries({ ...fields, sign, sign_type: 'RSA2' })
      .map(([name, value]) => `${name}=${escaped(encode(value))}`)
      .join('&')
  }

  test.each(['GBK', 'gbk', 'GB2312', 'gb18030'])('%s', (charset) => {
    expect(ours(formIn(charset, encodeGbk))).toEqual({ ok: true, notification: paid })
    // Not escaped: the second byte of 誠 is a backslash.
    const raw = formIn(charset, encodeGbk).replace(/subject=[^&]*/, 'subject=誠品保温杯')
    expect(ours(encodeGbk(raw))).toEqual({ ok: true, notification: paid })
  })

  test('GB18030 with a character of four bytes, and none named: as the mall asks for', () => {
    const four = (text: string) =>
      Buffer.concat(
        Array.from(text, (sign) => (sign === '𠮷' ? Buffer.of(0x95, 0x34, 0xb0, 0x37) : encodeGbk(sign))),
      )
    expect(ours(formIn('GB18030', four, { subject: '𠮷野家' }))).toEqual({ ok: true, notification: paid })
    expect(ours(formIn(undefined, utf8))).toEqual({ ok: true, notification: paid })
  })

  test('one byte changed anywhere in a value is refused', () => {
    const body = formIn('GBK', encodeGbk)
    const spots = [...body.matchAll(/%[0-9a-f]{2}/g)].map(({ index }) => index)
    for (const at of spots.filter((_, n) => n % 5 === 0)) {
      const byte = Number.parseInt(body.slice(at + 1, at + 3), 16) ^ 1
      const changed = `${body.slice(0, at)}%${byte.toString(16).padStart(2, '0')}${body.slice(at + 3)}`
      expect(ours(changed)).toMatchObject({ ok: false })
    }
  })

  test('named wrongly, or not known: refused, and it says why', () => {
    expect(ours(formIn('GBK', utf8, { subject: '杯' }))).toEqual({ ok: false, fault: 'malformed' })
    expect(ours(formIn('utf-8', encodeGbk))).toEqual({ ok: false, fault: 'malformed' })
    for (const charset of ['Big5', 'utf-16', 'constructor', 'GBK ']) {
      expect(ours(formIn(charset, encodeGbk))).toEqual({ ok: false, fault: 'unknown_charset' })
    }
    // Not signed, it is not read at all.
    const unsigned = formIn('Big5', encodeGbk).replace('charset=', 'x=1&charset=')
    expect(ours(unsigned)).toEqual({ ok: false, fault: 'bad_signature' })
  })
})
