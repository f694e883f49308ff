import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { setFrozen } from '../../application/wallet/freezes.ts'
import { ConfigError, readConfig } from '../../config/index.ts'
import { connectDatabase } from '../../db/client.ts'
import { migrateTo, migrateToLatest } from '../../db/migrator.ts'
import {
  type EligibilityInputs,
  type ExchangeRules,
  piecesMax,
  reasonsAgainst,
} from '../../domain/orders/eligibility.ts'
import { PAYMENT_METHODS } from '../../domain/payments/method.ts'
import { createHttpWallet } from '../../wallets/http.ts'
import { emptyDatabase } from '../support/database.ts'
import { startOutsideWallet } from '../support/external-wallet-server.ts'
import { openHttpSession, type Page } from '../support/http-session.ts'
import { tally } from '../support/outcomes.ts'
import { freeLowPort } from '../support/ports.ts'
import { fieldsOf } from '../support/shopper.ts'
import { type Answer, openTestApp, type TestApp, token, until } from '../support/test-app.ts'

/** A customer's unpaid orders are limited, and so are the pieces of one product that they hold. */

const CARD = { payment_method: 'bank_card' }
const times = (n: number) => Array.from({ length: n }, (_, i) => i)

const stockOf = async (mall: TestApp, id: string) =>
  (await mall.call('GET', `/api/points-mall/products/${id}`)).body.data.stock_quantity
const check = async (mall: TestApp, as: string, body: Record<string, unknown>, headers = {}) =>
  (
    await mall.call('POST', '/api/points-mall/check-exchange', {
      as,
      body: { quantity: 1, ...body },
      headers,
    })
  ).body.data

/** The visible text of a page. */
const textOf = ({ html }: Page) => html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')

describe('with the default limits', () => {
  let mall: TestApp
  let cash: string
  beforeAll(async () => {
    mall = await openTestApp({ maxUnpaidOrders: 5, maxUnpaidPieces: 5 })
    cash = await mall.product({ payment_mode: 'money_only', fen: 100, stock: 100 })
  })
  afterAll(() => mall.close())
  afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

  const open = (as: string, body: Record<string, unknown> = {}) =>
    mall.exchange(as, { product_id: cash, ...CARD, ...body })
  const orderOf = async (as: string, body: Record<string, unknown> = {}) => {
    const answer = await open(as, body)
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
    return answer.body.data
  }
  const refusalOf = async (as: string, body: Record<string, unknown> = {}) => {
    const { status, body: answer } = await open(as, body)
    return `${status} ${answer.code}`
  }
  /** Creates as many unpaid orders as allowed, of products of their own. */
  const fill = async (as: string) => {
    const ids = await Promise.all(times(5).map(() => mall.product({ payment_mode: 'money_only', fen: 100 })))
    return Promise.all(ids.map((product_id) => orderOf(as, { product_id })))
  }

  test('50 concurrent requests of one customer to two API processes leave exactly 5 unpaid orders', async () => {
    const other = connectDatabase(mall.databaseUrl, 10)
    const second = createApp({ ...mall.deps, db: other, replica: other })
    const port = await freeLowPort()
    const server = serve({ fetch: second.fetch, port, hostname: '127.0.0.1' })
    const products = await Promise.all(
      [0, 1].map(() => mall.product({ payment_mode: 'money_only', stock: 60 })),
    )
    const authorization = `Bearer ${await token('swarm', 'customer', 1)}`
    const redeemAt = async (url: string, product_id: string | undefined): Promise<Answer> => {
      for (;;) {
        const response = await fetch(`${url}/api/points-mall/exchange`, {
          method: 'POST',
          headers: { authorization, 'content-type': 'application/json' },
          body: JSON.stringify({ product_id, quantity: 1, ...CARD }),
        })
        const body = await response.json()
        // A busy mall has started nothing: the customer repeats the request.
        if (response.status !== 503) return { status: response.status, headers: response.headers, body }
      }
    }
    try {
      const urls = [mall.url, `http://127.0.0.1:${port}`]
      const answers = await Promise.all(
        times(50).map((n) => redeemAt(urls[n % 2] ?? '', products[(n >> 1) % 2])),
      )
      expect(await tally(answers, mall)).toEqual({ '201 order_created': 5, '409 TOO_MANY_UNPAID_ORDERS': 45 })
    } finally {
      await new Promise((resolve) => server.close(resolve))
      await other.destroy()
    }
    const left = await Promise.all(products.map((id) => stockOf(mall, id)))
    expect(left.reduce((sum, stock) => sum + stock, 0)).toBe(115)
  })

  test('10 concurrent requests for 2 pieces of one product hold at most 5 pieces', async () => {
    const product_id = await mall.product({ payment_mode: 'money_only', stock: 60 })
    const answers = await Promise.all(times(10).map(() => open('pairs', { product_id, quantity: 2 })))
    expect(await tally(answers, mall)).toEqual({ '201 order_created': 2, '409 EXCHANGE_LIMIT_EXCEEDED': 8 })
    expect(await stockOf(mall, product_id)).toBe(56)
    expect(await refusalOf('pairs', { product_id, quantity: 2 })).toBe('409 EXCHANGE_LIMIT_EXCEEDED')
    await orderOf('pairs', { product_id, quantity: 1 })
    // The limits apply per product and per customer.
    await orderOf('pairs', { quantity: 5 })
    await orderOf('pairs-other', { product_id, quantity: 5 })
  })

  test('a customer without money cannot reserve the whole stock', async () => {
    const shelf = await Promise.all(
      times(8).map((n) => mall.product({ payment_mode: 'money_only', stock: 50 + n })),
    )
    const all = await Promise.all(
      shelf.map((product_id, n) => open('nobody', { product_id, quantity: 50 + n })),
    )
    expect(await tally(all, mall)).toEqual({ '409 EXCHANGE_LIMIT_EXCEEDED': 8 })
    const most = await Promise.all(shelf.map((product_id) => open('nobody', { product_id, quantity: 5 })))
    expect(await tally(most, mall)).toEqual({ '201 order_created': 5, '409 TOO_MANY_UNPAID_ORDERS': 3 })
    const left = await Promise.all(shelf.map((id) => stockOf(mall, id)))
    expect(left.reduce((sum, stock) => sum + stock, 0)).toBe(428 - 25)
  })

  test('a twentieth of the stock is allowed if that is more, rounded down; reserved pieces count as stock', async () => {
    const small = await mall.product({ payment_mode: 'money_only', stock: 119 })
    expect(await refusalOf('share', { product_id: small, quantity: 6 })).toBe('409 EXCHANGE_LIMIT_EXCEEDED')
    const large = await mall.product({ payment_mode: 'money_only', stock: 120 })
    await orderOf('share-other', { product_id: large, quantity: 6 })
    expect(await stockOf(mall, large)).toBe(114)
    expect(await refusalOf('share', { product_id: large, quantity: 7 })).toBe('409 EXCHANGE_LIMIT_EXCEEDED')
    await orderOf('share', { product_id: large, quantity: 6 })
    // Sold pieces no longer count as stock.
    await mall.cash('buyer', 1_000_000)
    const sold = await open('buyer', { product_id: large, quantity: 20, payment_method: 'wallet' })
    expect(sold).toMatchObject({ status: 201, body: { data: { status: 'order_paid' } } })
    expect(await refusalOf('late', { product_id: large, quantity: 6 })).toBe('409 EXCHANGE_LIMIT_EXCEEDED')
    await orderOf('late', { product_id: large, quantity: 5 })
  })

  test('orders paid immediately are not limited, and do not count', async () => {
    await Promise.all([mall.points('payer', 10_000), mall.cash('payer', 100_000)])
    const points = await mall.product({ point: 10, stock: 200 })
    const mixed = await mall.product({ payment_mode: 'mixed', point: 10, fen: 100, stock: 200 })
    const redeem = async (body: Record<string, unknown>) => {
      const answer = await mall.exchange('payer', { payment_method: 'wallet', ...body })
      expect(answer).toMatchObject({ status: 201, body: { data: { status: 'order_paid' } } })
    }
    for (const product_id of [points, mixed, cash]) {
      for (const quantity of [1, 2, 20]) await redeem({ product_id, quantity })
    }
    await fill('payer')
    expect(await refusalOf('payer')).toBe('409 TOO_MANY_UNPAID_ORDERS')
    expect(await refusalOf('payer', { product_id: mixed })).toBe('409 TOO_MANY_UNPAID_ORDERS')
    for (const product_id of [points, mixed, cash]) await redeem({ product_id, quantity: 6 })
    // The check considers the wallet, the only method left.
    expect(await check(mall, 'payer', { product_id: mixed })).toMatchObject({ eligible: true, reasons: [] })
    const bySome = await check(mall, 'payer', { product_id: mixed, payment_method: 'alipay' })
    expect(bySome).toMatchObject({ eligible: false, reasons: [{ code: 'TOO_MANY_UNPAID_ORDERS' }] })
  })

  test('a paid or canceled order frees its place; one that is being closed does not', async () => {
    const [paid, canceled] = await fill('mover')
    expect(await refusalOf('mover')).toBe('409 TOO_MANY_UNPAID_ORDERS')
    await mall.cashier(paid.payment_info.pay_url, 'pay')
    await mall.reach('mover', paid.order_no, 'order_paid')
    await orderOf('mover')
    expect(await refusalOf('mover')).toBe('409 TOO_MANY_UNPAID_ORDERS')
    expect((await mall.act('mover', canceled.order_no, 'cancel')).status).toBe(200)

    // Alipay does not know a trade before its cashier is opened: it is held until it cannot be opened.
    mall.configure({ paymentTimeoutMs: 3_000 })
    const held = await orderOf('mover', { payment_method: 'alipay' })
    mall.configure({ paymentTimeoutMs: 1_800_000 })
    await until(
      () => mall.order('mover', held.order_no),
      ({ payment_status }) => payment_status === 'closing',
      'the payment is being closed',
    )
    expect(await refusalOf('mover')).toBe('409 TOO_MANY_UNPAID_ORDERS')
    await mall.reach('mover', held.order_no, 'order_canceled')
    await orderOf('mover')
    expect(await refusalOf('mover')).toBe('409 TOO_MANY_UNPAID_ORDERS')
  })

  test('a repeated request finds its order even at the limit', async () => {
    const key = 'the-fifth'
    const body = { product_id: cash, ...CARD }
    await fill('again')
    expect((await mall.exchange('again', body, { key })).body.code).toBe('TOO_MANY_UNPAID_ORDERS')
    const first = await mall.exchange('again-other', body, { key })
    for (const product_id of await Promise.all(
      times(4).map(() => mall.product({ payment_mode: 'money_only' })),
    )) {
      await orderOf('again-other', { product_id })
    }
    await mall.db.deleteFrom('idempotency_keys').where('owner_id', '=', 'again-other').execute()
    const repeat = await mall.exchange('again-other', body, { key })
    expect([repeat.status, repeat.body.data.order_no]).toEqual([201, first.body.data.order_no])
  })

  test('the reason states the number of orders, in both languages', async () => {
    await fill('told')
    const zh = await open('told')
    expect(zh.body).toMatchObject({
      title: '未支付订单过多',
      detail: '未支付订单过多，请先支付或取消：加上这一单共 6 笔，最多 5 笔',
    })
    expect(await check(mall, 'told', { product_id: cash, quantity: 6 })).toMatchObject({
      eligible: false,
      reasons: [
        { code: 'TOO_MANY_UNPAID_ORDERS', required: 6, available: 5 },
        { code: 'EXCHANGE_LIMIT_EXCEEDED', rule: 'unpaid_pieces', required: 6, available: 5 },
      ],
    })
    const { reasons } = await check(
      mall,
      'told',
      { product_id: cash, quantity: 6 },
      { 'accept-language': 'en' },
    )
    expect(reasons.map(({ message }: { message: string }) => message)).toEqual([
      'You have too many unpaid orders. Pay or cancel some first: 6 including this one, the maximum is 5',
      'Your unpaid orders hold too many items: 6 requested, 5 more allowed before you pay',
    ])
  })

  describe('the pages of the shop', () => {
    const pageOf = (id: string) => `/points-mall/products/${id}`
    const TO_PAY = 'href="/points-mall/orders?tab=to_pay"'

    test('say why nothing can be redeemed, and link to the unpaid orders', async () => {
      await fill('browser')
      const visitor = await openHttpSession(mall, 'browser')
      const page = await visitor.get(pageOf(cash))
      expect(textOf(page)).toContain('你有 5 笔待支付的订单，先支付或取消后才能再下单 查看待支付订单')
      expect(page.html).toContain(TO_PAY)
      expect(page.html).toMatch(/<button class="wide" disabled>请先支付之前的订单<\/button>/)
      const sheet = await visitor.get(`${pageOf(cash)}/redeem`)
      expect(textOf(sheet)).toContain('你有 5 笔待支付的订单')
      const fields = { ...fieldsOf(sheet.html, `${pageOf(cash)}/redeem`), method: 'bank_card' }
      const refused = await visitor.post(`${pageOf(cash)}/redeem`, fields)
      expect([refused.status, textOf(refused).includes('这次没有兑换成功 你有 5 笔待支付的订单')]).toEqual([
        409,
        true,
      ])
      expect(refused.html).toContain(TO_PAY)
      const list = await visitor.get('/points-mall/orders?tab=to_pay')
      expect([...list.html.matchAll(/order-card/g)]).toHaveLength(5)

      const english = await openHttpSession(mall, 'browser', 'en')
      expect(textOf(await english.get(pageOf(cash)))).toContain(
        'You have 5 unpaid orders. Pay or cancel before you place another View unpaid orders',
      )
    })

    test('offer the wallet as the only method at the limit', async () => {
      await fill('saver')
      await mall.cash('saver', 1_000)
      const visitor = await openHttpSession(mall, 'saver')
      const page = await visitor.get(pageOf(cash))
      expect(textOf(page)).not.toContain('待支付的订单')
      expect(page.html).toContain('max="10"')
      const sheet = await visitor.get(`${pageOf(cash)}/redeem`)
      expect(textOf(sheet)).toContain('现在只能用余额支付： 你有 5 笔待支付的订单')
      expect(sheet.html).toMatch(/value="bank_card"\s+disabled/)
      const fields = fieldsOf(sheet.html, `${pageOf(cash)}/redeem`)
      expect(fields).toMatchObject({ method: 'wallet' })
      expect((await visitor.post(`${pageOf(cash)}/redeem`, fields)).status).toBe(303)
    })

    test('offer no more pieces than may be held unpaid, and explain a request for more', async () => {
      const visitor = await openHttpSession(mall, 'picker')
      expect((await visitor.get(pageOf(cash))).html).toContain('max="5"')
      const sheet = await visitor.get(`${pageOf(cash)}/redeem?quantity=6`)
      expect(textOf(sheet)).toContain('支付前最多再为你预留 5 件，请减少数量')
      expect(sheet.html).not.toContain(TO_PAY)
      await orderOf('picker', { quantity: 5 })
      const full = await visitor.get(pageOf(cash))
      expect(textOf(full)).toContain('待支付的订单已为你预留了最多的件数')
      expect(full.html).toContain(TO_PAY)
      // A guest's payment method is unknown.
      const guest = await openHttpSession(mall, undefined)
      expect((await guest.get(pageOf(cash))).html).toMatch(/max="(?!5")\d+"/)
    })
  })
})

describe('with external steps', () => {
  /** An order for this many points is frozen by an operator between hold and placement. */
  const FREEZES = 77
  const FREEZING = { operationKey: 'freeze-chilled', operatorId: 'root', reason: '风控核查' }
  let mall: TestApp
  const reserved: string[] = []
  beforeAll(async () => {
    mall = await openTestApp({
      maxUnpaidOrders: 3,
      maxUnpaidPieces: 4,
      outsideSteps: ['stock', 'points', 'orders'],
      tamper: (real) => ({
        ...real,
        reserveStock(orderNo, quote) {
          reserved.push(quote.productId)
          return real.reserveStock(orderNo, quote)
        },
        async holdPoints(orderNo, points) {
          const held = await real.holdPoints(orderNo, points)
          if (points === FREEZES) await setFrozen(mall.deps, 'chilled', true, FREEZING)
          return held
        },
      }),
    })
  })
  afterAll(() => mall.close())
  afterEach(async () => {
    await until(
      () => mall.brokenLaws(),
      (broken) => broken.length === 0,
      'nothing is held for an order that was refused',
    )
  })

  /** Redeems by card concurrently. @returns how many orders wait, and why the others do not */
  async function atOnce(as: string, product_id: string, count: number, quantity = 1) {
    await Promise.all(times(count).map(() => mall.exchange(as, { product_id, quantity, ...CARD })))
    const attempts = await until(
      () =>
        mall.db
          .selectFrom('exchange_attempts as attempt')
          .leftJoin('points_exchange_orders as order', 'order.order_no', 'attempt.order_no')
          .select(['attempt.state', 'order.status'])
          .where('attempt.product_id', '=', product_id)
          .execute(),
      (found) => found.every(({ state, status }) => state === 'refused' || status === 'order_created'),
      'every attempt is refused, or its order waits',
    )
    return attempts.filter(({ state }) => state === 'placed').length
  }

  test('12 concurrent requests leave exactly 3 unpaid orders, and never reserve more', async () => {
    const product_id = await mall.product({ payment_mode: 'mixed', point: 10, stock: 50 })
    await mall.points('outside', 1_000)
    expect(await atOnce('outside', product_id, 12)).toBe(3)
    expect(reserved.filter((id) => id === product_id)).toHaveLength(3)
    expect(await stockOf(mall, product_id)).toBe(47)
    const { status, body } = await mall.exchange('outside', { product_id, ...CARD })
    expect([status, body.code]).toEqual([409, 'TOO_MANY_UNPAID_ORDERS'])
  })

  test('12 concurrent requests for 2 pieces each reserve at most 4 pieces', async () => {
    const product_id = await mall.product({ payment_mode: 'money_only', stock: 50 })
    expect(await atOnce('outside-pairs', product_id, 12, 2)).toBe(2)
    expect(reserved.filter((id) => id === product_id)).toHaveLength(2)
    expect(await stockOf(mall, product_id)).toBe(46)
  })

  test('a wallet frozen after its points are held gets them back, and no order is placed', async () => {
    const product_id = await mall.product({ point: FREEZES, payment_mode: 'mixed', stock: 5 })
    await mall.points('chilled', 100)
    expect(await atOnce('chilled', product_id, 1)).toBe(0)
    const wallet = () => mall.call('GET', '/api/points-mall/wallet', { as: 'chilled' })
    await until(
      async () => (await wallet()).body.data,
      ({ available, held }) => available === 100 && held === 0,
      'the points are back',
    )
    await until(
      () => stockOf(mall, product_id),
      (stock) => stock === 5,
      'the pieces are back',
    )
  })

  test('a failed attempt no longer counts', async () => {
    const product_id = await mall.product({ payment_mode: 'money_only', stock: 50 })
    // Sold out between quote and reservation: the attempt counted and is refused.
    const gone = await mall.product({ payment_mode: 'money_only', stock: 1 })
    expect(await atOnce('unlucky', gone, 3)).toBe(1)
    expect(await atOnce('unlucky', product_id, 6)).toBe(2)
  })
})

describe('with an external wallet', () => {
  let outside: Awaited<ReturnType<typeof startOutsideWallet>>
  let mall: TestApp
  beforeAll(async () => {
    const secret = 'the secret of the shop and its mall, shared'
    outside = await startOutsideWallet({ mall: secret })
    const outsideWallet = createHttpWallet({ baseUrl: outside.url, keyId: 'mall', secret })
    mall = await openTestApp({ maxUnpaidOrders: 3, maxUnpaidPieces: 5, outsideWallet })
  })
  afterAll(async () => {
    await mall.close()
    await outside.stop()
  })

  test('12 concurrent requests leave exactly 3 unpaid orders, and hold no other points', async () => {
    outside.add('theirs', 1_000)
    const product_id = await mall.product({ payment_mode: 'mixed', point: 10, stock: 50 })
    const answers = await Promise.all(times(12).map(() => mall.exchange('theirs', { product_id, ...CARD })))
    const waiting = answers.filter(({ status }) => status < 300)
    for (const { body } of waiting) {
      await until(
        () => mall.order('theirs', body.data.order_no),
        ({ status }) => status !== 'exchanged',
        'it is decided',
      )
    }
    expect(await stockOf(mall, product_id)).toBe(47)
    expect(outside.accounts.get('theirs')?.moves).toEqual([1_000, -10, -10, -10])
    expect(await mall.brokenLaws()).toEqual([])
  })
})

describe('the rules of unpaid orders', () => {
  const rules: ExchangeRules = {
    minPoints: 1,
    maxPointsPerOrder: 100,
    exchangeLimitEnabled: true,
    maxUnpaidOrders: 2,
    maxUnpaidPieces: 5,
    supportedMethods: PAYMENT_METHODS,
  }
  const product: NonNullable<EligibilityInputs['product']> = {
    status: 'on_sale',
    paymentMode: 'mixed',
    points: 200,
    fen: 100n,
    sku: 'chosen',
    stock: 7,
    reserved: 3,
    shippingType: 'none',
    exchangeLimit: 0,
    limit: { user_level_required: 3 },
  }
  const facts: EligibilityInputs = {
    product,
    level: 1,
    piecesEver: 0,
    piecesInWindow: 0,
    unpaid: { orders: 2, pieces: 4 },
    frozen: true,
    pointsAvailable: null,
    cashAvailable: 0n,
  }
  const codes = (changed: Partial<EligibilityInputs>, wish: Parameters<typeof reasonsAgainst>[1]) =>
    reasonsAgainst({ ...facts, ...changed }, wish, rules).map(({ code, available }) =>
      code === 'EXCHANGE_LIMIT_EXCEEDED' ? `${code} ${available}` : code,
    )

  test('come after the level and before the points per order', () => {
    expect(codes({}, { quantity: 8, method: 'alipay', cashFen: 1n })).toEqual([
      'PRICE_CHANGED',
      'USER_LEVEL_TOO_LOW',
      'TOO_MANY_UNPAID_ORDERS',
      'EXCHANGE_LIMIT_EXCEEDED 1',
      'POINTS_PER_ORDER_EXCEEDED',
      'OUT_OF_STOCK',
      'RISK_REJECTED',
    ])
  })

  test("rank a product's own limit first, and report the stricter of two limits with one code", () => {
    const limited = (exchangeLimit: number) => ({ product: { ...product, exchangeLimit, limit: {} } })
    const wish = { quantity: 3, method: 'alipay' } as const
    const limits = (exchangeLimit: number) => codes(limited(exchangeLimit), wish).slice(0, 2)
    expect(limits(2)).toEqual(['EXCHANGE_LIMIT_EXCEEDED 1', 'TOO_MANY_UNPAID_ORDERS'])
    expect(codes({ ...limited(1), unpaid: { orders: 0, pieces: 0 } }, wish)[0]).toBe(
      'EXCHANGE_LIMIT_EXCEEDED 1',
    )
    expect(limits(3)).toEqual(['TOO_MANY_UNPAID_ORDERS', 'EXCHANGE_LIMIT_EXCEEDED 1'])
  })

  test('do not concern a wallet payment, nor a check by a customer who can pay so', () => {
    const alive = { frozen: false, level: 3, product: { ...product, points: 1 } }
    expect(codes(alive, { quantity: 2, method: 'bank_card' })).not.toEqual([])
    expect(codes({ ...alive, cashAvailable: 200n }, { quantity: 2, method: 'wallet' })).toEqual([])
    expect(codes({ ...alive, cashAvailable: 200n }, { quantity: 2 })).toEqual([])
    expect(codes({ ...alive, cashAvailable: 199n }, { quantity: 2 })).toEqual([
      'TOO_MANY_UNPAID_ORDERS',
      'EXCHANGE_LIMIT_EXCEEDED 1',
    ])
  })

  test('limit the pieces that a page offers', () => {
    const offered = (unpaid: EligibilityInputs['unpaid'], cashAvailable: bigint) =>
      piecesMax(
        { ...facts, product: { ...product, points: 0, paymentMode: 'money_only', stock: 100 } },
        rules,
        { unpaid, cashAvailable },
      )
    expect(offered({ orders: 0, pieces: 0 }, 0n)).toBe(5)
    expect(offered({ orders: 1, pieces: 2 }, 0n)).toBe(3)
    expect(offered({ orders: 2, pieces: 2 }, 250n)).toBe(2)
    expect(offered({ orders: 0, pieces: 0 }, 5_000n)).toBe(50)
  })
})

describe('the settings of unpaid orders', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'unpaid-orders-'))
  afterAll(() => rmSync(dataDir, { recursive: true }))
  const read = (orders?: string, pieces?: string) =>
    readConfig({
      DATA_DIR: dataDir,
      POINTS_MALL_MAX_UNPAID_ORDERS: orders,
      POINTS_MALL_MAX_UNPAID_PIECES: pieces,
    }).rules

  test('are 5 and 5 by default', () => {
    expect(read()).toMatchObject({ maxUnpaidOrders: 5, maxUnpaidPieces: 5 })
    expect(read('1', '40')).toMatchObject({ maxUnpaidOrders: 1, maxUnpaidPieces: 40 })
  })

  test.each(['0', '-1', '1.5', 'many', '1e9'])('refuse %s, naming both variables', (value) => {
    expect(() => read(value, value)).toThrow(ConfigError)
    expect(() => read(value, value)).toThrow(/MAX_UNPAID_ORDERS.*\n.*MAX_UNPAID_PIECES/)
  })
})

test('a database of the previous version is migrated with its data', async () => {
  const owner = connectDatabase(await emptyDatabase(inject('postgresUrl')), 1, 'owner')
  try {
    await migrateTo(owner, '2026-11-28-shelves')
    await owner
      .insertInto('exchange_attempts')
      .values({
        order_no: 'PM1',
        owner_id: 'early',
        idempotency_key: null,
        product_id: '1',
        quantity: 1,
        payment_method: 'alipay',
        cash_amount: null,
        level: 1,
        request: Buffer.from('sealed'),
        refusal: null,
        resolved_at: null,
      })
      .execute()
    expect(await migrateToLatest(owner)).toContain('2026-11-29-unpaid-orders')
    const kept = await owner.selectFrom('exchange_attempts').select(['order_no', 'counts_unpaid']).execute()
    expect(kept).toEqual([{ order_no: 'PM1', counts_unpaid: false }])
  } finally {
    await owner.destroy()
  }
})
