import { Hono } from 'hono'
import { html } from 'hono/html'
import { type CategoryView, readCategories } from '../../../application/catalogue/categories.ts'
import {
  type ProductFilter,
  type ProductSlice,
  type ProductSort,
  readCatalogue,
} from '../../../application/catalogue/products.ts'
import { readSuggestions } from '../../../application/catalogue/search.ts'
import { readUser } from '../../../application/customers/users.ts'
import { OverloadedError } from '../../../application/temporal/client.ts'
import { readWallet, type WalletView } from '../../../application/wallet/wallets.ts'
import { PAYMENT_MODES, PRODUCT_TYPES } from '../../../domain/catalogue/product.ts'
import { cut, isVisible, plainText } from '../../../domain/text.ts'
import { choice, typedMax } from '../../form/form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { grouped, moneyText } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { pager } from '../../shared/pager.ts'
import { catalogueDb } from '../../shared/viewer.ts'
import { COMMON, textsIn } from '../../texts/common/common.ts'
import { MODES, SORTS, HOME as T, TYPES } from '../../texts/shop/catalogue.ts'
import { shopPage } from '../layout.ts'
import { productGrid } from './product-card.ts'

const HOME = '/points-mall/products'
const PER_PAGE = 20
/** Lists and counts stop here; filters narrow them. */
const LISTED_MAX = 1_000
const SOON_MS = 30 * 86_400_000
const KEYWORD_MAX = 100

/** Invalid values are ignored. */
interface Wish {
  readonly filter: Omit<ProductFilter, 'status' | 'within'>
  readonly affordable: boolean
  readonly sort: ProductSort
  readonly page: number
}

/** `wallet` is undefined if it cannot be read. */
type Owner = { readonly level: number; readonly wallet: WalletView | undefined } | undefined

export function homeRoutes(deps: WebDeps) {
  const find = (
    db: WebDeps['db'],
    filter: Omit<ProductFilter, 'status'>,
    sort: ProductSort,
    slice: ProductSlice,
  ) => readCatalogue(db, filter, sort, slice, deps.pointsToCnyMillionths)

  async function nothing(c: WebContext, wish: Wish): Promise<Html> {
    const t = textsIn(c.get('lang'))
    const db = catalogueDb(c, deps)
    const { keyword } = wish.filter
    const [{ categories, products }, others] = await Promise.all([
      keyword === undefined ? { categories: [], products: [] } : readSuggestions(db, keyword),
      find(db, {}, 'default', { limit: 4, offset: 0, countMax: 1 }),
    ])
    const similar = [
      ...categories.map(({ id, name }) => [`${HOME}?category_id=${id}`, name] as const),
      ...products.map(({ id, title }) => [`${HOME}/${id}`, title] as const),
    ]
    return html`<div class="empty">
        <h2>${t(others.total === 0 ? T.shelfEmpty : T.nothing)}</h2>
        ${others.total === 0 ? '' : html`<p class="muted">${t(T.nothingHint)}</p>`}
        ${
          similar.length === 0
            ? ''
            : html`<p class="row">${t(T.tryWords)} ${similar.map(
                ([link, text]) => html`<a class="chip" href="${link}">${text}</a>`,
              )}</p>`
        }
        ${isNarrowed(wish) ? html`<p><a class="button plain" href="${HOME}">${t(T.clear)}</a></p>` : ''}
      </div>
      ${
        others.total === 0
          ? ''
          : html`<section class="stack"><h2>${t(T.others)}</h2>${productGrid(others.products, c.get('lang'), deps)}</section>`
      }`
  }

  return new Hono<WebEnv>().get('/products', async (c) => {
    const lang = c.get('lang')
    const t = textsIn(lang)
    const wish = readWish(c)
    const db = catalogueDb(c, deps)
    const [owner, categories] = await Promise.all([readOwner(c, deps), readCategories(db)])
    const cap = deps.settings.rules.maxPointsPerOrder
    const within = wish.affordable &&
      owner?.wallet && { points: Math.min(owner.wallet.available, cap), level: owner.level }
    const slice = { limit: PER_PAGE, offset: (wish.page - 1) * PER_PAGE, countMax: LISTED_MAX + 1 }
    const { products, total } = await find(
      db,
      { ...wish.filter, within: within || undefined },
      wish.sort,
      slice,
    )
    const listed = Math.min(total, LISTED_MAX)
    const last = Math.max(1, Math.ceil(listed / PER_PAGE))
    if (wish.page > last) return c.redirect(pageLink(c, last), 303)
    const count = `${grouped(listed)}${total > listed ? '+' : ''}`
    const { keyword, categoryId } = wish.filter
    const category = categories.find(({ id }) => id === categoryId)
    const heading = keyword ? `“${keyword}”` : (category?.name ?? t(T.everything))
    const main = html`
      <h1 class="sr">${t(T.title)}</h1>
      ${isNarrowed(wish) || wish.page > 1 ? briefBalance(c, owner) : balance(c, owner)}
      ${searchForm(c, wish)}
      ${categoryChips(c, wish, categories)}
      <section class="stack found" aria-labelledby="found">
        <div class="row spread">
          <h2 id="found">${heading} <small class="muted" role="status">${count} ${t(count === '1' ? T.foundOne : T.found)}</small></h2>
          ${filters(c, wish, owner)}
        </div>
        ${products.length === 0 ? await nothing(c, wish) : productGrid(products, lang, deps)}
        ${total > PER_PAGE ? pager(c, wish.page, last) : ''}
      </section>`
    return shopPage(c, {
      title: keyword ? `${keyword} ${t(T.results)}` : (category?.name ?? t(T.title)),
      main,
      tab: 'home',
    })
  })
}

function readWish(c: WebContext): Wish {
  const given = c.req.query()
  const keyword = cut(plainText(given.keyword ?? '').trim(), KEYWORD_MAX)
  return {
    filter: {
      keyword: isVisible(keyword) ? keyword : undefined,
      categoryId: /^[1-9]\d{0,17}$/.test(given.category_id ?? '') ? given.category_id : undefined,
      paymentMode: PAYMENT_MODES.find((mode) => mode === given.payment_mode),
      productType: PRODUCT_TYPES.find((type) => type === given.product_type),
    },
    affordable: given.affordable === '1',
    sort: (Object.keys(SORTS) as (keyof typeof SORTS)[]).find((sort) => sort === given.sort) ?? 'default',
    page: Math.min(LISTED_MAX / PER_PAGE, Number(/^[1-9]\d{0,5}$/.exec(given.page ?? '')?.[0] ?? 1)),
  }
}

const isNarrowed = ({ filter, affordable }: Wish) =>
  affordable || Object.values(filter).some((value) => value !== undefined)

function wishLink({ filter, affordable, sort }: Wish): string {
  const query = new URLSearchParams()
  if (filter.keyword) query.set('keyword', filter.keyword)
  if (filter.categoryId) query.set('category_id', filter.categoryId)
  if (filter.paymentMode) query.set('payment_mode', filter.paymentMode)
  if (filter.productType) query.set('product_type', filter.productType)
  if (affordable) query.set('affordable', '1')
  if (sort !== 'default') query.set('sort', sort)
  return query.size === 0 ? HOME : `${HOME}?${query.toString()}`
}

function pageLink(c: WebContext, page: number): string {
  const { pathname, searchParams } = new URL(c.req.url)
  searchParams.set('page', `${page}`)
  return `${pathname}?${searchParams.toString()}`
}

const hidden = (name: string, value: string | undefined) =>
  value === undefined ? '' : html`<input type="hidden" name="${name}" value="${value}">`

async function readOwner(c: WebContext, deps: WebDeps): Promise<Owner> {
  const viewer = c.get('viewer')
  if (!viewer) return undefined
  const [user, wallet] = await Promise.all([
    readUser(deps.db, viewer.sub),
    readWallet(deps, viewer.sub).catch((error: unknown) => {
      if (error instanceof OverloadedError) return undefined
      throw error
    }),
  ])
  return { level: user.level ?? viewer.level, wallet }
}

function briefBalance(c: WebContext, owner: Owner): Html | '' {
  const t = textsIn(c.get('lang'))
  return owner?.wallet
    ? html`<p class="brief"><span class="muted">${t(T.available)}</span> <strong class="digits">${grouped(owner.wallet.available)}</strong></p>`
    : ''
}

function balance(c: WebContext, owner: Owner): Html {
  const t = textsIn(c.get('lang'))
  if (!owner) {
    return html`<section class="ticket balance guest">
      <div class="body"><h2>${t(T.guest)}</h2></div>
      <div class="stub"><a class="button" href="/points-mall/sign-in?next=${encodeURIComponent(HOME)}">${t(COMMON.signIn)}</a></div>
    </section>`
  }
  const { level, wallet } = owner
  const links = html`<nav class="links" aria-label="${t(COMMON.wallet)}">
    <a class="tap small" href="/points-mall/wallet">${t(T.statement)}</a>
    <a class="tap small" href="/points-mall/addresses">${t(COMMON.addresses)}</a>
    <a class="tap small" href="/points-mall/sign-out">${t(COMMON.sessions)}</a></nav>`
  if (!wallet) {
    return html`<section class="ticket balance"><div class="body"><h2>${t(T.unknown)}</h2></div><div class="stub">${links}</div></section>`
  }
  const soon = wallet.expiring
    .filter(({ expires_at }) => Date.parse(expires_at) < Date.now() + SOON_MS)
    .reduce((sum, { points }) => sum + points, 0)
  return html`<section class="ticket balance" aria-labelledby="balance">
    <div class="body">
      <h2 id="balance">${t(T.available)} <span class="badge">${t(T.level)} ${level}</span></h2>
      <p class="digits points">${grouped(wallet.available)}</p>
      ${links}
    </div>
    <dl class="stub">
      ${soon > 0 ? html`<div><dt>${t(T.soon)}</dt><dd class="digits">${grouped(soon)}</dd></div>` : ''}
      <div><dt>${t(T.held)}</dt><dd class="digits">${grouped(wallet.held)}</dd></div>
      <div><dt>${t(T.cash)}</dt><dd class="digits">${moneyText(wallet.cash)}</dd></div>
    </dl>
  </section>`
}

function searchForm(c: WebContext, { filter, affordable, sort }: Wish): Html {
  const t = textsIn(c.get('lang'))
  return html`<form class="search" role="search" action="${HOME}">
    <label class="sr" for="keyword">${t(T.search)}</label>
    <input id="keyword" name="keyword" type="search" value="${filter.keyword ?? ''}" placeholder="${t(T.search)}"
      maxlength="${typedMax(KEYWORD_MAX)}" autocomplete="off" enterkeyhint="search">
    ${hidden('category_id', filter.categoryId)}${hidden('payment_mode', filter.paymentMode)}
    ${hidden('product_type', filter.productType)}${hidden('affordable', affordable ? '1' : undefined)}
    ${hidden('sort', sort === 'default' ? undefined : sort)}
    <button>${t(T.searchGo)}</button>
  </form>`
}

/** From the top to this category. */
function pathTo(categories: readonly CategoryView[], id: string | null | undefined): string[] {
  const found = categories.find((one) => one.id === id)
  return found ? [...pathTo(categories, found.parent_id), found.id] : []
}

function categoryChips(c: WebContext, wish: Wish, categories: readonly CategoryView[]): Html | '' {
  if (categories.length === 0) return ''
  const t = textsIn(c.get('lang'))
  const chip = (categoryId: string | undefined, text: string) =>
    html`<li><a class="chip" href="${wishLink({ ...wish, filter: { ...wish.filter, categoryId } })}"
      ${categoryId === wish.filter.categoryId ? html`aria-current="true"` : ''}>${text}</a></li>`
  const below = (parent: string | null) => categories.filter((one) => one.parent_id === parent)
  const top = below(null)
  const levels = pathTo(categories, wish.filter.categoryId)
    .map(below)
    .filter((level) => level.length > 0)
  return html`<nav class="categories" aria-label="${t(T.categories)}">
    <ul>${chip(undefined, t(T.all))}${top.map(({ id, name }) => chip(id, name))}</ul>
    ${levels.map((level) => html`<ul>${level.map(({ id, name }) => chip(id, name))}</ul>`)}</nav>`
}

function filters(c: WebContext, wish: Wish, owner: Owner): Html {
  const t = textsIn(c.get('lang'))
  const { filter, affordable, sort } = wish
  const any = ['', t(T.any)] as const
  const count = [filter.paymentMode, filter.productType, sort === 'default' ? undefined : sort].filter(
    Boolean,
  ).length
  return html`<div class="row narrow">
    ${
      owner?.wallet
        ? html`<a class="chip" href="${wishLink({ ...wish, affordable: !affordable })}"
            ${affordable ? html`aria-current="true"` : ''}>${t(T.affordable)}</a>`
        : ''
    }
    <details class="filters" data-panel>
      <summary class="chip">${t(T.filters)}${count > 0 ? html` <span class="badge bad">${count}</span>` : ''}</summary>
      <form class="sheet stack" action="${HOME}">
        ${hidden('keyword', filter.keyword)}${hidden('category_id', filter.categoryId)}
        ${hidden('affordable', affordable ? '1' : undefined)}
        ${choice('payment_mode', t(T.mode), [any, ...PAYMENT_MODES.map((name) => [name, t(MODES[name])] as const)], filter.paymentMode)}
        ${choice('product_type', t(T.type), [any, ...PRODUCT_TYPES.map((name) => [name, t(TYPES[name])] as const)], filter.productType)}
        ${choice(
          'sort',
          t(T.sort),
          Object.entries(SORTS).map(([name, text]) => [name, t(text)] as const),
          sort,
        )}
        <div class="row"><button>${t(T.apply)}</button>
          ${isNarrowed(wish) || sort !== 'default' ? html`<a class="button quiet" href="${HOME}">${t(T.clear)}</a>` : ''}</div>
      </form>
    </details>
  </div>`
}
