import { Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { OIDC_SIGN_IN_SECONDS } from '../../../application/access/oidc.ts'
import { signInByLink } from '../../../application/customers/sessions.ts'
import { DomainError } from '../../../domain/errors.ts'
import { afterSignIn } from '../../form/kept-form.ts'
import { basePathOf, cookieScope } from '../../shared/base-path.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { keepSession, localPath } from '../../shared/viewer.ts'
import { refusedSignIn } from './sign-in-refusal.ts'

const KEPT = 'points_mall_oidc'
const PATH = '/points-mall/sign-in/oidc'

/** Sign-in at the identity provider. A link starts it: browsers do not let a form redirect to another host. */
export function oidcRoutes(deps: WebDeps) {
  const { oidc } = deps
  const path = basePathOf(deps) + PATH
  const keep = (c: WebContext, value: string) =>
    setCookie(c, KEPT, value, {
      path,
      httpOnly: true,
      // The provider's redirect is a navigation from its own site.
      sameSite: 'Lax',
      secure: cookieScope(deps).secure,
      maxAge: OIDC_SIGN_IN_SECONDS,
    })
  return new Hono<WebEnv>()
    .get('/sign-in/oidc', async (c) => {
      if (!oidc) throw new DomainError({ code: 'NOT_FOUND' })
      const started = await oidc.start(localPath(c.req.query('next')))
      if ('code' in started) return c.redirect(refusedSignIn(started), 303)
      keep(c, started.kept)
      return c.redirect(started.url, 303)
    })
    .get('/sign-in/oidc/callback', async (c) => {
      if (!oidc) throw new DomainError({ code: 'NOT_FOUND' })
      // The code counts once: who only looks at the address does not use it up.
      if (c.req.method !== 'GET') return c.body(null, 204)
      const kept = getCookie(c, KEPT)
      deleteCookie(c, KEPT, { path })
      const found = await oidc.finish(kept, new URL(c.req.url).search)
      if ('code' in found) return c.redirect(refusedSignIn(found), 303)
      const token = await signInByLink(deps.db, found, c.get('session'))
      if (token === undefined) return c.redirect(refusedSignIn({ code: 'other_browser' }), 303)
      keepSession(c, deps, token)
      const { sub, role } = found.viewer
      const home = role === 'customer' || found.next !== '/points-mall' ? found.next : '/admin'
      return c.redirect(await afterSignIn(c, deps, sub, home), 303)
    })
}
