import { html } from 'hono/html'
import type { OrderView } from '../../application/orders.ts'
import type { Lang } from '../../domain/error-texts.ts'
import { maskName, maskPhone } from '../../domain/masks.ts'
import type { Html } from '../page.ts'
import { textsIn } from '../texts/common.ts'
import { ORDER } from '../texts/orders.ts'

/** Where the goods are, and where they go to. */
export function delivery({ shipping_info, address_info }: OrderView, lang: Lang): Html {
  const t = textsIn(lang)
  const address = address_info === null ? undefined : addressLine(address_info)
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
        ${address.who ? html`<p>${address.who}</p>` : ''}
        <p class="muted">${address.where}</p>
      </section>`
      : ''
  }`
}

const PLACES = ['province', 'city', 'district', 'detail', 'address'] as const

/** An address as its owner sees it. The API takes any fields; those that are known are shown. */
function addressLine(given: unknown): { who: string; where: string } | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => typeof value === 'string'))
  const { name, phone } = known
  const who = [name && maskName(name), phone && maskPhone(phone, true)].filter(Boolean).join('　')
  // 上海市 is both, and is named once.
  const places = PLACES.filter((place) => !(place === 'city' && known.city === known.province))
  const where = places.map((place) => known[place] ?? '').join('')
  return who || where ? { who, where } : undefined
}
