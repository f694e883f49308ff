import { Hono } from 'hono'
import { html } from 'hono/html'
import { type MessageView, readMessages, writeMessage } from '../../../application/orders/messages.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import type { OrderView } from '../../../application/orders/view.ts'
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
import { messageList } from '../../shared/messages.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { MESSAGES as T } from '../../texts/common/messages.ts'
import { shopPage } from '../layout.ts'

const ID = ':id{[0-9A-Za-z]{1,64}}'
/** On the order page. */
export const RECENT = 5

const orderPath = ({ order_no }: Pick<OrderView, 'order_no'>) => `/points-mall/orders/${order_no}`

/** The newest messages on the order page. */
export function messagesPanel(c: WebContext, order: OrderView, messages: readonly MessageView[]): Html | '' {
  if (order.order_id === null) return ''
  const lang = c.get('lang')
  const t = textsIn(lang)
  const isCut = messages.length === RECENT
  return html`<section class="panel" aria-labelledby="messages">
    <h2 id="messages">${t(T.title)}</h2>
    ${messages.length === 0 ? html`<p class="muted small">${t(T.noneHint)}</p>` : messageList(messages, 'customer', lang)}
    <p class="row"><a class="button plain" href="${orderPath(order)}/messages">${t(isCut ? T.all : T.contact)}</a></p>
  </section>`
}

export function orderMessageRoutes(deps: WebDeps) {
  const read = (c: WebContext) => getOrder(deps, c.req.param('id') ?? '', viewerOf(c).sub)

  return new Hono<WebEnv>()
    .get(`/${ID}/messages`, async (c) => show(c, deps, await read(c), {}, {}))
    .post(`/${ID}/messages`, async (c) => {
      const order = await read(c)
      const form = await readForm(c)
      const lang = c.get('lang')
      const fields = readFields(form, lang, { text: textsIn(lang)(T.write) })
      const text = fields.text('text', 1, MESSAGE_MAX)
      if (Object.keys(fields.errors).length > 0) return show(c, deps, order, form, { errors: fields.errors })
      try {
        const writer = { as: 'customer', id: viewerOf(c).sub } as const
        await writeMessage(deps, order, writer, text, operationKeyOf(c, form))
      } catch (error) {
        if (!(error instanceof DomainError)) throw error
        return show(c, deps, order, form, { refused: error.refusal.code === 'RATE_LIMITED' ? 429 : 409 })
      }
      return c.redirect(`${orderPath(order)}/messages?sent=1`, 303)
    })
}

async function show(
  c: WebContext,
  deps: WebDeps,
  order: OrderView,
  form: Form,
  { errors = {}, refused }: { readonly errors?: FormErrors; readonly refused?: 409 | 429 },
) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const { messages, total } = await readMessages(deps, order.order_no, 'customer', {
    limit: MESSAGES_MAX,
    offset: 0,
  })
  const back = orderPath(order)
  const why = refused === 409 ? T.notYet : total >= MESSAGES_MAX ? T.full : T.tooMany
  const main = html`<h1>${t(T.title)}</h1>
    <p class="muted">${order.product_title}<br>${order.order_no}</p>
    ${c.req.query('sent') === '1' ? html`<p class="notice good" role="status">${t(T.sent)}</p>` : ''}
    ${messages.length === 0 ? html`<p class="muted">${t(T.noneHint)}</p>` : messageList(messages, 'customer', lang)}
    <form method="post" action="${back}/messages" class="stack narrow-page" novalidate>
      ${formFields(c, form.once)}
      ${refused ? html`<p class="notice bad" role="alert">${t(why)}</p>` : ''}
      ${errorSummary(errors, lang)}
      ${field({ name: 'text', label: t(T.write), value: form.text, error: errors.text, hint: t(T.hint), required: true, maxlength: MESSAGE_MAX, lines: 4 })}
      <div class="row"><button>${t(T.send)}</button><a class="button quiet" href="${back}">${t(T.back)}</a></div>
    </form>`
  const status = Object.keys(errors).length > 0 ? 422 : (refused ?? 200)
  return shopPage(c, { title: `${t(T.title)} ${order.order_no}`, main, tab: 'orders', back }, status)
}
