import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { certificates, rsaKey, url } from '../formats.ts'
import { newRsaKey, publicKeyOf } from '../rsa.ts'
import { accountSource } from './source.ts'

const SANDBOX_KEY_ID = 'PUB_KEY_ID_0000000001'

export const wechat = accountSource({
  variables: {
    WECHAT_APP_ID: z
      .string()
      .regex(/^wx[0-9a-zA-Z]{6,30}$/, 'wx and letters')
      .optional(),
    WECHAT_MCH_ID: z
      .string()
      .regex(/^\d{8,10}$/, '8 to 10 digits')
      .optional(),
    WECHAT_MCH_SERIAL: z
      .string()
      .regex(/^[0-9A-Fa-f]{8,64}$/, 'hex digits')
      .transform((hex) => hex.toUpperCase())
      .optional(),
    WECHAT_MCH_PRIVATE_KEY: rsaKey('private').optional(),
    WECHAT_API_V3_KEY: z
      .string()
      .refine((key) => Buffer.byteLength(key) === 32, '32 bytes')
      .optional(),
    WECHAT_PUBLIC_KEY_ID: z
      .string()
      .regex(/^PUB_KEY_ID_\w{8,64}$/, 'PUB_KEY_ID_…')
      .optional(),
    WECHAT_PUBLIC_KEY: rsaKey('public').optional(),
    WECHAT_PLATFORM_CERTIFICATES: certificates.optional(),
    WECHAT_BASE_URL: url.optional(),
    SANDBOX_WECHAT_PRIVATE_KEY: rsaKey('private').optional(),
  },
  needed: [
    'WECHAT_APP_ID',
    'WECHAT_MCH_ID',
    'WECHAT_MCH_SERIAL',
    'WECHAT_MCH_PRIVATE_KEY',
    'WECHAT_API_V3_KEY',
  ],
  baseUrl: 'WECHAT_BASE_URL',
  problems(
    { WECHAT_PUBLIC_KEY_ID: id, WECHAT_PUBLIC_KEY: key, WECHAT_PLATFORM_CERTIFICATES: certs },
    isGiven,
  ) {
    const problems: string[] = []
    if ((id === undefined) !== (key === undefined)) {
      problems.push('WECHAT_PUBLIC_KEY_ID, WECHAT_PUBLIC_KEY: set both, or none')
    }
    if (isGiven && key === undefined && certs === undefined) {
      problems.push('WECHAT_PUBLIC_KEY or WECHAT_PLATFORM_CERTIFICATES: one of them must be set')
    }
    return problems
  },
  secrets: {
    wechatPrivateKey: newRsaKey,
    wechatSandboxKey: newRsaKey,
    wechatApiV3Key: () => randomBytes(16).toString('hex'),
  },
  own(given, notifyUrl) {
    const { WECHAT_PUBLIC_KEY_ID: id, WECHAT_PUBLIC_KEY: key } = given
    return {
      baseUrl: given.WECHAT_BASE_URL ?? 'https://api.mch.weixin.qq.com',
      appId: given.WECHAT_APP_ID as string,
      mchId: given.WECHAT_MCH_ID as string,
      serial: given.WECHAT_MCH_SERIAL as string,
      privateKey: given.WECHAT_MCH_PRIVATE_KEY as string,
      apiV3Key: given.WECHAT_API_V3_KEY as string,
      platformKeys: new Map([
        ...(id && key ? [[id, key] as const] : []),
        ...(given.WECHAT_PLATFORM_CERTIFICATES ?? []),
      ]),
      notifyUrl,
    }
  },
  demo: (given, notifyUrl, { secrets, url: sandboxUrl }) => ({
    baseUrl: given.WECHAT_BASE_URL ?? sandboxUrl,
    appId: 'wx0000000000000001',
    mchId: '1900000001',
    serial: '0000000000000001',
    privateKey: secrets.wechatPrivateKey,
    apiV3Key: secrets.wechatApiV3Key,
    platformKeys: new Map([[SANDBOX_KEY_ID, publicKeyOf(secrets.wechatSandboxKey)]]),
    notifyUrl,
  }),
  side(account, given, secrets) {
    const [keyId] = account.platformKeys.keys()
    return {
      appId: account.appId,
      mchId: account.mchId,
      merchantSerial: account.serial,
      merchantPublicKey: publicKeyOf(account.privateKey),
      apiV3Key: account.apiV3Key,
      keyId: keyId ?? SANDBOX_KEY_ID,
      privateKey: given.SANDBOX_WECHAT_PRIVATE_KEY ?? secrets.wechatSandboxKey,
    }
  },
})
