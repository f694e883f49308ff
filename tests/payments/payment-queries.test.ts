import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { claimDueQueries } from '../../db/payments/queries.ts'
import { QUERY_GAPS_MS } from '../../domain/payments/query-schedule.ts'
import { ended } from '../support/db-snapshot.ts'
import { headingOf, openHttpSession } from '../support/http-session.ts'
import { compareBooks, type Trade } from '../support/provider-books.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

/** Open attempts whose notification is lost. */

const METHODS = ['alipay', 'wechat', 'bank_card'] as const
/** No query is due by itself while a test runs. */
const NEVER_MS = [3_600_000]

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())
afterEach(async () => {
  mall.configure({ queryGapsMs: undefined })
  expect(await mall.brokenLaws()).toEqual([])
  const kept = await compareBooks(mall.db, (await mall.books()) as unknown as Trade[])
  expect(kept.filter((order) => order.due !== order.kept)).toEqual([])
  expect((await mall.control('faults')).body).toEqual([])
})

let customers = 0

async function order(method: (typeof METHODS)[number]) {
  customers += 1
  const owner = `asked${customers}`
  await mall.points(owner, 100)
  const product_id = await mall.product({ payment_mode: 'mixed', stock: 5 })
  const answer = await mall.exchange(owner, { product_id, payment_method: method })
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
  const { order_no: orderNo, payment_info } = answer.body.data as {
    order_no: string
    payment_info: { pay_url: string }
  }
  const tradeNo = `${orderNo}-1`
  return {
    owner,
    orderNo,
    tradeNo,
    show: () => mall.order(owner, orderNo),
    reach: (status: string) => mall.reach(owner, orderNo, status),
    press: (action: 'pay' | 'decline') => mall.cashier(payment_info.pay_url, action),
    /** Pays, and the notification is lost. */
    async payUnnoticed() {
      await mall.control('faults', { method, fault: 'drop' })
      expect(await mall.cashier(payment_info.pay_url, 'pay')).toBe(303)
    },
    queries: async () => ((await mall.control('queries')).body as Record<string, number>)[tradeNo] ?? 0,
    events: async () =>
      (
        await mall.db
          .selectFrom('webhook_inbox')
          .select('event_id')
          .where('order_no', '=', orderNo)
          .orderBy('id')
          .execute()
      ).map(({ event_id }) => event_id),
    /** Where the cashier's page leads back to. */
    async backFromCashier() {
      const page = await (await fetch(payment_info.pay_url)).text()
      const href = /<a [^>]*href="([^"]*)"[^>]*>返回商城/.exec(page)?.[1] ?? ''
      return href.replaceAll('&amp;', '&').slice(mall.url.length)
    },
    /** As if the last query, or the opening, were that long ago. */
    async age(seconds: number) {
      const by = sql<Date>`make_interval(secs => ${seconds})`
      await sql`update payments set updated_at = updated_at - ${by}, queried_at = queried_at - ${by},
        next_query_at = next_query_at - ${by} where out_trade_no = ${tradeNo}`.execute(mall.db)
    },
    gapSeconds: async () => {
      const { rows } = await sql<{
        gap: number
      }>`select extract(epoch from next_query_at - queried_at)::float8 as gap
        from payments where out_trade_no = ${tradeNo}`.execute(mall.db)
      return rows[0]?.gap
    },
  }
}

describe.each(METHODS)('paid by %s, and the notification is lost', (method) => {
  test('the provider is asked, and the order is paid long before its deadline', async () => {
    mall.configure({ queryGapsMs: [10] })
    const o = await order(method)
    await o.payUnnoticed()
    await until(
      async () => {
        await mall.queryDue()
        return o.show()
      },
      ({ status }) => status === 'order_paid',
      'the order is paid',
    )
    expect(await o.events()).toEqual([`query/${o.tradeNo}`])
    // The notification that comes after all, and another query, change nothing.
    const asked = await o.queries()
    await mall.control('resend', { out_trade_no: o.tradeNo })
    await until(o.events, (events) => events.length === 2, 'the notification is kept')
    await mall.queryDue()
    expect(await o.queries()).toBe(asked)
    expect((await mall.operate(o.orderNo, 'accept')).body.data).toMatchObject({
      status: 'order_accepted',
      payment_status: 'paid',
      refunds: [],
    })
  })

  test('on the return from the cashier it is asked at once, and nobody is asked to pay again', async () => {
    mall.configure({ queryGapsMs: NEVER_MS })
    const o = await order(method)
    await o.payUnnoticed()
    const back = await o.backFromCashier()
    expect(back).toBe(`/points-mall/orders/${o.orderNo}?returned=1`)
    const pages = await Promise.all(
      (['zh', 'en'] as const).map(async (lang) => (await openHttpSession(mall, o.owner, lang)).get(back)),
    )
    expect(pages.map(headingOf)).toEqual(['正在确认支付结果', 'Confirming your payment'])
    for (const { status, html } of pages) {
      expect(status).toBe(200)
      expect(html).not.toMatch(/class="cashier"|data-until|尚未支付|not paid yet/)
    }
    expect(await o.queries()).toBe(0)
    expect(await mall.queryDue()).toBe(1)
    await o.reach('order_paid')
    expect(await o.queries()).toBe(1)
    const visitor = await openHttpSession(mall, o.owner)
    expect(headingOf(await visitor.get(back))).toBe('兑换成功')
    expect(await mall.queryDue()).toBe(0)
  })

  test('not paid at the cashier: asked, it stays unpaid and can be paid', async () => {
    mall.configure({ queryGapsMs: NEVER_MS })
    const o = await order(method)
    const visitor = await openHttpSession(mall, o.owner)
    const answered = visitor.get(await o.backFromCashier())
    await until(
      () => mall.queryDue(),
      (asked) => asked === 1,
      'the provider is asked',
    )
    const page = await answered
    expect(headingOf(page)).toBe('待支付')
    expect(page.html).toContain('class="cashier"')
    expect(await o.events()).toEqual([])
    expect(await o.show()).toMatchObject({ status: 'order_created', payment_status: 'unpaid' })
    await o.press('pay')
    await o.reach('order_paid')
  })
})

test('an order whose notification arrives costs no query', async () => {
  const o = await order('bank_card')
  expect(await mall.queryDue()).toBe(0)
  await o.press('pay')
  await o.reach('order_paid')
  await o.age(3_600)
  expect(await mall.queryDue()).toBe(0)
  const visitor = await openHttpSession(mall, o.owner)
  await visitor.get(`/points-mall/orders/${o.orderNo}?returned=1`)
  expect(await mall.queryDue()).toBe(0)
  expect(await o.queries()).toBe(0)
})

test('asked 10 s, 30 s, 1, 2, 5 and 10 minutes after it was opened, and then half as often each time', async () => {
  const o = await order('bank_card')
  await o.age(1)
  expect(await mall.queryDue()).toBe(0)
  await o.age(9)
  const gaps: (number | undefined)[] = []
  for (let n = 0; n < 8; n += 1) {
    expect(await mall.queryDue()).toBe(1)
    expect(await mall.queryDue()).toBe(0)
    const gap = await o.gapSeconds()
    gaps.push(gap)
    await o.age(gap ?? 0)
  }
  expect(gaps).toEqual([20, 30, 60, 180, 300, 600, 1_200, 2_400])
  const times = QUERY_GAPS_MS.map((_, n) => QUERY_GAPS_MS.slice(0, n + 1).reduce((sum, gap) => sum + gap, 0))
  expect(times.map((ms) => ms / 1_000)).toEqual([10, 30, 60, 120, 300, 600])
  await o.press('pay')
  await o.reach('order_paid')
})

test('several workers: one of them asks, each time', async () => {
  const o = await order('bank_card')
  await o.age(10)
  const claimed = await Promise.all(
    Array.from({ length: 8 }, () => claimDueQueries(mall.db, QUERY_GAPS_MS, 32)),
  )
  expect(claimed.flat().map(({ out_trade_no }) => out_trade_no)).toEqual([o.tradeNo])
  await o.age(20)
  const asked = await Promise.all(Array.from({ length: 8 }, () => mall.queryDue()))
  expect(asked.reduce((sum, n) => sum + n, 0)).toBe(1)
  expect(await o.queries()).toBe(1)
  await o.press('pay')
  await o.reach('order_paid')
})

test('a customer who reloads has the provider asked once in 5 s, and then again', async () => {
  mall.configure({ queryGapsMs: NEVER_MS })
  const o = await order('bank_card')
  const visitor = await openHttpSession(mall, o.owner)
  /** @returns how often the provider is asked while the page waits for the answer */
  const reload = async () => {
    let loaded = false
    const page = visitor.get(`/points-mall/orders/${o.orderNo}?returned=1`).finally(() => {
      loaded = true
    })
    let asked = 0
    await until(
      async () => (asked += await mall.queryDue()),
      () => loaded,
      'the page is loaded',
    )
    await page
    return asked
  }
  expect(await reload()).toBe(1)
  expect(await reload()).toBe(0)
  expect(await o.queries()).toBe(1)
  await o.age(5)
  expect(await reload()).toBe(1)
  expect(await o.queries()).toBe(2)
  await o.press('pay')
  await o.reach('order_paid')
})

test('the order of somebody else is not found, and nobody is asked', async () => {
  mall.configure({ queryGapsMs: NEVER_MS })
  const o = await order('bank_card')
  const stranger = await openHttpSession(mall, 'stranger')
  expect((await stranger.get(`/points-mall/orders/${o.orderNo}?returned=1`)).status).toBe(404)
  expect(await mall.queryDue()).toBe(0)
  await o.press('pay')
  await o.reach('order_paid')
})

test('a provider that does not answer: the page waits a moment, says so, and it is asked again', async () => {
  mall.configure({ queryGapsMs: NEVER_MS })
  const o = await order('alipay')
  await o.payUnnoticed()
  await mall.control('faults', { method: 'alipay', fault: 'rate_limited' })
  const visitor = await openHttpSession(mall, o.owner)
  const page = visitor.get(`/points-mall/orders/${o.orderNo}?returned=1`)
  await until(
    () => mall.queryDue().catch((error: Error) => error.message),
    (said) => said === o.tradeNo,
    'the query fails',
  )
  expect(headingOf(await page)).toBe('正在确认支付结果')
  expect(await o.events()).toEqual([])
  await o.age(3_600)
  expect(await mall.queryDue()).toBe(1)
  await o.reach('order_paid')
})

test('money that is found when the order is canceled goes back once', async () => {
  mall.configure({ queryGapsMs: NEVER_MS })
  const o = await order('bank_card')
  await o.payUnnoticed()
  await o.age(3_600)
  const [asked, canceled] = await Promise.all([mall.queryDue(), mall.act(o.owner, o.orderNo, 'cancel')])
  expect(asked).toBe(1)
  expect(canceled.status).toBeLessThan(500)
  if ((await o.show()).status !== 'order_canceled') await mall.act(o.owner, o.orderNo, 'cancel')
  await until(
    () => o.show(),
    ({ payment_status }) => payment_status === 'refunded',
    'the money went back',
  )
  await ended(mall, o.orderNo)
  const trades = (await mall.books()).filter(({ out_trade_no }) => out_trade_no === o.tradeNo)
  expect(trades).toMatchObject([{ state: 'refunded', refunded: '9.90' }])
})

test('a payment that was reported and is not booked yet is being confirmed, too; a return only for a minute', async () => {
  const o = await order('bank_card')
  const visitor = await openHttpSession(mall, o.owner)
  const heading = async () => headingOf(await visitor.get(`/points-mall/orders/${o.orderNo}`))
  expect(await heading()).toBe('待支付')
  const ago = async (seconds: number) =>
    void (await sql`update payments set returned_at = now() - make_interval(secs => ${seconds})
      where out_trade_no = ${o.tradeNo}`.execute(mall.db))
  await ago(59)
  expect(await heading()).toBe('正在确认支付结果')
  await ago(61)
  expect(await heading()).toBe('待支付')
  await mall.stopWorker()
  await o.press('pay')
  await until(o.events, (events) => events.length === 1, 'the notification is kept')
  expect(await heading()).toBe('正在确认支付结果')
  await mall.startWorker()
  await o.reach('order_paid')
  expect(await heading()).toBe('兑换成功')
})
