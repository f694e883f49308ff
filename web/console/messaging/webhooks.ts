import { Hono } from 'hono'
import { html } from 'hono/html'
import {
  changeEndpoint,
  createEndpoint,
  type EndpointView,
  type EndpointWithSecret,
  OVERLAP_HOURS,
  OVERLAP_HOURS_MAX,
  readDeliveries,
  readDelivery,
  readEndpoint,
  readEndpoints,
  removeEndpoint,
  resendDelivery,
  resendFailed,
  rotateSecret,
  sendTest,
} from '../../../application/messaging/endpoints.ts'
import { DomainError, InvalidInputError } from '../../../domain/errors.ts'
import { DELIVERY_STATES, type EndpointState } from '../../../domain/messaging/deliveries.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { errorText } from '../../../i18n/error-texts.ts'
import { choice, type Form, type FormErrors, formFields, operationKeyOf, readForm } from '../../form/form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { grouped, time } from '../../shared/format.ts'
import { interpolate } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { pager } from '../../shared/pager.ts'
import { textsIn } from '../../texts/common/common.ts'
import {
  ENDPOINT_STATE_TEXTS,
  EVENT_TEXTS,
  WEBHOOKS as T,
  WEBHOOK_DONE,
} from '../../texts/console/webhooks.ts'
import { consolePage } from '../layout.ts'
import { deliveryTable, logFilters } from './delivery-log.ts'
import { endpointForm, endpointFormOf, NEW_ENDPOINT, readEndpointForm } from './endpoint-form.ts'

const HOME = '/admin/webhooks'
const PER_PAGE = 20
const HOUR_MS = 3_600_000
const one = '/:id{[1-9]\\d{0,17}}'
const HOURS = ['24', '168', '720'] as const
const OVERLAPS = [`${OVERLAP_HOURS}`, `${OVERLAP_HOURS_MAX}`, '0'] as const
const LOOKS: Readonly<Record<EndpointState, string>> = {
  enabled: 'good',
  disabled: '',
  gone: 'bad',
  failing: 'bad',
}

export function consoleWebhookRoutes(deps: WebDeps) {
  async function showList(c: WebContext, form: Form = NEW_ENDPOINT, errors: FormErrors = {}) {
    const t = textsIn(c.get('lang'))
    const endpoints = await readEndpoints(deps)
    const main = html`
      <h1>${t(T.title)}</h1>
      ${done(c)}
      <p class="lead">${t(T.hint)}</p>
      ${endpoints.length === 0 ? html`<p class="empty">${t(T.empty)}</p>` : table(endpoints, c.get('lang'))}
      <section class="card stack narrow"><h2>${t(T.add)}</h2>${endpointForm(c, HOME, form, errors)}</section>`
    return consolePage(c, { title: t(T.title), main, section: 'webhooks' }, statusOf(errors))
  }

  async function showOne(c: WebContext, endpoint: EndpointView, form?: Form, errors: FormErrors = {}) {
    const lang = c.get('lang')
    const t = textsIn(lang)
    const at = `${HOME}/${endpoint.id}`
    const state = DELIVERY_STATES.find((name) => name === c.req.query('state'))
    const page = Number(/^[1-9]\d{0,3}$/.exec(c.req.query('page') ?? '')?.[0] ?? 1)
    const slice = { limit: PER_PAGE, offset: (page - 1) * PER_PAGE }
    const { deliveries, total } = await readDeliveries(deps, endpoint.id, state, slice)
    const title = nameOf(endpoint)
    const main = html`
      ${up(t(T.title), HOME)}
      <div class="row spread"><h1>${title}</h1> ${badge(endpoint.state, lang)}</div>
      ${done(c)}
      ${off(c, endpoint)}
      ${facts(endpoint, lang)}
      <div class="row">
        ${endpoint.state === 'enabled' ? button(c, `${at}/test`, t(T.test), '') : ''}
        <a class="button plain" href="${at}/rotate">${t(T.rotate)}</a>
        ${endpoint.state === 'enabled' ? button(c, `${at}/disable`, t(T.disable), 'plain') : ''}
        <a class="button plain" href="${at}/delete">${t(T.deleteTitle)}</a>
      </div>
      <section class="card stack" id="log"><h2>${t(T.log)}</h2>
        ${logFilters(at, state, lang)}
        ${deliveries.length === 0 ? html`<p class="muted">${t(T.logEmpty)}</p>` : deliveryTable(c, deliveries, at, endpoint.state)}
        ${pager(c, page, Math.ceil(total / PER_PAGE))}
        ${endpoint.state === 'enabled' && endpoint.given_up > 0 ? resendFailedForm(c, at) : ''}
      </section>
      <section class="card stack narrow"><h2>${t(T.settings)}</h2>${endpointForm(c, at, form ?? endpointFormOf(endpoint), errors)}</section>`
    return consolePage(c, { title, main, section: 'webhooks' }, statusOf(errors))
  }

  const find = (c: WebContext): Promise<EndpointView> => readEndpoint(deps, c.req.param('id') ?? '')
  const back = (c: WebContext, what: keyof typeof WEBHOOK_DONE) =>
    c.redirect(`${HOME}/${c.req.param('id')}?done=${what}`, 303)

  const app = new Hono<WebEnv>()
    .get('/', (c) => showList(c))
    .post('/', async (c) => {
      const form = await readForm(c)
      const { fields, read } = readEndpointForm(form, c.get('lang'))
      if (Object.keys(read.errors).length > 0) return showList(c, form, read.errors)
      try {
        return showSecret(c, await createEndpoint(deps, fields, operationKeyOf(c, form)))
      } catch (error) {
        if (error instanceof InvalidInputError) return showList(c, form, read.invalid(error))
        if (error instanceof DomainError && error.refusal.code === 'TOO_MANY_ENDPOINTS') {
          read.say('url', errorText('TOO_MANY_ENDPOINTS', c.get('lang'), error.refusal).detail)
          return showList(c, form, read.errors)
        }
        throw error
      }
    })
    .get(one, async (c) => showOne(c, await find(c)))
    .post(one, async (c) => {
      const endpoint = await find(c)
      const form = await readForm(c)
      const { fields, read } = readEndpointForm(form, c.get('lang'))
      if (Object.keys(read.errors).length > 0) return showOne(c, endpoint, form, read.errors)
      try {
        await changeEndpoint(deps, endpoint.id, fields)
      } catch (error) {
        if (error instanceof InvalidInputError) return showOne(c, endpoint, form, read.invalid(error))
        throw error
      }
      return back(c, 'changed')
    })
    .get(`${one}/rotate`, async (c) => {
      const t = textsIn(c.get('lang'))
      const endpoint = await find(c)
      const texts = [T.overlapDay, T.overlapWeek, T.overlapNone] as const
      const options = OVERLAPS.map((hours, n) => [hours, t(texts[n] ?? T.overlapDay)] as const)
      const main = html`<div class="card ask">
        <h1>${t(T.rotate)}</h1>
        <p><strong>${nameOf(endpoint)}</strong></p>
        <p>${t(T.rotateHint)}</p>
        <form method="post" class="stack">${formFields(c)}
          ${choice('overlap', t(T.overlap), options, OVERLAPS[0])}
          <div class="row"><button>${t(T.rotateYes)}</button><a class="button plain" href="${HOME}/${endpoint.id}">${t(T.keep)}</a></div>
        </form>
      </div>`
      return consolePage(c, { title: t(T.rotate), main, section: 'webhooks' })
    })
    .post(`${one}/rotate`, async (c) => {
      const form = await readForm(c)
      const hours = OVERLAPS.find((value) => value === form.overlap) ?? OVERLAPS[0]
      return showSecret(
        c,
        await rotateSecret(deps, c.req.param('id'), Number(hours), operationKeyOf(c, form)),
      )
    })
    .post(`${one}/test`, async (c) => {
      await sendTest(deps, c.req.param('id'), operationKeyOf(c, await readForm(c)))
      return back(c, 'tested')
    })
    .post(`${one}/deliveries/:delivery{[1-9]\\d{0,17}}/resend`, async (c) => {
      const { endpoint_id } = await readDelivery(deps, c.req.param('delivery'))
      if (endpoint_id !== c.req.param('id')) throw new DomainError({ code: 'NOT_FOUND' })
      await resendDelivery(deps, c.req.param('delivery'))
      return back(c, 'resent')
    })
    .post(`${one}/resend-failed`, async (c) => {
      const form = await readForm(c)
      const hours = HOURS.find((value) => value === form.hours) ?? HOURS[0]
      await resendFailed(deps, c.req.param('id'), new Date(Date.now() - Number(hours) * HOUR_MS))
      return back(c, 'resent_failed')
    })
    .get(`${one}/delete`, async (c) => {
      const t = textsIn(c.get('lang'))
      const endpoint = await find(c)
      const main = html`<div class="card ask">
        <h1>${t(T.deleteTitle)}</h1>
        <p><strong>${nameOf(endpoint)}</strong></p>
        <p>${t(T.deleteHint)}</p>
        <form method="post" class="row">${formFields(c)}
          <button>${t(T.deleteYes)}</button>
          <a class="button plain" href="${HOME}/${endpoint.id}">${t(T.keep)}</a>
        </form>
      </div>`
      return consolePage(c, { title: t(T.deleteTitle), main, section: 'webhooks' })
    })
    .post(`${one}/delete`, async (c) => {
      try {
        await removeEndpoint(deps, c.req.param('id'))
      } catch (error) {
        // A double click finds it already deleted.
        if (!(error instanceof DomainError)) throw error
      }
      return c.redirect(`${HOME}?done=deleted`, 303)
    })
  for (const [action, enabled, what] of [
    ['enable', true, 'enabled'],
    ['disable', false, 'disabled'],
  ] as const) {
    app.post(`${one}/${action}`, async (c) => {
      await changeEndpoint(deps, c.req.param('id') ?? '', { enabled })
      return back(c, what)
    })
  }
  return app
}

const statusOf = (errors: FormErrors) => (Object.keys(errors).length > 0 ? 422 : 200)
const nameOf = ({ description, url }: EndpointView): string => description ?? new URL(url).host

const up = (text: string, href: string): Html =>
  html`<nav aria-label="${text}"><a class="up press" href="${href}"><span aria-hidden="true">‹</span> ${text}</a></nav>`

const badge = (state: EndpointState, lang: Lang): Html =>
  html`<span class="badge ${LOOKS[state]}">${textsIn(lang)(ENDPOINT_STATE_TEXTS[state])}</span>`

const button = (c: WebContext, action: string, text: string, look: string): Html =>
  html`<form method="post" action="${action}">${formFields(c)}<button class="${look}">${text}</button></form>`

function resendFailedForm(c: WebContext, at: string): Html {
  const t = textsIn(c.get('lang'))
  const texts = [T.lastDay, T.lastWeek, T.lastMonth] as const
  const options = HOURS.map((hours, n) => [hours, t(texts[n] ?? T.lastDay)] as const)
  return html`<form method="post" action="${at}/resend-failed" class="stack">${formFields(c)}
    ${choice('hours', t(T.failedSince), options, HOURS[0])}
    <p class="hint">${t(T.resendHint)}</p>
    <div><button class="plain">${t(T.resendFailed)}</button></div></form>`
}

function done(c: WebContext): Html | '' {
  const what = c.req.query('done') ?? ''
  if (!Object.hasOwn(WEBHOOK_DONE, what)) return ''
  const text = textsIn(c.get('lang'))(WEBHOOK_DONE[what as keyof typeof WEBHOOK_DONE])
  return html`<p class="notice good" role="status">${text}</p>`
}

function off(c: WebContext, { id, state }: EndpointView): Html | '' {
  if (state === 'enabled') return ''
  const t = textsIn(c.get('lang'))
  return html`<div class="notice ${state === 'disabled' ? '' : 'warn'}"><p>${t(state === 'disabled' ? T.off : T[state])}</p>
    ${button(c, `${HOME}/${id}/enable`, t(T.enable), '')}</div>`
}

function facts(endpoint: EndpointView, lang: Lang): Html {
  const t = textsIn(lang)
  const { state, state_since, failing_since, paused_until, earlier_secret_until: earlier } = endpoint
  const rows: (readonly [string, Html | string])[] = [
    [t(T.url), html`<span class="code">${endpoint.url}</span>`],
    [t(T.events), endpoint.events.map((type) => t(EVENT_TEXTS[type])).join(lang === 'zh' ? '、' : ', ')],
    [
      t(T.state),
      html`${t(ENDPOINT_STATE_TEXTS[state])} <span class="muted small">${interpolate(t(T.since), { when: time(state_since, lang) })}</span>`,
    ],
    [t(T.pending), grouped(endpoint.pending)],
    [t(T.givenUp), grouped(endpoint.given_up)],
    [t(T.publicKey), html`<span class="code">${endpoint.public_key}</span>`],
  ]
  if (failing_since !== null) rows.push([t(T.failingSince), time(failing_since, lang)])
  if (paused_until !== null && Date.parse(paused_until) > Date.now())
    rows.push([t(T.pausedUntil), time(paused_until, lang)])
  if (earlier !== null) rows.push([t(T.earlierUntil), time(earlier, lang)])
  return html`<section class="card stack" aria-label="${t(T.facts)}"><dl class="facts">${rows.map(
    ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`,
  )}</dl></section>`
}

/** The answer to the form itself: the secret is in no address, and a repeat shows the same. */
function showSecret(c: WebContext, endpoint: EndpointWithSecret) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const { id, secret, public_key, earlier_secret_until: earlier } = endpoint
  const main = html`<h1>${t(T.secretTitle)}</h1>
    <p class="notice warn" role="status">${t(T.secretHint)}</p>
    <section class="card stack" aria-label="${t(T.secret)}"><dl class="facts">
      <dt>${t(T.url)}</dt><dd><span class="code">${endpoint.url}</span></dd>
      <dt>${t(T.secret)}</dt><dd><code class="code">${secret}</code></dd>
      <dt>${t(T.publicKey)}</dt><dd><code class="code">${public_key}</code></dd>
      ${earlier === null ? '' : html`<dt>${t(T.earlierUntil)}</dt><dd>${time(earlier, lang)}</dd>`}
    </dl></section>
    <p><a class="button" href="${HOME}/${id}">${t(T.toEndpoint)}</a></p>`
  return consolePage(c, { title: t(T.secretTitle), main, section: 'webhooks' })
}

function table(endpoints: readonly EndpointView[], lang: Lang): Html {
  const t = textsIn(lang)
  return html`<table class="folds">
    <caption class="sr">${t(T.listed)}</caption>
    <thead><tr><th scope="col">${t(T.url)}</th><th scope="col">${t(T.state)}</th><th scope="col">${t(T.events)}</th>
      <th scope="col" class="number">${t(T.pending)}</th><th scope="col" class="number">${t(T.givenUp)}</th></tr></thead>
    <tbody>${endpoints.map(
      (endpoint) => html`<tr>
        <th scope="row"><a class="name press" href="${HOME}/${endpoint.id}">${nameOf(endpoint)}</a> <span class="code muted">${endpoint.url}</span></th>
        <td data-label="${t(T.state)}">${badge(endpoint.state, lang)}</td>
        <td data-label="${t(T.events)}">${endpoint.events.map((type) => t(EVENT_TEXTS[type])).join(lang === 'zh' ? '、' : ', ')}</td>
        <td data-label="${t(T.pending)}" class="number">${grouped(endpoint.pending)}</td>
        <td data-label="${t(T.givenUp)}" class="number">${grouped(endpoint.given_up)}</td>
      </tr>`,
    )}</tbody>
  </table>`
}
