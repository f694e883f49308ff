import { Hono } from 'hono'
import { html } from 'hono/html'
import type { KeptForm } from '../../../application/customers/kept-forms.ts'
import { formTokenField } from '../../form/form.ts'
import { KEPT_ID, keptFormsFor, keptFormTokenOf } from '../../form/kept-form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import type { Html } from '../../shared/page.ts'
import { requireViewer } from '../../shared/viewer.ts'
import { COMMON, textsIn } from '../../texts/common/common.ts'
import { KEPT_FIELDS, keptActionText, KEPT_FORMS as T } from '../../texts/common/kept-forms.ts'
import { shopPage } from '../layout.ts'

/** Shows kept forms in full; the customer submits each one, and none is sent automatically. */
export function continueRoutes(deps: WebDeps) {
  return new Hono<WebEnv>().get('/continue', requireViewer(), async (c) => {
    const t = textsIn(c.get('lang'))
    const forms = await keptFormsFor(c, deps)
    const main = html`<h1>${t(forms.length === 0 ? T.none : T.title)}</h1>
      ${forms.length === 0 ? '' : html`<p class="lead">${t(T.hint)}</p>`}
      ${forms.map((form) => offer(c, form))}
      <p><a href="/points-mall/products">${t(COMMON.home)}</a></p>`
    return shopPage(c, { title: t(forms.length === 0 ? T.none : T.title), main })
  })
}

function offer(c: WebContext, kept: KeptForm): Html | '' {
  const t = textsIn(c.get('lang'))
  const { pathname } = new URL(kept.path, 'http://shop.invalid')
  const action = keptActionText(pathname)
  // A form without a description cannot be confirmed.
  if (action === undefined) return ''
  const fields = Object.entries(kept.fields)
  return html`<section class="ticket narrow-page">
    <div class="body stack">
      <h2>${t(action)}</h2>
      <dl class="facts">
        <dt>${t(T.target)}</dt><dd class="code">${decoded(kept.path)}</dd>
        ${fields.map(([name, value]) => {
          const known = Object.hasOwn(KEPT_FIELDS, name) ? KEPT_FIELDS[name] : undefined
          return html`<dt>${known ? t(known) : name}</dt><dd class="typed">${value === '' ? html`<span class="muted">${t(T.empty)}</span>` : value}</dd>`
        })}
      </dl>
    </div>
    <form method="post" action="${kept.path}" class="stub">
      ${formTokenField(keptFormTokenOf(c, kept))}
      <input type="hidden" name="${KEPT_ID}" value="${kept.id}">
      ${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
      <button>${t(T.submit)}</button>
    </form>
  </section>`
}

function decoded(path: string): string {
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}
