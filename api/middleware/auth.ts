import type { OpenAPIHono } from '@hono/zod-openapi'
import { createMiddleware } from 'hono/factory'
import { matchedRoutes } from 'hono/route'
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Config } from '../../config/index.ts'
import {
  mustHaveRight,
  PRINCIPAL_ID,
  PRINCIPAL_ID_MAX,
  type Principal,
  RIGHTS,
  type Right,
  ROLES,
} from '../../domain/access.ts'
import type { ApiEnv, Authenticate } from '../deps.ts'
import { ApiError } from '../errors.ts'

const claims = z.object({
  sub: z.string().max(PRINCIPAL_ID_MAX).regex(PRINCIPAL_ID),
  role: z.enum(ROLES),
  level: z.int().min(0).max(1000).default(1),
  exp: z.number(),
})

const TOKEN_MAX_LENGTH = 4096
const CACHE_MAX_TOKENS = 2000
const CACHE_MAX_MS = 30_000

/**
 * The algorithms are fixed, never the token's own choice (RFC 8725, 3.1): HS256 with a shared secret, otherwise those
 * of the key set. @throws ApiError UNAVAILABLE if the key set cannot be fetched
 */
export function createAuthenticate(auth: Config['auth']): Authenticate {
  const { key, algorithms } = keyOf(auth)
  const verified = new Map<string, { readonly who: Principal; readonly until: number }>()
  return async (token) => {
    if (token.length > TOKEN_MAX_LENGTH) return undefined
    const known = verified.get(token)
    if (known && known.until > Date.now()) return known.who
    const payload = await verify(token, key, algorithms, auth)
    const parsed = claims.safeParse(payload)
    if (!parsed.success) return undefined
    const { exp, ...who } = parsed.data
    if (verified.size >= CACHE_MAX_TOKENS) verified.delete(verified.keys().next().value ?? '')
    verified.delete(token)
    verified.set(token, { who, until: Math.min(exp * 1000, Date.now() + CACHE_MAX_MS) })
    return who
  }
}

type KeySource = { readonly key: JWTVerifyGetKey; readonly algorithms: string[] }

function keyOf(auth: Config['auth']): KeySource {
  if (auth.secret !== undefined) {
    const secret = new TextEncoder().encode(auth.secret)
    return { key: () => secret, algorithms: ['HS256'] }
  }
  if (auth.jwksUrl === undefined) throw new Error('neither AUTH_JWT_SECRET nor AUTH_JWKS_URL is set')
  const set = createRemoteJWKSet(new URL(auth.jwksUrl), { timeoutDuration: 2_000 })
  return { key: set, algorithms: ['EdDSA', 'Ed25519', 'ES256', 'RS256'] }
}

async function verify(
  token: string,
  key: JWTVerifyGetKey,
  algorithms: string[],
  auth: Config['auth'],
): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms,
      issuer: auth.issuer,
      audience: auth.audience,
      requiredClaims: ['sub', 'role', 'exp'],
    })
    return payload
  } catch (error) {
    const known = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)
    if (known && error.code !== 'ERR_JOSE_GENERIC') return undefined
    // An unavailable key set does not make the token invalid.
    if (auth.jwksUrl !== undefined) throw new ApiError('UNAVAILABLE')
    return undefined
  }
}

/** Sets `who`, or responds 401. */
export function requireToken(authenticate: Authenticate) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const token = /^Bearer +([\w\-.~+/]+=*) *$/i.exec(c.req.header('Authorization') ?? '')?.[1]
    const who = token === undefined ? undefined : await authenticate(token)
    if (!who) throw new ApiError('UNAUTHENTICATED')
    c.set('who', who)
    await next()
  })
}

/** Use after `requireToken`. */
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
