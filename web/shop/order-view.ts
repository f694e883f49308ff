import { html } from 'hono/html'
import { forCustomer, getOrder, type OrderView } from '../../application/orders.ts'
import { readWallet } from '../../application/wallets.ts'
import { readWherePoints, type WherePoints } from '../../application/where-points.ts'
import { reasonText } from '../../domain/entry-texts.ts'
import type { Lang } from '../../domain/error-texts.ts'
import type { Money } from '../../domain/money.ts'
import { allows } from '../../domain/order-status.ts'
import type { PaymentMethod } from '../../domain/payment.ts'
import type { WebDeps } from '../deps.ts'
import { priceText, time } from '../format.ts'
import type { Html } from '../page.ts'
import { textsIn } from '../texts/common.ts'
import { METHODS, ORDER } from '../texts/orders.ts'
import { whereList } from '../where-points.ts'
import { cashier } from './cashier.ts'
import { delivery } from './delivery.ts'
import { isPayable, stateOf } from './order-state.ts'
import { timeline } from './order-timeline.ts'
import { productPicture } from './product-picture.ts'

/** All that an order's page shows, and that it is compared by when it is followed. */
export interface OrderShown {
  readonly order: OrderView
  readonly where: WherePoints
  /** The ways to pay it, and the cash that the customer's wallet has; undefined: there is nothing to pay. */
  readonly payable: { readonly methods: readonly PaymentMethod[]; readonly cash: Money } | undefined
}

/** @throws DomainError NOT_FOUND, also for another owner's order */
export async function readShown(deps: WebDeps, ownerId: string, idOrNo: string): Promise<OrderShown> {
  const order = forCustomer(await getOrder(deps, idOrNo, ownerId))
  const [where, wallet] = await Promise.all([
    readWherePoints(deps, order),
    isPayable(order) ? readWallet(deps, ownerId) : undefined,
  ])
  const methods = deps.settings.rules.supportedMethods
  return { order, where, payable: wallet && { methods, cash: wallet.cash } }
}

/**
 * The order as it is now: what its page shows, and what replaces it when it changes.
 * @param isNew it was just redeemed
 */
export function orderView(shown: OrderShown, lang: Lang, isNew: boolean): Html {
  const { order, where } = shown
  const t = textsIn(lang)
  return html`<div class="order">
    <div class="now">
      ${ticket(shown, lang, isNew)}
      <section class="panel" aria-labelledby="where">
        <h2 id="where">${t(ORDER.where)}</h2>
        ${whereList(where, lang)}
      </section>
    </div>
    <div class="more">
      <section class="panel" aria-labelledby="progress">
        <h2 id="progress">${t(ORDER.timeline)}</h2>
        ${timeline(order, lang)}
      </section>
      ${delivery(order, lang)}
      ${facts(order, lang)}
    </div>
  </div>`
}

function ticket(shown: OrderShown, lang: Lang, isNew: boolean): Html {
  const { order } = shown
  const t = textsIn(lang)
  const state = stateOf(order)
  return html`<section class="ticket order-ticket">
    <div class="body">
      <div class="state ${state.tone}" role="status">
        ${isNew ? html`<p class="fresh">${t(freshText(order))}</p>` : ''}
        <h1>${t(state.name)}</h1>
        <p class="means">${t(state.means)}</p>
        ${attention(order, lang)}
      </div>
      ${stamp(order, lang)}
      ${cashier(shown, lang)}
      ${actions(order, lang)}
    </div>
    <div class="stub">
      <a class="goods" href="/points-mall/products/${order.product_id}">
        ${productPicture(order.product_image, order.product_title)}
        <span class="name">${order.product_title}</span>
        <span class="count muted">× ${order.quantity}</span>
      </a>
      <p class="total"><span class="muted">${t(ORDER.total)}</span>
        <strong class="digits">${priceText(order.total_points, order.total_money, lang)}</strong></p>
    </div>
  </section>`
}

function freshText({ status }: OrderView) {
  if (status === 'exchanged') return ORDER.newUnderWay
  return status === 'order_created' ? ORDER.newToPay : ORDER.newPlaced
}

/** What is out of the ordinary, and that nothing is lost. */
function attention(order: OrderView, lang: Lang): Html | '' {
  const t = textsIn(lang)
  if (order.needs_attention !== null) return html`<p class="notice warn">${t(ORDER.attention)}</p>`
  if (order.payment_status === 'refunding' && order.status !== 'order_canceled') {
    return html`<p class="notice">${t(ORDER.partReturning)}</p>`
  }
  const declined = order.timeline.at(-1)?.note === 'payment declined'
  return isPayable(order) && declined ? html`<p class="notice bad">${t(ORDER.declined)}</p>` : ''
}

/** What a ticket that was used looks like; the state stands beside it in words. */
function stamp({ status, payment_status }: OrderView, lang: Lang): Html | '' {
  if (lang !== 'zh') return ''
  const text = {
    exchanged: '',
    order_created: '',
    order_paid: '已兑',
    order_accepted: '已兑',
    order_shipped: '已兑',
    order_finished: '兑讫',
    order_canceled: payment_status === 'refunded' ? '已退' : '作废',
  }[status]
  return text ? html`<p class="stamp ${status}" aria-hidden="true">${text}</p>` : ''
}

function actions({ status, order_no }: OrderView, lang: Lang): Html | '' {
  const t = textsIn(lang)
  const confirm = allows(status, 'confirm')
  const cancel = allows(status, 'cancel')
  if (!confirm && !cancel) return ''
  const path = `/points-mall/orders/${order_no}`
  return html`<p class="row actions">
    ${confirm ? html`<a class="button" href="${path}/confirm">${t(ORDER.confirm)}</a>` : ''}
    ${cancel ? html`<a class="button quiet" href="${path}/cancel">${t(ORDER.cancel)}</a>` : ''}
  </p>`
}

function facts(order: OrderView, lang: Lang): Html {
  const t = textsIn(lang)
  const { payment_info, customer_notes, cancel_reason } = order
  const { buyer_remarks, buyer_message } = (customer_notes ?? {}) as Record<string, unknown>
  const rows: readonly (readonly [string, Html | string])[] = [
    [t(ORDER.number), html`<span class="number">${order.order_no}</span>`],
    [t(ORDER.placed), time(order.exchange_time, lang)],
    [t(ORDER.price), priceText(order.points_price, order.money_price, lang)],
    ...(payment_info.payment_method
      ? [[t(ORDER.method), t(METHODS[payment_info.payment_method])] as const]
      : []),
    ...(typeof buyer_remarks === 'string' ? [[t(ORDER.remarks), buyer_remarks] as const] : []),
    ...(typeof buyer_message === 'string' ? [[t(ORDER.message), buyer_message] as const] : []),
    ...(cancel_reason ? [[t(ORDER.cancelWhy), reasonText('', cancel_reason, lang)] as const] : []),
  ]
  return html`<section class="panel" aria-labelledby="facts">
    <h2 id="facts">${t(ORDER.facts)}</h2>
    <dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
  </section>`
}
