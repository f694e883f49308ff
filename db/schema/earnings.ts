import type { ColumnType } from 'kysely'
import type { Big, Dated, Id } from './columns.ts'

export type EarningState = 'pending' | 'granted' | 'reversed'

export interface EarningsTable extends Dated {
  id: Id
  owner_id: string
  source: string
  external_id: string
  amount: string | null
  asked_points: ColumnType<string | null, bigint | null, never>
  points: Big
  /** Points not granted because of the daily cap. */
  capped: Big
  state: EarningState
  occurred_at: Date
  mature_at: Date
  expires_at: Date | null
  kid: string
  mac: Buffer
  granted_at: Date | null
  reversed_at: Date | null
  reverse_reason: string | null
  /** Points that a clawback could not take back. */
  shortfall: ColumnType<string, undefined, bigint>
  /** The part of it that no returned points have settled. */
  open_shortfall: ColumnType<string, undefined, bigint>
  operator_id: string
}
