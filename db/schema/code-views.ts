import type { Id, Ref, Stamp } from './columns.ts'

export interface CodeViewsTable {
  id: Id
  code_id: Ref
  viewer_id: string
  at: Stamp
}
