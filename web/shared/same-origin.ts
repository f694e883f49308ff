import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import type { WebContext, WebDeps, WebEnv } from './deps.ts'

/** Whether the browser confirms a same-origin request. Either header can veto; without both the answer is no. */
export function isOurOwnPage(c: WebContext, { publicUrl }: Pick<WebDeps, 'publicUrl'>): boolean {
  const origin = c.req.header('origin')
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin') return false
  return origin === undefined ? site === 'same-origin' : origin === new URL(publicUrl).origin
}

/** Refuses cross-site writes of any content type. */
export function sameOrigin(deps: Pick<WebDeps, 'publicUrl'>) {
  return createMiddleware<WebEnv>(async (c, next) => {
    const isSafe = c.req.method === 'GET' || c.req.method === 'HEAD'
    if (!isSafe && !isOurOwnPage(c, deps)) throw new HTTPException(403)
    await next()
  })
}
