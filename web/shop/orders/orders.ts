import { Hono } from 'hono'
import { html } from 'hono/html'
import { listUnderWay } from '../../../application/orders/attempts.ts'
import { countUnread } from '../../../application/orders/messages.ts'
import { listOrders } from '../../../application/orders/reads.ts'
import { readStatistics, type Statistics } from '../../../application/orders/statistics.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { specsText } from '../../../domain/catalogue/sku.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { deadline, grouped, priceText, time } from '../../shared/format.ts'
import { interpolate } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { productPicture, shownImage } from '../../shared/product-picture.ts'
import { requireViewer, viewerOf } from '../../shared/viewer.ts'
import { COMMON, textsIn } from '../../texts/common/common.ts'
import { MESSAGES } from '../../texts/common/messages.ts'
import { AFTER_SALES } from '../../texts/shop/after-sales.ts'
import { ORDER, ORDERS } from '../../texts/shop/orders.ts'
import { shopPage } from '../layout.ts'
import { isPayable, ORDER_TABS, stateOf } from './order-state.ts'

const PER_PAGE = 12
const PAGE_MAX = 10_000

type Tab = keyof typeof ORDER_TABS

export function ordersRoutes(deps: WebDeps) {
  return new Hono<WebEnv>().get('/', requireViewer(), async (c) => {
    const tab = tabOf(c.req.query('tab'))
    const page = pageOf(c.req.query('page'))
    const ownerId = viewerOf(c).sub
    const { statuses } = ORDER_TABS[tab]
    const showsUnderWay = page === 1 && (tab === 'all' || tab === 'in_progress')
    const [underWay, { orders, total }, statistics] = await Promise.all([
      showsUnderWay ? listUnderWay(deps, ownerId) : [],
      listOrders(deps, { ownerId, statuses }, { limit: PER_PAGE, offset: (page - 1) * PER_PAGE }),
      readStatistics(deps.replica, ownerId),
    ])
    const last = Math.max(1, Math.ceil(total / PER_PAGE))
    if (page > last) return c.redirect(linkTo(tab, last), 303)
    const numbers = orders.map(({ order_no }) => order_no)
    const unread = await countUnread(deps.db, numbers, 'customer')
    return show(c, deps, tab, { orders: [...underWay, ...orders], unread }, statistics, { page, last })
  })
}

const tabOf = (given: string | undefined): Tab =>
  given !== undefined && Object.hasOwn(ORDER_TABS, given) ? (given as Tab) : 'all'

function pageOf(given: string | undefined): number {
  const page = /^\d{1,5}$/.test(given ?? '') ? Number(given) : 1
  return Math.min(Math.max(page, 1), PAGE_MAX)
}

function show(
  c: WebContext,
  deps: WebDeps,
  tab: Tab,
  { orders, unread }: { readonly orders: readonly OrderView[]; readonly unread: ReadonlyMap<string, number> },
  statistics: Statistics,
  at: { readonly page: number; readonly last: number },
) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const main = html`<div class="row spread"><h1>${t(ORDERS.title)}</h1><a href="/points-mall/after-sales">${t(AFTER_SALES.mine)}</a></div>
    <nav class="chips" aria-label="${t(ORDERS.tabs)}">
      ${Object.entries(ORDER_TABS).map(
        ([name, { text }]) =>
          html`<a href="${linkTo(name as Tab, 1)}" ${name === tab ? html`aria-current="page"` : ''}>${t(text)}${waiting(name as Tab, statistics)}</a>`,
      )}
    </nav>
    ${tab === 'all' && at.page === 1 ? spent(statistics, lang) : ''}
    ${
      orders.length > 0
        ? html`<ul class="order-list">${orders.map((order) => html`<li>${card(order, unread.get(order.order_no) ?? 0, lang, deps)}</li>`)}</ul>`
        : nothing(tab, lang)
    }
    ${at.last > 1 ? pager(tab, at, lang) : ''}`
  return shopPage(c, { title: t(ORDERS.title), main, tab: 'orders' })
}

function waiting(tab: Tab, { by_status }: Statistics): Html | '' {
  if (tab !== 'to_pay' && tab !== 'in_progress') return ''
  const count = ORDER_TABS[tab].statuses.reduce((sum, status) => sum + (by_status[status] ?? 0), 0)
  return count > 0 ? html` <span class="badge">${grouped(count)}</span>` : ''
}

/** Net of refunds. */
function spent({ total, total_points, total_money }: Statistics, lang: Lang): Html | '' {
  if (total === 0) return ''
  const price = priceText(total_points, total_money, lang)
  return html`<p class="muted small">${interpolate(textsIn(lang)(ORDERS.spent), { n: grouped(total), price })}</p>`
}

const linkTo = (tab: Tab, page: number) =>
  `/points-mall/orders${tab === 'all' && page === 1 ? '' : `?tab=${tab}${page > 1 ? `&page=${page}` : ''}`}`

function card(order: OrderView, unread: number, lang: Lang, deps: WebDeps): Html {
  const t = textsIn(lang)
  const state = stateOf(order)
  const { expires_at } = order.payment_info
  return html`<article class="ticket order-card">
    <div class="body">
      ${productPicture(shownImage(order.product_image, deps), order.product_title)}
      <div class="what">
        <h2><a href="/points-mall/orders/${order.order_no}">${order.product_title}</a></h2>${specsText(order.specs) ? html`<p class="muted small">${specsText(order.specs)}</p>` : ''}
        <p class="muted small">${t(ORDERS.quantity)} ${order.quantity}</p>
        <p class="digits">${priceText(order.total_points, order.total_money, lang)}</p>
      </div>
    </div>
    <div class="stub small muted">
      <span class="badge ${state.tone}">${t(state.name)}</span>
      ${unread > 0 ? html`<a class="badge warn" href="/points-mall/orders/${order.order_no}/messages">${interpolate(t(MESSAGES.unread), { n: grouped(unread) })}</a>` : ''}
      ${
        isPayable(order) && expires_at
          ? html`<span class="due"><span class="left">${t(ORDER.timeLeft)}</span> <span class="digits" data-until="${expires_at}" data-over="${t(ORDER.timeOver)}">${interpolate(t(ORDER.payBy), { t: deadline(expires_at, lang) })}</span></span>`
          : html`<span>${time(order.exchange_time, lang)}</span>`
      }
    </div>
  </article>`
}

function nothing(tab: Tab, lang: Lang): Html {
  const t = textsIn(lang)
  return html`<div class="empty">
    <p class="blank-ticket" aria-hidden="true"></p>
    <h2>${t(tab === 'all' ? ORDERS.empty : ORDERS.emptyTab)}</h2>
    ${tab === 'all' ? html`<p class="muted">${t(ORDERS.emptyHint)}</p>` : ''}
    <p class="row">
      <a class="button" href="/points-mall/products">${t(ORDERS.browse)}</a>
      ${tab === 'all' ? '' : html`<a class="button plain" href="/points-mall/orders">${t(ORDERS.showAll)}</a>`}
    </p>
  </div>`
}

function pager(tab: Tab, { page, last }: { readonly page: number; readonly last: number }, lang: Lang): Html {
  const t = textsIn(lang)
  return html`<nav class="row spread pager" aria-label="${t(ORDERS.pages)}">
    ${page > 1 ? html`<a class="button plain" rel="prev" href="${linkTo(tab, page - 1)}">${t(COMMON.previous)}</a>` : html`<span></span>`}
    <span class="muted">${page} / ${last}</span>
    ${page < last ? html`<a class="button plain" rel="next" href="${linkTo(tab, page + 1)}">${t(COMMON.next)}</a>` : html`<span></span>`}
  </nav>`
}
