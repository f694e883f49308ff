import { Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import { html } from 'hono/html'
import { signIn, signInByLink, signOut, type Viewer } from '../../../application/customers/sessions.ts'
import { readForm } from '../../form/form.ts'
import { afterSignIn, dropKeptForms } from '../../form/kept-form.ts'
import type { WebDeps, WebEnv } from '../../shared/deps.ts'
import { dropSession, keepSession, localPath } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { SIGN_IN } from '../../texts/shop/sign-in.ts'
import { shopPage } from '../layout.ts'
import { refusalNotice, refusedSignIn } from './sign-in-refusal.ts'

const DEMO_VIEWERS: Readonly<Record<string, Viewer>> = {
  alice: { sub: 'alice', role: 'customer', level: 3 },
  bob: { sub: 'bob', role: 'customer', level: 1 },
  carol: { sub: 'carol', role: 'customer', level: 2 },
  operator: { sub: 'operator', role: 'operator', level: 1 },
  admin: { sub: 'admin', role: 'admin', level: 1 },
}

/** One click in a demo; otherwise a one-time link signed by the shop. */
export function signInRoutes(deps: WebDeps) {
  return new Hono<WebEnv>()
    .get('/sign-in', (c) => {
      const t = textsIn(c.get('lang'))
      const next = localPath(c.req.query('next'))
      const main = html`<h1>${t(SIGN_IN.title)}</h1>
        ${refusalNotice(c)}
        ${c.req.query('why') === 'lost' ? html`<p class="notice bad" role="alert">${t(SIGN_IN.lost)}</p>` : ''}
        ${c.req.query('why') === 'ended' ? html`<p class="notice warn" role="alert">${t(SIGN_IN.ended)}</p>` : ''}
        ${deps.oidc ? html`<p><a class="button" href="/points-mall/sign-in/oidc?next=${encodeURIComponent(next)}">${t(SIGN_IN.account)}</a></p>` : ''}
        ${
          deps.demo
            ? html`<p class="lead">${t(SIGN_IN.demo)}</p>
              <form method="post" class="people">
                <input type="hidden" name="next" value="${next}">
                ${Object.keys(DEMO_VIEWERS).map(
                  (name) => html`<button class="person" name="user" value="${name}">
                    <strong>${name}</strong><span>${t(SIGN_IN.people[name as keyof typeof SIGN_IN.people])}</span></button>`,
                )}
              </form>`
            : deps.oidc
              ? ''
              : html`<p class="lead">${t(next.startsWith('/admin') ? SIGN_IN.staff : SIGN_IN.link)}</p>`
        }`
      return shopPage(c, { title: t(SIGN_IN.title), main })
    })
    .post('/sign-in', async (c) => {
      const { user = '', next } = await readForm(c)
      const viewer = deps.demo && Object.hasOwn(DEMO_VIEWERS, user) ? DEMO_VIEWERS[user] : undefined
      if (!viewer) return c.redirect('/points-mall/sign-in', 303)
      keepSession(c, deps, await signIn(deps.db, viewer))
      const home = viewer.role === 'customer' || next !== '/points-mall' ? localPath(next) : '/admin'
      return c.redirect(await afterSignIn(c, deps, viewer.sub, home), 303)
    })
    .get('/sign-in/link', async (c) => {
      const link = await deps.readSignInLink(c.req.query('token') ?? '')
      if ('code' in link) return c.redirect(refusedSignIn(link), 303)
      const token = await signInByLink(deps.db, link)
      if (token === undefined) return c.redirect('/points-mall/sign-in?why=used', 303)
      keepSession(c, deps, token)
      return c.redirect(await afterSignIn(c, deps, link.viewer.sub, localPath(c.req.query('next'))), 303)
    })
    .post('/sign-out', async (c) => {
      const token = dropSession(c, deps) ?? getCookie(c, 'points_mall_session')
      if (token !== undefined) await signOut(deps.db, token)
      await dropKeptForms(c, deps)
      return c.redirect('/points-mall/products', 303)
    })
}
