import { z } from 'zod'
import { createPartnerClient, type PartnerAccess, PartnerError } from './client.ts'
import { type NewOrder, type OrderAtService, type OrderService, PartnerRefusalError } from './port.ts'

const LIMITS = { timeoutMs: 3_000, answerBytes: 16_384, inFlight: 64 }

const answered = z
  .object({
    order_no: z.string(),
    id: z.string().min(1).max(64).nullable(),
    state: z.enum(['created', 'canceled']),
    revision: z.int().nonnegative(),
  })
  .transform(({ order_no: orderNo, ...rest }): OrderAtService => ({ orderNo, ...rest }))

/** The contract is docs/outside-orders.md. */
export function createHttpOrders(access: PartnerAccess): OrderService {
  const client = createPartnerClient(access, LIMITS)

  async function call(
    method: 'GET' | 'POST',
    orderNo: string,
    path: string,
    body?: object,
  ): Promise<OrderAtService> {
    const found = await client.call(method, path, body, answered)
    const isWhole = found.state === 'canceled' || found.id !== null
    if (found.orderNo !== orderNo || !isWhole) {
      throw new PartnerError(`the response does not match the order ${orderNo}`)
    }
    return found
  }

  const at = (orderNo: string) => `/orders/${encodeURIComponent(orderNo)}`

  async function find(orderNo: string): Promise<OrderAtService | undefined> {
    try {
      return await call('GET', orderNo, at(orderNo))
    } catch (error) {
      if (error instanceof PartnerRefusalError && error.code === 'UNKNOWN_ORDER') return undefined
      throw error
    }
  }

  return {
    find,
    async create(order, repeat) {
      const before = repeat ? await find(order.orderNo) : undefined
      return before ?? call('POST', order.orderNo, '/orders', wireOf(order))
    },
    async cancel(told, repeat) {
      const { orderNo, revision, cancelReason, refunded } = told
      const before = repeat ? await find(orderNo) : undefined
      if (before?.state === 'canceled' && before.revision >= revision) return before
      const body = { order_no: orderNo, revision, reason: cancelReason, refunded }
      const after = await call('POST', orderNo, `${at(orderNo)}/cancel`, body)
      if (after.state !== 'canceled') throw new PartnerError(`${orderNo} is not canceled`)
      return after
    },
    async tell(told, repeat) {
      const { orderNo, revision, status, paymentStatus, refunded, receiver, shipments } = told
      const before = repeat ? await find(orderNo) : undefined
      if (before && before.revision >= revision) return before
      const body = {
        order_no: orderNo,
        revision,
        status,
        payment_status: paymentStatus,
        refunded,
        receiver,
        shipments,
      }
      const after = await call('POST', orderNo, `${at(orderNo)}/state`, body)
      if (after.revision < revision) throw new PartnerError(`${orderNo} is still at ${after.revision}`)
      return after
    },
  }
}

function wireOf(order: NewOrder) {
  return {
    order_no: order.orderNo,
    order_type: 'points_exchange',
    owner_id: order.ownerId,
    product_id: order.productId,
    sku_id: order.skuId,
    title: order.title,
    specs: order.specs,
    quantity: order.quantity,
    points: order.points,
    money: order.money,
    payment_mode: order.paymentMode,
    shipping_type: order.shippingType,
    receiver: order.receiver,
    notes: order.notes,
    created_at: order.createdAt,
  }
}
