import { findProduct } from '../db/catalogue/products.ts'
import type { Db, Tx } from '../db/client.ts'
import { issueCodes } from '../db/fulfilment/codes.ts'
import { issueVoucher } from '../db/fulfilment/vouchers.ts'
import { type ExchangeOrder, lockOrder, moveOrder, SYSTEM } from '../db/orders/orders.ts'
import type { Encryptor } from '../db/platform/encryption.ts'
import { DEFAULT_VOUCHER } from '../domain/catalogue/product.ts'
import { hasReached, type OrderStatus } from '../domain/orders/status.ts'
import { requireCurrentRun } from './run.ts'

export interface Delivered {
  readonly status: OrderStatus
  /** ISO; null unless the order is shipped. */
  readonly confirmBy: string | null
}

export function createDeliveryActivities({ db, sealer }: { readonly db: Db; readonly sealer: Encryptor }) {
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
      const until = await issue(tx, order, confirmBy)
      if (until === undefined) return { status, confirmBy: null }
      await moveOrder(tx, orderNo, 'order_shipped', SYSTEM, {
        confirm_by: new Date(until),
        note: { code: 'handed_out' },
      })
      return { status: 'order_shipped', confirmBy: until }
    })
  }

  /** @returns when the order finishes by itself; undefined where there is nothing to hand out */
  async function issue(tx: Tx, order: ExchangeOrder, confirmBy: string): Promise<string | undefined> {
    const { order_no: orderNo, product_id, quantity } = order
    if (order.delivery !== 'voucher') return (await issueCodes(tx, orderNo)) === 0 ? undefined : confirmBy
    const { uses, valid_days } = (await findProduct(tx, product_id))?.voucher ?? DEFAULT_VOUCHER
    const terms = { uses: uses * quantity, validDays: valid_days }
    const { valid_until } = await issueVoucher(tx, sealer, orderNo, terms)
    // A service is received when it is used up, or can no longer be used.
    return valid_until.toISOString()
  }

  return { deliverOrder }
}
