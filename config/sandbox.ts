import { type PaymentAccounts, type PaymentVariables, SANDBOX_KEY_ID } from './payments.ts'
import { publicKeyOf } from './rsa.ts'
import type { PaymentSecrets } from './secrets.ts'

/** The provider's half of each account, for the sandbox: what it verifies requests with and signs answers with. */
export function sandboxAccounts(
  { alipay, wechat, stripe }: PaymentAccounts,
  given: PaymentVariables,
  secrets: PaymentSecrets,
) {
  const [keyId] = wechat?.platformKeys.keys() ?? []
  return {
    alipay: alipay && {
      appId: alipay.appId,
      sellerId: alipay.sellerId,
      merchantPublicKey: publicKeyOf(alipay.privateKey),
      privateKey: given.SANDBOX_ALIPAY_PRIVATE_KEY ?? secrets.alipaySandboxKey,
    },
    wechat: wechat && {
      appId: wechat.appId,
      mchId: wechat.mchId,
      merchantSerial: wechat.serial,
      merchantPublicKey: publicKeyOf(wechat.privateKey),
      apiV3Key: wechat.apiV3Key,
      keyId: keyId ?? SANDBOX_KEY_ID,
      privateKey: given.SANDBOX_WECHAT_PRIVATE_KEY ?? secrets.wechatSandboxKey,
    },
    stripe: stripe && { secretKey: stripe.secretKey, webhookSecret: stripe.webhookSecret },
  }
}
