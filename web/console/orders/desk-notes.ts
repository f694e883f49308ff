import { Hono } from 'hono'
import { html } from 'hono/html'
import {
  addDeskNote,
  assignOrder,
  type DeskNoteView,
  type DeskView,
  readDesk,
} from '../../../application/orders/desk-notes.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { mustNotBeOwn } from '../../../domain/access.ts'
import { DomainError } from '../../../domain/errors.ts'
import { DESK_NOTE_MAX } from '../../../domain/orders/desk-notes.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
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
import { time } from '../../shared/format.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { DESK as T } from '../../texts/console/desk-notes.ts'
import { consolePage } from '../layout.ts'
import { cameFrom, doneAt, orderAt } from './order-badges.ts'

const ID = ':id{[0-9A-Za-z]{1,64}}'

/** Notes of operators and who looks after the order, on its page. */
export async function deskNotes(c: WebContext, deps: WebDeps, order: OrderView): Promise<Html | ''> {
  if (order.order_id === null) return ''
  return panel(c, order, await readDesk(deps, order.order_no), {}, {})
}

function panel(
  c: WebContext,
  order: OrderView,
  { assignee, notes }: DeskView,
  form: Form,
  errors: FormErrors,
  problem?: string,
): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const { sub } = viewerOf(c)
  const at = (action: string) => {
    const from = cameFrom(c)
    return `${orderAt(order.order_no)}/${action}${from && `?from=${encodeURIComponent(from)}`}`
  }
  const isOwn = order.owner_id === sub
  return html`<section class="card stack" aria-labelledby="notes">
    <h2 id="notes">${t(T.title)}</h2>
    <p class="hint">${t(T.hint)}</p>
    <dl class="facts"><dt>${t(T.assignee)}</dt><dd><strong>${assignee ?? t(T.nobody)}</strong></dd></dl>
    ${
      isOwn
        ? ''
        : html`<div class="row">
          ${assignee === sub ? '' : html`<form method="post" action="${at('assign')}">${formFields(c)}<button class="plain">${t(T.assignToMe)}</button></form>`}
          ${assignee === null ? '' : html`<form method="post" action="${at('unassign')}">${formFields(c)}<button class="quiet">${t(T.unassign)}</button></form>`}
        </div>`
    }
    ${notes.length === 0 ? html`<p class="muted">${t(T.none)}</p>` : html`<ul class="stack">${notes.map((note) => line(note, lang))}</ul>`}
    ${
      isOwn
        ? ''
        : html`<form method="post" action="${at('notes')}" class="stack" novalidate>
          ${formFields(c, form.once)}
          ${problem === undefined ? '' : html`<p class="notice bad" role="alert">${problem}</p>`}
          ${errorSummary(errors, lang)}
          ${field({ name: 'note', label: t(T.text), value: form.note, error: errors.note, required: true, maxlength: DESK_NOTE_MAX, lines: 2 })}
          <div><button class="plain">${t(T.add)}</button></div>
        </form>`
    }
  </section>`
}

function line({ kind, by, assignee, text, at }: DeskNoteView, lang: Lang): Html {
  const t = textsIn(lang)
  const what = {
    note: text ?? '',
    assigned: interpolateText(t(T.assigned), { who: assignee ?? '' }),
    unassigned: t(T.unassigned),
  }[kind]
  return html`<li><p class="small muted"><strong>${by}</strong> ${time(at, lang)}</p><p class="said">${what}</p></li>`
}

export function consoleDeskNoteRoutes(deps: WebDeps) {
  async function find(c: WebContext): Promise<OrderView> {
    const order = await getOrder(deps, c.req.param('id') ?? '', undefined)
    mustNotBeOwn(viewerOf(c).sub, order.owner_id)
    return order
  }

  async function show(c: WebContext, order: OrderView, form: Form, errors: FormErrors, problem?: string) {
    const t = textsIn(c.get('lang'))
    const back = orderAt(order.order_no, cameFrom(c))
    const main = html`
      <nav aria-label="${t(T.back)}"><a class="up press" href="${back}"><span aria-hidden="true">‹</span> ${order.order_no}</a></nav>
      <h1>${order.product_title}</h1>
      ${panel(c, order, await readDesk(deps, order.order_no), form, errors, problem)}`
    return consolePage(c, { title: t(T.title), main, section: 'orders' }, problem === undefined ? 422 : 409)
  }

  /** @returns what the refusal says */
  async function refusalOf(act: () => Promise<void>, lang: Lang): Promise<string | undefined> {
    try {
      await act()
      return undefined
    } catch (error) {
      if (!(error instanceof DomainError) || error.refusal.code === 'FORBIDDEN') throw error
      return textsIn(lang)(error.refusal.code === 'RATE_LIMITED' ? T.tooMany : T.notYet)
    }
  }

  const routes = new Hono<WebEnv>()
    // The browser reloads the refused page, or switches its language.
    .get(`/${ID}/notes`, async (c) => c.redirect(orderAt((await find(c)).order_no), 303))
    .post(`/${ID}/notes`, async (c) => {
      const order = await find(c)
      const form = await readForm(c)
      const lang = c.get('lang')
      const fields = readFields(form, lang, { note: textsIn(lang)(T.text) })
      const text = fields.text('note', 1, DESK_NOTE_MAX)
      if (Object.keys(fields.errors).length > 0) return show(c, order, form, fields.errors)
      const add = () => addDeskNote(deps, order, viewerOf(c).sub, text, operationKeyOf(c, form))
      const problem = await refusalOf(add, lang)
      if (problem !== undefined) return show(c, order, form, {}, problem)
      return c.redirect(doneAt(order.order_no, 'note', cameFrom(c)), 303)
    })
  for (const action of ['assign', 'unassign'] as const) {
    routes.get(`/${ID}/${action}`, async (c) => c.redirect(orderAt((await find(c)).order_no), 303))
    routes.post(`/${ID}/${action}`, async (c) => {
      const order = await find(c)
      const form = await readForm(c)
      const { sub } = viewerOf(c)
      const to = action === 'assign' ? sub : null
      const assign = () => assignOrder(deps, order, sub, to, operationKeyOf(c, form))
      const problem = await refusalOf(assign, c.get('lang'))
      if (problem !== undefined) return show(c, order, {}, {}, problem)
      return c.redirect(doneAt(order.order_no, action, cameFrom(c)), 303)
    })
  }
  return routes
}
