import { Hono } from 'hono'
import { html } from 'hono/html'
import { type OrderCodeView, replaceOrderCode } from '../../../application/fulfilment/codes.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { mustNotBeOwn } from '../../../domain/access.ts'
import { DomainError } from '../../../domain/errors.ts'
import { errorText } from '../../../i18n/error-texts.ts'
import {
  errorSummary,
  type Form,
  type FormErrors,
  field,
  formFields,
  operationKeyOf,
  readForm,
} from '../../form/form.ts'
import { readFields } from '../../form/reader.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { grouped, time } from '../../shared/format.ts'
import { interpolate, interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { CODE_STATE_TEXTS, ORDER_CODES as T, VOID_TEXTS } from '../../texts/console/codes.ts'
import { consolePage } from '../layout.ts'

const REASON_MAX = 200
const at = '/:id{[0-9A-Za-z]{1,64}}/codes/:code{[1-9]\\d{0,17}}/replace'

/** Masked: what became of the codes, and who saw them when. */
export function orderCodes(c: WebContext, order: OrderView, codes: readonly OrderCodeView[]): Html | '' {
  if (codes.length === 0) return ''
  const lang = c.get('lang')
  const t = textsIn(lang)
  const isOwn = order.owner_id === viewerOf(c).sub
  return html`<section class="card stack" aria-labelledby="codes">
    <h2 id="codes">${t(T.title)}</h2>
    <ul class="stack">${codes.map(
      (code) => html`<li>
        <span class="code">${code.masked}</span>
        <span class="badge">${t(CODE_STATE_TEXTS[code.state])}</span>
        ${code.void_reason ? html`<span class="muted">${t(VOID_TEXTS[code.void_reason])}</span>` : ''}
        <span class="muted">${
          code.last_viewed_at === null
            ? t(T.unseen)
            : interpolate(t(T.views), { n: grouped(code.views), at: time(code.last_viewed_at, lang) })
        }</span>
        ${code.replaced ? html`<span class="hint">${interpolateText(t(T.replacedBy), { who: code.replaced.by, reason: code.replaced.reason })}</span>` : ''}
        ${code.state === 'issued' && !isOwn ? html`<a class="press" href="/admin/orders/${order.order_no}/codes/${code.id}/replace">${t(T.replace)}<span class="sr"> ${code.masked}</span></a>` : ''}
      </li>`,
    )}</ul>
  </section>`
}

export function consoleOrderCodeRoutes(deps: WebDeps) {
  async function find(c: WebContext): Promise<OrderView> {
    const order = await getOrder(deps, c.req.param('id') ?? '', undefined)
    mustNotBeOwn(viewerOf(c).sub, order.owner_id)
    return order
  }

  function ask(c: WebContext, order: OrderView, form: Form, errors: FormErrors = {}, problem?: string) {
    const lang = c.get('lang')
    const t = textsIn(lang)
    const back = `/admin/orders/${order.order_no}`
    const main = html`
      <nav aria-label="${t(T.title)}"><a class="up press" href="${back}"><span aria-hidden="true">‹</span> ${order.order_no}</a></nav>
      <form method="post" action="${back}/codes/${c.req.param('code')}/replace" class="card ask" novalidate>
        <h1>${t(T.replaceTitle)}</h1>
        ${formFields(c, form.once)}
        ${problem === undefined ? '' : html`<p class="notice bad" role="alert">${problem}</p>`}
        ${errorSummary(errors, lang)}
        <p><strong>${order.product_title}</strong></p>
        <p>${t(T.replaceHint)}</p>
        ${field({ name: 'reason', label: t(T.reason), value: form.reason, error: errors.reason, hint: t(T.reasonHint), required: true, maxlength: REASON_MAX })}
        <div class="row"><button>${t(T.replace)}</button><a class="button plain" href="${back}">${t(T.keep)}</a></div>
      </form>`
    const status = Object.keys(errors).length > 0 ? 422 : problem === undefined ? 200 : 409
    return consolePage(c, { title: t(T.replaceTitle), main, section: 'orders' }, status)
  }

  return new Hono<WebEnv>()
    .get(at, async (c) => ask(c, await find(c), {}))
    .post(at, async (c) => {
      const order = await find(c)
      const form = await readForm(c)
      const lang = c.get('lang')
      const read = readFields(form, lang, { reason: textsIn(lang)(T.reason) })
      const reason = read.text('reason', 1, REASON_MAX)
      if (Object.keys(read.errors).length > 0) return ask(c, order, form, read.errors)
      try {
        const cause = { operationKey: operationKeyOf(c, form), operatorId: viewerOf(c).sub }
        await replaceOrderCode(deps, order, c.req.param('code'), reason, cause)
      } catch (error) {
        if (!(error instanceof DomainError) || error.refusal.code === 'NOT_FOUND') throw error
        const { code } = error.refusal
        return ask(c, order, form, {}, errorText(code, lang, error.refusal).detail)
      }
      return c.redirect(`/admin/orders/${order.order_no}?done=code_replaced`, 303)
    })
}
