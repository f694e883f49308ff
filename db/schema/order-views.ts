import type { Id, Stamp } from './columns.ts'

export interface OrderViewsTable {
  id: Id
  operator_id: string
  name: string
  /** Of the list's address, without search words: those may be personal. */
  query: string
  created_at: Stamp
}
