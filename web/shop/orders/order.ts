import { Hono } from 'hono'
import { html } from 'hono/html'
import type { StatusCode } from 'hono/utils/http-status'
import { actOnOrder, mustBeSupported } from '../../../application/orders/actions.ts'
import { markMessagesRead } from '../../../application/orders/messages.ts'
import type { OrderRequest } from '../../../application/orders/order-request.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import { queryAfterReturn } from '../../../application/payments/queries.ts'
import { DomainError } from '../../../domain/errors.ts'
import type { OrderStatus } from '../../../domain/orders/status.ts'
import { PAYMENT_METHODS } from '../../../domain/payments/method.ts'
import { errorText } from '../../../i18n/error-texts.ts'
import { formTokenOf, readForm } from '../../form/form.ts'
import { crashButton } from '../../shared/crash.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { interpolate } from '../../shared/interpolate.ts'
import { requireViewer, viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { CRASH } from '../../texts/common/demo.ts'
import { METHODS, ORDER } from '../../texts/shop/orders.ts'
import { shopPage } from '../layout.ts'
import { cashierPage } from '../payments/cashier.ts'
import { channelOf } from '../payments/payment-channel.ts'
import { orderAddress } from './order-address.ts'
import { orderCodeRoutes } from './order-codes.ts'
import { liveOrder } from './order-live.ts'
import { orderMessageRoutes } from './order-messages.ts'
import { orderQuestions } from './order-questions.ts'
import type { OrderShown } from './order-shown.ts'
import { isPayable } from './order-state.ts'
import { arrivalOf, orderView, readShown } from './order-view.ts'

const ID = ':id{[0-9A-Za-z]{1,64}}'

export function orderRoutes(deps: WebDeps) {
  const shown = (c: WebContext) => readShown(deps, viewerOf(c).sub, c.req.param('id') ?? '')

  /** The cashier leads back to `?returned=1`: then the provider is asked first. */
  async function shownAfterReturn(c: WebContext): Promise<OrderShown> {
    const found = await shown(c)
    if (c.req.query('returned') !== '1' || !isPayable(found.order)) return found
    return (await queryAfterReturn(deps.db, found.order.order_no)) ? shown(c) : found
  }

  /** Sends the request to the workflow; shows the order, with the reason if refused. */
  async function act(c: WebContext, request: OrderRequest, key: string) {
    const { sub } = viewerOf(c)
    const before = await getOrder(deps, c.req.param('id') ?? '', sub)
    try {
      if (request.kind === 'pay' && request.method) {
        mustBeSupported(request.method, deps.settings.rules.supportedMethods)
      }
      const done = await actOnOrder(deps, before, { type: 'customer', id: sub }, request, key)
      const said = request.kind === 'pay' && request.method ? `?method=${request.method}&go=1` : ''
      return c.redirect(`${pathOf(before.order_no)}${done ? said : '?pending=1'}`, 303)
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      const { detail } = errorText(error.refusal.code, c.get('lang'), error.refusal)
      return showOrder(c, deps, await readShown(deps, sub, before.order_no), detail, 409)
    }
  }

  return (
    new Hono<WebEnv>()
      .get(`/${ID}/live`, liveOrder(deps))
      .use(requireViewer())
      .get(`/${ID}`, async (c) => showOrder(c, deps, await shownAfterReturn(c)))
      // The browser reloads the refused page, or switches its language.
      .get(`/${ID}/pay`, async (c) => {
        const { order_no } = await getOrder(deps, c.req.param('id') ?? '', viewerOf(c).sub)
        return c.redirect(pathOf(order_no), 303)
      })
      .post(`/${ID}/pay`, async (c) => {
        const form = await readForm(c)
        const method = PAYMENT_METHODS.find((one) => one === form.method)
        if (!method) {
          return showOrder(c, deps, await shown(c), textsIn(c.get('lang'))(ORDER.methodWrong), 422)
        }
        // Another method is another request, even under the key that the browser kept.
        return act(c, { kind: 'pay', method, channel: channelOf(c, deps) }, `${formTokenOf(form)}-${method}`)
      })
      .route('/', orderQuestions(deps, act))
      .route('/', orderCodeRoutes(deps))
      .route('/', orderAddress(deps))
      .route('/', orderMessageRoutes(deps))
  )
}

/** A crash has no visible effect in these. */
const ENDS: readonly OrderStatus[] = ['order_finished', 'order_canceled']

/** Confirms a changed method, unless the order is paid by now. */
function methodNotice(c: WebContext, { order, payable }: OrderShown) {
  const t = textsIn(c.get('lang'))
  const method = PAYMENT_METHODS.find((one) => one === c.req.query('method'))
  if (!method || !payable || order.payment_info.payment_method !== method) return ''
  return html`<p class="notice good" role="status">${interpolate(t(ORDER.methodChanged), { m: t(METHODS[method]) })}</p>`
}

const pathOf = (orderNo: string) => `/points-mall/orders/${orderNo}`

async function showOrder(
  c: WebContext,
  deps: WebDeps,
  shown: OrderShown,
  refusal?: string,
  status: StatusCode = 200,
) {
  const t = textsIn(c.get('lang'))
  const { order } = shown
  const arrival = refusal ? { ...arrivalOf(c), refusedAt: Date.now() } : arrivalOf(c)
  const query = [arrival.isNew && 'new=1', arrival.refusedAt > 0 && `refused=${arrival.refusedAt}`].filter(
    Boolean,
  )
  const path = `${pathOf(order.order_no)}/live${query.length > 0 ? `?${query.join('&')}` : ''}`
  const crashed = c.req.query('crashed') !== undefined
  const main = html`
    ${refusal ? html`<p class="notice bad" role="alert">${refusal}</p>` : ''}
    ${c.req.query('pending') === '1' ? html`<p class="notice" role="status">${t(ORDER.pending)}</p>` : ''}
    ${methodNotice(c, shown)}
    <div id="live" hx-sse:connect="${path}" hx-trigger="load, every 30s" hx-target="this" hx-swap="innerMorph">
      ${orderView(c, shown, arrival)}
    </div>
    <noscript><p class="small muted">${t(ORDER.reload)}</p></noscript>
    ${
      deps.crashWorker && (crashed || !ENDS.includes(order.status))
        ? html`<details class="demo" ${crashed ? 'open' : ''}><summary>${t(CRASH.title)}</summary>${crashButton(c, deps)}</details>`
        : ''
    }`
  const title = `${t(ORDER.title)} ${order.order_no}`
  const goTo = c.req.query('go') === '1' ? cashierPage(shown) : undefined
  // A browser on its way to the cashier shows nobody the messages.
  if (goTo === undefined) await markMessagesRead(deps.db, order.order_no, 'customer', shown.messages)
  return shopPage(c, { title, main, tab: 'orders', back: '/points-mall/orders', live: true, goTo }, status)
}
