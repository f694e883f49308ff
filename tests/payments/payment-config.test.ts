import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, readConfig } from '../../config/index.ts'

/** Going live means filling in keys: which are required, and how wrong ones are reported. */

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PRIVATE_PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const PUBLIC_PEM = publicKey.export({ type: 'spki', format: 'pem' }).toString()
const der = (type: 'pkcs1' | 'pkcs8') => privateKey.export({ type, format: 'der' }).toString('base64')

const ALIPAY = {
  ALIPAY_APP_ID: '2021001234567890',
  ALIPAY_SELLER_ID: '2088101234567890',
  ALIPAY_PRIVATE_KEY: PRIVATE_PEM,
  ALIPAY_PUBLIC_KEY: PUBLIC_PEM,
}
const WECHAT = {
  WECHAT_APP_ID: 'wx1234567890abcdef',
  WECHAT_MCH_ID: '1900000109',
  WECHAT_MCH_SERIAL: '5157f09efdc096de15ebe81a47057a7232f1b8e1',
  WECHAT_MCH_PRIVATE_KEY: PRIVATE_PEM,
  WECHAT_API_V3_KEY: 'a'.repeat(32),
  WECHAT_PUBLIC_KEY_ID: 'PUB_KEY_ID_0114232134912410000000000000',
  WECHAT_PUBLIC_KEY: PUBLIC_PEM,
}
const STRIPE = { STRIPE_SECRET_KEY: 'sk_live_1234', STRIPE_WEBHOOK_SECRET: 'whsec_1234' }

let dataDir = ''
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'payment-config-'))
})
afterAll(() => rmSync(dataDir, { recursive: true }))

/** An installation for customers, with the payment variables given. */
const live = (given: Record<string, string>) =>
  readConfig({
    DATA_DIR: dataDir,
    NODE_ENV: 'production',
    HOST: '0.0.0.0',
    PUBLIC_URL: 'https://shop.example',
    AUTH_JWT_SECRET: randomBytes(24).toString('hex'),
    LEDGER_KEYS: `l1:${randomBytes(32).toString('base64')}`,
    PAYLOAD_KEYS: `p1:${randomBytes(32).toString('base64')}`,
    ...given,
  })

/** Every reported problem. */
function said(given: Record<string, string>): string[] {
  try {
    live(given)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n')
  }
}

describe('a shop in production', () => {
  it('offers the wallet alone without accounts, and each provider with an account', () => {
    expect(live({}).rules.supportedMethods).toEqual(['wallet'])
    expect(live(ALIPAY).rules.supportedMethods).toEqual(['wallet', 'alipay'])
    expect(live({ ...ALIPAY, ...WECHAT, ...STRIPE }).rules.supportedMethods).toEqual([
      'wallet',
      'alipay',
      'wechat',
      'bank_card',
    ])
  })

  it('uses the real providers, and is notified at its public address', () => {
    const { alipay, wechat, stripe } = live({ ...ALIPAY, ...WECHAT, ...STRIPE }).payments
    expect(alipay).toMatchObject({
      gatewayUrl: 'https://openapi.alipay.com/gateway.do',
      notifyUrl: 'https://shop.example/api/webhooks/payments/alipay',
    })
    expect(wechat).toMatchObject({
      baseUrl: 'https://api.mch.weixin.qq.com',
      serial: WECHAT.WECHAT_MCH_SERIAL.toUpperCase(),
      notifyUrl: 'https://shop.example/api/webhooks/payments/wechat',
    })
    expect([...(wechat?.platformKeys.keys() ?? [])]).toEqual([WECHAT.WECHAT_PUBLIC_KEY_ID])
    expect(stripe?.baseUrl).toBe('https://api.stripe.com')
  })

  it('has no sandbox', () => expect(live(ALIPAY).sandbox.accounts).toBeUndefined())

  it.each([
    ['PEM', PRIVATE_PEM],
    ['PEM on one line', PRIVATE_PEM.replaceAll('\n', '\\n')],
    ['the base64 of PKCS#8', der('pkcs8')],
    ['the base64 of PKCS#1, as the tool for Alipay keys gives it', der('pkcs1')],
  ])('accepts a private key as %s', (_form, key) => {
    expect(live({ ...ALIPAY, ALIPAY_PRIVATE_KEY: key }).payments.alipay?.privateKey).toBe(PRIVATE_PEM)
  })

  it('accepts keys as files', () => {
    const file = join(dataDir, 'key.pem')
    writeFileSync(file, PRIVATE_PEM)
    const { ALIPAY_PRIVATE_KEY: _key, ...others } = ALIPAY
    const given = { ...others, ALIPAY_PRIVATE_KEY_FILE: file }
    expect(live(given).payments.alipay?.privateKey).toBe(PRIVATE_PEM)
    expect(said({ ...ALIPAY, ALIPAY_PRIVATE_KEY_FILE: file })).toEqual([
      'ALIPAY_PRIVATE_KEY, ALIPAY_PRIVATE_KEY_FILE: set one of them',
    ])
    expect(said({ ...others, ALIPAY_PRIVATE_KEY_FILE: '/nowhere' })).toEqual([
      'ALIPAY_PRIVATE_KEY_FILE: /nowhere cannot be read',
    ])
  })

  it('reports every missing or wrong variable together, and never shows a secret', () => {
    const { ALIPAY_PUBLIC_KEY: _a, ...alipay } = ALIPAY
    const { WECHAT_PUBLIC_KEY: _b, WECHAT_PUBLIC_KEY_ID: _c, ...wechat } = WECHAT
    const lines = said({
      ...alipay,
      ...wechat,
      ALIPAY_PRIVATE_KEY: PUBLIC_PEM,
      WECHAT_API_V3_KEY: 'secret but too short',
      STRIPE_SECRET_KEY: 'sk_live_1234',
      WECHAT_BASE_URL: 'http://pay.example',
    })
    expect(lines).toHaveLength(6)
    expect(lines.join('\n')).toMatch(/ALIPAY_PRIVATE_KEY: an RSA private key/)
    expect(lines).toEqual(
      expect.arrayContaining([
        'WECHAT_API_V3_KEY: 32 bytes',
        'ALIPAY_PUBLIC_KEY: must be set, since others of alipay are',
        'WECHAT_PUBLIC_KEY or WECHAT_PLATFORM_CERTIFICATES: one of them must be set',
        'STRIPE_WEBHOOK_SECRET: must be set, since others of bank_card are',
        'WECHAT_BASE_URL: must be https',
      ]),
    )
    expect(lines.join('\n')).not.toMatch(/sk_live|secret but/)
  })

  it('refuses keys that are missing or too short', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const pem = weak.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    for (const key of [pem, curve.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 'AAAA']) {
      expect(said({ ...ALIPAY, ALIPAY_PRIVATE_KEY: key })).toHaveLength(1)
    }
  })

  it('does not offer a method without an account', () => {
    expect(said({ POINTS_MALL_SUPPORTED_METHODS: 'wallet,alipay,wechat' })).toEqual([
      'POINTS_MALL_SUPPORTED_METHODS: no provider is set up for alipay',
      'POINTS_MALL_SUPPORTED_METHODS: no provider is set up for wechat',
    ])
    expect(said({ POINTS_MALL_DEFAULT_METHOD: 'wechat' })).toHaveLength(1)
  })
})

describe('a demo', () => {
  const demo = (given: Record<string, string> = {}) => readConfig({ DATA_DIR: dataDir, ...given })

  it('offers all methods at its sandbox, with keys that both sides derive from one file', () => {
    const config = demo({ SANDBOX_PORT: '3499' })
    expect(config.rules.supportedMethods).toEqual(['wallet', 'alipay', 'wechat', 'bank_card'])
    expect(config.payments.alipay?.gatewayUrl).toBe('http://127.0.0.1:3499/gateway.do')
    expect(config.sandbox.accounts?.wechat?.apiV3Key).toBe(config.payments.wechat?.apiV3Key)
    expect(demo({ SANDBOX_PORT: '3499' }).sandbox.accounts).toEqual(config.sandbox.accounts)
    expect(statSync(join(dataDir, 'secrets.json')).mode & 0o777).toBe(0o600)
  })

  it('keeps the secrets of an older version and adds the missing ones', () => {
    const file = join(dataDir, 'secrets.json')
    const whole = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
    const { alipayPrivateKey, wechatApiV3Key, ...older } = whole
    writeFileSync(file, JSON.stringify(older))
    const config = demo({ SANDBOX_PORT: '3499' })
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
    expect(kept).toMatchObject(older)
    expect(kept.alipayPrivateKey).not.toBe(alipayPrivateKey)
    expect(config.payments.wechat?.apiV3Key).not.toBe(wechatApiV3Key)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })
})

describe('a setting that nothing reads', () => {
  it('is named where its name is unknown, and its neighbours work', () => {
    const misspelt = { POINTS_MALL_MIN_POINT: '5', POINTS_MALL_WALLET_SECRETS_FILE: '/x' }
    expect(() => live({ ...ALIPAY, ...misspelt })).toThrow(
      /POINTS_MALL_MIN_POINT: no such setting\nPOINTS_MALL_WALLET_SECRETS_FILE: no such setting/,
    )
    expect(live({ ...ALIPAY, POINTS_MALL_MIN_POINTS: '5', MALL_OF_ANOTHER: '1' }).rules.minPoints).toBe(5)
  })

  it("is refused: the merchant's app id without a partner that takes it", () => {
    const appId = { POINTS_MALL_MERCHANT_APP_ID: 'shop-1' }
    expect(() => live({ ...ALIPAY, ...appId })).toThrow(
      /POINTS_MALL_MERCHANT_APP_ID: only an external wallet/,
    )
    const wallet = {
      POINTS_MALL_WALLET_URL: 'https://points.shop.example',
      POINTS_MALL_WALLET_KEY_ID: 'k1',
      POINTS_MALL_WALLET_SECRET: randomBytes(24).toString('hex'),
    }
    expect(live({ ...ALIPAY, ...wallet, ...appId }).outsideWallet).toMatchObject({ merchantAppId: 'shop-1' })
    expect(live({ ...ALIPAY, ...wallet }).outsideWallet).toMatchObject({ merchantAppId: undefined })
  })
})
