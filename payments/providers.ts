import { type AlipayAccount, createAlipay } from './alipay/provider.ts'
import type { PaymentProvider } from './port.ts'
import type { StripeAccount } from './stripe/api.ts'
import { createStripe } from './stripe/provider.ts'
import type { WechatAccount } from './wechat/api.ts'
import { createWechat } from './wechat/provider.ts'

export function createProviders(accounts: {
  readonly alipay?: AlipayAccount | undefined
  readonly wechat?: WechatAccount | undefined
  readonly stripe?: StripeAccount | undefined
}): PaymentProvider[] {
  const { alipay, wechat, stripe } = accounts
  return [
    ...(alipay ? [createAlipay(alipay)] : []),
    ...(wechat ? [createWechat(wechat)] : []),
    ...(stripe ? [createStripe(stripe)] : []),
  ]
}
