import { Hono } from 'hono'
import { html } from 'hono/html'
import { ACCEPT_MAX, type AcceptResult, acceptBatch } from '../../../application/orders/accept-batch.ts'
import { errorText } from '../../../i18n/error-texts.ts'
import { type Form, formFields, operationKeyOf, readForm } from '../../form/form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { ACCEPT_TEXTS, SELECTED as T } from '../../texts/console/daily.ts'
import { keyed } from '../keys.ts'
import { consolePage } from '../layout.ts'
import { slipsAt } from '../shipments/packing-slips.ts'
import { QUEUE_AT } from '../shipments/ship-queue.ts'
import { listAt, orderAt } from './order-badges.ts'
import { placeInList } from './order-tabs.ts'

const ORDER_NO = /^[0-9A-Za-z]{1,64}$/

/** What is done with the orders that are ticked in the list. */
export function selectedRoutes(deps: WebDeps) {
  // The browser reloads the results, or switches their language.
  return new Hono<WebEnv>()
    .get('/selected', (c) => c.redirect(listAt(''), 303))
    .post('/selected', async (c) => {
      const form = await readForm(c)
      const from = new URLSearchParams(form.from ?? '').toString()
      const orderNos = orderNosIn(form)
      if (orderNos.length === 0) return c.redirect(listAt(`${from}${from && '&'}picked=0`), 303)
      if (form.do === 'slips') return c.redirect(slipsAt(orderNos), 303)
      const by = { type: 'operator', id: viewerOf(c).sub } as const
      const results = await acceptBatch(deps, by, orderNos, operationKeyOf(c, form))
      return showResults(c, results, from)
    })
}

/** The ticked orders are fields of their own, so that a kept form shows them. */
const orderNosIn = (form: Form): string[] =>
  Object.entries(form)
    .filter(([name, value]) => /^order_\d{1,3}$/.test(name) && ORDER_NO.test(value))
    .map(([, value]) => value)
    .slice(0, ACCEPT_MAX)

/** @param n of the row, from 0 */
export function orderTick(c: WebContext, orderNo: string, n: number): Html {
  const label = interpolateText(textsIn(c.get('lang'))(T.one), { order: orderNo })
  return html`<label class="tick"><input type="checkbox" name="order_${n + 1}" value="${orderNo}"
    ${c.req.query('select') === 'all' ? 'checked' : ''} aria-label="${label}"></label>`
}

/** Around the table of the list. */
export function selection(c: WebContext, table: Html): Html {
  const t = textsIn(c.get('lang'))
  const isAll = c.req.query('select') === 'all'
  const here = new URL(c.req.url)
  here.searchParams.delete('select')
  here.searchParams.delete('picked')
  here.searchParams.delete('view')
  if (!isAll) here.searchParams.set('select', 'all')
  return html`<form method="post" action="/admin/orders/selected" class="stack" aria-label="${t(T.actions)}">
    ${formFields(c)}
    <input type="hidden" name="from" value="${placeInList(c)}">
    ${c.req.query('picked') === '0' ? html`<p class="notice warn" role="alert">${t(T.nothing)}</p>` : ''}
    <div class="row">
      <a class="press" href="${here.pathname}${here.search}" data-ticks ${keyed(c, 'x')}>${t(isAll ? T.none : T.all)}</a>
      <button name="do" value="accept" ${keyed(c, 'a')}>${t(T.accept)}</button>
      <button name="do" value="slips" class="plain">${t(T.slips)}</button>
    </div>
    ${table}
  </form>`
}

const LOOKS = {
  accepted: 'good',
  already_accepted: '',
  pending: 'warn',
  not_tried: 'warn',
  refused: 'bad',
} as const satisfies Record<AcceptResult['result'], string>

function showResults(c: WebContext, results: readonly AcceptResult[], from: string) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const accepted = results.filter(({ result }) => result === 'accepted' || result === 'already_accepted')
  const hasAccepted = accepted.length > 0
  const slips = slipsAt(accepted.map(({ order_no }) => order_no))
  const main = html`<h1>${t(T.results)}</h1>
    <p class="row">
      ${hasAccepted ? html`<a class="button" href="${QUEUE_AT}" autofocus ${keyed(c, 's')}>${t(T.toShip)}</a> <a class="button plain" href="${slips}">${t(T.slips)}</a>` : ''}
      <a class="button quiet" href="${listAt(from)}" ${hasAccepted ? '' : 'autofocus'}>${t(T.back)}</a>
    </p>
    <section class="card"><table class="folds">
      <caption class="sr">${t(T.results)}</caption>
      <thead><tr><th scope="col">${t(T.order)}</th><th scope="col">${t(T.result)}</th><th scope="col">${t(T.why)}</th></tr></thead>
      <tbody>${results.map(
        ({ order_no, result, refusal }) => html`<tr>
          <td data-label="${t(T.order)}"><a class="press code" href="${orderAt(order_no, from)}">${order_no}</a></td>
          <td data-label="${t(T.result)}"><span class="badge ${LOOKS[result]}">${t(ACCEPT_TEXTS[result])}</span></td>
          <td data-label="${t(T.why)}">${refusal ? errorText(refusal.code, lang, refusal).detail : ''}</td>
        </tr>`,
      )}</tbody>
    </table></section>`
  return consolePage(c, { title: t(T.results), main, section: 'orders' })
}
