import { createHash } from 'node:crypto'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { createMiddleware } from 'hono/factory'
import {
  claimKeptForms,
  forgetKeptForms,
  KEPT_FORM_SECONDS,
  type KeptForm,
  keepForm,
  readKeptForms,
} from '../../application/customers/kept-forms.ts'
import { cookieScope } from '../shared/base-path.ts'
import type { Keeping, WebContext, WebDeps, WebEnv } from '../shared/deps.ts'
import { isOurOwnPage } from '../shared/same-origin.ts'
import { keptActionText } from '../texts/common/kept-forms.ts'
import { FORM_FOR, readForm } from './form.ts'

const KEPT = 'points_mall_kept'
export const KEPT_ID = 'kept_form'
/** Fields not typed by the user; a large amount has to be confirmed again. */
export const NOT_TYPED: readonly string[] = ['once', FORM_FOR, 'confirmed', KEPT_ID]

/** The prefix keeps other hosts from setting the cookie. */
function scopeOf(deps: WebDeps) {
  const { path, secure, prefix } = cookieScope(deps)
  return secure ? { path, secure, prefix } : { path, secure }
}

const secretOf = (c: WebContext, deps: WebDeps): string | undefined =>
  getCookie(c, KEPT, scopeOf(deps).prefix)

/** Only this browser can see the form again. @returns `lost` if a limit is reached or the form has a file */
export async function keepSentForm(
  c: WebContext,
  deps: WebDeps,
  session: string | undefined,
): Promise<Keeping> {
  const { pathname, search } = new URL(c.req.url)
  if (!isOurOwnPage(c, deps)) return 'nothing'
  const type = c.req.header('content-type')?.toLowerCase() ?? ''
  if (type.startsWith('multipart/')) return 'lost'
  const form = await readForm(c)
  const fields = Object.fromEntries(Object.entries(form).filter(([name]) => !NOT_TYPED.includes(name)))
  if (Object.keys(fields).length === 0) return 'nothing'
  if (keptActionText(pathname) === undefined) return 'lost'
  const browser = secretOf(c, deps)
  // A form from the continue page replaces its kept copy.
  if (browser !== undefined) await forgetOne(deps, browser, form[KEPT_ID])
  const sender = { browser, session, networkAddress: deps.clientIp(c) }
  const secret = await keepForm(deps, { path: pathname + search, fields }, sender)
  if (secret === undefined) return 'lost'
  setCookie(c, KEPT, secret, {
    ...scopeOf(deps),
    httpOnly: true,
    sameSite: 'Lax',
    maxAge: KEPT_FORM_SECONDS,
  })
  return 'kept'
}

/** The next user of this browser must not see the forms. */
export async function dropKeptForms(c: WebContext, deps: WebDeps): Promise<void> {
  const secret = secretOf(c, deps)
  if (secret === undefined) return
  await forgetKeptForms(deps, secret)
  deleteCookie(c, KEPT, scopeOf(deps))
}

export async function afterSignIn(
  c: WebContext,
  deps: WebDeps,
  ownerId: string,
  next: string,
): Promise<string> {
  const secret = secretOf(c, deps)
  const waits = secret !== undefined && (await claimKeptForms(deps, secret, ownerId))
  return waits ? '/points-mall/continue' : next
}

export async function keptFormsFor(c: WebContext, deps: WebDeps): Promise<KeptForm[]> {
  const [viewer, secret] = [c.get('viewer'), secretOf(c, deps)]
  if (viewer === undefined || secret === undefined) return []
  return readKeptForms(deps, secret, viewer.sub)
}

/** Stable within a session, however often the page is opened. */
export const keptFormTokenOf = (c: WebContext, { id }: KeptForm): string =>
  createHash('sha256')
    .update(`${id} ${c.get('session')}`)
    .digest('base64url')

/** A redirect means that the submission succeeded. */
export function forgetDone(deps: WebDeps) {
  return createMiddleware<WebEnv>(async (c, next) => {
    await next()
    const secret = secretOf(c, deps)
    if (c.req.method !== 'POST' || secret === undefined || c.get('viewer') === undefined) return
    const type = c.req.header('content-type')?.toLowerCase() ?? ''
    if (c.res.status !== 303 || !type.startsWith('application/x-www-form-urlencoded')) return
    await forgetOne(deps, secret, (await readForm(c))[KEPT_ID])
  })
}

async function forgetOne(deps: WebDeps, secret: string, id = ''): Promise<void> {
  if (UUID.test(id)) await forgetKeptForms(deps, secret, id)
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/
