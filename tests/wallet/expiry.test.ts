import { ScheduleOverlapPolicy } from '@temporalio/client'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ensureExpirySchedule } from '../../application/wallet/expiry-schedule.ts'
import { warningsDue } from '../../domain/wallet/expiry.ts'
import type { ExpirySums } from '../../workflows/expiry.ts'
import { EXPIRY_ID, EXPIRY_WORKFLOW, TASK_QUEUE } from '../../workflows/messages.ts'
import { connectPatiently } from '../support/database.ts'
import { openHttpSession } from '../support/http-session.ts'
import { inTime } from '../support/patience.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

const DAY = 86_400_000
const GRACE = 2 * DAY

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp({ expiryGraceMs: GRACE })
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

const at = (ms: number) => new Date(Date.now() + ms)
const wallet = async (as: string) => (await mall.call('GET', '/api/points-mall/wallet', { as })).body.data
const entries = async (as: string, kind?: string) => {
  const query = kind ? `&kind=${kind}` : ''
  return (await mall.call('GET', `/api/points-mall/wallet/transactions?per_page=100${query}`, { as })).body
    .data
}
const dates = async (as: string) =>
  (await wallet(as)).expiring.map(({ points, expires_at }: { points: number; expires_at: string }) => [
    points,
    expires_at,
  ])
const warnings = async (owner: string) => {
  const rows = await mall.db
    .selectFrom('outbox')
    .selectAll()
    .where('owner_id', '=', owner)
    .where('kind', '=', 'points.expiring')
    .orderBy('id')
    .execute()
  return rows.map(({ payload, delivered_at }) => ({ ...payload, delivered_at }))
}

let runs = 0
/** One run of the hourly schedule. */
async function run(batchSize = 2): Promise<ExpirySums> {
  runs += 1
  return mall.temporal.client.workflow.execute(EXPIRY_WORKFLOW, {
    workflowId: `${EXPIRY_ID}/test-${runs}`,
    taskQueue: TASK_QUEUE,
    args: [{ batchSize }],
  })
}

async function ask(as: string, point: number, more: Record<string, unknown> = {}, fen = 0) {
  const payment_mode = fen > 0 ? ('mixed' as const) : ('points_only' as const)
  const product_id = await mall.product({ point, payment_mode, fen })
  return mall.exchange(as, { product_id, ...more })
}

async function redeem(as: string, point: number, more: Record<string, unknown> = {}, fen = 0) {
  const answer = await ask(as, point, more, fen)
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
  return answer.body.data
}

async function cancel(as: string, orderNo: string, by: 'customer' | 'operator' = 'customer') {
  const canceled =
    by === 'operator'
      ? mall.operate(orderNo, 'cancel', { reason: 'sold out' })
      : mall.act(as, orderNo, 'cancel')
  expect((await canceled).status).toBe(200)
  await mall.reach(as, orderNo, 'order_canceled')
}

describe('expired points', () => {
  test('are booked once, in batches, by runs concurrent with spending', async () => {
    const owners = Array.from({ length: 7 }, (_, n) => `past${n}`)
    for (const [n, owner] of owners.entries()) {
      await mall.points(owner, 100 + n, at(-1000))
      await mall.points(owner, 500)
    }
    const product_id = await mall.product({ point: 10 })
    const [first, second, ...spent] = await Promise.all([
      run(),
      run(),
      ...owners.map((owner) => mall.exchange(owner, { product_id })),
    ])
    expect(spent.map(({ status }) => status)).toEqual(owners.map(() => 201))
    // Spending books expired points, too: the runs find at most all of them.
    expect(BigInt(first.expired) + BigInt(second.expired)).toBeLessThanOrEqual(721n)
    for (const [n, owner] of owners.entries()) {
      expect(await wallet(owner)).toMatchObject({ available: 490, held: 0, expiring: [] })
      const expired = await entries(owner, 'expire')
      expect(expired.map(({ points }: { points: number }) => points)).toEqual([-(100 + n)])
    }
    expect(await run()).toMatchObject({ expired: '0' })
  })

  test('are counted by the run that books them', async () => {
    await mall.points('counted', 30, at(-2000))
    await mall.points('counted too', 12, at(-1000))
    await mall.points('kept', 5, at(DAY))
    expect(await run()).toMatchObject({ expired: '42' })
    expect(await wallet('counted')).toMatchObject({ available: 0 })
    expect(await wallet('kept')).toMatchObject({ available: 5 })
  })

  test('cannot be spent, whether booked as expired or not', async () => {
    await mall.points('late', 100, at(-1))
    const product_id = await mall.product({ point: 1 })
    const answer = await mall.exchange('late', { product_id })
    expect(answer.body).toMatchObject({ code: 'INSUFFICIENT_POINTS' })
    expect(await wallet('late')).toMatchObject({ available: 0, expiring: [] })
  })

  test('are booked even when another account cannot be decrypted', async () => {
    await run()
    await mall.points('broken', 10, at(-1000))
    await mall.points('sound', 10, at(-1000))
    const owner = connectPatiently(mall.databaseUrl, 1, 'owner')
    const row = () => owner.updateTable('wallet_accounts').where('owner_id', '=', 'broken')
    const before = await owner
      .selectFrom('wallet_accounts')
      .select('sealed')
      .where('owner_id', '=', 'broken')
      .executeTakeFirstOrThrow()
    const flipped = Buffer.from(before.sealed)
    flipped[40] = (flipped[40] ?? 0) ^ 1
    await row().set({ sealed: flipped }).execute()
    try {
      const account = await mall.db
        .selectFrom('wallet_accounts')
        .select('id')
        .where('owner_id', '=', 'broken')
        .executeTakeFirstOrThrow()
      expect(await run()).toMatchObject({ expired: '10', unreadable: [`account ${account.id}`] })
      expect(await entries('sound', 'expire')).toHaveLength(1)
    } finally {
      await row().set({ sealed: before.sealed }).execute()
      await owner.destroy()
    }
    expect(await run()).toMatchObject({ expired: '10', unreadable: [] })
  })
})

describe('spending', () => {
  test('takes what expires first, and points without expiry last', async () => {
    const [later, sooner] = [at(60 * DAY), at(50 * DAY)]
    await mall.points('chooser', 100)
    await mall.points('chooser', 100, later)
    await mall.points('chooser', 100, sooner)
    await redeem('chooser', 150)
    expect(await wallet('chooser')).toMatchObject({ available: 150 })
    expect(await dates('chooser')).toEqual([[50, later.toISOString()]])
    await redeem('chooser', 70)
    expect(await wallet('chooser')).toMatchObject({ available: 80, expiring: [] })
  })

  test.each([
    ['reversal of what was taken', {}, 0],
    ['release of what was held', { payment_method: 'bank_card' }, 990],
  ])('restores the same dates after a %s', async (_, how, fen) => {
    const owner = `undone${fen}`
    const [later, sooner] = [at(60 * DAY), at(50 * DAY)]
    await mall.points(owner, 100, later)
    await mall.points(owner, 100, sooner)
    const before = await dates(owner)
    const order = await redeem(owner, 150, how, fen)
    expect(await dates(owner)).toEqual([[50, later.toISOString()]])
    await cancel(owner, order.order_no)
    expect(await dates(owner)).toEqual(before)
    expect(await wallet(owner)).toMatchObject({ available: 200, held: 0 })
  })

  test.each([
    ['reversed', {}, 0, 'customer', 80],
    ['released by an operator', { payment_method: 'bank_card' }, 990, 'operator', 80],
    ['released by their owner', { payment_method: 'bank_card' }, 990, 'customer', 0],
  ] as const)(
    'gives returned points that expired meanwhile one grace or none: %s',
    async (name, how, fen, by, kept) => {
      const { owner, orderNo, expiry } = await inTime(2_000, async (ms) => {
        const spender = `${name} after ${ms}`
        const soon = at(ms)
        await mall.points(spender, 80, soon)
        await mall.points(spender, 20)
        const answer = await ask(spender, 100, how, fen)
        if (answer.body.code === 'INSUFFICIENT_POINTS') return undefined
        expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
        return { owner: spender, orderNo: answer.body.data.order_no as string, expiry: soon }
      })
      await until(
        () => Date.now(),
        (now) => now > expiry.getTime() + 50,
        'the points are past their date',
      )
      await run()
      expect(await wallet(owner)).toMatchObject({ available: 0 })
      await cancel(owner, orderNo, by)
      expect(await wallet(owner)).toMatchObject({ available: 20 + kept })
      // To the millisecond: counted from the expiry date, not from the return.
      const graced = new Date(expiry.getTime() + GRACE).toISOString()
      expect(await dates(owner)).toEqual(kept > 0 ? [[kept, graced]] : [])
      const [newest, before] = await entries(owner)
      if (kept === 0) {
        const page = await (await openHttpSession(mall, owner)).get(`/points-mall/orders/${orderNo}`)
        expect(page.html).toMatch(/80 积分，可用到 [\s\S]{1,120}，已经过期/)
        expect([before, newest]).toMatchObject([
          { kind: 'release', points: 100 },
          { kind: 'expire', points: -80 },
        ])
      }
      await redeem(owner, 20 + kept)
    },
  )
})

describe('an expiry warning', () => {
  test('is stored once per account, date and step, by concurrent runs', async () => {
    const [month, days, far] = [at(29 * DAY), at(2 * DAY), at(40 * DAY)]
    for (const expiry of [month, days, far]) await mall.points('warned', 10, expiry)
    await mall.points('warned', 7, days)
    await mall.points('calm', 10, far)
    const sums = await Promise.all([run(), run(), run()])
    expect(sums.reduce((sum, { warned }) => sum + warned, 0)).toBeGreaterThanOrEqual(2)
    const account = await mall.db
      .selectFrom('wallet_accounts')
      .select('id')
      .where('owner_id', '=', 'warned')
      .executeTakeFirstOrThrow()
    const event = { owner_id: 'warned', account_id: account.id, delivered_at: null }
    expect(await warnings('warned')).toEqual([
      { ...event, expires_at: days.toISOString(), days: 3 },
      { ...event, expires_at: month.toISOString(), days: 30 },
    ])
    expect(await warnings('calm')).toEqual([])
    expect(await run()).toMatchObject({ warned: 0 })
    expect(await warnings('warned')).toHaveLength(2)
  })

  test('is not sent for points that are gone', async () => {
    await mall.points('spender', 10, at(2 * DAY))
    await redeem('spender', 10)
    await run()
    expect(await warnings('spender')).toEqual([])
  })

  test('is due 30 and 3 days before, only the last step if both are due', () => {
    const expiresAt = 100 * DAY
    const due = (now: number) => warningsDue([{ expiresAt, amount: 1n }], now).map(({ days }) => days)
    expect(due(70 * DAY - 1)).toEqual([])
    expect(due(70 * DAY)).toEqual([30])
    expect(due(97 * DAY - 1)).toEqual([30])
    expect(due(97 * DAY)).toEqual([3])
    expect(due(100 * DAY - 1)).toEqual([3])
    expect(due(100 * DAY)).toEqual([])
    expect(warningsDue([{ expiresAt: null, amount: 1n }], 0)).toEqual([])
  })

  test('comes at most once per step, in order, however often the schedule runs', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 * DAY }),
        fc.array(fc.integer({ min: 0, max: 61 * DAY }), { maxLength: 40 }),
        (expiresAt, looks) => {
          const steps = looks
            .sort((a, b) => a - b)
            .flatMap((now) => warningsDue([{ expiresAt, amount: 1n }], now))
            .map(({ days }) => days)
          const told = [...new Set(steps)]
          expect(told).toEqual([...told].sort((a, b) => b - a))
        },
      ),
    )
  })
})

describe('the expiry schedule', () => {
  test('is created once by concurrent workers, and runs when due', async () => {
    await Promise.all(Array.from({ length: 6 }, () => ensureExpirySchedule(mall.temporal)))
    const schedule = mall.temporal.client.schedule.getHandle(EXPIRY_ID)
    const { spec, policies, action, state } = await schedule.describe()
    expect(spec.intervals?.map(({ every }) => every)).toEqual([3_600_000])
    expect(policies).toMatchObject({ overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: DAY })
    expect(action).toMatchObject({ workflowType: EXPIRY_WORKFLOW, taskQueue: TASK_QUEUE })
    expect(state.paused).toBe(false)

    await mall.points('hourly', 10, at(-1000))
    await schedule.trigger()
    await until(
      () => entries('hourly', 'expire'),
      (found) => found.length === 1,
      'the triggered run expires the points',
    )
  })

  test('stays paused when an operator has paused it', async () => {
    await ensureExpirySchedule(mall.temporal)
    const schedule = mall.temporal.client.schedule.getHandle(EXPIRY_ID)
    const isPaused = async () => (await schedule.describe()).state.paused
    // The server answers a change before it shows it.
    await schedule.pause('stocktaking')
    await until(isPaused, (paused) => paused, 'the schedule is paused')
    await ensureExpirySchedule(mall.temporal)
    expect((await schedule.describe()).state).toMatchObject({ paused: true, note: 'stocktaking' })
    await schedule.unpause()
    await until(isPaused, (paused) => !paused, 'the schedule goes on')
    await ensureExpirySchedule(mall.temporal)
    expect((await schedule.describe()).state.paused).toBe(false)
  })
})
