export const PAYMENT_METHODS = ['wallet', 'alipay', 'wechat', 'bank_card'] as const

export type PaymentMethod = (typeof PAYMENT_METHODS)[number]

/** Limits the work that one order can cause at providers and in its workflow. */
export const MAX_PAYMENT_ATTEMPTS = 20

/** Where the customer pays: inside the provider's app, in a mobile browser, or on a desktop. */
export const PAYMENT_CLIENTS = ['in_app', 'h5', 'desktop'] as const

export type PaymentClient = (typeof PAYMENT_CLIENTS)[number]
