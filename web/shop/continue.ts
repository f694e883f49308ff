import { Hono } from 'hono'
import { html } from 'hono/html'
import { findKeptForm } from '../../application/kept-forms.ts'
import type { WebDeps, WebEnv } from '../deps.ts'
import { KEPT_MARK } from '../kept-form.ts'
import { COMMON, textsIn } from '../texts/common.ts'
import { SIGN_IN } from '../texts/shop.ts'
import { requireViewer, viewerOf } from '../viewer.ts'
import { shopPage } from './layout.ts'

/** `/points-mall/continue`: sends a form on that came when nobody was signed in any more. */
export function continueRoutes(deps: WebDeps) {
  return new Hono<WebEnv>().get('/continue', requireViewer(), async (c) => {
    const kept = await findKeptForm(deps, c.req.query('form') ?? '', viewerOf(c).sub)
    if (!kept) return c.redirect('/points-mall/products', 303)
    const t = textsIn(c.get('lang'))
    const main = html`<div class="empty">
      <h1>${t(SIGN_IN.kept)}</h1>
      <p class="lead">${t(SIGN_IN.keptHint)}</p>
      <form method="post" action="${kept.path}">
        ${Object.entries({ ...kept.fields, [KEPT_MARK]: '1' }).map(
          ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
        )}
        <button>${t(SIGN_IN.keptGo)}</button>
      </form>
      <p><a href="/points-mall/products">${t(COMMON.home)}</a></p>
    </div>`
    return shopPage(c, { title: t(SIGN_IN.kept), main })
  })
}
