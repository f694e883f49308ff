/** The ways to pay the cash part of an exchange (seed section 9: `supported_methods`). */
export const PAYMENT_METHODS = ['wallet', 'alipay', 'wechat', 'bank_card'] as const

export type PaymentMethod = (typeof PAYMENT_METHODS)[number]

/** How often one order may be tried to be paid. Each attempt costs a provider and the order's workflow work. */
export const MAX_PAYMENT_ATTEMPTS = 20

/** Where the customer stands when he pays: inside the provider's own app, in a phone's browser, at a desk. */
export const PAYMENT_CLIENTS = ['in_app', 'h5', 'desktop'] as const

export type PaymentClient = (typeof PAYMENT_CLIENTS)[number]
