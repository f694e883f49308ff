import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import type { WebContext, WebDeps, WebEnv } from './deps.ts'

/**
 * Whether a browser says that a page of ours sent this. Whatever speaks against it counts: a foreign `Origin` is not
 * made good by `Sec-Fetch-Site`. Without either header nothing speaks for it.
 */
export function isOurOwnPage(c: WebContext, { publicUrl }: Pick<WebDeps, 'publicUrl'>): boolean {
  const origin = c.req.header('origin')
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin') return false
  return origin === undefined ? site === 'same-origin' : origin === new URL(publicUrl).origin
}

/** Refuses what another site sends, of whatever type, whatever cookies come with it. */
export function sameOrigin(deps: Pick<WebDeps, 'publicUrl'>) {
  return createMiddleware<WebEnv>(async (c, next) => {
    const isSafe = c.req.method === 'GET' || c.req.method === 'HEAD'
    if (!isSafe && !isOurOwnPage(c, deps)) throw new HTTPException(403)
    await next()
  })
}
