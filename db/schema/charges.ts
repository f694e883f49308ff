import type { Generated } from 'kysely'
import type { ChargeAnswer, ChargeState } from '../../domain/fulfilment/charge.ts'
import type { Dated } from './columns.ts'

export interface ChargesTable extends Dated {
  /** Also the number under which the supplier is asked. */
  order_no: string
  item: string
  quantity: number
  /** Encrypted. */
  account: Buffer
  state: Generated<ChargeState>
  /** What the supplier said last; null: nothing yet. */
  answer: Generated<ChargeAnswer | null>
  sends: Generated<number>
  queries: Generated<number>
  supplier_ref: Generated<string | null>
  /** The supplier's code. */
  failure: Generated<string | null>
  sent_at: Generated<Date | null>
  answered_at: Generated<Date | null>
  succeeded_at: Generated<Date | null>
  /** When the supplier is asked next; null: not any more. */
  next_at: Generated<Date | null>
  deadline_at: Generated<Date | null>
  overdue_at: Generated<Date | null>
  /** How long a refunded charge is asked about. */
  watch_until: Generated<Date | null>
  /** An operator has seen that it was charged and refunded. */
  acknowledged_at: Generated<Date | null>
  acknowledged_by: Generated<string | null>
  acknowledged_why: Generated<string | null>
}
