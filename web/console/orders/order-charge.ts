import { html } from 'hono/html'
import type { ChargeView } from '../../../application/fulfilment/charges.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { type FormErrors, field, formFields } from '../../form/form.ts'
import type { WebContext } from '../../shared/deps.ts'
import { grouped, time } from '../../shared/format.ts'
import { interpolate } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { CHARGE_ANSWER_TEXTS, CHARGE_STATE_TEXTS, CHARGE as T } from '../../texts/console/charges.ts'

export const REASON_MAX = 200

/** What became of the charge, and what an operator can do about it. */
export function orderCharge(
  c: WebContext,
  order: OrderView,
  charge: ChargeView | undefined,
  errors: FormErrors = {},
): Html | '' {
  if (!charge) return ''
  const lang = c.get('lang')
  const t = textsIn(lang)
  const { state, answer, answered_at, next_at, deadline_at, acknowledged } = charge
  const isOwn = order.owner_id === viewerOf(c).sub
  const isAskable = state !== 'created' && state !== 'succeeded'
  const isBoth = state === 'succeeded' && order.status === 'order_canceled'
  const tries = { s: grouped(charge.sends), q: grouped(charge.queries) }
  const rows: readonly (readonly [string, Html | string])[] = [
    [t(T.state), html`<span class="badge">${t(CHARGE_STATE_TEXTS[state])}</span>`],
    [t(T.account), charge.account],
    [t(T.item), html`<span class="code">${charge.item}</span> × ${grouped(charge.quantity)}`],
    [t(T.tries), interpolate(t(T.triesOf), tries)],
    ...(answer === null || answered_at === null
      ? []
      : [[t(T.answer), html`${t(CHARGE_ANSWER_TEXTS[answer])} ${time(answered_at, lang)}`] as const]),
    ...(isAskable ? [[t(T.next), next_at === null ? t(T.none) : time(next_at, lang)] as const] : []),
    ...(deadline_at === null
      ? []
      : [
          [
            t(T.deadline),
            html`${time(deadline_at, lang)} ${charge.overdue ? html`<span class="badge warn">${t(T.overdue)}</span>` : ''}`,
          ] as const,
        ]),
    ...(charge.supplier_ref === null
      ? []
      : [[t(T.ref), html`<span class="code">${charge.supplier_ref}</span>`] as const]),
    ...(charge.failure === null
      ? []
      : [[t(T.failure), html`<span class="code">${charge.failure}</span>`] as const]),
    ...(charge.succeeded_at === null ? [] : [[t(T.succeededAt), time(charge.succeeded_at, lang)] as const]),
  ]
  const path = `/admin/orders/${order.order_no}/charge`
  return html`<section class="card stack" aria-labelledby="charge">
    <h2 id="charge">${t(T.title)}</h2>
    <dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
    ${
      isAskable && !isOwn
        ? html`<form method="post" action="${path}/query" class="stack">${formFields(c)}
            <p class="hint">${t(T.queryHint)}</p><div class="row"><button>${t(T.query)}</button></div></form>`
        : ''
    }
    ${isBoth && acknowledged === null ? html`<p class="notice warn">${t(T.both)}</p>` : ''}
    ${acknowledged ? html`<p class="hint">${interpolate(t(T.acknowledged), { ...acknowledged, at: time(acknowledged.at, lang) })}</p>` : ''}
    ${
      isBoth && acknowledged === null && !isOwn
        ? html`<form method="post" action="${path}/acknowledge" class="stack" novalidate>${formFields(c)}
            ${field({ name: 'reason', label: t(T.reason), value: '', error: errors.reason, required: true, maxlength: REASON_MAX })}
            <div class="row"><button>${t(T.acknowledge)}</button></div></form>`
        : ''
    }
  </section>`
}
