/** The ways to pay the cash part of an exchange (seed section 9: `supported_methods`). */
export const PAYMENT_METHODS = ['wallet', 'alipay', 'wechat', 'bank_card'] as const

export type PaymentMethod = (typeof PAYMENT_METHODS)[number]
