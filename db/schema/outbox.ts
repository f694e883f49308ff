import type { ColumnType } from 'kysely'
import type { Id, Stamp } from './columns.ts'

export interface OutboxTable {
  id: Id
  kind: string
  key: string
  owner_id: string
  payload: ColumnType<Readonly<Record<string, string | number>>, string, never>
  created_at: Stamp
  delivered_at: Date | null
}
