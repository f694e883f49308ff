import type { Db } from '../../db/client.ts'
import {
  changeLevel,
  findUser,
  isKnownOwner,
  isLevelChanged,
  listLevelChanges,
  lockLevel,
} from '../../db/customers/users.ts'
import { mustNotBeOwn } from '../../domain/access.ts'
import { isPrincipalId, PRINCIPAL_ID_MAX } from '../../domain/principal-id.ts'
import { type KnownVersions, mustBeCurrent } from '../../domain/versions.ts'

export const OWNER_ID_MAX = PRINCIPAL_ID_MAX

/** The ids with which somebody can sign in. */
export const isOwnerId = isPrincipalId
export const LEVEL_MAX = 1000

export interface UserView {
  readonly owner_id: string
  /** Null: the level of the access token applies. */
  readonly level: number | null
  /** Another one after each change. */
  readonly version: string
}

export interface LevelChangeView {
  /** Null: none was set before. */
  readonly from: number | null
  readonly to: number
  readonly reason: string | null
  readonly operator_id: string
  readonly at: string
}

export async function readUser(db: Db, ownerId: string): Promise<UserView> {
  const user = await findUser(db, ownerId)
  return { owner_id: ownerId, level: user?.level ?? null, version: `${user?.revision ?? 0}` }
}

const CHANGES_MAX = 20

/** The latest, newest first. */
export async function readLevelChanges(db: Db, ownerId: string): Promise<LevelChangeView[]> {
  const changes = await listLevelChanges(db, ownerId, CHANGES_MAX)
  return changes.map(({ from_level, to_level, reason, operator_id, created_at }) => ({
    from: from_level,
    to: to_level,
    reason,
    operator_id,
    at: created_at.toISOString(),
  }))
}

/** Whether the mall has met this owner before: a typing error in an id names nobody. */
export async function isKnownUser(db: Db, ownerId: string): Promise<boolean> {
  return isKnownOwner(db, ownerId)
}

/**
 * This level overrides the access token's. Each change is kept with who made it and why.
 * @param cause of a repeated operation key nothing changes
 * @throws DomainError FORBIDDEN for the operator's own level; STALE if it has changed since the known versions
 */
export async function setLevel(
  db: Db,
  ownerId: string,
  level: number,
  cause: {
    readonly operatorId: string
    readonly operationKey: string
    readonly reason?: string | undefined
    readonly known?: KnownVersions
  },
): Promise<UserView> {
  const { operatorId, operationKey, reason, known } = cause
  mustNotBeOwn(operatorId, ownerId)
  return db.transaction().execute(async (tx) => {
    await lockLevel(tx, ownerId)
    const user = await readUser(tx, ownerId)
    if (await isLevelChanged(tx, operationKey)) return user
    mustBeCurrent(user.version, known)
    if (user.level === level) return user
    await changeLevel(tx, {
      owner_id: ownerId,
      from_level: user.level,
      to_level: level,
      reason: reason ?? null,
      operation_key: operationKey,
      operator_id: operatorId,
    })
    return readUser(tx, ownerId)
  })
}
