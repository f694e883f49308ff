import { Hono } from 'hono'
import { html } from 'hono/html'
import { actOnOrder } from '../../../application/orders/actions.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import { findOrders } from '../../../application/orders/search.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { readQueue } from '../../../application/platform/dashboard.ts'
import { readToSend } from '../../../application/shipments/to-send.ts'
import { OverloadedError } from '../../../application/temporal/client.ts'
import { mustNotBeOwn } from '../../../domain/access.ts'
import { specsText } from '../../../domain/catalogue/sku.ts'
import { DomainError } from '../../../domain/errors.ts'
import { allows } from '../../../domain/orders/status.ts'
import { errorText } from '../../../i18n/error-texts.ts'
import { type Form, type FormErrors, formFields, operationKeyOf, readForm } from '../../form/form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { grouped } from '../../shared/format.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { QUEUE as T } from '../../texts/console/daily.ts'
import { keyed } from '../keys.ts'
import { consolePage } from '../layout.ts'
import { sendTo } from '../orders/order-actions.ts'
import { listAt, orderAt } from '../orders/order-badges.ts'
import { rememberCarrier, rememberedCarrier } from './carrier-memory.ts'
import { parcelFields } from './parcel-fields.ts'
import { readParcel } from './parcel-form.ts'

export const QUEUE_AT = '/admin/orders/ship-queue'

const ORDER_NO = /^[0-9A-Za-z]{1,64}$/
/** An operator's own orders are passed over; more than this many in a row end the queue. */
const OWN_MAX = 30

/** @param past id of the order after which the queue goes on */
function queueAt(past: string | undefined, said: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams({ ...(past === undefined ? {} : { past }), ...said }).toString()
  return QUEUE_AT + (query && `?${query}`)
}

const pastOf = (given: string | undefined) =>
  given !== undefined && /^[1-9]\d{0,17}$/.test(given) ? given : undefined

/** One order after the other: the number, Enter, the next. */
export function shipQueueRoutes(deps: WebDeps) {
  return new Hono<WebEnv>()
    .get('/ship-queue', async (c) => {
      const past = pastOf(c.req.query('past'))
      const order = await findNext(deps, viewerOf(c).sub, past)
      if (order === undefined) return showEmpty(c, past)
      return show(c, deps, order, past, {})
    })
    .post('/ship-queue', async (c) => {
      const form = await readForm(c)
      const past = pastOf(form.past)
      const order = await getOrder(deps, form.order ?? '', undefined)
      mustNotBeOwn(viewerOf(c).sub, order.owner_id)
      const { carrier, trackingNo, errors } = readParcel(form, c.get('lang'), true)
      if (Object.keys(errors).length > 0) return show(c, deps, order, past, { form, errors })
      const by = { type: 'operator' as const, id: viewerOf(c).sub }
      const request = { kind: 'shipment' as const, carrier, trackingNo }
      try {
        const isKnown = await actOnOrder(deps, order, by, request, operationKeyOf(c, form))
        rememberCarrier(c, deps, carrier)
        const said = isKnown ? { done: order.order_no } : { done: order.order_no, pending: '1' }
        // An order that is still on its way would otherwise be the next one again.
        return c.redirect(queueAt(isKnown ? past : order.id, said), 303)
      } catch (error) {
        if (!(error instanceof DomainError || error instanceof OverloadedError)) throw error
        const refusal = error instanceof DomainError ? error.refusal : { code: 'UNAVAILABLE' as const }
        if (refusal.code === 'UNAVAILABLE') c.header('Retry-After', '1')
        const status = refusal.code === 'UNAVAILABLE' ? 503 : 409
        const text = errorText(refusal.code, c.get('lang'), refusal).detail
        return show(c, deps, order, past, { form, problem: { status, text } })
      }
    })
}

/** The oldest order that is to be shipped and is not the operator's own. */
async function findNext(
  deps: WebDeps,
  operatorId: string,
  past: string | undefined,
): Promise<OrderView | undefined> {
  const search = { status: 'order_accepted', isSent: true } as const
  const { orders } = await findOrders(deps, search, { limit: OWN_MAX, oldestFirst: true, past })
  const next = orders.find(({ owner_id }) => owner_id !== operatorId)
  return next && getOrder(deps, next.order_no, undefined)
}

interface Shown {
  readonly form?: Form
  readonly errors?: FormErrors
  readonly problem?: { readonly status: 409 | 503; readonly text: string }
}

async function show(
  c: WebContext,
  deps: WebDeps,
  order: OrderView,
  past: string | undefined,
  { form = {}, errors = {}, problem }: Shown,
) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const { count } = await readQueue(deps.db, 'to_ship')
  const main = html`<h1>${t(T.title)}</h1>
    ${doneNotice(c)}
    ${problem ? html`<p class="notice bad" role="alert">${problem.text}</p>` : ''}
    <p class="muted">${interpolateText(t(T.waiting), { n: grouped(count) })} ${t(T.hint)}</p>
    ${allows(order.status, 'ship') ? await shipForm(c, deps, order, past, form, errors) : gone(c, order)}`
  const status = Object.keys(errors).length > 0 ? 422 : (problem?.status ?? 200)
  return consolePage(c, { title: t(T.title), main, section: 'orders' }, status)
}

function doneNotice(c: WebContext): Html | '' {
  const done = c.req.query('done') ?? ''
  if (!ORDER_NO.test(done)) return ''
  const t = textsIn(c.get('lang'))
  const isPending = c.req.query('pending') === '1'
  const text = interpolateText(t(isPending ? T.pending : T.done), { order: done })
  return html`<p class="notice ${isPending ? 'warn' : 'good'}" role="status">${text}</p>`
}

async function shipForm(
  c: WebContext,
  deps: WebDeps,
  order: OrderView,
  past: string | undefined,
  form: Form,
  errors: FormErrors,
): Promise<Html> {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const left = await readToSend(deps.db, order)
  const specs = specsText(order.specs)
  const typed = { ...form, carrier: form.carrier ?? rememberedCarrier(c) ?? '' }
  const focus = typed.carrier === '' || errors.carrier ? 'carrier' : 'tracking_no'
  return html`<form method="post" action="${QUEUE_AT}" class="card stack narrow" novalidate>
    ${formFields(c, form.once)}
    <input type="hidden" name="order" value="${order.order_no}">
    ${past === undefined ? '' : html`<input type="hidden" name="past" value="${past}">`}
    <h2>${order.product_title}${specs ? html` <span class="muted small">${specs}</span>` : ''}${left > 1 ? html` <span class="muted">×&nbsp;${grouped(left)}</span>` : ''}</h2>
    <p><a class="press code" href="${orderAt(order.order_no, 'sent=1&sort=oldest&status=order_accepted')}">${order.order_no}</a></p>
    ${sendTo(order, lang)}
    ${parcelFields(typed, errors, lang, focus)}
    <div class="row"><button>${t(T.ship)}</button>
      <a class="button plain" href="${queueAt(order.id)}" ${keyed(c, 'n')}>${t(T.skip)}</a></div>
  </form>`
}

function gone(c: WebContext, order: OrderView): Html {
  const t = textsIn(c.get('lang'))
  return html`<section class="card stack narrow">
    <p>${t(T.gone)} <a class="press code" href="${orderAt(order.order_no)}">${order.order_no}</a></p>
    <p><a class="button" href="${queueAt(order.id)}" autofocus>${t(T.next)}</a></p>
  </section>`
}

function showEmpty(c: WebContext, past: string | undefined) {
  const t = textsIn(c.get('lang'))
  const main = html`<h1>${t(T.title)}</h1>
    ${doneNotice(c)}
    <div class="empty"><h2>${t(T.empty)}</h2>
      ${past === undefined ? '' : html`<p>${t(T.emptySkipped)} <a class="press" href="${QUEUE_AT}">${t(T.restart)}</a></p>`}
      <p><a class="button plain" href="${listAt('')}" autofocus>${t(T.back)}</a></p></div>`
  return consolePage(c, { title: t(T.title), main, section: 'orders' })
}
