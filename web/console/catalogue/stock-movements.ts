import { html } from 'hono/html'
import { readAnyProduct } from '../../../application/catalogue/products.ts'
import { readStockMovements, type StockMovementView } from '../../../application/catalogue/stock-movements.ts'
import { specsText } from '../../../domain/catalogue/sku.ts'
import type { WebContext, WebDeps } from '../../shared/deps.ts'
import { grouped, time } from '../../shared/format.ts'
import { pager } from '../../shared/pager.ts'
import { textsIn } from '../../texts/common/common.ts'
import { MOVEMENT_TEXTS, STOCK as T } from '../../texts/console/stock.ts'
import { consolePage } from '../layout.ts'

const PER_PAGE = 50

/** Every change of a product's stock, newest first. */
export function stockMovementPage({ db, pointsToCnyMillionths: rate }: WebDeps) {
  return async (c: WebContext) => {
    const t = textsIn(c.get('lang'))
    const product = await readAnyProduct(db, c.req.param('id') ?? '', rate)
    const page = Number(/^[1-9]\d{0,3}$/.exec(c.req.query('page') ?? '')?.[0] ?? 1)
    const slice = { limit: PER_PAGE, offset: (page - 1) * PER_PAGE }
    const { movements, total } = await readStockMovements(db, product.id, slice)
    const main = html`
      <nav aria-label="${product.title}"><a class="up press" href="/admin/products/${product.id}"><span aria-hidden="true">‹</span> ${product.title}</a></nav>
      <h1>${t(T.title)}</h1>
      <p>${t(T.now)} <strong class="digits">${grouped(product.stock_quantity)}</strong></p>
      ${movements.length === 0 ? html`<p class="muted">${t(T.empty)}</p>` : table(c, movements)}
      ${pager(c, page, Math.ceil(total / PER_PAGE))}`
    return consolePage(c, { title: t(T.title), main, section: 'products' })
  }
}

function table(c: WebContext, movements: readonly StockMovementView[]) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  return html`<table class="folds pairs">
    <caption class="sr">${t(T.title)}</caption>
    <thead><tr>
      <th scope="col">${t(T.at)}</th><th scope="col">${t(T.kind)}</th><th scope="col" class="number">${t(T.delta)}</th>
      <th scope="col" class="number">${t(T.after)}</th><th scope="col">${t(T.cause)}</th>
    </tr></thead>
    <tbody>${movements.map(
      (row) => html`<tr>
        <th scope="row" class="small">${time(row.created_at, lang)}</th>
        <td data-label="${t(T.kind)}" class="plainly left">${t(MOVEMENT_TEXTS[row.kind])} <span class="muted small">${specsText(row.specs)}</span></td>
        <td data-label="${t(T.delta)}" class="number">${row.delta > 0 ? '+' : ''}${grouped(row.delta)}</td>
        <td data-label="${t(T.after)}" class="number">${grouped(row.stock_after)}</td>
        <td data-label="${t(T.cause)}" class="plainly left">${
          row.order_no
            ? html`<a class="press" href="/admin/orders/${row.order_no}">${row.order_no}</a>`
            : (row.operator_id ?? t(T.mall))
        }</td>
      </tr>`,
    )}</tbody>
  </table>`
}
