import { Hono } from 'hono'
import { html } from 'hono/html'
import {
  type AttentionView,
  actOnAttention,
  COUNT_MAX,
  countAttention,
  findAttention,
  isAttentionId,
  listAttention,
} from '../../../application/platform/needs-attention.ts'
import { OverloadedError } from '../../../application/temporal/client.ts'
import { DomainError } from '../../../domain/errors.ts'
import { ATTENTION_ACTIONS, ATTENTION_KINDS, type AttentionAction } from '../../../domain/needs-attention.ts'
import { needsAttentionText } from '../../../i18n/attention-texts.ts'
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
import { readFields } from '../../form/reader.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { grouped, time } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import {
  ATTENTION_ACTION_TEXTS,
  ATTENTION_HINTS,
  ATTENTION_HINTS_OF,
  ATTENTION_KIND_TEXTS,
  ATTENTION as T,
} from '../../texts/console/attention.ts'
import { consolePage } from '../layout.ts'
import { orderAt } from '../orders/order-badges.ts'

const HOME = '/admin/attention'
const REASON_MAX = 200
const ID = '/:id{[0-9A-Za-z_-]+}'

export function attentionRoutes(deps: WebDeps) {
  const routes = new Hono<WebEnv>().get('/', (c) => listPage(c, deps))
  for (const action of ATTENTION_ACTIONS) {
    routes.get(`${ID}/${action}`, async (c) => {
      const found = await findAttention(deps.db, c.req.param('id') ?? '', Date.now())
      if (!found?.actions.includes(action)) return c.redirect(`${HOME}?done=gone`, 303)
      return ask(c, found, action, {}, {})
    })
    routes.post(`${ID}/${action}`, async (c) => {
      const id = c.req.param('id') ?? ''
      const form = await readForm(c)
      const lang = c.get('lang')
      const fields = readFields(form, lang, { reason: textsIn(lang)(T.reason) })
      const reason = fields.text('reason', 1, REASON_MAX)
      const found = await findAttention(deps.db, id, Date.now())
      if (Object.keys(fields.errors).length > 0) {
        return found ? ask(c, found, action, form, fields.errors) : c.redirect(`${HOME}?done=gone`, 303)
      }
      try {
        const { sub } = viewerOf(c)
        const done = await actOnAttention(deps, id, sub, { action, reason }, operationKeyOf(c, form))
        return c.redirect(`${HOME}?done=${done ? 'done' : 'pending'}`, 303)
      } catch (error) {
        if (error instanceof OverloadedError && found) {
          c.header('Retry-After', '1')
          return ask(c, found, action, form, {}, { text: errorText('UNAVAILABLE', lang).detail, status: 503 })
        }
        if (!(error instanceof DomainError) || error.refusal.code === 'FORBIDDEN') throw error
        if (error.refusal.code === 'NOT_FOUND' || !found) return c.redirect(`${HOME}?done=gone`, 303)
        const text = errorText(error.refusal.code, lang, error.refusal).detail
        return ask(c, found, action, form, {}, { text, status: 409 })
      }
    })
  }
  return routes
}

/** Up to `COUNT_MAX`, then with a plus. */
const counted = (n: number): string => (n >= COUNT_MAX ? `${grouped(COUNT_MAX)}+` : grouped(n))

async function listPage(c: WebContext, deps: WebDeps) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const kind = ATTENTION_KINDS.find((one) => one === c.req.query('kind'))
  const given = c.req.query('cursor')
  const cursor = given !== undefined && isAttentionId(given) ? given : undefined
  const now = Date.now()
  const [{ entries, next }, counts] = await Promise.all([
    listAttention(deps, { kind, cursor }, now),
    countAttention(deps.db, now),
  ])
  const at = (query: Record<string, string | undefined>) => {
    const filled = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined)
    return filled.length === 0 ? HOME : `${HOME}?${new URLSearchParams(filled).toString()}`
  }
  const done = c.req.query('done')
  const notice = done === 'done' || done === 'pending' || done === 'gone' ? t(T[done]) : undefined
  const main = html`<h1>${t(T.title)}</h1>
    ${notice ? html`<p class="notice ${done === 'done' ? 'good' : 'warn'}" role="status">${notice}</p>` : ''}
    <nav class="row" aria-label="${t(T.kinds)}">
      <a class="press" href="${HOME}" ${kind ? '' : html`aria-current="page"`}>${t(T.all)}</a>
      ${ATTENTION_KINDS.map(
        (one) =>
          html`<a class="press" href="${at({ kind: one })}" ${one === kind ? html`aria-current="page"` : ''}>${t(ATTENTION_KIND_TEXTS[one])}${counts[one] > 0 ? html` <span class="badge todo">${counted(counts[one])}</span>` : ''}</a>`,
      )}
    </nav>
    ${entries.length === 0 ? html`<div class="empty"><h2>${t(T.empty)}</h2><p class="muted">${t(T.emptyHint)}</p></div>` : table(entries, lang)}
    ${next === null ? '' : html`<p><a class="button plain" rel="next" href="${at({ kind, cursor: next })}">${t(T.more)}</a></p>`}`
  return consolePage(c, { title: t(T.title), main, section: 'attention' })
}

function table(entries: readonly AttentionView[], lang: Lang): Html {
  const t = textsIn(lang)
  return html`<table class="folds pairs many">
    <caption class="sr">${t(T.listed)}</caption>
    <thead><tr><th scope="col">${t(T.what)}</th><th scope="col">${t(T.of)}</th><th scope="col">${t(T.since)}</th>
      <th scope="col" class="number">${t(T.tries)}</th><th scope="col">${t(T.next)}</th><th scope="col">${t(T.actions)}</th></tr></thead>
    <tbody>${entries.map((entry) => {
      const { id, actions, since, tries, next_try_at } = entry
      return html`<tr>
        <th scope="row">${needsAttentionText(entry, lang)}</th>
        <td data-label="${t(T.of)}" class="left plainly">${concerns(entry, lang)}</td>
        <td data-label="${t(T.since)}" class="plainly small muted">${time(since, lang)}</td>
        <td data-label="${t(T.tries)}" class="number">${tries === null ? '—' : grouped(tries)}</td>
        <td data-label="${t(T.next)}" class="plainly small muted">${next_try_at === null ? '—' : time(next_try_at, lang)}</td>
        <td data-label="${t(T.actions)}" class="last left plainly"><span class="row">${actions.map(
          (action) =>
            html`<a class="press" href="${HOME}/${id}/${action}">${t(ATTENTION_ACTION_TEXTS[action])}<span class="sr"> ${id}</span></a>`,
        )}</span></td>
      </tr>`
    })}</tbody>
  </table>`
}

/** Where it is looked at. */
function concerns({ kind, id, order_no, data }: AttentionView, lang: Lang): Html | string {
  const t = textsIn(lang)
  const link = (href: string, text: string) => html`<a class="press second code" href="${href}">${text}</a>`
  const subject = id.slice(kind.length + 1)
  if (kind === 'after_sale') return link(`/admin/after-sales/${subject}`, subject)
  if (kind === 'finding')
    return link(`/admin/reconciliations/${data.reconciliation_id}`, order_no ?? t(T.look))
  if (kind === 'endpoint') return link(`/admin/webhooks/${subject}`, data.url ?? subject)
  if (kind === 'delivery') return link(`/admin/webhooks/${data.endpoint_id}`, subject)
  return order_no === null ? (data.source ?? '—') : link(orderAt(order_no), order_no)
}

function ask(
  c: WebContext,
  entry: AttentionView,
  action: AttentionAction,
  form: Form,
  errors: FormErrors,
  problem?: { readonly text: string; readonly status: 409 | 503 },
) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const main = html`
    <nav aria-label="${t(T.title)}"><a class="up press" href="${HOME}"><span aria-hidden="true">‹</span> ${t(T.title)}</a></nav>
    <form method="post" action="${HOME}/${entry.id}/${action}" class="card ask" novalidate>
      <h1>${t(ATTENTION_ACTION_TEXTS[action])}</h1>
      ${formFields(c, form.once)}
      ${problem ? html`<p class="notice bad" role="alert">${problem.text}</p>` : ''}
      ${errorSummary(errors, lang)}
      <p><strong>${needsAttentionText(entry, lang)}</strong></p>
      <p>${concerns(entry, lang)}</p>
      <p>${t(ATTENTION_HINTS_OF[entry.code]?.[action] ?? ATTENTION_HINTS[action])}</p>
      ${field({ name: 'reason', label: t(T.reason), value: form.reason, error: errors.reason, hint: t(T.reasonHint), required: true, maxlength: REASON_MAX })}
      <div class="row"><button>${t(ATTENTION_ACTION_TEXTS[action])}</button><a class="button plain" href="${HOME}">${t(T.back)}</a></div>
    </form>`
  const status = Object.keys(errors).length > 0 ? 422 : (problem?.status ?? 200)
  return consolePage(c, { title: t(ATTENTION_ACTION_TEXTS[action]), main, section: 'attention' }, status)
}
