import { createHmac, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { keepPaymentEvent } from '../../application/messaging/inbox.ts'
import { PAYMENT_METHODS } from '../../domain/payments/method.ts'
import { createStripe } from '../../payments/stripe/provider.ts'
import { ACCOUNTS } from '../support/accounts.ts'
import { ended, readHoldings, readTables, workflowState } from '../support/db-snapshot.ts'
import { createDoor, createHooks } from '../support/hooks.ts'
import { compareBooks, type Trade } from '../support/provider-books.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

/** The deadline of an order in `hasty`; `mall` has half an hour. */
const HASTE_MS = 800

const hooks = createHooks()
const hastyHooks = createHooks()
let mall: TestApp
let hasty: TestApp
beforeAll(async () => {
  mall = await openTestApp({ tamper: (activities) => hooks.tamper(activities) })
  hasty = await openTestApp({
    tamper: (activities) => hastyHooks.tamper(activities),
    paymentTimeoutMs: HASTE_MS,
  })
})
afterAll(async () => {
  await mall.close()
  await hasty.close()
})
afterEach(async () => {
  hooks.clear()
  hastyHooks.clear()
  for (const shop of [mall, hasty]) {
    expect(await shop.brokenLaws()).toEqual([])
    await until(
      async () => compareBooks(shop.db, (await shop.books()) as unknown as Trade[]),
      (kept) => kept.every((order) => order.due === order.kept),
      "the provider keeps each live order's money once, and no other",
    )
    expect((await shop.control('faults')).body).toEqual([])
  }
})

let customers = 0

/** An order of 100 points and 9.90 by card, whose owner has nothing else. */
async function order(shop: TestApp) {
  customers += 1
  const owner = `payer${customers}`
  await shop.points(owner, 100)
  const product_id = await shop.product({ payment_mode: 'mixed', stock: 5 })
  const before = await readHoldings(shop)
  const answer = await shop.exchange(owner, { product_id, payment_method: 'bank_card' })
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
  const { order_no: orderNo, payment_info } = answer.body.data
  // From the database: an order that is past its deadline does not show it.
  const { pay_url } = await shop.db
    .selectFrom('payments')
    .select('pay_url')
    .where('order_no', '=', orderNo)
    .executeTakeFirstOrThrow()
  return {
    owner,
    product_id,
    orderNo: orderNo as string,
    payUrl: pay_url ?? '',
    expiresAt: payment_info.expires_at as string,
    before,
    show: () => shop.order(owner, orderNo),
    reach: (status: string) => shop.reach(owner, orderNo, status),
    settle: (payment_status: string) =>
      until(
        () => shop.order(owner, orderNo),
        (found) => found.payment_status === payment_status,
        `${orderNo} is ${payment_status}`,
      ),
    act: (action: string, body: unknown = {}) => shop.act(owner, orderNo, action, body),
    trades: async () => (await shop.books()).filter((trade) => trade.out_trade_no?.startsWith(orderNo)),
    wallet: async () => (await shop.call('GET', '/api/points-mall/wallet', { as: owner })).body.data,
    codes: async () =>
      (await shop.order(owner, orderNo)).timeline.flatMap(({ code }: { code: string | null }) => code ?? []),
    attention: async () =>
      (await shop.call('GET', `/api/admin/points-mall/orders/${orderNo}`, { as: 'op', role: 'operator' }))
        .body.data.needs_attention,
    resend: (n = 1) => shop.control('resend', { out_trade_no: `${orderNo}-${n}` }),
    forcePay: (n = 1) => shop.control('force-pay', { out_trade_no: `${orderNo}-${n}` }),
  }
}
type Order = Awaited<ReturnType<typeof order>>

const fault = (shop: TestApp, name: string, count = 1) => shop.control('faults', { fault: name, count })

/** Waits until all sent notifications of this order are answered and delivered. */
async function quiet(shop: TestApp, { orderNo }: Order, sends: number): Promise<void> {
  await until(
    async () =>
      (await shop.control('notifications')).body as { out_trade_no: string; status: number | null }[],
    (sent) =>
      sent.filter((one) => one.out_trade_no.startsWith(orderNo) && one.status === 200).length >= sends,
    `${sends} notifications of ${orderNo} are answered`,
  )
  await until(
    () =>
      shop.db
        .selectFrom('webhook_inbox')
        .select('id')
        .where('order_no', '=', orderNo)
        .where('delivered_at', 'is', null)
        .execute(),
    (waiting) => waiting.length === 0,
    `notifications of ${orderNo} are delivered`,
  )
}

async function workflowsAbout(shop: TestApp, orderNo: string) {
  const ids: string[] = []
  for await (const { workflowId } of shop.temporal.client.workflow.list()) {
    if (workflowId.includes(orderNo)) ids.push(workflowId)
  }
  return ids.sort()
}

describe('the cashier', () => {
  test('leaves a declined order open with a note; then it can be paid', async () => {
    const o = await order(mall)
    await mall.cashier(o.payUrl, 'decline')
    await until(o.codes, (codes) => codes.includes('payment_declined'), 'the decline is noted')
    expect(await o.show()).toMatchObject({ status: 'order_created', payment_status: 'unpaid' })
    expect((await o.show()).payment_info).toMatchObject({ pay_url: o.payUrl, expires_at: o.expiresAt })
    expect(await o.wallet()).toMatchObject({ available: 0, held: 100 })
    await mall.cashier(o.payUrl, 'pay')
    expect(await o.reach('order_paid')).toMatchObject({ payment_status: 'paid' })
    expect(await o.wallet()).toMatchObject({ available: 0, held: 0 })
    expect(await o.trades()).toMatchObject([{ state: 'paid', amount: '9.90', refunded: '0.00' }])
  })

  test('is the same when opened again by the same method, with the same deadline', async () => {
    const o = await order(mall)
    for (const body of [{}, { payment_method: 'bank_card' }]) {
      const again = await o.act('pay', body)
      expect(again.status).toBe(200)
      expect(again.body.data.payment_info).toMatchObject({ pay_url: o.payUrl, expires_at: o.expiresAt })
    }
    expect(await o.trades()).toMatchObject([{ state: 'unpaid' }])
  })

  test('is closed when the customer changes to the wallet, which pays immediately', async () => {
    const o = await order(mall)
    await mall.cash(o.owner, 1000)
    const paid = await o.act('pay', { payment_method: 'wallet' })
    expect(paid.body.data).toMatchObject({
      status: 'order_paid',
      payment_status: 'paid',
      payment_info: { payment_method: 'wallet', pay_url: null, trade_no: `${o.orderNo}-2` },
    })
    expect(await o.trades()).toMatchObject([{ state: 'closed', refunded: '0.00' }])
    expect((await o.wallet()).cash.amount).toBe('0.10')
    expect(await mall.cashier(o.payUrl, 'pay')).toBeGreaterThanOrEqual(400)
  })

  test('stays when the wallet is one fen short or the method unknown: refused without change', async () => {
    const o = await order(mall)
    await mall.cash(o.owner, 989)
    const before = await readTables(mall.db)
    const books = await mall.books()
    expect(await o.act('pay', { payment_method: 'wallet' })).toMatchObject({
      status: 409,
      body: { code: 'INSUFFICIENT_BALANCE' },
    })
    mall.configure({ rules: { ...mall.deps.settings.rules, supportedMethods: ['wallet', 'bank_card'] } })
    expect(await o.act('pay', { payment_method: 'wechat' })).toMatchObject({
      status: 422,
      body: { code: 'PAYMENT_METHOD_UNSUPPORTED' },
    })
    mall.configure({ rules: { ...mall.deps.settings.rules, supportedMethods: PAYMENT_METHODS } })
    expect(await readTables(mall.db)).toEqual(before)
    expect(await mall.books()).toEqual(books)
    await mall.cashier(o.payUrl, 'pay')
    await o.reach('order_paid')
  })

  test('wins over the wallet if the card pays during the change; the wallet keeps its cash', async () => {
    const o = await order(mall)
    await mall.cash(o.owner, 1000)
    await fault(mall, 'pay_during_close')
    const paid = await o.act('pay', { payment_method: 'wallet' })
    expect(paid.body.data).toMatchObject({
      status: 'order_paid',
      payment_info: { payment_method: 'bank_card', trade_no: expect.any(String) },
    })
    expect((await o.wallet()).cash.amount).toBe('10.00')
    expect(await o.trades()).toMatchObject([{ state: 'paid', refunded: '0.00' }])
    await quiet(mall, o, 1)
    expect(await o.show()).toMatchObject({ status: 'order_paid', payment_status: 'paid' })
  })

  for (const name of ['answer_lost', 'error_before', 'error_after', 'error_stored']) {
    test(`is created once at the provider despite ${name}`, async () => {
      await fault(mall, name)
      const o = await order(mall)
      expect(o.payUrl).toMatch(/^http/)
      expect(await o.trades()).toMatchObject([{ state: 'unpaid', amount: '9.90' }])
      await mall.cashier(o.payUrl, 'pay')
      await o.reach('order_paid')
    })
  }
})

describe('a notification', () => {
  test('pays once when it is repeated 20 times', async () => {
    const o = await order(mall)
    await mall.cashier(o.payUrl, 'pay')
    await o.reach('order_paid')
    await quiet(mall, o, 1)
    const before = await readTables(mall.db)
    for (let n = 2; n <= 21; n += 1) {
      await o.resend()
      await quiet(mall, o, n)
    }
    expect(await readTables(mall.db)).toEqual(before)
    expect(await o.trades()).toMatchObject([{ state: 'paid', refunded: '0.00' }])
  })

  test('pays once when it arrives as 20 new events', async () => {
    const o = await order(mall)
    await mall.cashier(o.payUrl, 'pay')
    await o.reach('order_paid')
    await Promise.all(Array.from({ length: 20 }, () => o.forcePay()))
    await quiet(mall, o, 21)
    // This answer proves that all events have been processed.
    expect((await mall.operate(o.orderNo, 'ship', { carrier: 'SF', tracking_no: '1' })).status).toBe(409)
    expect(await o.show()).toMatchObject({ status: 'order_paid', payment_status: 'paid' })
    expect(await o.trades()).toMatchObject([{ state: 'paid', refunded: '0.00' }])
    expect(await o.codes()).toEqual([])
  })

  test('of a decline that arrives after the payment changes nothing', async () => {
    const o = await order(mall)
    await fault(mall, 'reorder')
    await mall.cashier(o.payUrl, 'decline')
    await mall.cashier(o.payUrl, 'pay')
    await o.reach('order_paid')
    await quiet(mall, o, 2)
    expect((await mall.operate(o.orderNo, 'accept')).body.data.status).toBe('order_accepted')
    expect(await o.codes()).toEqual([])
  })

  test('is accepted once it is signed correctly, after a wrongly signed one', async () => {
    const o = await order(mall)
    await fault(mall, 'wrong_signature')
    await mall.cashier(o.payUrl, 'pay')
    await o.reach('order_paid')
    const sent = (await mall.control('notifications')).body as { out_trade_no: string; status: number }[]
    expect(sent.filter((one) => one.out_trade_no.startsWith(o.orderNo)).map(({ status }) => status)).toEqual([
      401, 200,
    ])
  })

  test('is not lost when it arrives before the workflow waits for it', async () => {
    hooks.after('openPayment', async (tradeNo) => {
      await mall.control('force-pay', { out_trade_no: tradeNo })
      await until(
        () =>
          mall.db
            .selectFrom('webhook_inbox')
            .select('outcome')
            .where('order_no', '=', String(tradeNo).slice(0, -2))
            .execute(),
        ([event]) => event?.outcome === 'signalled',
        'the workflow has the notification',
      )
    })
    const o = await order(mall)
    await o.reach('order_paid')
    expect(await o.trades()).toMatchObject([{ state: 'paid', refunded: '0.00' }])
  })

  test('that was stored but not delivered is delivered by the sweeper', async () => {
    const o = await order(mall)
    await fault(mall, 'drop')
    await mall.cashier(o.payUrl, 'pay')
    const event = {
      eventId: `evt_${o.orderNo}`,
      kind: 'paid' as const,
      outTradeNo: `${o.orderNo}-1`,
      amountFen: 990n,
    }
    await keepPaymentEvent(mall.db, 'stripe', event)
    expect(await o.show()).toMatchObject({ status: 'order_created' })
    expect(await mall.sweep()).toBe(1)
    await o.reach('order_paid')
    expect(await mall.sweep()).toBe(0)
  })

  test('that is forged gets 401 and changes nothing; the genuine one counts', async () => {
    const real = await order(mall)
    await mall.cashier(real.payUrl, 'pay')
    await real.reach('order_paid')
    await quiet(mall, real, 1)
    const sent = (await mall.control('notifications')).body as {
      out_trade_no: string
      headers: Record<string, string>
      body_base64: string
    }[]
    const notice = sent.find(({ out_trade_no }) => out_trade_no === `${real.orderNo}-1`)
    if (!notice) throw new Error('no notification was sent')

    const o = await order(mall)
    await fault(mall, 'drop')
    await mall.cashier(o.payUrl, 'pay')
    const genuine = Buffer.from(notice.body_base64, 'base64').toString()
    const event = JSON.parse(genuine) as { id: string }
    const altered = genuine
      .replaceAll(real.orderNo, o.orderNo)
      .replaceAll(event.id, `evt_${randomUUID().replaceAll('-', '')}`)
    const now = Math.floor(Date.now() / 1000)
    const signature = (t: number, scheme = 'v1', secret = ACCOUNTS.stripe.webhookSecret) =>
      `t=${t},${scheme}=${createHmac('sha256', secret).update(`${t}.${altered}`).digest('hex')}`
    const send = async (headers: Record<string, string>, body = altered) =>
      mall.call('POST', '/api/webhooks/payments/stripe', { headers, body })

    const before = await readTables(mall.db)
    const original = notice.headers['stripe-signature'] ?? ''
    const forged: Record<string, string>[] = [
      {},
      { 'stripe-signature': original },
      { 'stripe-signature': signature(now, 'v1', 'whsec_guessed') },
      { 'stripe-signature': signature(now, 'v0') },
      { 'stripe-signature': signature(now - 600) },
      { 'stripe-signature': signature(now + 600) },
      { 'stripe-signature': signature(now - 600).replace(/t=\d+/, `t=${now}`) },
      { 'stripe-signature': `${signature(now)}0` },
    ]
    for (const headers of forged) {
      expect(await send(headers)).toMatchObject({ status: 401, body: { code: 'WEBHOOK_SIGNATURE_INVALID' } })
    }
    const padded = await send({ 'stripe-signature': signature(now) }, `${altered} `)
    expect(padded.status).toBe(401)
    expect(await readTables(mall.db)).toEqual(before)

    expect((await send({ 'stripe-signature': signature(now) })).status).toBe(200)
    await o.reach('order_paid')
  })

  test('with a wrong amount is refunded, and the order still waits', async () => {
    const o = await order(mall)
    await fault(mall, 'wrong_amount')
    await mall.cashier(o.payUrl, 'pay')
    await until(o.codes, (codes) => codes.includes('refunded'), 'the money went back')
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    expect(await o.show()).toMatchObject({
      status: 'order_created',
      payment_status: 'unpaid',
      payment_info: { pay_url: null, expires_at: o.expiresAt },
    })
    expect(await o.wallet()).toMatchObject({ available: 0, held: 100 })

    const again = (await o.act('pay')).body.data.payment_info
    expect(again).toMatchObject({ payment_method: 'bank_card', expires_at: o.expiresAt })
    expect(again.pay_url).not.toBe(o.payUrl)
    await mall.cashier(again.pay_url, 'pay')
    await o.reach('order_paid')
    expect(await o.trades()).toMatchObject([
      { out_trade_no: `${o.orderNo}-1`, state: 'refunded' },
      { out_trade_no: `${o.orderNo}-2`, state: 'paid', refunded: '0.00' },
    ])
  })
})

/** Changes the amount that the customer pays at the provider. */
function priceAtProvider(shop: TestApp, { orderNo }: Order, fen: number): void {
  const db = new DatabaseSync(join(shop.dataDir, 'sandbox.db'), { timeout: 5_000 })
  try {
    const set = db.prepare('UPDATE trades SET amount_fen = ? WHERE out_trade_no = ?')
    expect(Number(set.run(fen, `${orderNo}-1`).changes)).toBe(1)
  } finally {
    db.close()
  }
}

/** Refunds the first attempt at the provider's own pages: the mall is not notified. */
async function giveBackAtDesk(shop: TestApp, outTradeNo: string): Promise<void> {
  const stripe = createStripe({ ...ACCOUNTS.stripe, baseUrl: shop.sandbox.url })
  const { provider_ref } = await shop.db
    .selectFrom('payments')
    .select('provider_ref')
    .where('out_trade_no', '=', outTradeNo)
    .executeTakeFirstOrThrow()
  const providerRef = provider_ref ?? ''
  const refund = { outTradeNo, providerRef, refundNo: `desk-${outTradeNo}`, amountFen: 990n, reason: 'desk' }
  expect(await stripe.refund(refund)).toMatchObject({ state: 'done' })
}

const refundsOf = (shop: TestApp, { orderNo }: Order) =>
  shop.db
    .selectFrom('payment_refunds')
    .select(['amount', 'state'])
    .where('out_trade_no', 'like', `${orderNo}-%`)
    .execute()

describe('a payment of a wrong amount', () => {
  for (const [fen, came] of [
    [500, '5.00'],
    [1_500, '15.00'],
  ] as const) {
    test(`(${came}) is refunded in full`, async () => {
      const o = await order(mall)
      priceAtProvider(mall, o, fen)
      await mall.cashier(o.payUrl, 'pay')
      await until(o.codes, (codes) => codes.includes('refunded'), 'the money went back')
      expect(await o.trades()).toMatchObject([{ state: 'refunded', amount: came, refunded: came }])
      expect(await refundsOf(mall, o)).toEqual([{ amount: came, state: 'done' }])
      expect(await o.show()).toMatchObject({ status: 'order_created', payment_info: { pay_url: null } })
      const { pay_url } = (await o.act('pay')).body.data.payment_info
      await mall.cashier(pay_url, 'pay')
      await o.reach('order_paid')
      expect(await o.trades()).toMatchObject([{ state: 'refunded' }, { state: 'paid', amount: '9.90' }])
    })
  }

  test('is not refunded again if the provider refunded it meanwhile', async () => {
    const o = await order(mall)
    const settled = createDoor()
    hooks.before('settlePayment', () => giveBackAtDesk(mall, `${o.orderNo}-1`))
    hooks.after('settlePayment', () => settled.open())
    await fault(mall, 'wrong_amount')
    await mall.cashier(o.payUrl, 'pay')
    await settled.passed()
    hooks.clear()
    expect(await refundsOf(mall, o)).toEqual([])
    expect(await o.show()).toMatchObject({ status: 'order_created', payment_info: { pay_url: null } })
    expect((await o.act('cancel')).body.data).toMatchObject({ status: 'order_canceled' })
    await ended(mall, o.orderNo)
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    expect(await readHoldings(mall)).toEqual(o.before)
  })
})

describe('at the payment deadline', () => {
  test('a payment that the provider has already refunded does not pay the order', async () => {
    hastyHooks.before('closePayment', async (tradeNo) => {
      hastyHooks.clear()
      await fault(hasty, 'drop')
      await hasty.control('force-pay', { out_trade_no: tradeNo })
      await until(
        async () => (await hasty.control('faults')).body as unknown[],
        (left) => left.length === 0,
        'the notice is dropped',
      )
      await giveBackAtDesk(hasty, String(tradeNo))
    })
    const o = await order(hasty)
    expect(await o.reach('order_canceled')).toMatchObject({
      payment_status: 'closed',
      cancel_reason: 'payment_timeout',
    })
    await ended(hasty, o.orderNo)
    expect(await refundsOf(hasty, o)).toEqual([])
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    expect(await readHoldings(hasty)).toEqual(o.before)
  })

  test('the payment is closed at the provider before anything is released', async () => {
    const closing = createDoor()
    hastyHooks.before('closePayment', () => closing.passed())
    const o = await order(hasty)
    await o.settle('closing')
    expect(await o.show()).toMatchObject({ status: 'order_created', payment_info: { pay_url: null } })
    expect(await o.wallet()).toMatchObject({ available: 0, held: 100 })
    expect(await o.trades()).toMatchObject([{ state: 'unpaid' }])
    closing.open()
    expect(await o.reach('order_canceled')).toMatchObject({
      payment_status: 'closed',
      cancel_reason: 'payment_timeout',
    })
    await ended(hasty, o.orderNo)
    expect(await o.trades()).toMatchObject([{ state: 'closed', refunded: '0.00' }])
    expect(await readHoldings(hasty)).toEqual(o.before)
    expect(await hasty.cashier(o.payUrl, 'pay')).toBeGreaterThanOrEqual(400)
  })

  for (const name of ['error_before', 'error_after', 'answer_lost']) {
    test(`nothing is released while a close that met ${name} is uncertain`, async () => {
      let tries = 0
      hastyHooks.before('closePayment', async () => {
        tries += 1
        if (tries === 1) await fault(hasty, name)
      })
      const o = await order(hasty)
      await o.reach('order_canceled')
      await ended(hasty, o.orderNo)
      expect(await o.trades()).toMatchObject([{ state: 'closed' }])
      expect(await readHoldings(hasty)).toEqual(o.before)
    })
  }

  test('a payment during the close wins: the order is paid, not canceled', async () => {
    hastyHooks.before('closePayment', async () => void (await fault(hasty, 'pay_during_close')))
    const o = await order(hasty)
    expect(await o.reach('order_paid')).toMatchObject({ payment_status: 'paid', cancel_reason: null })
    await quiet(hasty, o, 1)
    expect((await hasty.operate(o.orderNo, 'accept')).body.data).toMatchObject({
      status: 'order_accepted',
      payment_status: 'paid',
    })
    expect(await o.trades()).toMatchObject([{ state: 'paid', refunded: '0.00' }])
    expect(await o.wallet()).toMatchObject({ available: 0, held: 0 })
  })

  /** Pays as soon as the cashier is open. */
  const payAtOnce = () =>
    hastyHooks.after('openPayment', async (tradeNo) => {
      await hasty.control('force-pay', { out_trade_no: tradeNo })
      await until(
        () =>
          hasty.db
            .selectFrom('webhook_inbox')
            .select('outcome')
            .where('order_no', '=', String(tradeNo).slice(0, -2))
            .execute(),
        ([event]) => event?.outcome === 'signalled',
        'the workflow has the notification',
      )
    })

  test('an order that was paid in time is unaffected', async () => {
    payAtOnce()
    const paid = await order(hasty)
    hastyHooks.clear()
    const late = await order(hasty)
    await late.reach('order_canceled')
    expect(await paid.show()).toMatchObject({ status: 'order_paid', payment_status: 'paid' })
    expect((await hasty.operate(paid.orderNo, 'accept')).body.data.status).toBe('order_accepted')
  })

  test('an order without an open cashier is released, too', async () => {
    await fault(hasty, 'wrong_amount')
    payAtOnce()
    const o = await order(hasty)
    expect(await o.reach('order_canceled')).toMatchObject({ cancel_reason: 'payment_timeout' })
    await ended(hasty, o.orderNo)
    expect(await readHoldings(hasty)).toEqual(o.before)
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
  })
})

describe('an unapplied payment is refunded once, automatically:', () => {
  test('after a cancellation, notified five more times', async () => {
    const o = await order(mall)
    expect((await o.act('cancel')).body.data).toMatchObject({
      status: 'order_canceled',
      payment_status: 'closed',
    })
    await ended(mall, o.orderNo)
    expect(await o.trades()).toMatchObject([{ state: 'closed' }])
    await o.forcePay()
    await o.settle('refunded')
    for (let n = 0; n < 5; n += 1) {
      await o.resend()
      await o.forcePay()
    }
    await quiet(mall, o, 10)
    expect(await o.trades()).toMatchObject([{ state: 'refunded', amount: '9.90', refunded: '9.90' }])
    expect(await o.show()).toMatchObject({ status: 'order_canceled', payment_status: 'refunded' })
    await until(
      () => workflowState(mall, `refund/${o.orderNo}/1`),
      (state) => state === 'COMPLETED',
      'the refund has ended',
    )
    expect(await workflowsAbout(mall, o.orderNo)).toContain(`refund/${o.orderNo}/1`)
    expect(await readHoldings(mall)).toEqual(o.before)
  })

  test('after the deadline', async () => {
    const o = await order(hasty)
    await o.reach('order_canceled')
    await ended(hasty, o.orderNo)
    await o.forcePay()
    await o.settle('refunded')
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    expect(await o.codes()).toContain('refunded')
    expect(await readHoldings(hasty)).toEqual(o.before)
  })

  test('while the order is being canceled', async () => {
    const o = await order(mall)
    await fault(mall, 'pay_during_close')
    expect((await o.act('cancel')).body.data.status).toBe('order_canceled')
    await o.settle('refunded')
    await ended(mall, o.orderNo)
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    expect(await readHoldings(mall)).toEqual(o.before)
  })

  test('between the close and the end of the exchange', async () => {
    const o = await order(mall)
    hooks.after('closePayment', async () => {
      await o.forcePay()
      await quiet(mall, o, 2)
    })
    expect((await o.act('cancel')).body.data.status).toBe('order_canceled')
    await o.settle('refunded')
    await ended(mall, o.orderNo)
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    expect(await readHoldings(mall)).toEqual(o.before)
  })

  test('paid on two attempts: the second one', async () => {
    const o = await order(mall)
    await mall.cash(o.owner, 990)
    await o.act('pay', { payment_method: 'wallet' })
    await o.forcePay()
    await until(o.codes, (codes) => codes.includes('refunded'), 'the second money went back')
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    expect(await o.show()).toMatchObject({ status: 'order_paid', payment_status: 'paid' })
    expect((await o.wallet()).cash.amount).toBe('0.00')
    expect((await mall.operate(o.orderNo, 'accept')).body.data.status).toBe('order_accepted')
  })

  test('on an earlier attempt, while a later one is paid', async () => {
    const o = await order(mall)
    await fault(mall, 'wrong_amount')
    await mall.cashier(o.payUrl, 'pay')
    await until(o.codes, (codes) => codes.includes('refunded'), 'the money went back')
    const { pay_url } = (await o.act('pay')).body.data.payment_info
    await o.forcePay(1)
    await mall.cashier(pay_url, 'pay')
    await o.reach('order_paid')
    expect((await o.trades()).map(({ state, refunded }) => [state, refunded])).toEqual([
      ['refunded', '9.90'],
      ['paid', '0.00'],
    ])
  })
})

describe('a refund', () => {
  async function paidOrder() {
    const o = await order(mall)
    await mall.cashier(o.payUrl, 'pay')
    await o.reach('order_paid')
    return o
  }

  test('that is stuck at the provider stays "refunding" until the provider’s final answer', async () => {
    const o = await paidOrder()
    await fault(mall, 'refund_stuck')
    expect((await o.act('cancel')).body.data).toMatchObject({
      status: 'order_canceled',
      payment_status: 'refunding',
    })
    await until(
      () =>
        mall.db
          .selectFrom('payment_refunds')
          .selectAll()
          .where('out_trade_no', '=', `${o.orderNo}-1`)
          .execute(),
      ([refund]) => refund?.refund_ref !== null,
      'the provider has taken the refund',
    )
    expect(await o.trades()).toMatchObject([{ state: 'paid', refunded: '0.00' }])
    expect(await o.show()).toMatchObject({ payment_status: 'refunding' })
    expect(await workflowState(mall, `exchange/${o.orderNo}`)).toBe('RUNNING')
    await mall.control('settle-refunds', { out_trade_no: `${o.orderNo}-1` })
    await o.settle('refunded')
    await ended(mall, o.orderNo)
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
  })

  for (const name of ['answer_lost', 'error_before', 'error_after', 'error_stored']) {
    test(`is made once despite ${name}`, async () => {
      const o = await paidOrder()
      await fault(mall, name)
      await o.act('cancel')
      await o.settle('refunded')
      await ended(mall, o.orderNo)
      expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    })
  }

  test('that fails permanently needs attention; "retry" makes it under a new number', async () => {
    const o = await paidOrder()
    await fault(mall, 'refund_failed')
    await o.act('cancel')
    await until(o.attention, (why) => why !== null, 'it needs attention')
    expect(await o.show()).toMatchObject({ status: 'order_canceled', payment_status: 'refunding' })
    const listed = await mall.call('GET', '/api/admin/points-mall/orders?needs_attention=true', {
      as: 'op',
      role: 'operator',
    })
    expect(listed.body.data.map(({ order_no }: { order_no: string }) => order_no)).toEqual([o.orderNo])
    const resolved = await mall.operate(o.orderNo, 'resolve', { action: 'retry', reason: 'bank is back' })
    expect(resolved.status).toBe(200)
    await o.settle('refunded')
    expect(await o.attention()).toBeNull()
    await ended(mall, o.orderNo)
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    const refunds = await mall.db
      .selectFrom('payment_refunds')
      .select(['refund_no', 'state'])
      .where('out_trade_no', '=', `${o.orderNo}-1`)
      .orderBy('refund_no')
      .execute()
    expect(refunds).toEqual([
      { refund_no: `${o.orderNo}-1-R1`, state: 'failed' },
      { refund_no: `${o.orderNo}-1-R2`, state: 'done' },
    ])
  })

  test('of a late payment that fails permanently waits for an operator in its own workflow', async () => {
    const o = await order(mall)
    await o.act('cancel')
    await ended(mall, o.orderNo)
    await fault(mall, 'refund_failed')
    await o.forcePay()
    await until(o.attention, (why) => why !== null, 'it needs attention')
    const resolved = await mall.operate(o.orderNo, 'resolve', { action: 'retry', reason: 'again' })
    expect(resolved.status).toBe(200)
    await o.settle('refunded')
    expect(await o.attention()).toBeNull()
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
  })

  test('of an order that goes on is made by "retry", and the order keeps its status', async () => {
    const o = await order(mall)
    await mall.cash(o.owner, 990)
    await o.act('pay', { payment_method: 'wallet' })
    await fault(mall, 'refund_failed')
    await o.forcePay()
    await until(o.attention, (why) => why !== null, 'it needs attention')
    expect((await mall.operate(o.orderNo, 'accept')).body.data.status).toBe('order_accepted')
    const retried = await mall.operate(o.orderNo, 'resolve', { action: 'retry', reason: 'again' })
    expect(retried.body.data).toMatchObject({ status: 'order_accepted' })
    await until(o.codes, (codes) => codes.includes('refunded'), 'the money went back')
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
  })

  test('cannot be resolved if nothing is stuck', async () => {
    const o = await paidOrder()
    const before = await readTables(mall.db)
    const body = { action: 'retry', reason: 'why not' }
    expect((await mall.operate(o.orderNo, 'resolve', body)).status).toBe(409)
    expect(await readTables(mall.db)).toEqual(before)
    await o.act('cancel')
    await ended(mall, o.orderNo)
    expect((await mall.operate(o.orderNo, 'resolve', body)).status).toBe(409)
  })
})
