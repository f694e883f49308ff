import type { Big, Ref } from './columns.ts'

export interface EventSequencesTable {
  lane: Ref
  last: Big
}
