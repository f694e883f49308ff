import type { Variables } from './env.ts'
import { ConfigError } from './error.ts'

/**
 * The shop's own points system. TLS is required outside a demo, because a forged answer would be believed.
 * @returns undefined when the mall's own ledger keeps the points
 * @throws ConfigError when the settings are incomplete, or the merchant's app id would reach nobody
 */
export function externalWalletOf(variables: Variables, demo: boolean) {
  const {
    POINTS_MALL_WALLET_URL: baseUrl,
    POINTS_MALL_WALLET_KEY_ID: keyId,
    POINTS_MALL_WALLET_SECRET: secret,
    POINTS_MALL_MERCHANT_APP_ID: merchantAppId,
  } = variables
  if (!baseUrl && !keyId && !secret) {
    if (merchantAppId === undefined) return undefined
    throw new ConfigError(
      'POINTS_MALL_MERCHANT_APP_ID: only an external wallet (POINTS_MALL_WALLET_URL) takes it; the providers have ALIPAY_APP_ID and WECHAT_APP_ID',
    )
  }
  if (!baseUrl || !keyId || !secret) {
    throw new ConfigError(
      'POINTS_MALL_WALLET_URL, POINTS_MALL_WALLET_KEY_ID, POINTS_MALL_WALLET_SECRET: set all of them, or none',
    )
  }
  if (!demo && !baseUrl.startsWith('https:')) throw new ConfigError('POINTS_MALL_WALLET_URL: must be https')
  return { baseUrl, keyId, secret, merchantAppId }
}
