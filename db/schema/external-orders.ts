import type { Generated } from 'kysely'
import type { Dated, Stamp } from './columns.ts'

/** An order that the shop's own order service keeps. */
export interface ExternalOrdersTable extends Dated {
  order_no: string
  /** Its number at the service; null until it is created there. */
  service_no: string | null
  /** Counts what the service is to be told. */
  revision: Generated<number>
  told_revision: Generated<number>
  /** Since it was last told. */
  tries: Generated<number>
  next_at: Stamp
  /** The service refused it permanently: an operator decides. */
  refused_at: Date | null
  /** Since when operators are shown that it cannot be told. */
  alarmed_at: Date | null
  failure: string | null
  skipped_by: string | null
  skipped_reason: string | null
}
