import { z } from 'zod'
import { rsaKey, url } from '../formats.ts'
import { newRsaKey, publicKeyOf } from '../rsa.ts'
import { accountSource } from './source.ts'

export const alipay = accountSource({
  variables: {
    ALIPAY_APP_ID: z
      .string()
      .regex(/^\d{8,32}$/, 'digits')
      .optional(),
    ALIPAY_SELLER_ID: z
      .string()
      .regex(/^2088\d{12}$/, '2088 and twelve digits')
      .optional(),
    ALIPAY_PRIVATE_KEY: rsaKey('private').optional(),
    ALIPAY_PUBLIC_KEY: rsaKey('public').optional(),
    ALIPAY_GATEWAY_URL: url.optional(),
    SANDBOX_ALIPAY_PRIVATE_KEY: rsaKey('private').optional(),
  },
  needed: ['ALIPAY_APP_ID', 'ALIPAY_SELLER_ID', 'ALIPAY_PRIVATE_KEY', 'ALIPAY_PUBLIC_KEY'],
  baseUrl: 'ALIPAY_GATEWAY_URL',
  secrets: { alipayPrivateKey: newRsaKey, alipaySandboxKey: newRsaKey },
  own: (given, notifyUrl) => ({
    gatewayUrl: given.ALIPAY_GATEWAY_URL ?? 'https://openapi.alipay.com/gateway.do',
    appId: given.ALIPAY_APP_ID as string,
    sellerId: given.ALIPAY_SELLER_ID as string,
    privateKey: given.ALIPAY_PRIVATE_KEY as string,
    alipayPublicKey: given.ALIPAY_PUBLIC_KEY as string,
    notifyUrl,
  }),
  demo: (given, notifyUrl, { secrets, url: sandboxUrl }) => ({
    gatewayUrl: given.ALIPAY_GATEWAY_URL ?? `${sandboxUrl}/gateway.do`,
    appId: '2021000000000001',
    sellerId: '2088000000000001',
    privateKey: secrets.alipayPrivateKey,
    alipayPublicKey: publicKeyOf(secrets.alipaySandboxKey),
    notifyUrl,
  }),
  side: (account, given, secrets) => ({
    appId: account.appId,
    sellerId: account.sellerId,
    merchantPublicKey: publicKeyOf(account.privateKey),
    privateKey: given.SANDBOX_ALIPAY_PRIVATE_KEY ?? secrets.alipaySandboxKey,
  }),
})
