import { Hono } from 'hono'
import { html } from 'hono/html'
import { type ProductView, readCatalogue, readProduct } from '../../../application/catalogue/products.ts'
import type { SkuView } from '../../../application/catalogue/skus.ts'
import { type Check, checkExchange } from '../../../application/orders/exchange.ts'
import { specsText } from '../../../domain/catalogue/sku.ts'
import { DomainError, type Refusal } from '../../../domain/errors.ts'
import { fenOf } from '../../../domain/money.ts'
import { piecesMax } from '../../../domain/orders/eligibility.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { moneyText } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { shownImage } from '../../shared/product-picture.ts'
import { richText } from '../../shared/rich-text.ts'
import { catalogueDb } from '../../shared/viewer.ts'
import { COMMON, textsIn } from '../../texts/common/common.ts'
import { PRODUCT, HOME as SHOP, TYPES } from '../../texts/shop/catalogue.ts'
import { deliveryTexts } from '../../texts/shop/delivery.ts'
import { shopPage } from '../layout.ts'
import { pictureStrip } from './picture-strip.ts'
import { productGrid } from './product-card.ts'
import { closedNow, limits, price, reasonItem, returns, shortReason, stock, times } from './product-copy.ts'

const HOME = '/points-mall/products'

export function productRoutes(deps: WebDeps) {
  return new Hono<WebEnv>().get('/products/:id{[1-9]\\d{0,17}}', async (c) => {
    const product = await findOnShelf(c, deps, c.req.param('id'))
    if (!product) return showGone(c, deps)
    const viewer = c.get('viewer')
    const check = viewer
      ? await checkExchange(
          deps,
          { ownerId: viewer.sub, level: viewer.level },
          { productId: product.id, skuId: chosenSku(c, product).id },
          { quantity: 1 },
        )
      : undefined
    return shopPage(c, {
      title: product.title,
      main: detail(c, deps, product, check),
      tab: 'home',
      back: HOME,
    })
  })
}

/** The one that is asked for, else the first that is in stock. */
function chosenSku(c: WebContext, { skus }: ProductView): SkuView {
  const inStock = skus.find(({ stock_quantity }) => stock_quantity > 0)
  const chosen = skus.find(({ id }) => id === c.req.query('sku_id')) ?? inStock ?? skus[0]
  if (!chosen) throw new Error('a product has at least one SKU')
  return chosen
}

/** @returns undefined if not on sale or sold out */
export async function findOnShelf(
  c: WebContext,
  { db, publicDb, pointsToCnyMillionths }: WebDeps,
  id: string,
): Promise<ProductView | undefined> {
  try {
    return await readProduct(c.get('viewer') ? db : publicDb, id, pointsToCnyMillionths)
  } catch (error) {
    if (error instanceof DomainError && error.refusal.code === 'NOT_FOUND') return undefined
    throw error
  }
}

export async function showGone(c: WebContext, deps: WebDeps) {
  const db = catalogueDb(c, deps)
  const { pointsToCnyMillionths: rate } = deps
  const t = textsIn(c.get('lang'))
  const others = await readCatalogue(db, {}, 'default', { limit: 4, offset: 0, countMax: 1 }, rate)
  const main = html`<div class="empty">
      <h1>${t(PRODUCT.gone)}</h1><p>${t(PRODUCT.goneHint)}</p>
      <p><a class="button" href="${HOME}">${t(COMMON.home)}</a></p>
    </div>
    ${
      others.total === 0
        ? ''
        : html`<section class="stack"><h2>${t(SHOP.others)}</h2>${productGrid(others.products, c.get('lang'), deps)}</section>`
    }`
  return shopPage(c, { title: t(PRODUCT.gone), main, tab: 'home', back: HOME }, 404)
}

function detail(c: WebContext, deps: WebDeps, product: ProductView, check: Check | undefined): Html {
  const { settings } = deps
  const lang = c.get('lang')
  const t = textsIn(lang)
  const reasons = foremost(check?.reasons ?? [])
  const left = stock(product, lang)
  const when = times(product, lang)
  const rules = limits(product, settings.rules.exchangeLimitEnabled, lang)
  const shipping = deliveryTexts(product.delivery, product.shipping_type)
  const facts = Object.entries(product.properties ?? {}).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  )
  return html`<article class="product-page">
    <div class="photographed">${pictureStrip({ ...product, image: imageOf(product, chosenSku(c, product)) }, deps, lang)}</div>
    <div class="ticket offer">
      <div class="body stack">
        ${product.category ? html`<p class="small above"><a class="tap" href="${HOME}?category_id=${product.category.id}">${product.category.name}</a></p>` : ''}
        <h1>${product.title}</h1>
        <p class="price large"><span>${price(product.points_price, product.money_price, lang)}${product.skus.length > 1 ? html` <small class="muted">${t(PRODUCT.from)}</small>` : ''}</span>
          ${product.original_price ? html`<s class="muted small">${t(PRODUCT.original)} ${moneyText(product.original_price)}</s>` : ''}</p>
        <dl class="rules">
          <div><dt>${t(PRODUCT.stock)}</dt><dd>${left || t(PRODUCT.inStock)}</dd></div>
          <div><dt>${t(PRODUCT.delivery)}</dt><dd>${t(shipping.name)}<span class="muted small"> · ${t(shipping.means)}</span></dd></div>
          <div><dt>${t(PRODUCT.kind)}</dt><dd>${t(TYPES[product.product_type])}</dd></div>
          ${when ? html`<div><dt>${t(PRODUCT.time)}</dt><dd>${when}</dd></div>` : ''}
          <div><dt>${t(PRODUCT.returns)}</dt><dd>${returns(product, lang)}</dd></div>
          <div><dt>${t(PRODUCT.limits)}</dt><dd>${rules.length === 0 ? t(PRODUCT.noLimits) : rules.map((rule) => html`<span class="rule">${rule}</span>`)}</dd></div>
        </dl>
        ${product.skus.length > 1 ? skuChoice(product, chosenSku(c, product), deps, lang) : ''}
        ${whyNot(c, product, reasons)}
      </div>
      ${buy(c, product, reasons, mostOf(product, check, settings.rules))}
    </div>
    <div class="told stack">
      ${product.description ? html`<section class="stack"><h2>${t(PRODUCT.about)}</h2><div class="rich">${richText(product.description, deps)}</div></section>` : ''}
      ${product.rules ? html`<section class="stack"><h2>${t(PRODUCT.rulesOfShop)}</h2><p class="prose">${product.rules}</p></section>` : ''}
      ${
        facts.length === 0
          ? ''
          : html`<section class="stack"><h2>${t(PRODUCT.details)}</h2>
              <dl class="facts">${facts.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl></section>`
      }
    </div>
  </article>`
}

/** Puts reasons first that more points do not solve. */
const foremost = (reasons: readonly Refusal[]): Refusal[] =>
  reasons.toSorted((a, b) => Number(isForGood(b)) - Number(isForGood(a)))
const isForGood = ({ code }: Refusal) => code === 'POINTS_PER_ORDER_EXCEEDED'

/** A guest has redeemed nothing yet. */
function mostOf(product: ProductView, check: Check | undefined, rules: WebDeps['settings']['rules']): number {
  if (check?.facts.product) {
    return Math.max(1, piecesMax({ ...check.facts, product: check.facts.product }, rules, check.facts))
  }
  const facts = {
    piecesEver: 0,
    piecesInWindow: 0,
    product: {
      status: product.status,
      paymentMode: product.payment_mode,
      points: product.points_price,
      fen: fenOf(product.money_price.amount),
      sku: 'chosen' as const,
      stock: product.stock_quantity,
      reserved: 0,
      shippingType: product.shipping_type,
      exchangeLimit: product.exchange_limit,
      limit: product.properties?.limit ?? {},
    },
  }
  return Math.max(1, piecesMax(facts, rules))
}

/** Guests see reasons that apply to everybody. */
function whyNot(c: WebContext, product: ProductView, reasons: readonly Refusal[]): Html | '' {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const items = reasons.map((one) => reasonItem(one, lang))
  if (items.length === 0 && product.stock_quantity <= 0) items.push(html`<li>${t(PRODUCT.soldOutHint)}</li>`)
  if (items.length === 0) return ''
  return html`<div class="notice warn" role="note"><h2>${t(PRODUCT.whyNot)}</h2>
    <ul>${items}</ul></div>`
}

function buy(c: WebContext, product: ProductView, reasons: readonly Refusal[], most: number): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const closed = closedNow(product)
  if (closed) {
    return html`<div class="stub buy"><button class="wide" disabled>${times(product, lang)}</button></div>`
  }
  const [first] = reasons
  // Another SKU may cost less, or be in stock.
  const codes = ['USER_LEVEL_TOO_LOW', 'PRODUCT_NOT_ON_SALE']
  const isOver = product.skus.length === 1 || (first && codes.includes(first.code))
  if (product.stock_quantity <= 0 || (first && isOver)) {
    const why = product.stock_quantity <= 0 || !first ? t(PRODUCT.soldOut) : shortReason(first, lang)
    return html`<div class="stub buy"><button class="wide" disabled>${why}</button></div>`
  }
  const limit =
    product.skus.length > 1 ? Math.max(most, ...product.skus.map((sku) => sku.stock_quantity)) : most
  const asked = Number(/^[1-9]\d{0,6}$/.exec(c.req.query('quantity') ?? '')?.[0] ?? 1)
  return html`<form id="buy" class="stub buy" action="${HOME}/${product.id}/redeem">
    <div class="quantity">
      <label for="quantity">${t(PRODUCT.quantity)}</label>
      <span class="stepper">
        <button type="button" class="plain" data-step="-1" aria-controls="quantity" aria-label="${t(PRODUCT.fewer)}" hidden>−</button>
        <input id="quantity" name="quantity" type="number" inputmode="numeric" value="${Math.min(asked, limit)}" min="1" max="${limit}" required>
        <button type="button" class="plain" data-step="1" aria-controls="quantity" aria-label="${t(PRODUCT.more)}" hidden>+</button>
      </span>
    </div>
    <button>${t(c.get('viewer') ? PRODUCT.redeem : PRODUCT.signIn)}</button>
  </form>`
}

const imageOf = ({ image }: ProductView, sku: SkuView): string | null => sku.image ?? image

/** Outside of its form, which stays at the bottom of small screens. */
function skuChoice(product: ProductView, chosen: SkuView, deps: WebDeps, lang: Lang): Html {
  const t = textsIn(lang)
  const { skus } = product
  const own = (sku: SkuView) => {
    const image = shownImage(sku.image, deps)
    return image === undefined ? '' : html`<img src="${image}" alt="" width="48" height="48" loading="lazy">`
  }
  const large = (sku: SkuView) => {
    const image = shownImage(imageOf(product, sku), deps)
    return image === undefined ? '' : html`data-photo="${image}"`
  }
  return html`<fieldset class="skus">
    <legend>${t(PRODUCT.sku)}</legend>
    ${skus.map(
      (
        sku,
      ) => html`<label class="pick"><input type="radio" form="buy" name="sku_id" value="${sku.id}" required
        ${sku.id === chosen.id ? 'checked' : ''} ${sku.stock_quantity > 0 ? '' : 'disabled'} ${large(sku)}>
        ${own(sku)}<span>${specsText(sku.specs)} <span class="muted small">${price(sku.point, sku.price, lang)} ${stock(sku, lang)}</span></span></label>`,
    )}
  </fieldset>`
}
