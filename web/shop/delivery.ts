import { html } from 'hono/html'
import type { OrderView } from '../../application/orders.ts'
import { addressWords } from '../../domain/address.ts'
import type { Lang } from '../../domain/error-texts.ts'
import type { Html } from '../page.ts'
import { textsIn } from '../texts/common.ts'
import { ORDER } from '../texts/orders.ts'

/** Where the goods are, and where they go to. */
export function delivery({ shipping_info, address_info }: OrderView, lang: Lang): Html {
  const t = textsIn(lang)
  const address = addressWords(address_info, 'owner')
  return html`${
    shipping_info
      ? html`<section class="panel" aria-labelledby="tracking">
        <h2 id="tracking">${t(ORDER.tracking)}</h2>
        <dl class="facts">
          <dt>${t(ORDER.carrier)}</dt><dd>${shipping_info.carrier}</dd>
          <dt>${t(ORDER.trackingNo)}</dt><dd class="number">${shipping_info.tracking_no}</dd>
        </dl>
      </section>`
      : ''
  }${
    address
      ? html`<section class="panel" aria-labelledby="address">
        <h2 id="address">${t(ORDER.address)}</h2>
        <p>${address.name} <span class="digits">${address.phone}</span></p>
        <p class="muted">${address.place}</p>
      </section>`
      : ''
  }`
}
