import { sql } from 'kysely'
import type { Db } from '../client.ts'

/** Greater than every character of an owner's id. */
const ABOVE_ALL = '\u{10ffff}'

export interface CustomerQuery {
  readonly prefix: string
  /** Keyset pagination: ids after this one. */
  readonly after: string
  readonly limit: number
}

/** Owners with a wallet or a stored level. Both halves use an ordered index, so every page costs the same. */
export async function listOwners(db: Db, { prefix, after, limit }: CustomerQuery): Promise<string[]> {
  const range = sql`owner_id > ${after} and owner_id >= ${prefix} and owner_id < ${prefix + ABOVE_ALL}`
  const { rows } = await sql<{ owner_id: string }>`
    (select distinct owner_id from wallet_accounts where owner_type = 'user' and ${range} order by owner_id limit ${limit})
    union
    (select owner_id from users where ${range} order by owner_id limit ${limit})
    order by owner_id limit ${limit}`.execute(db)
  return rows.map(({ owner_id }) => owner_id)
}

export async function listLevels(db: Db, ownerIds: readonly string[]): Promise<Map<string, number>> {
  if (ownerIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('users')
    .select(['owner_id', 'level'])
    .where('owner_id', 'in', ownerIds)
    .execute()
  return new Map(rows.map(({ owner_id, level }) => [owner_id, level]))
}
