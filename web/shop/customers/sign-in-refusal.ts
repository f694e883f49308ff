import { html } from 'hono/html'
import type { WebContext } from '../../shared/deps.ts'
import { interpolate } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { SIGN_IN_REFUSED } from '../../texts/shop/sign-in.ts'

type SignInRefusal = keyof typeof SIGN_IN_REFUSED

/** The sign-in page that says why. */
export function refusedSignIn({ code, claim }: { readonly code: SignInRefusal; readonly claim?: string }) {
  const named = claim === undefined ? '' : `&claim=${encodeURIComponent(claim)}`
  return `/points-mall/sign-in?why=${code}${named}`
}

/** The cause, for whom it concerns: the person, or whoever makes the links. */
export function refusalNotice(c: WebContext): Html | '' {
  const why = c.req.query('why') ?? ''
  if (!Object.hasOwn(SIGN_IN_REFUSED, why)) return ''
  const t = textsIn(c.get('lang'))
  // Names of claims only: the address may come from anybody.
  const claim = /^[\w.:/-]{1,64}$/.exec(c.req.query('claim') ?? '')?.[0] ?? ''
  const text = interpolate(t(SIGN_IN_REFUSED[why as SignInRefusal]), { claim })
  return html`<p class="notice bad" role="alert">${text}</p>`
}
