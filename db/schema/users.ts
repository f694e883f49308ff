import type { Generated } from 'kysely'
import type { Dated } from './columns.ts'

export interface UsersTable extends Dated {
  owner_id: string
  level: number
  revision: Generated<number>
}
