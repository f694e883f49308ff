import type { Generated } from 'kysely'
import type { Dated, Decimal } from './columns.ts'

export type RefundState = 'pending' | 'done' | 'failed' | 'done_by_hand'

/** Refunds through a provider. */
export interface PaymentRefundsTable extends Dated {
  /** `{out_trade_no}-R{n}` */
  refund_no: string
  out_trade_no: string
  amount: Decimal
  state: Generated<RefundState>
  refund_ref: string | null
  reason: string
  failure: string | null
  /** The refund of the order that it belongs to; null: an unapplied payment. */
  order_refund: string | null
  /** The refused refund that this one replaces. */
  replaces: string | null
  /** With `done_by_hand`: who refunded the money outside the mall, and why. */
  settled_by: string | null
  settled_reason: string | null
}
