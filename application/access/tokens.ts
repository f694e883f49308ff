import { createRemoteJWKSet, decodeProtectedHeader, errors, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { Principal } from '../../domain/access.ts'
import type { TokenRefusal } from '../../domain/token-refusal.ts'
import { type ClaimNames, claimAt, OWN_CLAIMS, principalOf } from './claims.ts'

export interface TokenSettings {
  /** Verifies HS256; undefined: such tokens are refused. */
  readonly secret: string | undefined
  /** Verifies everything else; undefined: such tokens are refused. */
  readonly jwksUrl: string | undefined
  readonly issuer: string
  readonly audience: string
  /** Who signs with the key set, and for whom. */
  readonly jwksIssuer: string
  readonly jwksAudience: string
  /** The claims of the key set's tokens. */
  readonly claims: ClaimNames
}

export interface VerifiedToken {
  readonly principal: Principal
  readonly id: string | undefined
  /** Seconds since 1970. */
  readonly issuedAt: number | undefined
  /** When it is no longer accepted, leeway included, in milliseconds since 1970. */
  readonly expiresAtMs: number
  /** Seconds since 1970, as it is written. */
  readonly expiry: number
}

/** The key set cannot be read, which says nothing about the token. */
export class KeySetUnavailableError extends Error {
  override name = 'KeySetUnavailableError'
  readonly code = 'UNAVAILABLE'
}

/** Clocks of other machines differ. */
export const LEEWAY_SECONDS = 60
const LEEWAY_MS = LEEWAY_SECONDS * 1000
const TOKEN_MAX_LENGTH = 8192
const KEY_SET_MS = 2_000
/** Unknown key ids cause at most one look at the key set in this time. */
const KEY_SET_COOLDOWN_MS = 5_000

const SECRET_ALGORITHMS = ['HS256']
const KEY_SET_ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

interface Source {
  readonly algorithms: string[]
  readonly key: JWTVerifyGetKey
  readonly issuer: string
  readonly audience: string
  /** In the order in which they are tried. */
  readonly claims: readonly ClaimNames[]
  readonly hashesLongIds: boolean
}

export type VerifyToken = (token: string, kind: 'access' | 'sign-in') => Promise<VerifiedToken | TokenRefusal>

/**
 * Verifies access tokens and sign-in links (RFC 7519, RFC 8725): HS256 with the secret only, asymmetric algorithms with
 * the key set only, whatever the token names. A sign-in link has the audience `{audience}/sign-in`.
 * @returns a function that throws KeySetUnavailableError
 */
export function createTokenVerifier(settings: TokenSettings): VerifyToken {
  const sources = sourcesOf(settings)
  return async (token, kind) => {
    if (token.length > TOKEN_MAX_LENGTH) return { code: 'malformed' }
    const algorithm = algorithmOf(token)
    if (algorithm === undefined) return { code: 'malformed' }
    const source = sources.find(({ algorithms }) => algorithms.includes(algorithm))
    if (!source) return { code: 'algorithm' }
    try {
      const { payload } = await jwtVerify(token, source.key, {
        algorithms: source.algorithms,
        issuer: source.issuer,
        audience: kind === 'sign-in' ? `${source.audience}/sign-in` : source.audience,
        clockTolerance: LEEWAY_SECONDS,
        requiredClaims: kind === 'sign-in' ? ['jti', 'iat', 'exp'] : ['exp'],
      })
      const { iat, exp = 0, jti } = payload
      if (iat !== undefined && typeof iat !== 'number') return { code: 'claim', claim: 'iat' }
      if (iat !== undefined && iat * 1000 > Date.now() + LEEWAY_MS) return { code: 'not_yet_valid' }
      const principal = firstPrincipal(payload, source, kind)
      if ('code' in principal) return principal
      return { principal, id: jti, issuedAt: iat, expiry: exp, expiresAtMs: exp * 1000 + LEEWAY_MS }
    } catch (error) {
      return refusalOf(error)
    }
  }
}

function sourcesOf(settings: TokenSettings): Source[] {
  const { secret, jwksUrl, issuer, audience, claims } = settings
  const sources: Source[] = []
  if (secret !== undefined) {
    const key = new TextEncoder().encode(secret)
    const own = { ...claims, defaultRole: undefined }
    sources.push({
      algorithms: SECRET_ALGORITHMS,
      key: () => key,
      issuer,
      audience,
      claims: [own, OWN_CLAIMS],
      hashesLongIds: false,
    })
  }
  if (jwksUrl !== undefined) {
    sources.push({
      algorithms: KEY_SET_ALGORITHMS,
      key: createRemoteJWKSet(new URL(jwksUrl), {
        timeoutDuration: KEY_SET_MS,
        cooldownDuration: KEY_SET_COOLDOWN_MS,
      }),
      issuer: settings.jwksIssuer,
      audience: settings.jwksAudience,
      claims: [claims],
      hashesLongIds: true,
    })
  }
  return sources
}

function algorithmOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg
  } catch {
    return undefined
  }
}

/** The shop's link to a customer need not name the role. */
function firstPrincipal(
  payload: Parameters<typeof principalOf>[0],
  { claims, hashesLongIds }: Source,
  kind: 'access' | 'sign-in',
): Principal | TokenRefusal {
  let last: TokenRefusal = { code: 'claim' }
  for (const names of claims) {
    const isUnnamed = kind === 'sign-in' && claimAt(payload, names.role) === undefined
    const found = principalOf(
      payload,
      isUnnamed ? { ...names, defaultRole: 'customer' } : names,
      hashesLongIds,
    )
    if (!('code' in found)) return found
    last = found
  }
  return last
}

/** @throws KeySetUnavailableError */
function refusalOf(error: unknown): TokenRefusal {
  if (error instanceof errors.JWTExpired) return { code: 'expired' }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = error
    if (reason !== 'check_failed') return { code: 'claim', claim }
    if (claim === 'nbf' || claim === 'iat') return { code: 'not_yet_valid' }
    return claim === 'iss'
      ? { code: 'issuer' }
      : claim === 'aud'
        ? { code: 'audience' }
        : { code: 'claim', claim }
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return { code: 'signature' }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return { code: 'key' }
  }
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) throw unavailable(error)
  if (!(error instanceof errors.JOSEError) || error.code === 'ERR_JOSE_GENERIC') throw unavailable(error)
  return { code: 'malformed' }
}

const unavailable = (cause: unknown) => new KeySetUnavailableError('the key set cannot be read', { cause })
