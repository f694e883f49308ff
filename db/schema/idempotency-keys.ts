import type { Stamp } from './columns.ts'

export interface IdempotencyKeysTable {
  owner_id: string
  method: string
  path: string
  key: string
  body_hash: Buffer
  operation_key: string
  lease_until: Date
  status: number | null
  response: Buffer | null
  created_at: Stamp
}
