import type { Delivery } from '../catalogue/product.ts'

/** Goods that the mall itself hands out once they are paid. */
const HANDED_OUT: readonly (Delivery | null)[] = ['codes', 'voucher']

export const isHandedOut = (delivery: Delivery | null): boolean => HANDED_OUT.includes(delivery)
