/** What the mall knows of a method without asking its provider. */
interface MethodFacts {
  /** The provider's name: the end of its notifications' address, and `source` of what they said. */
  readonly provider: string
  /** How long the answer of the provider leads to its cashier; absent: as long as the attempt is open. */
  readonly cashierLivesMinutes?: { readonly h5: number; readonly other: number }
  /** Opened inside the provider's app, it needs the payer's `openid`. */
  readonly needsOpenidInApp?: true
}

/** The methods that a provider serves. */
export const PROVIDER_METHODS = {
  alipay: { provider: 'alipay' },
  wechat: {
    provider: 'wechat',
    // An `h5_url` lives 5 minutes, a `code_url` and a `prepay_id` 2 hours: some time is left to get there.
    cashierLivesMinutes: { h5: 4, other: 110 },
    needsOpenidInApp: true,
  },
  bank_card: { provider: 'stripe' },
} as const satisfies Record<string, MethodFacts>

export type ProviderMethod = keyof typeof PROVIDER_METHODS
export type ProviderName = (typeof PROVIDER_METHODS)[ProviderMethod]['provider']

const METHODS_OF_PROVIDERS = Object.keys(PROVIDER_METHODS) as ProviderMethod[]

/** The ways to pay the cash part of an exchange. */
export const PAYMENT_METHODS = ['wallet', ...METHODS_OF_PROVIDERS] as const

export type PaymentMethod = (typeof PAYMENT_METHODS)[number]

export const PROVIDER_NAMES: readonly ProviderName[] = METHODS_OF_PROVIDERS.map(
  (method) => PROVIDER_METHODS[method].provider,
)

/** @returns undefined for the wallet, which has no provider */
export function factsOf(method: PaymentMethod): MethodFacts | undefined {
  return method === 'wallet' ? undefined : PROVIDER_METHODS[method]
}

/** How often one order may be tried to be paid. Each attempt costs a provider and the order's workflow work. */
export const MAX_PAYMENT_ATTEMPTS = 20

/** Where the customer pays: inside the provider's app, in a mobile browser, or on a desktop. */
export const PAYMENT_CLIENTS = ['in_app', 'h5', 'desktop'] as const

export type PaymentClient = (typeof PAYMENT_CLIENTS)[number]
