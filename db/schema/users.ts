import type { Dated } from './columns.ts'

export interface UsersTable extends Dated {
  owner_id: string
  level: number
}
