import { Hono } from 'hono'
import { html } from 'hono/html'
import { actOnOrder } from '../../../application/orders/actions.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import type { FollowingView } from '../../../application/shipments/subscribe.ts'
import type { ShipmentView } from '../../../application/shipments/view.ts'
import { OverloadedError } from '../../../application/temporal/client.ts'
import { mustNotBeOwn } from '../../../domain/access.ts'
import { DomainError } from '../../../domain/errors.ts'
import { allows } from '../../../domain/orders/status.ts'
import { carrierName, SHIPMENT_STATE_TEXTS } from '../../../i18n/carrier-texts.ts'
import { errorText, type Lang } from '../../../i18n/error-texts.ts'
import {
  errorSummary,
  type Form,
  type FormErrors,
  formFields,
  operationKeyOf,
  readForm,
} from '../../form/form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { exactTime, grouped } from '../../shared/format.ts'
import { interpolate } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { trackEvents } from '../../shop/orders/delivery.ts'
import { textsIn } from '../../texts/common/common.ts'
import { TRACKING_SERVICES as SERVICES, PARCELS as T } from '../../texts/console/shipments.ts'
import { consolePage } from '../layout.ts'
import { cameFrom, doneAt, orderAt } from '../orders/order-badges.ts'
import { parcelFields } from './parcel-fields.ts'
import { readParcel } from './parcel-form.ts'

const mayCorrect = ({ status }: OrderView) => allows(status, 'ship') || status === 'order_shipped'

const correctAt = (orderNo: string, id: string, from: string) =>
  `/admin/orders/${orderNo}/parcels/${id}${from && `?from=${encodeURIComponent(from)}`}`

/** The parcels of an order, with what is still to be sent. */
export function parcelList(
  c: WebContext,
  order: OrderView,
  following: ReadonlyMap<string, FollowingView>,
): Html | '' {
  if (order.shipments.length === 0) return ''
  const lang = c.get('lang')
  const t = textsIn(lang)
  const canCorrect = mayCorrect(order) && order.owner_id !== viewerOf(c).sub
  return html`<section class="card"><table class="folds">
    <caption><h2>${t(T.title)}</h2></caption>
    <thead><tr><th scope="col">${t(T.carrier)}</th><th scope="col">${t(T.trackingNo)}</th>
      <th scope="col" class="number">${t(T.quantity)}</th><th scope="col">${t(T.state)}</th>
      <th scope="col">${t(T.sentAt)}</th></tr></thead>
    <tbody>${order.shipments.map(
      (parcel) => html`<tr>
        <td data-label="${t(T.carrier)}">${nameOf(parcel, lang)}</td>
        <td data-label="${t(T.trackingNo)}">${
          parcel.tracking_no === null
            ? ''
            : html`<span class="code whole">${parcel.tracking_no}</span>
              ${canCorrect ? html`<a class="press" href="${correctAt(order.order_no, parcel.id, cameFrom(c))}">${t(T.correct)}</a>` : ''}`
        }</td>
        <td data-label="${t(T.quantity)}" class="number">${grouped(parcel.quantity)}</td>
        <td data-label="${t(T.state)}">${parcel.tracking_no === null ? t(T.toSend) : SHIPMENT_STATE_TEXTS[parcel.state][lang]}${followingNote(following.get(parcel.id), lang)}${trackEvents(parcel, lang)}</td>
        <td data-label="${t(T.sentAt)}">${parcel.shipped_at === null ? '' : exactTime(parcel.shipped_at)}</td>
      </tr>`,
    )}</tbody>
  </table></section>`
}

/** How the parcel is followed, and what an operator has to check. */
function followingNote(view: FollowingView | undefined, lang: Lang): Html | '' {
  if (view === undefined) return ''
  const t = textsIn(lang)
  const { outcome, ended, code, nextAt } = view
  const text =
    ended === 'aborted'
      ? T.aborted
      : ended === 'shut_down'
        ? T.shutDown
        : outcome === 'accepted'
          ? T.followed
          : outcome === 'refused'
            ? T.subscriptionRefused
            : T.notSubscribed
  const said = interpolate(t(text), { service: t(SERVICES[view.provider]), code: code ?? '' })
  const again = nextAt === null ? '' : interpolate(t(T.subscribedAgain), { time: exactTime(nextAt) })
  return html`<p class="small ${ended === 'aborted' ? '' : 'muted'}">${said}${again}</p>`
}

const nameOf = ({ carrier, carrier_name: typed }: ShipmentView, lang: Lang): string =>
  carrier === null ? '' : carrierName(carrier, typed ?? '', lang)

const ID = ':id{[0-9A-Za-z]{1,64}}'
const PARCEL = ':parcel{[1-9][0-9]{0,17}}'

/** Corrects the number of a parcel. */
export function parcelRoutes(deps: WebDeps) {
  async function find(c: WebContext): Promise<{ order: OrderView; parcel: ShipmentView }> {
    const order = await getOrder(deps, c.req.param('id') ?? '', undefined)
    mustNotBeOwn(viewerOf(c).sub, order.owner_id)
    const parcel = order.shipments.find(({ id, tracking_no }) => id === c.req.param('parcel') && tracking_no)
    if (!parcel) throw new DomainError({ code: 'NOT_FOUND' })
    return { order, parcel }
  }

  return new Hono<WebEnv>()
    .get(`/${ID}/parcels/${PARCEL}`, async (c) => {
      const { order, parcel } = await find(c)
      if (!mayCorrect(order)) return c.redirect(orderAt(order.order_no, cameFrom(c)), 303)
      const form = { carrier: nameOf(parcel, c.get('lang')), tracking_no: parcel.tracking_no ?? '' }
      return showCorrection(c, order, parcel, form, {})
    })
    .post(`/${ID}/parcels/${PARCEL}`, async (c) => {
      const { order, parcel } = await find(c)
      const form = await readForm(c)
      const lang = c.get('lang')
      const { carrier, trackingNo, errors } = readParcel(form, lang, true)
      if (Object.keys(errors).length > 0) return showCorrection(c, order, parcel, form, { errors })
      const request = { kind: 'correctShipment' as const, shipmentId: parcel.id, carrier, trackingNo }
      const by = { type: 'operator' as const, id: viewerOf(c).sub }
      try {
        const known = await actOnOrder(deps, order, by, request, operationKeyOf(c, form))
        return c.redirect(doneAt(order.order_no, known ? 'correct' : 'pending', cameFrom(c)), 303)
      } catch (error) {
        if (!(error instanceof DomainError || error instanceof OverloadedError)) throw error
        const refusal = error instanceof DomainError ? error.refusal : { code: 'UNAVAILABLE' as const }
        const problem = errorText(refusal.code, lang, refusal).detail
        return showCorrection(c, order, parcel, form, { problem })
      }
    })
}

function showCorrection(
  c: WebContext,
  order: OrderView,
  parcel: ShipmentView,
  form: Form,
  { errors = {}, problem }: { readonly errors?: FormErrors; readonly problem?: string },
) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const back = orderAt(order.order_no, cameFrom(c))
  const main = html`
    <nav aria-label="${t(T.title)}"><a class="up press" href="${back}"><span aria-hidden="true">‹</span> ${order.order_no}</a></nav>
    <form method="post" action="${correctAt(order.order_no, parcel.id, cameFrom(c))}" class="card ask" novalidate>
      <h1>${t(T.correctTitle)}</h1>
      ${formFields(c, form.once)}
      ${problem === undefined ? '' : html`<p class="notice bad" role="alert">${problem}</p>`}
      ${errorSummary(errors, lang)}
      <p>${t(T.correctHint)}</p>
      ${parcelFields(form, errors, lang)}
      <div class="row"><button>${t(T.correctDo)}</button><a class="button plain" href="${back}">${t(T.back)}</a></div>
    </form>`
  const status = Object.keys(errors).length > 0 ? 422 : problem === undefined ? 200 : 409
  return consolePage(c, { title: t(T.correctTitle), main, section: 'orders' }, status)
}
