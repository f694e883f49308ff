import { Hono } from 'hono'
import { html } from 'hono/html'
import { type ConversationView, readMessages, writeMessage } from '../../../application/orders/messages.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { mustNotBeOwn } from '../../../domain/access.ts'
import { DomainError } from '../../../domain/errors.ts'
import { MESSAGE_MAX, MESSAGES_MAX } from '../../../domain/orders/messages.ts'
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
import { grouped } from '../../shared/format.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import { messageList } from '../../shared/messages.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { MESSAGES as T } from '../../texts/common/messages.ts'
import { consolePage } from '../layout.ts'
import { cameFrom, doneAt, orderAt } from './order-badges.ts'

const ID = ':id{[0-9A-Za-z]{1,64}}'
const RECENT = 10

/** On an operator's own order nobody's reading counts. */
const readerOf = (c: WebContext, order: OrderView) =>
  order.owner_id === viewerOf(c).sub ? undefined : ('shop' as const)

/** The newest messages, and the form to reply, on the order page. */
export async function orderMessages(c: WebContext, deps: WebDeps, order: OrderView): Promise<Html | ''> {
  if (order.order_id === null) return ''
  const t = textsIn(c.get('lang'))
  const found = await readMessages(deps, order.order_no, readerOf(c, order), { limit: RECENT, offset: 0 })
  return html`<section class="card stack" aria-labelledby="messages">
    <h2 id="messages">${t(T.title)} ${counts(found, c)}</h2>
    ${conversation(c, found)}
    ${found.total > RECENT ? html`<p><a class="press" href="${orderAt(order.order_no)}/messages">${t(T.all)}</a></p>` : ''}
    ${replyForm(c, order, {}, {})}
  </section>`
}

function counts({ unread, unanswered }: ConversationView, c: WebContext): Html {
  const t = textsIn(c.get('lang'))
  const badge = (n: number, text: string) =>
    n > 0 ? html`<span class="badge todo">${interpolateText(text, { n: grouped(n) })}</span>` : ''
  return html`${badge(unread, t(T.unread))} ${badge(unanswered, t(T.unanswered))}`
}

function conversation(c: WebContext, { messages }: ConversationView): Html {
  const lang = c.get('lang')
  return messages.length === 0
    ? html`<p class="muted">${textsIn(lang)(T.none)}</p>`
    : messageList(messages, 'shop', lang)
}

function replyForm(c: WebContext, order: OrderView, form: Form, errors: FormErrors, problem?: string): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  if (readerOf(c, order) === undefined) return html`<p class="muted">${t(T.own)}</p>`
  const from = cameFrom(c)
  const action = `${orderAt(order.order_no)}/messages${from && `?from=${encodeURIComponent(from)}`}`
  return html`<form method="post" action="${action}" class="stack" novalidate>
    ${formFields(c, form.once)}
    ${problem === undefined ? '' : html`<p class="notice bad" role="alert">${problem}</p>`}
    ${errorSummary(errors, lang)}
    ${field({ name: 'text', label: t(T.reply), value: form.text, error: errors.text, hint: t(T.replyHint), required: true, maxlength: MESSAGE_MAX, lines: 3 })}
    <div class="row"><button>${t(T.send)}</button></div>
  </form>`
}

export function consoleOrderMessageRoutes(deps: WebDeps) {
  const find = (c: WebContext) => getOrder(deps, c.req.param('id') ?? '', undefined)

  return new Hono<WebEnv>()
    .get(`/${ID}/messages`, async (c) => show(c, deps, await find(c), {}, {}))
    .post(`/${ID}/messages`, async (c) => {
      const order = await find(c)
      mustNotBeOwn(viewerOf(c).sub, order.owner_id)
      const form = await readForm(c)
      const lang = c.get('lang')
      const t = textsIn(lang)
      const fields = readFields(form, lang, { text: t(T.reply) })
      const text = fields.text('text', 1, MESSAGE_MAX)
      if (Object.keys(fields.errors).length > 0) return show(c, deps, order, form, fields.errors)
      try {
        const writer = { as: 'shop', id: viewerOf(c).sub } as const
        await writeMessage(deps, order, writer, text, operationKeyOf(c, form))
      } catch (error) {
        if (!(error instanceof DomainError)) throw error
        const why = error.refusal.code === 'RATE_LIMITED' ? T.full : T.notYet
        return show(c, deps, order, form, {}, t(why))
      }
      return c.redirect(doneAt(order.order_no, 'message', cameFrom(c)), 303)
    })
}

async function show(
  c: WebContext,
  deps: WebDeps,
  order: OrderView,
  form: Form,
  errors: FormErrors,
  problem?: string,
) {
  const t = textsIn(c.get('lang'))
  const page = { limit: MESSAGES_MAX, offset: 0 }
  const found = await readMessages(deps, order.order_no, readerOf(c, order), page)
  const back = orderAt(order.order_no, cameFrom(c))
  const main = html`
    <nav aria-label="${t(T.back)}"><a class="up press" href="${back}"><span aria-hidden="true">‹</span> ${order.order_no}</a></nav>
    <h1>${t(T.title)} ${counts(found, c)}</h1>
    <p><strong>${order.product_title}</strong></p>
    ${conversation(c, found)}
    ${replyForm(c, order, form, errors, problem)}`
  const status = Object.keys(errors).length > 0 ? 422 : problem === undefined ? 200 : 409
  return consolePage(c, { title: `${t(T.title)} ${order.order_no}`, main, section: 'orders' }, status)
}
