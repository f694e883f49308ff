import { Hono } from 'hono'
import { html } from 'hono/html'
import { submission } from '../../form/form-again.ts'
import { keptFormsFor, keptFormTokenOf } from '../../form/kept-form.ts'
import type { WebDeps, WebEnv } from '../../shared/deps.ts'
import { requireViewer } from '../../shared/viewer.ts'
import { COMMON, textsIn } from '../../texts/common/common.ts'
import { KEPT_FORMS as T } from '../../texts/common/kept-forms.ts'
import { shopPage } from '../layout.ts'

/** Shows kept forms in full; the customer submits each one, and none is sent automatically. */
export function continueRoutes(deps: WebDeps) {
  return new Hono<WebEnv>().get('/continue', requireViewer(), async (c) => {
    const t = textsIn(c.get('lang'))
    const forms = await keptFormsFor(c, deps)
    const main = html`<h1>${t(forms.length === 0 ? T.none : T.title)}</h1>
      ${forms.length === 0 ? '' : html`<p class="lead">${t(T.hint)}</p>`}
      ${forms.map((form) => submission(c, { ...form, once: keptFormTokenOf(c, form), keptId: form.id, submit: t(T.submit) }))}
      <p><a href="/points-mall/products">${t(COMMON.home)}</a></p>`
    return shopPage(c, { title: t(forms.length === 0 ? T.none : T.title), main })
  })
}
