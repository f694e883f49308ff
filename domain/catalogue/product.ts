export const PRODUCT_STATUSES = ['draft', 'on_sale', 'off_sale', 'sold_out'] as const
export type ProductStatus = (typeof PRODUCT_STATUSES)[number]

export const PAYMENT_MODES = ['points_only', 'money_only', 'mixed'] as const
export type PaymentMode = (typeof PAYMENT_MODES)[number]

export const PRODUCT_TYPES = ['physical', 'virtual', 'service', 'customized'] as const
export type ProductType = (typeof PRODUCT_TYPES)[number]

export const SHIPPING_TYPES = ['logistics', 'pickup', 'none'] as const
export type ShippingType = (typeof SHIPPING_TYPES)[number]

/** The most that a product's fields may hold; for text, characters. */
export const PRODUCT_MAX = { title: 255, description: 10_000, image: 500, points: 1_000_000_000 } as const

/** The most that each field of an ExchangeLimit may be; the least is 1, of a level 0. */
export const LIMIT_MAX = {
  max_per_user: 1_000_000,
  max_per_order: 1_000_000,
  time_limit_seconds: 315_360_000,
  user_level_required: 1000,
} as const satisfies Record<keyof ExchangeLimit, number>

/** At so few pieces an operator should order more. The column `low_stock` of the database has the same number. */
export const LOW_STOCK = 10

/** The seed's ExchangeLimit (2.2); a missing field is no limit. */
export interface ExchangeLimit {
  readonly max_per_user?: number | undefined
  readonly max_per_order?: number | undefined
  /** The window of `max_per_user`, in seconds; without it the limit is over all time. */
  readonly time_limit_seconds?: number | undefined
  readonly user_level_required?: number | undefined
}

/** Goods that travel need an address. */
export function needsAddress(shippingType: ShippingType): boolean {
  return shippingType === 'logistics'
}
