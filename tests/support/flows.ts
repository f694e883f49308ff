import { workflowState } from './db-snapshot.ts'
import { type TestApp, until } from './test-app.ts'

/** Flows of an order, each up to the step that a test is about to disturb. */

/** The deadline of orders that are to miss it. */
const HASTE_MS = 1_000

export interface Customer {
  readonly shop: TestApp
  readonly owner: string
  readonly points: string
  readonly mixed: string
  /** Goods with shipping. */
  readonly sent: string
}
export type Placed = Customer & { readonly orderNo: string; readonly payUrl: string }

/** What happens before the step breaks, and the call that runs the step. */
export interface Flow {
  readonly name: string
  readonly prepare?: (customer: Customer) => Promise<Placed>
  readonly run: (customer: Placed) => Promise<unknown>
}

async function place(customer: Customer, product_id: string, payment_method?: string): Promise<Placed> {
  const { shop, owner } = customer
  const address = { name: '李雷', phone: '13800000000', detail: '杭州市西湖区' }
  const { body } = await shop.exchange(owner, { product_id, payment_method, address })
  return { ...customer, orderNo: body.data?.order_no ?? '', payUrl: body.data?.payment_info.pay_url ?? '' }
}
export const byPoints = (customer: Customer) => place(customer, customer.points)
export const byWallet = (customer: Customer) => place(customer, customer.mixed, 'wallet')
export const byCard = (customer: Customer) => place(customer, customer.mixed, 'bank_card')
export const byPaidCard = (customer: Customer) => paid(byCard(customer))
/** Goods with shipping, paid by card. */
export const sentByPaidCard = (customer: Customer) => paid(place(customer, customer.sent, 'bank_card'))
async function paid(placing: Promise<Placed>): Promise<Placed> {
  const placed = await placing
  await placed.shop.cashier(placed.payUrl, 'pay')
  await placed.shop.reach(placed.owner, placed.orderNo, 'order_paid')
  return placed
}
async function finished(placed: Placed): Promise<Placed> {
  await placed.shop.operate(placed.orderNo, 'accept')
  await placed.shop.operate(placed.orderNo, 'finish')
  await until(
    () => workflowState(placed.shop, `exchange/${placed.orderNo}`),
    (state) => state === 'COMPLETED',
    'the exchange has ended',
  )
  return placed
}
export const act = (action: string, body?: object) => (placed: Placed) =>
  placed.shop.act(placed.owner, placed.orderNo, action, body)
const operate = (action: string, body?: object) => (placed: Placed) =>
  placed.shop.operate(placed.orderNo, action, body)

const exchange = (name: string, run: (customer: Customer) => Promise<unknown>): Flow => ({
  name: `redeemed by ${name}`,
  run,
})
export const POINTS = exchange('points', byPoints)
export const WALLET = exchange('wallet', byWallet)
export const CARD = exchange('card', byCard)
export const PAY: Flow = {
  name: 'paid by card',
  prepare: byCard,
  run: ({ shop, payUrl }) => shop.cashier(payUrl, 'pay'),
}
export const DECLINE: Flow = {
  name: 'declined',
  prepare: byCard,
  run: ({ shop, payUrl }) => shop.cashier(payUrl, 'decline'),
}
/** Placed with the step already broken: the order's progress at its deadline is unknown. */
export const DEADLINE: Flow = {
  name: 'not paid in time',
  async run(customer) {
    customer.shop.configure({ paymentTimeoutMs: HASTE_MS })
    await byCard(customer)
    customer.shop.configure({ paymentTimeoutMs: 1_800_000 })
  },
}
export const PAY_AGAIN: Flow = { name: 'cashier opened again', prepare: byCard, run: act('pay') }
export const SWITCH: Flow = {
  name: 'changed from card to wallet',
  prepare: byCard,
  run: act('pay', { payment_method: 'wallet' }),
}
export const NEXT_ATTEMPT: Flow = {
  name: 'paid a wrong amount, and then again',
  async prepare(customer) {
    const placed = await byCard(customer)
    await customer.shop.control('faults', { fault: 'wrong_amount', count: 1 })
    await customer.shop.cashier(placed.payUrl, 'pay')
    await until(
      () => customer.shop.books(),
      (trades) =>
        trades.some((trade) => trade.out_trade_no?.startsWith(placed.orderNo) && trade.state === 'refunded'),
      'the wrong amount is refunded',
    )
    return placed
  },
  run: act('pay'),
}
export const CANCEL_UNPAID: Flow = { name: 'canceled unpaid', prepare: byCard, run: act('cancel') }
export const CANCEL_POINTS: Flow = { name: 'canceled, paid by points', prepare: byPoints, run: act('cancel') }
export const CANCEL_WALLET: Flow = { name: 'canceled, paid by wallet', prepare: byWallet, run: act('cancel') }
export const CANCEL_CARD: Flow = { name: 'canceled, paid by card', prepare: byPaidCard, run: act('cancel') }
export const ACCEPT: Flow = { name: 'accepted', prepare: byPaidCard, run: operate('accept') }
export const SHIP: Flow = {
  name: 'shipped',
  async prepare(customer) {
    const placed = await place(customer, customer.sent, 'wallet')
    await operate('accept')(placed)
    return placed
  },
  run: operate('ship', { carrier: '顺丰', tracking_no: '1' }),
}
export const REFUND_FINISHED: Flow = {
  name: 'refunded after it was finished',
  prepare: async (customer) => finished(await byPaidCard(customer)),
  run: operate('refund', { reason: 'damaged' }),
}
export const REFUND_PART: Flow = {
  name: 'refunded in part, and then canceled',
  prepare: byPaidCard,
  async run(placed) {
    await operate('refund', { reason: 'scratched', points: 1, money: { amount: '0.01', currency: 'CNY' } })(
      placed,
    )
    await act('cancel')(placed)
  },
}
export const LATE_MONEY: Flow = {
  name: 'paid after it was canceled',
  async prepare(customer) {
    const placed = await byCard(customer)
    await act('cancel')(placed)
    return placed
  },
  run: async ({ shop, orderNo }) => {
    await shop.control('force-pay', { out_trade_no: `${orderNo}-1` })
    await until(
      () => workflowState(shop, `refund/${orderNo}/1`),
      (state) => state !== 'NONE',
      'the refund of the late payment has started',
    )
  },
}
