import { ApplicationFailure } from '@temporalio/common'
import { Webhook } from 'standardwebhooks'
import type { Activities } from '../../activities/index.ts'
import { importCodes } from '../../application/fulfilment/codes.ts'
import type { ExchangeSettings } from '../../application/orders/exchange-deps.ts'
import { adjust } from '../../db/wallet/grants.ts'
import { yesterdayInShanghai } from '../../domain/business-time.ts'
import type { Returnable } from '../../domain/catalogue/product.ts'
import { AFTER_SALE_DEADLINES, type AfterSaleType } from '../../domain/orders/after-sale.ts'
import { createHttpOrders } from '../../partners/http-orders.ts'
import {
  afterSaleWorkflowId,
  EXPIRY_ID,
  EXPIRY_WORKFLOW,
  exchangeWorkflowId,
  RECONCILIATION_WORKFLOW,
  type ReconciliationInput,
  reconciliationId,
  refundWorkflowId,
  resyncSignal,
  TASK_QUEUE,
} from '../../workflows/messages.ts'
import { adoptAll, loseWorkflow } from '../support/engine-loss.ts'
import { createHooks } from '../support/hooks.ts'
import { type OrderServiceServer, startOrderService } from '../support/order-service-server.ts'
import { type Answer, type MallOptions, openTestApp, type TestApp, until } from '../support/test-app.ts'

/** A mall in which any step can be made to fail. */
export interface Stage extends TestApp {
  readonly hooks: ReturnType<typeof createHooks>
  /** The numbers of orders that were requested, refused ones included. */
  readonly begun: string[]
  /** Keeps the orders of branches whose settings say so. */
  readonly service: OrderServiceServer
}

export interface WorkflowRun {
  readonly workflowId: string
  readonly runId?: string
}

/** One path through the workflows. */
export interface Branch {
  readonly name: string
  readonly settings?: Partial<ExchangeSettings>
  /** Plays it to the workflow's end. @returns the workflow's id, or one of its runs */
  readonly play: (stage: Stage, owner: string) => Promise<string | WorkflowRun>
}

export async function openStage(options: MallOptions = {}): Promise<Stage> {
  const hooks = createHooks()
  const begun: string[] = []
  const noting = (activities: Activities): Activities => ({
    ...activities,
    placeExchange: (input) => {
      begun.push(input.orderNo)
      return activities.placeExchange(input)
    },
    quoteExchange: (orderNo) => {
      begun.push(orderNo)
      return activities.quoteExchange(orderNo)
    },
  })
  const within = options.tamper ?? ((activities: Activities) => activities)
  const secret = 'the secret of the shop and its mall, shared'
  const service = await startOrderService({ mall: secret })
  const mall = await openTestApp({
    ...options,
    orderService: createHttpOrders({ baseUrl: service.url, keyId: 'mall', secret }),
    tamper: (activities) => noting(hooks.tamper(within(activities))),
  })
  mall.configure({ orderService: 'mall' })
  const close = async () => {
    await mall.close()
    await service.stop()
  }
  return { ...mall, close, hooks, begun, service }
}

/** Plays a branch with its settings. @returns the run of its history, which has ended */
export async function play(stage: Stage, branch: Branch): Promise<WorkflowRun> {
  const usual: ExchangeSettings = { ...stage.deps.settings }
  stage.configure(branch.settings ?? {})
  try {
    const played = await branch.play(stage, branch.name)
    const run = typeof played === 'string' ? { workflowId: played } : played
    await stage.temporal.client.workflow.getHandle(run.workflowId).result()
    return run
  } finally {
    stage.hooks.clear()
    stage.service.cause(undefined)
    stage.configure({ runLimits: undefined, ...usual })
  }
}

const OUTSIDE = { outsideSteps: ['stock', 'points', 'orders'] } as const
const SHORT = { paymentTimeoutMs: 700 }

const noSuchLuck = () => {
  throw ApplicationFailure.nonRetryable('the other system says no', 'ProviderRefusalError')
}

/** Fails so many times as an unavailable system does. */
function unavailable(times: number): () => void {
  let left = times
  return () => {
    left -= 1
    if (left >= 0) throw new Error('away for a moment')
  }
}

/** Redeems one piece, or as many as the cost says, and expects success. */
async function redeem(stage: Stage, owner: string, cost: Cost): Promise<Ordered> {
  const answer = await ask(stage, owner, cost)
  if (answer.status !== 201) throw new Error(`answered ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body.data
}

async function ask(stage: Stage, owner: string, cost: Cost): Promise<Answer> {
  const { point = 0, fen = 0, method, quantity = 1 } = cost
  const payment_mode = fen === 0 ? 'points_only' : point === 0 ? 'money_only' : 'mixed'
  const product_id = await stage.product({
    payment_mode,
    point,
    fen,
    stock: 5,
    shipping_type: 'logistics',
    ...(cost.returnable ? { returnable: cost.returnable } : {}),
  })
  if (point > 0) await stage.points(owner, point * quantity)
  if (cost.cash) await stage.cash(owner, cost.cash * quantity)
  const address = { name: '李雷', phone: '13800000000', detail: '杭州市西湖区' }
  return stage.exchange(owner, {
    product_id,
    quantity,
    address,
    ...(method ? { payment_method: method } : {}),
  })
}

interface Cost {
  readonly point?: number
  readonly fen?: number
  readonly method?: 'wallet' | 'bank_card' | 'alipay'
  /** Fen in the owner's cash wallet, for each piece. */
  readonly cash?: number
  readonly quantity?: number
  readonly returnable?: Returnable
}
interface Ordered {
  readonly order_no: string
  readonly payment_info: { readonly pay_url: string }
}

const CARD: Cost = { point: 100, fen: 990, method: 'bank_card' }
const WALLET: Cost = { point: 100, fen: 990, method: 'wallet', cash: 990 }

const RETURNABLE = { returnable: { days: 7 } } as const

/** Asks to return one piece. @returns the id of the after-sale */
async function askAfterSale(
  stage: Stage,
  owner: string,
  order_no: string,
  type: AfterSaleType = 'return_refund',
): Promise<string> {
  const path = `/api/points-mall/orders/${order_no}/after-sales`
  const body = { type, quantity: 1, reason: '颜色不对' }
  const answer = await stage.call('POST', path, { as: owner, body })
  if (answer.status !== 201) throw new Error(`answered ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body.data.id
}

const onAfterSale = (stage: Stage, id: string, action: string, body: object = {}) =>
  expectStatus(
    stage.call('POST', `/api/admin/points-mall/after-sales/${id}/${action}`, {
      as: 'op',
      role: 'operator',
      body,
    }),
    200,
  )

async function expectStatus(answer: Promise<Answer>, status: number): Promise<void> {
  const { status: got, body } = await answer
  if (got !== status) throw new Error(`answered ${got} instead of ${status}: ${JSON.stringify(body)}`)
}

async function payByCard(stage: Stage, owner: string, { order_no, payment_info }: Ordered): Promise<void> {
  await stage.cashier(payment_info.pay_url, 'pay')
  await stage.reach(owner, order_no, 'order_paid')
}

async function ship(stage: Stage, order_no: string): Promise<void> {
  await expectStatus(stage.operate(order_no, 'accept'), 200)
  await expectStatus(stage.operate(order_no, 'ship', { carrier: '顺丰', tracking_no: 'SF1' }), 200)
}

const cancel = (stage: Stage, owner: string, order_no: string) =>
  expectStatus(stage.act(owner, order_no, 'cancel'), 200)

/** Waits until the order asks for an operator. */
async function needsAttention(stage: Stage, owner: string, order_no: string): Promise<void> {
  await until(
    () => stage.order(owner, order_no),
    (order) => order.needs_attention !== null,
    `${order_no} needs attention`,
  )
}

const resolve = (stage: Stage, order_no: string, action: 'retry' | 'settle') =>
  expectStatus(stage.operate(order_no, 'resolve', { action, reason: 'seen to' }), 200)

async function partWorkflowId(stage: Stage, order_no: string): Promise<string> {
  const { operation_key } = await stage.db
    .selectFrom('order_refunds')
    .select('operation_key')
    .where('order_no', '=', order_no)
    .executeTakeFirstOrThrow()
  return refundWorkflowId(order_no, operation_key)
}

/** An event of the order domain, in that system's format. */
async function orderEvent(stage: Stage, order_no: string, kind: string, n: string): Promise<void> {
  const parcel = kind === 'shipped' ? { carrier: '顺丰', tracking_no: 'SF1234567890' } : {}
  const body = JSON.stringify({ type: `order.${kind}`, data: { order_no, ...parcel } })
  const at = new Date()
  const id = `msg_${order_no}_${n}`
  await expectStatus(
    stage.call('POST', '/api/webhooks/orders', {
      body,
      headers: {
        'webhook-id': id,
        'webhook-timestamp': `${Math.floor(at.getTime() / 1000)}`,
        'webhook-signature': new Webhook(stage.deps.ordersWebhookSecret ?? '').sign(id, at, body),
      },
    }),
    200,
  )
}

/** Loses the workflow as if Temporal had lost its state, and adopts the order. */
async function loseAndAdopt(stage: Stage, order_no: string): Promise<void> {
  await loseWorkflow(stage, exchangeWorkflowId(order_no))
  await adoptAll(stage)
}

async function finishOrder(stage: Stage, owner: string, order: Ordered): Promise<string> {
  await ship(stage, order.order_no)
  await expectStatus(stage.act(owner, order.order_no, 'confirm'), 200)
  const id = exchangeWorkflowId(order.order_no)
  await stage.temporal.client.workflow.getHandle(id).result()
  return id
}

/** Redeems and expects a refusal. @returns the workflow's id, which the answer does not contain */
async function refused(stage: Stage, owner: string, cost: Cost, code: string): Promise<string> {
  const answer = await ask(stage, owner, cost)
  // On a slow machine the refusal may come after the answer: then it is found by order number.
  if (answer.status === 202) {
    await until(
      () => stage.order(owner, answer.body.data.order_no),
      (order) => order?.cancel_reason === code,
      `${code} shows on the order`,
    )
  } else if (answer.body.code !== code)
    throw new Error(`answered ${answer.status} ${JSON.stringify(answer.body)}`)
  return exchangeWorkflowId(stage.begun.at(-1) ?? '')
}

/** Sells the stock between the API's check and the workflow's. */
const sellOut = (stage: Stage) => {
  return async () => {
    const products = stage.db.selectFrom('points_products').select('id').where('stock_quantity', '=', 5)
    for (const { id } of await products.execute()) await stage.setStock(id, 0)
  }
}

/** Spends the balance between the API's check and the workflow's. */
async function spend(stage: Stage, owner: string, currency: 'ZJF' | 'CNY'): Promise<void> {
  await stage.db.transaction().execute((tx) =>
    adjust(
      tx,
      stage.deps.vault,
      { ownerId: owner, currency, amount: -1n },
      {
        operationKey: `spent/${owner}/${currency}`,
        reason: 'spent',
      },
    ),
  )
}

/** Every path through `exchangeWorkflow`, `refundWorkflow` and `afterSaleWorkflow`; each has a committed history. */
export const BRANCHES: readonly Branch[] = [
  {
    name: 'points-only-canceled',
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, { point: 100 })
      await cancel(stage, owner, order_no)
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'wallet-confirmed',
    async play(stage, owner) {
      return finishOrder(stage, owner, await redeem(stage, owner, WALLET))
    },
  },
  {
    name: 'codes-handed-out',
    play: async (stage, owner) => {
      const product_id = await stage.product({ point: 100, shipping_type: 'none', stock: 0 })
      await stage.db
        .updateTable('points_products')
        .set({ delivery: 'codes' })
        .where('id', '=', product_id)
        .execute()
      const cause = { operationKey: 'codes of the branch', operatorId: 'op' }
      await importCodes(stage.deps, product_id, [{ line: 1, code: 'ABCD-0001' }], cause)
      await stage.points(owner, 100)
      const { order_no } = (await stage.exchange(owner, { product_id })).body.data
      await stage.reach(owner, order_no, 'order_shipped')
      await expectStatus(stage.act(owner, order_no, 'confirm'), 200)
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'charged-at-the-supplier',
    async play(stage, owner) {
      const order_no = await redeemCharge(stage, owner, 'answer_lost')
      await stage.reach(owner, order_no, 'order_shipped')
      await expectStatus(stage.act(owner, order_no, 'confirm'), 200)
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'charge-fails-at-the-supplier',
    async play(stage, owner) {
      const order_no = await redeemCharge(stage, owner, 'fails')
      await stage.reach(owner, order_no, 'order_canceled')
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'charge-refunded-after-a-negative-answer',
    async play(stage, owner) {
      const order_no = await redeemCharge(stage, owner, 'stuck')
      await until(
        () => stage.call('GET', `/api/admin/points-mall/orders/${order_no}`, { as: 'op', role: 'operator' }),
        ({ body }) => body.data.charge.state === 'processing',
        'it is processed',
      )
      await expectStatus(stage.act(owner, order_no, 'cancel'), 409)
      await expectStatus(stage.operate(order_no, 'refund', { reason: '客户要求' }), 409)
      await stage.control('supplier/settle', { charge_no: order_no, state: 'failed' })
      await expectStatus(stage.operate(order_no, 'charge/query'), 200)
      await stage.reach(owner, order_no, 'order_canceled')
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'card-finished-by-operator',
    async play(stage, owner) {
      const order = await redeem(stage, owner, CARD)
      await payByCard(stage, owner, order)
      await ship(stage, order.order_no)
      await expectStatus(stage.operate(order.order_no, 'finish'), 200)
      return exchangeWorkflowId(order.order_no)
    },
  },
  {
    name: 'shipped-in-parcels-and-extended',
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, { point: 100, quantity: 2 })
      const parcel = (n: number) => ({ carrier: 'yto', tracking_no: `YT000000000000${n}` })
      await expectStatus(stage.operate(order_no, 'accept'), 200)
      await expectStatus(stage.operate(order_no, 'shipments', { ...parcel(1), quantity: 1 }), 200)
      await expectStatus(stage.operate(order_no, 'shipments', { ...parcel(2), quantity: 2 }), 409)
      await expectStatus(stage.operate(order_no, 'shipments', parcel(2)), 200)
      const [{ id }] = (await stage.order(owner, order_no)).delivery.shipments
      const correction = { as: 'op', role: 'operator', body: parcel(3) } as const
      const path = `/api/admin/points-mall/orders/${order_no}/shipments/${id}`
      await expectStatus(stage.call('PATCH', path, correction), 200)
      await expectStatus(stage.act(owner, order_no, 'extend'), 200)
      await expectStatus(stage.act(owner, order_no, 'extend'), 409)
      await expectStatus(stage.act(owner, order_no, 'confirm'), 200)
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'card-auto-confirmed',
    settings: { autoConfirmTimeoutMs: 300 },
    async play(stage, owner) {
      const order = await redeem(stage, owner, CARD)
      await payByCard(stage, owner, order)
      await ship(stage, order.order_no)
      await stage.reach(owner, order.order_no, 'order_finished')
      return exchangeWorkflowId(order.order_no)
    },
  },
  {
    name: 'card-declined-then-paid-then-canceled',
    async play(stage, owner) {
      const order = await redeem(stage, owner, CARD)
      await stage.cashier(order.payment_info.pay_url, 'decline')
      await payByCard(stage, owner, order)
      await cancel(stage, owner, order.order_no)
      return exchangeWorkflowId(order.order_no)
    },
  },
  {
    name: 'card-refunded-after-shipping',
    async play(stage, owner) {
      const order = await redeem(stage, owner, CARD)
      await payByCard(stage, owner, order)
      await ship(stage, order.order_no)
      await expectStatus(stage.act(owner, order.order_no, 'cancel'), 409)
      await expectStatus(stage.operate(order.order_no, 'refund', { reason: '破损' }), 200)
      return exchangeWorkflowId(order.order_no)
    },
  },
  {
    name: 'card-deadline',
    settings: SHORT,
    async play(stage, owner) {
      return exchangeWorkflowId((await redeem(stage, owner, CARD)).order_no)
    },
  },
  {
    name: 'card-paid-while-closing',
    settings: SHORT,
    async play(stage, owner) {
      await stage.control('faults', { fault: 'pay_during_close', count: 1 })
      const { order_no } = await redeem(stage, owner, CARD)
      await stage.reach(owner, order_no, 'order_paid')
      await cancel(stage, owner, order_no)
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'card-paid-while-canceling',
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, CARD)
      await stage.control('faults', { fault: 'pay_during_close', count: 1 })
      await cancel(stage, owner, order_no)
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'card-canceled-unpaid',
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, CARD)
      await expectStatus(stage.operate(order_no, 'ship', { carrier: '顺丰', tracking_no: 'SF1' }), 409)
      await cancel(stage, owner, order_no)
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'card-paid-again-and-by-wallet',
    async play(stage, owner) {
      const order = await redeem(stage, owner, CARD)
      const { order_no } = order
      await expectStatus(stage.act(owner, order_no, 'pay'), 200)
      await expectStatus(stage.act(owner, order_no, 'pay', { payment_method: 'wallet' }), 409)
      await stage.cash(owner, 990)
      await expectStatus(stage.act(owner, order_no, 'pay', { payment_method: 'wallet' }), 200)
      await stage.reach(owner, order_no, 'order_paid')
      // The first attempt is paid, too: it is refunded while the order continues.
      await stage.control('force-pay', { out_trade_no: `${order_no}-1` })
      await until(
        () => stage.books(),
        (books) =>
          books.some((trade) => trade.out_trade_no === `${order_no}-1` && trade.state === 'refunded'),
        'the second payment is refunded',
      )
      return finishOrder(stage, owner, order)
    },
  },
  {
    name: 'card-reopened-after-the-cash-was-spent',
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, { ...CARD, cash: 990 })
      stage.hooks.before('settleExchange', () => spend(stage, owner, 'CNY'))
      await expectStatus(stage.act(owner, order_no, 'pay', { payment_method: 'wallet' }), 409)
      const again = await stage.act(owner, order_no, 'pay', { payment_method: 'bank_card' })
      await payByCard(stage, owner, again.body.data)
      await cancel(stage, owner, order_no)
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'step-fails-for-good-while-somebody-waits',
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, { point: 100 })
      stage.hooks.before('advanceOrder', noSuchLuck)
      await expectStatus(stage.operate(order_no, 'accept'), 409)
      await stage.reach(owner, order_no, 'order_canceled')
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'order-domain-events',
    async play(stage, owner) {
      const order = await redeem(stage, owner, { point: 100 })
      const { order_no } = order
      await orderEvent(stage, order_no, 'shipped', '1')
      await stage.reach(owner, order_no, 'order_shipped')
      await orderEvent(stage, order_no, 'shipped', '1')
      await orderEvent(stage, order_no, 'accepted', '2')
      await orderEvent(stage, order_no, 'canceled', '3')
      await orderEvent(stage, order_no, 'finished', '4')
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'order-domain-finishes-at-once',
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, WALLET)
      await orderEvent(stage, order_no, 'finished', '1')
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'order-domain-cancels-unpaid',
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, CARD)
      await orderEvent(stage, order_no, 'accepted', '1')
      await orderEvent(stage, order_no, 'canceled', '2')
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'refused',
    play(stage, owner) {
      stage.hooks.before('placeExchange', sellOut(stage))
      return refused(stage, owner, { point: 100 }, 'OUT_OF_STOCK')
    },
  },
  {
    name: 'placing-fails-for-good',
    play(stage, owner) {
      stage.hooks.before('placeExchange', noSuchLuck)
      return refused(stage, owner, { point: 100 }, 'UNAVAILABLE')
    },
  },
  {
    name: 'placing-takes-several-tries',
    async play(stage, owner) {
      stage.hooks.before('placeExchange', unavailable(4))
      const { order_no } = await redeem(stage, owner, { point: 100 })
      await cancel(stage, owner, order_no)
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'payment-cannot-be-opened',
    play(stage, owner) {
      stage.hooks.before('openPayment', noSuchLuck)
      return refused(stage, owner, CARD, 'UNAVAILABLE')
    },
  },
  {
    name: 'closing-needs-an-operator-who-retries',
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, CARD)
      stage.hooks.before('closePayment', noSuchLuck)
      const canceling = cancel(stage, owner, order_no)
      await needsAttention(stage, owner, order_no)
      await expectStatus(stage.operate(order_no, 'accept'), 409)
      stage.hooks.clear()
      await resolve(stage, order_no, 'retry')
      await canceling
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'undo-needs-an-operator-who-goes-on',
    settings: OUTSIDE,
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, { point: 100 })
      stage.hooks.before('releaseStock', noSuchLuck)
      const canceling = cancel(stage, owner, order_no)
      await needsAttention(stage, owner, order_no)
      stage.hooks.clear()
      await resolve(stage, order_no, 'retry')
      await canceling
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'refund-needs-an-operator',
    async play(stage, owner) {
      const order = await redeem(stage, owner, CARD)
      await payByCard(stage, owner, order)
      await stage.control('faults', { fault: 'refund_failed', count: 1 })
      await cancel(stage, owner, order.order_no)
      await needsAttention(stage, owner, order.order_no)
      await resolve(stage, order.order_no, 'retry')
      return exchangeWorkflowId(order.order_no)
    },
  },
  {
    name: 'refund-settled-by-hand',
    async play(stage, owner) {
      const order = await redeem(stage, owner, CARD)
      await payByCard(stage, owner, order)
      await stage.control('faults', { fault: 'refund_failed', count: 1 })
      await cancel(stage, owner, order.order_no)
      await needsAttention(stage, owner, order.order_no)
      await resolve(stage, order.order_no, 'settle')
      return exchangeWorkflowId(order.order_no)
    },
  },
  {
    name: 'part-refunded',
    async play(stage, owner) {
      const order = await redeem(stage, owner, CARD)
      await payByCard(stage, owner, order)
      const part = { reason: '少发一件', points: 30, money: { amount: '3.30', currency: 'CNY' } }
      await expectStatus(stage.operate(order.order_no, 'refund', part), 200)
      return partWorkflowId(stage, order.order_no)
    },
  },
  {
    name: 'part-refund-needs-an-operator',
    async play(stage, owner) {
      const order = await redeem(stage, owner, CARD)
      await payByCard(stage, owner, order)
      await stage.control('faults', { fault: 'refund_failed', count: 1 })
      const part = { reason: '少发一件', money: { amount: '3.30', currency: 'CNY' } }
      await expectStatus(stage.operate(order.order_no, 'refund', part), 200)
      await needsAttention(stage, owner, order.order_no)
      await resolve(stage, order.order_no, 'retry')
      return partWorkflowId(stage, order.order_no)
    },
  },
  {
    name: 'part-settled-by-hand-beside-another',
    async play(stage, owner) {
      const order = await redeem(stage, owner, CARD)
      await payByCard(stage, owner, order)
      await stage.control('faults', { fault: 'refund_failed', count: 2 })
      const { order_no } = order
      let questions = 0
      stage.hooks.before('flagOrder', () => {
        questions += 1
      })
      for (const amount of ['3.30', '2.20']) {
        const part = { reason: '少发一件', money: { amount, currency: 'CNY' } }
        await expectStatus(stage.operate(order_no, 'refund', part), 200)
      }
      await until(
        () => questions,
        (asked) => asked === 2,
        'an operator is asked about both',
      )
      const settle = (n: number) =>
        stage.operate(order_no, 'resolve', {
          action: 'settle',
          reason: 'seen to',
          refund_no: `${order_no}-R${n}`,
        })
      await expectStatus(settle(1), 200)
      await expectStatus(settle(1), 409)
      await expectStatus(settle(2), 200)
      return partWorkflowId(stage, order_no)
    },
  },
  {
    name: 'late-money',
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, CARD)
      await cancel(stage, owner, order_no)
      await stage.temporal.client.workflow.getHandle(exchangeWorkflowId(order_no)).result()
      await stage.control('force-pay', { out_trade_no: `${order_no}-1` })
      await until(
        () => stage.order(owner, order_no),
        ({ payment_status }) => payment_status === 'refunded',
        'the late payment is refunded',
      )
      return refundWorkflowId(order_no, '1')
    },
  },
  {
    name: 'after-sale',
    async play(stage, owner) {
      const order = await redeem(stage, owner, CARD)
      await payByCard(stage, owner, order)
      await finishOrder(stage, owner, order)
      await expectStatus(stage.operate(order.order_no, 'refund', { reason: '七天无理由' }), 200)
      return refundWorkflowId(order.order_no, 'after-sale')
    },
  },
  {
    name: 'after-sale-returned',
    async play(stage, owner) {
      const order = await redeem(stage, owner, { ...CARD, ...RETURNABLE })
      await payByCard(stage, owner, order)
      await finishOrder(stage, owner, order)
      const id = await askAfterSale(stage, owner, order.order_no)
      await onAfterSale(stage, id, 'approve')
      const path = `/api/points-mall/after-sales/${id}/return-shipment`
      const body = { carrier: '顺丰', tracking_no: 'SF2' }
      await expectStatus(stage.call('POST', path, { as: owner, body }), 200)
      await onAfterSale(stage, id, 'receive', { sellable: true })
      return afterSaleWorkflowId(id)
    },
  },
  {
    name: 'after-sale-at-once',
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, { ...WALLET, quantity: 2 })
      return afterSaleWorkflowId(await askAfterSale(stage, owner, order_no, 'refund_only'))
    },
  },
  {
    name: 'canceled-by-after-sales',
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, WALLET)
      await askAfterSale(stage, owner, order_no, 'refund_only')
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'after-sale-overdue-refused-then-closed',
    settings: { afterSale: { ...AFTER_SALE_DEADLINES, decideMs: 300, appealMs: 300 } },
    async play(stage, owner) {
      const order = await redeem(stage, owner, { ...WALLET, ...RETURNABLE })
      await finishOrder(stage, owner, order)
      const id = await askAfterSale(stage, owner, order.order_no)
      await needsAttention(stage, owner, order.order_no)
      await onAfterSale(stage, id, 'refuse', { reason: '已使用' })
      return afterSaleWorkflowId(id)
    },
  },
  {
    name: 'after-sale-refund-needs-an-operator',
    async play(stage, owner) {
      const order = await redeem(stage, owner, { ...CARD, ...RETURNABLE, quantity: 2 })
      await payByCard(stage, owner, order)
      await finishOrder(stage, owner, order)
      const id = await askAfterSale(stage, owner, order.order_no, 'refund_only')
      await stage.control('faults', { fault: 'refund_failed', count: 1 })
      await onAfterSale(stage, id, 'approve')
      await needsAttention(stage, owner, order.order_no)
      await resolve(stage, order.order_no, 'retry')
      return afterSaleWorkflowId(id)
    },
  },
  {
    name: 'auto-confirm-paused-by-an-after-sale',
    settings: { autoConfirmTimeoutMs: 300 },
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, { ...WALLET, ...RETURNABLE })
      let id: string | undefined
      stage.hooks.before('advanceOrder', async (input) => {
        const isFirst = (input as { note?: string }).note === 'auto_confirm' && id === undefined
        if (isFirst) id = await askAfterSale(stage, owner, order_no)
      })
      const paused = stage.hooks.ended('readProgress')
      await ship(stage, order_no)
      await until(
        () => stage.hooks.ended('readProgress'),
        (ended) => ended > paused,
        'the timer finds the after-sale',
      )
      const path = `/api/points-mall/after-sales/${id}/cancel`
      await expectStatus(stage.call('POST', path, { as: owner, body: {} }), 200)
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'outside-points-only-confirmed',
    settings: OUTSIDE,
    async play(stage, owner) {
      return finishOrder(stage, owner, await redeem(stage, owner, { point: 100 }))
    },
  },
  {
    name: 'outside-wallet-canceled',
    settings: OUTSIDE,
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, WALLET)
      await cancel(stage, owner, order_no)
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'outside-card-paid-then-canceled',
    settings: OUTSIDE,
    async play(stage, owner) {
      const order = await redeem(stage, owner, CARD)
      await payByCard(stage, owner, order)
      await cancel(stage, owner, order.order_no)
      return exchangeWorkflowId(order.order_no)
    },
  },
  {
    name: 'outside-card-deadline',
    settings: { ...OUTSIDE, ...SHORT },
    async play(stage, owner) {
      return exchangeWorkflowId((await redeem(stage, owner, CARD)).order_no)
    },
  },
  {
    name: 'outside-refused-at-the-quote',
    settings: OUTSIDE,
    play(stage, owner) {
      stage.hooks.before('quoteExchange', sellOut(stage))
      return refused(stage, owner, { point: 100 }, 'OUT_OF_STOCK')
    },
  },
  {
    name: 'lost-unpaid-and-carried-on',
    async play(stage, owner) {
      const order = await redeem(stage, owner, CARD)
      await loseAndAdopt(stage, order.order_no)
      await payByCard(stage, owner, order)
      return finishOrder(stage, owner, order)
    },
  },
  {
    name: 'lost-shipped-and-carried-on',
    settings: { autoConfirmTimeoutMs: 1_500 },
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, WALLET)
      await ship(stage, order_no)
      await loseAndAdopt(stage, order_no)
      await stage.reach(owner, order_no, 'order_finished')
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'outside-lost-and-carried-on',
    settings: OUTSIDE,
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, WALLET)
      await loseAndAdopt(stage, order_no)
      await cancel(stage, owner, order_no)
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'refund-lost-and-carried-on',
    async play(stage, owner) {
      const order = await redeem(stage, owner, CARD)
      const { order_no } = order
      await payByCard(stage, owner, order)
      stage.hooks.before('refundPayment', unavailable(1_000))
      await cancel(stage, owner, order_no)
      await loseWorkflow(stage, exchangeWorkflowId(order_no))
      stage.hooks.clear()
      await adoptAll(stage)
      return refundWorkflowId(order_no, '1')
    },
  },
  ...(['handed-over-unpaid', 'taken-over-unpaid'] as const).map(
    (name): Branch => ({
      name,
      settings: { runLimits: { events: 10, updates: 500 } },
      async play(stage, owner) {
        const order = await redeem(stage, owner, CARD)
        const workflowId = exchangeWorkflowId(order.order_no)
        const handle = stage.temporal.client.workflow.getHandle(workflowId)
        const { runId } = await handle.describe()
        await stage.cashier(order.payment_info.pay_url, 'decline')
        await until(
          () => handle.describe(),
          (now) => now.runId !== runId,
          'the next run has taken over',
        )
        await payByCard(stage, owner, order)
        await finishOrder(stage, owner, order)
        return name === 'handed-over-unpaid' ? { workflowId, runId } : workflowId
      },
    }),
  ),
  {
    name: 'looks-again',
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, { point: 100 })
      const handle = stage.temporal.client.workflow.getHandle(exchangeWorkflowId(order_no))
      await handle.signal(resyncSignal)
      await cancel(stage, owner, order_no)
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'points-expire',
    async play(stage, owner) {
      await stage.points(owner, 100, new Date(Date.now() - 1000))
      await stage.points(owner, 100, new Date(Date.now() + 20 * 86_400_000))
      const { workflowId } = await stage.temporal.client.workflow.start(EXPIRY_WORKFLOW, {
        workflowId: `${EXPIRY_ID}-${owner}`,
        taskQueue: TASK_QUEUE,
        args: [{ batchSize: 1 }],
      })
      return workflowId
    },
  },
  {
    name: 'outside-refused-by-the-stock',
    settings: OUTSIDE,
    play(stage, owner) {
      stage.hooks.before('reserveStock', sellOut(stage))
      return refused(stage, owner, { point: 100 }, 'OUT_OF_STOCK')
    },
  },
  {
    name: 'outside-refused-by-the-wallet',
    settings: OUTSIDE,
    play(stage, owner) {
      stage.hooks.before('holdPoints', () => spend(stage, owner, 'ZJF'))
      return refused(stage, owner, { point: 100 }, 'INSUFFICIENT_POINTS')
    },
  },
  {
    name: 'outside-order-cannot-be-created',
    settings: OUTSIDE,
    play(stage, owner) {
      stage.hooks.before('createOrder', noSuchLuck)
      return refused(stage, owner, { point: 100 }, 'UNAVAILABLE')
    },
  },
  {
    name: 'order-service-created-and-canceled',
    settings: { orderService: 'outside' },
    async play(stage, owner) {
      const { order_no } = await redeem(stage, owner, WALLET)
      await cancel(stage, owner, order_no)
      return exchangeWorkflowId(order_no)
    },
  },
  {
    name: 'order-service-refuses',
    settings: { orderService: 'outside' },
    play(stage, owner) {
      stage.service.cause(() => 'refused')
      return refused(stage, owner, WALLET, 'ORDER_SERVICE_REFUSED')
    },
  },
  {
    name: 'reconciliation-waits-for-a-bill',
    async play(stage, owner) {
      const order = await redeem(stage, owner, { ...CARD, method: 'alipay' })
      await payByCard(stage, owner, order)
      // Counted yesterday, when the provider had no business and makes no bill.
      await stage.db
        .updateTable('payments')
        .set({ paid_at: new Date(Date.now() - 86_400_000) })
        .where('order_no', '=', order.order_no)
        .execute()
      const day = yesterdayInShanghai(Date.now())
      const workflowId = reconciliationId(day)
      const input: ReconciliationInput = { day, asks: 2, askAgainMs: 10 }
      const found = await stage.temporal.client.workflow.execute(RECONCILIATION_WORKFLOW, {
        workflowId,
        taskQueue: TASK_QUEUE,
        args: [input],
      })
      if (found.open !== 1) throw new Error(`found ${JSON.stringify(found)}`)
      await cancel(stage, owner, order.order_no)
      return workflowId
    },
  },
]

/** @param fault what happens to the next charge at the supplier @returns the order number */
async function redeemCharge(stage: Stage, owner: string, fault: string): Promise<string> {
  const product_id = await stage.product({ point: 100, shipping_type: 'none' })
  await stage.db
    .updateTable('points_products')
    .set({ delivery: 'charge', charge: JSON.stringify({ item: 'mobile-10' }) })
    .where('id', '=', product_id)
    .execute()
  await stage.points(owner, 100)
  await stage.control('supplier/faults', { fault })
  return (await stage.exchange(owner, { product_id, account: '13812345678' })).body.data.order_no
}
