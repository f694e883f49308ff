import type { Db } from '../../db/client.ts'
import { findLevel, isKnownOwner, keepLevel } from '../../db/customers/users.ts'
import { mustNotBeOwn } from '../../domain/access.ts'
import { isVisible, lengthOf } from '../../domain/text.ts'

/** Any script, without characters that nobody sees: two ids must not look alike because of them. */
const OWNER_ID = /^[^\p{Cc}\p{Cf}\p{Cs}]+$/u
/** Column length. */
export const OWNER_ID_MAX = 64

export const isOwnerId = (text: string): boolean =>
  OWNER_ID.test(text) && isVisible(text) && lengthOf(text) <= OWNER_ID_MAX
export const LEVEL_MAX = 1000

export interface UserView {
  readonly owner_id: string
  /** Null: the level of the access token applies. */
  readonly level: number | null
}

export async function readUser(db: Db, ownerId: string): Promise<UserView> {
  return { owner_id: ownerId, level: (await findLevel(db, ownerId)) ?? null }
}

/** Whether the mall has met this owner before: a typing error in an id names nobody. */
export async function isKnownUser(db: Db, ownerId: string): Promise<boolean> {
  return isKnownOwner(db, ownerId)
}

/** This level overrides the access token's. @throws DomainError FORBIDDEN for the operator's own level */
export async function setLevel(
  db: Db,
  ownerId: string,
  level: number,
  operatorId: string,
): Promise<UserView> {
  mustNotBeOwn(operatorId, ownerId)
  await keepLevel(db, ownerId, level)
  return { owner_id: ownerId, level }
}
