import type { ColumnType } from 'kysely'
import type { Totals } from '../../domain/reconciliation/comparison.ts'
import type { Id, Stamp } from './columns.ts'

export interface ReconciliationsTable {
  id: Id
  /** `YYYY-MM-DD` in Shanghai; read it with `::text`. */
  day: ColumnType<never, string, never>
  run_key: string
  totals: ColumnType<Totals, never, never>
  started_at: Stamp
  finished_at: Date | null
}
