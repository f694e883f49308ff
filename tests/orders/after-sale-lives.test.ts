import { afterAll, beforeAll, expect, test } from 'vitest'
import { fenOf } from '../../domain/money.ts'
import {
  AFTER_SALE_ACTIONS,
  type AfterSaleAction,
  type AfterSaleState,
  allowsAfterSale,
  isOpenAfterSale,
} from '../../domain/orders/after-sale.ts'
import { ended, workflowState } from '../support/db-snapshot.ts'
import { compareBooks, type Trade } from '../support/provider-books.ts'
import { createRandom } from '../support/random.ts'
import { sampleOf } from '../support/sample.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

/**
 * Lives of after-sales: orders of several pieces, of which customers and operators return some, in any order and at once,
 * or let deadlines pass. The days of the deadlines are scaled to fractions of a second.
 */

const ORDERS = 1_100
const SAMPLE = 6
const AT_ONCE = 8
const DEADLINE_MS = 150
const SEED = Number(process.env.TESTS_SEED ?? 1)

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp({
    afterSale: {
      decideMs: DEADLINE_MS,
      appealMs: DEADLINE_MS,
      returnMs: DEADLINE_MS,
      receiveMs: DEADLINE_MS,
      receiptAppealMs: DEADLINE_MS,
    },
  })
})
afterAll(() => mall.close())

const ROUTES: Readonly<Record<AfterSaleAction, string>> = {
  cancel: 'cancel',
  appeal: 'appeal',
  send_back: 'return-shipment',
  approve: 'approve',
  refuse: 'refuse',
  receive: 'receive',
  refuse_receipt: 'refuse-receipt',
}
const ACTIONS = Object.keys(ROUTES) as AfterSaleAction[]
const PARCEL = { carrier: '顺丰', tracking_no: 'SF1234567890123' }
const ADDRESS = { name: '李雷', phone: '13800000000', detail: '杭州市西湖区' }
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

interface Sale {
  readonly id: string
  readonly state: AfterSaleState
  readonly points: number
  readonly money: { readonly amount: string }
  readonly quantity: number
  readonly overdue: boolean
}

/** @returns the after-sales of one order, all ended */
async function live(n: number): Promise<Sale[]> {
  const random = createRandom(SEED * 10_000 + n)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <T>(of: readonly T[]): T => of[below(of.length)] as T
  const owner = `life${n}`
  const quantity = 1 + below(5)
  const method = pick(['points', 'wallet', 'bank_card'] as const)
  const fen = method === 'points' ? 0 : 100 + below(900)
  await mall.points(owner, 100 * quantity)
  if (method === 'wallet') await mall.cash(owner, fen * quantity)
  const product_id = await mall.product({
    payment_mode: method === 'points' ? 'points_only' : 'mixed',
    fen,
    stock: 10,
    shipping_type: 'logistics',
    returnable: { days: 7 },
  })
  const body = {
    product_id,
    quantity,
    address: ADDRESS,
    ...(method === 'points' ? {} : { payment_method: method }),
  }
  const placed = await mall.exchange(owner, body)
  expect(placed.status, JSON.stringify(placed.body)).toBe(201)
  const { order_no: orderNo, payment_info } = placed.body.data
  if (method === 'bank_card') await mall.cashier(payment_info.pay_url, 'pay')
  await mall.reach(owner, orderNo, 'order_paid')
  const steps = [['accept'], ['ship', PARCEL], ['finish']] as const
  for (const [action, sent] of steps.slice(0, below(4))) await mall.operate(orderNo, action, sent)
  if (below(3) === 0) {
    // What is left does not divide evenly any more.
    await mall.operate(orderNo, 'refund', { reason: '补偿', points: 1 + below(50) })
  }

  const list = async (): Promise<Sale[]> =>
    (
      await mall.call('GET', `/api/admin/points-mall/after-sales?order_no=${orderNo}&per_page=100`, {
        as: 'op',
        role: 'operator',
      })
    ).body.data
  const ask = async () =>
    mall.call('POST', `/api/points-mall/orders/${orderNo}/after-sales`, {
      as: owner,
      body: {
        type: pick(['refund_only', 'return_refund']),
        quantity: 1 + below(Math.min(2, quantity)),
        reason: '不合适',
      },
    })
  const act = async (id: string, action: AfterSaleAction) => {
    const { by } = AFTER_SALE_ACTIONS[action]
    const path = `/api/${by === 'operator' ? 'admin/' : ''}points-mall/after-sales/${id}/${ROUTES[action]}`
    const sent =
      action === 'send_back'
        ? PARCEL
        : action === 'receive'
          ? { sellable: below(2) === 0 }
          : action === 'cancel' || action === 'approve'
            ? {}
            : { reason: '见说明' }
    const who = by === 'operator' ? ({ as: 'op', role: 'operator' } as const) : { as: owner }
    const { status } = await mall.call('POST', path, { ...who, body: sent })
    expect([200, 202, 409]).toContain(status)
  }

  await Promise.all(Array.from({ length: 1 + below(2) }, ask))
  for (let turn = 0; turn < 12; turn += 1) {
    const open = (await list()).filter(({ state }) => isOpenAfterSale(state))
    if (open.length === 0 && below(2) === 0) break
    if (open.length === 0 || below(4) === 0) await ask()
    const [sale] = open
    if (!sale) continue
    if (below(4) === 0) await pause(below(2 * DEADLINE_MS))
    const possible = ACTIONS.filter((action) => allowsAfterSale(sale.state, action))
    // Two at once, also of the kind that the state does not allow.
    const wanted = [
      possible.length > 0 ? pick(possible) : pick(ACTIONS),
      ...(below(3) === 0 ? [pick(ACTIONS)] : []),
    ]
    await Promise.all(wanted.map((action) => act(sale.id, action)))
  }
  if (below(8) === 0) await mall.operate(orderNo, 'refund', { reason: '全部退款' })
  // From now on operators act in time; customers let their deadlines pass.
  const sales = await until(
    async () => {
      const all = await list()
      for (const { id, state } of all) {
        if (state === 'requested') await act(id, pick(['approve', 'refuse']))
        if (state === 'returning') await act(id, 'receive')
      }
      return all
    },
    (all) => all.every(({ state }) => !isOpenAfterSale(state)),
    `the after-sales of ${orderNo} end`,
  )
  const order = await mall.order(owner, orderNo)
  const back = order.refunds.reduce(
    (sum: { points: number; fen: bigint }, refund: { points: number; money: { amount: string } }) => ({
      points: sum.points + refund.points,
      fen: sum.fen + fenOf(refund.money.amount),
    }),
    { points: 0, fen: 0n },
  )
  const paid = { points: order.total_points, fen: fenOf(order.total_money.amount) }
  expect(back.points <= paid.points && back.fen <= paid.fen).toBe(true)
  if (order.status === 'order_canceled') expect(back).toEqual(paid)
  if (order.status === 'order_canceled' || order.status === 'order_finished') await ended(mall, orderNo)
  for (const { id, state, overdue } of sales) {
    expect([state, overdue]).toEqual([state === 'completed' ? 'completed' : 'closed', false])
    if (state === 'completed') {
      await until(
        () => workflowState(mall, `after-sale/${id}`),
        (name) => name === 'COMPLETED',
        `the workflow of after-sale ${id} ends`,
      )
    }
  }
  return sales
}

test('after-sales of any lives end, and the books balance', async () => {
  const left = sampleOf(
    Array.from({ length: ORDERS }, (_, n) => n),
    SAMPLE,
  )
  const count = left.length
  const lived: Sale[] = []
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let n = left.shift(); n !== undefined; n = left.shift()) lived.push(...(await live(n)))
    }),
  )
  expect(lived.length).toBeGreaterThanOrEqual(count)
  expect(await mall.brokenLaws()).toEqual([])
  await until(
    async () => compareBooks(mall.db, (await mall.books()) as unknown as Trade[]),
    (kept) => kept.every((order) => order.due === order.kept),
    'the provider keeps what is left of each live order, and no more',
  )
  const states = Object.groupBy(lived, ({ state }) => state)
  process.stdout.write(
    `${JSON.stringify({ orders: count, lives: lived.length, completed: states.completed?.length, closed: states.closed?.length })}\n`,
  )
}, 3_600_000)
