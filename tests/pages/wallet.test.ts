import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { adjust, grant } from '../../db/wallet/grants.ts'
import { dateInShanghai, daysBetween, shanghaiDay, shanghaiText } from '../../domain/business-time.ts'
import { openHttpSession, type Visitor } from '../support/http-session.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

const WALLET = '/points-mall/wallet'

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

/** Books grants of 3 and corrections by -1 alternately, each with its own reason. */
async function book(owner: string, count: number): Promise<void> {
  await mall.db.transaction().execute(async (tx) => {
    for (let n = 0; n < count; n += 1) {
      const cause = { operationKey: `${owner}/${n}`, reason: `第 ${n} 笔` }
      if (n % 2 === 0)
        await grant(
          tx,
          mall.deps.vault,
          { ownerId: owner, currency: 'ZJF', amount: 3n, expiresAt: null },
          cause,
        )
      else await adjust(tx, mall.deps.vault, { ownerId: owner, currency: 'ZJF', amount: -1n }, cause)
    }
  })
}

const reasonsIn = (html: string) => [...html.matchAll(/第 (\d+) 笔/g)].map(([, n]) => Number(n))
const linkIn = (html: string, rel: string) =>
  new RegExp(`rel="${rel}"\\s+href="([^"#]+)`).exec(html)?.[1]?.replaceAll('&amp;', '&')

async function walk(visitor: Visitor, from: string): Promise<number[]> {
  const all: number[] = []
  for (let path: string | undefined = from; path !== undefined; ) {
    const page = await visitor.get(path)
    expect(page.status).toBe(200)
    all.push(...reasonsIn(page.html))
    path = linkIn(page.html, 'next')
  }
  return all
}

describe('the wallet page', () => {
  test('shows available, held and expiring points, and the cash', async () => {
    await mall.points('holder', 1_200)
    // Noon in Shanghai: the page counts midnights.
    const expiry = new Date(shanghaiDay(Date.now()).from + 5.5 * 86_400_000)
    await mall.points('holder', 300, expiry)
    await mall.cash('holder', 123_456)
    const product_id = await mall.product({ payment_mode: 'mixed', point: 200 })
    const order = await mall.exchange('holder', { product_id, payment_method: 'bank_card' })
    const { html } = await (await openHttpSession(mall, 'holder')).get(WALLET)
    expect(html).toContain('<p class="digits huge">1,300</p>')
    expect(html).toContain('<dd class="digits">200</dd>')
    expect(html).toContain('¥1,234.56')
    // The order has taken 200 from the lot that expires first.
    expect(html).toContain('<strong class="digits">100 积分</strong>')
    expect(html).toContain(`还有 ${daysBetween(Date.now(), expiry.getTime())} 天`)
    expect(html).toContain(`${shanghaiText(expiry).slice(0, 16)}</time>`)
    expect(html).toContain(`href="/points-mall/orders/${order.body.data.order_no}"`)
    expect(html).toMatch(/冻结<\/span> 兑换商品[\s\S]*-200[\s\S]*余额 1,300/)
  })

  test('says the last day on which points can be spent, on every page', async () => {
    const day = (n: number) => dateInShanghai(Date.now() + n * 86_400_000)
    const { from } = shanghaiDay(Date.now())
    // The lot that ends first is spent by the order below.
    const ends = [
      [1, from + 3 * 86_400_000],
      [2, from + 4 * 86_400_000 - 1],
      [3, from + 5 * 86_400_000 - 1000],
      [4, from + 6 * 86_400_000 + 1],
      [5, from + 7 * 86_400_000 + 37_140_000],
    ] as const
    const shown = [day(2), day(3), day(4), `${day(6)} 00:00`, `${day(7)} 10:19`]
    for (const [points, at] of ends) await mall.points('lasting', points, new Date(at))
    const openAs = (owner: string, role?: 'operator') => openHttpSession(mall, owner, 'zh', role)
    const own = (await (await openAs('lasting')).get(WALLET)).html
    const staff = (await (await openAs('looker', 'operator')).get('/admin/users/lasting')).html
    for (const html of [own, staff]) {
      const days = [...html.matchAll(/<time datetime="([^"]+)">([^<]+)<\/time>/g)]
      for (const [n, [, at]] of ends.entries()) {
        const texts = days
          .filter(([, datetime]) => Date.parse(datetime ?? '') === at)
          .map(([, , text]) => text)
        expect([n, ...texts]).toEqual([n, shown[n]])
      }
    }
    expect(own).toContain(`可用到 <time`)
    for (const n of [2, 3, 4, 6, 7]) expect(own).toContain(`还有 ${n} 天`)
    const today = new Date(from + 86_400_000)
    await mall.points('lasting', 6, today)
    expect((await (await openAs('lasting')).get(WALLET)).html).toContain('今天是最后一天')
    const product_id = await mall.product({ point: 6 })
    const { order_no } = (await mall.exchange('lasting', { product_id })).body.data
    await mall.act('lasting', order_no, 'cancel')
    await mall.reach('lasting', order_no, 'order_canceled')
    const order = (await (await openAs('lasting')).get(`/points-mall/orders/${order_no}`)).html
    expect(order).toContain(`可用到 <time datetime="${today.toISOString()}">${day(0)}</time>`)
  })

  test('shows what happened to held points: they are spent', async () => {
    await mall.points('spender', 700)
    await mall.cash('spender', 2_000)
    const product_id = await mall.product({ payment_mode: 'mixed', point: 600 })
    const { order_no } = (await mall.exchange('spender', { product_id, payment_method: 'bank_card' })).body
      .data
    await mall.act('spender', order_no, 'pay', { payment_method: 'wallet' })
    await mall.reach('spender', order_no, 'order_paid')
    const visitor = await openHttpSession(mall, 'spender')
    const { html } = await visitor.get(WALLET)
    expect(html).toContain('已冻结的 600 积分转为扣除')
    expect(html).not.toMatch(/change[^"]*">0</)
    // On the cash tab, cash comes first.
    const first = async (path: string) =>
      /class="digits huge">([^<]*)</.exec((await visitor.get(path)).html)?.[1]
    expect([await first(WALLET), await first(`${WALLET}?currency=CNY`)]).toEqual(['100', '¥10.10'])
  })

  test('names the product of each line of an order, and leads to the order', async () => {
    await mall.points('namer', 700)
    const product_id = await mall.product({ title: '青花 <盖碗>', point: 600 })
    const { order_no } = (await mall.exchange('namer', { product_id })).body.data
    await mall.act('namer', order_no, 'cancel')
    await mall.reach('namer', order_no, 'order_canceled')
    const line = `<a href="/points-mall/orders/${order_no}">青花 &lt;盖碗&gt;</a>`
    const { html } = await (await openHttpSession(mall, 'namer')).get(WALLET)
    // The redemption and the return, but not the grant.
    expect([html.split(line).length - 1, html.split('青花').length - 1]).toEqual([2, 2])
    const operator = await openHttpSession(mall, 'olga', 'zh', 'operator')
    const console = (await operator.get('/admin/users/namer')).html
    expect(
      console.split(`青花 &lt;盖碗&gt;<br><a class="press code" href="/admin/orders/${order_no}"`),
    ).toHaveLength(3)
  })

  test('of an unknown owner is empty, and says so', async () => {
    const { html, status } = await (await openHttpSession(mall, 'nobody-yet')).get(WALLET)
    expect(status).toBe(200)
    expect(html).toContain('<p class="digits huge">0</p>')
    expect(html).toContain('还没有明细')
  })
})

describe('the statement page', () => {
  test("has each entry once over all pages, newest first, and only the owner's", async () => {
    await book('reader', 45)
    await book('neighbour', 3)
    const visitor = await openHttpSession(mall, 'reader')
    expect(await walk(visitor, WALLET)).toEqual(Array.from({ length: 45 }, (_, n) => 44 - n))
    // Corrections only, and still all of them.
    expect(await walk(visitor, `${WALLET}?kind=adjust`)).toEqual(
      Array.from({ length: 22 }, (_, n) => 43 - 2 * n),
    )
    expect(await walk(visitor, `${WALLET}?currency=CNY`)).toEqual([])
    expect(await walk(visitor, `${WALLET}?kind=nonsense`)).toHaveLength(45)
  })

  test('starts again from an outdated link', async () => {
    const visitor = await openHttpSession(mall, 'reader')
    const old = linkIn((await visitor.get(WALLET)).html, 'next') ?? ''
    expect(await visitor.get(`${old}&currency=CNY`)).toMatchObject({ status: 303, location: WALLET })
    expect((await visitor.get(`${WALLET}?cursor=nonsense`)).status).toBe(303)
  })

  test('offers the same CSV as the API, to the byte', async () => {
    const page = await (await openHttpSession(mall, 'reader')).get(`${WALLET}/statement.csv?kind=adjust`)
    const api = await mall.call('GET', '/api/points-mall/wallet/transactions.csv?kind=adjust', {
      as: 'reader',
    })
    expect(page.html).toBe(api.body)
    expect(page.html.split('\r\n')).toHaveLength(24)
    expect(page.headers.get('content-disposition')).toBe('attachment; filename="points-transactions.csv"')
    expect(page.headers.get('cache-control')).toContain('no-store')
  })

  test("shows others' text as text, never as markup", async () => {
    await mall.db.transaction().execute((tx) =>
      grant(
        tx,
        mall.deps.vault,
        { ownerId: 'victim', currency: 'ZJF', amount: 1n, expiresAt: null },
        {
          operationKey: 'xss',
          reason: '<script>x</script>',
        },
      ),
    )
    const { html } = await (await openHttpSession(mall, 'victim')).get(WALLET)
    expect(html).toContain('&lt;script&gt;x&lt;/script&gt;')
    expect(html).not.toContain('<script>x')
  })
})
