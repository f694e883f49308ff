import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { pino } from 'pino'
import { Stripe } from 'stripe'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { dateInShanghai, dayInShanghai } from '../../domain/business-time.ts'
import { type PaymentAttempt, type PaymentProvider, ProviderRefusalError } from '../../payments/port.ts'
import { verifyStripeNotification } from '../../payments/stripe/notification.ts'
import { createStripe } from '../../payments/stripe/provider.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { PATIENTLY } from '../support/patience.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'

const SECRET_KEY = 'sk_test_of_the_tests'
const WEBHOOK_SECRET = 'whsec_of_the_tests'

const stripe = new Stripe(SECRET_KEY)
const NOW = new Date('2026-11-22T12:00:00.750Z')
const NOW_S = Math.floor(NOW.getTime() / 1000)

const SESSION = {
  id: 'cs_test_1',
  object: 'checkout.session',
  client_reference_id: 'E20261122-1',
  payment_status: 'paid',
  amount_total: 990,
  currency: 'cny',
  payment_intent: 'pi_1',
}

function eventText(type: string, object: unknown, id = 'evt_1'): string {
  return JSON.stringify({ id, object: 'event', type, created: NOW_S, data: { object } })
}

/** Stripe's own signature of the text. */
function signedByStripe(payload: string, { timestamp = NOW_S, secret = WEBHOOK_SECRET } = {}): string {
  return stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp })
}

function ours(body: string | Uint8Array, header: string | undefined, secret = WEBHOOK_SECRET) {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const headers = new Headers(header === undefined ? {} : { 'stripe-signature': header })
  return verifyStripeNotification(bytes, headers, secret, NOW)
}

function stripeAccepts(body: string | Uint8Array, header: string, secret = WEBHOOK_SECRET): boolean {
  try {
    const payload = typeof body === 'string' ? body : Buffer.from(body)
    stripe.webhooks.constructEvent(payload, header, secret, 300, undefined, NOW.getTime())
    return true
  } catch {
    return false
  }
}

const PAID = eventText('checkout.session.completed', SESSION)

describe('a Stripe notification, compared with Stripe’s own library', () => {
  const good = signedByStripe(PAID)
  const [, hex = ''] = good.split('v1=')
  const other = signedByStripe(PAID, { secret: 'whsec_other' }).split('v1=')[1]
  const cases: [name: string, header: string, body: string, believed: boolean][] = [
    ['valid', good, PAID, true],
    ['299 s old', signedByStripe(PAID, { timestamp: NOW_S - 299 }), PAID, true],
    ['300 s old', signedByStripe(PAID, { timestamp: NOW_S - 300 }), PAID, true],
    ['301 s old', signedByStripe(PAID, { timestamp: NOW_S - 301 }), PAID, false],
    ['300 s ahead', signedByStripe(PAID, { timestamp: NOW_S + 300 }), PAID, true],
    ['two v1, the second right', `t=${NOW_S},v1=${other},v1=${hex}`, PAID, true],
    ['two v1, none right', `t=${NOW_S},v1=${other},v1=${other}`, PAID, false],
    ['a v0 next to it', `t=${NOW_S},v0=${other},v1=${hex}`, PAID, true],
    ['v0 alone', `t=${NOW_S},v0=${hex}`, PAID, false],
    ['other order', `v1=${hex},t=${NOW_S}`, PAID, true],
    ['upper case hex', `t=${NOW_S},v1=${hex.toUpperCase()}`, PAID, false],
    ['cut signature', `t=${NOW_S},v1=${hex.slice(0, 62)}`, PAID, false],
    ['long signature', `t=${NOW_S},v1=${hex}00`, PAID, false],
    ['wrong secret', signedByStripe(PAID, { secret: 'whsec_other' }), PAID, false],
    ['another time', good.replace(`t=${NOW_S}`, `t=${NOW_S + 1}`), PAID, false],
    ['another body', good, eventText('checkout.session.completed', { ...SESSION, amount_total: 1 }), false],
    ['body with a line end', good, `${PAID}\n`, false],
    ['empty body', good, '', false],
    ['no time', `v1=${hex}`, PAID, false],
    ['no signature', `t=${NOW_S}`, PAID, false],
    ['not a header', 'Bearer x', PAID, false],
  ]
  test.each(cases)('%s', (_name, header, body, believed) => {
    expect(stripeAccepts(body, header)).toBe(believed)
    expect(ours(body, header).ok).toBe(believed)
  })

  test('is refused by both with one flipped bit in body or signature', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 7 }), fc.boolean(), (at, bit, inBody) => {
        const bytes = Buffer.from(inBody ? PAID : hex)
        const index = at % bytes.length
        bytes.writeUInt8(bytes.readUInt8(index) ^ (1 << bit), index)
        const header = inBody ? good : `t=${NOW_S},v1=${bytes.toString('latin1')}`
        // Neither accepts a header with a flipped high bit or a line end.
        const sendable = inBody || /^[\x20-\x7e]*$/.test(bytes.toString('latin1'))
        fc.pre(sendable)
        const body = inBody ? bytes : Buffer.from(PAID)
        expect(stripeAccepts(body, header)).toBe(false)
        expect(ours(body, header)).toMatchObject({ ok: false })
      }),
      { numRuns: 500 },
    )
  })

  test('is never accepted, in any mutation, if Stripe refuses it, and never throws', () => {
    const edit = fc.tuple(fc.nat(), fc.nat({ max: 8 }), fc.string({ maxLength: 8 }))
    const apply = (text: string, [at, cut, put]: [number, number, string]) => {
      const index = at % (text.length + 1)
      return text.slice(0, index) + put + text.slice(index + cut)
    }
    let believed = 0
    fc.assert(
      fc.property(
        fc.option(edit),
        fc.option(edit),
        fc.integer({ min: -400, max: 400 }),
        (header, body, shift) => {
          const signature = signedByStripe(PAID, { timestamp: NOW_S - shift })
          const sentHeader = header ? apply(signature, header) : signature
          const sentBody = body ? apply(PAID, body) : PAID
          fc.pre(/^[\x21-\x7e]*$/.test(sentHeader))
          const verdict = ours(sentBody, sentHeader)
          if (verdict.ok) expect(stripeAccepts(sentBody, sentHeader)).toBe(true)
          believed += verdict.ok ? 1 : 0
          const untouched = sentHeader === signature && sentBody === PAID
          if (untouched) expect(verdict.ok).toBe(Math.abs(shift) <= 300)
        },
      ),
      { numRuns: 1000 },
    )
    expect(believed).toBeGreaterThan(0)
  })

  test('is checked more strictly than by Stripe: future times, times with a tail, two times', () => {
    const ahead = signedByStripe(PAID, { timestamp: NOW_S + 301 })
    expect(stripeAccepts(PAID, ahead)).toBe(true)
    expect(ours(PAID, ahead)).toEqual({ ok: false, fault: 'stale' })
    for (const header of [`t=${NOW_S}x,v1=${hex}`, `t=1,t=${NOW_S},v1=${hex}`]) {
      expect(stripeAccepts(PAID, header)).toBe(true)
      expect(ours(PAID, header)).toEqual({ ok: false, fault: 'unsigned' })
    }
  })

  test('is refused without a header, with a giant one, and with an empty secret', () => {
    expect(ours(PAID, undefined)).toEqual({ ok: false, fault: 'unsigned' })
    expect(ours(PAID, `${good}${`,v1=${hex}`.repeat(100)}`)).toEqual({ ok: false, fault: 'unsigned' })
    const byEmpty = createHmac('sha256', '').update(`${NOW_S}.${PAID}`).digest('hex')
    expect(ours(PAID, `t=${NOW_S},v1=${byEmpty}`, '')).toEqual({ ok: false, fault: 'unsigned' })
  })
})

describe('a signed event', () => {
  const read = (type: string, object: unknown) => {
    const text = eventText(type, object)
    return ours(text, signedByStripe(text))
  }
  const trade = { outTradeNo: 'E20261122-1' }
  const labels = { out_trade_no: 'E20261122-1', refund_no: 'E20261122-R1' }
  const refund = {
    id: 're_1',
    object: 'refund',
    amount: 300,
    currency: 'cny',
    status: 'succeeded',
    payment_intent: 'pi_1',
    metadata: labels,
  }
  const session = { ...trade, providerRef: 'cs_test_1', paymentRef: 'pi_1', amountFen: 990n }
  const ofRefund = {
    ...trade,
    refundNo: 'E20261122-R1',
    refundRef: 're_1',
    paymentRef: 'pi_1',
    amountFen: 300n,
  }
  test.each([
    ['checkout.session.completed', SESSION, { kind: 'paid', ...session }],
    ['checkout.session.completed', { ...SESSION, payment_status: 'unpaid' }, { kind: 'ignored' }],
    ['checkout.session.completed', { ...SESSION, currency: 'usd' }, { kind: 'ignored' }],
    ['checkout.session.completed', { ...SESSION, client_reference_id: null }, { kind: 'ignored' }],
    ['checkout.session.async_payment_succeeded', SESSION, { kind: 'paid', ...session }],
    ['checkout.session.async_payment_failed', SESSION, { kind: 'declined', ...session }],
    ['checkout.session.expired', { ...SESSION, payment_status: 'unpaid' }, { kind: 'closed', ...session }],
    [
      'payment_intent.payment_failed',
      { id: 'pi_1', object: 'payment_intent', amount: 990, metadata: labels },
      { kind: 'declined', ...trade, paymentRef: 'pi_1', amountFen: 990n },
    ],
    [
      'charge.refunded',
      { id: 'ch_1', object: 'charge', payment_intent: 'pi_1', metadata: labels },
      { kind: 'refunded', ...trade, paymentRef: 'pi_1' },
    ],
    ['refund.updated', refund, { kind: 'refunded', ...ofRefund }],
    ['refund.created', { ...refund, status: 'pending' }, { kind: 'ignored' }],
    ['refund.failed', { ...refund, status: 'failed' }, { kind: 'refund_failed', ...ofRefund }],
    ['refund.updated', { ...refund, metadata: {} }, { kind: 'ignored' }],
    ['customer.created', { id: 'cus_1' }, { kind: 'ignored' }],
    ['__proto__', {}, { kind: 'ignored' }],
    ['toString', {}, { kind: 'ignored' }],
  ])('%s is read as documented', (type, object, said) => {
    const occurredAt = new Date(NOW_S * 1000)
    expect(read(type, object)).toEqual({ ok: true, notification: { eventId: 'evt_1', occurredAt, ...said } })
  })

  test.each([
    ['a fraction of a fen', { ...SESSION, amount_total: 9.5 }],
    ['a negative amount', { ...SESSION, amount_total: -1 }],
    ['an amount as text', { ...SESSION, amount_total: '990' }],
    ['an amount beyond exact integers', { ...SESSION, amount_total: 2 ** 60 }],
    ['no amount', { ...SESSION, amount_total: null }],
    ['a list for the order number', { ...SESSION, client_reference_id: ['E20261122-1'] }],
    ['an unknown payment status', { ...SESSION, payment_status: 'PAID' }],
    ['another object', { ...SESSION, object: 'charge' }],
    ['a list', [SESSION]],
    ['nothing', null],
  ])('%s is malformed', (_name, object) => {
    expect(read('checkout.session.completed', object)).toEqual({ ok: false, fault: 'malformed' })
  })

  test('with invalid UTF-8 is malformed, although its signature is right', () => {
    const bytes = Buffer.from(PAID.replace('E20261122-1', 'E2026\u00ff'), 'latin1')
    const v1 = createHmac('sha256', WEBHOOK_SECRET).update(`${NOW_S}.`).update(bytes).digest('hex')
    expect(ours(bytes, `t=${NOW_S},v1=${v1}`)).toEqual({ ok: false, fault: 'malformed' })
  })

  test('gives a verdict for any text and never throws', () => {
    const types = fc.constantFrom(
      'checkout.session.completed',
      'refund.failed',
      'charge.refunded',
      '__proto__',
    )
    const texts = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.json(),
      fc.tuple(types, fc.jsonValue()).map(([type, object]) => eventText(type, object)),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const verdict = ours(text, signedByStripe(text))
        expect(verdict.ok ? verdict.notification.kind : verdict.fault).toMatch(/^(ignored|malformed)$/)
      }),
      { numRuns: 500 },
    )
  })
})

describe('the bank card adapter on the sandbox', () => {
  let dataDir: string
  let mall: Receiver
  let sandbox: Sandbox
  let provider: PaymentProvider
  let drawn = 0

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'points-mall-payments-'))
    mall = await startReceiver()
    sandbox = await startSandbox({
      host: '127.0.0.1',
      port: 0,
      dataDir,
      mallUrl: mall.url,
      accounts: { stripe: { secretKey: SECRET_KEY, webhookSecret: WEBHOOK_SECRET } },
      control: true,
      log: pino({ level: 'silent' }),
    })
    provider = createStripe({ baseUrl: sandbox.url, secretKey: SECRET_KEY, webhookSecret: WEBHOOK_SECRET })
  })
  afterAll(async () => {
    await sandbox.stop()
    await mall.stop()
    rmSync(dataDir, { recursive: true })
  })

  function newAttempt(expiresInMs = 1_800_000): PaymentAttempt {
    drawn += 1
    return {
      outTradeNo: `E20261122${String(drawn).padStart(4, '0')}-1`,
      amountFen: 990n,
      subject: '保温杯 & 红糖',
      expiresAt: new Date(Date.now() + expiresInMs),
      returnUrl: 'http://127.0.0.1:3000/points-mall/orders?from=cashier&x=1',
      client: 'h5',
    }
  }
  async function opened(attempt = newAttempt()) {
    const { providerRef, payUrl } = await provider.create(attempt)
    return { ...attempt, providerRef, payUrl: payUrl ?? '' }
  }
  async function paid() {
    const trade = await opened()
    await cashier(trade.payUrl, 'pay')
    return trade
  }
  const cashier = (payUrl: string, action: 'pay' | 'decline') =>
    fetch(payUrl, { method: 'POST', body: new URLSearchParams({ action }) })
  const fault = (name: string, count = 1) =>
    fetch(`${sandbox.url}/control/faults`, { method: 'POST', body: JSON.stringify({ fault: name, count }) })
  async function booked(outTradeNo: string) {
    const books = (await (await fetch(`${sandbox.url}/books`)).json()) as { out_trade_no: string }[]
    return books.filter((row) => row.out_trade_no === outTradeNo)
  }
  const refundOf = (trade: { outTradeNo: string; providerRef: string }, amountFen: bigint, n = 1) => ({
    outTradeNo: trade.outTradeNo,
    providerRef: trade.providerRef,
    refundNo: `${trade.outTradeNo}-R${n}`,
    amountFen,
    reason: '客户取消',
  })

  /** Stripe's own library on the sandbox. */
  function library(): Stripe {
    const { hostname, port } = new URL(sandbox.url)
    return new Stripe(SECRET_KEY, { host: hostname, port, protocol: 'http', maxNetworkRetries: 0 })
  }

  test('opens a trade once when asked twice', async () => {
    const attempt = newAttempt()
    const first = await provider.create(attempt)
    expect(await provider.create(attempt)).toEqual(first)
    expect(await booked(attempt.outTradeNo)).toEqual([
      {
        out_trade_no: attempt.outTradeNo,
        method: 'bank_card',
        amount: '9.90',
        state: 'unpaid',
        refunded: '0.00',
      },
    ])
  })

  test('refuses another amount under the same number, and changes nothing', async () => {
    const attempt = newAttempt()
    await provider.create(attempt)
    await expect(provider.create({ ...attempt, amountFen: 1n })).rejects.toBeInstanceOf(ProviderRefusalError)
    expect(await booked(attempt.outTradeNo)).toMatchObject([{ amount: '9.90' }])
  })

  test.each([
    ['a millisecond', 1],
    ['past', -3_600_000],
    ['23 h 45 min', 85_500_000],
    ['a week', 604_800_000],
  ])('leaves a deadline that Stripe cannot keep to our close: %s', async (_name, expiresInMs) => {
    const attempt = newAttempt(expiresInMs)
    const first = await provider.create(attempt)
    expect(await provider.create(attempt)).toEqual(first)
    expect(await provider.close({ ...attempt, providerRef: first.providerRef })).toBe('closed')
  })

  test('knows a paid trade by query and by notification', async () => {
    const trade = await opened()
    expect(await provider.query(trade)).toEqual({ state: 'unpaid', amountFen: 990n })
    await cashier(trade.payUrl, 'pay')
    const found = await provider.query(trade)
    expect(found).toEqual({
      state: 'paid',
      amountFen: 990n,
      paymentRef: expect.stringMatching(/^pi_/),
      refundedFen: 0n,
    })
    const sent = await vi.waitFor(() => {
      const one = mall.received.find(({ body }) => body.includes(trade.outTradeNo))
      expect(one).toBeDefined()
      return one
    }, PATIENTLY)
    expect(sent?.url).toBe('/api/webhooks/payments/stripe')
    const headers = new Headers({ 'stripe-signature': String(sent?.headers['stripe-signature']) })
    const verdict = verifyStripeNotification(sent?.body ?? Buffer.of(), headers, WEBHOOK_SECRET, new Date())
    expect(verdict).toMatchObject({
      ok: true,
      notification: {
        kind: 'paid',
        outTradeNo: trade.outTradeNo,
        providerRef: trade.providerRef,
        amountFen: 990n,
        paymentRef: found.paymentRef,
      },
    })
  })

  test('handles a decline followed by a payment', async () => {
    const trade = await opened()
    await cashier(trade.payUrl, 'decline')
    expect(await provider.query(trade)).toMatchObject({ state: 'unpaid' })
    expect(await booked(trade.outTradeNo)).toMatchObject([{ state: 'declined' }])
    await cashier(trade.payUrl, 'pay')
    expect(await provider.query(trade)).toMatchObject({ state: 'paid' })
  })

  test('closes an open trade, also twice; then nobody can pay it', async () => {
    const trade = await opened()
    expect(await provider.close(trade)).toBe('closed')
    expect(await provider.close(trade)).toBe('closed')
    expect(await provider.query(trade)).toMatchObject({ state: 'closed' })
    expect((await cashier(trade.payUrl, 'pay')).status).toBe(409)
    expect(await booked(trade.outTradeNo)).toMatchObject([{ state: 'closed' }])
  })

  test('says paid when a paid trade is to be closed', async () => {
    const trade = await paid()
    expect(await provider.close(trade)).toBe('paid')
    expect(await booked(trade.outTradeNo)).toMatchObject([{ state: 'paid' }])
  })

  test('lets a payment win at the moment of the close', async () => {
    const trade = await opened()
    await fault('pay_during_close')
    expect(await provider.close(trade)).toBe('paid')
  })

  test('throws when a close is uncertain, and settles a lost answer by a query', async () => {
    const trade = await opened()
    await fault('error_before')
    await expect(provider.close(trade)).rejects.not.toBeInstanceOf(ProviderRefusalError)
    expect(await provider.query(trade)).toMatchObject({ state: 'unpaid' })
    await fault('answer_lost')
    expect(await provider.close(trade)).toBe('closed')
  })

  test('reports an unknown session, and refuses to close it', async () => {
    const ghost = { outTradeNo: 'E-none-1', providerRef: 'cs_test_none', expiresAt: new Date() }
    const nameless = { ...ghost, providerRef: undefined }
    expect(await provider.query(ghost)).toEqual({ state: 'unknown' })
    expect(await provider.query(nameless)).toEqual({ state: 'unknown' })
    await expect(provider.close(ghost)).rejects.toBeInstanceOf(ProviderRefusalError)
    await expect(provider.close(nameless)).rejects.toThrow()
    const trade = await opened()
    await expect(provider.query({ ...ghost, providerRef: trade.providerRef })).rejects.toMatchObject({
      code: 'trade_mismatch',
    })
  })

  test('makes a repeated refund once, and never refunds more than was paid', async () => {
    const trade = await paid()
    const first = await provider.refund(refundOf(trade, 300n))
    expect(first).toEqual({ state: 'done', refundRef: expect.stringMatching(/^re_/) })
    expect(await provider.refund(refundOf(trade, 300n))).toEqual(first)
    expect(await booked(trade.outTradeNo)).toMatchObject([{ state: 'paid', refunded: '3.00' }])
    expect(await provider.query(trade)).toMatchObject({ refundedFen: 300n })
    await expect(provider.refund(refundOf(trade, 100n))).rejects.toMatchObject({ code: 'refund_no_reused' })
    await expect(provider.refund(refundOf(trade, 691n, 2))).rejects.toBeInstanceOf(ProviderRefusalError)
    expect(await provider.refund(refundOf(trade, 690n, 3))).toMatchObject({ state: 'done' })
    await expect(provider.refund(refundOf(trade, 1n, 4))).rejects.toMatchObject({
      code: 'charge_already_refunded',
    })
    expect(await booked(trade.outTradeNo)).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
  })

  test('refunds nothing of an unpaid trade', async () => {
    const trade = await opened()
    await expect(provider.refund(refundOf(trade, 1n))).rejects.toMatchObject({ code: 'not_paid' })
    await cashier(trade.payUrl, 'decline')
    await expect(provider.refund(refundOf(trade, 1n))).rejects.toBeInstanceOf(ProviderRefusalError)
  })

  test('reports a stuck refund as pending until it is settled, and a failed one with its reason', async () => {
    const trade = await paid()
    await fault('refund_stuck')
    const stuck = await provider.refund(refundOf(trade, 300n))
    expect(stuck.state).toBe('pending')
    expect(await booked(trade.outTradeNo)).toMatchObject([{ refunded: '0.00' }])
    await fetch(`${sandbox.url}/control/settle-refunds`, {
      method: 'POST',
      body: JSON.stringify({ out_trade_no: trade.outTradeNo }),
    })
    const { refundRef } = stuck
    const ask = { ...refundOf(trade, 300n), refundRef }
    expect(await provider.queryRefund(ask)).toEqual({ state: 'done', refundRef })
    await fault('refund_failed')
    const failed = await provider.refund(refundOf(trade, 690n, 2))
    expect(failed).toMatchObject({ state: 'failed', reason: 'expired_or_canceled_card' })
    expect(await booked(trade.outTradeNo)).toMatchObject([{ state: 'paid', refunded: '3.00' }])
    expect(await provider.refund(refundOf(trade, 690n, 3))).toMatchObject({ state: 'done' })
  })

  test.each(['answer_lost', 'error_before', 'error_after', 'error_stored'])(
    'creates one session and one refund despite %s',
    async (name) => {
      const attempt = newAttempt()
      await fault(name)
      await expect(provider.create(attempt)).rejects.not.toBeInstanceOf(ProviderRefusalError)
      const trade = await opened(attempt)
      expect(await provider.create(attempt)).toEqual({ providerRef: trade.providerRef, payUrl: trade.payUrl })
      expect(await booked(attempt.outTradeNo)).toHaveLength(1)
      await cashier(trade.payUrl, 'pay')

      await fault(name)
      await expect(provider.refund(refundOf(trade, 400n))).rejects.not.toBeInstanceOf(ProviderRefusalError)
      const done = await provider.refund(refundOf(trade, 400n))
      expect(await provider.refund(refundOf(trade, 400n))).toEqual(done)
      expect(await booked(attempt.outTradeNo)).toMatchObject([{ state: 'paid', refunded: '4.00' }])
    },
  )

  test('leaves a wrong key and a dead provider to be retried', async () => {
    const wrong = createStripe({
      baseUrl: sandbox.url,
      secretKey: 'sk_test_wrong',
      webhookSecret: WEBHOOK_SECRET,
    })
    await expect(wrong.create(newAttempt())).rejects.not.toBeInstanceOf(ProviderRefusalError)
    const dead = createStripe({
      baseUrl: 'http://127.0.0.1:1',
      secretKey: SECRET_KEY,
      webhookSecret: WEBHOOK_SECRET,
    })
    await expect(dead.create(newAttempt())).rejects.not.toBeInstanceOf(ProviderRefusalError)
  })

  describe('the bill of a day', () => {
    const today = dateInShanghai(Date.now())
    const { from, to } = dayInShanghai(today)
    const linesOf = async (outTradeNo: string, day = today) =>
      (await provider.downloadBill(day))?.filter((line) => line.outTradeNo === outTradeNo)
    /** Sets the time of a trade's payment and of its refunds. */
    function move(outTradeNo: string, at: Date): void {
      const db = new DatabaseSync(join(dataDir, 'sandbox.db'), { timeout: 5_000 })
      db.prepare('UPDATE trades SET paid_at = ? WHERE out_trade_no = ?').run(at.getTime(), outTradeNo)
      db.prepare(
        'UPDATE refunds SET created_at = ? WHERE trade_ref IN (SELECT ref FROM trades WHERE out_trade_no = ?)',
      ).run(at.getTime(), outTradeNo)
      db.close()
    }

    test('contains payments and refunds, and no failed tries', async () => {
      const trade = await paid()
      const { paymentRef } = await provider.query(trade)
      const line = { outTradeNo: trade.outTradeNo, paymentRef, at: expect.any(Date) }
      expect(await linesOf(trade.outTradeNo)).toEqual([{ kind: 'payment', amountFen: 990n, ...line }])
      await provider.refund(refundOf(trade, 300n))
      await fault('refund_failed')
      await provider.refund(refundOf(trade, 100n, 2))
      await fault('refund_stuck')
      await provider.refund(refundOf(trade, 200n, 3))
      expect(await linesOf(trade.outTradeNo)).toEqual([
        { kind: 'refund', refundNo: `${trade.outTradeNo}-R1`, amountFen: 300n, ...line },
        { kind: 'payment', amountFen: 990n, ...line },
      ])
      const unpaid = await opened()
      await cashier(unpaid.payUrl, 'decline')
      expect(await linesOf(unpaid.outTradeNo)).toEqual([])
    })

    test('contains a refund made at the provider’s pages, without a number of ours', async () => {
      const trade = await paid()
      const { paymentRef = '' } = await provider.query(trade)
      await library().refunds.create({ payment_intent: paymentRef, amount: 50 })
      const refund = { kind: 'refund', outTradeNo: trade.outTradeNo, amountFen: 50n, paymentRef }
      expect((await linesOf(trade.outTradeNo))?.[0]).toEqual({ ...refund, at: expect.any(Date) })
    })

    test('begins and ends at midnight in Shanghai', async () => {
      const trade = await paid()
      const before = dateInShanghai(from.getTime() - 1)
      for (const [at, days] of [
        [from, [0, 1]],
        [new Date(from.getTime() - 1), [1, 0]],
        [new Date(to.getTime() - 1), [0, 1]],
        [to, [0, 0]],
      ] as const) {
        move(trade.outTradeNo, at)
        const lines = [await linesOf(trade.outTradeNo, before), await linesOf(trade.outTradeNo)]
        expect(lines.map((found) => found?.length)).toEqual(days)
      }
      expect(await provider.downloadBill('2026-01-01')).toEqual([])
    })

    test('of many pages has every line once, as Stripe’s own library reads it', async () => {
      const day = '2026-02-03'
      const { from: morning } = dayInShanghai(day)
      const trade = await paid()
      move(trade.outTradeNo, morning)
      const db = new DatabaseSync(join(dataDir, 'sandbox.db'), { timeout: 5_000 })
      const copy = db.prepare(
        `INSERT INTO trades (ref, method, out_trade_no, payment_ref, amount_fen, subject, state, attempts, return_url,
           expires_at, created_at, paid_at, wire)
         SELECT ref || :n, method, out_trade_no, payment_ref || :n, amount_fen, subject, state, attempts, return_url,
           expires_at, created_at, paid_at, wire FROM trades WHERE out_trade_no = :no AND ref = :ref`,
      )
      for (let n = 1; n < 250; n += 1) copy.run({ n: `${n}`, no: trade.outTradeNo, ref: trade.providerRef })
      db.close()
      const lines = (await provider.downloadBill(day)) ?? []
      expect(lines).toHaveLength(250)
      expect(new Set(lines.map(({ paymentRef }) => paymentRef)).size).toBe(250)
      const seconds = morning.getTime() / 1000
      const read = await library()
        .balanceTransactions.list({
          created: { gte: seconds, lt: seconds + 86_400 },
          limit: 100,
          expand: ['data.source'],
        })
        .autoPagingToArray({ limit: 1_000 })
      expect(read.map(({ source }) => (source as Stripe.Charge).payment_intent)).toEqual(
        lines.map(({ paymentRef }) => paymentRef),
      )
    })

    test('refuses a wrong list request, and rejects an invalid answer', async () => {
      const { balanceTransactions } = library()
      await expect(balanceTransactions.list({ starting_after: 'txn_none' })).rejects.toMatchObject({
        code: 'resource_missing',
      })
      await expect(balanceTransactions.list({ expand: ['data.customer'] })).rejects.toMatchObject({
        param: 'expand',
      })
      const stub = await startReceiver(() => ({ status: 200, body: '{"object":"list","data":[{}]}' }))
      const account = { secretKey: SECRET_KEY, webhookSecret: WEBHOOK_SECRET }
      await expect(createStripe({ baseUrl: stub.url, ...account }).downloadBill(today)).rejects.toThrow()
      await stub.stop()
    })
  })

  test('refuses permanently an amount that Stripe does not accept', async () => {
    const tooLarge = provider.create({ ...newAttempt(), amountFen: 100_000_000n })
    await expect(tooLarge).rejects.toMatchObject({ name: 'ProviderRefusalError', code: 'amount_too_large' })
  })

  test('sends the same request as Stripe’s own library', async () => {
    const stub = await startReceiver(() => ({ status: 500, body: '{}' }))
    const attempt = newAttempt()
    await expect(
      createStripe({ baseUrl: stub.url, secretKey: SECRET_KEY, webhookSecret: WEBHOOK_SECRET }).create(
        attempt,
      ),
    ).rejects.toThrow('500')
    const { hostname, port } = new URL(stub.url)
    const library = new Stripe(SECRET_KEY, { host: hostname, port, protocol: 'http', maxNetworkRetries: 0 })
    const metadata = { out_trade_no: attempt.outTradeNo }
    await library.checkout.sessions
      .create(
        {
          mode: 'payment',
          client_reference_id: attempt.outTradeNo,
          line_items: [
            {
              quantity: 1,
              price_data: { currency: 'cny', unit_amount: 990, product_data: { name: attempt.subject } },
            },
          ],
          metadata: { ...metadata, pay_by: attempt.expiresAt.toISOString() },
          payment_intent_data: { metadata },
          expires_at: Math.ceil(attempt.expiresAt.getTime() / 1000 + 31 * 60),
          success_url: attempt.returnUrl,
          cancel_url: attempt.returnUrl,
        },
        { idempotencyKey: `pay/${attempt.outTradeNo}` },
      )
      .catch(() => undefined)
    await stub.stop()
    const [one, two] = stub.received.map(({ method, url, headers, body }) => ({
      method,
      url,
      fields: [...new URLSearchParams(body.toString())].sort(([a], [b]) => (a < b ? -1 : 1)),
      headers: ['authorization', 'content-type', 'idempotency-key', 'stripe-version'].map(
        (name) => headers[name],
      ),
    }))
    expect(one).toBeDefined()
    expect(one).toEqual(two)
  })
})
