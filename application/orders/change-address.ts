import { isDeepStrictEqual } from 'node:util'
import { lockOrder, recordEvent, setAddress } from '../../db/orders/orders.ts'
import { needsAddress } from '../../domain/catalogue/product.ts'
import { type Address, missingIn, plainAddress } from '../../domain/customers/address.ts'
import { DomainError } from '../../domain/errors.ts'
import { hasReached, isOpen } from '../../domain/orders/status.ts'
import type { AddressBooks } from '../customers/addresses.ts'
import type { OrderView } from './view.ts'

/** Whether the customer may still change where the order goes: until it is accepted. */
export const mayMove = ({ status }: Pick<OrderView, 'status'>): boolean =>
  isOpen(status) && !hasReached(status, 'order_accepted')

/**
 * Changes where an order goes. Accepting it takes the same lock: one of the two comes first.
 * @throws DomainError ORDER_STATE_CONFLICT once it is accepted, or where nothing travels; ADDRESS_REQUIRED
 */
export async function changeOrderAddress(
  { db, sealer }: AddressBooks,
  order: Pick<OrderView, 'order_no' | 'order_id'>,
  ownerId: string,
  given: Partial<Record<keyof Address, string | null | undefined>>,
  operationKey: string,
): Promise<void> {
  const { order_no: orderNo } = order
  const address = plainAddress(given)
  const fields = missingIn(address)
  if (fields.length > 0) throw new DomainError({ code: 'ADDRESS_REQUIRED', fields })
  // An attempt that is not placed yet has no row to change.
  if (order.order_id === null) throw new DomainError({ code: 'ORDER_STATE_CONFLICT' })
  const place = `address/${orderNo}`
  await db.transaction().execute(async (tx) => {
    const found = await lockOrder(tx, orderNo)
    if (!mayMove(found) || !needsAddress(found.shipping_type)) {
      throw new DomainError({ code: 'ORDER_STATE_CONFLICT' })
    }
    const before = found.address_info && sealer.open(found.address_info, place)
    if (isDeepStrictEqual(before, address)) return
    await setAddress(tx, orderNo, sealer.seal(address, place))
    const by = { type: 'customer', id: ownerId } as const
    const note = { code: 'address_changed' } as const
    await recordEvent(tx, orderNo, `address/${operationKey}`, found.status, by, note)
  })
}
