import { getCookie, setCookie } from 'hono/cookie'
import { cut, plainText } from '../../../domain/text.ts'
import { cookieScope } from '../../shared/base-path.ts'
import type { WebContext, WebDeps } from '../../shared/deps.ts'
import { CARRIER_MAX } from './parcel-form.ts'

/** The carrier that was shipped with last in this browser. */

const COOKIE = 'points_mall_carrier'
const YEAR_SECONDS = 31_536_000

export function rememberCarrier(c: WebContext, deps: WebDeps, carrier: string): void {
  const { path, secure } = cookieScope(deps)
  setCookie(c, COOKIE, carrier, { path, secure, httpOnly: true, maxAge: YEAR_SECONDS, sameSite: 'Lax' })
}

/** @returns undefined where nothing was shipped yet */
export const rememberedCarrier = (c: WebContext): string | undefined =>
  cut(plainText(getCookie(c, COOKIE) ?? '').trim(), CARRIER_MAX) || undefined
