import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { findKeptForm, KEPT_FORM_SECONDS, keepForm } from '../application/kept-forms.ts'
import type { WebContext, WebDeps } from './deps.ts'
import { type Form, readForm } from './form.ts'

const KEPT = 'points_mall_kept'
const CONTINUE = '/points-mall/continue'
/** Set in a form that is sent again. */
export const KEPT_MARK = 'kept'

/**
 * Keeps what a form sent when nobody is signed in any more. The browser gets a token for it.
 * @param session the token of the session that has ended
 * @returns false where there is nothing to keep, or no place; a form with a file cannot be sent again for somebody
 */
export async function keepSentForm(
  c: WebContext,
  deps: WebDeps,
  session: string | undefined,
): Promise<boolean> {
  if (/^multipart\//i.test(c.req.header('content-type') ?? '')) return false
  const fields = await readForm(c)
  if (Object.keys(fields).length === 0) return false
  const { pathname, search } = new URL(c.req.url)
  const token = await keepForm(deps, { path: pathname + search, fields }, session)
  if (token === undefined) return false
  const secure = deps.publicUrl.startsWith('https:')
  setCookie(c, KEPT, token, {
    path: '/points-mall',
    httpOnly: true,
    sameSite: 'Lax',
    secure,
    maxAge: KEPT_FORM_SECONDS,
  })
  return true
}

/** Nobody who signs in later at this browser finds it. */
export function dropKeptForm(c: WebContext): void {
  deleteCookie(c, KEPT, { path: '/points-mall' })
}

/** Where to go after signing in: once to the form that waits, or else to `next`. */
export async function afterSignIn(
  c: WebContext,
  deps: WebDeps,
  ownerId: string,
  next: string,
): Promise<string> {
  const token = getCookie(c, KEPT)
  if (token === undefined) return next
  dropKeptForm(c)
  return (await findKeptForm(deps, token, ownerId)) ? `${CONTINUE}?form=${token}` : next
}

/** Whether a form was kept and is sent again, by somebody who has not seen it since: a page that moves points shows it. */
export const isKept = (form: Form): boolean => form[KEPT_MARK] === '1'
