import type { ColumnType, Generated } from 'kysely'
import type { PaymentStatus } from '../../domain/orders/status.ts'
import type { PaymentClient, PaymentMethod } from '../../domain/payments/method.ts'
import type { Dated, Decimal, Id } from './columns.ts'

export interface PaymentsTable extends Dated {
  id: Id
  order_no: string
  attempt_no: number
  out_trade_no: string
  method: PaymentMethod
  amount: Decimal
  state: PaymentStatus
  provider_ref: string | null
  payment_ref: string | null
  pay_url: string | null
  /** How the customer reaches the cashier; null before it is opened. */
  client: ColumnType<PaymentClient | null, PaymentClient | null | undefined, PaymentClient | null>
  refunded_amount: ColumnType<string, string | undefined, string>
  /** The provider answered "paid" to a close request, and the money is not booked yet. */
  paid_reported: Generated<boolean>
  paid_at: Date | null
  /** When the provider is asked next; null: it was not asked yet, and is asked some time after the attempt was opened. */
  next_query_at: ColumnType<Date | null, undefined, Date>
  /** Place of the next gap between two queries in the schedule. */
  query_step: Generated<number>
  queried_at: ColumnType<Date | null, undefined, Date>
  /** `queried_at` of the last query that the provider answered. */
  answered_query_at: ColumnType<Date | null, undefined, Date>
  /** When the customer last came back from the cashier. */
  returned_at: ColumnType<Date | null, undefined, Date>
}
