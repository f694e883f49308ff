import { html } from 'hono/html'
import { readCategories } from '../../../application/catalogue/categories.ts'
import {
  type AdminProductView,
  type ProductSort,
  readProducts,
} from '../../../application/catalogue/products.ts'
import { PAYMENT_MODES, PRODUCT_STATUSES } from '../../../domain/catalogue/product.ts'
import { cut, plainText } from '../../../domain/text.ts'
import { choice, field } from '../../form/form.ts'
import type { WebContext, WebDeps } from '../../shared/deps.ts'
import { grouped, priceText, time } from '../../shared/format.ts'
import { pager } from '../../shared/pager.ts'
import { shownImage } from '../../shared/product-picture.ts'
import { textsIn } from '../../texts/common/common.ts'
import { MODE_TEXTS, SORT_TEXTS, STATUS_TEXTS, PRODUCTS as T } from '../../texts/console/catalogue.ts'
import { ARRANGE } from '../../texts/console/daily.ts'
import { consolePage } from '../layout.ts'
import { ARRANGE_AT } from './arrange.ts'
import { troubledProducts } from './external-product.ts'
import { done, statusBadge, stockText } from './product-badges.ts'

const HOME = '/admin/products'
const PER_PAGE = 30
/** Lists and counts stop here; filters narrow them. */
const LISTED_MAX = 3_000
const SORTS = Object.keys(SORT_TEXTS) as (keyof typeof SORT_TEXTS)[]

/** Invalid filters are ignored. */
export function productList(deps: WebDeps) {
  const { replica, pointsToCnyMillionths: rate } = deps
  return async (c: WebContext) => {
    const lang = c.get('lang')
    const t = textsIn(lang)
    const query = readQuery(c)
    const given = Number(/^[1-9]\d{0,5}$/.exec(c.req.query('page') ?? '')?.[0] ?? 1)
    const page = Math.min(given, LISTED_MAX / PER_PAGE)
    const slice = { limit: PER_PAGE, offset: (page - 1) * PER_PAGE, countMax: LISTED_MAX + 1 }
    const [{ products, total }, categories] = await Promise.all([
      readProducts(replica, query.filter, query.sort, slice, rate),
      readCategories(replica),
    ])
    const last = Math.max(1, Math.ceil(Math.min(total, LISTED_MAX) / PER_PAGE))
    if (page > last && total > 0) return c.redirect(pageAt(c, last), 303)
    const any = ['', t(T.any)] as const
    const { status, categoryId, paymentMode, keyword, lowStock } = query.filter
    const filtered = status ?? categoryId ?? paymentMode ?? keyword ?? lowStock
    const listed = Math.min(total, LISTED_MAX)
    const main = html`
      <div class="row spread">
        <h1>${t(T.title)} <small class="count">${grouped(listed)}${total > listed ? '+' : ''} ${t(T.count)}</small></h1>
        <span class="row"><a class="button plain" href="${ARRANGE_AT}">${t(ARRANGE.title)}</a> <a class="button" href="${HOME}/new">${t(T.add)}</a></span>
      </div>
      ${done(c)}
      ${await troubledProducts(c, deps)}
      <form class="filters" role="search">
        ${field({ name: 'keyword', label: t(T.keyword), value: keyword, type: 'search', maxlength: 100 })}
        ${choice('status', t(T.status), [any, ...PRODUCT_STATUSES.map((name) => [name, t(STATUS_TEXTS[name])] as const)], status)}
        ${choice('category_id', t(T.category), [any, ...categories.map(({ id, name }) => [id, name] as const)], categoryId)}
        ${choice('payment_mode', t(T.mode), [any, ...PAYMENT_MODES.map((name) => [name, t(MODE_TEXTS[name])] as const)], paymentMode)}
        ${choice(
          'sort',
          t(T.sort),
          SORTS.map((name) => [name, t(SORT_TEXTS[name])] as const),
          query.sort,
        )}
        <label class="pick"><input type="checkbox" name="low" value="1" ${lowStock ? 'checked' : ''}> ${t(T.onlyLow)}</label>
        <div class="row"><button class="plain">${t(T.filter)}</button>
          ${filtered ? html`<a class="button quiet" href="${HOME}">${t(T.clear)}</a>` : ''}</div>
      </form>
      ${products.length === 0 ? empty(c) : table(c, deps, products)}
      ${pager(c, page, Math.ceil(listed / PER_PAGE))}`
    return consolePage(c, { title: t(T.title), main, section: 'products' })
  }
}

function pageAt(c: WebContext, page: number): string {
  const url = new URL(c.req.url)
  url.searchParams.set('page', `${page}`)
  return url.pathname + url.search
}

function readQuery(c: WebContext) {
  const given = (name: string) => plainText(c.req.query(name) ?? '').trim() || undefined
  const among = <T extends string>(name: string, values: readonly T[]) =>
    values.find((value) => value === given(name))
  const categoryId = given('category_id')
  const wanted = among<ProductSort>('sort', SORTS) ?? 'default'
  const lowStock = given('low') === '1' || undefined
  return {
    filter: {
      status: among('status', PRODUCT_STATUSES),
      paymentMode: among('payment_mode', PAYMENT_MODES),
      categoryId: categoryId && /^[1-9]\d{0,17}$/.test(categoryId) ? categoryId : undefined,
      keyword: cut(given('keyword') ?? '', 100) || undefined,
      lowStock,
    },
    sort: wanted === 'default' && lowStock ? 'stock_asc' : wanted,
  }
}

function empty(c: WebContext) {
  const t = textsIn(c.get('lang'))
  return html`<div class="empty"><h2>${t(T.empty)}</h2><p class="muted">${t(T.emptyHint)}</p>
    <p><a class="button plain" href="${HOME}">${t(T.clear)}</a></p></div>`
}

function table(c: WebContext, deps: WebDeps, products: readonly AdminProductView[]) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  return html`<table class="folds pairs">
    <caption class="sr">${t(T.listed)}</caption>
    <thead><tr>
      <th scope="col">${t(T.product)}</th><th scope="col">${t(T.status)}</th>
      <th scope="col">${t(T.price)}</th><th scope="col">${t(T.category)}</th>
      <th scope="col" class="number">${t(T.stock)}</th><th scope="col">${t(T.changed)}</th>
    </tr></thead>
    <tbody>${products.map(
      (product) => html`<tr>
        <th scope="row" class="product">
          ${thumbnail(shownImage(product.image, deps))}
          <a class="name press" href="${HOME}/${product.id}">${product.title}</a></th>
        <td data-label="${t(T.status)}" class="plainly left">${statusBadge(product.status, lang)}</td>
        <td data-label="${t(T.price)}" class="plainly">${priceText(product.points_price, product.money_price, lang)}</td>
        <td data-label="${t(T.category)}" class="plainly left">${product.category?.name ?? t(T.none)}</td>
        <td data-label="${t(T.stock)}" class="number">${stockText(product, lang)}</td>
        <td data-label="${t(T.changed)}" class="desk small muted">${time(product.updated_at, lang)}</td>
      </tr>`,
    )}</tbody>
  </table>`
}

const thumbnail = (image: string | undefined) =>
  image
    ? html`<img src="${image}" alt="" width="48" height="48" loading="lazy">`
    : html`<span class="no-picture"></span>`
