import { Hono } from 'hono'
import { html } from 'hono/html'
import { DomainError } from '../../domain/errors.ts'
import { formFields, readForm } from '../form/form.ts'
import { textsIn } from '../texts/common/common.ts'
import { CRASH } from '../texts/common/demo.ts'
import type { WebContext, WebDeps, WebEnv } from './deps.ts'
import type { Html } from './page.ts'
import { localPath, requireViewer } from './viewer.ts'

/** Demo only, where every signed-in user may try it. */
export function crashRoutes({ crashWorker }: WebDeps) {
  return new Hono<WebEnv>().post('/demo/crash-worker', requireViewer(), async (c) => {
    if (!crashWorker) throw new DomainError({ code: 'NOT_FOUND' })
    const back = new URL(localPath((await readForm(c)).next), 'http://shop.invalid')
    back.searchParams.set('crashed', crashWorker() ? 'yes' : 'no')
    return c.redirect(`${back.pathname}${back.search}#crash`, 303)
  })
}

export function crashButton(c: WebContext, { crashWorker }: WebDeps): Html | '' {
  if (!crashWorker) return ''
  const t = textsIn(c.get('lang'))
  const crashed = c.req.query('crashed')
  const here = new URL(c.req.url)
  here.searchParams.delete('crashed')
  return html`<aside class="card stack" id="crash" aria-label="${t(CRASH.title)}">
    <h2>${t(CRASH.title)}</h2>
    ${crashed ? html`<p class="notice ${crashed === 'yes' ? 'good' : 'warn'}" role="status">${t(crashed === 'yes' ? CRASH.done : CRASH.none)}</p>` : ''}
    <p class="hint">${t(CRASH.hint)}</p>
    <form method="post" action="/admin/demo/crash-worker">${formFields(c)}
      <input type="hidden" name="next" value="${here.pathname + here.search}">
      <button class="plain">${t(CRASH.button)}</button>
    </form>
  </aside>`
}
