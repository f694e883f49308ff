import { createHmac } from 'node:crypto'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { createMiddleware } from 'hono/factory'
import {
  findViewer,
  REMEMBERED_SECONDS,
  SESSION_SECONDS,
  type Viewer,
} from '../../application/customers/sessions.ts'
import { mustHaveRight, type Right } from '../../domain/access.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import { ForeignFormError, isFormOfViewer } from '../form/form.ts'
import { keepSentForm } from '../form/kept-form.ts'
import { basePathOf, cookieScope, withoutBasePath } from './base-path.ts'
import type { WebContext, WebDeps, WebEnv } from './deps.ts'

const SESSION = 'points_mall_session'
const LANG = 'points_mall_lang'

/** Language: `?lang=`, else the cookie, else the browser's preference. */
export function viewer(deps: WebDeps) {
  return createMiddleware<WebEnv>(async (c, next) => {
    const token = getCookie(c, SESSION)
    const viewer = token === undefined ? undefined : await findViewer(deps.db, token)
    c.set('viewer', viewer)
    c.set('formFor', viewer && formMark(deps, viewer))
    c.set('session', token)
    c.set('basePath', basePathOf(deps))
    c.set('keepForm', () => keepSentForm(c, deps, token))
    const wanted = c.req.query('lang') ?? getCookie(c, LANG)
    if (wanted === 'zh' || wanted === 'en') c.set('lang', wanted)
    if (c.req.query('lang') === c.get('lang')) keepLang(c, deps, c.get('lang'))
    await next()
  })
}

const formMark = ({ ownerKey }: WebDeps, { role, sub }: Viewer): string =>
  createHmac('sha256', ownerKey.key).update(`form:${role}:${sub}`).digest('base64url')

function keepLang(c: WebContext, deps: WebDeps, lang: Lang): void {
  const { path, secure } = cookieScope(deps)
  setCookie(c, LANG, lang, { path, secure, maxAge: 31_536_000, sameSite: 'Lax' })
}

/** Lax: customers return from the payment page by a link. Outlives the session: a late form finds its owner. */
export function keepSession(c: WebContext, deps: WebDeps, token: string): void {
  const { path, secure } = cookieScope(deps)
  setCookie(c, SESSION, token, {
    path,
    secure,
    httpOnly: true,
    sameSite: 'Lax',
    maxAge: SESSION_SECONDS + REMEMBERED_SECONDS,
  })
}

export function dropSession(c: WebContext, deps: WebDeps): string | undefined {
  return deleteCookie(c, SESSION, { path: cookieScope(deps).path })
}

/** Where lists of products are read: guests cannot take the connections of customers. */
export const catalogueDb = (c: WebContext, { replica, publicDb }: WebDeps): WebDeps['db'] =>
  c.get('viewer') ? replica : publicDb

/**
 * Redirects to sign-in and back, and keeps a submitted form.
 * @throws DomainError FORBIDDEN without the right
 * @throws ForeignFormError if the form was shown to another account
 */
export function requireViewer(right: Right = 'shop') {
  return createMiddleware<WebEnv>(async (c, next) => {
    const viewer = c.get('viewer')
    if (viewer) {
      mustHaveRight(viewer.role, right)
      if (c.req.method === 'POST' && !(await isFormOfViewer(c))) throw new ForeignFormError()
      return next()
    }
    const keeping = c.req.method === 'POST' ? await c.get('keepForm')() : 'nothing'
    if (keeping === 'kept') return c.redirect('/points-mall/sign-in?why=ended', 303)
    const here = new URL(c.req.url)
    const back =
      c.req.method === 'GET'
        ? here.pathname + here.search
        : withoutBasePath(c.req.header('referer') ?? '/', c.get('basePath'))
    const why = keeping === 'lost' ? 'why=lost&' : ''
    return c.redirect(`/points-mall/sign-in?${why}next=${encodeURIComponent(localPath(back))}`, 303)
  })
}

export function viewerOf(c: WebContext): Viewer {
  const viewer = c.get('viewer')
  if (!viewer) throw new Error('no viewer: requireViewer is missing')
  return viewer
}

/** Always a local path, which prevents open redirects. */
export function localPath(given: string | undefined): string {
  const { origin, pathname, search } = URL.parse(given ?? '', 'http://shop.invalid') ?? {}
  if (pathname === undefined || !/^\/(points-mall|admin)(\/|$)/.test(pathname)) return '/points-mall'
  return origin === 'http://shop.invalid' || !given?.startsWith('//')
    ? pathname + (search ?? '')
    : '/points-mall'
}
