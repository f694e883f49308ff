import { ApplicationFailure } from '@temporalio/common'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Activities } from '../../activities/index.ts'
import type { ExternalStep } from '../../domain/orders/external-steps.ts'
import { readHoldings, workflowState } from '../support/db-snapshot.ts'
import {
  ACCEPT,
  act,
  byCard,
  byPaidCard,
  CANCEL_CARD,
  CANCEL_POINTS,
  CANCEL_UNPAID,
  CANCEL_WALLET,
  CARD,
  type Customer,
  DEADLINE,
  DECLINE,
  type Flow,
  LATE_MONEY,
  NEXT_ATTEMPT,
  PAY,
  type Placed,
  POINTS,
  REFUND_FINISHED,
  REFUND_PART,
  SHIP,
  SWITCH,
  WALLET,
} from '../support/flows.ts'
import type { ActivityName } from '../support/hooks.ts'
import { sampleOf, turnOf } from '../support/sample.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

/**
 * Every step fails permanently, before and after its effect. In the end points, stock, order and payment are
 * unchanged; an undo that cannot finish waits for an operator, who retries it.
 */

type When = 'before' | 'after'
interface Fault {
  readonly activity: ActivityName
  readonly when: When
}

/** Lets steps fail permanently until they are fixed, and records which orders they were about. */
function createBreaker() {
  let faults: readonly Fault[] = []
  let failed: Fault[] = []
  let orders = new Set<string>()
  const names: string[] = []
  return {
    names,
    tamper(activities: Activities): Activities {
      names.push(...Object.keys(activities))
      const wrapped = Object.entries(activities).map(([name, run]) => {
        const fail = (when: When) => {
          const fault = faults.find((one) => one.activity === name && one.when === when)
          if (!fault) return
          failed.push(fault)
          throw ApplicationFailure.nonRetryable(`${name} is broken`, 'Broken')
        }
        const broken = async (...args: never[]) => {
          for (const [orderNo] of JSON.stringify(args).matchAll(/PM\d{14}[0-9A-Z]{12}/g)) orders.add(orderNo)
          fail('before')
          const result = await (run as (...args: never[]) => Promise<unknown>)(...args)
          fail('after')
          return result
        }
        return [name, broken]
      })
      return Object.fromEntries(wrapped) as Activities
    },
    forget() {
      failed = []
      orders = new Set()
    },
    break: (...broken: readonly Fault[]) => {
      faults = broken
    },
    mend: () => {
      faults = []
    },
    failed: () => failed.map(({ activity }) => activity),
    orders: () => [...orders],
  }
}
type Breaker = ReturnType<typeof createBreaker>

interface Case {
  readonly activity: ActivityName
  readonly flows: readonly Flow[]
  /** When an operator has to retry it. */
  readonly waits?: readonly When[]
  /** Also breaks this step, before its effect: for steps that run only after another failure. */
  readonly with?: ActivityName
  /** When no order shows that it waits: none exists yet, or showing it is what fails. */
  readonly unseen?: readonly When[]
}

const ALWAYS = ['before', 'after'] as const
/** Cases wherever the steps run. */
const ANYWHERE: readonly Case[] = [
  { activity: 'placeExchange', flows: [POINTS, WALLET, CARD] },
  { activity: 'openPayment', flows: [CARD] },
  // A payment that could not be settled is refused at the second try, when all else is undone.
  { activity: 'settlePayment', flows: [PAY], waits: ['before'] },
  { activity: 'settleExchange', flows: [SWITCH] },
  { activity: 'beginClosing', flows: [CANCEL_UNPAID], waits: ALWAYS },
  { activity: 'closePayment', flows: [CANCEL_UNPAID], waits: ALWAYS },
  {
    activity: 'cancelExchange',
    flows: [CANCEL_UNPAID, CANCEL_POINTS, CANCEL_WALLET, CANCEL_CARD],
    waits: ALWAYS,
  },
  { activity: 'advanceOrder', flows: [ACCEPT] },
]
/** Cases that are the same wherever steps run: tested with all steps local. */
const OURS: readonly Case[] = [
  ...ANYWHERE,
  { activity: 'beginClosing', flows: [SWITCH], waits: ALWAYS },
  { activity: 'closePayment', flows: [DEADLINE, SWITCH], waits: ALWAYS },
  {
    activity: 'flagOrder',
    flows: [CANCEL_POINTS],
    with: 'cancelExchange',
    waits: ALWAYS,
    unseen: ['before'],
  },
  { activity: 'advanceOrder', flows: [SHIP] },
  { activity: 'noteDeclined', flows: [DECLINE] },
  { activity: 'findOpenPayment', flows: [SWITCH] },
  { activity: 'checkCash', flows: [SWITCH] },
  { activity: 'newPayment', flows: [NEXT_ATTEMPT] },
  { activity: 'cancelExchange', flows: [REFUND_FINISHED], waits: ALWAYS },
  { activity: 'listOwedRefunds', flows: [CANCEL_CARD, REFUND_FINISHED, LATE_MONEY], waits: ALWAYS },
  // Its refund is recorded: nobody is asked.
  { activity: 'refundPayment', flows: [CANCEL_CARD, REFUND_FINISHED, LATE_MONEY], waits: ['before'] },
  { activity: 'settlePayment', flows: [LATE_MONEY], waits: ALWAYS },
  // A repeat under the same key would do it; here nobody repeats.
  { activity: 'refundPart', flows: [REFUND_PART] },
  { activity: 'listOwedRefunds', flows: [REFUND_PART], waits: ALWAYS },
  { activity: 'refundPayment', flows: [REFUND_PART], waits: ['before'] },
]
/** Stock, points and orders belong to other systems. */
const OUTSIDE: readonly Case[] = [
  ...ANYWHERE,
  { activity: 'quoteExchange', flows: [POINTS] },
  { activity: 'reserveStock', flows: [POINTS] },
  { activity: 'holdPoints', flows: [POINTS] },
  { activity: 'createOrder', flows: [WALLET, CARD] },
  { activity: 'settleExchange', flows: [POINTS, WALLET] },
  { activity: 'capturePoints', flows: [WALLET, PAY] },
  { activity: 'commitStock', flows: [WALLET, PAY] },
  { activity: 'noteOutsideSettled', flows: [CANCEL_POINTS] },
  { activity: 'releaseStock', flows: [CANCEL_POINTS, CANCEL_UNPAID], waits: ALWAYS },
  { activity: 'releasePoints', flows: [CANCEL_POINTS, CANCEL_UNPAID], waits: ALWAYS },
  { activity: 'refuseAttempt', flows: [POINTS], with: 'holdPoints', waits: ALWAYS, unseen: ALWAYS },
]

let customers = 0

/** Runs the flow into the fault, fixes it if an operator is needed, and checks what is left. */
async function run(shop: TestApp, breaker: Breaker, flow: Flow, one: Case, when: When): Promise<void> {
  customers += 1
  const owner = `unlucky${customers}`
  await Promise.all([shop.points(owner, 100), shop.cash(owner, 990)])
  const customer: Customer = {
    shop,
    owner,
    points: await shop.product({ stock: 1 }),
    mixed: await shop.product({ stock: 1, payment_mode: 'mixed' }),
    sent: await shop.product({ stock: 1, payment_mode: 'mixed', shipping_type: 'logistics' }),
  }
  const before = await readHoldings(shop)
  breaker.forget()
  const placed = flow.prepare ? await flow.prepare(customer) : { ...customer, orderNo: '', payUrl: '' }
  breaker.break(
    { activity: one.activity, when },
    ...(one.with ? [{ activity: one.with, when: 'before' as const }] : []),
  )

  let done = false
  const doing = flow.run(placed).finally(() => {
    done = true
  })
  let waited = false
  const stuck = async () => {
    const shown = await shop.db
      .selectFrom('points_exchange_orders')
      .select('order_no')
      .where('owner_id', '=', owner)
      .where('needs_attention', 'is not', null)
      .execute()
    if (shown.length > 0) return shown.map(({ order_no }) => order_no)
    return one.unseen?.includes(when) && breaker.failed().includes(one.activity) ? breaker.orders() : []
  }
  await until(
    async () => {
      for (const orderNo of await stuck()) {
        breaker.mend()
        const told = await shop.operate(orderNo, 'resolve', { action: 'retry', reason: 'mended' })
        waited ||= told.status === 200
      }
      return done && (await allEnded(shop, breaker.orders()))
    },
    (atRest) => atRest,
    `${flow.name} comes to rest`,
  )
  await doing
  breaker.mend()

  expect(breaker.failed()).toContain(one.activity)
  expect(waited).toBe(one.waits?.includes(when) ?? false)
  expect(await readHoldings(shop)).toEqual(before)
  const orders = await shop.call('GET', '/api/points-mall/orders', { as: owner })
  for (const order of orders.body.data) {
    expect(order.status).toBe('order_canceled')
    expect(await attentionOf(shop, order.order_no)).toBeNull()
    expect(['closed', 'refunded']).toContain(order.payment_status)
  }
}

/** Why the order needs an operator. */
async function attentionOf(shop: TestApp, orderNo: string): Promise<string | null> {
  const path = `/api/admin/points-mall/orders/${orderNo}`
  return (await shop.call('GET', path, { as: 'op', role: 'operator' })).body.data.needs_attention
}

/** Whether every workflow of these orders has ended as expected. */
async function allEnded(shop: TestApp, orders: readonly string[]): Promise<boolean> {
  for (const no of orders) {
    const parts = await shop.db
      .selectFrom('order_refunds')
      .select('operation_key as key')
      .where('order_no', '=', no)
      .where('kind', '=', 'part')
      .execute()
    const refunds = ['1', 'after-sale', ...parts.map(({ key }) => key)]
    for (const id of [`exchange/${no}`, ...refunds.map((n) => `refund/${no}/${n}`)]) {
      const state = await workflowState(shop, id)
      if (state === 'RUNNING') return false
      if (state !== 'COMPLETED' && state !== 'NONE') throw new Error(`the workflow ${id} is ${state}`)
    }
  }
  return true
}

const WAYS = ['in one transaction', 'as a saga'] as const

describe.each<[(typeof WAYS)[number], readonly ExternalStep[], readonly Case[]]>([
  [WAYS[0], [], OURS],
  [WAYS[1], ['stock', 'points', 'orders'], OUTSIDE],
])(
  '%s, a step that fails permanently leaves points, stock, order and payment unchanged:',
  (way, outsideSteps, cases) => {
    const breaker = createBreaker()
    let shop: TestApp
    beforeAll(async () => {
      shop = await openTestApp({ outsideSteps, tamper: (activities) => breaker.tamper(activities) })
    })
    afterAll(() => shop.close())
    afterEach(async () => expect(await shop.brokenLaws()).toEqual([]))

    for (const [n, one] of cases.entries()) {
      if (ANYWHERE.includes(one) && !turnOf(WAYS, n).includes(way)) continue
      for (const flow of sampleOf(one.flows, 1)) {
        for (const when of turnOf(ALWAYS, n)) {
          test(`${one.activity}, ${when} its effect, ${flow.name}`, () => run(shop, breaker, flow, one, when))
        }
      }
    }

    test('every step that runs here has a case', () => {
      const elsewhere = outsideSteps.length > 0 ? OURS : OUTSIDE
      const covered = new Set([...cases, ...elsewhere].map(({ activity }) => activity))
      // Steps of the expiry: tests/wallet/expiry.test.ts.
      const expiry = ['expireBatch', 'grantMatureBatch']
      // Steps of goods that the mall hands out: tests/fulfilment/.
      const handingOut = ['deliverOrder', 'chargeOrder']
      // Steps of parcels: tests/shipments/.
      const shipping = ['addShipment', 'correctShipment', 'extendConfirm']
      // Steps of after-sales: tests/orders/after-sales.test.ts.
      const afterSale = /AfterSale/
      // Steps of an adoption: tests/orders/adoption.test.ts.
      const carryingOn = ['resumeExchange', 'readProgress']
      // Only an operator calls it: see "while an order waits for an operator".
      const byWord = ['settleByHand']
      // Steps of the reconciliation: tests/reconciliation/reconciliation.test.ts.
      const comparing = /^(reconcile\w+|\w+Reconciliation)$/
      const steps = breaker.names.filter(
        (name) =>
          ![...expiry, ...byWord, ...carryingOn, ...handingOut, ...shipping].includes(name) &&
          !comparing.test(name) &&
          !afterSale.test(name),
      )
      expect([...covered].toSorted()).toEqual(steps.toSorted())
    })
  },
)

describe('while an order waits for an operator', () => {
  const breaker = createBreaker()
  let shop: TestApp
  beforeAll(async () => {
    shop = await openTestApp({ tamper: (activities) => breaker.tamper(activities) })
  })
  afterAll(() => shop.close())

  async function stuck(activity: ActivityName, redeem: (customer: Customer) => Promise<Placed>) {
    customers += 1
    const owner = `waiting${customers}`
    await shop.points(owner, 100)
    const mixed = await shop.product({ stock: 1, payment_mode: 'mixed' })
    const before = await readHoldings(shop)
    const placed = await redeem({ shop, owner, mixed, points: mixed, sent: mixed })
    breaker.break({ activity, when: 'before' })
    const canceling = act('cancel')(placed)
    await until(
      () => attentionOf(shop, placed.orderNo),
      (why) => why !== null,
      'it needs attention',
    )
    breaker.mend()
    return { ...placed, before, canceling }
  }
  const resolve = (orderNo: string, action: 'retry' | 'skip' | 'settle') =>
    shop.operate(orderNo, 'resolve', { action, reason: 'looked at it' })
  const settled = (owner: string, orderNo: string, payment_status: string) =>
    until(
      () => shop.order(owner, orderNo),
      (order) => order.payment_status === payment_status,
      `${orderNo} is ${payment_status}`,
    )

  test('refuses other requests, and still refunds money that arrives', async () => {
    const { owner, orderNo, before, canceling } = await stuck('cancelExchange', byCard)
    await shop.control('force-pay', { out_trade_no: `${orderNo}-1` })
    await until(
      () =>
        shop.db
          .selectFrom('webhook_inbox')
          .select('outcome')
          .where('order_no', '=', orderNo)
          .where('kind', '=', 'paid')
          .execute(),
      ([event]) => event?.outcome === 'signalled',
      'the workflow has the notification',
    )
    for (const action of ['cancel', 'pay', 'confirm']) {
      expect((await shop.act(owner, orderNo, action)).status).toBe(409)
    }
    expect((await resolve(orderNo, 'retry')).status).toBe(200)
    expect((await canceling).body.data.status).toBe('order_canceled')
    expect(await attentionOf(shop, orderNo)).toBeNull()
    await settled(owner, orderNo, 'refunded')
    await until(
      () => allEnded(shop, [orderNo]),
      (atRest) => atRest,
      'its workflows end',
    )
    expect(await readHoldings(shop)).toEqual(before)
    expect(await shop.brokenLaws()).toEqual([])
  })

  test('"skip" continues without an undo, but never without a refund', async () => {
    const { owner, orderNo, canceling } = await stuck('refundPayment', byPaidCard)
    expect((await resolve(orderNo, 'skip')).status).toBe(409)
    await canceling
    expect(await shop.order(owner, orderNo)).toMatchObject({
      status: 'order_canceled',
      payment_status: 'refunding',
    })
    expect(await attentionOf(shop, orderNo)).not.toBeNull()
    expect((await resolve(orderNo, 'retry')).status).toBe(200)
    await settled(owner, orderNo, 'refunded')

    const close = await stuck('closePayment', byCard)
    expect((await resolve(close.orderNo, 'settle')).status).toBe(409)
    expect((await resolve(close.orderNo, 'skip')).status).toBe(200)
    await close.canceling
    expect(await shop.order(close.owner, close.orderNo)).toMatchObject({ status: 'order_canceled' })
  })

  for (const when of ALWAYS) {
    test(`settleByHand that fails ${when} its effect is done once when repeated`, async () => {
      const { owner, orderNo, canceling } = await stuck('refundPayment', byPaidCard)
      await canceling
      breaker.break({ activity: 'settleByHand', when })
      expect((await resolve(orderNo, 'settle')).status).toBe(503)
      breaker.mend()
      expect((await resolve(orderNo, 'settle')).status).toBe(200)
      await settled(owner, orderNo, 'refunded')
      await until(
        () => allEnded(shop, [orderNo]),
        (atRest) => atRest,
        'its workflow ends',
      )
      expect(await attentionOf(shop, orderNo)).toBeNull()
      const { refunds } = await shop.order(owner, orderNo)
      expect(refunds).toMatchObject([{ state: 'done_by_hand' }])
      expect(await shop.brokenLaws()).toEqual([])
    })
  }
})
