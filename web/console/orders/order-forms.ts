import { html } from 'hono/html'
import type { OrderRequest } from '../../../application/orders/order-request.ts'
import type { OrderView, RefundView } from '../../../application/orders/view.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { attentionText } from '../../../i18n/note-texts.ts'
import { errorSummary, type Form, type FormErrors, field, formFields } from '../../form/form.ts'
import { radioGroup } from '../../form/radio-group.ts'
import { readFields } from '../../form/reader.ts'
import type { WebContext } from '../../shared/deps.ts'
import { priceText } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { type Text, textsIn } from '../../texts/common/common.ts'
import { ACTION_FORM as F, ORDER_PAGE, REFUND_FORM } from '../../texts/console/orders.ts'
import { consolePage } from '../layout.ts'
import { readParcel } from '../shipments/parcel-form.ts'
import type { ActionName } from './order-actions.ts'
import { actionAt, cameFrom, orderAt } from './order-badges.ts'
import { readRefund, refundQuestions } from './refund-form.ts'

const REASON_MAX = 200

type ResolveAction = Extract<OrderRequest, { kind: 'resolve' }>['action']

/** Use `request` only without errors. */
export function readRequest(
  action: ActionName,
  form: Form,
  order: Pick<OrderView, 'needs_attention' | 'total_points' | 'total_money' | 'refunds'>,
  lang: Lang,
): { readonly request: OrderRequest; readonly errors: FormErrors } {
  const t = textsIn(lang)
  const labels = Object.fromEntries(
    Object.entries({ ...F, ...REFUND_FORM }).map(([name, text]) => [name, t(text)]),
  )
  const read = readFields(form, lang, labels)
  const reason = () => read.text('reason', 1, REASON_MAX)
  const request = ((): OrderRequest => {
    switch (action) {
      case 'accept':
      case 'finish':
        return { kind: action }
      case 'ship': {
        const { errors, ...parcel } = readParcel(form, lang)
        for (const [name, text] of Object.entries(errors)) read.say(name, text ?? '')
        return { kind: 'shipment', ...parcel }
      }
      case 'cancel':
        return { kind: 'cancel', reason: reason() }
      case 'refund':
        return readRefund(read, form, order, reason(), lang)
      case 'resolve': {
        const [way, refundNo] = read.oneOf('way', waysOn(order)).split('/')
        return { kind: 'resolve', action: way as ResolveAction, refundNo, reason: reason() }
      }
    }
  })()
  return { request, errors: read.errors }
}

/** A refund can be retried or settled by hand, not skipped. A slash precedes the refund number. */
function waysOn(order: Pick<OrderView, 'needs_attention' | 'refunds'>): readonly [string, ...string[]] {
  if (order.needs_attention?.code !== 'refund') return ['retry', 'skip']
  return ['retry', ...owedOf(order).map(({ refund_no }) => `settle/${refund_no}`)]
}

const owedOf = ({ refunds }: Pick<OrderView, 'refunds'>) => refunds.filter(({ state }) => state === 'pending')

const TITLES = { cancel: F.cancelTitle, refund: REFUND_FORM.title, resolve: F.resolveTitle } as const
const BUTTONS = { cancel: F.cancelDo, refund: REFUND_FORM.confirm, resolve: F.resolveDo } as const
export type AskedApart = keyof typeof TITLES

export const isAskedApart = (action: ActionName): action is AskedApart => Object.hasOwn(TITLES, action)

export function showForm(
  c: WebContext,
  order: OrderView,
  action: AskedApart,
  form: Form,
  { errors = {}, problem }: { readonly errors?: FormErrors; readonly problem?: string } = {},
) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const from = cameFrom(c)
  const back = orderAt(order.order_no, from)
  const main = html`
    <nav aria-label="${t(ORDER_PAGE.title)}"><a class="up press" href="${back}"><span aria-hidden="true">‹</span> ${order.order_no}</a></nav>
    <form method="post" action="${actionAt(order.order_no, action, from)}" class="card ask" novalidate>
      <h1>${t(TITLES[action])}</h1>
      ${formFields(c, form.once)}
      ${problem === undefined ? '' : html`<p class="notice bad" role="alert">${problem}</p>`}
      ${errorSummary(errors, lang)}
      <p><strong>${order.product_title}</strong> <span class="muted">${priceText(order.total_points, order.total_money, lang)}</span></p>
      ${questions(action, order, form, errors, lang)}
      ${field({
        name: 'reason',
        label: t(F.reason),
        value: form.reason,
        error: errors.reason,
        hint: t(action === 'resolve' ? F.reasonInside : F.reasonHint),
        required: true,
        maxlength: REASON_MAX,
      })}
      <div class="row"><button>${t(BUTTONS[action])}</button><a class="button plain" href="${back}">${t(F.back)}</a></div>
    </form>`
  const status = Object.keys(errors).length > 0 ? 422 : problem === undefined ? 200 : 503
  return consolePage(c, { title: t(TITLES[action]), main, section: 'orders' }, status)
}

function questions(action: AskedApart, order: OrderView, form: Form, errors: FormErrors, lang: Lang): Html {
  const t = textsIn(lang)
  if (action === 'refund') return refundQuestions(order, form, errors, lang)
  if (action === 'cancel') return html`<p>${t(F.cancelHint)}</p>`
  const named = (refund: RefundView): Text => {
    const what = `${refund.provider_refund_no} ${priceText(0, refund.money, lang)}`
    return { zh: `${F.settle.zh}（${what}）`, en: `${F.settle.en} (${what})` }
  }
  const ways: Readonly<Record<string, readonly [Text, Text]>> = {
    retry: [F.retry, F.retryHint],
    skip: [F.skip, F.skipHint],
    ...Object.fromEntries(
      owedOf(order).map((refund) => [`settle/${refund.refund_no}`, [named(refund), F.settleHint]]),
    ),
  }
  return html`<p>${t(F.resolveHint)}</p>
    ${order.needs_attention ? html`<p class="notice warn">${attentionText(order.needs_attention, lang)}</p>` : ''}
    ${radioGroup(
      'way',
      t(F.resolveWhat),
      waysOn(order).map((value) => {
        const [text, hint] = ways[value] ?? [F.retry, F.retryHint]
        return { value, text, hint }
      }),
      { chosen: form.way ?? 'retry' },
      lang,
    )}`
}
