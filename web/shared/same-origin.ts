import { createMiddleware } from 'hono/factory'
import type { WebContext, WebDeps, WebEnv } from './deps.ts'

/** A form that another site sends, or that is sent from an address that is not the mall's. */
export class ForeignOriginError extends Error {
  override name = 'ForeignOriginError'
  readonly publicUrl: string
  constructor(publicUrl: string) {
    super('the form was not sent from a page of the mall')
    this.publicUrl = publicUrl
  }
}

/** Whether the browser confirms a same-origin request. Either header can veto; without both the answer is no. */
export function isOurOwnPage(c: WebContext, { publicUrl }: Pick<WebDeps, 'publicUrl'>): boolean {
  const origin = c.req.header('origin')
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin') return false
  if (origin === undefined) return site === 'same-origin'
  const ours = new URL(publicUrl)
  if (origin === ours.origin) return true
  // Without TLS the mall has several addresses, such as that in the local network; the host is a known one.
  return ours.protocol === 'http:' && origin === `http://${new URL(c.req.url).host}`
}

export function sameOrigin(deps: Pick<WebDeps, 'publicUrl'>) {
  return createMiddleware<WebEnv>(async (c, next) => {
    const isSafe = c.req.method === 'GET' || c.req.method === 'HEAD'
    if (!isSafe && !isOurOwnPage(c, deps)) throw new ForeignOriginError(deps.publicUrl)
    await next()
  })
}
