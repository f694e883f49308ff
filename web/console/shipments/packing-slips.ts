import { html } from 'hono/html'
import { getOrder } from '../../../application/orders/reads.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { readToSend } from '../../../application/shipments/to-send.ts'
import { addressWords } from '../../../domain/customers/address.ts'
import { DomainError } from '../../../domain/errors.ts'
import { allows } from '../../../domain/orders/status.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { customAnswers } from '../../shared/custom-answers.ts'
import type { WebContext, WebDeps } from '../../shared/deps.ts'
import { grouped } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { SLIPS as T } from '../../texts/console/ship-batch.ts'
import { consolePage } from '../layout.ts'

/** Orders of one page. */
const SLIPS_MAX = 50

export const slipsAt = (orderNos: readonly string[]) =>
  `/admin/orders/packing-slips?orders=${orderNos.slice(0, SLIPS_MAX).join(',')}`

/** One page of paper for each order that is to be sent; others are left out, as are those that do not exist. */
export function packingSlips(deps: WebDeps) {
  return async (c: WebContext) => {
    const lang = c.get('lang')
    const t = textsIn(lang)
    const named = (c.req.query('orders') ?? '').split(',').filter((no) => /^[0-9A-Za-z]{1,64}$/.test(no))
    const found = await Promise.all([...new Set(named)].slice(0, SLIPS_MAX).map((no) => find(deps, no)))
    const orders = found.flatMap((order) => (order && allows(order.status, 'ship') ? [order] : []))
    const left = await Promise.all(orders.map((order) => readToSend(deps.db, order)))
    const main = html`<h1 class="no-print">${t(T.title)}</h1>
      ${orders.length === 0 ? html`<p>${t(T.none)}</p>` : html`<p class="hint no-print">${t(T.hint)}</p>`}
      ${orders.map((order, n) => slip(order, left[n] ?? 0, lang))}`
    return consolePage(c, { title: t(T.title), main, section: 'orders' })
  }
}

async function find(deps: WebDeps, orderNo: string): Promise<OrderView | undefined> {
  try {
    return await getOrder(deps, orderNo, undefined)
  } catch (error) {
    if (error instanceof DomainError) return undefined
    throw error
  }
}

function slip(order: OrderView, left: number, lang: Lang): Html {
  const t = textsIn(lang)
  const to = addressWords(order.address_info, 'sender')
  const { buyer_remarks: remarks, customized } = (order.customer_notes ?? {}) as Record<string, unknown>
  const made = typeof customized === 'object' && customized !== null ? Object.entries(customized) : []
  return html`<article class="card slip">
    <h2 class="code">${order.order_no}</h2>
    ${to ? html`<p>${t(T.to)}</p><address><strong>${to.name}</strong> <span class="digits">${to.phone}</span><br>${to.place}</address>` : ''}
    <dl class="facts">
      <dt>${t(T.goods)}</dt><dd>${order.product_title}</dd>
      <dt>${t(T.quantity)}</dt><dd>${grouped(order.quantity)}</dd>
      ${left < order.quantity ? html`<dt>${t(T.left)}</dt><dd>${grouped(left)}</dd>` : ''}
      ${typeof remarks === 'string' ? html`<dt>${t(T.remarks)}</dt><dd>${remarks}</dd>` : ''}
      ${made.length > 0 ? html`<dt>${t(T.customized)}</dt><dd>${made.map(([name, value]) => html`${name === 'text' ? '' : `${name}: `}${typeof value === 'string' ? value : JSON.stringify(value)}<br>`)}</dd>` : ''}
      ${customAnswers(order.customer_notes, true, lang).map(([title, value]) => html`<dt>${title}</dt><dd>${value}</dd>`)}
    </dl>
  </article>`
}
