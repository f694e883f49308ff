import { createMiddleware } from 'hono/factory'
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Config } from '../config.ts'
import { type Principal, ROLES, type Role } from '../domain/access.ts'
import type { ApiEnv, Authenticate } from './deps.ts'
import { ApiError } from './problems.ts'

const claims = z.object({
  // oxlint-disable-next-line no-control-regex
  sub: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[^\p{Cc}\p{Cs}]+$/u),
  role: z.enum(ROLES),
  level: z.int().min(0).max(1000).default(1),
  exp: z.number(),
})

const TOKEN_MAX_LENGTH = 4096
const CACHE_MAX_TOKENS = 2000
const CACHE_MAX_MS = 30_000

/**
 * Verifies access tokens (RFC 7519) against a fixed list of algorithms: HS256 where the shop has a secret,
 * and otherwise the signature algorithms of its key set (RFC 8725 section 3.1: never the token's own choice).
 * @throws ApiError UNAVAILABLE when the key set cannot be fetched
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
    // The key set did not answer: that says nothing about the token.
    if (auth.jwksUrl !== undefined) throw new ApiError('UNAVAILABLE')
    return undefined
  }
}

/** Sets `who`, or answers 401. */
export function requireToken(authenticate: Authenticate) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const token = /^Bearer +([\w\-.~+/]+=*) *$/i.exec(c.req.header('Authorization') ?? '')?.[1]
    const who = token === undefined ? undefined : await authenticate(token)
    if (!who) throw new ApiError('UNAUTHENTICATED')
    c.set('who', who)
    await next()
  })
}

/** Lets only these roles pass; comes after `requireToken`. */
export function requireRole(...roles: readonly Role[]) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    if (!roles.includes(c.get('who').role)) throw new ApiError('FORBIDDEN')
    await next()
  })
}
