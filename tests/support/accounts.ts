import { createPublicKey, generateKeyPairSync } from 'node:crypto'

/** The shop's accounts at the sandbox, from both sides; keys are created once per process. */
export interface Accounts {
  readonly alipay: { readonly shopKey: string; readonly providerKey: string }
  readonly wechat: { readonly shopKey: string; readonly providerKey: string; readonly apiV3Key: string }
  readonly stripe: { readonly secretKey: string; readonly webhookSecret: string }
}

const ALIPAY = { appId: '2021000000000001', sellerId: '2088000000000001' }
const WECHAT = { appId: 'wx0000000000000001', mchId: '1900000001' }
const WECHAT_SERIAL = '0000000000000001'
const WECHAT_KEY_ID = 'PUB_KEY_ID_0000000001'

export const newKey = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey

/** Takes a private key; returns its public half. Both PEM. */
export const publicOf = (privateKey: string) =>
  createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()

export const ACCOUNTS: Accounts = {
  alipay: { shopKey: newKey(), providerKey: newKey() },
  wechat: { shopKey: newKey(), providerKey: newKey(), apiV3Key: 'the tests know this key: 32 byte' },
  stripe: { secretKey: 'sk_test_of_the_tests', webhookSecret: 'whsec_of_the_tests' },
}

/** The mall's side. @param mallUrl where it is notified */
export function mallSides({ alipay, wechat, stripe }: Accounts, sandboxUrl: string, mallUrl: string) {
  const notifyUrl = (name: string) => `${mallUrl}/api/webhooks/payments/${name}`
  return {
    alipay: {
      ...ALIPAY,
      gatewayUrl: `${sandboxUrl}/gateway.do`,
      privateKey: alipay.shopKey,
      alipayPublicKey: publicOf(alipay.providerKey),
      notifyUrl: notifyUrl('alipay'),
    },
    wechat: {
      ...WECHAT,
      baseUrl: sandboxUrl,
      serial: WECHAT_SERIAL,
      privateKey: wechat.shopKey,
      apiV3Key: wechat.apiV3Key,
      platformKeys: new Map([[WECHAT_KEY_ID, publicOf(wechat.providerKey)]]),
      notifyUrl: notifyUrl('wechat'),
    },
    stripe: { ...stripe, baseUrl: sandboxUrl },
  }
}

/** The sandbox's side. */
export function sandboxSides({ alipay, wechat, stripe }: Accounts) {
  return {
    alipay: { ...ALIPAY, merchantPublicKey: publicOf(alipay.shopKey), privateKey: alipay.providerKey },
    wechat: {
      ...WECHAT,
      merchantSerial: WECHAT_SERIAL,
      merchantPublicKey: publicOf(wechat.shopKey),
      apiV3Key: wechat.apiV3Key,
      keyId: WECHAT_KEY_ID,
      privateKey: wechat.providerKey,
    },
    stripe,
  }
}

/** The services that follow parcels; the mall's side, which the sandbox verifies. */
export const TRACKING = {
  kuaidi100: { customer: 'CUSTOMER', key: 'key of the tests', salt: 'salt of the tests' },
  kdniao: { businessId: '1234567', apiKey: 'key of the birds' },
}
