import { Hono } from 'hono'
import { html } from 'hono/html'
import {
  type ArrangedProduct,
  moveProduct,
  readArranged,
} from '../../../application/catalogue/product-order.ts'
import { DomainError } from '../../../domain/errors.ts'
import { formFields, readForm } from '../../form/form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { shownImage } from '../../shared/product-picture.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { PRODUCTS } from '../../texts/console/catalogue.ts'
import { ARRANGE as T } from '../../texts/console/daily.ts'
import { consolePage } from '../layout.ts'
import { statusBadge } from './product-badges.ts'

export const ARRANGE_AT = '/admin/products/arrange'

const WAYS = ['up', 'down', 'top'] as const
type Way = (typeof WAYS)[number]

/** `12,7`: product 12 goes before product 7; `12,`: to the end. A target, not a step: sent twice, it moves once. */
const MOVE = /^([1-9]\d{0,17}),([1-9]\d{0,17})?(?:,(up|down|top))?$/

/** The shop's default order, by dragging or by buttons. */
export function arrangeRoutes(deps: WebDeps) {
  return new Hono<WebEnv>()
    .get('/arrange', async (c) => show(c, deps, await readArranged(deps.db)))
    .post('/arrange', async (c) => {
      const [, id, beforeId, way = ''] = MOVE.exec((await readForm(c)).move ?? '') ?? []
      if (id === undefined) return c.redirect(ARRANGE_AT, 303)
      try {
        await moveProduct(deps.db, id, beforeId, viewerOf(c).sub)
      } catch (error) {
        if (!(error instanceof DomainError && error.refusal.code === 'NOT_FOUND')) throw error
        return c.redirect(`${ARRANGE_AT}?moved=gone`, 303)
      }
      return c.redirect(`${ARRANGE_AT}?moved=${id}${way && `&way=${way}`}`, 303)
    })
}

function show(c: WebContext, deps: WebDeps, products: readonly ArrangedProduct[]) {
  const t = textsIn(c.get('lang'))
  const moved = c.req.query('moved') ?? ''
  const title = products.find(({ id }) => id === moved)?.title
  const said =
    moved === 'gone'
      ? html`<p class="notice warn" role="alert">${t(T.gone)}</p>`
      : title === undefined
        ? ''
        : html`<p class="notice good" role="status">${interpolateText(t(T.moved), { title })}</p>`
  const main = html`<nav aria-label="${t(PRODUCTS.title)}"><a class="up press" href="/admin/products"><span aria-hidden="true">‹</span> ${t(PRODUCTS.title)}</a></nav>
    <h1>${t(T.title)}</h1>
    ${said}
    ${
      products.length === 0
        ? html`<p class="empty">${t(T.empty)}</p>`
        : html`<p class="lead">${interpolateText(t(T.hint), { n: `${products.length}` })}</p>
          <form method="post" action="${ARRANGE_AT}">${formFields(c)}
            <ol class="arranged" data-arrange>${products.map((_, n) => item(c, deps, products, n))}</ol>
          </form>`
    }`
  return consolePage(c, { title: t(T.title), main, section: 'products' })
}

function item(c: WebContext, deps: WebDeps, products: readonly ArrangedProduct[], n: number): Html | '' {
  const product = products[n]
  if (product === undefined) return ''
  const t = textsIn(c.get('lang'))
  const image = shownImage(product.image, deps)
  const targets: Readonly<Record<Way, string | undefined>> = {
    up: products[n - 1]?.id,
    down: products[n + 1] && (products[n + 2]?.id ?? ''),
    top: n > 1 ? products[0]?.id : undefined,
  }
  const isMoved = c.req.query('moved') === product.id
  // The button that was pressed is pressed again; at the end of the list, the other one.
  const wanted = WAYS.find((way) => way === c.req.query('way')) ?? 'up'
  const focus = targets[wanted] === undefined ? (targets.up === undefined ? 'down' : 'up') : wanted
  const button = (way: Way, sign: string) =>
    targets[way] === undefined
      ? ''
      : html`<button class="plain" name="move" value="${product.id},${targets[way]},${way}" aria-label="${interpolateText(t(T[way]), { title: product.title })}" ${isMoved && way === focus ? 'autofocus' : ''}>${sign}</button>`
  return html`<li data-id="${product.id}"><span class="handle" aria-hidden="true">⠿</span>
    ${image ? html`<img src="${image}" alt="" width="48" height="48" loading="lazy">` : html`<span class="no-picture"></span>`}
    <span class="name">${product.title} ${product.status === 'sold_out' ? statusBadge(product.status, c.get('lang')) : ''}</span>
    <span class="row">${button('top', '⤒')}${button('up', '↑')}${button('down', '↓')}</span></li>`
}
