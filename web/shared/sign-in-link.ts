import { type JWTPayload, jwtVerify } from 'jose'
import { z } from 'zod'
import { PAGE_ROLES, PRINCIPAL_ID, PRINCIPAL_ID_MAX } from '../../domain/access.ts'
import type { SignInLink } from './deps.ts'

const claims = z.object({
  sub: z.string().max(PRINCIPAL_ID_MAX).regex(PRINCIPAL_ID),
  // Partner systems have no pages.
  role: z.enum(PAGE_ROLES).default('customer'),
  level: z.int().min(0).max(1000).default(1),
  jti: z.string().min(8).max(128),
  iat: z.number(),
  exp: z.number(),
})

/** Longer-lived links stay usable in logs and histories. */
const LIFE_MAX_SECONDS = 300
/** How far the shop's clock may be ahead: a later `iat` would stretch the link's life. */
const AHEAD_MAX_SECONDS = 60

/**
 * Verifies sign-in links: a JWT (HS256, `AUTH_JWT_SECRET`) with `aud` `{audience}/sign-in`, so that an access token is
 * never a link. Valid for five minutes at most; `jti` is used once.
 */
export function createLinkReader(secret: string | undefined, issuer: string, audience: string) {
  const key = secret === undefined ? undefined : new TextEncoder().encode(secret)
  return async (token: string): Promise<SignInLink | undefined> => {
    if (!key || token.length > 4096) return undefined
    let payload: JWTPayload
    try {
      const verified = await jwtVerify(token, key, {
        algorithms: ['HS256'],
        issuer,
        audience: `${audience}/sign-in`,
        requiredClaims: ['sub', 'jti', 'iat', 'exp'],
      })
      payload = verified.payload
    } catch {
      return undefined
    }
    const parsed = claims.safeParse(payload)
    if (!parsed.success) return undefined
    const { sub, role, level, jti, iat, exp } = parsed.data
    if (exp - iat > LIFE_MAX_SECONDS || iat > Date.now() / 1000 + AHEAD_MAX_SECONDS) return undefined
    return { viewer: { sub, role, level }, id: jti, expiresAt: new Date(exp * 1000) }
  }
}
