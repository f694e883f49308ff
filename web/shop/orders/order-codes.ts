import { Hono } from 'hono'
import { html } from 'hono/html'
import { type ShownCode, showCodes } from '../../../application/fulfilment/codes.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { formFields } from '../../form/form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { grouped, time } from '../../shared/format.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { CODES as T } from '../../texts/shop/delivery.ts'
import { shopPage } from '../layout.ts'

const ID = ':id{[0-9A-Za-z]{1,64}}'

/** Closed: codes are shown on request only, on a page of their own. @param count issued codes */
export function codesPanel(c: WebContext, { order_no }: OrderView, count: number): Html | '' {
  if (count === 0) return ''
  const t = textsIn(c.get('lang'))
  return html`<section class="panel" aria-labelledby="codes">
    <h2 id="codes">${t(T.title)}</h2>
    <p>${interpolateText(t(T.count), { n: grouped(count) })}</p>
    <p class="muted small">${t(T.recorded)}</p>
    <form method="post" action="/points-mall/orders/${order_no}/codes">${formFields(c)}<button>${t(T.show)}</button></form>
  </section>`
}

/** A POST, so that no link, preview or reload of another page opens a code. */
export function orderCodeRoutes(deps: WebDeps) {
  return new Hono<WebEnv>()
    .get(`/${ID}/codes`, async (c) => {
      const order = await getOrder(deps, c.req.param('id'), viewerOf(c).sub)
      return c.redirect(`/points-mall/orders/${order.order_no}`, 303)
    })
    .post(`/${ID}/codes`, async (c) => {
      const { sub } = viewerOf(c)
      const order = await getOrder(deps, c.req.param('id'), sub)
      const codes = await showCodes(deps, order, sub)
      const lang = c.get('lang')
      const t = textsIn(lang)
      const back = `/points-mall/orders/${order.order_no}`
      const main = html`<section class="ticket question">
        <div class="body stack">
          <h1>${t(T.title)}</h1>
          <p class="about"><strong>${order.product_title}</strong> <span class="muted">× ${order.quantity}</span></p>
          ${codes.length === 0 ? html`<p class="notice">${t(T.none)}</p>` : codes.map((code) => shown(code, lang))}
          <p class="muted small">${t(T.recorded)}</p>
        </div>
        <div class="stub"><a class="button plain" href="${back}">${t(T.hide)}</a></div>
      </section>`
      return shopPage(c, { title: t(T.title), main, tab: 'orders', back })
    })
}

function shown({ code, pin, url, valid_until }: ShownCode, lang: Lang): Html {
  const t = textsIn(lang)
  return html`<dl class="facts">
    <dt>${t(T.code)}</dt><dd class="number">${code}</dd>
    ${pin === undefined ? '' : html`<dt>${t(T.pin)}</dt><dd class="number">${pin}</dd>`}
    ${url === undefined ? '' : html`<dt>${t(T.url)}</dt><dd><a href="${url}" rel="noreferrer">${url}</a></dd>`}
    ${valid_until === undefined ? '' : html`<dt>${t(T.validUntil)}</dt><dd>${time(valid_until, lang)}</dd>`}
  </dl>`
}
