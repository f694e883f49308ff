import { html } from 'hono/html'
import type { ProductView } from '../../../application/catalogue/products.ts'
import { mayMove } from '../../../application/orders/change-address.ts'
import type { ShipmentView } from '../../../application/shipments/view.ts'
import { needsAddress } from '../../../domain/catalogue/product.ts'
import { addressWords } from '../../../domain/customers/address.ts'
import { carrierName, SHIPMENT_STATE_TEXTS } from '../../../i18n/carrier-texts.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { copyButton } from '../../shared/copy-button.ts'
import { time } from '../../shared/format.ts'
import { interpolate } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { deliveryTexts } from '../../texts/shop/delivery.ts'
import { ORDER } from '../../texts/shop/orders.ts'
import type { OrderShown, Shipping } from './order-shown.ts'

const PICKUP_FACTS = ['取货地点', '取货时间', '门店地址', '营业时间']

export function shippingOf({ shipping_type: type, delivery, properties }: ProductView): Shipping {
  const facts = PICKUP_FACTS.flatMap((name) => {
    const text = properties?.[name]
    return typeof text === 'string' ? [[name, text] as const] : []
  })
  return { type, delivery, facts }
}

export function delivery({ order, shipping }: OrderShown, lang: Lang): Html {
  const t = textsIn(lang)
  const { shipping_info, address_info, status } = order
  const address = addressWords(address_info, 'owner')
  const isOver = status === 'order_canceled'
  const sent = order.shipments.filter(({ tracking_no }) => tracking_no !== null)
  return html`${
    sent.length > 0
      ? parcels(sent, order.quantity, lang)
      : shipping_info
        ? html`<section class="panel" aria-labelledby="tracking">
        <h2 id="tracking">${t(ORDER.tracking)}</h2>
        <dl class="facts">
          <dt>${t(ORDER.carrier)}</dt><dd>${shipping_info.carrier}</dd>
          <dt>${t(ORDER.trackingNo)}</dt><dd><span class="number">${shipping_info.tracking_no}</span> ${copyButton(shipping_info.tracking_no, t(ORDER.trackingNo), lang)}</dd>
        </dl>
      </section>`
        : ''
  }${
    address
      ? html`<section class="panel" aria-labelledby="address">
        <h2 id="address">${t(ORDER.address)}</h2>
        <p>${address.name} <span class="digits">${address.phone}</span></p>
        <p class="muted">${address.place} ${copyButton(`${address.name} ${address.phone} ${address.place}`, t(ORDER.address), lang)}</p>
        ${mayMove(order) && order.order_id !== null ? html`<p><a class="press" href="/points-mall/orders/${order.order_no}/address">${t(ORDER.moveTitle)}</a></p>` : ''}
      </section>`
      : ''
  }${shipping && !needsAddress(shipping.type) && !isOver ? collected(shipping, lang) : ''}`
}

/** What the carrier says of a parcel, newest first. */
export function trackEvents({ events }: ShipmentView, lang: Lang): Html | '' {
  if (events.length === 0) return ''
  return html`<ol class="stack small">${events.map(
    ({ at, text }) => html`<li><span class="muted">${time(at, lang)}</span> ${text}</li>`,
  )}</ol>`
}

function parcels(sent: readonly ShipmentView[], ordered: number, lang: Lang): Html {
  const t = textsIn(lang)
  const pieces = sent.reduce((sum, { quantity }) => sum + quantity, 0)
  return html`<section class="panel" aria-labelledby="tracking">
    <h2 id="tracking">${t(ORDER.tracking)}</h2>
    ${sent.map(
      (parcel, n) => html`<dl class="facts">
        ${sent.length > 1 || pieces < ordered ? html`<dt>${interpolate(t(ORDER.parcel), { n: `${n + 1}` })}</dt><dd>${interpolate(t(ORDER.pieces), { n: `${parcel.quantity}` })}</dd>` : ''}
        <dt>${t(ORDER.carrier)}</dt><dd>${carrierName(parcel.carrier ?? 'other', parcel.carrier_name ?? '', lang)}</dd>
        <dt>${t(ORDER.trackingNo)}</dt><dd><span class="number">${parcel.tracking_no}</span> ${parcel.tracking_no ? copyButton(parcel.tracking_no, t(ORDER.trackingNo), lang) : ''}</dd>
        ${parcel.state === 'none' ? '' : html`<dt>${t(ORDER.parcelState)}</dt><dd>${SHIPMENT_STATE_TEXTS[parcel.state][lang]}</dd>`}
      </dl>${trackEvents(parcel, lang)}`,
    )}
    ${pieces < ordered ? html`<p class="muted">${interpolate(t(ORDER.toFollow), { n: `${ordered - pieces}` })}</p>` : ''}
  </section>`
}

function collected(shipping: Shipping, lang: Lang): Html {
  const t = textsIn(lang)
  const { facts } = shipping
  const { name, means } = deliveryTexts(shipping.delivery, shipping.type)
  return html`<section class="panel" aria-labelledby="shipping">
    <h2 id="shipping">${t(name)}</h2>
    <p class="muted">${t(means)}</p>
    ${facts.length > 0 ? html`<dl class="facts">${facts.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>` : ''}
  </section>`
}
