import type { Stamp } from './columns.ts'

export type EntryKind = 'grant' | 'hold' | 'capture' | 'release' | 'reverse' | 'expire' | 'adjust' | 'freeze'

export interface WalletTransfersTable {
  operation_key: string
  kind: EntryKind
  from_account: string
  to_account: string
  order_no: string | null
  reason: string | null
  operator_id: string | null
  created_at: Stamp
}
