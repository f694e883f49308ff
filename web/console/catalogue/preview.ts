import { Hono } from 'hono'
import { html } from 'hono/html'
import { PRODUCT_MAX } from '../../../domain/catalogue/product.ts'
import { cut } from '../../../domain/text.ts'
import { readForm } from '../../form/form.ts'
import type { WebDeps, WebEnv } from '../../shared/deps.ts'
import { richText } from '../../shared/rich-text.ts'
import { textsIn } from '../../texts/common/common.ts'
import { PREVIEW as T } from '../../texts/console/daily.ts'
import { consolePage } from '../layout.ts'

/** The typed description as customers will see it; nothing is stored. */
export function previewRoutes(deps: WebDeps) {
  // The browser reloads the preview, or switches its language.
  return new Hono<WebEnv>()
    .get('/preview', (c) => c.redirect('/admin/products', 303))
    .post('/preview', async (c) => {
      const t = textsIn(c.get('lang'))
      const { title = '', description = '' } = await readForm(c)
      const text = cut(description, PRODUCT_MAX.description)
      const main = html`<h1>${cut(title, PRODUCT_MAX.title) || t(T.title)}</h1>
      <p class="notice" role="status">${t(T.hint)}</p>
      <section class="card stack"><h2>${t(T.about)}</h2>
        ${text === '' ? html`<p class="muted">${t(T.empty)}</p>` : html`<div class="rich">${richText(text, deps)}</div>`}
      </section>`
      return consolePage(c, { title: t(T.title), main, section: 'products' })
    })
}
