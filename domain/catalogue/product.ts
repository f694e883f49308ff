export const PRODUCT_STATUSES = ['draft', 'on_sale', 'off_sale', 'sold_out'] as const
export type ProductStatus = (typeof PRODUCT_STATUSES)[number]

export const PAYMENT_MODES = ['points_only', 'money_only', 'mixed'] as const
export type PaymentMode = (typeof PAYMENT_MODES)[number]

export const PRODUCT_TYPES = ['physical', 'virtual', 'service', 'customized'] as const
export type ProductType = (typeof PRODUCT_TYPES)[number]

export const SHIPPING_TYPES = ['logistics', 'pickup', 'none'] as const
export type ShippingType = (typeof SHIPPING_TYPES)[number]

/** How a paid order is fulfilled. */
export const DELIVERIES = ['shipment', 'pickup', 'codes', 'voucher', 'charge', 'manual'] as const
export type Delivery = (typeof DELIVERIES)[number]

/** The first is the default of the shipping type. */
const DELIVERIES_OF: Readonly<Record<ShippingType, readonly [Delivery, ...Delivery[]]>> = {
  logistics: ['shipment'],
  pickup: ['pickup', 'codes', 'voucher', 'manual'],
  none: ['manual', 'codes', 'voucher', 'charge'],
}

/** Deliveries that suit the shipping type, its default first. */
export const deliveriesOf = (type: ShippingType): readonly [Delivery, ...Delivery[]] => DELIVERIES_OF[type]

export const defaultDelivery = (type: ShippingType): Delivery => DELIVERIES_OF[type][0]

/** @returns the shipping type itself if it suits, else the one of which `delivery` is the usual way */
export function shippingFor(delivery: Delivery, type: ShippingType): ShippingType {
  if (DELIVERIES_OF[type].includes(delivery)) return type
  return SHIPPING_TYPES.find((one) => defaultDelivery(one) === delivery) ?? 'none'
}

/** What one piece of a product delivered by voucher gives. */
export interface VoucherTerms {
  readonly uses: number
  /** Days from when it is issued. */
  readonly valid_days: number
}

export const VOUCHER_MAX = { uses: 1000, valid_days: 3650 } as const satisfies Record<
  keyof VoucherTerms,
  number
>
export const DEFAULT_VOUCHER: VoucherTerms = { uses: 1, valid_days: 365 }

export const RETURN_DAYS_MAX = 365

/** How long an order can be returned: `days` count from receipt. */
export type Returnable = 'none' | 'before_shipping' | { readonly days: number }

/** Upper bounds of a product's fields; for text, in characters. */
export const PRODUCT_MAX = {
  title: 255,
  description: 10_000,
  image: 500,
  /** After the main one. */
  images: 9,
  alt: 100,
  points: 1_000_000_000,
  externalId: 64,
  rules: 5_000,
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
