import { html } from 'hono/html'
import { OWNER_ID_MAX } from '../../../application/customers/users.ts'
import { orderTable } from '../../../application/orders/orders-csv.ts'
import { readViews } from '../../../application/orders/saved-views.ts'
import { findOrders, type OrderLine, type OrderSearch } from '../../../application/orders/search.ts'
import { dayInShanghai, isDay } from '../../../domain/business-time.ts'
import { PAYMENT_MODES } from '../../../domain/catalogue/product.ts'
import { specsText } from '../../../domain/catalogue/sku.ts'
import { ORDER_STATUSES, PAYMENT_STATUSES } from '../../../domain/orders/status.ts'
import { cut, plainText } from '../../../domain/text.ts'
import { choice, field } from '../../form/form.ts'
import type { WebContext, WebDeps } from '../../shared/deps.ts'
import { grouped, priceText, time } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { MODE_TEXTS } from '../../texts/console/catalogue.ts'
import { QUEUE } from '../../texts/console/daily.ts'
import { ORDER_STATES, PAYMENT_STATES, ORDER_LIST as T } from '../../texts/console/orders.ts'
import { SHIP_BATCH, SLIPS } from '../../texts/console/ship-batch.ts'
import { keyed } from '../keys.ts'
import { consolePage } from '../layout.ts'
import { slipsAt } from '../shipments/packing-slips.ts'
import { QUEUE_AT } from '../shipments/ship-queue.ts'
import { orderAt, orderBadge, paymentBadge, paysApart } from './order-badges.ts'
import { orderTabs, placeInList } from './order-tabs.ts'
import { viewForms, viewNotice } from './saved-views.ts'
import { orderTick, selection } from './selected.ts'

const HOME = '/admin/orders'
const PER_PAGE = 30
const WORDS_MAX = 100

/** Invalid filters are ignored. */
export function orderList(deps: WebDeps) {
  return async (c: WebContext) => {
    const lang = c.get('lang')
    const t = textsIn(lang)
    const search = readSearch(c)
    const given = c.req.query('past')
    const past = given && /^[1-9]\d{0,17}$/.test(given) ? given : undefined
    const oldestFirst = isOldestFirst(c)
    const page = { limit: PER_PAGE, oldestFirst, past }
    // A reversed date range is an error, not an empty list.
    const areTurned = search.from !== undefined && search.to !== undefined && search.from >= search.to
    const { orders, next } = areTurned
      ? { orders: [], next: undefined }
      : await findOrders({ ...deps, db: deps.replica }, search, page)
    const views = await readViews(deps.db, viewerOf(c).sub)
    const main = html`
      <h1>${t(T.title)}</h1>
      ${orderTabs(c, views)}
      ${viewNotice(c)}
      ${filters(c, search, areTurned ? t(T.daysTurned) : undefined)}
      ${viewForms(c, views)}
      ${areTurned ? '' : orders.length === 0 ? empty(c, search) : selection(c, table(c, orders))}
      ${areTurned || orders.length === 0 ? '' : html`<p><a class="press" href="${HOME}/export.csv${new URL(c.req.url).search}">${t(T.download)}</a></p>`}
      ${search.status === 'order_accepted' && orders.length > 0 ? html`<p><a class="press" href="${slipsAt(orders.map(({ order_no }) => order_no))}">${t(SLIPS.printListed)}</a></p>` : ''}
      <p class="row"><a class="press" href="${QUEUE_AT}" ${keyed(c, 's')}>${t(QUEUE.title)}</a> <a class="press" href="${HOME}/ship-batch">${t(SHIP_BATCH.title)}</a></p>
      <nav class="pager" aria-label="${t(T.listed)}">
        ${past ? html`<a class="button plain" href="${here(c, undefined)}">${t(T.firstPage)}</a>` : ''}
        ${next ? html`<a class="button plain" rel="next" href="${here(c, next)}">${t(oldestFirst ? T.newer : T.older)}</a>` : ''}
      </nav>`
    return consolePage(c, { title: t(T.title), main, section: 'orders' }, areTurned ? 422 : 200)
  }
}

/** The whole list with its filters. */
export function exportOrders(deps: WebDeps) {
  return async (c: WebContext) => {
    const { body, headers } = await orderTable({ ...deps, db: deps.replica }, readSearch(c), c.get('lang'))
    return c.body(body, 200, headers)
  }
}

function readSearch(c: WebContext): OrderSearch {
  const given = (name: string) => plainText(c.req.query(name) ?? '').trim() || undefined
  const among = <T extends string>(name: string, values: readonly T[]) =>
    values.find((value) => value === given(name))
  const product = given('product_id')
  const day = (name: string) => {
    const text = given(name)
    return text && isDay(text) ? dayInShanghai(text) : undefined
  }
  return {
    words: cut(given('q') ?? '', WORDS_MAX) || undefined,
    ownerId: cut(given('owner_id') ?? '', OWNER_ID_MAX) || undefined,
    productId: product && /^[1-9]\d{0,17}$/.test(product) ? product : undefined,
    status: among('status', ORDER_STATUSES),
    paymentStatus: among('payment_status', PAYMENT_STATUSES),
    paymentMode: among('payment_mode', PAYMENT_MODES),
    isSent: given('sent') === '1' ? true : given('sent') === '0' ? false : undefined,
    needsAttention: given('attention') === '1',
    isUnanswered: given('unanswered') === '1',
    assignee: given('mine') === '1' ? viewerOf(c).sub : undefined,
    from: day('from')?.from,
    to: day('to')?.to,
  }
}

const isOldestFirst = (c: WebContext): boolean => c.req.query('sort') === 'oldest'

function here(c: WebContext, past: string | undefined): string {
  const url = new URL(c.req.url)
  for (const name of ['past', 'select', 'picked', 'view']) url.searchParams.delete(name)
  if (past !== undefined) url.searchParams.set('past', past)
  return url.pathname + url.search
}

function filters(c: WebContext, search: OrderSearch, wrongDays: string | undefined): Html {
  const t = textsIn(c.get('lang'))
  const { words, ownerId, productId, status, paymentStatus, paymentMode, isSent, needsAttention, from, to } =
    search
  const any = ['', t(T.any)] as const
  const kept = (name: string, label: string, value: string | undefined) =>
    value === undefined
      ? ''
      : html`<p class="kept"><input type="hidden" name="${name}" value="${value}">${label} <strong>${value}</strong></p>`
  const isFiltered =
    words ?? ownerId ?? productId ?? status ?? paymentStatus ?? paymentMode ?? isSent ?? from ?? to
  return html`<form class="filters orders" role="search">
    ${field({ name: 'q', label: t(T.words), value: words, type: 'search', maxlength: WORDS_MAX, attributes: keyed(c, '/') })}
    ${choice('status', t(T.status), [any, ...ORDER_STATUSES.map((name) => [name, t(ORDER_STATES[name])] as const)], status)}
    ${choice('payment_status', t(T.payment), [any, ...PAYMENT_STATUSES.map((name) => [name, t(PAYMENT_STATES[name])] as const)], paymentStatus)}
    ${choice('payment_mode', t(T.mode), [any, ...PAYMENT_MODES.map((name) => [name, t(MODE_TEXTS[name])] as const)], paymentMode)}
    ${choice(
      'sent',
      t(T.sent),
      [any, ['1', t(T.isSent)], ['0', t(T.isNotSent)]],
      isSent === undefined ? undefined : isSent ? '1' : '0',
    )}
    ${choice(
      'sort',
      t(T.sort),
      [
        ['', t(T.newestFirst)],
        ['oldest', t(T.oldestFirst)],
      ],
      isOldestFirst(c) ? 'oldest' : '',
    )}
    <label class="pick"><input type="checkbox" name="attention" value="1" ${needsAttention ? 'checked' : ''}> ${t(T.attention)}</label>
    <label class="pick"><input type="checkbox" name="unanswered" value="1" ${search.isUnanswered ? 'checked' : ''}> ${t(T.unanswered)}</label>
    <label class="pick"><input type="checkbox" name="mine" value="1" ${search.assignee === undefined ? '' : 'checked'}> ${t(T.mine)}</label>
    <div class="dates">
      ${field({ name: 'from', label: t(T.from), value: from && c.req.query('from'), type: 'date', error: wrongDays })}
      ${field({ name: 'to', label: t(T.to), value: to && c.req.query('to'), type: 'date' })}
    </div>
    ${kept('owner_id', t(T.ofOwner), ownerId)}
    ${kept('product_id', t(T.ofProduct), productId)}
    <div class="row"><button class="plain">${t(T.find)}</button>
      ${isFiltered !== undefined || needsAttention || search.isUnanswered || search.assignee !== undefined ? html`<a class="button quiet" href="${HOME}">${t(T.clear)}</a>` : ''}</div>
  </form>`
}

function empty(c: WebContext, { words }: OrderSearch): Html {
  const t = textsIn(c.get('lang'))
  return html`<div class="empty"><h2>${t(T.empty)}</h2><p class="muted">${t(words === undefined ? T.tryLess : T.emptyHint)}</p>
    <p><a class="button plain" href="${HOME}">${t(T.clear)}</a></p></div>`
}

function table(c: WebContext, orders: readonly OrderLine[]): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  // The order page links back to this list.
  const from = placeInList(c)
  return html`<table class="folds pairs many">
    <caption class="sr">${t(T.listed)}</caption>
    <thead><tr>
      <th scope="col">${t(T.order)}</th><th scope="col">${t(T.product)}</th><th scope="col">${t(T.customer)}</th>
      <th scope="col" class="number">${t(T.total)}</th><th scope="col">${t(T.time)}</th><th scope="col">${t(T.status)}</th>
    </tr></thead>
    <tbody>${orders.map(
      (order, n) => html`<tr>
        <th scope="row">${orderTick(c, order.order_no, n)}<a class="press name code" href="${orderAt(order.order_no, from)}">${order.order_no}</a></th>
        <td data-label="${t(T.product)}" class="left plainly"><span>${order.product_title}${specsText(order.specs) ? html` <span class="muted small">${specsText(order.specs)}</span>` : ''}${order.quantity > 1 ? html` <span class="muted">×&nbsp;${grouped(order.quantity)}</span>` : ''}</span></td>
        <td data-label="${t(T.customer)}" class="by plainly"><a class="press second" href="/admin/users/${encodeURIComponent(order.owner_id)}">${order.owner_id}</a></td>
        <td data-label="${t(T.total)}" class="number left plainly">${priceText(order.total_points, order.total_money, lang)}</td>
        <td data-label="${t(T.time)}" class="plainly small muted">${time(order.exchange_time, lang)}</td>
        <td data-label="${t(T.status)}" class="last left plainly"><span class="badges">${orderBadge(order.status, lang)}
          ${paysApart(order) ? paymentBadge(order.payment_status, lang) : ''}
          ${order.needs_attention === null ? '' : html`<span class="badge bad">${t(T.needsAttention)}</span>`}</span></td>
      </tr>`,
    )}</tbody>
  </table>`
}
