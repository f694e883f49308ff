import { AFTER_SALE_STATES, type AfterSaleState } from '../orders/after-sale.ts'
import type { OrderStatus } from '../orders/status.ts'

/** What other systems hear of. A name is never changed. */

/** Steps of an order, which `POINTS_MALL_ORDER_SYNC_EVENTS` names. */
export const ORDER_STEPS = ['created', 'paid', 'accepted', 'shipped', 'finished', 'canceled'] as const
export type OrderStep = (typeof ORDER_STEPS)[number]
export type OrderEventType = `order.${OrderStep}`

const ORDER_EVENT_TYPES: readonly OrderEventType[] = ORDER_STEPS.map((step) => `order.${step}` as const)

/** The state that an after-sale has reached, the first one with its request. */
export type AfterSaleEventType = `after_sale.${AfterSaleState}`
export const afterSaleEventType = (state: AfterSaleState): AfterSaleEventType => `after_sale.${state}`

const OTHER_EVENT_TYPES = ['refund.succeeded', 'points.changed', 'points.expiring'] as const

/** What an endpoint can subscribe to. */
export type EventType = OrderEventType | AfterSaleEventType | (typeof OTHER_EVENT_TYPES)[number]
export const EVENT_TYPES: readonly EventType[] = [
  ...ORDER_EVENT_TYPES,
  ...AFTER_SALE_STATES.map(afterSaleEventType),
  ...OTHER_EVENT_TYPES,
]

/** Only sent when an operator asks for it. */
export const TEST_EVENT = 'webhook.test'

/** Events of one lane are numbered, and an endpoint receives them in their order. */
export const orderLane = (orderNo: string): string => `order/${orderNo}`
export const ownerLane = (ownerId: string): string => `owner/${ownerId}`

/** @returns undefined where the status is no event for other systems */
export function orderEventType(status: OrderStatus): OrderEventType | undefined {
  const step = ORDER_STEPS.find((name) => status === `order_${name}`)
  return step && `order.${step}`
}

/** @returns whether it is a step of an order that is not synchronized */
export function isUnsynced(type: string, synced: readonly OrderStep[]): boolean {
  const step = ORDER_STEPS.find((name) => type === `order.${name}`)
  return step !== undefined && !synced.includes(step)
}
