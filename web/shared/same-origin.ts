import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import type { WebContext, WebDeps, WebEnv } from './deps.ts'

/** Either header can refuse; without both headers the request is refused. */
export function isOurOwnPage(c: WebContext, { publicUrl }: Pick<WebDeps, 'publicUrl'>): boolean {
  const origin = c.req.header('origin')
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin') return false
  return origin === undefined ? site === 'same-origin' : origin === new URL(publicUrl).origin
}

export function sameOrigin(deps: Pick<WebDeps, 'publicUrl'>) {
  return createMiddleware<WebEnv>(async (c, next) => {
    const isSafe = c.req.method === 'GET' || c.req.method === 'HEAD'
    if (!isSafe && !isOurOwnPage(c, deps)) throw new HTTPException(403)
    await next()
  })
}
