export const ROLES = ['customer', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** Who is signed in: the verified claims of an access token, or of a session at the pages. */
export interface Principal {
  /** The owner's id: of a customer, or of a person of the shop. */
  readonly sub: string
  readonly role: Role
  /** From the token; a level kept by the shop wins over it. */
  readonly level: number
}
