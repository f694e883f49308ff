import type { NoteKind } from '../../domain/orders/desk-notes.ts'
import type { Id, Stamp } from './columns.ts'

export interface OrderNotesTable {
  id: Id
  order_no: string
  kind: NoteKind
  actor_id: string
  /** With `assigned`. */
  assignee: string | null
  /** With `note`. */
  said: Buffer | null
  operation_key: string
  created_at: Stamp
}
