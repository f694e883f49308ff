import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Db, Tx } from '../client.ts'

const hashOf = (secret: string) => createHash('sha256').update(secret).digest()

interface NewForm {
  /** The secret in the browser's cookie; only its hash is stored. */
  readonly browser: string
  readonly ownerId: string | null
  readonly source: number
  readonly sealed: Buffer
  readonly expiresAt: Date
}

export interface KeptFormLimits {
  readonly perBrowser: number
  readonly perOwner: number
  /** Anonymous forms per network group, so that one sender cannot use up the limit. */
  readonly perSource: number
  readonly nobodys: number
  readonly owned: number
}

/** @returns false when a limit is reached */
export async function insertForm(tx: Tx, form: NewForm, limits: KeptFormLimits): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(hashtextextended('kept-forms', 0))`.execute(tx)
  const browser = hashOf(form.browser)
  const { rows } = await sql<Record<'browsers' | 'owners' | 'sources' | 'alike', number>>`
    select (count(*) filter (where browser_hash = ${browser}))::int as browsers,
      (count(*) filter (where owner_id = ${form.ownerId}))::int as owners,
      (count(*) filter (where owner_id is null and source = ${form.source}))::int as sources,
      (count(*) filter (where (owner_id is null) = ${form.ownerId === null}))::int as alike
    from kept_forms`.execute(tx)
  const [found] = rows
  if (!found || found.browsers >= limits.perBrowser) return false
  if (form.ownerId === null && (found.sources >= limits.perSource || found.alike >= limits.nobodys))
    return false
  if (form.ownerId !== null && (found.owners >= limits.perOwner || found.alike >= limits.owned)) return false
  const { ownerId, source, sealed, expiresAt } = form
  await tx
    .insertInto('kept_forms')
    .values({ browser_hash: browser, owner_id: ownerId, source, sealed, expires_at: expiresAt })
    .execute()
  return true
}

/** Assigns the browser's anonymous forms to the owner. @returns how many were not offered to the owner yet */
export async function claimForms(db: Db, browser: string, ownerId: string): Promise<number> {
  const claimed = await db
    .updateTable('kept_forms')
    .set({ owner_id: ownerId, offered_at: new Date() })
    .where('browser_hash', '=', hashOf(browser))
    .where((is) => is.or([is('owner_id', 'is', null), is('owner_id', '=', ownerId)]))
    .where('offered_at', 'is', null)
    .where('expires_at', '>', new Date())
    .executeTakeFirst()
  return Number(claimed.numUpdatedRows)
}

/** Oldest first. */
export async function listForms(
  db: Db,
  browser: string,
  ownerId: string,
): Promise<{ id: string; sealed: Buffer }[]> {
  return db
    .selectFrom('kept_forms')
    .select(['id', 'sealed'])
    .where('browser_hash', '=', hashOf(browser))
    .where('owner_id', '=', ownerId)
    .where('expires_at', '>', new Date())
    .orderBy('created_at')
    .orderBy('id')
    .execute()
}

export async function deleteForms(db: Db, browser: string, id?: string): Promise<void> {
  const ofBrowser = db.deleteFrom('kept_forms').where('browser_hash', '=', hashOf(browser))
  await (id === undefined ? ofBrowser : ofBrowser.where('id', '=', id)).execute()
}

export async function purgeForms(db: Db): Promise<void> {
  await db.deleteFrom('kept_forms').where('expires_at', '<', new Date()).execute()
}
