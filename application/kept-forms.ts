import { randomBytes } from 'node:crypto'
import type { Db } from '../db/client.ts'
import { findForm, insertForm, purgeForms } from '../db/kept-forms.ts'
import type { Sealer } from '../db/seal.ts'
import { findEndedViewer } from '../db/sessions.ts'

/** How long a form waits for its owner. */
export const KEPT_FORM_SECONDS = 1800
const NOBODYS_MAX = 2000

/** A form that could not be taken, because nobody was signed in any more. */
export interface KeptForm {
  /** Where it was sent to, with the query. */
  readonly path: string
  readonly fields: Readonly<Record<string, string>>
}

interface Place {
  readonly db: Db
  readonly sealer: Sealer
}

const CONTEXT = 'kept-form'

/**
 * Keeps a form, so that nothing typed is lost while its owner signs in again.
 * @param session the token of the session that has ended, which says whose it is
 * @returns the token to ask for it by; undefined where too much is kept already
 */
export async function keepForm(
  { db, sealer }: Place,
  form: KeptForm,
  session: string | undefined,
): Promise<string | undefined> {
  await purgeForms(db)
  const token = randomBytes(32).toString('base64url')
  const ownerId = session === undefined ? undefined : await findEndedViewer(db, session)
  const expiresAt = new Date(Date.now() + KEPT_FORM_SECONDS * 1000)
  const kept = { ownerId: ownerId ?? null, sealed: sealer.seal(form, CONTEXT), expiresAt }
  return (await insertForm(db, token, kept, NOBODYS_MAX)) ? token : undefined
}

/** @returns undefined for one of somebody else, too */
export async function findKeptForm(
  { db, sealer }: Place,
  token: string,
  ownerId: string,
): Promise<KeptForm | undefined> {
  const found = await findForm(db, token)
  if (!found || (found.owner_id !== null && found.owner_id !== ownerId)) return undefined
  return sealer.open(found.sealed, CONTEXT) as KeptForm
}
