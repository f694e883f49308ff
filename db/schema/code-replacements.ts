import type { Ref, Stamp } from './columns.ts'

export interface CodeReplacementsTable {
  old_code_id: Ref
  new_code_id: Ref
  order_no: string
  reason: string
  operator_id: string
  operation_key: string
  created_at: Stamp
}
