import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { inTime } from '../support/patience.ts'
import { compareBooks, type Trade } from '../support/provider-books.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

let mall: TestApp
/** The deadline of an order in `hasty`. */
const HASTE_MS = 2_000
let hasty: TestApp
beforeAll(async () => {
  mall = await openTestApp()
  hasty = await openTestApp({ paymentTimeoutMs: HASTE_MS })
})
afterAll(async () => {
  await mall.close()
  await hasty.close()
})
afterEach(async () => {
  for (const shop of [mall, hasty]) {
    expect(await shop.brokenLaws()).toEqual([])
    const kept = await compareBooks(shop.db, (await shop.books()) as unknown as Trade[])
    expect(kept.filter((order) => order.due !== order.kept)).toEqual([])
  }
})

let customers = 0

/** An order of 100 points and 9.90 by Alipay, with nothing else in its owner's wallet. */
async function order(shop: TestApp, more: object = {}, title = '保温杯') {
  customers += 1
  const owner = `alipayer${customers}`
  await shop.points(owner, 100)
  const product_id = await shop.product({ payment_mode: 'mixed', stock: 5, title })
  const answer = await shop.exchange(owner, { product_id, payment_method: 'alipay', ...more })
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
  const orderNo = answer.body.data.order_no as string
  // From the database: an order that is past its deadline does not show it.
  const { pay_url } = await shop.db
    .selectFrom('payments')
    .select('pay_url')
    .where('order_no', '=', orderNo)
    .executeTakeFirstOrThrow()
  return {
    orderNo,
    payUrl: pay_url ?? '',
    answer: answer.body.data,
    reach: (status: string) => shop.reach(owner, orderNo, status),
    settle: (payment_status: string) =>
      until(
        () => shop.order(owner, orderNo),
        (found) => found.payment_status === payment_status,
        `${orderNo} is ${payment_status}`,
      ),
    trades: async () => (await shop.books()).filter((trade) => trade.out_trade_no?.startsWith(orderNo)),
    wallet: async () => (await shop.call('GET', '/api/points-mall/wallet', { as: owner })).body.data,
  }
}

describe('an exchange paid by Alipay', () => {
  test('is placed, paid by a POST to its pay_url, and reported to the mall', async () => {
    const o = await order(mall)
    expect(o.answer).toMatchObject({
      status: 'order_created',
      payment_info: { payment_method: 'alipay', pay_url: o.payUrl, expires_at: expect.any(String) },
    })
    expect(new URL(o.payUrl).searchParams.get('method')).toBe('alipay.trade.wap.pay')
    expect(await o.trades()).toEqual([])
    expect(await mall.cashier(o.payUrl, 'decline')).toBe(303)
    expect(await o.wallet()).toMatchObject({ available: 0, held: 100 })
    expect(await mall.cashier(o.payUrl, 'pay')).toBe(303)
    expect(await o.reach('order_paid')).toMatchObject({ payment_status: 'paid' })
    expect(await o.wallet()).toMatchObject({ available: 0, held: 0 })
    expect(await o.trades()).toMatchObject([{ state: 'paid', amount: '9.90', refunded: '0.00' }])
    // The mall answers with exactly the bytes that stop the repeats.
    await until(
      async () => (await mall.control('notifications')).body as { out_trade_no: string; status: number }[],
      (sent) => sent.some((one) => one.out_trade_no === `${o.orderNo}-1` && one.status === 200),
      'the notification is answered',
    )
  })

  test('shows the page with the QR code on a desktop', async () => {
    const o = await order(mall, { client: 'desktop' })
    expect(new URL(o.payUrl).searchParams.get('method')).toBe('alipay.trade.page.pay')
    await mall.cashier(o.payUrl, 'pay')
    await o.reach('order_paid')
  })

  test("is refunded once when it is canceled; the refund's notification is no payment", async () => {
    const o = await order(mall)
    await mall.cashier(o.payUrl, 'pay')
    await o.reach('order_paid')
    expect((await mall.operate(o.orderNo, 'refund', { reason: '缺货' })).status).toBe(200)
    await o.settle('refunded')
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    expect(await o.wallet()).toMatchObject({ available: 100, held: 0 })
    await until(
      () => mall.db.selectFrom('webhook_inbox').select('kind').where('order_no', '=', o.orderNo).execute(),
      (kept) =>
        kept
          .map(({ kind }) => kind)
          .sort()
          .join() === 'paid,refunded',
      'both notices are kept',
    )
    await mall.control('resend', { out_trade_no: `${o.orderNo}-1` })
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
  })

  test('is paid by a notification in GBK, and refuses it with one byte changed', async () => {
    await mall.control('faults', { fault: 'gbk', count: 2, method: 'alipay' })
    const o = await order(mall, {}, '誠品保温杯')
    await mall.cashier(o.payUrl, 'pay')
    await o.reach('order_paid')
    type Sent = { out_trade_no: string; headers: Record<string, string>; body_base64: string }
    const sentOf = async ({ orderNo }: { orderNo: string }) =>
      ((await mall.control('notifications')).body as Sent[]).find(
        (one) => one.out_trade_no === `${orderNo}-1`,
      )
    const sent = await until(
      () => sentOf(o),
      (found) => found !== undefined,
      'it was sent',
    )
    expect(sent?.headers['content-type']).toContain('GBK')
    const body = Buffer.from(sent?.body_base64 ?? '', 'base64').toString()
    // 誠
    expect(body).toMatch(/charset=%47%42%4B&.*subject=%D5%5C/)
    const headers = { 'content-type': sent?.headers['content-type'] ?? '' }
    const send = (changed: string) =>
      mall.call('POST', '/api/webhooks/payments/alipay', { headers, body: changed, undocumented: true })
    const kept = () => mall.db.selectFrom('webhook_inbox').select('id').execute()
    const before = await kept()
    expect(await send(body.replace('%D5%5C', '%D5%5D'))).toMatchObject({
      status: 401,
      body: { code: 'WEBHOOK_SIGNATURE_INVALID' },
    })
    expect((await send(body)).status).toBe(200)
    expect(await kept()).toEqual(before)
    // The notice of the refund, in GBK, too.
    await mall.operate(o.orderNo, 'refund', { reason: '缺货' })
    await o.settle('refunded')
    await until(
      () => mall.db.selectFrom('webhook_inbox').select('kind').where('order_no', '=', o.orderNo).execute(),
      (all) => all.some(({ kind }) => kind === 'refunded'),
      'the refund is told',
    )
  })

  test('is not paid by a wrong signature, another merchant or a lost notification, but by a valid one', async () => {
    for (const fault of ['wrong_signature', 'wrong_merchant']) {
      await mall.control('faults', { fault, count: 1, method: 'alipay' })
      const o = await order(mall)
      await mall.cashier(o.payUrl, 'pay')
      await until(
        async () => (await mall.control('notifications')).body as { out_trade_no: string; status: number }[],
        (sent) => sent.some((one) => one.out_trade_no === `${o.orderNo}-1` && one.status === 401),
        'it is refused',
      )
      expect(
        await mall.db.selectFrom('webhook_inbox').select('id').where('order_no', '=', o.orderNo).execute(),
      ).toEqual([])
      // The sandbox sends no other notification for the wrong merchant's; the money has arrived anyway.
      await mall.control(fault === 'wrong_signature' ? 'resend' : 'force-pay', {
        out_trade_no: `${o.orderNo}-1`,
      })
      await o.reach('order_paid')
    }
  })
})

describe('an unpaid exchange at its deadline', () => {
  test('with an unopened cashier is held until nobody can open it, then released', async () => {
    const o = await order(hasty)
    await o.settle('closing')
    // The deadline has passed and Alipay knows no such trade: that proves nothing yet.
    expect(await o.wallet()).toMatchObject({ available: 0, held: 100 })
    expect(await o.reach('order_canceled')).toMatchObject({ payment_status: 'closed' })
    expect(await o.wallet()).toMatchObject({ available: 100, held: 0 })
    expect(await o.trades()).toEqual([])
    expect(await hasty.cashier(o.payUrl, 'pay')).toBe(409)
  })

  test('with an open cashier is closed at Alipay, then released; a late payment is refunded once', async () => {
    const o = await inTime(2_000, async (paymentTimeoutMs) => {
      hasty.configure({ paymentTimeoutMs })
      const placed = await order(hasty)
      await fetch(placed.payUrl)
      return (await placed.trades()).length > 0 ? placed : undefined
    })
    hasty.configure({ paymentTimeoutMs: HASTE_MS })
    expect(await o.reach('order_canceled')).toMatchObject({ payment_status: 'closed' })
    expect(await o.trades()).toMatchObject([{ state: 'closed' }])
    expect(await o.wallet()).toMatchObject({ available: 100, held: 0 })
    await hasty.control('force-pay', { out_trade_no: `${o.orderNo}-1` })
    await o.settle('refunded')
    expect(await o.trades()).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
    expect(await o.wallet()).toMatchObject({ available: 100, held: 0 })
  })
})
