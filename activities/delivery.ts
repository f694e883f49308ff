import type { Db } from '../db/client.ts'
import { issueCodes } from '../db/fulfilment/codes.ts'
import { lockOrder, moveOrder, SYSTEM } from '../db/orders/orders.ts'
import { hasReached, type OrderStatus } from '../domain/orders/status.ts'
import { requireCurrentRun } from './run.ts'

export interface Delivered {
  readonly status: OrderStatus
  /** ISO; null unless the order is shipped. */
  readonly confirmBy: string | null
}

export function createDeliveryActivities({ db }: { readonly db: Db }) {
  /**
   * Hands out what a paid order is for, in the transaction that shows it to the owner. Repeatable: what is handed out
   * stays. An order for which nothing is set aside stays as it is, for an operator.
   * @param confirmBy ISO time of the automatic confirmation, if it is handed out now
   */
  async function deliverOrder(orderNo: string, confirmBy: string): Promise<Delivered> {
    return db.transaction().execute(async (tx) => {
      const order = await lockOrder(tx, orderNo)
      requireCurrentRun(order)
      const { status, confirm_by } = order
      if (hasReached(status, 'order_shipped')) {
        return { status, confirmBy: confirm_by?.toISOString() ?? null }
      }
      if (!hasReached(status, 'order_paid')) return { status, confirmBy: null }
      if ((await issueCodes(tx, orderNo)) === 0) return { status, confirmBy: null }
      await moveOrder(tx, orderNo, 'order_shipped', SYSTEM, {
        confirm_by: new Date(confirmBy),
        note: { code: 'handed_out' },
      })
      return { status: 'order_shipped', confirmBy }
    })
  }

  return { deliverOrder }
}
