import { html } from 'hono/html'
import type { CashPlace, FundTrace, PointsPlace } from '../../application/orders/fund-trace.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import { textsIn } from '../texts/common/common.ts'
import { METHODS, WHERE } from '../texts/shop/orders.ts'
import { lastDay, moneyText, pointsText, time } from './format.ts'
import { interpolate } from './interpolate.ts'
import type { Html } from './page.ts'

export function fundTraceList({ points, cash, outside }: FundTrace, lang: Lang): Html {
  const t = textsIn(lang)
  if (points.length + cash.length === 0) return html`<p class="muted">${t(WHERE.nothing)}</p>`
  return html`<ul class="where">
    ${points.map(
      (place) => html`<li class="${place.place}">
        <p>${pointsLine(place, lang)}${outside ? t(WHERE.outside) : ''}</p>
        ${place.place === 'returned' ? lotList(place, lang) : ''}
      </li>`,
    )}
    ${cash.map(
      (place) => html`<li class="${place.place}">
        <p>${cashLine(place, lang)}</p>
        ${'undue' in place && place.undue ? html`<p class="small muted">${t(WHERE.undue[place.undue])}</p>` : ''}
      </li>`,
    )}
  </ul>`
}

const strong = (text: string) => html`<strong class="digits">${text}</strong>`

function pointsLine(place: PointsPlace, lang: Lang): Html {
  const t = textsIn(lang)
  const n = strong(pointsText(place.points, lang))
  switch (place.place) {
    case 'untouched':
      return interpolate(t(place.settled ? WHERE.neverTaken : WHERE.untouched), { n })
    case 'held':
      return interpolate(t(WHERE.held), { n, t: time(place.since, lang) })
    case 'spent':
      return interpolate(t(WHERE.spent), { n, t: time(place.since, lang) })
    case 'returned':
      return interpolate(t(WHERE.returned), { n, t: time(place.at, lang) })
  }
}

function lotList({ points, lots, at }: Extract<PointsPlace, { place: 'returned' }>, lang: Lang): Html {
  const t = textsIn(lang)
  const debt = lots.length === 0 ? 0 : points - lots.reduce((sum, lot) => sum + lot.points, 0)
  return html`<ul class="lots small">
    ${lots.map((lot) => {
      const n = pointsText(lot.points, lang)
      if (lot.expires_at === null) return html`<li>${interpolate(t(WHERE.lotForEver), { n })}</li>`
      // They returned after the grace period.
      const text = Date.parse(lot.expires_at) <= Date.parse(at) ? WHERE.lotOver : WHERE.lot
      return html`<li>${interpolate(t(text), { n, t: lastDay(lot.expires_at) })}</li>`
    })}
    ${debt > 0 ? html`<li>${interpolate(t(WHERE.debt), { n: pointsText(debt, lang) })}</li>` : ''}
  </ul>`
}

function cashLine(place: CashPlace, lang: Lang): Html {
  const t = textsIn(lang)
  const n = strong(moneyText(place.money))
  switch (place.place) {
    case 'due':
      return place.until === null
        ? interpolate(t(WHERE.dueNow), { n })
        : interpolate(t(WHERE.due), { n, t: time(place.until, lang) })
    case 'closing':
      return interpolate(t(WHERE.closing), { n })
    case 'never_paid':
      return interpolate(t(WHERE.neverPaid), { n })
    case 'paid': {
      const m = place.method ? t(METHODS[place.method]) : '—'
      return interpolate(t(WHERE.paid), { n, t: time(place.since, lang), m })
    }
    case 'returning':
      return interpolate(t(WHERE.returning), { n, t: time(place.since, lang) })
    case 'returned': {
      const text = place.to === 'wallet' ? WHERE.returnedToWallet : WHERE.returnedToPayer
      return interpolate(t(text), { n, t: time(place.at, lang) })
    }
  }
}
