import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Activities } from '../../activities/index.ts'
import { adoptOrder, adoptOrphans } from '../../application/orders/adoption.ts'
import { resumeAttempts } from '../../application/orders/exchange.ts'
import { repeatRequests } from '../../application/orders/requests.ts'
import { listOpenExchanges } from '../../db/orders/runs.ts'
import type { ExternalStep } from '../../domain/orders/external-steps.ts'
import type { OrderStatus } from '../../domain/orders/status.ts'
import { cancelUpdate } from '../../workflows/messages.ts'
import { ended, readHoldings, workflowState } from '../support/db-snapshot.ts'
import { adoptAll, loseEngine, loseWorkflow } from '../support/engine-loss.ts'
import type { Customer, Flow, Placed } from '../support/flows.ts'
import * as flows from '../support/flows.ts'
import { type ActivityName, createDoor, createHooks } from '../support/hooks.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { sampleOf, turnOf } from '../support/sample.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

/** The database is the record: whatever Temporal loses, every order reaches its correct end. */

const OUTSIDE: readonly ExternalStep[] = ['stock', 'points', 'orders']

let customers = 0
async function customerOf(shop: TestApp): Promise<Customer & { before: unknown }> {
  customers += 1
  const owner = `orphan${customers}`
  await Promise.all([shop.points(owner, 100), shop.cash(owner, 990)])
  const points = await shop.product({ stock: 1 })
  const mixed = await shop.product({ stock: 1, payment_mode: 'mixed' })
  const sent = await shop.product({ stock: 1, payment_mode: 'mixed', shipping_type: 'logistics' })
  return { shop, owner, points, mixed, sent, before: await readHoldings(shop) }
}

async function ordersOf(shop: TestApp, owner: string) {
  const { body } = await shop.call('GET', '/api/points-mall/orders', { as: owner })
  return body.data as { order_no: string; status: string; payment_status: string }[]
}

/** Statuses in which an order may wait for somebody. */
const WAITING: readonly OrderStatus[] = ['order_created', 'order_paid', 'order_accepted', 'order_shipped']

/** Waits until every order is final or its workflow waits for somebody. */
async function settled(shop: TestApp): Promise<void> {
  await until(
    async () => {
      await adoptAll(shop)
      await resumeAttempts(shop.deps, 0, () => {})
      await shop.sweep()
      const open = await listOpenExchanges(shop.db, undefined, { after: '', limit: 1000, minAgeSeconds: 0 })
      const moving = await shop.db
        .selectFrom('points_exchange_orders')
        .select('order_no')
        .where((eb) =>
          eb.or([
            eb('payment_status', 'in', ['closing', 'refunding']),
            eb.and([eb('status', '=', 'order_created'), eb('payment_info', 'is', null)]),
            eb('status', '=', 'exchanged'),
          ]),
        )
        .execute()
      const unbooked = await shop.db
        .selectFrom('webhook_inbox')
        .select('order_no')
        .where('kind', '=', 'paid')
        .where('booked_at', 'is', null)
        .execute()
      const pending = await shop.db
        .selectFrom('exchange_attempts')
        .select('order_no')
        .where('state', '=', 'pending')
        .execute()
      const ended = open.filter(({ status }) => status === null || !WAITING.includes(status))
      return [...moving, ...unbooked, ...pending, ...ended]
    },
    (moving) => moving.length === 0,
    'every order waits or is at rest',
  )
}

/** Makes notifications look old enough to be delivered again. */
async function age(shop: TestApp): Promise<void> {
  await sql`update webhook_inbox set delivered_at = delivered_at - interval '1 day'`.execute(shop.db)
}

/** Cancels or refunds the owner's orders, so that later tests start clean. */
async function bringBack(shop: TestApp, owner: string): Promise<void> {
  for (const { order_no, status } of await ordersOf(shop, owner)) {
    if (status === 'order_canceled') continue
    const answer =
      status === 'order_created'
        ? await shop.act(owner, order_no, 'cancel')
        : await shop.operate(order_no, 'refund', { reason: 'the end of the test' })
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
  }
  await until(
    async () => {
      await adoptAll(shop)
      const open = await listOpenExchanges(shop.db, undefined, { after: '', limit: 1000, minAgeSeconds: 0 })
      return open.filter(({ owner_id }) => owner_id === owner)
    },
    (open) => open.length === 0,
    'nothing is open',
  )
}

/** The status that an order reaches when the flow is over. */
const REACHES = new Map<Flow, string>([
  [flows.POINTS, 'order_paid'],
  [flows.WALLET, 'order_paid'],
  [flows.CARD, 'order_created'],
  [flows.PAY, 'order_paid'],
  [flows.DECLINE, 'order_created'],
  [flows.DEADLINE, 'order_canceled'],
  [flows.PAY_AGAIN, 'order_created'],
  [flows.SWITCH, 'order_paid'],
  [flows.NEXT_ATTEMPT, 'order_created'],
  [flows.CANCEL_UNPAID, 'order_canceled'],
  [flows.CANCEL_POINTS, 'order_canceled'],
  [flows.CANCEL_WALLET, 'order_canceled'],
  [flows.CANCEL_CARD, 'order_canceled'],
  [flows.ACCEPT, 'order_accepted'],
  [flows.SHIP, 'order_shipped'],
  [flows.REFUND_FINISHED, 'order_canceled'],
  [flows.REFUND_PART, 'order_canceled'],
  [flows.LATE_MONEY, 'order_canceled'],
])

/** Loses the workflow before or after one call of a step. */
function createLoser() {
  let armed: { readonly activity: string; readonly when: 'before' | 'after' } | undefined
  let shop: TestApp | undefined
  let struck = 0
  async function strike(when: 'before' | 'after', name: string, args: readonly unknown[]) {
    if (armed?.activity !== name || armed.when !== when || !shop) return
    armed = undefined
    struck += 1
    const orderNo = /PM\d{14}[0-9A-Z]{12}/.exec(JSON.stringify(args))?.[0] ?? ''
    const mall = shop
    const running = ['1', 'after-sale'].map((n) => `refund/${orderNo}/${n}`)
    await Promise.all([`exchange/${orderNo}`, ...running].map((id) => loseWorkflow(mall, id)))
    throw new Error('the engine is lost')
  }
  return {
    steps: [] as string[],
    tamper(this: { steps: string[] }, activities: Activities): Activities {
      this.steps.push(...Object.keys(activities))
      const wrapped = Object.entries(activities).map(([name, run]) => [
        name,
        async (...args: never[]) => {
          await strike('before', name, args)
          const result = await (run as (...args: never[]) => Promise<unknown>)(...args)
          await strike('after', name, args)
          return result
        },
      ])
      return Object.fromEntries(wrapped) as Activities
    },
    arm(mall: TestApp, activity: string, when: 'before' | 'after') {
      shop = mall
      struck = 0
      armed = { activity, when }
    },
    disarm: () => {
      armed = undefined
    },
    struck: () => struck,
  }
}

/** Which steps each flow takes. */
const OURS: readonly [ActivityName, readonly Flow[]][] = [
  ['placeExchange', [flows.POINTS, flows.WALLET, flows.CARD]],
  ['openPayment', [flows.CARD, flows.NEXT_ATTEMPT]],
  ['settlePayment', [flows.PAY, flows.LATE_MONEY]],
  ['settleExchange', [flows.SWITCH]],
  ['beginClosing', [flows.CANCEL_UNPAID, flows.DEADLINE, flows.SWITCH]],
  ['closePayment', [flows.CANCEL_UNPAID, flows.DEADLINE, flows.SWITCH]],
  ['cancelExchange', [flows.CANCEL_UNPAID, flows.CANCEL_WALLET, flows.CANCEL_CARD, flows.REFUND_FINISHED]],
  ['advanceOrder', [flows.ACCEPT, flows.SHIP]],
  ['noteDeclined', [flows.DECLINE]],
  ['checkCash', [flows.SWITCH]],
  ['findOpenPayment', [flows.SWITCH]],
  ['newPayment', [flows.NEXT_ATTEMPT]],
  ['listOwedRefunds', [flows.CANCEL_CARD, flows.REFUND_FINISHED, flows.LATE_MONEY]],
  ['refundPayment', [flows.CANCEL_CARD, flows.REFUND_FINISHED, flows.LATE_MONEY, flows.REFUND_PART]],
]
const SAGA: readonly [ActivityName, readonly Flow[]][] = [
  ['quoteExchange', [flows.POINTS]],
  ['reserveStock', [flows.POINTS]],
  ['holdPoints', [flows.POINTS, flows.CARD]],
  ['placeExchange', [flows.POINTS, flows.CARD]],
  ['createOrder', [flows.WALLET, flows.CARD]],
  ['openPayment', [flows.CARD]],
  ['settleExchange', [flows.POINTS, flows.WALLET]],
  ['settlePayment', [flows.PAY]],
  ['capturePoints', [flows.WALLET, flows.PAY]],
  ['commitStock', [flows.WALLET, flows.PAY]],
  ['cancelExchange', [flows.CANCEL_UNPAID, flows.CANCEL_WALLET, flows.REFUND_FINISHED]],
  ['releaseStock', [flows.CANCEL_POINTS, flows.CANCEL_UNPAID]],
  ['releasePoints', [flows.CANCEL_POINTS, flows.CANCEL_UNPAID]],
  ['noteOutsideSettled', [flows.CANCEL_POINTS]],
]
/** The order is not announced yet and the state of external systems is unknown: it is undone. */
const REFUSED_THEN = ['quoteExchange', 'reserveStock', 'holdPoints', 'placeExchange before']

describe.each<[string, readonly ExternalStep[], readonly [ActivityName, readonly Flow[]][]]>([
  ['in one transaction', [], OURS],
  ['as a saga', OUTSIDE, SAGA],
])('%s, Temporal loses the workflow', (_, outsideSteps, cases) => {
  const loser = createLoser()
  let shop: TestApp
  beforeAll(async () => {
    shop = await openTestApp({ outsideSteps, tamper: (activities) => loser.tamper(activities) })
  })
  afterAll(() => shop.close())
  afterEach(async () => expect(await shop.brokenLaws()).toEqual([]))

  for (const [n, [activity, ways]] of cases.entries()) {
    for (const flow of sampleOf(ways, 1)) {
      for (const when of turnOf(['before', 'after'] as const, n)) {
        test(`${when} ${activity}, ${flow.name}`, async () => {
          const { before, ...customer } = await customerOf(shop)
          const placed: Placed = flow.prepare
            ? await flow.prepare(customer)
            : { ...customer, orderNo: '', payUrl: '' }
          loser.arm(shop, activity, when)
          const doing = flow.run(placed)
          await until(
            () => loser.struck(),
            (times) => times === 1,
            `${activity} is called`,
          )
          await doing.catch(() => undefined)
          await age(shop)
          await settled(shop)
          const refuses =
            outsideSteps.length > 0 &&
            (REFUSED_THEN.includes(activity) || REFUSED_THEN.includes(`${activity} ${when}`))
          const reached = REACHES.get(flow)
          // The adoption refuses it, or the waiting request starts it again under the same keys.
          const isRight = (orders: readonly { readonly status: string }[]) =>
            orders.length === 0 ? refuses : orders.length === 1 && orders[0]?.status === reached
          await until(
            () => ordersOf(shop, customer.owner),
            isRight,
            `the order is ${refuses ? 'refused or ' : ''}${reached}`,
          )
          await bringBack(shop, customer.owner)
          expect(await readHoldings(shop)).toEqual(before)
        })
      }
    }
  }
})

describe('an order without a workflow', () => {
  const hooks = createHooks()
  let shop: TestApp
  beforeAll(async () => {
    shop = await openTestApp({ tamper: (activities) => hooks.tamper(activities) })
  })
  afterAll(() => shop.close())
  afterEach(async () => {
    hooks.clear()
    expect(await shop.brokenLaws()).toEqual([])
  })
  const lose = ({ orderNo }: Placed) => loseWorkflow(shop, `exchange/${orderNo}`)
  const runOf = async (orderNo: string) =>
    (await shop.temporal.client.workflow.getHandle(`exchange/${orderNo}`).describe()).runId

  test('is adopted by the request that needs it', async () => {
    const placed = await flows.byPaidCard(await customerOf(shop))
    await lose(placed)
    expect((await shop.operate(placed.orderNo, 'accept')).body.data.status).toBe('order_accepted')
    await lose(placed)
    expect((await shop.act(placed.owner, placed.orderNo, 'cancel')).body.data.status).toBe('order_canceled')
  })

  test('answers a request while another process adopts it', async () => {
    const placed = await Promise.all(
      Array.from({ length: 6 }, async () => flows.byPaidCard(await customerOf(shop))),
    )
    await Promise.all(placed.map(lose))
    const [answers] = await Promise.all([
      Promise.all(placed.map(({ orderNo }) => shop.operate(orderNo, 'accept'))),
      adoptAll(shop),
    ])
    expect(answers.map(({ status }) => status)).toEqual(placed.map(() => 200))
    for (const { owner } of placed) await bringBack(shop, owner)
  })

  test('is adopted by the notification of its payment', async () => {
    const placed = await flows.byCard(await customerOf(shop))
    await lose(placed)
    await shop.cashier(placed.payUrl, 'pay')
    await shop.reach(placed.owner, placed.orderNo, 'order_paid')
    await bringBack(shop, placed.owner)
  })

  test('keeps its deadlines', async () => {
    shop.configure({ autoConfirmTimeoutMs: 8_000, paymentTimeoutMs: 8_000 })
    const unpaid = await flows.byCard(await customerOf(shop))
    const shipped = await flows.sentByPaidCard(await customerOf(shop))
    const parcel = { carrier: '顺丰', tracking_no: 'SF1' }
    await shop.operate(shipped.orderNo, 'accept')
    await shop.operate(shipped.orderNo, 'ship', parcel)
    await Promise.all([lose(unpaid), lose(shipped)])
    // Settings of the adopting process that would give it a day.
    shop.configure({ autoConfirmTimeoutMs: 86_400_000, paymentTimeoutMs: 86_400_000 })
    expect([...(await adoptAll(shop))].sort()).toEqual([unpaid.orderNo, shipped.orderNo].sort())
    const canceled = await shop.reach(unpaid.owner, unpaid.orderNo, 'order_canceled')
    expect(canceled).toMatchObject({ cancel_reason: 'payment_timeout', payment_status: 'closed' })
    await shop.reach(shipped.owner, shipped.orderNo, 'order_finished')
    await Promise.all([ended(shop, unpaid.orderNo), ended(shop, shipped.orderNo)])
    expect(await adoptAll(shop)).toEqual([])
  })

  test('is confirmed from its shipping time if it shipped before deadlines were stored', async () => {
    const placed = await flows.sentByPaidCard(await customerOf(shop))
    await shop.operate(placed.orderNo, 'accept')
    await shop.operate(placed.orderNo, 'ship', { carrier: '顺丰', tracking_no: 'SF1' })
    await lose(placed)
    await shop.db
      .updateTable('points_exchange_orders')
      .set({ confirm_by: null as never })
      .where('order_no', '=', placed.orderNo)
      .execute()
    shop.configure({ autoConfirmTimeoutMs: 1_000 })
    await adoptAll(shop)
    await shop.reach(placed.owner, placed.orderNo, 'order_finished')
    shop.configure({ autoConfirmTimeoutMs: 86_400_000 })
    await ended(shop, placed.orderNo)
  })

  test.each(['terminated', 'deleted'])('gets a new workflow when the old one is %s', async (how) => {
    const placed = await flows.byPoints(await customerOf(shop))
    const handle = shop.temporal.client.workflow.getHandle(`exchange/${placed.orderNo}`)
    if (how === 'deleted') await lose(placed)
    else await handle.terminate('by hand')
    await until(
      () => adoptAll(shop),
      (adopted) => adopted.includes(placed.orderNo),
      'it is adopted',
    )
    expect((await shop.operate(placed.orderNo, 'accept')).status).toBe(200)
    await bringBack(shop, placed.owner)
  })

  test('gets one workflow from concurrent adoptions', async () => {
    const placed = await flows.byPoints(await customerOf(shop))
    await lose(placed)
    const adopted = await Promise.all(Array.from({ length: 8 }, () => adoptOrder(shop.deps, placed.orderNo)))
    expect(adopted.map(({ is }) => is)).toEqual(Array(8).fill('running'))
    expect(adopted.some(({ started }) => started)).toBe(true)
    expect((await shop.operate(placed.orderNo, 'accept')).status).toBe(200)
    const { run_epoch, run_id } = await shop.db
      .selectFrom('exchange_attempts')
      .select(['run_epoch', 'run_id'])
      .where('order_no', '=', placed.orderNo)
      .executeTakeFirstOrThrow()
    expect([run_epoch, run_id]).toEqual([1, await runOf(placed.orderNo)])
    await bringBack(shop, placed.owner)
  })

  test('does what was accepted with 202 before the loss', async () => {
    const [accepted, canceled] = [
      await flows.byPaidCard(await customerOf(shop)),
      await flows.byPoints(await customerOf(shop)),
    ]
    await shop.stopWorker()
    shop.answerWithin(5_000)
    const answers = await Promise.all([
      shop.operate(accepted.orderNo, 'accept'),
      shop.act(canceled.owner, canceled.orderNo, 'cancel', { reason: '不想要了' }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([202, 202])
    shop.answerWithin(PATIENCE_MS)
    await Promise.all([lose(accepted), lose(canceled)])
    await shop.startWorker()
    await adoptAll(shop)
    const kept = () => shop.db.selectFrom('order_requests').selectAll().execute()
    expect(await kept()).toHaveLength(2)
    expect(JSON.stringify(await kept())).not.toContain('不想要了')
    expect(await repeatRequests(shop.deps, () => {})).toBe(0)
    await sql`update order_requests set next_try_at = now()`.execute(shop.db)
    expect(await repeatRequests(shop.deps, () => {})).toBe(2)
    expect(await kept()).toEqual([])
    expect((await shop.order(accepted.owner, accepted.orderNo)).status).toBe('order_accepted')
    expect(await shop.order(canceled.owner, canceled.orderNo)).toMatchObject({
      status: 'order_canceled',
      cancel_reason: '不想要了',
    })
    await bringBack(shop, accepted.owner)
  })

  test('gets no workflow once it is final', async () => {
    const placed = await flows.byPoints(await customerOf(shop))
    await shop.act(placed.owner, placed.orderNo, 'cancel')
    await ended(shop, placed.orderNo)
    await lose(placed)
    expect(await adoptOrder(shop.deps, placed.orderNo)).toEqual({ is: 'at_rest', started: false })
    expect(await adoptAll(shop)).toEqual([])
    expect(await workflowState(shop, `exchange/${placed.orderNo}`)).not.toBe('RUNNING')
  })

  test('ignores a late step of the lost run', async () => {
    const placed = await flows.byPoints(await customerOf(shop))
    const [arrived, opened] = [createDoor(), createDoor()]
    hooks.before('cancelExchange', () => {
      arrived.open()
      return opened.passed()
    })
    const before = hooks.ended('cancelExchange')
    // The API that sent this is gone: nobody repeats the request.
    const asked = shop.temporal.client.workflow
      .getHandle(`exchange/${placed.orderNo}`)
      .executeUpdate(cancelUpdate, { args: [{ by: { type: 'customer', id: placed.owner } }] })
      .catch(() => undefined)
    await arrived.passed()
    hooks.clear()
    await lose(placed)
    await asked
    expect(await adoptAll(shop)).toEqual([placed.orderNo])
    expect((await shop.operate(placed.orderNo, 'accept')).body.data.status).toBe('order_accepted')
    opened.open()
    await until(
      () => hooks.ended('cancelExchange'),
      (ended) => ended > before,
      'the late step has ended',
    )
    expect((await shop.order(placed.owner, placed.orderNo)).status).toBe('order_accepted')
    await bringBack(shop, placed.owner)
  })

  test('has its workflow reload it when that is behind the database, from the second round on', async () => {
    const placed = await flows.byPoints(await customerOf(shop))
    await shop.db.transaction().execute(async (tx) => {
      for (const status of ['order_accepted', 'order_shipped', 'order_finished'] as const) {
        await tx
          .updateTable('points_exchange_orders')
          .set({ status })
          .where('order_no', '=', placed.orderNo)
          .execute()
        await tx.updateTable('orders').set({ status }).where('order_no', '=', placed.orderNo).execute()
      }
    })
    const first = await until(
      () => adoptOrphans(shop.deps, undefined, () => {}),
      ({ outOfStep }) => outOfStep.has(placed.orderNo),
      'the list shows the status of the workflow',
    )
    expect(first.resynced).toEqual([])
    const second = await adoptOrphans(shop.deps, first, () => {})
    expect(second.resynced).toEqual([placed.orderNo])
    await ended(shop, placed.orderNo)
  })
})

test('orders end correctly when Temporal loses its state between two 200 ms bursts of traffic', async () => {
  const shop = await openTestApp()
  try {
    const owners = await Promise.all(Array.from({ length: 12 }, () => customerOf(shop)))
    const before = await readHoldings(shop)
    const ways = [flows.byPoints, flows.byWallet, flows.byCard, flows.byPaidCard]
    const placed = await Promise.all(owners.map((owner, n) => (ways[n % 4] as typeof flows.byCard)(owner)))
    const doing = placed.map(({ orderNo, owner }, n) =>
      n % 3 === 0 ? shop.act(owner, orderNo, 'cancel') : shop.operate(orderNo, 'accept'),
    )
    await loseEngine(shop)
    await Promise.allSettled(doing)
    await settled(shop)
    for (const { owner } of owners) await bringBack(shop, owner)
    expect(await shop.brokenLaws()).toEqual([])
    expect((await readHoldings(shop)).provider).toEqual(before.provider)
    expect((await readHoldings(shop)).products).toEqual(before.products)
  } finally {
    await shop.close()
  }
})
