import { getCookie, setCookie } from 'hono/cookie'
import { html } from 'hono/html'
import { cookieScope } from '../shared/base-path.ts'
import type { WebContext, WebDeps } from '../shared/deps.ts'
import type { Html } from '../shared/page.ts'
import type { KEY_TEXTS } from '../texts/console/daily.ts'

/** Single keys that do what a link, button or field does. They can be turned off (WCAG 2.1.4). */

export type Key = keyof typeof KEY_TEXTS | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'

const COOKIE = 'points_mall_keys'
const YEAR_SECONDS = 31_536_000

export const keysAreOn = (c: WebContext): boolean => getCookie(c, COOKIE) !== 'off'

export function turnKeys(c: WebContext, deps: WebDeps, isOn: boolean): void {
  const { path, secure } = cookieScope(deps)
  const value = isOn ? 'on' : 'off'
  setCookie(c, COOKIE, value, { path, secure, httpOnly: true, maxAge: YEAR_SECONDS, sameSite: 'Lax' })
}

/** Attributes of the element that the key stands for. */
export const keyed = (c: WebContext, key: Key): Html | '' =>
  keysAreOn(c) ? html`data-key="${key}" aria-keyshortcuts="${key}"` : ''
