import { randomBytes } from 'node:crypto'
import type { Db } from '../../db/client.ts'
import {
  countSessionsOf,
  deleteSession,
  deleteSessionsOf,
  findLiveTokens,
  findSession,
  insertSession,
  purgeSessions,
  type SessionOwner,
  takeLink,
} from '../../db/customers/sessions.ts'
import type { PageRole, Principal } from '../../domain/access.ts'
import { pollWhile } from '../platform/polling.ts'

export type Viewer = Principal & { readonly role: PageRole }

export const SESSION_SECONDS = 12 * 3600
/** Kept after expiry, so that a late form still finds its owner. */
export const REMEMBERED_SECONDS = 24 * 3600

/**
 * Also deletes old sessions.
 * @param before token of this browser's session, which ends
 * @returns the session token for the cookie
 */
export async function signIn(db: Db, viewer: Viewer, before?: string): Promise<string> {
  await purgeSessions(db, REMEMBERED_SECONDS * 1000)
  if (before !== undefined) await deleteSession(db, before)
  const token = randomBytes(32).toString('base64url')
  const owner: SessionOwner = { owner_id: viewer.sub, role: viewer.role, level: viewer.level }
  await insertSession(db, token, owner, new Date(Date.now() + SESSION_SECONDS * 1000))
  return token
}

/**
 * Signs in with a verified link.
 * @param before token of this browser's session, which ends
 * @returns undefined if the link was already used
 */
export async function signInByLink(
  db: Db,
  link: { readonly viewer: Viewer; readonly id: string; readonly expiresAt: Date },
  before?: string,
): Promise<string | undefined> {
  return (await takeLink(db, link.id, link.expiresAt)) ? signIn(db, link.viewer, before) : undefined
}

export async function findViewer(db: Db, token: string): Promise<Viewer | undefined> {
  const found = await findSession(db, token)
  return found && { sub: found.owner_id, role: found.role, level: found.level }
}

export async function signOut(db: Db, token: string): Promise<void> {
  await deleteSession(db, token)
}

/** Ends every session of the owner. */
export async function signOutEverywhere(db: Db, ownerId: string): Promise<void> {
  await deleteSessionsOf(db, ownerId)
}

export async function countSessions(db: Db, ownerId: string): Promise<number> {
  return countSessionsOf(db, ownerId)
}

/** A session that is watched until `stop`. */
interface WatchedSession {
  /** Aborted when the session has ended. */
  readonly ended: AbortSignal
  readonly stop: () => void
}

/**
 * Tells when sessions end, with a single polling query for all of them.
 * @param complain called on a failed poll; polling continues
 */
export function watchSessions(
  db: Db,
  everyMs: number,
  complain: (error: unknown) => void,
): (token: string) => WatchedSession {
  const watched = new Map<string, Set<AbortController>>()

  async function look(): Promise<void> {
    // One that is watched from during the query is judged by the next one.
    const asked = [...watched.keys()]
    const live = await findLiveTokens(db, asked)
    for (const token of asked) {
      if (!live.has(token)) for (const end of watched.get(token) ?? []) end.abort()
    }
  }

  const schedule = pollWhile(() => watched.size > 0, everyMs, look, complain)

  return (token) => {
    const end = new AbortController()
    const ends = watched.get(token) ?? new Set()
    watched.set(token, ends.add(end))
    schedule()
    const stop = () => {
      ends.delete(end)
      if (ends.size === 0 && watched.get(token) === ends) watched.delete(token)
    }
    return { ended: end.signal, stop }
  }
}
