import { html } from 'hono/html'
import type { DeliveryView, TryView } from '../../../application/messaging/delivery-view.ts'
import {
  DELIVERY_STATES,
  type DeliveryState,
  type EndpointState,
} from '../../../domain/messaging/deliveries.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { formFields } from '../../form/form.ts'
import type { WebContext } from '../../shared/deps.ts'
import { grouped, time } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import {
  DELIVERY_STATE_TEXTS,
  EVENT_TEXTS,
  OUTCOME_TEXTS,
  WEBHOOKS as T,
} from '../../texts/console/webhooks.ts'
import { orderAt } from '../orders/order-badges.ts'

const LOOKS = { pending: 'warn', delivered: 'good', given_up: 'bad' } as const

/** Links to the log in each state. @param at the endpoint's page */
export function logFilters(at: string, chosen: DeliveryState | undefined, lang: Lang): Html {
  const t = textsIn(lang)
  const link = (state: DeliveryState | undefined, text: string) =>
    html`<a class="press" href="${at}${state ? `?state=${state}` : ''}" ${state === chosen ? html`aria-current="page"` : ''}>${text}</a>`
  return html`<nav class="row" aria-label="${t(T.log)}">
    ${link(undefined, t(T.all))}
    ${DELIVERY_STATES.map((state) => link(state, t(DELIVERY_STATE_TEXTS[state])))}
  </nav>`
}

export function deliveryTable(
  c: WebContext,
  deliveries: readonly DeliveryView[],
  at: string,
  endpoint: EndpointState,
): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  return html`<table class="folds">
    <caption class="sr">${t(T.log)}</caption>
    <thead><tr><th scope="col">${t(T.event)}</th><th scope="col">${t(T.subject)}</th><th scope="col" class="number">${t(T.number)}</th>
      <th scope="col">${t(T.state)}</th><th scope="col">${t(T.answer)}</th><th scope="col">${t(T.next)}</th>
      <th scope="col">${t(T.each)}</th><th scope="col"><span class="sr">${t(T.resend)}</span></th></tr></thead>
    <tbody>${deliveries.map(
      (one) => html`<tr>
        <th scope="row">${t(EVENT_TEXTS[one.event.type])} <span class="small muted">${time(one.event.timestamp, lang)}</span></th>
        <td data-label="${t(T.subject)}">${one.order_no === null ? '—' : html`<a class="press code" href="${orderAt(one.order_no)}">${one.order_no}</a>`}</td>
        <td data-label="${t(T.number)}" class="number">${grouped(one.event.sequence)}</td>
        <td data-label="${t(T.state)}"><span class="badge ${LOOKS[one.state]}">${t(DELIVERY_STATE_TEXTS[one.state])}</span></td>
        <td data-label="${t(T.answer)}">${answerText(one, lang)}</td>
        <td data-label="${t(T.next)}" class="small">${nextText(one, lang)}</td>
        <td data-label="${t(T.each)}">${tries(one, lang)}</td>
        <td class="actions">${endpoint === 'enabled' ? resendForm(c, `${at}/deliveries/${one.id}/resend`, one) : ''}</td>
      </tr>`,
    )}</tbody>
  </table>`
}

function answerText(
  { outcome, response_status }: Pick<TryView, 'outcome' | 'response_status'>,
  lang: Lang,
): Html {
  if (outcome === null) return html`<span class="muted">—</span>`
  return html`${response_status === null ? '' : html`<span class="digits">${response_status}</span> `}${textsIn(lang)(OUTCOME_TEXTS[outcome])}`
}

function nextText({ state, is_behind, next_try_at }: DeliveryView, lang: Lang): Html | string {
  const t = textsIn(lang)
  if (state !== 'pending') return '—'
  if (is_behind) return t(T.behind)
  return next_try_at === null ? t(T.now) : time(next_try_at, lang)
}

function tries({ tries: count, attempts, event }: DeliveryView, lang: Lang): Html | string {
  if (attempts.length === 0) return '0'
  const t = textsIn(lang)
  return html`<details><summary>${grouped(count)}<span class="sr"> ${t(T.tries)} ${event.type} ${event.sequence}</span></summary>
    <ol class="small">${attempts.map(
      (one) =>
        html`<li>${time(one.at, lang)} ${one.outcome === null ? t(T.now) : answerText(one, lang)}${one.duration_ms === null ? '' : html` <span class="muted digits">${grouped(one.duration_ms)} ms</span>`}</li>`,
    )}</ol></details>`
}

function resendForm(c: WebContext, action: string, { event, order_no }: DeliveryView): Html {
  const t = textsIn(c.get('lang'))
  return html`<form method="post" action="${action}">${formFields(c)}
    <button class="quiet">${t(T.resend)}<span class="sr"> ${event.type} ${order_no ?? event.sequence}</span></button></form>`
}
