import { type Insertable, type Selectable, sql } from 'kysely'
import type { Db, Tx } from '../client.ts'
import type { LevelChangesTable } from '../schema/level-changes.ts'

export type LevelChange = Selectable<LevelChangesTable>

/** Protects the level until the transaction ends, also one that is not set yet. */
export async function lockLevel(tx: Tx, ownerId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`level/${ownerId}`}, 0))`.execute(tx)
}

/** @returns undefined when the shop has set no level */
export async function findUser(
  db: Db,
  ownerId: string,
): Promise<{ readonly level: number; readonly revision: number } | undefined> {
  return db
    .selectFrom('users')
    .select(['level', 'revision'])
    .where('owner_id', '=', ownerId)
    .executeTakeFirst()
}

/** Requires `lockLevel`. */
export async function changeLevel(tx: Tx, change: Insertable<LevelChangesTable>): Promise<void> {
  const { owner_id, to_level: level } = change
  await tx
    .with('kept', (db) => db.insertInto('level_changes').values(change))
    .insertInto('users')
    .values({ owner_id, level })
    .onConflict((conflict) =>
      conflict
        .column('owner_id')
        .doUpdateSet({ level, revision: sql`users.revision + 1`, updated_at: new Date() }),
    )
    .execute()
}

export async function isLevelChanged(tx: Tx, operationKey: string): Promise<boolean> {
  const change = await tx
    .selectFrom('level_changes')
    .select('id')
    .where('operation_key', '=', operationKey)
    .executeTakeFirst()
  return change !== undefined
}

/** Newest first. */
export async function listLevelChanges(db: Db, ownerId: string, limit: number): Promise<LevelChange[]> {
  return db
    .selectFrom('level_changes')
    .selectAll()
    .where('owner_id', '=', ownerId)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

/** Sets a level only when the owner has none. */
export async function keepFirstLevel(db: Db, ownerId: string, level: number): Promise<void> {
  await db
    .insertInto('users')
    .values({ owner_id: ownerId, level })
    .onConflict((conflict) => conflict.column('owner_id').doNothing())
    .execute()
}

/** Whether the mall has met this owner: by a level, a wallet, a redemption or a sign-in. */
export async function isKnownOwner(db: Db, ownerId: string): Promise<boolean> {
  const { rows } = await sql<{ known: boolean }>`
    select exists (select from users where owner_id = ${ownerId})
      or exists (select from wallet_accounts where owner_id = ${ownerId})
      or exists (select from exchange_attempts where owner_id = ${ownerId} and state <> 'refused')
      or exists (select from web_sessions where owner_id = ${ownerId}) as known`.execute(db)
  return rows[0]?.known === true
}
