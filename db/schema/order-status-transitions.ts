import type { OrderStatus } from '../../domain/orders/status.ts'

/** The moves that the trigger on orders allows: the table of `domain/orders/status.ts`. */
export interface OrderStatusTransitionsTable {
  from_status: OrderStatus
  to_status: OrderStatus
}
