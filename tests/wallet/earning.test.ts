import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { shanghaiDay } from '../../domain/business-time.ts'
import { datesOf, type EarningRules, pointsFor, underCap } from '../../domain/wallet/earning.ts'
import type { ExpirySums } from '../../workflows/expiry.ts'
import { EXPIRY_ID, EXPIRY_WORKFLOW, TASK_QUEUE } from '../../workflows/messages.ts'
import { connectPatiently } from '../support/database.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

const DAY = 86_400_000
const RULES: EarningRules = { perYuanMillionths: 1_000_000n, dailyCap: 0n, pendingMs: 0, lastsMs: 365 * DAY }

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())
beforeEach(() => configure({}))
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

/** Sets the rules for earnings reported from now on. */
const configure = (rules: Partial<EarningRules>, clawbackIntoDebt = false) =>
  void Object.assign(mall.deps, { earning: { ...RULES, ...rules }, clawbackIntoDebt })

const yuan = (amount: string) => ({ amount, currency: 'CNY' })
const BASE = '/api/admin/points-mall/earnings'
const tell = (body: Record<string, unknown>) =>
  mall.call('POST', BASE, { as: 'shop', role: 'system', body: { source: 'order', ...body } })
const reverse = (id: string) =>
  mall.call('POST', `${BASE}/${id}/reverse`, { as: 'shop', role: 'system', body: { reason: '整单退款' } })
const wallet = async (as: string) => (await mall.call('GET', '/api/points-mall/wallet', { as })).body.data
const entries = async (as: string) =>
  (await mall.call('GET', '/api/points-mall/wallet/transactions?per_page=100', { as })).body.data
const earningsOf = async (owner: string) =>
  (await mall.call('GET', `${BASE}?owner_id=${owner}`, { as: 'shop', role: 'operator' })).body.data

let runs = 0
async function run(): Promise<ExpirySums> {
  runs += 1
  return mall.temporal.client.workflow.execute(EXPIRY_WORKFLOW, {
    workflowId: `${EXPIRY_ID}/earning-${runs}`,
    taskQueue: TASK_QUEUE,
    args: [{ batchSize: 2 }],
  })
}

async function spend(as: string, point: number) {
  const product_id = await mall.product({ point })
  expect((await mall.exchange(as, { product_id })).status).toBe(201)
}

describe('the earning rules', () => {
  test('round points down, to the last fen', () => {
    const rules = (perYuanMillionths: bigint) => ({ ...RULES, perYuanMillionths })
    expect(pointsFor(19_999n, RULES)).toBe(199n)
    expect(pointsFor(99n, RULES)).toBe(0n)
    expect(pointsFor(10_000n, rules(1_500_000n))).toBe(150n)
    expect(pointsFor(333n, rules(333_333n))).toBe(1n)
    // In floating point, 0.1 + 0.2 would round down to 2.
    expect(pointsFor(30n, rules(10_000_000n))).toBe(3n)
  })

  test('give at most as much for two parts as for the whole', () => {
    const fen = fc.bigInt({ min: 0n, max: 10n ** 10n })
    const rate = fc.bigInt({ min: 0n, max: 10n ** 9n })
    fc.assert(
      fc.property(fen, fen, rate, (a, b, perYuanMillionths) => {
        const rules = { ...RULES, perYuanMillionths }
        const [parts, whole] = [pointsFor(a, rules) + pointsFor(b, rules), pointsFor(a + b, rules)]
        expect(whole - parts === 0n || whole - parts === 1n).toBe(true)
      }),
    )
  })

  test('limit a day to its cap, and record every point that is lost', () => {
    const points = fc.bigInt({ min: 0n, max: 1000n })
    fc.assert(
      fc.property(fc.array(points), fc.bigInt({ min: 1n, max: 2000n }), (each, dailyCap) => {
        let earned = 0n
        for (const wanted of each) {
          const one = underCap(wanted, earned, { ...RULES, dailyCap })
          expect(one.points + one.capped).toBe(wanted)
          earned += one.points
        }
        const all = each.reduce((sum, one) => sum + one, 0n)
        expect(all <= dailyCap ? earned === all : earned === dailyCap).toBe(true)
      }),
    )
    expect(underCap(7n, 10n ** 9n, RULES)).toEqual({ points: 7n, capped: 0n })
  })

  test('use the day of Shanghai', () => {
    const day = (iso: string) => {
      const { from, to } = shanghaiDay(Date.parse(iso))
      return [new Date(from).toISOString(), new Date(to).toISOString()]
    }
    expect(day('2026-02-28T15:59:59.999Z')).toEqual(['2026-02-27T16:00:00.000Z', '2026-02-28T16:00:00.000Z'])
    expect(day('2026-02-28T16:00:00.000Z')).toEqual(['2026-02-28T16:00:00.000Z', '2026-03-01T16:00:00.000Z'])
    expect(day('1969-12-31T15:00:00.000Z')).toEqual(['1969-12-30T16:00:00.000Z', '1969-12-31T16:00:00.000Z'])
  })

  test('count the lifetime from when the points can be spent', () => {
    expect(datesOf(1000, { ...RULES, pendingMs: 5, lastsMs: 10 })).toEqual({
      matureAt: 1005,
      expiresAt: 1015,
    })
    expect(datesOf(1000, { ...RULES, lastsMs: 0 })).toEqual({ matureAt: 1000, expiresAt: null })
  })
})

describe('an earning reported by another system', () => {
  test('earns points by rule, which can be spent immediately and expire', async () => {
    const occurred_at = new Date(Date.now() - DAY).toISOString()
    const told = await tell({ owner_id: 'buyer', external_id: 'S-1', amount: yuan('199.99'), occurred_at })
    expect(told.status).toBe(201)
    const expires_at = new Date(Date.parse(occurred_at) + 365 * DAY).toISOString()
    expect(told.body.data).toMatchObject({
      owner_id: 'buyer',
      source: 'order',
      external_id: 'S-1',
      amount: yuan('199.99'),
      points: 199,
      capped_points: 0,
      state: 'granted',
      expires_at,
      shortfall: 0,
    })
    expect(await wallet('buyer')).toMatchObject({ available: 199, expiring: [{ points: 199, expires_at }] })
    expect(await entries('buyer')).toMatchObject([
      { kind: 'grant', points: 199, reason: 'earn_order', reason_text: '购物赠送积分' },
    ])
    await spend('buyer', 199)
  })

  test('may state points; amounts that round to nothing book nothing', async () => {
    const signedIn = await tell({ owner_id: 'guest', source: 'sign_in', external_id: 'day-1', points: 5 })
    expect(signedIn.body.data).toMatchObject({ amount: null, points: 5, state: 'granted' })
    const nothing = await tell({ owner_id: 'guest', external_id: 'S-0', amount: yuan('0.99') })
    expect(nothing.body.data).toMatchObject({ points: 0, state: 'granted' })
    expect(await entries('guest')).toHaveLength(1)
    expect(await earningsOf('guest')).toHaveLength(2)
  })

  test('counts once, however often and concurrently it is reported', async () => {
    const body = { owner_id: 'often', external_id: 'S-2', amount: yuan('50') }
    const answers = await Promise.all(Array.from({ length: 12 }, () => tell(body)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(11)
    expect(new Set(answers.map(({ body: { data } }) => data.id)).size).toBe(1)
    // Changed rules do not affect a repeat.
    configure({ perYuanMillionths: 9_000_000n, dailyCap: 1n })
    const again = await tell({ ...body, amount: yuan('50.00') })
    expect([again.status, again.body.data.points]).toEqual([200, 50])
    expect(await wallet('often')).toMatchObject({ available: 50 })
    expect(await entries('often')).toHaveLength(1)
  })

  test('is refused when its external id belongs to another earning', async () => {
    const body = { owner_id: 'first', external_id: 'S-3', amount: yuan('10') }
    expect((await tell(body)).status).toBe(201)
    const others = [
      { ...body, owner_id: 'second' },
      { ...body, amount: yuan('10.01') },
      { ...body, amount: undefined, points: 10 },
      { ...body, occurred_at: '2026-01-01T00:00:00Z' },
    ]
    for (const other of others) {
      const { status, body: problem } = await tell(other)
      expect([status, problem.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
      expect(problem.errors).toMatchObject([{ field: 'external_id', code: 'taken' }])
    }
    expect(await wallet('first')).toMatchObject({ available: 10 })
    expect(await wallet('second')).toMatchObject({ available: 0 })
    const elsewhere = await tell({ ...body, source: 'task', owner_id: 'second' })
    expect(elsewhere.status).toBe(201)
  })

  test('is for operators, and must be a single event in the past', async () => {
    const good = { owner_id: 'nobody', external_id: 'S-4', points: 5 }
    const denied = await mall.call('POST', BASE, { as: 'nobody', body: { source: 'task', ...good } })
    expect([denied.status, denied.body.code]).toEqual([403, 'FORBIDDEN'])
    const wrong = async (body: Record<string, unknown>) => {
      const { status, body: problem } = await tell({ ...good, ...body })
      expect(status).toBe(422)
      return problem.errors.map(({ field }: { field: string }) => field)
    }
    expect(await wrong({ points: 0 })).toContain('points')
    expect(await wrong({ points: 1.5 })).toContain('points')
    expect(await wrong({ points: undefined })).toEqual(['points'])
    expect(await wrong({ amount: yuan('1') })).toEqual(['points'])
    expect(await wrong({ points: undefined, amount: yuan('-1') })).toContain('amount.amount')
    expect(await wrong({ source: 'earn/x' })).toEqual(['source'])
    expect(await wrong({ external_id: '' })).toEqual(['external_id'])
    expect(await wrong({ occurred_at: new Date(Date.now() + DAY).toISOString() })).toEqual(['occurred_at'])
    expect(await wrong({ occurred_at: new Date(Date.now() - 366 * DAY).toISOString() })).toEqual([
      'occurred_at',
    ])
    configure({ perYuanMillionths: 999_999_000_000n })
    expect(await wrong({ points: undefined, amount: yuan('99999999') })).toEqual(['amount'])
    expect(await earningsOf('nobody')).toEqual([])
    expect(await entries('nobody')).toEqual([])
  })
})

describe("the day's cap", () => {
  test('holds for all earnings of a day, also concurrent ones', async () => {
    configure({ dailyCap: 100n })
    // Noon, so that no test runs past midnight.
    const noon = shanghaiDay(Date.now()).from - DAY / 2
    const earn = (owner_id: string, external_id: string, at: number) =>
      tell({ owner_id, external_id, points: 30, occurred_at: new Date(at).toISOString() })
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => earn('busy', `C-${n}`, noon + n * 60_000)),
    )
    const sum = (name: string) => answers.reduce((total, { body }) => total + body.data[name], 0)
    expect([sum('points'), sum('capped_points')]).toEqual([100, 200])
    expect(await wallet('busy')).toMatchObject({ available: 100 })

    // The cap applies per day of Shanghai and per owner.
    const before = await earn('busy', 'C-before', noon - DAY)
    expect(before.body.data).toMatchObject({ points: 30, capped_points: 0 })
    const last = await earn('busy', 'C-last', noon + DAY / 2 - 1)
    expect(last.body.data).toMatchObject({ points: 0, capped_points: 30 })
    const other = await earn('idle', 'C-other', noon)
    expect(other.body.data).toMatchObject({ points: 30, capped_points: 0 })
  })

  test('is free again after an earning is reversed', async () => {
    configure({ dailyCap: 100n })
    const first = await tell({ owner_id: 'undo', external_id: 'U-1', points: 100 })
    await reverse(first.body.data.id)
    const second = await tell({ owner_id: 'undo', external_id: 'U-2', points: 60 })
    expect(second.body.data).toMatchObject({ points: 60, capped_points: 0 })
  })
})

describe('pending points', () => {
  test('cannot be spent before their day, and are granted once by concurrent runs', async () => {
    configure({ pendingMs: 2_000, lastsMs: 10 * DAY })
    const told = await tell({ owner_id: 'patient', external_id: 'P-1', amount: yuan('70') })
    expect(told.body.data).toMatchObject({ state: 'pending', points: 70, granted_at: null })
    expect(await wallet('patient')).toMatchObject({ available: 0 })
    await run()
    const { mature_at, expires_at } = told.body.data
    if (Date.now() < Date.parse(mature_at)) expect(await wallet('patient')).toMatchObject({ available: 0 })
    await until(
      () => Date.now(),
      (now) => now > Date.parse(mature_at),
      'the points are mature',
    )
    const sums = await Promise.all([run(), run(), run()])
    expect(sums.reduce((total, { granted }) => total + granted, 0)).toBeLessThanOrEqual(1)
    expect(await earningsOf('patient')).toMatchObject([{ state: 'granted' }])
    expect(await wallet('patient')).toMatchObject({ available: 70, expiring: [{ points: 70, expires_at }] })
    expect(await entries('patient')).toHaveLength(1)
  })

  test('whose waiting time is over are granted immediately', async () => {
    configure({ pendingMs: 7 * DAY })
    const occurred_at = new Date(Date.now() - 8 * DAY).toISOString()
    const told = await tell({ owner_id: 'old', external_id: 'P-2', points: 5, occurred_at })
    expect(told.body.data).toMatchObject({ state: 'granted' })
    const waits = await tell({ owner_id: 'old', external_id: 'P-3', points: 5 })
    expect(waits.body.data).toMatchObject({ state: 'pending' })
  })

  test('that are reversed are never granted, whatever is written to the database', async () => {
    configure({ pendingMs: 1_500 })
    const told = await tell({ owner_id: 'refunded', external_id: 'P-4', points: 50 })
    const { id, mature_at } = told.body.data
    const undone = await reverse(id)
    expect(undone.body.data).toMatchObject({
      state: 'reversed',
      granted_at: null,
      shortfall: 0,
      reverse_reason: '整单退款',
    })
    expect((await reverse(id)).body.data).toEqual(undone.body.data)
    await until(
      () => Date.now(),
      (now) => now > Date.parse(mature_at),
      'the points would be mature',
    )
    expect(await run()).toMatchObject({ granted: 0, unreadable: [] })

    const owner = connectPatiently(mall.databaseUrl, 1, 'owner')
    const put = async (changes: Record<string, unknown>) =>
      owner.updateTable('earnings').set(changes).where('id', '=', id).execute()
    const row = await mall.db
      .selectFrom('earnings')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    try {
      // The row is reset to its earlier state, but the ledger has the reversal.
      await put({ state: 'pending', reversed_at: null })
      expect(await run()).toMatchObject({ granted: 0, unreadable: [`earning ${id}`] })
      // The row is worth more than the mall wrote.
      await put({ points: 5000n })
      expect(await run()).toMatchObject({ granted: 0, unreadable: [`earning ${id}`] })
      expect(await mall.brokenLaws()).toEqual([`earning ${id} (earn/order/P-4): not what the mall wrote`])
    } finally {
      const { state, reversed_at, points } = row
      await put({ state, reversed_at, points })
      await owner.destroy()
    }
    expect(await wallet('refunded')).toMatchObject({ available: 0 })
  })

  test('without an earning by the mall are not granted', async () => {
    const owner = connectPatiently(mall.databaseUrl, 1, 'owner')
    const { id } = await owner
      .insertInto('earnings')
      .values({
        owner_id: 'thief',
        source: 'order',
        external_id: 'forged',
        amount: null,
        asked_points: 9999n,
        points: 9999n,
        capped: 0n,
        state: 'pending',
        occurred_at: new Date(),
        mature_at: new Date(0),
        expires_at: null,
        kid: 't1',
        mac: Buffer.alloc(32),
        granted_at: null,
        reversed_at: null,
        reverse_reason: null,
        operator_id: 'thief',
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    try {
      expect(await run()).toMatchObject({ granted: 0, unreadable: [`earning ${id}`] })
      expect(await wallet('thief')).toMatchObject({ available: 0 })
    } finally {
      await owner.deleteFrom('earnings').where('id', '=', id).execute()
      await owner.destroy()
    }
  })
})

describe('a clawback', () => {
  test('takes granted points back once, from their own lot', async () => {
    await mall.points('returner', 100, new Date(Date.now() + 5 * DAY))
    const told = await tell({ owner_id: 'returner', external_id: 'B-1', points: 40 })
    const undone = await Promise.all([1, 2, 3].map(() => reverse(told.body.data.id)))
    expect(undone.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(undone[0]?.body.data).toMatchObject({ state: 'reversed', shortfall: 0 })
    const { available, expiring } = await wallet('returner')
    expect([available, expiring.length, expiring[0].points]).toEqual([100, 1, 100])
    expect(await entries('returner')).toMatchObject([
      { kind: 'adjust', points: -40, reason: '整单退款' },
      { kind: 'grant', points: 40 },
      { kind: 'grant', points: 100 },
    ])
  })

  test('of spent points takes what is left and records the shortfall: no balance falls below zero', async () => {
    const told = await tell({ owner_id: 'spent', external_id: 'B-2', points: 40 })
    await mall.points('spent', 10)
    await spend('spent', 45)
    const undone = await reverse(told.body.data.id)
    expect(undone.body.data).toMatchObject({ state: 'reversed', shortfall: 35 })
    expect(await wallet('spent')).toMatchObject({ available: 0 })
    await mall.points('spent', 20)
    expect(await wallet('spent')).toMatchObject({ available: 20 })
  })

  test('goes into debt if the shop is configured so, and later points pay the debt first', async () => {
    configure({}, true)
    const told = await tell({ owner_id: 'debtor', external_id: 'B-3', points: 40 })
    await spend('debtor', 40)
    expect((await reverse(told.body.data.id)).body.data).toMatchObject({ shortfall: 0 })
    expect(await wallet('debtor')).toMatchObject({ available: -40 })
    const product_id = await mall.product({ point: 1 })
    expect((await mall.exchange('debtor', { product_id })).body.code).toBe('INSUFFICIENT_POINTS')
    await mall.points('debtor', 50)
    expect(await wallet('debtor')).toMatchObject({ available: 10 })
  })

  test.each([false, true])('is settled by points that come back (into debt: %s)', async (intoDebt) => {
    configure({}, intoDebt)
    const owner = `regretful-${intoDebt}`
    const told = await tell({ owner_id: owner, external_id: `B-4-${intoDebt}`, points: 150 })
    const product_id = await mall.product({ point: 20 })
    const { order_no } = (await mall.exchange(owner, { product_id, quantity: 5 })).body.data
    const { shortfall, open_shortfall } = (await reverse(told.body.data.id)).body.data
    expect([shortfall, open_shortfall]).toEqual(intoDebt ? [0, 0] : [100, 100])
    const refund = { points: 40, reason: '少发' }
    const part = await mall.call('POST', `/api/admin/points-mall/orders/${order_no}/refund`, {
      as: 'shop',
      role: 'operator',
      body: refund,
    })
    expect(part.status).toBe(200)
    await until(
      () => entries(owner),
      (all) => all.some(({ kind }: { kind: string }) => kind === 'reverse'),
      'the part is refunded',
    )
    expect(await wallet(owner)).toMatchObject({ available: intoDebt ? -60 : 0 })
    await mall.call('POST', `/api/points-mall/orders/${order_no}/cancel`, { as: owner, body: {} })
    await until(
      () => entries(owner),
      (all) => all.filter(({ kind }: { kind: string }) => kind === 'reverse').length === 2,
      'the order is canceled',
    )
    expect(await wallet(owner)).toMatchObject({ available: 0, held: 0 })
    expect(await earningsOf(owner)).toMatchObject([{ shortfall, open_shortfall: 0 }])
    // What comes from elsewhere is kept: nobody starts from below zero.
    await mall.points(owner, 20)
    expect(await wallet(owner)).toMatchObject({ available: 20 })
  })

  test('of an unknown earning is refused', async () => {
    const unknown = await reverse('999999')
    expect([unknown.status, unknown.body.code]).toEqual([404, 'NOT_FOUND'])
  })
})
