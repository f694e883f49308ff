export const PRODUCT_STATUSES = ['draft', 'on_sale', 'off_sale', 'sold_out'] as const
export type ProductStatus = (typeof PRODUCT_STATUSES)[number]

export const PAYMENT_MODES = ['points_only', 'money_only', 'mixed'] as const
export type PaymentMode = (typeof PAYMENT_MODES)[number]

export const PRODUCT_TYPES = ['physical', 'virtual', 'service', 'customized'] as const
export type ProductType = (typeof PRODUCT_TYPES)[number]

export const SHIPPING_TYPES = ['logistics', 'pickup', 'none'] as const
export type ShippingType = (typeof SHIPPING_TYPES)[number]

/** Upper bounds of a product's fields; for text, in characters. */
export const PRODUCT_MAX = {
  title: 255,
  description: 10_000,
  image: 500,
  points: 1_000_000_000,
  externalId: 64,
} as const

/** Upper bounds of ExchangeLimit. The lower bound is 1; for the level, 0. */
export const LIMIT_MAX = {
  max_per_user: 1_000_000,
  max_per_order: 1_000_000,
  time_limit_seconds: 315_360_000,
  user_level_required: 1000,
} as const satisfies Record<keyof ExchangeLimit, number>

/** Reorder level. The generated column `low_stock` repeats this number. */
export const LOW_STOCK = 10

/** A missing field is no limit. */
export interface ExchangeLimit {
  readonly max_per_user?: number | undefined
  readonly max_per_order?: number | undefined
  /** The window of `max_per_user`; without it the limit applies to all time. */
  readonly time_limit_seconds?: number | undefined
  readonly user_level_required?: number | undefined
}

export function needsAddress(shippingType: ShippingType): boolean {
  return shippingType === 'logistics'
}
