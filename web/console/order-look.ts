import { html } from 'hono/html'
import type { Lang } from '../../domain/error-texts.ts'
import type { OrderStatus, PaymentStatus } from '../../domain/order-status.ts'
import type { Html } from '../page.ts'
import { textsIn } from '../texts/common.ts'
import { ORDER_STATES, PAYMENT_STATES, STEPS_STUCK } from '../texts/console-orders.ts'

const LOOKS = {
  exchanged: '',
  order_created: 'warn',
  order_paid: 'todo',
  order_accepted: 'todo',
  order_shipped: 'good',
  order_finished: 'good',
  order_canceled: '',
} as const satisfies Record<OrderStatus, string>

export function orderBadge(status: OrderStatus, lang: Lang): Html {
  return html`<span class="badge ${LOOKS[status]}">${textsIn(lang)(ORDER_STATES[status])}</span>`
}

const PAYMENT_LOOKS = {
  unpaid: 'warn',
  paid: '',
  closing: 'warn',
  closed: '',
  refunding: 'warn',
  refunded: '',
} as const satisfies Record<PaymentStatus, string>

export function paymentBadge(status: PaymentStatus, lang: Lang): Html {
  return html`<span class="badge ${PAYMENT_LOOKS[status]}">${textsIn(lang)(PAYMENT_STATES[status])}</span>`
}

/** Why an order needs a person: the step that cannot be done, and what was said of it. */
export function attentionText(why: string, lang: Lang): string {
  const [, step = '', said = why] = /^([^:]*): (.*)$/s.exec(why) ?? []
  const known = STEPS_STUCK[step]
  return known ? `${textsIn(lang)(known)}${lang === 'zh' ? '：' : ': '}${said}` : why
}

/** Where an order is found in the console. */
export const orderAt = (orderNo: string) => `/admin/orders/${orderNo}`
