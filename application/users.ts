import type { Db } from '../db/client.ts'
import { findLevel, keepLevel } from '../db/users.ts'

export interface UserView {
  readonly owner_id: string
  /** Null: the shop keeps none, and the access token's counts. */
  readonly level: number | null
}

export async function readUser(db: Db, ownerId: string): Promise<UserView> {
  return { owner_id: ownerId, level: (await findLevel(db, ownerId)) ?? null }
}

/** From now on this level wins over the one in the access token. */
export async function setLevel(db: Db, ownerId: string, level: number): Promise<UserView> {
  await keepLevel(db, ownerId, level)
  return { owner_id: ownerId, level }
}
