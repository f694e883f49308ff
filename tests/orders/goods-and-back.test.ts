import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  AFTER_SALE_DEADLINES,
  AFTER_SALE_TRANSITIONS,
  type AfterSaleState,
} from '../../domain/orders/after-sale.ts'
import { ended, readHoldings, readTables, workflowState } from '../support/db-snapshot.ts'
import { compareBooks, type Trade } from '../support/provider-books.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

/** Each kind of goods from the exchange to its end, and back where that is allowed. */

const APPEAL_MS = 1_500
let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp({ afterSale: { ...AFTER_SALE_DEADLINES, appealMs: APPEAL_MS } })
})
afterAll(() => mall.close())
afterEach(async () => {
  expect(await mall.brokenLaws()).toEqual([])
  await until(
    async () => compareBooks(mall.db, (await mall.books()) as unknown as Trade[]),
    (kept) => kept.every((order) => order.due === order.kept),
    'the provider keeps what is left of each live order, and no more',
  )
})

const OP = { as: 'op', role: 'operator' } as const
const ADDRESS = { name: '李雷', phone: '13800000000', detail: '杭州市西湖区' }
const PARCEL = { carrier: '顺丰', tracking_no: 'SF1234567890123' }
const admin = (method: string, path: string, body?: unknown) =>
  mall.call(method, `/api/admin/points-mall/${path}`, { ...OP, ...(body === undefined ? {} : { body }) })

interface Kind {
  readonly name: string
  readonly product: object
  readonly codes?: number
  readonly quantity: number
  readonly method?: 'wallet' | 'bank_card'
  /** Before the request: as far as the order goes. */
  readonly until: 'paid' | 'finished'
  /** Pieces of each after-sale in turn; `sellable`: sent back. */
  readonly back: readonly { readonly pieces: number; readonly sellable?: boolean }[]
  readonly refused?: string
  /** Pieces in stock at the end, of ten. */
  readonly stock: number
  readonly useVoucher?: true
}

const DAYS = { returnable: { days: 7 } }
const VIRTUAL = { product_type: 'virtual', shipping_type: 'none', ...DAYS }
const TRAVELS = { shipping_type: 'logistics', ...DAYS }
const SERVICE = { product_type: 'service', shipping_type: 'pickup', delivery: 'voucher', ...DAYS }
const WASH = { ...SERVICE, voucher: { uses: 2, valid_days: 30 } }
const CODES = { product_type: 'virtual', shipping_type: 'none', delivery: 'codes' }
const PRICE = { amount: '3.33', currency: 'CNY' }
const MIXED = { payment_mode: 'mixed', price: PRICE }
const CASH = { payment_mode: 'money_only', point: 0, price: PRICE }
const SKUS = {
  skus: ['红', '蓝'].map((colour) => ({ specs: { 颜色: colour }, point: 10, stock_quantity: 5 })),
}
const sent = (pieces: number, sellable = true) => ({ pieces, sellable })

const KINDS: readonly Kind[] = [
  {
    name: 'a parcel, mixed by wallet, whole',
    product: { ...TRAVELS, ...MIXED },
    quantity: 3,
    method: 'wallet',
    until: 'finished',
    back: [sent(3)],
    stock: 10,
  },
  {
    name: 'a parcel, mixed by card, in parts, one unusable',
    product: { ...TRAVELS, ...MIXED },
    quantity: 3,
    method: 'bank_card',
    until: 'finished',
    back: [sent(1), sent(1, false), sent(1)],
    stock: 9,
  },
  {
    name: 'a parcel by points that is kept',
    product: TRAVELS,
    quantity: 2,
    until: 'finished',
    back: [{ pieces: 1 }],
    stock: 8,
  },
  {
    name: 'a parcel by cash only, before shipping',
    product: { ...TRAVELS, ...CASH },
    quantity: 2,
    method: 'bank_card',
    until: 'paid',
    back: [{ pieces: 1 }, { pieces: 1 }],
    stock: 10,
  },
  {
    name: 'a pickup by points',
    product: { shipping_type: 'pickup', ...DAYS },
    quantity: 2,
    until: 'finished',
    back: [sent(2)],
    stock: 10,
  },
  {
    name: 'goods given by hand, before they are',
    product: VIRTUAL,
    quantity: 2,
    until: 'paid',
    back: [{ pieces: 2 }],
    stock: 10,
  },
  {
    name: 'goods given by hand, afterwards',
    product: { ...VIRTUAL, ...MIXED },
    quantity: 2,
    method: 'wallet',
    until: 'finished',
    back: [{ pieces: 1 }],
    stock: 8,
  },
  {
    name: 'one of several SKUs',
    product: { ...TRAVELS, ...SKUS },
    quantity: 2,
    until: 'finished',
    back: [sent(1), sent(1)],
    stock: 10,
  },
  {
    name: 'codes that were shown: never',
    product: CODES,
    codes: 10,
    quantity: 2,
    until: 'finished',
    back: [],
    refused: 'NOT_RETURNABLE',
    stock: 8,
  },
  { name: 'an unused voucher', product: WASH, quantity: 2, until: 'paid', back: [{ pieces: 2 }], stock: 8 },
  {
    name: 'a used voucher: not',
    product: WASH,
    quantity: 1,
    until: 'paid',
    back: [],
    refused: 'NOT_RETURNABLE',
    stock: 9,
    useVoucher: true,
  },
]

let customers = 0

async function made(kind: Kind): Promise<{ id: string; sku: string | undefined }> {
  const stock = kind.codes === undefined && !('skus' in kind.product) ? { stock_quantity: 10 } : {}
  const point = 'skus' in kind.product ? {} : { point: 10 }
  const body = { title: kind.name, payment_mode: 'points_only', ...point, ...stock, ...kind.product }
  const answer = await admin('POST', 'products', body)
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  const { id, skus } = answer.body.data
  if (kind.codes !== undefined) {
    const codes = Array.from({ length: kind.codes }, (_, n) => ({ code: `BACK-${id}-${n}` }))
    expect((await admin('POST', `products/${id}/codes`, { codes })).status).toBe(201)
  }
  expect((await admin('POST', `products/${id}/publish`, {})).status).toBe(200)
  return { id, sku: 'skus' in kind.product ? skus[1].id : undefined }
}

const stockOf = async (id: string) => {
  const { stock_quantity, skus } = (await admin('GET', `products/${id}`)).body.data
  const parts: number[] = skus.map((sku: { stock_quantity: number }) => sku.stock_quantity)
  if (parts.length > 1) expect(parts.reduce((a, b) => a + b)).toBe(stock_quantity)
  const { rows } = await sql<{ sum: number }>`
    select coalesce(sum(delta), 0)::int as sum from stock_movements where product_id = ${id}`.execute(mall.db)
  if (rows[0]?.sum !== stock_quantity) {
    const free = await sql<{ count: number }>`
      select count(*)::int as count from product_codes where product_id = ${id} and state = 'free'`.execute(
      mall.db,
    )
    expect(free.rows[0]?.count).toBe(stock_quantity)
  }
  return stock_quantity as number
}

async function buy(kind: Kind) {
  const { id, sku } = await made(kind)
  customers += 1
  const owner = `back${customers}`
  const { quantity, method } = kind
  if (!('point' in kind.product)) await mall.points(owner, 10 * quantity)
  if (method === 'wallet') await mall.cash(owner, 333 * quantity)
  const before = await readHoldings(mall)
  const tables = await readTables(mall.db)
  const answer = await mall.exchange(owner, {
    product_id: id,
    quantity,
    ...(sku === undefined ? {} : { sku_id: sku }),
    ...(method === undefined ? {} : { payment_method: method }),
    ...('shipping_type' in kind.product && kind.product.shipping_type === 'logistics'
      ? { address: ADDRESS }
      : {}),
  })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  const { order_no: orderNo, payment_info } = answer.body.data
  if (method === 'bank_card') await mall.cashier(payment_info.pay_url, 'pay')
  const { status } = await until(
    () => mall.order(owner, orderNo),
    (found) => ['order_paid', 'order_shipped'].includes(found.status),
    `${orderNo} is paid`,
  )
  if (kind.until === 'finished') {
    if (status === 'order_paid') {
      await mall.operate(orderNo, 'accept')
      const { shipping_type } = kind.product as { shipping_type: string }
      if (shipping_type === 'logistics')
        expect((await mall.operate(orderNo, 'ship', PARCEL)).status).toBe(200)
    }
    expect((await mall.operate(orderNo, 'finish')).body.data.status).toBe('order_finished')
    await ended(mall, orderNo)
  }
  return { id, owner, orderNo: orderNo as string, before, tables }
}

const ask = (owner: string, orderNo: string, body: object) =>
  mall.call('POST', `/api/points-mall/orders/${orderNo}/after-sales`, {
    as: owner,
    body: { reason: '不合适', ...body },
  })
const shown = async (owner: string, id: string) =>
  (await mall.call('GET', `/api/points-mall/after-sales/${id}`, { as: owner })).body.data
const reach = (owner: string, id: string, state: AfterSaleState) =>
  until(
    () => shown(owner, id),
    (found) => found.state === state,
    `after-sale ${id} is ${state}`,
  )
const eventsOf = async (workflowId: string) =>
  (await mall.temporal.client.workflow.getHandle(workflowId).fetchHistory()).events?.length ?? 0

/** What a return may change; everything else stays row by row. */
const CHANGED_BY_ORDERS = [
  'after_sale_events',
  'after_sales',
  'code_views',
  'event_sequences',
  'exchange_attempts',
  'idempotency_keys',
  'order_events',
  'order_refunds',
  'order_requests',
  'orders',
  'outbox',
  'payment_refunds',
  'payments',
  'points_exchange_orders',
  'points_products',
  'product_codes',
  'product_skus',
  'shipments',
  'stock_movements',
  'stock_reservations',
  'stores',
  'voucher_uses',
  'voucher_views',
  'vouchers',
  'wallet_accounts',
  'wallet_entries',
  'wallet_transfers',
  'webhook_inbox',
]

test.each(KINDS)('$name', async (kind) => {
  const o = await buy(kind)
  expect(await stockOf(o.id)).toBe(10 - kind.quantity)
  if (kind.useVoucher) {
    const store = await admin('POST', 'stores', { name: '西湖店' })
    const { code } = (await mall.order(o.owner, o.orderNo)).delivery
    const use = await admin('POST', 'vouchers/redeem', { code, store_id: store.body.data.id })
    expect(use.status, JSON.stringify(use.body)).toBe(200)
  }
  if (kind.refused !== undefined) {
    const before = await readTables(mall.db)
    const answer = await ask(o.owner, o.orderNo, { type: 'refund_only', quantity: kind.quantity })
    expect(answer).toMatchObject({ status: 409, body: { code: kind.refused } })
    expect(await readTables(mall.db)).toEqual(before)
  }
  let points = 0
  let fen = 0
  for (const { pieces, sellable } of kind.back) {
    const type = sellable === undefined ? 'refund_only' : 'return_refund'
    const asked = await ask(o.owner, o.orderNo, { type, quantity: pieces })
    expect(asked.status, JSON.stringify(asked.body)).toBe(201)
    const { id, stage } = asked.body.data
    const path = `after-sales/${id}`
    const now = (await shown(o.owner, id)).state
    if (now === 'requested') expect((await admin('POST', `${path}/approve`, {})).status).toBe(200)
    if (sellable !== undefined) {
      const back = await mall.call('POST', `/api/points-mall/${path}/return-shipment`, {
        as: o.owner,
        body: PARCEL,
      })
      expect(back.status).toBe(200)
      expect((await admin('POST', `${path}/receive`, { sellable })).status).toBe(200)
    }
    const done = await reach(o.owner, id, 'completed')
    points += done.points
    fen += Math.round(Number(done.money.amount) * 100)
    await until(
      () => workflowState(mall, `after-sale/${id}`),
      (name) => name === 'COMPLETED',
      'its workflow ends',
    )
    expect(stage).toBe(kind.until === 'finished' ? 'after_sale' : 'in_sale')
    expect((await eventsOf(`exchange/${o.orderNo}`)) + (await eventsOf(`after-sale/${id}`))).toBeLessThan(150)
  }
  const pieces = kind.back.reduce((sum, back) => sum + back.pieces, 0)
  const order = await mall.order(o.owner, o.orderNo)
  const each = 'point' in kind.product ? 0 : 10
  expect([points, fen]).toEqual([each * pieces, (kind.method === undefined ? 0 : 333) * pieces])
  expect(order.status === 'order_canceled').toBe(pieces === kind.quantity)
  expect(await stockOf(o.id)).toBe(kind.stock)
  if (pieces === kind.quantity) {
    await ended(mall, o.orderNo)
    const holdings = await readHoldings(mall)
    const without = ({ products, ...rest }: typeof holdings) =>
      kind.stock === 10 ? { products, ...rest } : rest
    expect(without(holdings)).toEqual(without(o.before))
  }
  const after = await readTables(mall.db)
  const changed = Object.keys(after).filter((name) => String(after[name]) !== String(o.tables[name]))
  expect(changed.filter((name) => !CHANGED_BY_ORDERS.includes(name))).toEqual([])
  // Nothing of other orders has changed.
  for (const name of ['order_events', 'order_refunds', 'wallet_entries', 'stock_movements']) {
    const rows = new Set(after[name])
    expect(o.tables[name]?.filter((row) => !rows.has(row))).toEqual([])
  }
})

describe('one line for all:', () => {
  const CUP = KINDS[2] as Kind

  test('of 50 mixed requests for one after-sale, one decides', async () => {
    const o = await buy(CUP)
    const { id } = (await ask(o.owner, o.orderNo, { type: 'refund_only', quantity: 2 })).body.data
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        n % 2 === 0
          ? admin('POST', `after-sales/${id}/approve`, {})
          : mall.call('POST', `/api/points-mall/after-sales/${id}/cancel`, { as: o.owner, body: {} }),
      ),
    )
    const codes = answers.map(({ status, body }) => (status === 200 ? 'ok' : body.code))
    expect(codes.filter((code) => code === 'ok')).toHaveLength(1)
    expect(codes.filter((code) => code === 'AFTER_SALE_STATE_CONFLICT')).toHaveLength(49)
    const end = await until(
      () => shown(o.owner, id),
      ({ state }) => state === 'completed' || state === 'closed',
      'it ends',
    )
    expect((await mall.order(o.owner, o.orderNo)).refunds).toHaveLength(end.state === 'completed' ? 1 : 0)
  })

  test('a deadline among 50 mixed requests closes it once, or comes too late', async () => {
    const o = await buy(CUP)
    const { id } = (await ask(o.owner, o.orderNo, { type: 'refund_only', quantity: 1 })).body.data
    const refused = await admin('POST', `after-sales/${id}/refuse`, { reason: '不符合' })
    const { deadline } = refused.body.data
    await until(
      () => Date.now(),
      (now) => now > Date.parse(deadline) - 200,
      'the deadline is near',
    )
    const mine = (action: string, body: object) =>
      mall.call('POST', `/api/points-mall/after-sales/${id}/${action}`, { as: o.owner, body })
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => {
        if (n % 5 === 0) return mine('cancel', {})
        return n % 2 === 0
          ? mine('appeal', { reason: `第 ${n} 次` })
          : admin(
              'POST',
              `after-sales/${id}/${n % 3 === 0 ? 'approve' : 'refuse'}`,
              n % 3 === 0 ? {} : { reason: '不符合' },
            )
      }),
    )
    const end = await until(
      () => shown(o.owner, id),
      ({ state }) => state === 'completed' || state === 'closed',
      'it ends',
    )
    // Every answer "done" is one step of the timeline, and each step is one of the table.
    const steps: { code: string; state: AfterSaleState; by: { type: string } }[] = end.timeline
    const byPeople = steps.slice(2).filter(({ by }) => by.type !== 'system')
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(byPeople.length)
    for (const [n, { state }] of steps.entries()) {
      const before = steps[n - 1]?.state
      if (before !== undefined && before !== state) expect(AFTER_SALE_TRANSITIONS[before]).toContain(state)
    }
    expect(steps.filter(({ code }) => code === 'closed' || code === 'approved')).toHaveLength(1)
  })

  test('ten after-sales of one piece at once refund what was paid, to the fen', async () => {
    const kind: Kind = { ...(KINDS[1] as Kind), quantity: 7 }
    const o = await buy(kind)
    // What is left does not divide evenly, and changes meanwhile.
    const asked = await Promise.all(
      Array.from({ length: 10 }, () => ask(o.owner, o.orderNo, { type: 'refund_only', quantity: 1 })),
    )
    const ids = asked.flatMap(({ status, body }) => (status === 201 ? [body.data.id as string] : []))
    expect(ids).toHaveLength(7)
    const goodwill = { reason: '补偿', points: 3, money: { amount: '0.05', currency: 'CNY' } }
    await Promise.all([
      ...ids.map((id) => admin('POST', `after-sales/${id}/approve`, {})),
      mall.operate(o.orderNo, 'refund', goodwill),
    ])
    await Promise.all(ids.map((id) => reach(o.owner, id, 'completed')))
    const { refunds, total_points, total_money } = await until(
      () => mall.order(o.owner, o.orderNo),
      ({ payment_status }) => payment_status === 'refunded',
      'all is refunded',
    )
    const sum = (of: (refund: { points: number; money: { amount: string } }) => number) =>
      refunds.reduce(
        (all: number, refund: { points: number; money: { amount: string } }) => all + of(refund),
        0,
      )
    expect(sum(({ points }) => points)).toBe(total_points)
    expect(sum(({ money }) => Math.round(Number(money.amount) * 100))).toBe(Number(total_money.amount) * 100)
    await ended(mall, o.orderNo)
  })
})

describe('while an after-sale is open,', () => {
  const shipped = async () => {
    const o = await buy({ ...(KINDS[2] as Kind), quantity: 3, until: 'paid' })
    await mall.operate(o.orderNo, 'accept')
    return o
  }
  const confirmOf = (orderNo: string) =>
    mall.db
      .selectFrom('points_exchange_orders')
      .select(['confirm_by', 'confirm_paused_at'])
      .where('order_no', '=', orderNo)
      .executeTakeFirstOrThrow()

  test('the time for receipt can be extended once, and its pause is added', async () => {
    const o = await shipped()
    expect((await mall.operate(o.orderNo, 'ship', PARCEL)).status).toBe(200)
    const { id } = (await ask(o.owner, o.orderNo, { type: 'refund_only', quantity: 1 })).body.data
    const before = await confirmOf(o.orderNo)
    expect(before.confirm_paused_at).not.toBeNull()
    expect((await mall.act(o.owner, o.orderNo, 'extend')).status).toBe(200)
    const extended = await confirmOf(o.orderNo)
    expect(Number(extended.confirm_by) - Number(before.confirm_by)).toBe(7 * 86_400_000)
    expect(extended.confirm_paused_at).toEqual(before.confirm_paused_at)
    expect((await mall.act(o.owner, o.orderNo, 'extend')).body.code).toBe('ALREADY_EXTENDED')
    await mall.call('POST', `/api/points-mall/after-sales/${id}/cancel`, { as: o.owner, body: {} })
    const resumed = await until(
      () => confirmOf(o.orderNo),
      ({ confirm_paused_at }) => confirm_paused_at === null,
      'the clock goes on',
    )
    expect(Number(resumed.confirm_by)).toBeGreaterThan(Number(extended.confirm_by))
    expect((await mall.act(o.owner, o.orderNo, 'confirm')).status).toBe(200)
    await ended(mall, o.orderNo)
  })

  test('the parcel that is to be sent is of the pieces that are not refunded', async () => {
    const o = await shipped()
    const parcels = () =>
      mall.db
        .selectFrom('shipments')
        .select(['quantity', 'tracking_no'])
        .where('order_no', '=', o.orderNo)
        .execute()
    expect(await parcels()).toEqual([{ quantity: 3, tracking_no: null }])
    const { id } = (await ask(o.owner, o.orderNo, { type: 'refund_only', quantity: 2 })).body.data
    await reach(o.owner, id, 'completed')
    expect(await parcels()).toEqual([{ quantity: 1, tracking_no: null }])
    expect((await mall.operate(o.orderNo, 'ship', PARCEL)).status).toBe(200)
    expect(await parcels()).toEqual([{ quantity: 1, tracking_no: PARCEL.tracking_no }])
    await mall.operate(o.orderNo, 'finish')
    await ended(mall, o.orderNo)
  })
})
