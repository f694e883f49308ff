import type { Id, Stamp } from './columns.ts'

/** Levels that operators set. A row never changes. */
export interface LevelChangesTable {
  id: Id
  owner_id: string
  /** Null: none was set before. */
  from_level: number | null
  to_level: number
  /** Null: the API was given none. */
  reason: string | null
  operation_key: string
  operator_id: string
  created_at: Stamp
}
