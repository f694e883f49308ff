import { createMiddleware } from 'hono/factory'
import type { ApiEnv } from '../deps.ts'
import { ApiError } from '../errors.ts'

/**
 * Refuses requests for other hosts than the mall's (RFC 9110, 15.5.20): a page whose name is made to lead here would
 * otherwise be of the same origin. Probes may use any name.
 */
export function knownHost(isKnown: (hostname: string) => boolean) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const { hostname, pathname } = new URL(c.req.url)
    if (!pathname.startsWith('/health/') && !isKnown(hostname)) throw new ApiError('MISDIRECTED_REQUEST')
    await next()
  })
}
