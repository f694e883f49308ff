import type { VerifyToken } from '../../application/access/tokens.ts'
import { PAGE_ROLES } from '../../domain/access.ts'
import type { TokenRefusal } from '../../domain/token-refusal.ts'
import type { SignInLink } from './deps.ts'

/** Longer-lived links stay usable in logs and histories. */
const LIFE_MAX_SECONDS = 300
/** Of the link's id: its column, and too long to guess. */
const ID = /^[^\p{Cc}\p{Cs}]{8,128}$/u

/** @returns a function that verifies sign-in links: valid for five minutes at most; each id counts once */
export function createLinkReader(verify: VerifyToken) {
  return async (token: string): Promise<SignInLink | TokenRefusal> => {
    const found = await verify(token, 'sign-in')
    if ('code' in found) return found
    const { principal, id = '', issuedAt = 0, expiry, expiresAtMs } = found
    const role = PAGE_ROLES.find((known) => known === principal.role)
    // Partner systems have no pages.
    if (role === undefined) return { code: 'claim', claim: 'role' }
    if (!ID.test(id)) return { code: 'claim', claim: 'jti' }
    if (expiry - issuedAt > LIFE_MAX_SECONDS) return { code: 'claim', claim: 'exp' }
    return { viewer: { ...principal, role }, id, expiresAt: new Date(expiresAtMs) }
  }
}
