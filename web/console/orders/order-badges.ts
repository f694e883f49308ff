import { html } from 'hono/html'
import { hasReached, isPaid, type OrderStatus, type PaymentStatus } from '../../../domain/orders/status.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import type { WebContext } from '../../shared/deps.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { ORDER_STATES, PAYMENT_STATES } from '../../texts/console/orders.ts'

/** Colored by what is left to do, so that a new status has a color by its place. */
function lookOf(status: OrderStatus): string {
  if (status === 'order_canceled' || !hasReached(status, 'order_created')) return ''
  if (!isPaid(status)) return 'warn'
  return hasReached(status, 'order_shipped') ? 'good' : 'todo'
}

export function orderBadge(status: OrderStatus, lang: Lang): Html {
  return html`<span class="badge ${lookOf(status)}">${textsIn(lang)(ORDER_STATES[status])}</span>`
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

export const paysApart = ({ payment_status }: { readonly payment_status: PaymentStatus }): boolean =>
  ['closing', 'refunding', 'refunded'].includes(payment_status)

const LIST = '/admin/orders'
const QUERY_MAX = 1_000

/** The query is appended to the list's own path, so it cannot redirect elsewhere. */
export function cameFrom(c: WebContext): string {
  const given = c.req.query('from') ?? ''
  return given.length > QUERY_MAX ? '' : new URLSearchParams(given).toString()
}

export const listAt = (from: string) => withQuery(LIST, from)

export const orderAt = (orderNo: string, from = '') => withQuery(`${LIST}/${orderNo}`, handedOn(from))

export const actionAt = (orderNo: string, action: string, from: string) =>
  withQuery(`${LIST}/${orderNo}/${action}`, handedOn(from))

export const doneAt = (orderNo: string, done: string, from: string) =>
  withQuery(`${LIST}/${orderNo}`, `done=${done}${from && `&${handedOn(from)}`}`)

const handedOn = (from: string) => from && `from=${encodeURIComponent(from)}`
const withQuery = (path: string, query: string) => (query ? `${path}?${query}` : path)
