import { html } from 'hono/html'
import type { OrderView } from '../../../application/orders/view.ts'
import { FORWARD_STATUSES, type OrderStatus } from '../../../domain/orders/status.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { detailText, eventTitle } from '../../../i18n/note-texts.ts'
import { time } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { type Text, textsIn } from '../../texts/common/common.ts'
import { ORDER, SET_ASIDE, STEPS } from '../../texts/shop/orders.ts'

export function timeline(order: OrderView, lang: Lang): Html {
  const t = textsIn(lang)
  const happened = eventsOf(order, lang)
  return html`<ol class="timeline">
    ${happened.map(
      (
        { text, at, beside, aside },
        n,
      ) => html`<li class="${beside ? 'beside' : 'step'}${n === happened.length - 1 ? ' last' : ''}">
        <span class="what">${t(text)}</span> ${time(at, lang)}
        ${aside ? html`<span class="muted small">${aside}</span>` : ''}</li>`,
    )}
    ${upcomingOf(order).map(
      (status) =>
        html`<li class="step upcoming"><span class="what">${t(stepText(order, status))}</span> <span class="muted small">${t(ORDER.upcoming)}</span></li>`,
    )}
  </ol>`
}

interface Happened {
  readonly text: Text
  readonly at: string
  readonly beside: boolean
  readonly aside?: string | undefined
}

function eventsOf(order: OrderView, lang: Lang): Happened[] {
  const cash = order.total_money.amount !== '0.00'
  return order.timeline
    .filter(({ status }) => cash || status !== 'order_created')
    .map(({ status, at, note }) => {
      const text = eventTitle(note)
      if (text) return { text, at, beside: true }
      const aside = note?.code === 'auto_confirm' ? detailText(note, lang) : undefined
      return { text: stepText(order, status as OrderStatus), at, beside: false, aside }
    })
}

/** Without points there is nothing to reserve. */
export const stepText = ({ total_points }: OrderView, status: OrderStatus): Text =>
  status === 'order_created' && total_points === 0 ? SET_ASIDE : STEPS[status]

function upcomingOf(order: OrderView): OrderStatus[] {
  const reached = FORWARD_STATUSES.indexOf(order.status)
  if (reached < 0) return []
  const skipped = (status: OrderStatus) =>
    (status === 'order_created' && order.total_money.amount === '0.00') ||
    (status === 'order_shipped' && order.address_info === null)
  return FORWARD_STATUSES.slice(reached + 1).filter((status) => !skipped(status))
}
