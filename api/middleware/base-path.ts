import { createMiddleware } from 'hono/factory'
import { basePathOf, withBasePath } from '../../web/shared/base-path.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'

/** Redirects and pages name the path under which a proxy serves the mall. */
export function publicPaths(deps: Pick<ApiDeps, 'publicUrl'>) {
  const base = basePathOf(deps)
  return createMiddleware<ApiEnv>(async (c, next) => {
    await next()
    if (base === '') return
    const location = c.res.headers.get('Location')
    if (location !== null && /^\/(?!\/)/.test(location)) c.res.headers.set('Location', base + location)
    if (!c.res.headers.get('Content-Type')?.startsWith('text/html')) return
    c.res = new Response(withBasePath(await c.res.text(), base), c.res)
  })
}
