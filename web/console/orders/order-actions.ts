import { html } from 'hono/html'
import { hasNothingLeft, type Refundable } from '../../../application/orders/audit-trail.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { needsAddress, type ShippingType } from '../../../domain/catalogue/product.ts'
import { addressWords } from '../../../domain/customers/address.ts'
import { allows, allowsFor, ORDER_ACTIONS } from '../../../domain/orders/status.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { errorSummary, type Form, type FormErrors, field, formFields } from '../../form/form.ts'
import { copyButton } from '../../shared/copy-button.ts'
import type { WebContext } from '../../shared/deps.ts'
import { interpolate, interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { ACTIONS, ORDER_STATES, ORDER_PAGE as T } from '../../texts/console/orders.ts'
import { SLIPS } from '../../texts/console/ship-batch.ts'
import { PARCELS } from '../../texts/console/shipments.ts'
import { rememberedCarrier } from '../shipments/carrier-memory.ts'
import { slipsAt } from '../shipments/packing-slips.ts'
import { parcelFields } from '../shipments/parcel-fields.ts'
import { actionAt, cameFrom } from './order-badges.ts'

export type ActionName = keyof typeof ACTIONS

export interface Typed {
  readonly form: Form
  readonly errors: FormErrors
}

type Asked = Pick<
  OrderView,
  'order_no' | 'owner_id' | 'status' | 'needs_attention' | 'address_info' | 'quantity' | 'shipments'
> &
  Refundable & {
    readonly shippingType: ShippingType | undefined
    /** Pieces that are still to be sent. */
    readonly toSend: number
  }

const ALL = Object.keys(ACTIONS) as ActionName[]
const ASKED_APART: readonly ActionName[] = ['cancel', 'refund', 'resolve']

/** @returns undefined if the action is available */
export function reasonAgainst(
  order: Omit<Asked, 'toSend'>,
  action: ActionName,
  c: WebContext,
): Html | string | undefined {
  const t = textsIn(c.get('lang'))
  if (action === 'resolve') {
    if (order.needs_attention?.code === 'after_sale') return t(T.decideAfterSale)
    const isCharge = ['charge', 'charged_after_refund'].includes(order.needs_attention?.code ?? '')
    if (isCharge) return t(T.decideCharge)
    return order.needs_attention === null ? t(T.nothingStuck) : undefined
  }
  if (action === 'refund' && allows(order.status, action) && hasNothingLeft(order)) return t(T.allBack)
  const isSent = order.shippingType === undefined || needsAddress(order.shippingType)
  if (action === 'ship' && !isSent && order.status !== 'order_canceled') return t(T.nothingToSend)
  // An order that is not placed has no delivery yet.
  if (allowsFor(order.status, action, order.shippingType ?? 'none')) return undefined
  if (action === 'finish' && order.status === 'order_accepted') return t(T.shipFirst)
  const inSentence = (text: string) => (c.get('lang') === 'en' ? text.toLowerCase() : text)
  const states = ORDER_ACTIONS[action].map((status) => inSentence(t(ORDER_STATES[status]))).join(t(T.or))
  return interpolate(t(T.onlyIn), { states })
}

export function actionPanel(c: WebContext, order: Asked, typed: Typed): Html {
  const t = textsIn(c.get('lang'))
  if (order.owner_id === viewerOf(c).sub) {
    return html`<section class="card stack next" aria-labelledby="next">
      <h2 id="next">${t(T.next)}</h2><p class="muted">${t(T.own)}</p></section>`
  }
  const judged = ALL.map((action) => ({ action, against: reasonAgainst(order, action, c) }))
  const possible = judged.filter(({ against }) => against === undefined)
  const resting = judged.filter(({ against }) => against !== undefined)
  const hasEnded = order.status === 'order_finished' || order.status === 'order_canceled'
  return html`<section class="card stack next" aria-labelledby="next">
    <h2 id="next">${t(T.next)}</h2>
    ${possible.length === 0 ? html`<p class="muted">${t(T.nextNone)}</p>` : ''}
    ${possible.filter(({ action }) => !ASKED_APART.includes(action)).map(({ action }) => act(c, order, action, typed))}
    <div class="row">${possible
      .filter(({ action }) => ASKED_APART.includes(action))
      .map(
        ({ action }) =>
          html`<a class="button ${action === 'resolve' ? '' : 'plain'}" href="${actionAt(order.order_no, action, cameFrom(c))}">${t(ACTIONS[action])}</a>`,
      )}</div>
    ${
      resting.length === 0
        ? ''
        : html`<details class="resting" ${hasEnded ? '' : 'open'}><summary>${t(T.notNow)}</summary><ul class="rests">${resting.map(
            ({
              action,
              against,
            }) => html`<li class="rest"><button type="button" disabled aria-describedby="why-${action}">${t(ACTIONS[action])}</button>
              <span class="hint" id="why-${action}">${against}</span></li>`,
          )}</ul></details>`
    }
  </section>`
}

function act(c: WebContext, order: Asked, action: ActionName, { form, errors }: Typed): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const post = actionAt(order.order_no, action, cameFrom(c))
  if (action !== 'ship') {
    return html`<form method="post" action="${post}">${formFields(c)}<button>${t(ACTIONS[action])}</button></form>`
  }
  const rest = order.toSend
  const parcel = { ...form, carrier: form.carrier ?? rememberedCarrier(c) ?? '' }
  const focus = parcel.carrier === '' ? 'carrier' : 'tracking_no'
  return html`<form method="post" action="${post}" class="stack" novalidate>
    ${formFields(c, form.once)}
    ${errorSummary(errors, lang)}
    ${sendTo(order, lang)}
    ${parcelFields(parcel, errors, lang, c.req.query('done') === 'accept' ? focus : undefined)}
    ${
      rest > 1
        ? field({
            name: 'quantity',
            label: t(PARCELS.quantity),
            value: form.quantity ?? `${rest}`,
            error: errors.quantity,
            inputmode: 'numeric',
            hint: interpolateText(t(PARCELS.quantityHint), { n: `${rest}` }),
          })
        : ''
    }
    <div class="row"><button>${t(ACTIONS.ship)}</button><a class="button quiet" href="${slipsAt([order.order_no])}">${t(SLIPS.print)}</a></div>
  </form>`
}

/** Unmasked, for the parcel; a tap selects it. */
export function sendTo({ address_info }: Pick<OrderView, 'address_info'>, lang: Lang): Html | '' {
  const words = addressWords(address_info, 'sender')
  if (!words) return ''
  const t = textsIn(lang)
  const all = `${words.name} ${words.phone} ${words.place}`
  return html`<div class="send-to"><p class="muted small">${t(T.sendTo)} ${copyButton(all, t(T.sendTo), lang)}</p>
    <address><strong>${words.name}</strong> <span class="digits">${words.phone}</span><br>${words.place}</address></div>`
}
