import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHttpSession, type Visitor } from '../support/http-session.ts'
import { fillShop, LARGE_TABLES } from '../support/large-shop.ts'
import { type Asked, plansOf, watchDatabase } from '../support/query-plans.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** A page costs the same in a large shop: none reads a large table completely. */

const asked: Asked[] = []
let mall: TestApp
let owner: Client
let productId: string
let orderNo: string
beforeAll(async () => {
  mall = await openTestApp({ watch: (db) => watchDatabase(db, asked) })
  owner = new Client({ connectionString: mall.databaseUrl })
  await owner.connect()
  productId = await mall.product({ title: '静音键盘', payment_mode: 'mixed', shipping_type: 'logistics' })
  await mall.points('alice', 5_000)
  const address = { name: '王芳', phone: '13800138000', detail: '漕溪北路 1 号' }
  const made = await mall.exchange('alice', { product_id: productId, payment_method: 'bank_card', address })
  orderNo = made.body.data.order_no
  await fillShop(owner, { products: 20_000, orders: 40_000 }, (id) => mall.points(id, 500))
})
afterAll(async () => {
  await owner.end()
  await mall.close()
})

/** The tables that a plan reads completely. */
const walked = (plan: string) => LARGE_TABLES.filter((table) => plan.includes(`Seq Scan on ${table} `))

/** Opens the pages and judges the plans of all their queries. @returns what is wrong */
async function checkPlans(visitor: Visitor, paths: readonly string[]): Promise<string[]> {
  const wrong: string[] = []
  const judged = new Set<string>()
  for (const path of paths) {
    asked.length = 0
    const { status } = await visitor.get(path)
    const questions = asked.filter(({ text }) => !judged.has(text))
    if (status >= 400 || asked.length === 0) wrong.push(`${path}: ${status}, ${asked.length} questions`)
    for (const question of questions) {
      judged.add(question.text)
      for (const plan of await plansOf(owner, question)) {
        if (walked(plan).length > 0) wrong.push(`${path}\n${question.text}\n${plan}`)
      }
    }
  }
  return wrong
}

describe('no large table is read completely', () => {
  test('by a page of the shop', async () => {
    const alice = await openHttpSession(mall, 'alice')
    const shelf = '/points-mall/products'
    const paths = [
      '',
      '?page=50',
      '?sort=newest',
      '?sort=points_asc&page=2',
      '?sort=points_desc',
      '?product_type=service',
      `?category_id=3`,
      '?payment_mode=money_only',
      '?payment_mode=mixed&product_type=service&sort=newest',
      '?affordable=1',
      '?affordable=1&sort=points_desc',
      '?keyword=键盘',
      '?keyword=茶',
      '?keyword=静音键盘&payment_mode=mixed',
      '?keyword=没有的东西',
      '?keyword=键盘 静音',
      '?keyword=jianpan',
      '?keyword=jyjp 1234',
      '?keyword=分类',
      '?keyword=耳机键盘',
      `/${productId}`,
      `/${productId}/redeem?quantity=1`,
    ].map((query) => shelf + query)
    const own = [
      'orders',
      'orders?tab=to_pay',
      'orders?tab=done&page=2',
      `orders/${orderNo}`,
      `orders/${orderNo}/cancel`,
      'wallet',
      'wallet?kind=hold',
      'wallet?currency=CNY',
      'addresses',
      'addresses/new',
    ].map((path) => `/points-mall/${path}`)
    expect(await checkPlans(alice, [...paths, ...own])).toEqual([])
  })

  test('by the public API, which lists and counts the first 10,000', async () => {
    const guest = await openHttpSession(mall, undefined)
    const api = '/api/points-mall/products'
    const paths = [
      '',
      '?per_page=100&page=100',
      '/search?keyword=品质',
      '/search?keyword=品质&per_page=100&page=99',
    ]
    expect(
      await checkPlans(
        guest,
        paths.map((path) => api + path),
      ),
    ).toEqual([])
    for (const [query, listed] of [
      ['?per_page=100&page=100', 100],
      ['?per_page=100&page=101', 0],
      ['?per_page=70&page=143', 60],
      ['?page=1000000', 0],
      ['/search?keyword=品质&per_page=100&page=101', 0],
    ] as const) {
      const { body } = await mall.call('GET', api + query)
      expect([body.data.length, body.meta.total], query).toEqual([listed, 10_000])
    }
  })

  test('by a page of the console', async () => {
    const admin = await openHttpSession(mall, 'ada', 'zh', 'admin')
    const orders = [
      '',
      'q=filler-7',
      'q=SF1234567890',
      'q=ABCDEF12',
      'q=键盘',
      'q=PM20260101000000ABCDEFGHJKMN',
      'owner_id=filler-7',
      'product_id=77',
      'status=order_created',
      'status=order_paid&sort=oldest',
      'status=order_accepted&sort=oldest&past=10000000',
      'payment_status=refunding',
      'payment_status=refunded&payment_mode=mixed',
      'payment_mode=mixed&past=10020000',
      'payment_mode=money_only',
      'status=order_accepted&sent=1&sort=oldest',
      'attention=1',
      'from=2026-01-01&to=2026-01-02',
    ].map((query) => `/orders?${query}`)
    const products = [
      '',
      'page=30',
      'status=draft',
      'status=sold_out&sort=newest',
      'category_id=3&sort=points_desc',
      'payment_mode=money_only&sort=price_asc',
      'keyword=茶具',
      'keyword=茶',
      'low=1',
      'status=on_sale&low=1',
    ].map((query) => `/products?${query}`)
    const others = [
      '',
      `/orders/${orderNo}`,
      `/orders/${orderNo}/cancel`,
      `/products/${productId}`,
      '/products/new',
      '/categories',
      '/users',
      '/users?q=filler-7',
      '/users?after=filler-20',
      '/users/alice',
      '/users/alice?kind=hold&currency=ZJF',
      '/users/alice/grant',
      '/users/alice/earnings',
      '/users/filler-7/earnings',
      '/reconciliations',
    ]
    expect(
      await checkPlans(
        admin,
        [...others, ...orders, ...products].map((path) => `/admin${path}`),
      ),
    ).toEqual([])
  })

  test("by the count of a customer's unpaid orders, which uses its own small indexes", async () => {
    asked.length = 0
    const page = await (await openHttpSession(mall, 'alice')).get(`/points-mall/products/${productId}`)
    expect(page.status).toBe(200)
    const [question] = asked.filter(({ text }) => text.includes('counts_unpaid'))
    await owner.query('begin')
    try {
      // As after an outage of Temporal.
      await owner.query(`insert into exchange_attempts (order_no, owner_id, product_id, quantity, level, request)
        select 'PMWAIT' || n, 'filler-1', 1, 1, 1, 'sealed' from generate_series(1, 2000) n`)
      await owner.query('analyze exchange_attempts')
      for (const plan of question ? await plansOf(owner, question) : ['not asked']) {
        expect(plan).toContain('points_exchange_orders_unpaid')
        expect(plan).toContain('exchange_attempts_unpaid')
        expect(plan).toContain('Index Only Scan using stock_reservations_product')
      }
    } finally {
      await owner.query('rollback')
    }
  })

  test('without the check noticing it', async () => {
    const question = {
      text: 'select sum(total_points) from points_exchange_orders where quantity < $1',
      parameters: [9],
    }
    const plans = await plansOf(owner, question)
    expect(plans.map(walked)).toEqual([['points_exchange_orders'], ['points_exchange_orders']])
  })
})
