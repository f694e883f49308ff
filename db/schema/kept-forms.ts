import type { Generated } from 'kysely'
import type { Stamp } from './columns.ts'

export interface KeptFormsTable {
  id: Generated<string>
  /** SHA-256 of the secret in the cookie of the browser that sent it. */
  browser_hash: Buffer
  /** Null: the sender was not signed in. */
  owner_id: string | null
  /** A hash bucket of the sender's network address. */
  source: number
  sealed: Buffer
  created_at: Stamp
  expires_at: Date
  /** When its owner was redirected to it after signing in. */
  offered_at: Generated<Date | null>
}
