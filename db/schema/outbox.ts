import type { ColumnType } from 'kysely'
import type { Big, Id, Ref, Stamp } from './columns.ts'

export interface OutboxTable {
  id: Id
  kind: string
  key: string
  /** The order or owner within which `sequence` counts. */
  lane: Ref
  sequence: Big
  owner_id: string | null
  payload: ColumnType<Readonly<Record<string, unknown>>, string, never>
  created_at: Stamp
  /** When it was handed to the endpoints that want it. */
  delivered_at: Date | null
}
