import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { findAmountViolations } from '../../db/reconciliation/invariants.ts'
import { adjust, grant } from '../../db/wallet/grants.ts'
import { disagreementLine } from '../../i18n/finding-texts.ts'
import { connectPatiently } from '../support/database.ts'
import { type Call, openTestApp, type TestApp, token } from '../support/test-app.ts'

const PATH = '/api/points-mall/wallet/transactions'

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

interface Entry {
  readonly id: string
  readonly kind: string
  readonly points: number
  readonly balance_after: number
}

const list = (as: string, query: string, how: Call = {}) =>
  mall.call('GET', `${PATH}?${query}`, { ...how, as })
const idsOf = (data: readonly Entry[]) => data.map(({ id }) => id)

let keys = 0
/** Books `count` entries: grants of 3 and corrections by -1, alternating. */
async function book(owner: string, count: number): Promise<void> {
  await mall.db.transaction().execute(async (tx) => {
    for (let n = 0; n < count; n += 1) {
      keys += 1
      const cause = { operationKey: `statement/${keys}`, reason: `第 ${n} 笔` }
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

/** Follows the cursor from the first page to the last. */
async function walk(
  as: string,
  query: string,
  between: () => Promise<void> = async () => {},
): Promise<Entry[]> {
  const all: Entry[] = []
  for (let cursor = ''; ; ) {
    const { status, body } = await list(as, `${query}${cursor}`)
    expect(status).toBe(200)
    all.push(...body.data)
    if (body.meta.next_cursor === null) return all
    cursor = `&cursor=${body.meta.next_cursor}`
    await between()
  }
}

/** RFC 4180, as a spreadsheet reads it. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, cell = '', end] of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|$)/g)) {
    rows.at(-1)?.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (end === '\r\n') rows.push([])
    if (end === '') break
  }
  return rows.filter((row) => row.length > 1)
}

describe('the list of entries', () => {
  test('is the same by page and by cursor, newest first, each entry once', async () => {
    await book('reader', 25)
    const pages = await Promise.all([1, 2, 3].map((page) => list('reader', `per_page=10&page=${page}`)))
    const byPage = pages.flatMap(({ body }) => body.data as Entry[])
    expect(byPage).toHaveLength(25)
    expect(pages[1]?.body.meta).toMatchObject({ current_page: 2, per_page: 10, total: 25, last_page: 3 })
    expect(pages.map(({ body }) => body.meta.next_cursor === null)).toEqual([false, false, true])
    expect(idsOf(await walk('reader', 'per_page=10'))).toEqual(idsOf(byPage))
    expect(idsOf(await walk('reader', 'per_page=25'))).toEqual(idsOf(byPage))

    const { id } = await mall.db
      .selectFrom('wallet_accounts')
      .select('id')
      .where('owner_id', '=', 'reader')
      .executeTakeFirstOrThrow()
    expect(idsOf(byPage)).toEqual(Array.from({ length: 25 }, (_, n) => `${id}-${25 - n}`))
    for (const [n, { points, balance_after }] of byPage.entries()) {
      expect(balance_after - points).toBe(byPage[n + 1]?.balance_after ?? 0)
    }
  })

  test('has no gaps and no repeats when entries are added between pages', async () => {
    await book('busy', 20)
    const before = idsOf(await walk('busy', 'per_page=100'))
    const seen = idsOf(await walk('busy', 'per_page=6', () => book('busy', 2)))
    expect(seen).toEqual(before)
    // By page number, entries repeat.
    expect((await list('busy', 'per_page=1')).body.meta.total).toBe(26)
  })

  test('can be filtered by kind', async () => {
    await book('kinds', 9)
    const grants = await walk('kinds', 'per_page=2&kind=grant')
    expect(grants.map(({ kind, points }) => [kind, points])).toEqual(Array(5).fill(['grant', 3]))
    expect((await list('kinds', 'kind=adjust')).body.meta).toMatchObject({ total: 4, last_page: 1 })
    expect((await list('kinds', 'kind=expire')).body).toMatchObject({ data: [], meta: { total: 0 } })
    expect((await list('nobody', 'kind=grant')).body).toMatchObject({ data: [], meta: { total: 0 } })
  })

  test('can show cash, in yuan', async () => {
    await mall.cash('payer', 5000)
    const product_id = await mall.product({ payment_mode: 'money_only', fen: 990 })
    const order = (await mall.exchange('payer', { product_id, payment_method: 'wallet' })).body.data
    const { body } = await list('payer', 'currency=CNY')
    const yuan = (amount: string) => ({ amount, currency: 'CNY' })
    expect(body.data).toMatchObject([
      { kind: 'capture', amount: yuan('-9.90'), balance_after: yuan('40.10'), order_no: order.order_no },
      { kind: 'grant', amount: yuan('50.00'), balance_after: yuan('50.00'), order_no: null },
    ])
    expect((await list('payer', '')).body.data).toEqual([])
  })

  test("shows reasons in the language of the request, and people's texts unchanged", async () => {
    await mall.points('worded', 100)
    const product_id = await mall.product({ point: 10 })
    const { order_no } = (await mall.exchange('worded', { product_id })).body.data
    await mall.act('worded', order_no, 'cancel')
    await mall.reach('worded', order_no, 'order_canceled')
    await book('worded', 1)
    const texts = async (lang: string) =>
      (await list('worded', '', { headers: { 'accept-language': lang } })).body.data.map(
        ({ reason_text }: { reason_text: string }) => reason_text,
      )
    expect(await texts('zh-CN')).toEqual(['第 0 笔', '你取消了订单', '兑换商品', '发放'])
    expect(await texts('en')).toEqual(['第 0 笔', 'You canceled the order', 'Redemption', 'Granted'])
  })

  test('refuses a foreign cursor', async () => {
    await book('cursors', 3)
    const { next_cursor } = (await list('cursors', 'per_page=1')).body.meta
    const wrong = [next_cursor.slice(0, -1), `${next_cursor}A`, 'nonsense', '', `${'9'.repeat(30)}`]
    for (const query of [
      ...wrong.map((cursor) => `cursor=${cursor}`),
      `currency=CNY&cursor=${next_cursor}`,
    ]) {
      const { status, body } = await list('cursors', query)
      expect([query, status, body.errors?.[0]?.field]).toEqual([query, 422, 'cursor'])
    }
    expect((await list('cursors', 'kind=theft')).status).toBe(422)
    expect((await list('cursors', 'currency=USD')).status).toBe(422)
    // A cursor holds a position, not an owner.
    expect(idsOf((await list('nobody', `cursor=${next_cursor}`)).body.data)).toEqual([])
  })
})

describe('the CSV export', () => {
  const download = async (as: string, query = '', how: Call = {}) => {
    const { status, headers, body } = await mall.call('GET', `${PATH}.csv?${query}`, { ...how, as })
    expect(status).toBe(200)
    return { headers, text: body as string }
  }

  test('contains every entry, even more than one batch of the export', async () => {
    await book('long', 1003)
    const { headers, text } = await download('long')
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(headers.get('content-disposition')).toBe('attachment; filename="points-transactions.csv"')
    const [head, ...rows] = parseCsv(text)
    expect(head).toEqual(['时间（北京时间）', '类型', '变动', '变动后余额', '订单号', '说明', '流水号'])
    expect(rows).toHaveLength(1003)
    expect(new Set(rows.map((row) => row[6])).size).toBe(1003)
    const sum = rows.reduce((total, row) => total + Number(row[2]), 0)
    expect(sum).toBe(Number(rows[0]?.[3]))
    expect(sum).toBe((await mall.call('GET', '/api/points-mall/wallet', { as: 'long' })).body.data.available)
    expect(rows[0]?.[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
  })

  test('starts with the byte order mark, so that spreadsheets detect UTF-8', async () => {
    await book('marked', 1)
    const response = await fetch(`${mall.url}${PATH}.csv`, {
      headers: { authorization: `Bearer ${await token('marked', 'customer', 1)}` },
    })
    const bytes = new Uint8Array(await response.arrayBuffer())
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
  })

  test('neutralizes formulas and escapes quotes', async () => {
    const guarded = [
      ...['=HYPERLINK("http://evil","x")', '+1', '-1+cmd|', '@SUM(A1)', ' =1', '＝1', '\u200b=1'],
      ...[
        '3-11',
        '64-1',
        '00123',
        '0.50',
        '123456789012',
        '1E5',
        '1e-7',
        '12345678901234567890',
        '2026-11-28',
        '2026年11月28日',
        '１２３',
      ],
      ...['1/2', '12:30', '9:05 PM', '5 Dec', 'Mar-11', 'SEPT2', '50%', '¥12.00', '(5)', '1,234.50', '.5'],
      ...['TRUE', 'false', '#N/A', "'3-11", "'普通"],
    ]
    const words = [
      ...guarded,
      ...[
        'a,"b"',
        '普通',
        '7 天无理由',
        'SF1234567890',
        'PM20261123072205YHPDKBPDCTGZ',
        '第 3 批',
        '5 件',
        '5',
        '0',
        '12345678901',
        'It’s 3 o’clock',
      ],
    ]
    await mall.db.transaction().execute(async (tx) => {
      for (const [n, reason] of words.entries()) {
        await grant(
          tx,
          mall.deps.vault,
          { ownerId: 'formula', currency: 'ZJF', amount: 1n, expiresAt: null },
          { operationKey: `formula/${n}`, reason },
        )
      }
    })
    const [, ...rows] = parseCsv((await download('formula')).text)
    const cells = rows.map((row) => row[5]).reverse()
    expect(cells).toEqual(words.map((word) => (guarded.includes(word) ? `'${word}` : word)))
    // Without one apostrophe at its start each is what it was, and so is each id.
    expect(cells.map((cell) => cell?.replace(/^'/, ''))).toEqual(words)
    const ids = idsOf((await list('formula', 'per_page=100')).body.data)
    expect(rows.map((row) => row[6])).toEqual(ids.map((id) => `'${id}`))
    expect(rows.every((row) => row.length === 7)).toBe(true)
  })

  test('can be of one kind, of cash, in English, and empty', async () => {
    await book('choosy', 5)
    await mall.cash('choosy', 1234)
    expect(parseCsv((await download('choosy', 'kind=adjust')).text)).toHaveLength(3)
    const cash = await download('choosy', 'currency=CNY', { headers: { 'accept-language': 'en' } })
    const [head, row] = parseCsv(cash.text)
    expect(head?.[1]).toBe('Type')
    expect(row?.slice(1, 4)).toEqual(['Granted', '12.34', '12.34'])
    expect(parseCsv((await download('nobody')).text)).toHaveLength(1)
    expect((await mall.call('GET', `${PATH}.csv`)).status).toBe(401)
  })
})

test('the invariant of amounts finds an order whose cost differs from its entries', async () => {
  await Promise.all([mall.points('exact', 500), mall.cash('exact', 5000)])
  const product_id = await mall.product({ payment_mode: 'mixed', point: 100, fen: 990 })
  const place = async (method: string) =>
    (await mall.exchange('exact', { product_id, payment_method: method })).body.data.order_no
  const [paid, waiting] = [await place('wallet'), await place('bank_card')]
  const owner = connectPatiently(mall.databaseUrl, 1, 'owner')
  const put = (order_no: string, total_points: number) =>
    owner
      .updateTable('points_exchange_orders')
      .set({ total_points })
      .where('order_no', '=', order_no)
      .execute()
  const broken = async () => (await findAmountViolations(mall.db, mall.deps.vault)).map(disagreementLine)
  try {
    expect(await broken()).toEqual([])
    await put(paid, 99)
    expect(await broken()).toEqual([`ZJF of ${paid}: -100, held 0 while expected -99, held 0`])
    await put(paid, 100)
    await put(waiting, 101)
    expect(await broken()).toEqual([`ZJF of ${waiting}: -100, held 100 while expected -101, held 101`])
    await put(waiting, 100)
    const payment = owner.updateTable('payments').where('order_no', '=', paid)
    await payment.set({ amount: '9.89' }).execute()
    expect(await broken()).toEqual([`CNY of ${paid}: -990, held 0 while expected -989, held 0`])
    await payment.set({ amount: '9.90' }).execute()
  } finally {
    await owner.destroy()
  }
})
