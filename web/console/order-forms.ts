import { html } from 'hono/html'
import { type OrderBooks, readOrderBooks } from '../../application/order-books.ts'
import type { OrderRequest, OrderView, RefundView } from '../../application/orders.ts'
import type { Lang } from '../../domain/error-texts.ts'
import { decimalFromFen } from '../../domain/money.ts'
import { PRODUCT_MAX } from '../../domain/product.ts'
import type { WebContext, WebDeps } from '../deps.ts'
import { errorSummary, type Form, type FormErrors, field, onceField } from '../form.ts'
import { readFields } from '../form-reader.ts'
import { priceText } from '../format.ts'
import type { Html } from '../page.ts'
import { phrase } from '../phrase.ts'
import { type Text, textsIn } from '../texts/common.ts'
import { ACTION_FORM as F, ORDER_PAGE } from '../texts/console-orders.ts'
import { consolePage } from './layout.ts'
import type { ActionName } from './order-actions.ts'
import { attentionText, orderAt } from './order-look.ts'

const REASON_MAX = 200
const SHIPPING_MAX = 64
/** Each order has at most this many pieces of the dearest product. */
const POINTS_MAX = PRODUCT_MAX.points

type ResolveAction = Extract<OrderRequest, { kind: 'resolve' }>['action']

/** What the form of an action says; `request` is to be taken only where nothing is wrong. */
export function readRequest(
  action: ActionName,
  form: Form,
  order: Pick<OrderView, 'needs_attention' | 'total_points' | 'refunds'>,
  lang: Lang,
): { readonly request: OrderRequest; readonly errors: FormErrors } {
  const t = textsIn(lang)
  const labels = Object.fromEntries(Object.entries(F).map(([name, text]) => [name, t(text)]))
  const read = readFields(form, lang, labels)
  const reason = () => read.text('reason', 1, REASON_MAX)
  const request = ((): OrderRequest => {
    switch (action) {
      case 'accept':
      case 'finish':
        return { kind: action }
      case 'ship': {
        const carrier = read.text('carrier', 1, SHIPPING_MAX)
        return { kind: 'ship', carrier, trackingNo: read.text('tracking_no', 1, SHIPPING_MAX) }
      }
      case 'cancel':
        return { kind: 'cancel', reason: reason() }
      case 'refund': {
        if (read.oneOf('what', ['whole', 'part']) === 'whole') return { kind: 'refund', reason: reason() }
        const points = read.int('points', 0, POINTS_MAX) ?? 0
        const fen = read.fen('money') ?? 0n
        if (points === 0 && fen === 0n && !read.errors.points && !read.errors.money) {
          read.wrong(order.total_points > 0 ? 'points' : 'money', 'required')
        }
        return { kind: 'refund', reason: reason(), part: { points, money: decimalFromFen(fen) } }
      }
      case 'resolve': {
        const [way, refundNo] = read.oneOf('way', waysOn(order)).split('/')
        return { kind: 'resolve', action: way as ResolveAction, refundNo, reason: reason() }
      }
    }
  })()
  return { request, errors: read.errors }
}

/** Money is never skipped: it is refunded, or was given back outside. Which refund that was stands behind a slash. */
function waysOn(order: Pick<OrderView, 'needs_attention' | 'refunds'>): readonly [string, ...string[]] {
  if (!order.needs_attention?.startsWith('refund: ')) return ['retry', 'skip']
  return ['retry', ...owedOf(order).map(({ refund_no }) => `settle/${refund_no}`)]
}

const owedOf = ({ refunds }: Pick<OrderView, 'refunds'>) => refunds.filter(({ state }) => state === 'pending')

const TITLES = { cancel: F.cancelTitle, refund: F.refundTitle, resolve: F.resolveTitle } as const
const BUTTONS = { cancel: F.cancelDo, refund: F.refundDo, resolve: F.resolveDo } as const
/** Actions that need a page of their own. */
export type AskedApart = keyof typeof TITLES

export const isAskedApart = (action: ActionName): action is AskedApart => Object.hasOwn(TITLES, action)

/**
 * The page that asks what is to be known before an action is taken.
 * @param form what was typed, with what is wrong with it
 * @param problem why it was not done
 */
export async function showForm(
  c: WebContext,
  deps: WebDeps,
  order: OrderView,
  action: AskedApart,
  form: Form,
  { errors = {}, problem }: { readonly errors?: FormErrors; readonly problem?: string } = {},
) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const books = await readOrderBooks(deps, order, lang)
  const back = orderAt(order.order_no)
  const main = html`
    <nav aria-label="${t(ORDER_PAGE.title)}"><a class="up press" href="${back}"><span aria-hidden="true">‹</span> ${order.order_no}</a></nav>
    <form method="post" action="${back}/${action}" class="card ask" novalidate>
      <h1>${t(TITLES[action])}</h1>
      ${onceField(form.once)}
      ${problem === undefined ? '' : html`<p class="notice bad" role="alert">${problem}</p>`}
      ${errorSummary(errors, lang)}
      <p><strong>${order.product_title}</strong> <span class="muted">${priceText(order.total_points, order.total_money, lang)}</span></p>
      ${questions(action, order, books, form, errors, lang)}
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

function questions(
  action: AskedApart,
  order: OrderView,
  { rest }: OrderBooks,
  form: Form,
  errors: FormErrors,
  lang: Lang,
): Html {
  const t = textsIn(lang)
  if (action === 'cancel') return html`<p>${t(F.cancelHint)}</p>`
  if (action === 'resolve') {
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
      <p class="notice warn">${attentionText(order.needs_attention ?? '', lang)}</p>
      ${picks(
        'way',
        t(F.resolveWhat),
        waysOn(order).map((way) => [way, ...(ways[way] ?? [F.retry, F.retryHint])]),
        form.way ?? 'retry',
        lang,
      )}`
  }
  return html`<p>${phrase(t(F.refundHint), { rest: html`<strong class="digits">${priceText(rest.points, rest.money, lang)}</strong>` })}</p>
    ${picks(
      'what',
      t(F.refundWhat),
      [
        ['whole', F.whole],
        ['part', F.part],
      ],
      form.what ?? 'whole',
      lang,
    )}
    <div class="pair">
      ${rest.points > 0 || form.points ? field({ name: 'points', label: t(F.points), value: form.points, error: errors.points, inputmode: 'numeric', hint: t(F.partHint) }) : ''}
      ${rest.money.amount !== '0.00' || form.money ? field({ name: 'money', label: t(F.money), value: form.money, error: errors.money, inputmode: 'decimal', hint: t(F.partHint) }) : ''}
    </div>`
}

/** One of several, each with what it means. */
function picks(
  name: string,
  legend: string,
  options: readonly (readonly [string, Text, Text?])[],
  chosen: string,
  lang: Lang,
): Html {
  const t = textsIn(lang)
  return html`<fieldset><legend>${legend}</legend>${options.map(
    ([
      value,
      text,
      hint,
    ]) => html`<label class="pick"><input type="radio" name="${name}" value="${value}" ${value === chosen ? 'checked' : ''}>
      <span>${t(text)}${hint ? html`<small class="hint">${t(hint)}</small>` : ''}</span></label>`,
  )}</fieldset>`
}
