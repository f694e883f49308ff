import { html } from 'hono/html'
import { readCharge } from '../../../application/fulfilment/charges.ts'
import { readOrderCodes } from '../../../application/fulfilment/codes.ts'
import { readOrderVoucher } from '../../../application/fulfilment/vouchers.ts'
import {
  type OrderAuditTrail,
  readOrderAuditTrail,
  refundedOf,
} from '../../../application/orders/audit-trail.ts'
import { type ExternalOrderView, readExternalOrder } from '../../../application/orders/external-order.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { findWorkflow, type WorkflowLink } from '../../../application/orders/workflow-link.ts'
import { readQueue } from '../../../application/platform/dashboard.ts'
import { readFollowing } from '../../../application/shipments/subscribe.ts'
import { readToSend } from '../../../application/shipments/to-send.ts'
import { needsAddress, type ShippingType } from '../../../domain/catalogue/product.ts'
import { specsText } from '../../../domain/catalogue/sku.ts'
import { addressWords } from '../../../domain/customers/address.ts'
import { fenOf, moneyFromFen } from '../../../domain/money.ts'
import { allows, LEADS_TO, type OrderStatus } from '../../../domain/orders/status.ts'
import { reasonText } from '../../../i18n/entry-texts.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { attentionText } from '../../../i18n/note-texts.ts'
import { copyButton } from '../../shared/copy-button.ts'
import { customAnswers } from '../../shared/custom-answers.ts'
import type { WebContext, WebDeps } from '../../shared/deps.ts'
import { grouped, priceText, time } from '../../shared/format.ts'
import { fundTraceList } from '../../shared/fund-trace.ts'
import { interpolate } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { movesOf } from '../../shop/orders/order-state.ts'
import { textsIn } from '../../texts/common/common.ts'
import { MODE_TEXTS, SHIPPING_TEXTS } from '../../texts/console/catalogue.ts'
import { ORDER_DONE, ORDER_LIST, ORDER_PAGE as T } from '../../texts/console/orders.ts'
import { COUNTER } from '../../texts/console/vouchers.ts'
import { METHODS } from '../../texts/shop/orders.ts'
import { consolePage } from '../layout.ts'
import { parcelList } from '../shipments/parcels.ts'
import { afterSalesOfOrder } from './after-sales.ts'
import { auditTrail } from './audit-trail.ts'
import { deskNotes } from './desk-notes.ts'
import { actionPanel, type Typed } from './order-actions.ts'
import { cameFrom, listAt, orderAt, orderBadge, paymentBadge, paysApart } from './order-badges.ts'
import { orderCharge } from './order-charge.ts'
import { orderCodes } from './order-codes.ts'
import { orderMessages } from './order-messages.ts'

/** The confirmation of an action is true only in this status. */
const DONE_IN: Readonly<Record<string, OrderStatus>> = {
  ...LEADS_TO,
  cancel: 'order_canceled',
}

const NOTHING_TYPED: Typed = { form: {}, errors: {} }

interface Problem {
  readonly status: 409 | 503
  readonly text: string
}

/** @param typed invalid input @param problem why the action failed @throws DomainError NOT_FOUND */
export async function showOrder(
  c: WebContext,
  deps: WebDeps,
  idOrNo: string,
  { typed = NOTHING_TYPED, problem }: { readonly typed?: Typed; readonly problem?: Problem } = {},
) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const order = await getOrder(deps, idOrNo, undefined)
  const [books, workflow, codes, voucher, charge, toSend, sales, following, external, messages, notes] =
    await Promise.all([
      readOrderAuditTrail(deps, order, lang),
      findWorkflow(deps.temporal, order.order_no, deps.temporalUiUrl),
      readOrderCodes(deps.db, order.order_no),
      readOrderVoucher(deps, order.order_no),
      readCharge(deps, order.order_no),
      readToSend(deps.db, order),
      afterSalesOfOrder(deps, order.order_no, lang),
      readFollowing(
        deps.db,
        order.shipments.map(({ id }) => id),
      ),
      readExternalOrder(deps.db, order.order_no),
      orderMessages(c, deps, order),
      deskNotes(c, deps, order),
    ])
  const from = cameFrom(c)
  const done = doneOf(c, order)
  const more = done === 'accept' || done === 'ship' ? await nextWaiting(deps, done, from, lang) : ''
  const isPartlyBack = order.status !== 'order_canceled' && refundedOf(order).length > 0
  const main = html`
    <nav aria-label="${t(ORDER_LIST.title)}"><a class="up press" href="${listAt(from)}"><span aria-hidden="true">‹</span> ${t(ORDER_LIST.title)}</a></nav>
    <div class="order-head">
      <h1>${order.product_title}${order.quantity > 1 ? html` <small class="muted">×&nbsp;${grouped(order.quantity)}</small>` : ''}</h1>
      <p class="badges">${orderBadge(order.status, lang)} ${paysApart(order) ? paymentBadge(order.payment_status, lang) : ''}
        ${isPartlyBack ? html`<span class="badge warn">${t(T.partlyBack)}</span>` : ''}</p>
      <p class="muted"><span class="code">${order.order_no}</span> ${copyButton(order.order_no, t(ORDER_LIST.order), lang)}</p>
    </div>
    ${done ? html`<p class="notice ${done === 'pending' ? 'warn' : 'good'}" role="status">${t(ORDER_DONE[done])} ${more}</p>` : ''}
    ${problem ? html`<p class="notice bad" role="alert">${problem.text}</p>` : ''}
    ${order.needs_attention === null ? '' : html`<div class="notice warn"><p><strong>${t(T.needsAttention)}</strong></p><p>${attentionText(order.needs_attention, lang)}</p></div>`}
    ${books.ledger ? '' : html`<p class="notice bad">${t(T.tampered)}</p>`}
    <div class="order-top">
      ${actionPanel(c, { ...order, shippingType: books.shippingType, toSend }, typed)}
      <section class="card stack" aria-labelledby="where">
        <h2 id="where">${t(movesOf(order) === 'cash' ? T.whereCash : T.where)}</h2>
        ${books.ledger ? fundTraceList(books.ledger.where, lang) : ''}
        <p class="hint">${t(T.whereHint)}</p>
      </section>
      ${facts(order, books, workflow, external, lang)}
    </div>
    ${messages}
    ${notes}
    ${orderCodes(c, order, codes)}
    ${orderCharge(c, order, charge, typed.errors)}
    ${parcelList(c, order, following)}
    ${voucher ? html`<p><a class="press" href="/admin/counter/${voucher.id}">${t(COUNTER.uses)}</a></p>` : ''}
    ${sales}
    ${auditTrail(order, books, lang)}`
  const status = problem?.status ?? (Object.keys(typed.errors).length > 0 ? 422 : 200)
  return consolePage(c, { title: `${t(T.title)} ${order.order_no}`, main, section: 'orders' }, status)
}

/** @returns undefined if the order has changed since */
function doneOf(c: WebContext, { status }: OrderView): keyof typeof ORDER_DONE | undefined {
  const done = c.req.query('done') ?? ''
  if (!Object.hasOwn(ORDER_DONE, done) || (DONE_IN[done] ?? status) !== status) return undefined
  return done as keyof typeof ORDER_DONE
}

async function nextWaiting(
  { db }: WebDeps,
  done: 'accept' | 'ship',
  from: string,
  lang: Lang,
): Promise<Html | ''> {
  const { count, orderNo } = await readQueue(db, done === 'accept' ? 'to_accept' : 'to_ship')
  if (orderNo === null) return ''
  const text = interpolate(textsIn(lang)(T.nextWaiting[done]), { n: grouped(count) })
  return html`<a class="press" href="${orderAt(orderNo, from)}">${text}</a>`
}

type Row = readonly [string, Html | string]

function facts(
  order: OrderView,
  books: OrderAuditTrail,
  workflow: WorkflowLink,
  external: ExternalOrderView | undefined,
  lang: Lang,
): Html {
  const t = textsIn(lang)
  const { payment_info, cancel_reason } = order
  const { shippingType } = books
  const back = refundedOf(order)
  const rows: Row[] = [
    [
      t(T.customer),
      html`<a class="press" href="/admin/users/${encodeURIComponent(order.owner_id)}">${order.owner_id}</a>`,
    ],
    [t(T.redeemed), time(order.exchange_time, lang)],
    [
      t(T.product),
      books.isProductDeleted
        ? order.product_title
        : html`<a class="press" href="/admin/products/${order.product_id}">${order.product_title}</a>`,
    ],
    ...row(t(T.specs), specsText(order.specs) || undefined, (specs) => specs),
    [t(T.price), priceText(order.points_price, order.money_price, lang)],
    [t(T.quantity), grouped(order.quantity)],
    [
      t(T.total),
      html`<strong class="digits">${priceText(order.total_points, order.total_money, lang)}</strong>`,
    ],
    ...(back.length > 0 ? [[t(T.taken), takenText(back, lang)] as const] : []),
    [t(T.mode), t(MODE_TEXTS[order.payment_mode])],
    ...row(t(T.method), payment_info.payment_method, (method) => t(METHODS[method])),
    ...row(t(T.shipping), shippingType, (type) => t(SHIPPING_TEXTS[type])),
    ...row(t(T.payBy), payment_info.expires_at, (at) => time(at, lang)),
    ...row(t(T.cancelReason), cancel_reason, (reason) => reasonText('', reason, lang)),
    ...personal(order, shippingType, lang),
    ...row(t(T.orderService), external, (at) => orderServiceText(at, lang)),
    [
      t(T.run),
      workflow.url === null
        ? html`<span class="code">${workflow.id}</span>`
        : html`<a class="press" href="${workflow.url}" rel="noreferrer">${t(T.runLink)}</a>`,
    ],
  ]
  return html`<section class="card stack facts-card" aria-labelledby="facts">
    <h2 id="facts">${t(T.facts)}</h2>
    <dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
  </section>`
}

/** The order's number at the shop's order service, and what that has not been told. */
function orderServiceText({ no, isTold, nextAt, failure }: ExternalOrderView, lang: Lang): Html {
  const t = textsIn(lang)
  const untold = isTold
    ? ''
    : html`<br><span class="hint">${nextAt === null ? t(T.untoldRefused) : html`${t(T.untold)} ${time(nextAt, lang)}`}${failure === null ? '' : ` (${failure})`}</span>`
  return html`${no === null ? t(T.notAtService) : html`<span class="code">${no}</span>`}${untold}`
}

function takenText(back: OrderView['refunds'], lang: Lang): string {
  const points = back.reduce((sum, refund) => sum + refund.points, 0)
  const fen = back.reduce((sum, { money }) => sum + fenOf(money.amount), 0n)
  return priceText(points, moneyFromFen(fen), lang)
}

function row<V>(name: string, value: V | null | undefined, show: (value: V) => Html | string): Row[] {
  return value === null || value === undefined ? [] : [[name, show(value)]]
}

/** The shipping form shows the full address. */
function personal(
  { status, customer_notes, address_info }: OrderView,
  shippingType: ShippingType | undefined,
  lang: Lang,
): Row[] {
  const t = textsIn(lang)
  const { buyer_remarks, buyer_message, customized } = (customer_notes ?? {}) as Record<string, unknown>
  const isShippedNext = allows(status, 'ship') && shippingType !== undefined && needsAddress(shippingType)
  const address = isShippedNext ? undefined : addressWords(address_info, 'staff')
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  // As an address: in full while it is needed to make the goods.
  const isMade = allows(status, 'ship')
  const custom = customAnswers(customer_notes, isMade, lang)
  const masked = html`<span class="hint">${t(T.masked)}${status === 'order_paid' ? t(T.customUntil) : ''}</span>`
  return [
    ...row(t(T.remarks), text(buyer_remarks), (words) => words),
    ...row(t(T.message), text(buyer_message), (words) => words),
    ...row(t(T.customized), customized, customizedText),
    ...custom,
    ...(custom.length > 0 && !isMade ? [[t(T.customized), masked] as const] : []),
    ...row(
      t(T.address),
      address,
      ({ name, phone, place }) => html`${[name, phone, place].filter(Boolean).join(' ')}<br>
        <span class="hint">${t(T.masked)}${status === 'order_paid' ? t(T.maskedUntil) : ''}</span>`,
    ),
  ]
}

/** The console writes one text; the API accepts any fields. */
function customizedText(what: unknown): string {
  const { text, ...others } = what as Record<string, unknown>
  return typeof text === 'string' && Object.keys(others).length === 0 ? text : JSON.stringify(what)
}
