import { Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import { html } from 'hono/html'
import {
  countSessions,
  signIn,
  signInByLink,
  signOut,
  signOutEverywhere,
  type Viewer,
} from '../../../application/customers/sessions.ts'
import type { TokenRefusal } from '../../../domain/token-refusal.ts'
import { formFields, readForm } from '../../form/form.ts'
import { afterSignIn, dropKeptForms } from '../../form/kept-form.ts'
import type { SignInLink, WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { interpolate } from '../../shared/interpolate.ts'
import { dropSession, keepSession, localPath, requireViewer, viewerOf } from '../../shared/viewer.ts'
import { COMMON, textsIn } from '../../texts/common/common.ts'
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

/** Outside a demo, a one-time link signed by the shop. */
export function signInRoutes(deps: WebDeps) {
  /** Uses the link up. */
  async function enter(c: WebContext, link: SignInLink | TokenRefusal, next: string | undefined) {
    if ('code' in link) return c.redirect(refusedSignIn(link), 303)
    const token = await signInByLink(deps.db, link, c.get('session'))
    if (token === undefined) return c.redirect('/points-mall/sign-in?why=used', 303)
    keepSession(c, deps, token)
    return c.redirect(await afterSignIn(c, deps, link.viewer.sub, localPath(next)), 303)
  }

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
      keepSession(c, deps, await signIn(deps.db, viewer, c.get('session')))
      const home = viewer.role === 'customer' || next !== '/points-mall' ? localPath(next) : '/admin'
      return c.redirect(await afterSignIn(c, deps, viewer.sub, home), 303)
    })
    .get('/sign-in/link', async (c) => {
      // A link preview or a scanner does not use the link up.
      if (c.req.method === 'HEAD') return c.body(null, 200)
      const { token = '', next } = c.req.query()
      const link = await deps.readSignInLink(token)
      if ('code' in link) return c.redirect(refusedSignIn(link), 303)
      const viewer = c.get('viewer')
      if (viewer && !isSame(viewer, link.viewer)) return askSwitch(c, viewer, link.viewer, token, next)
      return enter(c, link, next)
    })
    .post('/sign-in/link', async (c) => {
      const { token = '', next } = await readForm(c)
      return enter(c, await deps.readSignInLink(token), next)
    })
    .get('/sign-out', requireViewer(), async (c) => {
      const t = textsIn(c.get('lang'))
      const sessions = await countSessions(deps.db, viewerOf(c).sub)
      const main = html`<h1>${t(COMMON.signOut)}</h1>
        <p>${interpolate(t(sessions === 1 ? SIGN_IN.oneSession : SIGN_IN.sessions), { n: `${sessions}` })}</p>
        <div class="row">
          <form method="post" action="/points-mall/sign-out"><button>${t(SIGN_IN.here)}</button></form>
          <form method="post" action="/points-mall/sign-out/everywhere">${formFields(c)}<button class="plain">${t(SIGN_IN.everywhere)}</button></form>
        </div>`
      return shopPage(c, { title: t(COMMON.signOut), main, tab: 'wallet', back: '/points-mall/wallet' })
    })
    .post('/sign-out/everywhere', requireViewer(), async (c) => {
      await signOutEverywhere(deps.db, viewerOf(c).sub)
      dropSession(c, deps)
      await dropKeptForms(c, deps)
      return c.redirect('/points-mall/products', 303)
    })
    .post('/sign-out', async (c) => {
      const token = dropSession(c, deps) ?? getCookie(c, 'points_mall_session')
      if (token !== undefined) await signOut(deps.db, token)
      await dropKeptForms(c, deps)
      return c.redirect('/points-mall/products', 303)
    })
}

const isSame = (one: Viewer, other: Viewer) => one.sub === other.sub && one.role === other.role

/** A link of another account than the one that is signed in, which somebody else may have sent: nothing is done yet. */
function askSwitch(c: WebContext, viewer: Viewer, other: Viewer, token: string, next: string | undefined) {
  const t = textsIn(c.get('lang'))
  const who = html`<strong>${other.sub}</strong>`
  const main = html`<section class="ticket question">
    <div class="body stack">
      <h1>${t(SIGN_IN.switchTitle)}</h1>
      <p>${interpolate(t(SIGN_IN.switchHint), { now: html`<strong>${viewer.sub}</strong>`, who })}</p>
    </div>
    <div class="stub">
      <form method="post" action="/points-mall/sign-in/link" class="row answers">
        <input type="hidden" name="token" value="${token}">
        <input type="hidden" name="next" value="${localPath(next)}">
        <button>${interpolate(t(SIGN_IN.switchDo), { who: other.sub })}</button>
        <a class="button plain" href="/points-mall/products">${interpolate(t(SIGN_IN.stay), { who: viewer.sub })}</a>
      </form>
    </div>
  </section>`
  return shopPage(c, { title: t(SIGN_IN.switchTitle), main })
}
