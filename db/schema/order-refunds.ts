import type { Decimal, Stamp } from './columns.ts'

/** Refunds of a paid order: parts, and finally the rest. A row never changes. */
export interface OrderRefundsTable {
  /** `{order_no}-R{n}` */
  refund_no: string
  order_no: string
  kind: 'part' | 'rest'
  points: number
  money: Decimal
  reason: string
  operation_key: string
  actor_type: string
  actor_id: string | null
  created_at: Stamp
}
