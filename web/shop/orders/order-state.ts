import type { FundTrace } from '../../../application/orders/fund-trace.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { OPEN_STATUSES, type OrderStatus } from '../../../domain/orders/status.ts'
import type { Text } from '../../texts/common/common.ts'
import { type Moves, ORDERS, PAYMENT_STATES, STATES, type StateText } from '../../texts/shop/orders.ts'

export interface OrderState {
  readonly name: Text
  readonly means: Text
  readonly tone: Tone
}

type Tone = 'good' | 'warn' | 'bad' | 'plain'

export function movesOf({
  total_points,
  total_money,
}: Pick<OrderView, 'total_points' | 'total_money'>): Moves {
  if (total_money.amount === '0.00') return 'points'
  return total_points === 0 ? 'cash' : 'both'
}

export function keptOf({ points, cash }: FundTrace): Moves | undefined {
  const hasPoints = points.some(({ place }) => place !== 'returned')
  const hasCash = cash.some(({ place }) => place === 'paid')
  if (hasPoints) return hasCash ? 'both' : 'points'
  return hasCash ? 'cash' : undefined
}

/** Combines order and payment status: customers see one. @param confirming see `OrderShown` */
export function stateOf(order: OrderView, confirming = false): OrderState {
  const { name, means, tone } = confirming
    ? { ...PAYMENT_STATES.confirming, tone: 'warn' as const }
    : wordsOf(order)
  return { name, means: 'zh' in means ? means : means[movesOf(order)], tone }
}

function wordsOf(order: OrderView): StateText & { readonly tone: Tone } {
  const { status, payment_status, refunds, timeline } = order
  switch (status) {
    case 'exchanged':
      return { ...STATES.exchanged, tone: 'plain' }
    case 'order_created':
      if (payment_status === 'closing') return { ...PAYMENT_STATES.closing, tone: 'warn' }
      return { ...STATES.order_created, tone: 'warn' }
    case 'order_canceled': {
      const on_its_way = payment_status === 'refunding' || refunds.some(({ state }) => state === 'pending')
      if (on_its_way) return { ...PAYMENT_STATES.returning, tone: 'warn' }
      if (payment_status === 'refunded') return { ...PAYMENT_STATES.returned, tone: 'plain' }
      const stood = timeline.some((event) => event.status === 'order_created')
      return { ...(stood ? STATES.order_canceled : PAYMENT_STATES.refused), tone: 'plain' }
    }
    default:
      return { ...STATES[status], tone: 'good' }
  }
}

export function isPayable({ status, payment_status }: Pick<OrderView, 'status' | 'payment_status'>): boolean {
  return status === 'order_created' && payment_status === 'unpaid'
}

export const ORDER_TABS = {
  all: { text: ORDERS.all, statuses: undefined },
  to_pay: { text: ORDERS.to_pay, statuses: ['order_created'] },
  in_progress: {
    text: ORDERS.in_progress,
    statuses: OPEN_STATUSES.filter((status) => status !== 'order_created'),
  },
  done: { text: ORDERS.done, statuses: ['order_finished'] },
  canceled: { text: ORDERS.canceled, statuses: ['order_canceled'] },
} as const satisfies Record<string, { text: Text; statuses: readonly OrderStatus[] | undefined }>
