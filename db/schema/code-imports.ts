import type { ColumnType } from 'kysely'
import type { Id, Ref, Stamp } from './columns.ts'

export interface ImportResult {
  readonly imported: number
  readonly duplicates: number
  readonly invalid: number
  /** The lines that were not imported, by their number, from 1. */
  readonly lines: readonly RefusedLine[]
}

export type RefusedLine =
  | { readonly line: number; readonly result: 'duplicate' }
  | {
      readonly line: number
      readonly result: 'invalid'
      readonly field: string
      readonly rule: string
      readonly bound?: string | undefined
    }

export interface CodeImportsTable {
  id: Id
  product_id: Ref
  operation_key: string
  result: ColumnType<ImportResult, string, never>
  operator_id: string
  created_at: Stamp
}
