import { needsAddress, type ShippingType } from '../catalogue/product.ts'

/** A database trigger has a copy of this transition table; a test compares the two. */
export const ORDER_STATUSES = [
  'exchanged',
  'order_created',
  'order_paid',
  'order_accepted',
  'order_shipped',
  'order_finished',
  'order_canceled',
] as const

export type OrderStatus = (typeof ORDER_STATUSES)[number]

/** `order_shipped` and `order_finished` become `order_canceled` only by a refund. */
export const ORDER_TRANSITIONS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  exchanged: ['order_created', 'order_canceled'],
  order_created: ['order_paid', 'order_canceled'],
  order_paid: ['order_accepted', 'order_shipped', 'order_canceled'],
  order_accepted: ['order_shipped', 'order_finished', 'order_canceled'],
  order_shipped: ['order_finished', 'order_canceled'],
  order_finished: ['order_canceled'],
  order_canceled: [],
}

export function canMove(from: OrderStatus, to: OrderStatus): boolean {
  return ORDER_TRANSITIONS[from].includes(to)
}

/** Whether the order is in this state or past it. A canceled order has reached only `order_canceled`. */
export function hasReached(status: OrderStatus, state: OrderStatus): boolean {
  if (status === 'order_canceled' || state === 'order_canceled') return status === state
  return ORDER_STATUSES.indexOf(status) >= ORDER_STATUSES.indexOf(state)
}

/** The way of an order that is not canceled, in its order. */
export const FORWARD_STATUSES: readonly OrderStatus[] = ORDER_STATUSES.filter(
  (status) => status !== 'order_canceled',
)

/** In which something is still to happen to the order. */
export const OPEN_STATUSES: readonly OrderStatus[] = FORWARD_STATUSES.filter(
  (status) => status !== 'order_finished',
)

export const isOpen = (status: OrderStatus): boolean => OPEN_STATUSES.includes(status)

/** What somebody asks of an order; each is allowed in the states listed. */
export const ORDER_ACTIONS = {
  pay: ['order_created'],
  accept: ['order_paid'],
  ship: ['order_accepted'],
  finish: ['order_accepted', 'order_shipped'],
  confirm: ['order_shipped'],
  cancel: ['exchanged', 'order_created', 'order_paid', 'order_accepted'],
  refund: ['order_paid', 'order_accepted', 'order_shipped', 'order_finished'],
} as const satisfies Record<string, readonly OrderStatus[]>

export type OrderAction = keyof typeof ORDER_ACTIONS

export const LEADS_TO = {
  accept: 'order_accepted',
  ship: 'order_shipped',
  finish: 'order_finished',
  confirm: 'order_finished',
} as const satisfies Partial<Record<OrderAction, OrderStatus>>

export type Step = keyof typeof LEADS_TO

export function allows(status: OrderStatus, action: OrderAction): boolean {
  return (ORDER_ACTIONS[action] as readonly OrderStatus[]).includes(status)
}

/** Like `allows`, and goods that need an address cannot be finished before they are shipped. */
export function allowsFor(status: OrderStatus, action: OrderAction, shippingType: ShippingType): boolean {
  const skipsShipping = action === 'finish' && status === 'order_accepted' && needsAddress(shippingType)
  return allows(status, action) && !skipsShipping
}

export const PAYMENT_STATUSES = ['unpaid', 'paid', 'closing', 'closed', 'refunding', 'refunded'] as const
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number]

/** Paid orders that were not canceled: what the statistics count. */
export const PAID_STATUSES: readonly OrderStatus[] = ORDER_STATUSES.filter(isPaid)

export function isPaid(status: OrderStatus): boolean {
  return hasReached(status, 'order_paid')
}
