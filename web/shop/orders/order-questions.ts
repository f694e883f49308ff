import { Hono } from 'hono'
import { html } from 'hono/html'
import type { StatusCode } from 'hono/utils/http-status'
import { type FundTrace, readFundTrace } from '../../../application/orders/fund-trace.ts'
import type { OrderRequest } from '../../../application/orders/order-request.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { isKept } from '../../../domain/orders/after-sale.ts'
import { allows } from '../../../domain/orders/status.ts'
import { lengthOf } from '../../../domain/text.ts'
import { errorSummary, type Form, field, formFields, formTokenOf, readForm } from '../../form/form.ts'
import { readFields } from '../../form/reader.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { priceText } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { type Text, textsIn } from '../../texts/common/common.ts'
import { CANCEL_BACK, CANCEL_REASONS, ORDER } from '../../texts/shop/orders.ts'
import { shopPage } from '../layout.ts'
import { keptOf, movesOf } from './order-state.ts'

type Act = (c: WebContext, request: OrderRequest, key: string) => Promise<Response>

const ID = ':id{[0-9A-Za-z]{1,64}}'
const REASON_MAX = 200

/** Both actions are final. */
export function orderQuestions(deps: WebDeps, act: Act) {
  const read = (c: WebContext) => getOrder(deps, c.req.param('id') ?? '', viewerOf(c).sub)

  return new Hono<WebEnv>()
    .get(`/${ID}/cancel`, async (c) => {
      const order = await read(c)
      if (!allows(order.status, 'cancel') || isKept(order)) return c.redirect(pathOf(order), 303)
      return askCancel(c, deps, order, {})
    })
    .post(`/${ID}/cancel`, async (c) => {
      const form = await readForm(c)
      const lang = c.get('lang')
      const given = [form.reason, form.more].filter(Boolean).join('；')
      const fields = readFields({ more: given }, lang, { more: textsIn(lang)(ORDER.otherReason) })
      if (lengthOf(given) > REASON_MAX) fields.say('more', textsIn(lang)(ORDER.reasonLong))
      const reason = fields.text('more', 0, REASON_MAX)
      const wrong = fields.errors.more
      if (wrong !== undefined) return askCancel(c, deps, await read(c), form, wrong)
      return act(c, { kind: 'cancel', reason: reason || undefined }, `${formTokenOf(form)}-cancel`)
    })
    .get(`/${ID}/extend`, async (c) => {
      const order = await read(c)
      if (!canExtend(order)) return c.redirect(pathOf(order), 303)
      return askExtend(c, order)
    })
    .post(`/${ID}/extend`, async (c) => {
      const form = await readForm(c)
      return act(c, { kind: 'extend' }, `${formTokenOf(form)}-extend`)
    })
    .get(`/${ID}/confirm`, async (c) => {
      const order = await read(c)
      if (!allows(order.status, 'confirm')) return c.redirect(pathOf(order), 303)
      return askConfirm(c, order)
    })
    .post(`/${ID}/confirm`, async (c) => {
      const form = await readForm(c)
      return act(c, { kind: 'finish' }, `${formTokenOf(form)}-confirm`)
    })
}

const pathOf = ({ order_no }: OrderView) => `/points-mall/orders/${order_no}`

async function askCancel(c: WebContext, deps: WebDeps, order: OrderView, form: Form, error?: string) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const body = html`
    ${errorSummary(error ? { more: error } : {}, lang)}
    <form method="post" class="stack">
      ${formFields(c, form.once)}
      <fieldset>
        <legend>${t(ORDER.cancelReason)} <span class="muted">${t(ORDER.optional)}</span></legend>
        ${CANCEL_REASONS.map(
          (reason) => html`<label class="pick"><input type="radio" name="reason" value="${t(reason)}"
            ${form.reason === t(reason) ? 'checked' : ''}> ${t(reason)}</label>`,
        )}
      </fieldset>
      ${field({ name: 'more', label: `${t(ORDER.otherReason)} ${t(ORDER.optional)}`, value: form.more, error, lines: 2 })}
      <div class="row answers">
        <button>${t(ORDER.cancelDo)}</button>
        <a class="button plain" href="${pathOf(order)}">${t(ORDER.keep)}</a>
      </div>
    </form>`
  const back = backText(order, await readFundTrace(deps, order))
  const status = error === undefined ? 200 : 422
  return ask(c, order, ORDER.cancelTitle, html`<p>${t(back)}</p>`, body, status)
}

/** Limited to what is not refunded yet. */
function backText(order: OrderView, where: FundTrace): Text {
  if (order.status === 'order_created') return CANCEL_BACK.unpaid[movesOf(order)]
  const kept = keptOf(where)
  if (kept === undefined) return order.refunds.length > 0 ? CANCEL_BACK.nothing : CANCEL_BACK.unpaid.cash
  if (kept === 'points') return CANCEL_BACK.points
  return (order.payment_info.payment_method === 'wallet' ? CANCEL_BACK.toWallet : CANCEL_BACK.toPayer)[kept]
}

function askConfirm(c: WebContext, order: OrderView) {
  const t = textsIn(c.get('lang'))
  const body = html`<form method="post" class="row answers">
    ${formFields(c)}
    <button>${t(ORDER.confirmDo)}</button>
    <a class="button plain" href="${pathOf(order)}">${t(ORDER.notYet)}</a>
  </form>`
  return ask(c, order, ORDER.confirmTitle, html`<p>${t(ORDER.confirmMeans)}</p>`, body)
}

/** Once per order. */
export const canExtend = ({ status, timeline, address_info }: OrderView): boolean =>
  allows(status, 'confirm') &&
  address_info !== null &&
  !timeline.some(({ note }) => note?.code === 'confirm_extended')

function askExtend(c: WebContext, order: OrderView) {
  const t = textsIn(c.get('lang'))
  const body = html`<form method="post" class="row answers">
    ${formFields(c)}
    <button>${t(ORDER.extendDo)}</button>
    <a class="button plain" href="${pathOf(order)}">${t(ORDER.extendNot)}</a>
  </form>`
  return ask(c, order, ORDER.extendTitle, html`<p>${t(ORDER.extendMeans)}</p>`, body)
}

function ask(c: WebContext, order: OrderView, title: Text, says: Html, body: Html, status?: StatusCode) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const main = html`<section class="ticket question">
    <div class="body stack">
      <h1>${t(title)}</h1>
      <p class="about"><strong>${order.product_title}</strong> <span class="muted">× ${order.quantity}</span>
        <span class="digits">${priceText(order.total_points, order.total_money, lang)}</span></p>
      ${says}
    </div>
    <div class="stub">${body}</div>
  </section>`
  return shopPage(c, { title: t(title), main, tab: 'orders', back: pathOf(order) }, status)
}
