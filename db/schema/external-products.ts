import type { ColumnType, Generated } from 'kysely'
import type { Dated, Ref, Stamp } from './columns.ts'

/** A product that is linked to a product of the shop's own system, and what was last read of it. */
export interface ExternalProductsTable extends Dated {
  product_id: Ref
  external_id: string
  state: Generated<'new' | 'current' | 'gone' | 'unlinked'>
  /** Pieces of the shop that are in the mall's stock or were redeemed; null: the shop gives none. */
  allotted: number | null
  /** Pieces that the shop has taken back and that were redeemed before. */
  short: Generated<number>
  /** The stock movement after which the stock is the mall's again; null: it is the shop's, or always was the mall's. */
  own_since: string | null
  problems: ColumnType<string[], string, string>
  /** Taken off sale because of the shop; it is resumed when the shop does. */
  is_paused: Generated<boolean>
  /** Counts what was applied. */
  changes: Generated<number>
  /** Since it was last read. */
  tries: Generated<number>
  failure: string | null
  refreshed_at: Date | null
  next_at: Stamp
}
