import { createHash, timingSafeEqual } from 'node:crypto'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { createMiddleware } from 'hono/factory'
import { matchedRoutes } from 'hono/route'
import type { VerifyToken } from '../../application/access/tokens.ts'
import { mustHaveRight, type Principal, RIGHTS, type Right } from '../../domain/access.ts'
import type { ApiContext, ApiDeps, ApiEnv, Authenticate } from '../deps.ts'
import { ApiError } from '../errors.ts'

const CACHE_MAX_TOKENS = 2000
const CACHE_MAX_MS = 30_000

/** Who an access token belongs to; accepted tokens are remembered for a moment. */
export function createAuthenticate(verify: VerifyToken): Authenticate {
  const verified = new Map<string, { readonly who: Principal; readonly until: number }>()
  return async (token) => {
    const known = verified.get(token)
    if (known && known.until > Date.now()) return known.who
    const found = await verify(token, 'access')
    if ('code' in found) return found
    if (verified.size >= CACHE_MAX_TOKENS) verified.delete(verified.keys().next().value ?? '')
    verified.delete(token)
    const until = Math.min(found.expiresAtMs, Date.now() + CACHE_MAX_MS)
    verified.set(token, { who: found.principal, until })
    return found.principal
  }
}

/** Sets `who`, or responds 401 with the reason. */
export function requireToken(authenticate: Authenticate) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const token = bearerOf(c)
    if (token === undefined) throw new ApiError('UNAUTHENTICATED')
    const who = await authenticate(token)
    if ('code' in who) {
      c.set('tokenRefusal', who)
      throw new ApiError('UNAUTHENTICATED', { tokenRefusal: who })
    }
    c.set('who', who)
    await next()
  })
}

/** Metrics tell the turnover: outside a demo they need a token of their own, and without one there are none. */
export function requireMetricsToken({ metricsToken, demo }: Pick<ApiDeps, 'metricsToken' | 'demo'>) {
  const hashOf = (text: string) => createHash('sha256').update(text).digest()
  return createMiddleware<ApiEnv>(async (c, next) => {
    if (metricsToken === undefined && !demo) throw new ApiError('NOT_FOUND')
    const sent = bearerOf(c) ?? ''
    if (metricsToken !== undefined && !timingSafeEqual(hashOf(sent), hashOf(metricsToken))) {
      throw new ApiError('UNAUTHENTICATED')
    }
    await next()
  })
}

const bearerOf = (c: ApiContext): string | undefined =>
  /^Bearer +([\w\-.~+/]+=*) *$/i.exec(c.req.header('Authorization') ?? '')?.[1]

/** Requires this right. Use after `requireToken`. */
export function requireRight(right: Right) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    mustHaveRight(c.get('who').role, right)
    await next()
  })
}

/** Enforces the route's `security`, as in the OpenAPI document. @param ofArea the right of routes that name none */
export function requireRouteRight(app: OpenAPIHono<ApiEnv>, ofArea: Right) {
  let named: ReadonlyMap<string, Right> | undefined
  return createMiddleware<ApiEnv>(async (c, next) => {
    named ??= rightsOfRoutes(app)
    // The first match with a method is the route; middleware matches every method.
    const route = matchedRoutes(c).find(({ method }) => method !== 'ALL')
    const right = route && named.get(`${route.method} ${route.path}`)
    mustHaveRight(c.get('who').role, right ?? ofArea)
    await next()
  })
}

function rightsOfRoutes({ openAPIRegistry }: OpenAPIHono<ApiEnv>): ReadonlyMap<string, Right> {
  const rights = new Map<string, Right>()
  for (const definition of openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue
    const { method, path, security } = definition.route
    const name = security?.flatMap(({ bearer = [] }) => bearer)[0]
    if (name === undefined) continue
    if (!Object.hasOwn(RIGHTS, name)) throw new Error(`${method} ${path} names no known right: ${name}`)
    rights.set(`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`, name as Right)
  }
  return rights
}
