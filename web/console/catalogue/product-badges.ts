import { html } from 'hono/html'
import type { AdminProductView } from '../../../application/catalogue/products.ts'
import { LOW_STOCK, type ProductStatus } from '../../../domain/catalogue/product.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import type { WebContext } from '../../shared/deps.ts'
import { grouped } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { DONE, PRODUCTS, STATUS_TEXTS } from '../../texts/console/catalogue.ts'

const LOOKS = { draft: '', on_sale: 'good', off_sale: '', sold_out: 'warn' } as const

export function statusBadge(status: ProductStatus, lang: Lang): Html {
  return html`<span class="badge ${LOOKS[status]}">${textsIn(lang)(STATUS_TEXTS[status])}</span>`
}

export function stockText(
  { stock_quantity: stock }: Pick<AdminProductView, 'stock_quantity'>,
  lang: Lang,
): Html {
  const t = textsIn(lang)
  if (stock === 0) return html`0 <span class="badge bad">${t(PRODUCTS.out)}</span>`
  return html`${grouped(stock)} ${stock <= LOW_STOCK ? html`<span class="badge warn">${t(PRODUCTS.low)}</span>` : ''}`
}

export function done(c: WebContext): Html | '' {
  const what = c.req.query('done') ?? ''
  if (!Object.hasOwn(DONE, what)) return ''
  return html`<p class="notice good" role="status">${textsIn(c.get('lang'))(DONE[what as keyof typeof DONE])}</p>`
}
