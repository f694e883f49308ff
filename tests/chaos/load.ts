import { setTimeout as pause } from 'node:timers/promises'
import type { Role } from '../../domain/access.ts'
import type { Installation } from '../support/installation.ts'

/** What one customer does. */
export const JOURNEYS = [
  'points', // redeems for points
  'wallet', // … for points and cash of the wallet
  'card', // … for points and cash, and pays at a provider's cashier
  'declined', // … whose card is declined first
  'abandoned', // … and never pays
  'canceled', // redeems for points, and cancels
  'card_canceled', // pays at a cashier, and cancels
  'unpaid_canceled', // … or cancels before
  'shipped', // redeems for points, and the goods are sent
] as const

export type Journey = (typeof JOURNEYS)[number]

/** The provider of the cashier. */
export const CASHIERS = ['bank_card', 'alipay', 'wechat'] as const
export type Cashier = (typeof CASHIERS)[number]

/** What the mall has promised to a customer. */
export interface Promised {
  readonly owner: string
  readonly journey: Journey
  readonly orderNo: string
  readonly status: 'order_paid' | 'order_shipped' | 'order_canceled'
}

interface Call {
  readonly as: string
  readonly role?: Role
  readonly body?: unknown
  readonly key?: string
}

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
type Body = any

/** How long one request is repeated while the mall is unavailable. */
const PATIENCE_MS = 90_000
const POINTS = 100
const WALLET_PRODUCT = { title: '保温杯', payment_mode: 'mixed', point: POINTS, price: yuan('9.90') }
const SENT_PRODUCT = {
  ...{ title: '茶叶', payment_mode: 'points_only', point: POINTS },
  ...{ product_type: 'physical', shipping_type: 'logistics' },
}
const ADDRESS = { name: '李雷', phone: '13800000000', detail: '杭州市西湖区' }
const POINTS_PRODUCT = { title: '电影票', payment_mode: 'points_only', point: POINTS }

function yuan(amount: string) {
  return { amount, currency: 'CNY' }
}

let loads = 0

/** Customers who repeat unanswered requests with the same `Idempotency-Key`. */
export async function openLoad(mall: Installation) {
  const mistakes: string[] = []
  // A mall may be loaded twice: this separates the owners.
  loads += 1
  const run = `${process.pid}-${loads}`
  let number = 0
  let answered = 0

  async function call(method: string, path: string, how: Call): Promise<{ status: number; body: Body }> {
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const authorization = `Bearer ${await mall.token(how.as, how.role)}`
      const answer = await fetch(`${mall.url}${path}`, {
        method,
        headers: {
          authorization,
          'content-type': 'application/json',
          ...(how.key === undefined ? {} : { 'idempotency-key': how.key }),
        },
        ...(how.body === undefined ? {} : { body: JSON.stringify(how.body) }),
        signal: AbortSignal.timeout(15_000),
      })
        .then(async (response) => ({ status: response.status, body: (await response.json()) as Body }))
        .catch(() => undefined)
      if (answer && answer.status !== 503 && answer.status !== 429) {
        if (method === 'POST' && how.role === undefined) answered += 1
        if (answer.status >= 500) mistakes.push(`${method} ${path} was answered ${answer.status}`)
        return answer
      }
      if (performance.now() > deadline) throw new Error(`${method} ${path}: no answer`)
      await pause(100)
    }
  }

  const admin = async (method: string, path: string, body: unknown) => {
    number += 1
    const key = `admin-${run}-${number}`
    const answer = await call(method, `/api/admin/points-mall/${path}`, {
      as: 'boss',
      role: 'admin',
      body,
      key,
    })
    if (answer.status > 201) throw new Error(`${path}: ${JSON.stringify(answer.body)}`)
    return answer.body.data
  }

  async function addProduct(product: object): Promise<string> {
    const { id } = await admin('POST', 'products', {
      product_type: 'virtual',
      shipping_type: 'none',
      stock_quantity: 100_000,
      ...product,
    })
    await admin('POST', `products/${id}/publish`, {})
    return id
  }
  const pointsProduct = await addProduct(POINTS_PRODUCT)
  const cashProduct = await addProduct(WALLET_PRODUCT)
  const sentProduct = await addProduct(SENT_PRODUCT)

  /** Polls until the order is as wanted. */
  async function watch(owner: string, orderNo: string, wanted: (order: Body) => boolean): Promise<Body> {
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const { status, body } = await call('GET', `/api/points-mall/orders/${orderNo}`, { as: owner })
      if (status === 404) {
        mistakes.push(`${orderNo} was promised and is not found`)
        throw new Error(`${orderNo} is lost`)
      }
      if (wanted(body.data)) return body.data
      if (performance.now() > deadline) throw new Error(`${orderNo} stays ${body.data.status}`)
      await pause(150)
    }
  }

  async function act(owner: string, orderNo: string, action: string, body: unknown, role: Role = 'customer') {
    const room = role === 'customer' ? 'points-mall' : 'admin/points-mall'
    const as = role === 'customer' ? owner : 'clerk'
    const path = `/api/${room}/orders/${orderNo}/${action}`
    return call('POST', path, {
      as,
      ...(role === 'customer' ? {} : { role }),
      body,
      key: `${orderNo}-${action}`,
    })
  }

  /** At the cashier. @returns whether it took the payment; undefined: closed */
  async function atCashier(payUrl: string, action: 'pay' | 'decline'): Promise<boolean> {
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const status = await fetch(payUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `action=${action}`,
        redirect: 'manual',
        signal: AbortSignal.timeout(10_000),
      })
        .then(async (response) => {
          await response.arrayBuffer()
          return response.status
        })
        .catch(() => 0)
      if (status === 303 || status === 200) return true
      if (status === 409 || status === 404 || status === 410) return false
      if (performance.now() > deadline) throw new Error(`the cashier answers ${status}`)
      await pause(100)
    }
  }

  async function lookAtCashier(payUrl: string): Promise<void> {
    await fetch(payUrl, { signal: AbortSignal.timeout(10_000) })
      .then((response) => response.arrayBuffer())
      .catch(() => {})
  }

  /** Runs a journey. @returns what was promised at its end */
  async function go(journey: Journey, cashier: Cashier = 'bank_card'): Promise<Promised> {
    number += 1
    const owner = `u${run}-${number}`
    const byCard = ['card', 'declined', 'abandoned', 'card_canceled', 'unpaid_canceled'].includes(journey)
    const isCash = byCard || journey === 'wallet'
    const product_id = isCash ? cashProduct : journey === 'shipped' ? sentProduct : pointsProduct
    await admin('POST', `wallets/${owner}/grant`, { points: POINTS, reason: 'load' })
    if (journey === 'wallet') {
      await admin('POST', `wallets/${owner}/cash`, { amount: yuan('9.90'), reason: 'load' })
    }
    const body = { product_id, quantity: 1, payment_method: byCard ? cashier : 'wallet', address: ADDRESS }
    const asked = await call('POST', '/api/points-mall/exchange', { as: owner, body, key: 'the-one' })
    if (asked.status > 202) throw new Error(`${journey}: ${JSON.stringify(asked.body)}`)
    const orderNo = asked.body.data.order_no as string
    const ended = (status: Promised['status']): Promised => ({ owner, journey, orderNo, status })

    const order = await watch(
      owner,
      orderNo,
      ({ status, payment_info }) =>
        status !== 'exchanged' && (status !== 'order_created' || payment_info.pay_url !== null),
    )
    // A card order may have reached its deadline while the mall was unavailable.
    if (order.status === 'order_canceled' && byCard) return ended('order_canceled')
    const pays = journey !== 'abandoned' && journey !== 'unpaid_canceled'
    // Alipay knows an attempt once its cashier has been opened.
    if (journey === 'unpaid_canceled') await lookAtCashier(order.payment_info.pay_url)
    if (byCard && pays && order.status === 'order_created') {
      if (journey === 'declined') await atCashier(order.payment_info.pay_url, 'decline')
      const paid = await atCashier(order.payment_info.pay_url, 'pay')
      if (!paid) return ended('order_canceled')
    }
    if (journey === 'canceled' || journey === 'card_canceled' || journey === 'unpaid_canceled') {
      const { status, body: refusal } = await act(owner, orderNo, 'cancel', {})
      if (status > 202 && refusal.code !== 'ORDER_NOT_CANCELABLE') mistakes.push(`cancel: ${status}`)
      return ended('order_canceled')
    }
    if (journey === 'abandoned') return ended('order_canceled')
    if (journey === 'shipped') {
      await act(owner, orderNo, 'accept', {}, 'operator')
      await watch(owner, orderNo, ({ status }) => status === 'order_accepted')
      await act(owner, orderNo, 'ship', { carrier: '顺丰', tracking_no: `SF${number}` }, 'operator')
      return ended('order_shipped')
    }
    return ended('order_paid')
  }

  return {
    go,
    /** Redemptions and what else customers sent, as far as it is answered: how far the journeys are. */
    answered: () => answered,
    /** Answers that must never occur. */
    mistakes,
  }
}
