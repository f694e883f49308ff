import { createHash } from 'node:crypto'
import type { Db } from '../client.ts'
import type { WebSessionsTable } from '../schema/web-sessions.ts'

/** Who is signed in at the pages. The database knows a session by the hash of its token only. */
export interface SessionOwner {
  readonly owner_id: string
  readonly role: WebSessionsTable['role']
  readonly level: number
}

const hashOf = (token: string) => createHash('sha256').update(token).digest()

/** @param token random, at least 32 bytes of it */
export async function insertSession(
  db: Db,
  token: string,
  owner: SessionOwner,
  expiresAt: Date,
): Promise<void> {
  await db
    .insertInto('web_sessions')
    .values({ token_hash: hashOf(token), ...owner, expires_at: expiresAt })
    .execute()
}

/** @returns undefined for a token that was never given out, was given back, or is past its time */
export async function findSession(db: Db, token: string): Promise<SessionOwner | undefined> {
  return db
    .selectFrom('web_sessions')
    .select(['owner_id', 'role', 'level'])
    .where('token_hash', '=', hashOf(token))
    .where('expires_at', '>', new Date())
    .executeTakeFirst()
}

/** Whose session it is or was, until it is forgotten. */
export async function findEndedViewer(db: Db, token: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('web_sessions')
    .select('owner_id')
    .where('token_hash', '=', hashOf(token))
    .executeTakeFirst()
  return row?.owner_id
}

export async function deleteSession(db: Db, token: string): Promise<void> {
  await db.deleteFrom('web_sessions').where('token_hash', '=', hashOf(token)).execute()
}

/** Uses a sign-in link up. @returns false when somebody has used it before */
export async function takeLink(db: Db, linkId: string, expiresAt: Date): Promise<boolean> {
  const taken = await db
    .insertInto('sign_in_links')
    .values({ link_id: linkId, expires_at: expiresAt })
    .onConflict((conflict) => conflict.column('link_id').doNothing())
    .executeTakeFirst()
  return taken.numInsertedOrUpdatedRows === 1n
}

/**
 * Forgets links past their time, and sessions some time after theirs.
 * @param rememberedMs a form that comes after its session has ended is still known to be its owner's for so long
 */
export async function purgeSessions(db: Db, rememberedMs: number): Promise<void> {
  const now = new Date()
  await db
    .deleteFrom('web_sessions')
    .where('expires_at', '<', new Date(now.getTime() - rememberedMs))
    .execute()
  await db.deleteFrom('sign_in_links').where('expires_at', '<', now).execute()
}
