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
}
