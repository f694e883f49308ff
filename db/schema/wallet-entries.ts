import type { Big, Ref, Stamp } from './columns.ts'

export interface WalletEntriesTable {
  account_id: Ref
  version: Big
  operation_key: string
  kid: string
  sealed: Buffer
  mac: Buffer
  created_at: Stamp
}
