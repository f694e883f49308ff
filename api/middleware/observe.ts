import type { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import { TrieRouter } from 'hono/router/trie-router'
import type { Logger } from 'pino'
import type { Lang } from '../../i18n/error-texts.ts'
import { tokenRefusalText } from '../../i18n/token-refusal-texts.ts'
import type { ApiEnv } from '../deps.ts'
import { ApiError } from '../errors.ts'
import type { Metrics } from '../metrics.ts'
import { checkText } from './body.ts'
import { loggedPath } from './logged-path.ts'

/** Chinese unless `Accept-Language` prefers English (RFC 9110, 12.5.4). */
export const language = createMiddleware<ApiEnv>(async (c, next) => {
  c.set('lang', preferred(c.req.header('Accept-Language') ?? ''))
  await next()
})

function preferred(header: string): Lang {
  let best: { lang: Lang; weight: number } = { lang: 'zh', weight: 0 }
  for (const part of header.split(',')) {
    const match = /^\s*(zh|en)(?:-[\w-]+)?\s*(?:;\s*q=([\d.]+)\s*)?$/i.exec(part)
    if (!match) continue
    const weight = Number(match[2] ?? 1)
    if (weight > best.weight) best = { lang: match[1]?.toLowerCase() === 'en' ? 'en' : 'zh', weight }
  }
  return best.lang
}

/** Without bodies, tokens or query strings. */
export function observe(logger: Logger, metrics: Metrics) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const start = performance.now()
    await next()
    const seconds = (performance.now() - start) / 1000
    const { method } = c.req
    const path = loggedPath(c.req.path)
    const { status } = c.res
    // The pattern, not the path: a label per order number would grow without limit.
    const route = c.get('knownRoute') ? routePath(c, -1) : 'unknown'
    metrics.requests.observe({ method: route === 'unknown' ? 'any' : method, route, status }, seconds)
    const ms = Math.round(seconds * 10_000) / 10
    const refusal = c.get('tokenRefusal')
    // Probes come every second.
    logger[route === '/health/live' && status === 200 ? 'debug' : 'info'](
      {
        request_id: c.get('requestId'),
        method,
        path,
        status,
        ms,
        sub: c.get('who')?.sub,
        ...(refusal ? { token: tokenRefusalText(refusal) } : {}),
      },
      'request',
    )
  })
}

/** Responds 404 or 405 before authentication. Does not see routes of `app.all`. */
export function knownRoutes(app: Hono<ApiEnv>) {
  let known: TrieRouter<string> | undefined
  return createMiddleware<ApiEnv>(async (c, next) => {
    known ??= routerOf(app)
    if (/\p{Cc}/u.test(c.req.path)) throw new ApiError('NOT_FOUND')
    const methods = new Set(known.match('ALL', c.req.path)[0].map(([method]) => method))
    if (methods.size === 0) throw new ApiError('NOT_FOUND')
    if (methods.has('GET')) methods.add('HEAD')
    if (!methods.has(c.req.method)) throw new ApiError('METHOD_NOT_ALLOWED', { allow: [...methods] })
    c.set('knownRoute', true)
    for (const [name, values] of Object.entries(c.req.queries())) {
      for (const value of values) checkText(value, name)
    }
    await next()
  })
}

function routerOf(app: Hono<ApiEnv>): TrieRouter<string> {
  const router = new TrieRouter<string>()
  for (const { method, path } of app.routes) if (method !== 'ALL') router.add('ALL', path, method)
  return router
}
