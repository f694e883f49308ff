import { randomBytes } from 'node:crypto'
import type { Db } from '../../db/client.ts'
import {
  deleteSession,
  findSession,
  insertSession,
  purgeSessions,
  type SessionOwner,
  takeLink,
} from '../../db/customers/sessions.ts'
import type { PageRole, Principal } from '../../domain/access.ts'

export type Viewer = Principal & { readonly role: PageRole }

export const SESSION_SECONDS = 12 * 3600
/** Kept after expiry, so that a late form still finds its owner. */
export const REMEMBERED_SECONDS = 24 * 3600

export async function signIn(db: Db, viewer: Viewer): Promise<string> {
  await purgeSessions(db, REMEMBERED_SECONDS * 1000)
  const token = randomBytes(32).toString('base64url')
  const owner: SessionOwner = { owner_id: viewer.sub, role: viewer.role, level: viewer.level }
  await insertSession(db, token, owner, new Date(Date.now() + SESSION_SECONDS * 1000))
  return token
}

/** @returns undefined if the link was used before */
export async function signInByLink(
  db: Db,
  link: { readonly viewer: Viewer; readonly id: string; readonly expiresAt: Date },
): Promise<string | undefined> {
  return (await takeLink(db, link.id, link.expiresAt)) ? signIn(db, link.viewer) : undefined
}

export async function findViewer(db: Db, token: string): Promise<Viewer | undefined> {
  const found = await findSession(db, token)
  return found && { sub: found.owner_id, role: found.role, level: found.level }
}

export async function signOut(db: Db, token: string): Promise<void> {
  await deleteSession(db, token)
}
