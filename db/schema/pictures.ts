import type { Stamp } from './columns.ts'

export interface PicturesTable {
  /** SHA-256 of the bytes, in hex. */
  hash: string
  format: 'png' | 'jpeg' | 'webp'
  bytes: Buffer
  operator_id: string
  created_at: Stamp
}
