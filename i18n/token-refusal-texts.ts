import type { TokenRefusal } from '../domain/token-refusal.ts'

/** For `error_description` (RFC 6750, 3): ASCII without quotes and backslashes, read by engineers. */
const DESCRIPTIONS: Readonly<Record<TokenRefusal['code'], string>> = {
  malformed: 'not a JWT',
  algorithm: 'the algorithm is not accepted',
  key: 'the key set has no such key',
  signature: 'wrong signature',
  expired: 'expired',
  not_yet_valid: 'not yet valid: nbf or iat is in the future',
  issuer: 'wrong issuer (iss)',
  audience: 'wrong audience (aud)',
  claim: 'missing or wrong claim',
}

export function tokenRefusalText({ code, claim }: TokenRefusal): string {
  const text = DESCRIPTIONS[code]
  return claim === undefined ? text : `${text}: ${claim.replaceAll(/[^\x20-\x7e]|["\\]/g, '?')}`
}
