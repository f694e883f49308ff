import { SignJWT } from 'jose'
import type { Role } from '../../domain/access.ts'

/** Valid for 24 hours (RFC 9068). */
export function signAccessToken(
  signing: { readonly secret: string; readonly issuer: string; readonly audience: string },
  claims: { readonly sub: string; readonly role: Role; readonly level?: number },
): Promise<string> {
  return new SignJWT({ role: claims.role, level: claims.level ?? 1 })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setSubject(claims.sub)
    .setIssuer(signing.issuer)
    .setAudience(signing.audience)
    .setIssuedAt()
    .setExpirationTime('24h')
    .sign(new TextEncoder().encode(signing.secret))
}
