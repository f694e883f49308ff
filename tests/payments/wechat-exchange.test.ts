import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { compareBooks, type Trade } from '../support/provider-books.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

let mall: TestApp
/** A mall with a short payment deadline. */
let hasty: TestApp
beforeAll(async () => {
  mall = await openTestApp()
  hasty = await openTestApp({ paymentTimeoutMs: 800 })
})
afterAll(async () => {
  await mall.close()
  await hasty.close()
})
afterEach(async () => {
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

/** Redeems for 100 points and 9.90 by WeChat Pay. */
async function redeem(shop: TestApp, channel: object = {}) {
  customers += 1
  const owner = `wechat${customers}`
  await shop.points(owner, 100)
  const product_id = await shop.product({ payment_mode: 'mixed' })
  const answer = await shop.exchange(owner, { product_id, payment_method: 'wechat', ...channel })
  return { owner, answer, order: answer.body.data, orderNo: answer.body.data?.order_no as string }
}
const walletOf = async (shop: TestApp, owner: string) =>
  (await shop.call('GET', '/api/points-mall/wallet', { as: owner })).body.data
const tradesOf = async (shop: TestApp, orderNo: string) =>
  (await shop.books()).filter((trade) => trade.out_trade_no?.startsWith(orderNo))
const settled = (shop: TestApp, owner: string, orderNo: string, payment_status: string) =>
  until(
    () => shop.order(owner, orderNo),
    (found) => found.payment_status === payment_status,
    `${orderNo} is ${payment_status}`,
  )
/** The cashier of somebody inside the app. */
const cashierOf = (shop: TestApp, jsapi: Record<string, string>) =>
  `${shop.sandbox.url}/pay/${jsapi.package?.replace('prepay_id=', '')}`

describe('an exchange whose cash is paid by WeChat Pay', () => {
  test("is paid at the order's address in a phone’s browser; canceled, it is refunded once", async () => {
    const { owner, answer, order, orderNo } = await redeem(mall)
    expect(answer).toMatchObject({ status: 201 })
    expect(order).toMatchObject({ status: 'order_created', payment_info: { payment_method: 'wechat' } })
    expect(await mall.cashier(order.payment_info.pay_url, 'decline')).toBe(303)
    expect(await mall.cashier(order.payment_info.pay_url, 'pay')).toBe(303)
    expect(await mall.reach(owner, orderNo, 'order_paid')).toMatchObject({ payment_status: 'paid' })
    expect(await walletOf(mall, owner)).toMatchObject({ available: 0, held: 0 })
    expect((await mall.act(owner, orderNo, 'cancel')).status).toBe(200)
    await settled(mall, owner, orderNo, 'refunded')
    expect(await tradesOf(mall, orderNo)).toMatchObject([
      { method: 'wechat', state: 'refunded', amount: '9.90', refunded: '9.90' },
    ])
    expect(await walletOf(mall, owner)).toMatchObject({ available: 100, held: 0 })
  })

  test("gives the page what WeChat's bridge needs, and no address, inside WeChat", async () => {
    const { owner, order, orderNo } = await redeem(mall, { client: 'in_app', openid: 'oUpF8uMuAJO_M2pxb1Q9' })
    expect(order.payment_info).toMatchObject({
      pay_url: null,
      jsapi: { signType: 'RSA', package: expect.stringMatching(/^prepay_id=/) },
    })
    expect(await mall.cashier(cashierOf(mall, order.payment_info.jsapi), 'pay')).toBe(303)
    await mall.reach(owner, orderNo, 'order_paid')
  })

  test('is paid by QR code on a desktop', async () => {
    const { owner, order, orderNo } = await redeem(mall, { client: 'desktop' })
    expect(await mall.cashier(order.payment_info.pay_url, 'pay')).toBe(303)
    await mall.reach(owner, orderNo, 'order_paid')
  })

  test('is closed at WeChat Pay, then released, if nobody pays in time', async () => {
    const { owner, orderNo } = await redeem(hasty)
    expect(await hasty.reach(owner, orderNo, 'order_canceled')).toMatchObject({
      payment_status: 'closed',
      cancel_reason: 'payment_timeout',
    })
    expect(await tradesOf(hasty, orderNo)).toMatchObject([{ state: 'closed' }])
    expect(await walletOf(hasty, owner)).toMatchObject({ available: 100, held: 0 })
  })

  test('is paid if the payment arrives during the close', async () => {
    await hasty.control('faults', { method: 'wechat', fault: 'pay_during_close' })
    const { owner, orderNo } = await redeem(hasty)
    await hasty.reach(owner, orderNo, 'order_paid')
    expect(await tradesOf(hasty, orderNo)).toMatchObject([{ state: 'paid' }])
  })

  test('refunds a late payment once, automatically', async () => {
    const { owner, orderNo } = await redeem(hasty)
    await hasty.reach(owner, orderNo, 'order_canceled')
    await hasty.control('force-pay', { out_trade_no: `${orderNo}-1` })
    await settled(hasty, owner, orderNo, 'refunded')
    const kept = async () =>
      ((await hasty.control('notifications')).body as { out_trade_no: string; status: number }[]).filter(
        ({ out_trade_no, status }) => out_trade_no === `${orderNo}-1` && status === 200,
      )
    const before = (await until(kept, (sent) => sent.length >= 2, 'payment and refund are told')).length
    await hasty.control('resend', { out_trade_no: `${orderNo}-1` })
    await until(kept, (sent) => sent.length >= before + 2, 'both are told again')
    expect(await tradesOf(hasty, orderNo)).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
  })

  test('creates one order despite a lost answer, a 5xx or a rate limit', async () => {
    for (const fault of ['answer_lost', 'error_before', 'rate_limited']) {
      await mall.control('faults', { method: 'wechat', fault, count: 1 })
    }
    const { owner, order, orderNo } = await redeem(mall)
    await mall.cashier(order.payment_info.pay_url, 'pay')
    await mall.reach(owner, orderNo, 'order_paid')
    expect(await tradesOf(mall, orderNo)).toHaveLength(1)
  })

  test('opens a new attempt for another client and closes the earlier one', async () => {
    const { owner, orderNo } = await redeem(mall)
    const again = await mall.act(owner, orderNo, 'pay', { client: 'in_app', openid: 'oUpF8uMuAJO_M2pxb1Q9' })
    expect(again.status).toBe(200)
    await mall.cashier(cashierOf(mall, again.body.data.payment_info.jsapi), 'pay')
    await mall.reach(owner, orderNo, 'order_paid')
    expect(await tradesOf(mall, orderNo)).toMatchObject([
      { out_trade_no: `${orderNo}-1`, state: 'closed' },
      { out_trade_no: `${orderNo}-2`, state: 'paid' },
    ])
  })

  test('queries a pending refund until it is done; its notification pays for nothing', async () => {
    const { owner, order, orderNo } = await redeem(mall)
    await mall.cashier(order.payment_info.pay_url, 'pay')
    await mall.reach(owner, orderNo, 'order_paid')
    await mall.control('faults', { method: 'wechat', fault: 'refund_stuck' })
    await mall.act(owner, orderNo, 'cancel')
    await until(
      async () =>
        (await mall.control('settle-refunds', { out_trade_no: `${orderNo}-1` })).body as {
          refunds: string[]
        },
      ({ refunds }) => refunds.length === 1,
      'a refund is pending',
    )
    await settled(mall, owner, orderNo, 'refunded')
    const kinds = await mall.db
      .selectFrom('webhook_inbox')
      .select('kind')
      .where('order_no', '=', orderNo)
      .execute()
    expect(kinds.filter(({ kind }) => kind === 'paid')).toHaveLength(1)
  })

  describe('a refund that does not reach the customer', () => {
    async function stuck() {
      const { owner, order, orderNo } = await redeem(mall)
      await mall.cashier(order.payment_info.pay_url, 'pay')
      await mall.reach(owner, orderNo, 'order_paid')
      await mall.control('faults', { method: 'wechat', fault: 'refund_abnormal' })
      await mall.act(owner, orderNo, 'cancel')
      await until(attentionOf(orderNo), (why) => why?.includes('ABNORMAL') ?? false, 'an operator is asked')
      return { owner, orderNo }
    }
    const attentionOf = (orderNo: string) => async () =>
      (await mall.call('GET', `/api/admin/points-mall/orders/${orderNo}`, { as: 'op', role: 'operator' }))
        .body.data.needs_attention as string | null
    const refundsOf = (orderNo: string) =>
      mall.db
        .selectFrom('payment_refunds')
        .select(['refund_no', 'state'])
        .where('out_trade_no', '=', `${orderNo}-1`)
        .execute()
    const resolve = async (orderNo: string, action: string) => {
      const answer = await mall.operate(orderNo, 'resolve', { action, reason: 'sent on' })
      expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 })
    }

    test('is retried under its number, and done once the merchant has sent it on', async () => {
      const { owner, orderNo } = await stuck()
      await resolve(orderNo, 'retry')
      await until(attentionOf(orderNo), (why) => why?.includes('ABNORMAL') ?? false, 'he is asked again')
      expect(await refundsOf(orderNo)).toEqual([{ refund_no: `${orderNo}-1-R1`, state: 'pending' }])
      await mall.control('settle-refunds', { out_trade_no: `${orderNo}-1` })
      await resolve(orderNo, 'retry')
      await settled(mall, owner, orderNo, 'refunded')
      expect(await refundsOf(orderNo)).toEqual([{ refund_no: `${orderNo}-1-R1`, state: 'done' }])
      expect(await tradesOf(mall, orderNo)).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    })

    test('is settled by hand', async () => {
      const { owner, orderNo } = await stuck()
      await resolve(orderNo, 'settle')
      await settled(mall, owner, orderNo, 'refunded')
      expect(await refundsOf(orderNo)).toEqual([{ refund_no: `${orderNo}-1-R1`, state: 'done_by_hand' }])
      expect(await tradesOf(mall, orderNo)).toMatchObject([{ state: 'paid', refunded: '0.00' }])
    })
  })

  test('is not affected by a probe or another merchant’s notification; the repeat pays', async () => {
    await mall.control('faults', { method: 'wechat', fault: 'wrong_merchant' })
    const { owner, order, orderNo } = await redeem(mall)
    await mall.cashier(order.payment_info.pay_url, 'pay')
    const sends = async () =>
      ((await mall.control('notifications')).body as { out_trade_no: string; status: number }[]).filter(
        ({ out_trade_no }) => out_trade_no === `${orderNo}-1`,
      )
    const [first] = await until(sends, (sent) => sent.length > 0, 'the notice is sent')
    expect(first?.status).toBe(401)
    expect(await mall.order(owner, orderNo)).toMatchObject({ status: 'order_created' })
    await mall.control('faults', { method: 'wechat', fault: 'wrong_signature' })
    await mall.control('force-pay', { out_trade_no: `${orderNo}-1` })
    await until(sends, (sent) => sent.length >= 2 && sent.at(-1)?.status === 401, 'the probe is refused')
    expect(await mall.order(owner, orderNo)).toMatchObject({ status: 'order_created' })
    await mall.control('resend', { out_trade_no: `${orderNo}-1` })
    await mall.reach(owner, orderNo, 'order_paid')
  })
})

test('inside WeChat, a request without openid is refused and leaves nothing behind', async () => {
  const { owner, answer } = await redeem(mall, { client: 'in_app' })
  expect(answer.status).toBe(422)
  expect(answer.body.errors).toMatchObject([{ field: 'openid' }])
  expect(await walletOf(mall, owner)).toMatchObject({ available: 100, held: 0 })
})
