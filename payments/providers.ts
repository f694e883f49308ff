import type { ProviderName } from '../domain/payments/method.ts'
import { createAlipay } from './alipay/provider.ts'
import type { PaymentProvider } from './port.ts'
import { createStripe } from './stripe/provider.ts'
import { createWechat } from './wechat/provider.ts'

const CREATE = {
  alipay: createAlipay,
  wechat: createWechat,
  stripe: createStripe,
} as const satisfies Record<ProviderName, (account: never) => PaymentProvider>

type Accounts = { readonly [Name in ProviderName]?: Parameters<(typeof CREATE)[Name]>[0] | undefined }

/** A provider for each account that the shop has. */
export function createProviders(accounts: Accounts): PaymentProvider[] {
  return (Object.keys(CREATE) as ProviderName[]).flatMap((name) => {
    const account = accounts[name]
    // The account found under a name is the one that its function takes.
    return account ? [CREATE[name](account as never)] : []
  })
}
