import { DomainError } from './errors.ts'

/** Every role of an access token. `system` is a partner system, not a person. */
export const ROLES = ['customer', 'operator', 'admin', 'system'] as const
export type Role = (typeof ROLES)[number]

/** The roles of people: only they sign in at the pages. The database allows sessions of these roles only. */
export const PAGE_ROLES = ['customer', 'operator', 'admin'] as const satisfies readonly Role[]
export type PageRole = (typeof PAGE_ROLES)[number]

/** Who may do what, in the API and on the pages. A role that is not listed may not. */
export const RIGHTS = {
  /** Redeem, and see to one's own orders, wallet and addresses. */
  shop: ['customer', 'operator', 'admin'],
  /** Run the shop: products, categories, orders, customers and their levels, reconciliations. */
  operate: ['operator', 'admin'],
  /** Change a customer's wallet by hand. */
  change_wallets: ['admin'],
  /** Report what customers have earned elsewhere, and reverse it. */
  report_earnings: ['admin', 'system'],
} as const satisfies Record<string, readonly Role[]>
export type Right = keyof typeof RIGHTS

export function hasRight(role: Role, right: Right): boolean {
  return (RIGHTS[right] as readonly Role[]).includes(role)
}

/** @throws DomainError FORBIDDEN where the role does not have the right */
export function mustHaveRight(role: Role, right: Right): void {
  if (!hasRight(role, right)) throw new DomainError({ code: 'FORBIDDEN' })
}

/**
 * Nobody books for himself, whatever his role: see docs/decisions/0010-who-may-book.md.
 * @param actorId who acts for the shop, as staff or as a partner system
 * @param ownerId whose wallet, level, earning or order it is
 * @throws DomainError FORBIDDEN with the reason `own_account` where both are the same
 */
export function mustNotBeOwn(actorId: string, ownerId: string): void {
  if (actorId === ownerId) throw new DomainError({ code: 'FORBIDDEN', reason: 'own_account' })
}

/** Who somebody is, in tokens and sign-in links: no control characters. */
export const PRINCIPAL_ID = /^[^\p{Cc}\p{Cs}]+$/u
/** Columns hold so many characters. */
export const PRINCIPAL_ID_MAX = 64

/** Who is signed in: the verified claims of an access token, or of a session at the pages. */
export interface Principal {
  /** The owner's id: of a customer, or of a person of the shop. */
  readonly sub: string
  readonly role: Role
  /** From the token; a level kept by the shop wins over it. */
  readonly level: number
}
