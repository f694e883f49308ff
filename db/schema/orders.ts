import type { Generated } from 'kysely'
import type { OrderStatus } from '../../domain/orders/status.ts'
import type { Dated, Decimal, Id } from './columns.ts'

export interface OrdersTable extends Dated {
  id: Id
  order_no: string
  order_type: Generated<string>
  status: OrderStatus
  currency: Generated<string>
  amount: Decimal
  owner_type: string
  owner_id: string
}
