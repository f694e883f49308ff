import { sql } from 'kysely'
import type { Db } from '../client.ts'

/** @returns undefined when the shop has set no level: the one of the access token applies */
export async function findLevel(db: Db, ownerId: string): Promise<number | undefined> {
  const row = await db.selectFrom('users').select('level').where('owner_id', '=', ownerId).executeTakeFirst()
  return row?.level
}

export async function keepLevel(db: Db, ownerId: string, level: number): Promise<void> {
  await db
    .insertInto('users')
    .values({ owner_id: ownerId, level })
    .onConflict((conflict) => conflict.column('owner_id').doUpdateSet({ level, updated_at: new Date() }))
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
