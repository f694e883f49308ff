import type { ColumnType, Generated } from 'kysely'
import type { FindingKind } from '../../domain/reconciliation/comparison.ts'
import type { Side, Subject } from '../../domain/reconciliation/findings.ts'
import type { Id, Ref, Stamp } from './columns.ts'

export interface ReconciliationFindingsTable {
  id: Id
  reconciliation_id: Ref
  kind: FindingKind
  subject: ColumnType<Subject, string, never>
  ours: ColumnType<Side | null, string | null | undefined, never>
  theirs: ColumnType<Side | null, string | null | undefined, never>
  order_no: string | null
  state: Generated<'open' | 'healed'>
  found_at: Stamp
}
