import { fail } from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { createConcurrencyLimiter, OverloadedError } from '../../application/temporal/client.ts'
import { connectDatabase } from '../../db/client.ts'
import { tally } from '../support/outcomes.ts'
import { compareBooks, type Trade } from '../support/provider-books.ts'
import { createRandom } from '../support/random.ts'
import { type Answer, openTestApp, type TestApp, token, until } from '../support/test-app.ts'

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

/**
 * A refusal answered within this time leaves nothing behind; a later one may have been answered 202 first.
 */
const FORGOTTEN_WITHIN_MS = 4_000

const times = (count: number) => Array.from({ length: count }, (_, n) => n)

/**
 * Redeems as a customer does: repeats a request that the mall was too busy to start.
 * @returns the answer, and how long it took (ms)
 */
async function redeem(owner: string, body: Record<string, unknown>): Promise<Answer & { ms: number }> {
  for (;;) {
    const from = performance.now()
    const answer = await mall.exchange(owner, body)
    if (answer.status !== 503) return { ...answer, ms: performance.now() - from }
  }
}

async function ordersOf(product_id: string) {
  return mall.db
    .selectFrom('points_exchange_orders')
    .select(['order_no', 'owner_id', 'status'])
    .where('product_id', '=', product_id)
    .execute()
}

async function attemptsFor(product_id: string): Promise<string[]> {
  const rows = await mall.db
    .selectFrom('exchange_attempts')
    .select('order_no')
    .where('product_id', '=', product_id)
    .execute()
  return rows.map((row) => row.order_no)
}

const workflows = async () => (await mall.temporal.client.workflow.count()).count

describe('a flash sale', () => {
  test('sells exactly 10 pieces to 200 concurrent requests, and starts no workflow for the losers', async () => {
    const product_id = await mall.product({ point: 10, stock: 10 })
    await Promise.all(times(50).map((n) => mall.points(`flash${n}`, 1000)))
    const before = await workflows()

    let lateRefusals = 0
    const ask = async (n: number) => {
      const answer = await redeem(`flash${n % 50}`, { product_id })
      if (answer.status === 409 && answer.ms >= FORGOTTEN_WITHIN_MS) lateRefusals += 1
      return answer
    }
    const answers = await Promise.all(times(200).map(ask))

    expect(await tally(answers, mall)).toEqual({ '201 order_paid': 10, '409 OUT_OF_STOCK': 190 })
    expect(await ordersOf(product_id)).toHaveLength(10)
    const page = await mall.call('GET', `/api/points-mall/products/${product_id}`)
    expect(page.body.data).toMatchObject({ stock_quantity: 0, status: 'sold_out' })
    // A refused request leaves nothing; only those in flight before the last piece was sold had a workflow.
    // On a slow machine, late or missing answers may leave a running workflow.
    const undecided = answers.filter(({ status }) => status === 202).length
    expect((await attemptsFor(product_id)).length).toBeLessThanOrEqual(10 + undecided + lateRefusals)
    const IN_FLIGHT = 64 + undecided
    const after = await until(workflows, (seen) => seen >= before + 10, 'the winners become visible')
    expect(after - before).toBeLessThanOrEqual(10 + IN_FLIGHT)

    const late = await Promise.all(times(20).map((n) => redeem(`flash${n}`, { product_id })))
    expect(await tally(late, mall)).toEqual({ '409 OUT_OF_STOCK': 20 })
    const [witness] = await Promise.all([mall.product({ point: 1 }), mall.points('witness', 1)])
    expect((await mall.exchange('witness', { product_id: witness })).status).toBe(201)
    await until(workflows, (seen) => seen > after, 'the witness becomes visible')
    expect(await workflows()).toBe(after + 1)
  })

  test('50 requests of one customer with points for 3 make exactly 3 orders', async () => {
    const product_id = await mall.product({ point: 100, stock: 100 })
    await mall.points('saver', 350)
    const answers = await Promise.all(times(50).map(() => redeem('saver', { product_id })))
    expect(await tally(answers, mall)).toEqual({ '201 order_paid': 3, '409 INSUFFICIENT_POINTS': 47 })
    const wallet = await mall.call('GET', '/api/points-mall/wallet', { as: 'saver' })
    expect(wallet.body.data).toMatchObject({ available: 50, held: 0 })
    const page = await mall.call('GET', `/api/points-mall/products/${product_id}`)
    expect(page.body.data).toMatchObject({ stock_quantity: 97, status: 'on_sale' })
  })

  test('20 requests of one customer who may have one piece make exactly 1 order', async () => {
    const product_id = await mall.product({ point: 10, exchange_limit: 1 })
    await mall.points('eager', 1000)
    const answers = await Promise.all(times(20).map(() => redeem('eager', { product_id })))
    expect(await tally(answers, mall)).toEqual({ '201 order_paid': 1, '409 EXCHANGE_LIMIT_EXCEEDED': 19 })
  })

  test('the limit also holds for a product that costs only money', async () => {
    const product_id = await mall.product({ payment_mode: 'money_only', fen: 100, exchange_limit: 1 })
    await mall.cash('eager', 10_000)
    const answers = await Promise.all(
      times(20).map(() => redeem('eager', { product_id, payment_method: 'wallet' })),
    )
    expect(await tally(answers, mall)).toEqual({ '201 order_paid': 1, '409 EXCHANGE_LIMIT_EXCEEDED': 19 })
  })
})

describe('an Idempotency-Key', () => {
  async function post(as: string, body: unknown, key: string) {
    const response = await fetch(`${mall.url}/api/points-mall/exchange`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await token(as, 'customer', 1)}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify(body),
    })
    return { status: response.status, text: await response.text() }
  }

  test('used 20 times concurrently, quoted and bare, makes one order with one answer', async () => {
    const product_id = await mall.product({ point: 10 })
    await mall.points('k1', 1000)
    const body = { product_id, quantity: 1 }
    const answers = await Promise.all(
      times(20).map((n) => post('k1', body, n % 2 ? 'key-of-k1' : '"key-of-k1"')),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(await ordersOf(product_id)).toHaveLength(1)
    expect(await attemptsFor(product_id)).toHaveLength(1)

    // Order of fields and white space do not matter.
    expect((await post('k1', { quantity: 1, product_id }, 'key-of-k1')).text).toBe(answers[0]?.text)
  })

  test('is refused with another body, and changes nothing', async () => {
    const product_id = await mall.product({ point: 10 })
    await mall.points('k2', 1000)
    const first = await mall.exchange('k2', { product_id }, { key: 'k' })
    const other = await mall.exchange('k2', { product_id, quantity: 2 }, { key: 'k' })
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    expect((await mall.exchange('k2', { product_id }, { key: 'k' })).body).toEqual(first.body)
    expect(await ordersOf(product_id)).toHaveLength(1)
  })

  test('with two different bodies concurrently makes one order; the other is refused', async () => {
    const product_id = await mall.product({ point: 10 })
    await mall.points('k3', 1000)
    const answers = await Promise.all(
      times(20).map((n) => mall.exchange('k3', { product_id, quantity: 1 + (n % 2) }, { key: 'k' })),
    )
    expect(await tally(answers, mall)).toEqual({ '201 order_paid': 10, '422 IDEMPOTENCY_KEY_REUSED': 10 })
    expect(await ordersOf(product_id)).toHaveLength(1)
  })

  test('is free again after a refusal: with enough points, the same request succeeds', async () => {
    const product_id = await mall.product({ point: 100 })
    await mall.points('k4', 50)
    const poor = await Promise.all(times(5).map(() => mall.exchange('k4', { product_id }, { key: 'k' })))
    expect(await tally(poor, mall)).toEqual({ '409 INSUFFICIENT_POINTS': 5 })
    await mall.points('k4', 50)
    const rich = await Promise.all(times(5).map(() => mall.exchange('k4', { product_id }, { key: 'k' })))
    expect(await tally(rich, mall)).toEqual({ '201 order_paid': 5 })
    expect(await ordersOf(product_id)).toHaveLength(1)
  })

  test('belongs to its owner', async () => {
    const product_id = await mall.product({ point: 10 })
    const owners = times(5).map((n) => `k5-${n}`)
    await Promise.all(owners.map((owner) => mall.points(owner, 10)))
    const answers = await Promise.all(
      owners.map((owner) => mall.exchange(owner, { product_id }, { key: 'k' })),
    )
    expect(await tally(answers, mall)).toEqual({ '201 order_paid': 5 })
    const orders = await ordersOf(product_id)
    expect(orders.map((order) => order.owner_id).sort()).toEqual(owners)
  })

  test('of a finished order finds it, even when its answer was not kept', async () => {
    const product_id = await mall.product({ point: 10 })
    await mall.points('k6', 10)
    const first = await mall.exchange('k6', { product_id }, { key: 'k' })
    const { order_no } = first.body.data
    expect((await mall.act('k6', order_no, 'cancel')).status).toBe(200)
    await mall.temporal.client.workflow.getHandle(`exchange/${order_no}`).result()
    await mall.db.deleteFrom('idempotency_keys').where('owner_id', '=', 'k6').execute()
    const again = await mall.exchange('k6', { product_id }, { key: 'k' })
    expect(again.body.data).toMatchObject({ order_no, status: 'order_canceled' })
    expect(again.status).toBe(201)
    expect(await ordersOf(product_id)).toHaveLength(1)
  })
})

describe('conflicting actions on one order', () => {
  test('five cancellations and one acceptance have exactly one outcome', async () => {
    const product_id = await mall.product({ point: 10 })
    const outcomes = await Promise.all(
      times(6).map(async (n) => {
        const owner = `torn${n}`
        await mall.points(owner, 10)
        const { order_no } = (await mall.exchange(owner, { product_id })).body.data
        const accept = mall.operate(order_no, 'accept')
        const cancels = await Promise.all(times(5).map(() => mall.act(owner, order_no, 'cancel')))
        const canceled = cancels.filter(({ status }) => status === 200).length
        const refused = cancels.filter(({ body }) => body.code === 'ORDER_NOT_CANCELABLE').length
        expect([canceled, refused]).toEqual([1, 4])
        // Accepting came first or was refused: a cancellation wins either way.
        expect([200, 409]).toContain((await accept).status)
        const { status, timeline } = await mall.order(owner, order_no)
        expect(status).toBe('order_canceled')
        const events = timeline.map((event: { status: string }) => event.status)
        expect(events.filter((event: string) => event === 'order_canceled')).toHaveLength(1)
        expect(events.includes('order_accepted')).toBe((await accept).status === 200)
        const wallet = await mall.call('GET', '/api/points-mall/wallet', { as: owner })
        expect(wallet.body.data).toMatchObject({ available: 10, held: 0 })
        return status
      }),
    )
    expect(outcomes).toHaveLength(6)
  })

  test('either ships or returns the points when both are requested, never both', async () => {
    const product_id = await mall.product({ point: 10, shipping_type: 'logistics' })
    const address = { name: '李雷', phone: '13800000000', detail: '杭州市西湖区' }
    await Promise.all(
      times(8).map(async (n) => {
        const owner = `race${n}`
        await mall.points(owner, 10)
        const { order_no } = (await mall.exchange(owner, { product_id, address })).body.data
        await mall.operate(order_no, 'accept')
        const ship = () => mall.operate(order_no, 'ship', { carrier: '顺丰', tracking_no: `SF${n}` })
        const cancel = () => mall.act(owner, order_no, 'cancel')
        const [first, second] = await Promise.all(n % 2 ? [ship(), cancel()] : [cancel(), ship()])
        expect(new Set([first?.status, second?.status])).toEqual(new Set([200, 409]))
        const shipped = (n % 2 ? first : second)?.status === 200
        const { status } = await mall.order(owner, order_no)
        expect(status).toBe(shipped ? 'order_shipped' : 'order_canceled')
        const wallet = await mall.call('GET', '/api/points-mall/wallet', { as: owner })
        expect(wallet.body.data).toMatchObject({ available: shipped ? 0 : 10, held: 0 })
      }),
    )
  })
})

interface Ordered {
  readonly order_no: string
  readonly exchange_time: string
}

describe('payment, cancellation and deadline race', () => {
  const HASTE_MS = 6_000
  const paysAtOnce = (n: number) => n % 6 === 1
  let hasty: TestApp
  beforeAll(async () => {
    hasty = await openTestApp()
  })
  afterAll(() => hasty.close())

  /** Read from the database, because an order past its deadline does not show it. */
  async function payUrlOf(order_no: string): Promise<string> {
    const read = () =>
      hasty.db.selectFrom('payments').select('pay_url').where('order_no', '=', order_no).executeTakeFirst()
    const payment = await until(read, (row) => Boolean(row?.pay_url), `the cashier of ${order_no} is open`)
    return payment?.pay_url ?? ''
  }

  test('every order is active and paid once, or canceled with everything refunded', async () => {
    const random = createRandom(20_261_122)
    const product_id = await hasty.product({ payment_mode: 'mixed', point: 10, fen: 990, stock: 1000 })
    const order = async (n: number) => {
      const owner = `h${n}`
      await hasty.points(owner, 10)
      const answer = await hasty.exchange(owner, { product_id, payment_method: 'bank_card' })
      return { n, owner, answer: answer.body.data as Ordered }
    }
    // A few pay immediately and are always in time, so that each outcome occurs.
    hasty.configure({ paymentTimeoutMs: 1_800_000 })
    const calm = await Promise.all(times(24).filter(paysAtOnce).map(order))
    hasty.configure({ paymentTimeoutMs: HASTE_MS })
    const orders = [
      ...calm,
      ...(await Promise.all(
        times(24)
          .filter((n) => !paysAtOnce(n))
          .map(order),
      )),
    ]
    expect(orders.filter(({ answer }) => answer.order_no)).toHaveLength(24)
    const act = async (n: number, owner: string, { order_no, exchange_time }: Ordered) => {
      const payBy = paysAtOnce(n) ? 0 : Date.parse(exchange_time) + HASTE_MS
      const soon = () => pause(Math.max(0, payBy - Date.now() - 400 + random() * 600))
      const deeds = [
        async () => void (await hasty.cashier(await payUrlOf(order_no), 'pay')),
        async () => void (await hasty.act(owner, order_no, 'cancel')),
        async () => void (await hasty.control('force-pay', { out_trade_no: `${order_no}-1` })),
      ]
      // Two thirds are paid, two thirds are canceled; every fourth receives money in any state.
      const chosen = [n % 3 !== 0, n % 3 !== 1, n % 4 === 3]
      await Promise.all(deeds.map(async (deed, i) => chosen[i] && soon().then(deed)))
    }
    await Promise.all(orders.map(({ n, owner, answer }) => act(n, owner, answer)))

    const isAtRest = ({ status, payment_status }: Record<string, string>) =>
      status === 'order_canceled'
        ? ['closed', 'refunded'].includes(payment_status ?? '')
        : status === 'order_paid' && payment_status === 'paid'
    const kept = await until(
      async () => compareBooks(hasty.db, (await hasty.books()) as unknown as Trade[]),
      (books) => books.every(({ due, kept }) => kept === due),
      'the provider keeps what live orders cost',
    )
    expect(kept).toHaveLength(24)
    const found = await Promise.all(
      orders.map(({ owner, answer }) =>
        until(() => hasty.order(owner, answer.order_no), isAtRest, `${answer.order_no} comes to rest`),
      ),
    )
    expect(await hasty.brokenLaws()).toEqual([])
    // Both outcomes must occur, or there was no race.
    expect(new Set(found.map(({ status }) => status)).size).toBe(2)
    const wallets = await Promise.all(
      orders.map(({ owner }) => hasty.call('GET', '/api/points-mall/wallet', { as: owner })),
    )
    const left = wallets.map(({ body }) => body.data.available)
    expect(left).toEqual(found.map(({ status }) => (status === 'order_paid' ? 0 : 10)))
  })
})

describe('the limiter in front of Temporal', () => {
  test('never exceeds its limit, and serves its queue in order', async () => {
    const gate = createConcurrencyLimiter(3, 100)
    const served: number[] = []
    let inside = 0
    let most = 0
    await Promise.all(
      times(30).map((n) =>
        gate.run(Date.now() + 10_000, async () => {
          inside += 1
          most = Math.max(most, inside)
          served.push(n)
          await pause(2)
          inside -= 1
        }),
      ),
    )
    expect(most).toBe(3)
    expect(served).toEqual(times(30))
  })

  test('refuses beyond its queue, and at the deadline whoever still waits; it loses no slot', async () => {
    const gate = createConcurrencyLimiter(1, 2)
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    const first = gate.run(Date.now() + 10_000, () => held)
    const impatient = gate.run(Date.now() + 20, async () => fail('it had no place'))
    const patient = gate.run(Date.now() + 10_000, async () => 'served')
    await expect(gate.run(Date.now() + 10_000, async () => 'never')).rejects.toBeInstanceOf(OverloadedError)
    await expect(impatient).rejects.toBeInstanceOf(OverloadedError)
    release()
    await first
    expect(await patient).toBe('served')
    await expect(gate.run(Date.now(), () => Promise.reject(new Error('fails')))).rejects.toThrow('fails')
    expect(await gate.run(Date.now(), async () => 'free again')).toBe('free again')
  })

  test('answers 503 with Retry-After when it is full, and starts nothing', async () => {
    const small = createApp({
      ...mall.deps,
      temporal: { ...mall.temporal, gate: createConcurrencyLimiter(2, 0) },
    })
    const product_id = await mall.product({ point: 10 })
    await mall.points('crowd', 1000)
    const authorization = `Bearer ${await token('crowd', 'customer', 1)}`
    const post = async () =>
      small.request('/api/points-mall/exchange', {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ product_id, quantity: 1 }),
      })
    const answers = await Promise.all(times(10).map(post))
    const [done, shed] = [answers.filter((a) => a.status === 201), answers.filter((a) => a.status === 503)]
    expect([done.length, shed.length]).toEqual([2, 8])
    for (const answer of shed) {
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(await answer.json()).toMatchObject({ code: 'UNAVAILABLE' })
    }
    expect(await ordersOf(product_id)).toHaveLength(2)
    expect(await attemptsFor(product_id)).toHaveLength(2)
    expect((await post()).status).toBe(201)
  })
})

describe('public reads', () => {
  test('that wait for the database take no connection from customers, and get 503 with Retry-After', async () => {
    const publicDb = connectDatabase(mall.databaseUrl, 2)
    const app = createApp({ ...mall.deps, publicDb })
    const product_id = await mall.product({ point: 10 })
    await mall.points('paying', 100)
    const authorization = `Bearer ${await token('paying', 'customer', 1)}`
    const blocker = new Client({ connectionString: mall.databaseUrl })
    await blocker.connect()
    try {
      await blocker.query('begin; lock table categories in access exclusive mode')
      let answered = 0
      const reads = times(40).map(async (n) => {
        const answer = await app.request(
          `/api/points-mall/products${n % 2 === 0 ? '/search?keyword=伞' : ''}`,
        )
        answered += 1
        return answer
      })
      await until(
        async () =>
          (
            await blocker.query<{ waiting: number }>(`select count(*)::int as waiting from pg_locks
            where not granted and relation = 'categories'::regclass`)
          ).rows[0]?.waiting,
        (waiting) => waiting === 2,
        'the public connections are taken',
      )
      const wallet = await app.request('/api/points-mall/wallet', { headers: { authorization } })
      expect([wallet.status, answered]).toEqual([200, 0])
      const made = await app.request('/api/points-mall/exchange', {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ product_id, quantity: 1 }),
      })
      expect(made.status).toBe(201)
      for (const answer of await Promise.all(reads)) {
        expect(answer.status).toBe(503)
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      }
      await blocker.query('rollback')
      expect((await app.request('/api/points-mall/products')).status).toBe(200)
    } finally {
      await blocker.end()
      await publicDb.destroy()
    }
  })
})
