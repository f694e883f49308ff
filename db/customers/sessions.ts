import { createHash } from 'node:crypto'
import type { Db } from '../client.ts'
import type { WebSessionsTable } from '../schema/web-sessions.ts'

/** Only the hash of a session's token is stored. */
export interface SessionOwner {
  readonly owner_id: string
  readonly role: WebSessionsTable['role']
  readonly level: number
}

const hashOf = (token: string) => createHash('sha256').update(token).digest()

/** @param token at least 32 random bytes */
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

/** @returns undefined for an unknown, revoked or expired token */
export async function findSession(db: Db, token: string): Promise<SessionOwner | undefined> {
  return db
    .selectFrom('web_sessions')
    .select(['owner_id', 'role', 'level'])
    .where('token_hash', '=', hashOf(token))
    .where('expires_at', '>', new Date())
    .executeTakeFirst()
}

/** Also finds ended sessions, until they are purged. */
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

/** @returns how many sessions ended */
export async function deleteSessionsOf(db: Db, ownerId: string): Promise<number> {
  const ended = await db
    .deleteFrom('web_sessions')
    .where('owner_id', '=', ownerId)
    .where('expires_at', '>', new Date())
    .executeTakeFirst()
  return Number(ended.numDeletedRows)
}

export async function countSessionsOf(db: Db, ownerId: string): Promise<number> {
  const { count } = await db
    .selectFrom('web_sessions')
    .select((is) => is.fn.countAll<string>().as('count'))
    .where('owner_id', '=', ownerId)
    .where('expires_at', '>', new Date())
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** @returns those of the tokens whose sessions go on */
export async function findLiveTokens(db: Db, tokens: readonly string[]): Promise<Set<string>> {
  if (tokens.length === 0) return new Set()
  const byHash = new Map(tokens.map((token) => [hashOf(token).toString('hex'), token]))
  const rows = await db
    .selectFrom('web_sessions')
    .select('token_hash')
    .where('token_hash', 'in', tokens.map(hashOf))
    .where('expires_at', '>', new Date())
    .execute()
  return new Set(rows.flatMap(({ token_hash }) => byHash.get(token_hash.toString('hex')) ?? []))
}

export async function takeLink(db: Db, linkId: string, expiresAt: Date): Promise<boolean> {
  const taken = await db
    .insertInto('sign_in_links')
    .values({ link_id: linkId, expires_at: expiresAt })
    .onConflict((conflict) => conflict.column('link_id').doNothing())
    .executeTakeFirst()
  return taken.numInsertedOrUpdatedRows === 1n
}

/** @param rememberedMs how long ended sessions are kept, to identify the owner of a late form */
export async function purgeSessions(db: Db, rememberedMs: number): Promise<void> {
  const now = new Date()
  await db
    .deleteFrom('web_sessions')
    .where('expires_at', '<', new Date(now.getTime() - rememberedMs))
    .execute()
  await db.deleteFrom('sign_in_links').where('expires_at', '<', now).execute()
}
