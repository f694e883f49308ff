import type { Generated } from 'kysely'
import type { Dated, Id } from './columns.ts'

export interface CategoriesTable extends Dated {
  id: Id
  name: string
  sort: Generated<number>
  operation_key: string | null
  deleted_at: Date | null
}
