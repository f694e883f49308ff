import { hasReached } from '../../domain/orders/status.ts'
import type { OrderView } from '../orders/view.ts'
import { type ShownCharge, showCharge } from './charges.ts'
import { type CodeDeps, type ShownCode, showCodes } from './codes.ts'
import { type ShownVoucher, showVoucher } from './vouchers.ts'

export type ShownDelivery =
  | { readonly type: 'codes'; readonly codes: ShownCode[] }
  | ShownVoucher
  | ShownCharge

/** Whether codes or a voucher may be there: what was sent in parcels, or not yet handed over, needs no look. */
export const mayBeHandedOut = ({ status, shipments }: Pick<OrderView, 'status' | 'shipments'>): boolean =>
  hasReached(status, 'order_shipped') && shipments.length === 0

/**
 * What the customer got, for the owner's eyes: records that they saw it.
 * @returns undefined before there is anything
 */
export async function showDelivery(
  deps: CodeDeps,
  order: Pick<OrderView, 'order_no' | 'owner_id' | 'status' | 'shipments'>,
  viewerId: string,
): Promise<ShownDelivery | undefined> {
  if (order.shipments.length > 0) return undefined
  const charge = await showCharge(deps, order.order_no)
  if (charge || !mayBeHandedOut(order)) return charge
  const codes = await showCodes(deps, order, viewerId)
  return codes.length > 0 ? { type: 'codes', codes } : showVoucher(deps, order, viewerId)
}
