import type { OrderView } from '../orders/view.ts'
import { type CodeDeps, type ShownCode, showCodes } from './codes.ts'
import { type ShownVoucher, showVoucher } from './vouchers.ts'

export type ShownDelivery = { readonly type: 'codes'; readonly codes: ShownCode[] } | ShownVoucher

/**
 * What the customer got, for the owner's eyes: records that they saw it.
 * @returns undefined before there is anything
 */
export async function showDelivery(
  deps: CodeDeps,
  order: Pick<OrderView, 'order_no' | 'owner_id'>,
  viewerId: string,
): Promise<ShownDelivery | undefined> {
  const codes = await showCodes(deps, order, viewerId)
  return codes.length > 0 ? { type: 'codes', codes } : showVoucher(deps, order, viewerId)
}
