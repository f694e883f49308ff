import { sql } from 'kysely'
import type { Db } from '../client.ts'

/** Above every character that an owner's id may hold. */
const ABOVE_ALL = '\u{10ffff}'

export interface CustomerQuery {
  /** What the ids begin with; '' is all of them. */
  readonly prefix: string
  /** The ids that come after this one; '' from the beginning. */
  readonly after: string
  readonly limit: number
}

/**
 * Owners that have a wallet or a level of the shop, by their ids. Each half goes by an index in the order of the
 * result, so that a page costs the same however many there are.
 */
export async function listOwners(db: Db, { prefix, after, limit }: CustomerQuery): Promise<string[]> {
  const range = sql`owner_id > ${after} and owner_id >= ${prefix} and owner_id < ${prefix + ABOVE_ALL}`
  const { rows } = await sql<{ owner_id: string }>`
    (select distinct owner_id from wallet_accounts where owner_type = 'user' and ${range} order by owner_id limit ${limit})
    union
    (select owner_id from users where ${range} order by owner_id limit ${limit})
    order by owner_id limit ${limit}`.execute(db)
  return rows.map(({ owner_id }) => owner_id)
}

/** The levels that the shop keeps for these owners. */
export async function listLevels(db: Db, ownerIds: readonly string[]): Promise<Map<string, number>> {
  if (ownerIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('users')
    .select(['owner_id', 'level'])
    .where('owner_id', 'in', ownerIds)
    .execute()
  return new Map(rows.map(({ owner_id, level }) => [owner_id, level]))
}
