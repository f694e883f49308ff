import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from '../../config/index.ts'
import { signatureOf } from '../../partners/signed-request.ts'
import { createHttpWallet, type OutsideWallet, WalletError } from '../../wallets/http.ts'
import { WalletRefusalError } from '../../wallets/port.ts'
import { ended, readTables } from '../support/db-snapshot.ts'
import {
  type Fault,
  type OutsideWalletServer,
  type Step,
  startOutsideWallet,
} from '../support/external-wallet-server.ts'
import { inTime, PATIENCE_MS } from '../support/patience.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

const SECRET = 'the secret of the shop and its mall, shared'
let outside: OutsideWalletServer
let wallet: OutsideWallet
let mall: TestApp

beforeAll(async () => {
  outside = await startOutsideWallet({ mall: SECRET })
  wallet = createHttpWallet({ baseUrl: outside.url, keyId: 'mall', secret: SECRET })
  mall = await openTestApp({ outsideWallet: wallet })
})
afterAll(async () => {
  await mall.close()
  await outside.stop()
})
afterEach(async () => {
  await until(disagreements, (found) => found.length === 0, 'the outside books agree with our orders')
  expect(await mall.brokenLaws()).toEqual([])
  expect(outside.pending(), 'faults that never came to pass').toBe(0)
})

/** The states that an order may have in the external books, by our hold state. */
const STATES: Record<string, readonly string[]> = {
  exchanged: ['held'],
  order_created: ['held'],
  order_paid: ['captured'],
  order_accepted: ['captured'],
  order_shipped: ['captured'],
  order_finished: ['captured'],
  order_canceled: ['released'],
}

/** Compares both books, order by order and point by point. */
async function disagreements(): Promise<string[]> {
  const orders = await mall.db
    .selectFrom('points_exchange_orders as o')
    .innerJoin('exchange_attempts as a', 'a.order_no', 'o.order_no')
    .select(['o.order_no', 'o.status', 'o.owner_id', 'o.total_points'])
    .where('a.points_wallet', '=', 'outside')
    .where('o.total_points', '>', 0)
    .execute()
  const found: string[] = []
  const known = new Set(orders.map(({ order_no }) => order_no))
  for (const order of orders) {
    const held = outside.orders.get(order.order_no)
    const right =
      held?.owner === order.owner_id &&
      held.points === order.total_points &&
      STATES[order.status]?.includes(held.state)
    if (!right) found.push(`${order.order_no} is ${order.status}, outside ${held?.state} of ${held?.points}`)
  }
  for (const [orderNo, { state }] of outside.orders) {
    const nothing = state === 'released' || state === 'void'
    if (!known.has(orderNo) && !nothing) found.push(`${orderNo} is ${state} outside, and no order of ours`)
  }
  for (const [owner, account] of outside.accounts) {
    const theirs = [...outside.orders.values()].filter((order) => order.owner === owner)
    const sum = (state: string) =>
      theirs.filter((order) => order.state === state).reduce((total, { points }) => total + points, 0)
    const given = account.moves[0] ?? 0
    if (account.held !== sum('held')) found.push(`${owner}: held ${account.held}`)
    if (account.available !== given - sum('held') - sum('captured')) {
      found.push(`${owner}: available ${account.available}`)
    }
    const moved = theirs.reduce(
      (n, { state }) => n + (state === 'void' ? 0 : state === 'released' ? 2 : 1),
      0,
    )
    if (account.moves.length !== 1 + moved) found.push(`${owner}: ${account.moves.join(' ')}`)
  }
  return found
}

const stateOf = (orderNo: string) => outside.orders.get(orderNo)?.state
const available = (owner: string) => outside.accounts.get(owner)?.available
const shown = async (as: string) => mall.call('GET', '/api/points-mall/wallet', { as })

/** Redeems without waiting for a verdict that does not come. */
async function undecided(owner: string): Promise<string> {
  mall.answerWithin(5_000)
  const answer = await mall.exchange(owner, { product_id: await mall.product() })
  mall.answerWithin(PATIENCE_MS)
  expect(answer.status).toBe(202)
  return answer.body.data.order_no
}

/** Redeems and expects success, immediately or later. */
async function redeem(owner: string, body: Record<string, unknown>, status = 'order_paid') {
  const answer = await mall.exchange(owner, body)
  expect([201, 202], JSON.stringify(answer.body)).toContain(answer.status)
  return mall.reach(owner, answer.body.data.order_no, status)
}

describe('an order with an external wallet, from request to finish', () => {
  test('by points only is held and captured there; the wallet page shows it, nothing is booked here', async () => {
    outside.add('plain', 500)
    expect((await shown('plain')).body.data).toMatchObject({ available: 500, held: 0, expiring: [] })
    const order = await redeem('plain', { product_id: await mall.product(), quantity: 2 })
    expect(order).toMatchObject({ status: 'order_paid', total_points: 200 })
    expect((await shown('plain')).body.data).toMatchObject({ available: 300, held: 0 })
    const transactions = await mall.call('GET', '/api/points-mall/wallet/transactions', { as: 'plain' })
    expect(transactions.body.data).toEqual([])
    await mall.operate(order.order_no, 'accept')
    await mall.operate(order.order_no, 'finish')
    await ended(mall, order.order_no)
    expect(await wallet.find(order.order_no, 'hold')).toMatchObject({ outcome: 'held', points: 200n })
    expect(await wallet.find(order.order_no, 'capture')).toMatchObject({ outcome: 'captured' })
    expect(await wallet.find(order.order_no, 'release')).toBeUndefined()
  })

  test('by points and cash takes the cash from our wallet', async () => {
    outside.add('mixed', 500)
    await mall.cash('mixed', 5000)
    const order = await redeem('mixed', { product_id: await mall.product({ payment_mode: 'mixed' }) })
    expect((await shown('mixed')).body.data).toMatchObject({ available: 400, cash: { amount: '40.10' } })
    expect(stateOf(order.order_no)).toBe('captured')
  })

  test('by points and card holds the points until the payment arrives', async () => {
    outside.add('card', 500)
    const product_id = await mall.product({ payment_mode: 'mixed' })
    const order = await redeem('card', { product_id, payment_method: 'bank_card' }, 'order_created')
    expect((await shown('card')).body.data).toMatchObject({ available: 400, held: 100 })
    await mall.cashier(order.payment_info.pay_url, 'pay')
    await mall.reach('card', order.order_no, 'order_paid')
    await until(
      () => stateOf(order.order_no),
      (state) => state === 'captured',
      'the points are captured',
    )
  })

  test('by money only books nothing there', async () => {
    await mall.cash('cash', 5000)
    const order = await redeem('cash', { product_id: await mall.product({ payment_mode: 'money_only' }) })
    expect((await mall.operate(order.order_no, 'accept')).status).toBe(200)
    expect(stateOf(order.order_no)).toBeUndefined()
    expect((await mall.act('cash', order.order_no, 'cancel')).status).toBe(200)
    expect([...outside.operations.values()].filter(({ order_no }) => order_no === order.order_no)).toEqual([])
  })
})

describe('points are returned once when an order is', () => {
  test.each([
    ['canceled when paid', 'points_only', [], 'cancel'],
    ['canceled when accepted', 'points_only', ['accept'], 'cancel'],
    ['refunded when shipped', 'mixed', ['accept', 'ship'], 'refund'],
    ['refunded when finished', 'mixed', ['accept', 'finish'], 'refund'],
  ] as const)('%s', async (name, payment_mode, before, undo) => {
    const owner = `undo ${name}`
    outside.add(owner, 500)
    await mall.cash(owner, 5000)
    const isShipped = before.some((action) => action === 'ship')
    const shipping_type = isShipped ? 'logistics' : 'none'
    const product_id = await mall.product({ payment_mode, shipping_type })
    const address = { name: '李雷', phone: '13800000000', detail: '杭州市西湖区' }
    const order = await redeem(owner, { product_id, quantity: 3, address })
    for (const action of before) {
      const body = action === 'ship' ? { carrier: 'SF', tracking_no: '1' } : {}
      expect((await mall.operate(order.order_no, action, body)).status).toBe(200)
    }
    if (before.some((action) => action === 'finish')) await ended(mall, order.order_no)
    expect((await mall.operate(order.order_no, undo, { reason: 'unwanted' })).status).toBe(200)
    await mall.reach(owner, order.order_no, 'order_canceled')
    await until(
      () => available(owner),
      (points) => points === 500,
      'the points are back',
    )
    expect((await mall.operate(order.order_no, undo, { reason: 'again' })).status).toBe(409)
    expect(outside.accounts.get(owner)?.moves).toEqual([500, -300, 300])
    expect((await shown(owner)).body.data).toMatchObject({ available: 500, cash: { amount: '50.00' } })
  })

  test('canceled unpaid', async () => {
    const owner = 'unpaid canceled'
    outside.add(owner, 500)
    const product_id = await mall.product({ payment_mode: 'mixed' })
    const order = await redeem(owner, { product_id, payment_method: 'bank_card' }, 'order_created')
    expect((await mall.act(owner, order.order_no, 'cancel')).status).toBe(200)
    await mall.reach(owner, order.order_no, 'order_canceled')
    await isBackOnce(owner)
  })

  test('declined, then past its deadline', async () => {
    const product_id = await mall.product({ payment_mode: 'mixed' })
    const owner = await inTime(1_500, async (ms) => {
      const name = `unpaid declined ${ms}`
      outside.add(name, 500)
      mall.configure({ paymentTimeoutMs: ms })
      const answer = await mall.exchange(name, { product_id, payment_method: 'bank_card' })
      mall.configure({ paymentTimeoutMs: 1_800_000 })
      const { order_no, payment_info } = answer.body.data
      if (payment_info.pay_url) await mall.cashier(payment_info.pay_url, 'decline')
      const { timeline } = await mall.reach(name, order_no, 'order_canceled')
      await isBackOnce(name)
      const codes = timeline.map(({ code }: { code: string | null }) => code)
      return codes.includes('payment_declined') ? name : undefined
    })
    expect(available(owner)).toBe(500)
  })

  async function isBackOnce(owner: string): Promise<void> {
    await until(
      () => available(owner),
      (points) => points === 500,
      'the points are back',
    )
    expect(outside.accounts.get(owner)?.moves).toEqual([500, -100, 100])
  }

  test('refused for too little cash after its points were held', async () => {
    outside.add('poor', 500)
    const product_id = await mall.product({ payment_mode: 'mixed' })
    const answer = await mall.exchange('poor', { product_id })
    expect([answer.status, answer.body.code]).toEqual([409, 'INSUFFICIENT_BALANCE'])
    expect(available('poor')).toBe(500)
  })

  test('an order stays with the wallet it started with', async () => {
    await mall.points('earlier', 500)
    Object.assign(mall.deps, { outsideWallet: undefined })
    const order = await redeem('earlier', { product_id: await mall.product() })
    Object.assign(mall.deps, { outsideWallet: wallet })
    await mall.operate(order.order_no, 'accept')
    await mall.operate(order.order_no, 'finish')
    await ended(mall, order.order_no)
    expect((await mall.operate(order.order_no, 'refund', { reason: 'unwanted' })).status).toBe(200)
    Object.assign(mall.deps, { outsideWallet: undefined })
    expect((await shown('earlier')).body.data).toMatchObject({ available: 500 })
    Object.assign(mall.deps, { outsideWallet: wallet })
    expect([...outside.operations.values()].filter(({ owner_id }) => owner_id === 'earlier')).toEqual([])
  })
})

describe('an order with too few points', () => {
  test('is refused with 409 by the balance, before a workflow starts', async () => {
    outside.add('few', 99)
    const product_id = await mall.product()
    const before = await readTables(mall.db)
    const answer = await mall.exchange('few', { product_id })
    expect([answer.status, answer.body.code]).toEqual([409, 'INSUFFICIENT_POINTS'])
    expect(await readTables(mall.db)).toEqual(before)
    expect([...outside.operations.values()].filter(({ owner_id }) => owner_id === 'few')).toEqual([])
  })

  test('is refused with 409 by the hold if the balance is unknown; nothing is left here', async () => {
    outside.add('unsure', 99)
    outside.fail('unsure', 'balance', 'error_before')
    const product_id = await mall.product()
    const before = await readTables(mall.db)
    const answer = await mall.exchange('unsure', { product_id })
    expect([answer.status, answer.body.code]).toEqual([409, 'INSUFFICIENT_POINTS'])
    expect(await readTables(mall.db)).toEqual(before)
  })

  test('is refused if two at the same time have points for one', async () => {
    outside.add('twin', 150)
    const product_id = await mall.product()
    const answers = await Promise.all([1, 2].map(() => mall.exchange('twin', { product_id })))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]))
    expect(available('twin')).toBe(50)
  })

  test('is refused permanently if the shop has closed the account; nothing is left', async () => {
    outside.add('closed-1', 500)
    const answer = await mall.exchange('closed-1', { product_id: await mall.product() })
    expect([answer.status, answer.body.code]).toEqual([503, 'UNAVAILABLE'])
    expect(available('closed-1')).toBe(500)
  })
})

describe('while the balance is unknown', () => {
  const FAULTS: Fault[] = ['lost', 'silent', 'error_before', 'busy', 'garbage', 'huge', 'stranger']

  test.each(FAULTS)('(%s) the hold decides, and no page answers 500', async (fault) => {
    const owner = `blind ${fault}`
    outside.add(owner, 500)
    const product_id = await mall.product()
    for (let i = 0; i < 3; i += 1) outside.fail(owner, 'balance', fault)
    const page = await shown(owner)
    expect([page.status, page.body.code]).toEqual([503, 'UNAVAILABLE'])
    const check = await mall.call('POST', '/api/points-mall/check-exchange', {
      as: owner,
      body: { product_id, quantity: 1 },
    })
    expect(check.body.data).toMatchObject({ eligible: true, quote: { points_available: null } })
    await redeem(owner, { product_id })
    expect(available(owner)).toBe(400)
  })
})

describe('each fault at each operation', () => {
  const FAULTS: Fault[] = [
    'lost',
    'silent',
    'error_before',
    'error_after',
    'busy',
    'garbage',
    'huge',
    'stranger',
    'twice',
    'late',
  ]
  const STEPS: Step[] = ['hold', 'capture', 'release']

  test.each(STEPS)('%s: books everything exactly once', async (step) => {
    const product_id = await mall.product({ stock: 1000 })
    const orders = await Promise.all(
      FAULTS.map(async (fault) => {
        const owner = `${step} ${fault}`
        outside.add(owner, 500)
        outside.fail(owner, step, fault)
        const { order_no } = await redeem(owner, { product_id })
        await until(
          () => stateOf(order_no),
          (state) => state === 'captured',
          `${order_no} is captured`,
        )
        if (step === 'release') await mall.act(owner, order_no, 'cancel')
        return { owner, order_no }
      }),
    )
    if (step === 'release') {
      await Promise.all(
        orders.map(({ owner }) =>
          until(
            () => available(owner),
            (points) => points === 500,
            `the points of ${owner} are back`,
          ),
        ),
      )
    }
    const before = orders.map(({ owner }) => [...(outside.accounts.get(owner)?.moves ?? [])])
    expect(outside.stuck.length).toBe(1)
    outside.arrive()
    expect(orders.map(({ owner }) => outside.accounts.get(owner)?.moves)).toEqual(before)
    expect(before).toEqual(FAULTS.map(() => (step === 'release' ? [500, -100, 100] : [500, -100])))
  })

  test('one after another: the books are checked before anything is sent again', async () => {
    const owner = 'unlucky'
    outside.add(owner, 500)
    for (const step of ['hold', 'capture'] as const) {
      for (const fault of ['error_before', 'late', 'lost'] as const) outside.fail(owner, step, fault)
    }
    for (const fault of ['garbage', 'busy'] as const) outside.fail(owner, 'find', fault)
    const { order_no } = await redeem(owner, { product_id: await mall.product() })
    await until(
      () => stateOf(order_no),
      (state) => state === 'captured',
      'the points are captured',
    )
    await mall.act(owner, order_no, 'cancel')
    await until(
      () => available(owner),
      (points) => points === 500,
      'the points are back',
    )
    const sent = outside.requests.filter((request) => request.owner === owner).map(({ step }) => step)
    expect(sent).toEqual([
      'balance',
      ...['hold', 'find', 'find', 'find', 'hold', 'find', 'hold', 'find'],
      ...['capture', 'find', 'capture', 'find', 'capture', 'find'],
      'release',
    ])
    outside.arrive()
    expect(outside.accounts.get(owner)?.moves).toEqual([500, -100, 100])
  })
})

test('a hold that arrives after its undo finds the tombstone', async () => {
  const owner = 'late'
  outside.add(owner, 500)
  for (let i = 0; i < 5; i += 1) outside.fail(owner, 'hold', 'late')
  const order_no = await undecided(owner)
  await mall.temporal.client.workflow.getHandle(`exchange/${order_no}`).cancel()
  await mall.reach(owner, order_no, 'order_canceled')
  await until(
    () => stateOf(order_no),
    (state) => state === 'void',
    'a tombstone stands',
  )
  outside.heal()
  const late = outside.arrive().map(([, body]) => (body as { outcome: string }).outcome)
  expect(late.length).toBeGreaterThan(0)
  expect(new Set(late)).toEqual(new Set(['void']))
  expect(outside.accounts.get(owner)?.moves).toEqual([500])
})

test('a wrong secret is refused there; once corrected, the order continues', async () => {
  outside.add('misled', 500)
  outside.keys.mall = 'another secret'
  outside.refused.length = 0
  const order_no = await undecided('misled')
  expect(new Set(outside.refused)).toEqual(new Set(['wrong signature']))
  expect(outside.operations.has(`${order_no}-hold`)).toBe(false)
  expect((await mall.order('misled', order_no)).status).toBe('exchanged')
  outside.keys.mall = SECRET
  await mall.reach('misled', order_no, 'order_paid')
  expect(available('misled')).toBe(400)
})

describe("a request's signature", () => {
  const request = { method: 'GET', path: '/points/accounts/signer/balance', body: '' }
  const now = () => Math.floor(Date.now() / 1000)
  let n = 0
  const signed = (change: { secret?: string; timestamp?: number } = {}) => {
    n += 1
    const part = { ...request, timestamp: change.timestamp ?? now(), nonce: `nonce of the tests ${n}` }
    return { ...part, signature: signatureOf(change.secret ?? SECRET, part) }
  }
  type Part = ReturnType<typeof signed>
  const send = async (part: Part) => {
    const response = await fetch(new URL(part.path, outside.url), {
      method: part.method,
      headers: {
        'x-wallet-key-id': 'mall',
        'x-wallet-timestamp': `${part.timestamp}`,
        'x-wallet-nonce': part.nonce,
        'x-wallet-signature': part.signature,
      },
      ...(part.body ? { body: part.body } : {}),
    })
    await response.arrayBuffer()
    return response.status
  }

  test('accepts what the mall sent, once', async () => {
    const once = signed()
    expect([await send(once), await send(once)]).toEqual([200, 401])
  })

  test.each([
    ['another method', () => ({ method: 'POST' })],
    ['another path', () => ({ path: '/points/accounts/other/balance' })],
    ['a query', () => ({ path: `${request.path}?x=1` })],
    ['another time', ({ timestamp }) => ({ timestamp: timestamp + 1 })],
    ['another nonce', () => ({ nonce: 'another' })],
    ['a body', () => ({ method: 'POST', body: '{}' })],
  ] satisfies [string, (part: Part) => Partial<Part>][])('covers %s', async (_, change) => {
    const before = outside.operations.size
    const part = signed()
    expect(await send({ ...part, ...change(part) })).toBe(401)
    expect(outside.operations.size).toBe(before)
  })

  test('is refused when it is old or made with another secret', async () => {
    expect(await send(signed({ timestamp: now() - 400 }))).toBe(401)
    expect(await send(signed({ secret: 'another secret' }))).toBe(401)
  })

  test('is computed as the documentation for the other side shows', () => {
    const page = readFileSync(new URL('../../docs/outside-wallet.md', import.meta.url), 'utf8')
    const [, secret = '', lines = '', body = '', signature] =
      /secret `([^`]+)`[\s\S]*?```text\n([\s\S]*?)```[\s\S]*?```json\n([\s\S]*?)\n```[\s\S]*?(v1=[0-9a-f]{64})/.exec(
        page,
      ) ?? []
    const [method = '', path = '', timestamp, nonce = ''] = lines.split('\n')
    expect(signatureOf(secret, { method, path, timestamp: Number(timestamp), nonce, body })).toBe(signature)
  })
})

describe('the client of the external wallet', () => {
  test('limits its concurrent requests, and refuses more immediately', async () => {
    outside.add('crowd', 500)
    const answers = await Promise.allSettled(Array.from({ length: 100 }, () => wallet.balance('crowd')))
    const shed = answers.filter(
      (answer) => answer.status === 'rejected' && answer.reason instanceof WalletError,
    )
    expect(shed.length).toBe(36)
    // A balance is asked for within a second, which a busy machine may not keep.
    const balance = () => wallet.balance('crowd').catch(() => undefined)
    expect((await until(balance, (found) => found !== undefined, 'the balance is known'))?.available).toBe(
      500n,
    )
  })

  test('refuses the same step with other points permanently', async () => {
    outside.add('reuse', 500)
    const hold = { ownerId: 'reuse', orderNo: 'PMREUSE', repeat: false }
    expect(await wallet.hold({ ...hold, points: 5n })).toBe('held')
    expect(await wallet.hold({ ...hold, points: 5n })).toBe('held')
    for (const repeat of [false, true]) {
      await expect(wallet.hold({ ...hold, points: 6n, repeat })).rejects.toBeInstanceOf(WalletRefusalError)
    }
    await expect(wallet.capture({ ...hold, orderNo: 'PMNONE' })).rejects.toBeInstanceOf(WalletRefusalError)
    await wallet.release({ ...hold, reason: 'test', cause: 'mall' })
    await wallet.release({ ...hold, reason: 'test', cause: 'mall', repeat: true })
    expect(outside.accounts.get('reuse')?.moves).toEqual([500, -5, 5])
  })
})

describe('the settings of the external wallet', () => {
  test('send the app id of the merchant with each request, where there is one', async () => {
    const seen: unknown[] = []
    const server = createServer((request, response) => {
      seen.push(request.headers['x-merchant-app-id'])
      response.end(JSON.stringify({ owner_id: 'ann', available: 1, held: 0 }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    for (const merchantAppId of ['shop-1', undefined]) {
      await createHttpWallet({ baseUrl, keyId: 'mall', secret: SECRET, merchantAppId }).balance('ann')
    }
    server.close()
    expect(seen).toEqual(['shop-1', undefined])
  })

  const all = {
    POINTS_MALL_WALLET_URL: 'https://points.shop.example/api/',
    POINTS_MALL_WALLET_KEY_ID: 'mall-1',
    POINTS_MALL_WALLET_SECRET: SECRET,
  }
  const base = {
    NODE_ENV: 'production',
    AUTH_JWT_SECRET: randomBytes(24).toString('hex'),
    LEDGER_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    PAYLOAD_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  }

  test('are required all together, with an encrypted address', () => {
    expect(readConfig(base).outsideWallet).toBeUndefined()
    expect(readConfig({ ...base, ...all }).outsideWallet).toEqual({
      baseUrl: 'https://points.shop.example/api',
      keyId: 'mall-1',
      secret: SECRET,
    })
    for (const name of Object.keys(all)) {
      expect(() => readConfig({ ...base, ...all, [name]: '' })).toThrow(ConfigError)
    }
    const open = { POINTS_MALL_WALLET_URL: 'http://points.shop.example' }
    expect(() => readConfig({ ...base, ...all, ...open })).toThrow('POINTS_MALL_WALLET_URL')
  })

  test('exclude granting points here', async () => {
    const answer = await mall.call('POST', '/api/admin/points-mall/wallets/plain/grant', {
      as: 'root',
      role: 'admin',
      body: { points: 5, reason: 'r' },
    })
    expect([answer.status, answer.body.code]).toEqual([403, 'FORBIDDEN'])
  })
})
