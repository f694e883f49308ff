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
import type { Keeping, WebContext, WebDeps, WebEnv } from '../shared/deps.ts'
import { isOurOwnPage } from '../shared/same-origin.ts'
import { keptActionText } from '../texts/common/kept-forms.ts'
import { readForm } from './form.ts'

const KEPT = 'points_mall_kept'
/** Names the kept form that a page sends again, so that it can be forgotten once it is done. */
export const KEPT_ID = 'kept_form'
/** What a form says beside what was typed: its key, and that a large amount was looked at, which it is to be again. */
const NOT_TYPED: readonly string[] = ['once', 'confirmed', KEPT_ID]

const isSecure = ({ publicUrl }: WebDeps) => publicUrl.startsWith('https:')

/** By HTTPS no neighbouring host can put a secret of its own in place of the browser's. */
const secretOf = (c: WebContext, deps: WebDeps): string | undefined =>
  isSecure(deps) ? getCookie(c, KEPT, 'host') : getCookie(c, KEPT)

/**
 * Keeps what a page of ours sent. The browser gets a secret for it, and only by that secret it is shown again.
 * @param session the token of the session that has ended
 * @returns `lost` where it was not kept: too many are, or it has a file, which no page can send again for somebody
 */
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
  // What is sent from the page that offers it takes its own place.
  if (browser !== undefined) await forgetOne(deps, browser, form[KEPT_ID])
  const sender = { browser, session, networkAddress: deps.clientIp(c) }
  const secret = await keepForm(deps, { path: pathname + search, fields }, sender)
  if (secret === undefined) return 'lost'
  setCookie(c, KEPT, secret, {
    path: '/',
    httpOnly: true,
    sameSite: 'Lax',
    secure: isSecure(deps),
    maxAge: KEPT_FORM_SECONDS,
    ...(isSecure(deps) ? { prefix: 'host' as const } : {}),
  })
  return 'kept'
}

/** Nobody who signs in later at this browser finds anything. */
export async function dropKeptForms(c: WebContext, deps: WebDeps): Promise<void> {
  const secret = secretOf(c, deps)
  if (secret === undefined) return
  await forgetKeptForms(deps, secret)
  deleteCookie(c, KEPT, {
    path: '/',
    secure: isSecure(deps),
    ...(isSecure(deps) ? { prefix: 'host' as const } : {}),
  })
}

/** Where to go after signing in: once to the forms that wait, or else to `next`. */
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

/** What waits for whoever looks: what he himself sent, from this browser. */
export async function keptFormsFor(c: WebContext, deps: WebDeps): Promise<KeptForm[]> {
  const [viewer, secret] = [c.get('viewer'), secretOf(c, deps)]
  if (viewer === undefined || secret === undefined) return []
  return readKeptForms(deps, secret, viewer.sub)
}

/** The key under which a kept form acts once in this session, however often the page that offers it is opened. */
export const keptFormTokenOf = (c: WebContext, { id }: KeptForm): string =>
  createHash('sha256')
    .update(`${id} ${c.get('session')}`)
    .digest('base64url')

/** Forgets a kept form that was sent again and done: then, and only then, a page leads on. */
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
