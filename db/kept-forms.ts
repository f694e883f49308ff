import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from './client.ts'

const hashOf = (token: string) => createHash('sha256').update(token).digest()

/**
 * Keeps a sealed form. The database knows it by the hash of its token only.
 * @param ownerId null where it is not known who sent it
 * @param nobodysMax so many of nobody's are kept at once, so that strangers cannot fill the table
 * @returns false when there are too many
 */
export async function insertForm(
  db: Db,
  token: string,
  form: { readonly ownerId: string | null; readonly sealed: Buffer; readonly expiresAt: Date },
  nobodysMax: number,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into kept_forms (token_hash, owner_id, sealed, expires_at)
    select ${hashOf(token)}, ${form.ownerId}, ${form.sealed}, ${form.expiresAt}
    where ${form.ownerId}::text is not null
      or (select count(*) from kept_forms where owner_id is null) < ${nobodysMax}`.execute(db)
  return numAffectedRows === 1n
}

export async function findForm(
  db: Db,
  token: string,
): Promise<{ owner_id: string | null; sealed: Buffer } | undefined> {
  return db
    .selectFrom('kept_forms')
    .select(['owner_id', 'sealed'])
    .where('token_hash', '=', hashOf(token))
    .where('expires_at', '>', new Date())
    .executeTakeFirst()
}

export async function purgeForms(db: Db): Promise<void> {
  await db.deleteFrom('kept_forms').where('expires_at', '<', new Date()).execute()
}
