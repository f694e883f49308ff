import type { PageRole } from '../../domain/access.ts'
import type { Stamp } from './columns.ts'

export interface WebSessionsTable {
  /** SHA-256 of the token in the cookie. */
  token_hash: Buffer
  owner_id: string
  role: PageRole
  level: number
  created_at: Stamp
  expires_at: Date
}
