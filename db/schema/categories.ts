import type { ColumnType, Generated } from 'kysely'
import type { Dated, Id } from './columns.ts'

export interface CategoriesTable extends Dated {
  id: Id
  name: string
  sort: Generated<number>
  /** Null: at the top. */
  parent_id: ColumnType<string | null, string | null | undefined, string | null>
  operation_key: string | null
  /** Counts edits; sales do not count. */
  revision: Generated<number>
  /** The operation that made this revision. */
  revision_key: Generated<string | null>
  deleted_at: Date | null
}
