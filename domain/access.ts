import { DomainError } from './errors.ts'

/** `system` is a partner system, not a person. */
export const ROLES = ['customer', 'operator', 'admin', 'system'] as const
export type Role = (typeof ROLES)[number]

/** The roles that can sign in at the pages; the database allows sessions of these only. */
export const PAGE_ROLES = ['customer', 'operator', 'admin'] as const satisfies readonly Role[]
export type PageRole = (typeof PAGE_ROLES)[number]

/** What each role may do, in the API and on the pages. An unlisted role has no right. */
export const RIGHTS = {
  shop: ['customer', 'operator', 'admin'],
  operate: ['operator', 'admin'],
  change_wallets: ['admin'],
  report_earnings: ['admin', 'system'],
} as const satisfies Record<string, readonly Role[]>
export type Right = keyof typeof RIGHTS

export function hasRight(role: Role, right: Right): boolean {
  return (RIGHTS[right] as readonly Role[]).includes(role)
}

export function mustHaveRight(role: Role, right: Right): void {
  if (!hasRight(role, right)) throw new DomainError({ code: 'FORBIDDEN' })
}

/**
 * Nobody acts on their own account, whatever their role: see docs/decisions/0010-who-may-book.md.
 * @throws DomainError FORBIDDEN with the reason `own_account`
 */
export function mustNotBeOwn(actorId: string, ownerId: string): void {
  if (actorId === ownerId) throw new DomainError({ code: 'FORBIDDEN', reason: 'own_account' })
}

/** The signed-in principal: the verified claims of an access token or of a session. */
export interface Principal {
  readonly sub: string
  readonly role: Role
  /** From the token; a level stored by the shop takes precedence. */
  readonly level: number
}
