import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type {
  AfterSaleEventData,
  AfterSaleStage,
  AfterSaleState,
  AfterSaleType,
} from '../../domain/orders/after-sale.ts'
import type { Dated, Decimal, Id } from './columns.ts'
import type { ShippingInfo } from './points-exchange-orders.ts'

export interface AfterSalesTable extends Dated {
  id: Id
  order_no: string
  owner_id: string
  type: AfterSaleType
  stage: AfterSaleStage
  /** Whether the goods had left the shop. */
  sent: boolean
  quantity: number
  state: Generated<AfterSaleState>
  reason: string
  /** Addresses of pictures. */
  pictures: JSONColumnType<readonly string[], string, never>
  /** What is refunded; before that, what would be. */
  points: number
  money: Decimal
  /** Null while nothing is refunded, and where nothing was left to refund. */
  refund_no: ColumnType<string | null, undefined, string>
  sellable: ColumnType<boolean | null, undefined, boolean>
  return_shipment: ColumnType<ShippingInfo | null, undefined, string>
  due_at: ColumnType<Date | null, Date | null, Date | null>
  /** Since when it waits for an operator beyond its deadline. */
  overdue_at: ColumnType<Date | null, Date | null, Date | null>
  operation_key: string
}

/** A row never changes. */
export interface AfterSaleEventsTable {
  id: Id
  after_sale_id: ColumnType<string, string, never>
  /** A repeated step finds its event by it. */
  event_key: string
  /** The state after the event. */
  state: AfterSaleState
  code: AfterSaleEventData['code']
  data: JSONColumnType<Readonly<Record<string, string>>, string, never>
  actor_type: string
  actor_id: string | null
  created_at: ColumnType<Date, undefined, never>
}
