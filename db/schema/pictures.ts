import type { Generated } from 'kysely'
import type { Stamp } from './columns.ts'

export interface PicturesTable {
  /** SHA-256, in hex, of the bytes that were stored first. */
  hash: string
  format: 'png' | 'jpeg' | 'webp'
  bytes: Buffer
  /** `unchecked`: as it was uploaded to an earlier version; `refused`: it was, and cannot be decoded. */
  state: Generated<'unchecked' | 'encoded' | 'refused'>
  operator_id: string
  created_at: Stamp
}
