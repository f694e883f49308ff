import { html } from 'hono/html'
import { readAnyProduct } from '../../../application/catalogue/products.ts'
import { showCharge } from '../../../application/fulfilment/charges.ts'
import { countIssued } from '../../../application/fulfilment/codes.ts'
import { mayBeHandedOut } from '../../../application/fulfilment/delivery.ts'
import { showVoucher } from '../../../application/fulfilment/vouchers.ts'
import { type FundTrace, readFundTrace } from '../../../application/orders/fund-trace.ts'
import { readMessages } from '../../../application/orders/messages.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import { forCustomer, type OrderView } from '../../../application/orders/view.ts'
import { isBeingConfirmed } from '../../../application/payments/queries.ts'
import { readWallet } from '../../../application/wallet/wallets.ts'
import { specsText } from '../../../domain/catalogue/sku.ts'
import { DomainError } from '../../../domain/errors.ts'
import { isKept } from '../../../domain/orders/after-sale.ts'
import { allows, isPaid, type OrderStatus, type PaymentStatus } from '../../../domain/orders/status.ts'
import { reasonText } from '../../../i18n/entry-texts.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { copyButton } from '../../shared/copy-button.ts'
import { customAnswers } from '../../shared/custom-answers.ts'
import type { WebContext, WebDeps } from '../../shared/deps.ts'
import { priceText, time } from '../../shared/format.ts'
import { fundTraceList } from '../../shared/fund-trace.ts'
import type { Html } from '../../shared/page.ts'
import { productPicture, shownImage } from '../../shared/product-picture.ts'
import { type Text, textsIn } from '../../texts/common/common.ts'
import { AFTER_SALES } from '../../texts/shop/after-sales.ts'
import { PRODUCT } from '../../texts/shop/catalogue.ts'
import { CHARGE, CODES, HANDED_OUT, isHandedOut, VOUCHER } from '../../texts/shop/delivery.ts'
import { METHODS, NEXT, ORDER } from '../../texts/shop/orders.ts'
import { cashier } from '../payments/cashier.ts'
import { delivery, shippingOf } from './delivery.ts'
import { chargePanel } from './order-charge.ts'
import { codesPanel } from './order-codes.ts'
import { messagesPanel, RECENT } from './order-messages.ts'
import { canExtend } from './order-questions.ts'
import type { OrderShown, Shipping } from './order-shown.ts'
import { isPayable, keptOf, movesOf, stateOf } from './order-state.ts'
import { timeline } from './order-timeline.ts'
import { voucherPanel } from './order-voucher.ts'

export interface Arrival {
  readonly isNew: boolean
  /** Time of a refused request (ms since 1970): earlier declines are not repeated below it. */
  readonly refusedAt: number
}

/** The live stream receives the same query. */
export function arrivalOf(c: WebContext): Arrival {
  const { new: fresh, refused } = c.req.query()
  return { isNew: fresh === '1', refusedAt: Number(/^\d{1,15}$/.exec(refused ?? '')?.[0] ?? 0) }
}

/** @param again the page shows it already @throws DomainError NOT_FOUND, also for another owner's order */
export async function readShown(
  deps: WebDeps,
  ownerId: string,
  idOrNo: string,
  again = false,
): Promise<OrderShown> {
  const order = forCustomer(await getOrder(deps, idOrNo, ownerId))
  const handedOut = mayBeHandedOut(order)
  const [where, wallet, confirming, goods, codes, voucher, charge, { messages }] = await Promise.all([
    readFundTrace(deps, order),
    isPayable(order) ? readWallet(deps, ownerId) : undefined,
    isPayable(order) && isBeingConfirmed(deps.db, order.order_no),
    readGoods(deps, order.product_id),
    handedOut ? countIssued(deps.db, order.order_no) : 0,
    handedOut ? showVoucher(deps, order, ownerId, again) : undefined,
    order.shipments.length === 0 ? showCharge(deps, order.order_no) : undefined,
    // Read by its customer once the panel is shown.
    readMessages(deps, order.order_no, undefined, { limit: RECENT, offset: 0 }),
  ])
  const methods = deps.settings.rules.supportedMethods
  const payable = confirming ? undefined : wallet && { methods, cash: wallet.cash }
  const image = shownImage(order.product_image, deps)
  return {
    order,
    image,
    where: confirming ? withoutDue(where) : where,
    payable,
    confirming,
    codes,
    voucher,
    messages,
    charge,
    ...goods,
  }
}

/** "Not paid yet" is not known. */
function withoutDue(where: FundTrace): FundTrace {
  const cash = where.cash.map((place) =>
    place.place === 'due' ? { place: 'closing' as const, money: place.money } : place,
  )
  return { ...where, cash }
}

/** Includes products that are no longer on sale. */
async function readGoods(
  { db, pointsToCnyMillionths }: WebDeps,
  productId: string,
): Promise<Pick<OrderShown, 'shipping' | 'isInShop'>> {
  try {
    const product = await readAnyProduct(db, productId, pointsToCnyMillionths)
    const isInShop = product.status === 'on_sale' || product.status === 'sold_out'
    return { shipping: shippingOf(product), isInShop }
  } catch (error) {
    if (error instanceof DomainError && error.refusal.code === 'NOT_FOUND') {
      return { shipping: undefined, isInShop: false }
    }
    throw error
  }
}

/** The part of the page that live updates replace. */
export function orderView(c: WebContext, shown: OrderShown, arrival: Arrival): Html {
  const lang = c.get('lang')
  const { order, where } = shown
  const t = textsIn(lang)
  return html`<div class="order">
    <div class="now">
      ${ticket(c, shown, arrival)}
      <section class="panel" aria-labelledby="where">
        <h2 id="where">${t(movesOf(order) === 'cash' ? ORDER.whereCash : ORDER.where)}</h2>
        ${fundTraceList(where, lang)}
      </section>
    </div>
    <div class="more">
      <section class="panel" aria-labelledby="progress">
        <h2 id="progress">${t(ORDER.timeline)}</h2>
        ${timeline(order, lang)}
      </section>
      ${codesPanel(c, order, shown.codes)}
      ${voucherPanel(shown.voucher, lang)}
      ${messagesPanel(c, order, shown.messages)}
      ${chargePanel(shown.charge, isPaid(order.status), lang)}
      ${refunds(order, lang)}
      ${delivery(shown, lang)}
      ${facts(order, lang)}
    </div>
  </div>`
}

function ticket(c: WebContext, shown: OrderShown, { isNew, refusedAt }: Arrival): Html {
  const lang = c.get('lang')
  const { order, shipping, isInShop, confirming } = shown
  const t = textsIn(lang)
  const state = { ...stateOf(order, confirming), ...handedOutState(shown) }
  const specs = specsText(order.specs)
  const goods = html`${productPicture(shown.image, order.product_title)}
    <span class="name">${order.product_title}${specs ? html` <span class="muted small">${specs}</span>` : ''}</span>
    <span class="count muted">× ${order.quantity}</span>`
  const means = order.status === 'order_paid' && shipping ? nextOf(shipping) : state.means
  return html`<section class="ticket order-ticket">
    <div class="body">
      <div class="state ${state.tone}" role="status">
        ${isNew && !confirming ? freshText(order, lang) : ''}
        <h1>${t(state.name)}</h1>
        <p class="means">${t(means)}</p>
        ${attention(shown, lang, refusedAt)}
      </div>
      ${stamp(order, lang)}
      ${cashier(c, shown)}
      ${actions(shown, lang, isNew)}
    </div>
    <div class="stub">
      ${isInShop ? html`<a class="goods" href="/points-mall/products/${order.product_id}">${goods}</a>` : html`<p class="goods">${goods}</p>`}
      <p class="total"><span class="muted">${t(ORDER.total)}</span>
        <strong class="digits">${priceText(order.total_points, order.total_money, lang)}</strong></p>
    </div>
  </section>`
}

/** A code does not travel. */
function handedOutState({ order, codes, voucher, charge }: OrderShown): { name?: Text; means?: Text } {
  if (charge?.state === 'succeeded' && order.status === 'order_shipped') {
    return { name: CHARGE.shipped, means: CHARGE.shippedMeans }
  }
  if (voucher && order.status === 'order_shipped') return { name: VOUCHER.state, means: VOUCHER.means }
  return codes > 0 && order.status === 'order_shipped' ? { name: CODES.state, means: CODES.means } : {}
}

const nextOf = ({ type, delivery: by }: Shipping): Text =>
  isHandedOut(by) ? HANDED_OUT[by].next : NEXT[type]

/** Empty if the status below says the same. */
function freshText({ status }: OrderView, lang: Lang): Html | '' {
  const text = { exchanged: ORDER.newUnderWay, order_created: ORDER.newToPay }[status as string]
  return text ? html`<p class="fresh">${textsIn(lang)(text)}</p>` : ''
}

/** Notices of unusual states. */
function attention({ order, where, payable }: OrderShown, lang: Lang, refusedAt: number): Html | '' {
  const t = textsIn(lang)
  if (order.needs_attention !== null) return html`<p class="notice warn">${t(ORDER.attention)}</p>`
  if (isPaid(order.status) && order.refunds.length > 0 && keptOf(where) === undefined) {
    return html`<p class="notice">${t(order.status === 'order_finished' ? ORDER.allBackDone : ORDER.allBack)}</p>`
  }
  if (order.payment_status === 'refunding' && order.status !== 'order_canceled') {
    return html`<p class="notice">${t(ORDER.partReturning)}</p>`
  }
  const last = order.timeline.at(-1)
  const declined = last?.note?.code === 'payment_declined' && Date.parse(last.at) > refusedAt
  return payable && declined ? html`<p class="notice bad">${t(ORDER.declined)}</p>` : ''
}

/** Decoration: the status is text, too. */
function stamp({ status, payment_status }: OrderView, lang: Lang): Html | '' {
  if (lang !== 'zh') return ''
  const text = stampText(status, payment_status)
  return text ? html`<p class="stamp ${status}" aria-hidden="true">${text}</p>` : ''
}

function stampText(status: OrderStatus, payment: PaymentStatus): string {
  if (status === 'order_canceled') return payment === 'refunded' ? '已退' : '作废'
  if (status === 'order_finished') return '兑讫'
  return isPaid(status) ? '已兑' : ''
}

function actions({ order, charge }: OrderShown, lang: Lang, isNew: boolean): Html | '' {
  const { status, order_no, quantity } = order
  const t = textsIn(lang)
  const confirm = allows(status, 'confirm')
  // Only the supplier says whether a charge can still be taken back.
  const cancel =
    allows(status, 'cancel') &&
    !isKept(order) &&
    !order.shipments.some(({ tracking_no }) => tracking_no !== null) &&
    !(charge && isPaid(status))
  const onward = isNew && status === 'order_paid'
  // A single piece that was not sent is canceled.
  const afterSale =
    allows(status, 'refund') && !charge && order.returnable !== 'none' && (!cancel || quantity > 1)
  if (!confirm && !cancel && !onward && !afterSale) return ''
  const path = `/points-mall/orders/${order_no}`
  return html`<p class="row actions">
    ${confirm ? html`<a class="button" href="${path}/confirm">${t(ORDER.confirm)}</a>` : ''}
    ${canExtend(order) ? html`<a class="button plain" href="${path}/extend">${t(ORDER.extend)}</a>` : ''}
    ${onward ? html`<a class="button plain" href="/points-mall/products">${t(ORDER.onward)}</a>` : ''}
    ${afterSale ? html`<a class="button quiet" href="${path}/after-sale">${t(AFTER_SALES.ask)}</a>` : ''}
    ${cancel ? html`<a class="button quiet" href="${path}/cancel">${t(ORDER.cancel)}</a>` : ''}
  </p>`
}

/** What was returned of an order that goes on, and the shop's reason. */
function refunds({ status, refunds: all }: OrderView, lang: Lang): Html | '' {
  if (all.length === 0 || status === 'order_canceled') return ''
  const t = textsIn(lang)
  return html`<section class="panel" aria-labelledby="refunds">
    <h2 id="refunds">${t(ORDER.refunds)}</h2>
    <dl class="facts">${all.map(
      ({ points, money, reason, state, at }) => html`<dt>${time(at, lang)}</dt>
        <dd><strong class="digits">${priceText(points, money, lang)}</strong>
          ${state === 'pending' ? html`<span class="badge warn">${t(ORDER.refundPending)}</span>` : ''}
          <p class="muted small">${reasonText('', reason, lang)}</p></dd>`,
    )}</dl>
  </section>`
}

function facts(order: OrderView, lang: Lang): Html {
  const t = textsIn(lang)
  const { payment_info, customer_notes, cancel_reason } = order
  const { buyer_remarks, buyer_message, customized } = (customer_notes ?? {}) as Record<string, unknown>
  const { text: madeTo } = (customized ?? {}) as Record<string, unknown>
  const reason = cancel_reason === 'canceled_by_customer' ? null : cancel_reason
  const rows: readonly (readonly [string, Html | string])[] = [
    [
      t(ORDER.number),
      html`<span class="number">${order.order_no}</span> ${copyButton(order.order_no, t(ORDER.number), lang)}`,
    ],
    [t(ORDER.placed), time(order.exchange_time, lang)],
    [t(ORDER.price), priceText(order.points_price, order.money_price, lang)],
    ...(payment_info.payment_method
      ? [[t(ORDER.method), t(METHODS[payment_info.payment_method])] as const]
      : []),
    ...(typeof madeTo === 'string' ? [[t(ORDER.customized), madeTo] as const] : []),
    ...customAnswers(customer_notes, true, lang),
    ...(typeof buyer_remarks === 'string' ? [[t(ORDER.remarks), buyer_remarks] as const] : []),
    ...(typeof buyer_message === 'string' ? [[t(ORDER.message), buyer_message] as const] : []),
    ...(order.returnable === 'none' ? [[t(PRODUCT.returns), t(PRODUCT.notReturnable)] as const] : []),
    ...(reason ? [[t(ORDER.cancelWhy), reasonText('', reason, lang)] as const] : []),
  ]
  return html`<section class="panel" aria-labelledby="facts">
    <h2 id="facts">${t(ORDER.facts)}</h2>
    <dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
  </section>`
}
