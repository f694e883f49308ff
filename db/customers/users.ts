import type { Db } from '../client.ts'

/** @returns undefined where no level is stored: the access token's applies */
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
