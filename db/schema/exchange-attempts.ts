import type { ColumnType, Generated } from 'kysely'
import type { Refusal } from '../../domain/errors.ts'
import type { ExternalStep } from '../../domain/orders/external-steps.ts'
import type { PaymentMethod } from '../../domain/payments/method.ts'
import type { Id, Ref, Stamp } from './columns.ts'

export interface ExchangeAttemptsTable {
  id: Id
  order_no: string
  owner_id: string
  idempotency_key: string | null
  product_id: Ref
  /** Null: none was named; the product has one. */
  sku_id: ColumnType<string | null, string | null | undefined, never>
  quantity: number
  payment_method: PaymentMethod | null
  cash_amount: string | null
  /** The order's total that the customer agreed to; null: not said. */
  expected_points: ColumnType<number | null, number | null | undefined, never>
  level: number
  request: Buffer
  /** An encrypted `PaymentChannel`; null: a phone's browser that returns to the order's page. */
  channel: ColumnType<Buffer | null, Buffer | null | undefined, Buffer | null>
  /** The wallet that holds the points of this order. */
  points_wallet: Generated<'ledger' | 'outside'>
  /** Who keeps the order: the mall's own tables, or the shop's order service. */
  order_service: Generated<'mall' | 'outside'>
  state: Generated<'pending' | 'placed' | 'refused'>
  /** A pending attempt counts as an unpaid order: external steps reserve stock or points for it. */
  counts_unpaid: Generated<boolean>
  refusal: ColumnType<Refusal | null, string | null, string | null>
  /** Steps that run in other systems; null: not recorded, the configuration decides. */
  outside_steps: ColumnType<ExternalStep[] | null, readonly ExternalStep[] | null | undefined, ExternalStep[]>
  /** When those systems had captured or released everything. */
  outside_settled_at: ColumnType<Date | null, undefined, Date | null>
  /** How many times a new workflow run has taken over. */
  run_epoch: Generated<number>
  /** The only workflow run that may act; null: the first one. */
  run_id: ColumnType<string | null, undefined, string>
  created_at: Stamp
  resolved_at: Date | null
}
