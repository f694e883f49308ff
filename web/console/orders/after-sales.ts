import { Hono } from 'hono'
import { html } from 'hono/html'
import type { StatusCode } from 'hono/utils/http-status'
import {
  type AfterSaleOrder,
  type AfterSaleView,
  actOnAfterSale,
  getAfterSale,
  readAfterSales,
} from '../../../application/orders/after-sales.ts'
import { OverloadedError } from '../../../application/temporal/client.ts'
import { mustNotBeOwn } from '../../../domain/access.ts'
import { DomainError, type Refusal } from '../../../domain/errors.ts'
import { AFTER_SALE_STATES, type AfterSaleState, allowsAfterSale } from '../../../domain/orders/after-sale.ts'
import {
  AFTER_SALE_STATE_TEXTS,
  AFTER_SALE_TYPE_TEXTS,
  GOODS_STATE_TEXTS,
  MONEY_STATE_TEXTS,
} from '../../../i18n/after-sale-texts.ts'
import { errorText, type Lang } from '../../../i18n/error-texts.ts'
import {
  errorSummary,
  type Form,
  type FormErrors,
  field,
  formFields,
  operationKeyOf,
  readForm,
} from '../../form/form.ts'
import { radioGroup } from '../../form/radio-group.ts'
import { readFields } from '../../form/reader.ts'
import { afterSaleBadge, afterSalePictures, afterSaleTimeline } from '../../shared/after-sale.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { grouped, priceText, time } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { pager } from '../../shared/pager.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { AFTER_SALE_ACTIONS, AFTER_SALE_NAMES, AFTER_SALES as T } from '../../texts/console/after-sales.ts'
import { consolePage } from '../layout.ts'
import { orderAt } from './order-badges.ts'

const PER_PAGE = 20
const PAGE_MAX = 500
const REASON_MAX = 200
const ID = ':id{[1-9]\\d{0,17}}'
const HOME = '/admin/after-sales'
type ActionName = keyof typeof AFTER_SALE_ACTIONS
const ACTION_NAMES = Object.keys(AFTER_SALE_ACTIONS) as ActionName[]

/** In which an operator acts next. */
const WAITING: readonly AfterSaleState[] = ['requested', 'returning']

export function consoleAfterSaleRoutes(deps: WebDeps) {
  const read = (c: WebContext) => getAfterSale(deps.db, c.req.param('id') ?? '', undefined)

  async function act(c: WebContext, action: ActionName): Promise<Response> {
    const lang = c.get('lang')
    const sale = await read(c)
    mustNotBeOwn(viewerOf(c).sub, sale.owner_id)
    const form = await readForm(c)
    const { asked, errors } = readAsked(action, form, lang)
    if (Object.keys(errors).length > 0) return onePage(c, deps, sale, { action, form, errors })
    try {
      const done = await actOnAfterSale(deps, sale, viewerOf(c).sub, asked, operationKeyOf(c, form))
      return c.redirect(`${HOME}/${sale.id}?done=${done ? 'done' : 'pending'}`, 303)
    } catch (error) {
      if (!(error instanceof DomainError || error instanceof OverloadedError)) throw error
      const refusal: Refusal = error instanceof DomainError ? error.refusal : { code: 'UNAVAILABLE' }
      if (refusal.code === 'UNAVAILABLE') c.header('Retry-After', '1')
      const problem = errorText(refusal.code, lang, refusal).detail
      const status = refusal.code === 'UNAVAILABLE' ? 503 : 409
      return onePage(c, deps, await read(c), { action, form, problem: { text: problem, status } })
    }
  }

  const routes = new Hono<WebEnv>()
    .get('/', async (c) => listPage(c, deps))
    .get(`/${ID}`, async (c) => onePage(c, deps, await read(c), {}))
  for (const action of ACTION_NAMES) routes.post(`/${ID}/${action}`, (c) => act(c, action))
  return routes
}

function readAsked(
  action: ActionName,
  form: Form,
  lang: Lang,
): { readonly asked: AfterSaleOrder; readonly errors: FormErrors } {
  const t = textsIn(lang)
  const read = readFields(form, lang, { reason: t(T.reason), sellable: t(T.sellable) })
  const name = AFTER_SALE_NAMES[action]
  if (action === 'receive') {
    if (form.sellable === undefined) read.wrong('sellable', 'required')
    const sellable = read.oneOf('sellable', ['yes', 'no']) === 'yes'
    return { asked: { action: name, sellable }, errors: read.errors }
  }
  if (action === 'approve') return { asked: { action: name }, errors: read.errors }
  const reason = read.text('reason', 1, REASON_MAX)
  return { asked: { action: name, reason }, errors: read.errors }
}

async function listPage(c: WebContext, deps: WebDeps) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const asked = c.req.query('state') ?? 'waiting'
  const state = AFTER_SALE_STATES.find((one) => one === asked)
  const tab = state ?? (asked === 'overdue' || asked === 'all' ? asked : 'waiting')
  const filter = {
    states: state ? [state] : tab === 'waiting' ? WAITING : undefined,
    isOverdue: tab === 'overdue',
  }
  const given = c.req.query('page') ?? ''
  const page = /^\d{1,3}$/.test(given) ? Math.min(Math.max(Number(given), 1), PAGE_MAX) : 1
  const slice = { limit: PER_PAGE, offset: (page - 1) * PER_PAGE }
  const [{ sales, total }, waiting] = await Promise.all([
    readAfterSales(deps.db, filter, slice),
    readAfterSales(deps.db, { states: WAITING }, { limit: 1, offset: 0 }),
  ])
  const tabs: readonly (readonly [string, string])[] = [
    ['waiting', t(T.waiting)],
    ['overdue', t(T.overdueTab)],
    ...AFTER_SALE_STATES.map((one) => [one, t(AFTER_SALE_STATE_TEXTS[one])] as const),
    ['all', t(T.all)],
  ]
  const main = html`<h1>${t(T.title)}</h1>
    <nav class="row" aria-label="${t(T.states)}">${tabs.map(
      ([name, text]) =>
        html`<a class="press" href="${HOME}?state=${name}" ${name === tab ? html`aria-current="page"` : ''}>${text}${name === 'waiting' && waiting.total > 0 ? html` <span class="badge todo">${grouped(waiting.total)}</span>` : ''}</a>`,
    )}</nav>
    ${sales.length === 0 ? html`<div class="empty"><h2>${t(T.empty)}</h2></div>` : afterSaleTable(sales, lang)}
    ${pager(c, page, Math.max(1, Math.ceil(total / PER_PAGE)))}`
  return consolePage(c, { title: t(T.title), main, section: 'after_sales' })
}

function afterSaleTable(sales: readonly AfterSaleView[], lang: Lang): Html {
  const t = textsIn(lang)
  return html`<table class="folds pairs many">
    <caption class="sr">${t(T.listed)}</caption>
    <thead><tr><th scope="col">${t(T.one)}</th><th scope="col">${t(T.order)}</th><th scope="col">${t(T.customer)}</th>
      <th scope="col">${t(T.what)}</th><th scope="col" class="number">${t(T.amount)}</th><th scope="col">${t(T.due)}</th><th scope="col">${t(T.status)}</th></tr></thead>
    <tbody>${sales.map(
      (sale) => html`<tr>
        <th scope="row"><a class="press name code" href="${HOME}/${sale.id}">${sale.id}</a></th>
        <td data-label="${t(T.order)}" class="left plainly"><a class="press second code" href="${orderAt(sale.order_no)}">${sale.order_no}</a></td>
        <td data-label="${t(T.customer)}" class="by plainly">${sale.owner_id}</td>
        <td data-label="${t(T.what)}" class="left plainly">${t(AFTER_SALE_TYPE_TEXTS[sale.type])} ×&nbsp;${grouped(sale.quantity)}</td>
        <td data-label="${t(T.amount)}" class="number left plainly">${priceText(sale.points, sale.money, lang)}</td>
        <td data-label="${t(T.due)}" class="plainly small muted">${sale.deadline ? time(sale.deadline, lang) : '—'}</td>
        <td data-label="${t(T.status)}" class="last left plainly"><span class="badges">${afterSaleBadge(sale.state, lang)}
          ${sale.overdue ? html`<span class="badge bad">${t(T.overdue)}</span>` : ''}</span></td></tr>`,
    )}</tbody></table>`
}

/** For the page of an order; empty if it has none. */
export async function afterSalesOfOrder(deps: WebDeps, orderNo: string, lang: Lang): Promise<Html | ''> {
  const { sales } = await readAfterSales(deps.db, { orderNo }, { limit: 20, offset: 0 })
  if (sales.length === 0) return ''
  return html`<section class="card stack" aria-labelledby="after-sales"><h2 id="after-sales">${textsIn(lang)(T.title)}</h2>
    ${afterSaleTable(sales, lang)}</section>`
}

interface Said {
  readonly action?: ActionName
  readonly form?: Form
  readonly errors?: FormErrors
  readonly problem?: { readonly text: string; readonly status: 409 | 503 }
}

function onePage(c: WebContext, deps: WebDeps, sale: AfterSaleView, said: Said) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const { errors = {}, problem } = said
  const done = c.req.query('done')
  const main = html`
    <nav aria-label="${t(T.title)}"><a class="up press" href="${HOME}"><span aria-hidden="true">‹</span> ${t(T.title)}</a></nav>
    <div class="order-head"><h1>${t(T.one)} ${sale.id}</h1>
      <p class="badges">${afterSaleBadge(sale.state, lang)} ${sale.overdue ? html`<span class="badge bad">${t(T.overdue)}</span>` : ''}</p>
      <p class="muted code"><a class="press" href="${orderAt(sale.order_no)}">${sale.order_no}</a></p></div>
    ${done === 'done' ? html`<p class="notice good" role="status">${t(T.done)}</p>` : ''}
    ${done === 'pending' ? html`<p class="notice warn" role="status">${t(T.pending)}</p>` : ''}
    ${problem ? html`<p class="notice bad" role="alert">${problem.text}</p>` : ''}
    <div class="order-top">
      ${panel(c, sale, said)}
      ${facts(sale, deps, lang)}
      <section class="card stack" aria-labelledby="timeline"><h2 id="timeline">${t(T.timeline)}</h2>${afterSaleTimeline(sale, lang)}</section>
    </div>`
  const status: StatusCode = problem?.status ?? (Object.keys(errors).length > 0 ? 422 : 200)
  return consolePage(c, { title: `${t(T.one)} ${sale.id}`, main, section: 'after_sales' }, status)
}

function panel(c: WebContext, sale: AfterSaleView, { action, form = {}, errors = {} }: Said): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const isOwn = sale.owner_id === viewerOf(c).sub
  const possible = isOwn
    ? []
    : ACTION_NAMES.filter((name) => allowsAfterSale(sale.state, AFTER_SALE_NAMES[name]))
  const typed = (name: ActionName) =>
    name === action ? { form, errors } : { form: {} as Form, errors: {} as FormErrors }
  return html`<section class="card stack next" aria-labelledby="next"><h2 id="next">${t(T.next)}</h2>
    ${possible.length > 0 ? '' : html`<p class="muted">${t(isOwn ? T.own : T.nothing)}</p>`}
    ${errorSummary(errors, lang)}
    ${possible.map((name) => actionForm(c, sale, name, typed(name)))}
  </section>`
}

function actionForm(
  c: WebContext,
  sale: AfterSaleView,
  action: ActionName,
  { form, errors }: { readonly form: Form; readonly errors: FormErrors },
): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const questions = {
    approve: () =>
      html`<p class="hint">${t(sale.type === 'refund_only' ? T.approveRefund : T.approveReturn)}</p>`,
    receive: () =>
      radioGroup(
        'sellable',
        t(T.sellable),
        [
          { value: 'yes', text: T.sellableYes },
          { value: 'no', text: T.sellableNo },
        ],
        { chosen: form.sellable, error: errors.sellable },
        lang,
      ),
    refuse: () => reason(),
    'refuse-receipt': () => reason(),
  } as const satisfies Record<ActionName, () => Html>
  const reason = () =>
    field({
      name: 'reason',
      label: t(T.reason),
      value: form.reason,
      error: errors.reason,
      hint: t(T.reasonHint),
      required: true,
      maxlength: REASON_MAX,
    })
  const isMain = action === 'approve' || action === 'receive'
  return html`<form method="post" action="${HOME}/${sale.id}/${action}" class="stack" novalidate>${formFields(c, form.once)}
    ${questions[action]()}
    <div><button class="${isMain ? '' : 'plain'}">${t(AFTER_SALE_ACTIONS[action])}</button></div></form>`
}

function facts(sale: AfterSaleView, deps: WebDeps, lang: Lang): Html {
  const t = textsIn(lang)
  const { return_shipment: parcel } = sale
  const rows: readonly (readonly [string, Html | string])[] = [
    [
      t(T.customer),
      html`<a class="press" href="/admin/users/${encodeURIComponent(sale.owner_id)}">${sale.owner_id}</a>`,
    ],
    [t(T.type), t(AFTER_SALE_TYPE_TEXTS[sale.type])],
    [t(T.stage), t(T[sale.stage])],
    [t(T.quantity), grouped(sale.quantity)],
    [t(T.amount), html`<strong class="digits">${priceText(sale.points, sale.money, lang)}</strong>`],
    [t(T.goods), t(GOODS_STATE_TEXTS[sale.goods_state])],
    [t(T.money), t(MONEY_STATE_TEXTS[sale.money_state])],
    [t(T.says), sale.reason],
    ...(sale.deadline ? [[t(T.due), time(sale.deadline, lang)] as const] : []),
    ...(parcel ? [[t(T.parcel), `${parcel.carrier} ${parcel.tracking_no}`] as const] : []),
    ...(sale.refund_no ? [[t(T.refundNo), html`<span class="code">${sale.refund_no}</span>`] as const] : []),
  ]
  return html`<section class="card stack facts-card" aria-labelledby="facts"><h2 id="facts">${t(T.facts)}</h2>
    <dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
    ${afterSalePictures(sale, deps, t(T.pictureAlt))}</section>`
}
