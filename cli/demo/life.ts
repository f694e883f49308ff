import { setTimeout as pause } from 'node:timers/promises'
import { addAddress } from '../../application/customers/addresses.ts'
import { setLevel } from '../../application/customers/users.ts'
import { actOnOrder } from '../../application/orders/actions.ts'
import { exchange } from '../../application/orders/exchange.ts'
import type { ExchangeDeps } from '../../application/orders/exchange-deps.ts'
import type { OrderRequest } from '../../application/orders/order-request.ts'
import { getOrder } from '../../application/orders/reads.ts'
import type { OrderView } from '../../application/orders/view.ts'
import { OverloadedError } from '../../application/temporal/client.ts'
import { block } from '../../application/wallet/freezes.ts'
import { addCash, grantPoints } from '../../application/wallet/wallets.ts'
import { findProductByOperation } from '../../db/catalogue/products.ts'
import type { Db } from '../../db/client.ts'
import { needsAddress } from '../../domain/catalogue/product.ts'
import { DomainError } from '../../domain/errors.ts'
import { fenOf } from '../../domain/money.ts'
import { hasReached, type OrderStatus } from '../../domain/orders/status.ts'
import { isBooked } from './seed.ts'
import {
  type DemoCustomer,
  type DemoGrant,
  type DemoStory,
  demoCustomers,
  demoStories,
  type Ending,
} from './stories.ts'

const DAY_MS = 86_400_000
const LOOK_EVERY_MS = 200
/** Then the story pauses, and the next start resumes it. */
const STORY_LIMIT_MS = 90_000

/** Visitors can see each state for this long. */
export interface DemoPatience {
  readonly unpaidMs: number
  readonly lateMs: number
  readonly autoConfirmMs: number
}

const PATIENCE: DemoPatience = { unpaidMs: DAY_MS, lateMs: 8_000, autoConfirmMs: 30 * DAY_MS }

/**
 * Uses the same functions as the routes. Skips finished stories, and orders that somebody else changed.
 * @param complain called per failed story; the others continue
 */
export async function bringToLife(
  deps: ExchangeDeps,
  complain: (slug: string, error: unknown) => void,
  patience: DemoPatience = PATIENCE,
): Promise<void> {
  await Promise.all(
    demoCustomers.map(async (customer) => {
      await fillWallet(deps, customer)
      for (const story of demoStories.filter((one) => one.customer === customer.ownerId)) {
        await tell(deps, customer, story, patience).catch((error: unknown) => complain(story.slug, error))
      }
      await bookGrants(deps, customer.ownerId, customer.rewards)
    }),
  )
}

async function fillWallet(
  deps: ExchangeDeps,
  { ownerId, level, cash, grants, blocked, keepsAddress }: DemoCustomer,
): Promise<void> {
  const key = (part: string) => `demo/${ownerId}/${part}`
  // Posted last: its presence shows that all other steps are done.
  if (await isBooked(deps.db, key('cash'))) return
  await setLevel(deps.db, ownerId, level, { operatorId: 'demo', operationKey: key('level') })
  await bookGrants(deps, ownerId, grants)
  if (blocked) {
    const { points, reason } = blocked
    await block(deps, ownerId, points, { operationKey: key('blocked'), operatorId: 'demo', reason })
  }
  if (keepsAddress) await addAddress(deps, ownerId, ADDRESS, true, key('address'))
  const cause = { operationKey: key('cash'), operatorId: 'demo', reason: '充值' }
  await addCash(deps, ownerId, fenOf(cash), cause)
}

async function bookGrants(deps: ExchangeDeps, ownerId: string, grants: readonly DemoGrant[]): Promise<void> {
  for (const { slug, points, reason, lastDays } of grants) {
    const operationKey = `demo/${ownerId}/${slug}`
    // The expiry date counts from the first run, so a later run must not post it again.
    if (await isBooked(deps.db, operationKey)) continue
    const expiresAt = lastDays === undefined ? null : new Date(Date.now() + lastDays * DAY_MS)
    await grantPoints(deps, ownerId, points, expiresAt, { operationKey, operatorId: 'demo', reason })
  }
}

async function tell(
  deps: ExchangeDeps,
  customer: DemoCustomer,
  story: DemoStory,
  patience: DemoPatience,
): Promise<void> {
  const deadline = Date.now() + STORY_LIMIT_MS
  const orderNo = await redeem(deps, customer, story, patience)
  if (orderNo === undefined) return
  for (;;) {
    const order = await getOrder(deps, orderNo, story.customer)
    if (isTold(story.ending, order)) return
    if (Date.now() > deadline) {
      throw new Error(`${orderNo} is still ${order.status}, ${order.payment_status}`)
    }
    const moved = await goOn(deps, story, order).catch((error: unknown) => {
      if (error instanceof OverloadedError) return false
      throw error
    })
    if (!moved) await pause(LOOK_EVERY_MS)
  }
}

async function redeem(
  deps: ExchangeDeps,
  { ownerId, level }: DemoCustomer,
  { slug, product: productSlug, quantity, method, ending, message, madeTo }: DemoStory,
  { unpaidMs, lateMs, autoConfirmMs }: DemoPatience,
): Promise<string | undefined> {
  const product = await findProductByOperation(deps.db, `demo/${productSlug}`)
  if (!product) return undefined
  const waits = { unpaid: unpaidMs, paid_too_late: lateMs }[ending as string]
  const settings = {
    ...deps.settings,
    paymentTimeoutMs: waits ?? deps.settings.paymentTimeoutMs,
    autoConfirmTimeoutMs: autoConfirmMs,
  }
  const address = needsAddress(product.shipping_type) ? ADDRESS : undefined
  const text = product.product_type === 'customized' ? madeTo : undefined
  const customized = text === undefined ? undefined : { text }
  const command = { productId: product.id, quantity, method, address, customized, buyer_message: message }
  const { attempt } = await exchange({ ...deps, settings }, { ownerId, level }, command, `demo-story-${slug}`)
  return attempt.order_no
}

const ADDRESS = {
  name: '林可',
  phone: '13800138000',
  province: '浙江省',
  city: '杭州市',
  district: '西湖区',
  detail: '文三路 90 号 3 幢 502 室',
}

/** The last status before each ending; a cancellation has none. */
const REACHES: Readonly<Record<Ending, OrderStatus | undefined>> = {
  unpaid: 'order_created',
  paid: 'order_paid',
  accepted: 'order_accepted',
  shipped: 'order_shipped',
  finished: 'order_finished',
  part_refunded: 'order_shipped',
  canceled: undefined,
  paid_too_late: undefined,
  refunded: undefined,
}

function isTold(ending: Ending, { status, refunds }: OrderView): boolean {
  if (status === 'order_canceled') {
    return ending !== 'paid_too_late' || refunds.some(({ state }) => state === 'done')
  }
  const end = REACHES[ending]
  if (end === undefined || !hasReached(status, end)) return false
  return ending !== 'part_refunded' || refunds.length > 0
}

async function goOn(deps: ExchangeDeps, story: DemoStory, order: OrderView): Promise<boolean> {
  const { ending, slug, customer } = story
  const ask = (by: 'customer' | 'operator', request: OrderRequest) => {
    const requester = { type: by, id: by === 'customer' ? customer : 'demo' }
    return actOnOrder(deps, order, requester, request, `demo-story-${slug}/${request.kind}`)
  }
  switch (order.status) {
    case 'order_created':
      return ending !== 'paid_too_late' && payAtCashier(order, story.declined === true)
    case 'order_paid':
      if (ending === 'canceled') return ask('customer', { kind: 'cancel', reason: '不想要了' })
      return ask('operator', { kind: 'accept' })
    case 'order_accepted':
      return ask('operator', {
        kind: 'ship',
        carrier: '顺丰速运',
        trackingNo: `SF14${order.id.padStart(9, '0')}`,
      })
    case 'order_shipped':
      if (ending !== 'part_refunded') return ask('customer', { kind: 'finish' })
      return ask('operator', {
        kind: 'refund',
        reason: '少发 1 件，退还这一件的积分',
        part: { points: order.points_price, money: order.money_price.amount },
      })
    case 'order_finished':
      return ask('operator', { kind: 'refund', reason: '收到时有破损，已协商退回' })
    case 'order_canceled':
      return payLate(deps.db, order)
    default:
      return false
  }
}

async function payAtCashier(order: OrderView, declines: boolean): Promise<boolean> {
  const { pay_url } = order.payment_info
  if (pay_url === null || order.payment_status !== 'unpaid') return false
  const declined = order.timeline.some(({ note }) => note?.code === 'payment_declined')
  await press(pay_url, declines && !declined ? 'decline' : 'pay')
  // Without waiting for the notification, the same button would be pressed again.
  return false
}

/** The payment rows still have the link when the order no longer shows it. */
async function payLate(db: Db, { order_no, refunds }: OrderView): Promise<boolean> {
  if (refunds.length > 0) return false
  const payment = await db
    .selectFrom('payments')
    .select('pay_url')
    .where('order_no', '=', order_no)
    .orderBy('attempt_no')
    .executeTakeFirst()
  if (!payment?.pay_url) throw new DomainError({ code: 'ORDER_STATE_CONFLICT' })
  await press(payment.pay_url, 'late')
  return false
}

async function press(payUrl: string, action: 'pay' | 'decline' | 'late'): Promise<void> {
  const response = await fetch(payUrl, {
    method: 'POST',
    body: new URLSearchParams({ action }),
    redirect: 'manual',
    signal: AbortSignal.timeout(5_000),
  })
  await response.arrayBuffer()
}
