import { z } from 'zod'
import { ConfigError } from './error.ts'
import { certificates, rsaKey, url } from './formats.ts'
import { publicKeyOf } from './rsa.ts'
import type { PaymentSecrets } from './secrets.ts'

/** The accounts at the payment providers, and the payment methods that they make possible. */

import {
  PAYMENT_METHODS as METHODS,
  type PaymentMethod as Method,
  PROVIDER_METHODS,
} from '../domain/payments/method.ts'

export const SANDBOX_KEY_ID = 'PUB_KEY_ID_0000000001'

export const paymentVariables = {
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
  STRIPE_SECRET_KEY: z.string().min(8).optional(),
  STRIPE_WEBHOOK_SECRET: z.string().min(8).optional(),
  STRIPE_BASE_URL: url.optional(),
  SANDBOX_ALIPAY_PRIVATE_KEY: rsaKey('private').optional(),
  SANDBOX_WECHAT_PRIVATE_KEY: rsaKey('private').optional(),
}

const variables = z.object(paymentVariables)
export type PaymentVariables = z.output<typeof variables>

const NEEDED = {
  alipay: ['ALIPAY_APP_ID', 'ALIPAY_SELLER_ID', 'ALIPAY_PRIVATE_KEY', 'ALIPAY_PUBLIC_KEY'],
  wechat: [
    'WECHAT_APP_ID',
    'WECHAT_MCH_ID',
    'WECHAT_MCH_SERIAL',
    'WECHAT_MCH_PRIVATE_KEY',
    'WECHAT_API_V3_KEY',
  ],
  bank_card: ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'],
} as const
const BASE_URLS = ['ALIPAY_GATEWAY_URL', 'WECHAT_BASE_URL', 'STRIPE_BASE_URL']

/** Whether any variable of the own account for this method is set. */
const isGiven = (given: object, method: keyof typeof NEEDED) =>
  NEEDED[method].some((name) => (given as Record<string, unknown>)[name] !== undefined)

/** @returns a line for each account that is incomplete, and for each that is reached without TLS */
export function paymentProblems(given: Record<string, string | undefined>, demo: boolean): string[] {
  const problems: string[] = []
  for (const method of ['alipay', 'wechat', 'bank_card'] as const) {
    if (!isGiven(given, method)) continue
    for (const name of NEEDED[method]) {
      if (given[name] === undefined) problems.push(`${name}: must be set, since others of ${method} are`)
    }
  }
  const { WECHAT_PUBLIC_KEY_ID: id, WECHAT_PUBLIC_KEY: key, WECHAT_PLATFORM_CERTIFICATES: certs } = given
  if ((id === undefined) !== (key === undefined)) {
    problems.push('WECHAT_PUBLIC_KEY_ID, WECHAT_PUBLIC_KEY: set both, or none')
  }
  if (isGiven(given, 'wechat') && key === undefined && certs === undefined) {
    problems.push('WECHAT_PUBLIC_KEY or WECHAT_PLATFORM_CERTIFICATES: one of them must be set')
  }
  for (const name of demo ? [] : BASE_URLS) {
    const { protocol, hostname = '' } = URL.parse(given[name] ?? '') ?? {}
    // A host name without a dot is on the same network, such as the sandbox container.
    if (protocol === 'http:' && hostname.includes('.')) problems.push(`${name}: must be https`)
  }
  return problems
}

export type PaymentAccounts = ReturnType<typeof paymentAccounts>

/**
 * The accounts that receive payments; undefined for a provider without one. In a demo, the sandbox takes the place of
 * an account that is not set up.
 * @param publicUrl the base URL at which providers reach the API
 */
export function paymentAccounts(
  given: PaymentVariables,
  publicUrl: string,
  demo: { readonly secrets: PaymentSecrets; readonly sandboxUrl: string | undefined } | undefined,
) {
  const notifyUrl = (provider: string) => `${publicUrl}/api/webhooks/payments/${provider}`
  const sandbox = demo?.sandboxUrl ? { secrets: demo.secrets, url: demo.sandboxUrl } : undefined
  return {
    alipay: alipayOf(given, sandbox, notifyUrl('alipay')),
    wechat: wechatOf(given, sandbox, notifyUrl('wechat')),
    stripe: stripeOf(given, demo),
  }
}

interface DemoSandbox {
  readonly secrets: PaymentSecrets
  readonly url: string
}

function alipayOf(given: PaymentVariables, sandbox: DemoSandbox | undefined, notifyUrl: string) {
  if (isGiven(given, 'alipay')) {
    return {
      gatewayUrl: given.ALIPAY_GATEWAY_URL ?? 'https://openapi.alipay.com/gateway.do',
      appId: given.ALIPAY_APP_ID as string,
      sellerId: given.ALIPAY_SELLER_ID as string,
      privateKey: given.ALIPAY_PRIVATE_KEY as string,
      alipayPublicKey: given.ALIPAY_PUBLIC_KEY as string,
      notifyUrl,
    }
  }
  return (
    sandbox && {
      gatewayUrl: given.ALIPAY_GATEWAY_URL ?? `${sandbox.url}/gateway.do`,
      appId: '2021000000000001',
      sellerId: '2088000000000001',
      privateKey: sandbox.secrets.alipayPrivateKey,
      alipayPublicKey: publicKeyOf(sandbox.secrets.alipaySandboxKey),
      notifyUrl,
    }
  )
}

function wechatOf(given: PaymentVariables, sandbox: DemoSandbox | undefined, notifyUrl: string) {
  if (isGiven(given, 'wechat')) {
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
  }
  return (
    sandbox && {
      baseUrl: given.WECHAT_BASE_URL ?? sandbox.url,
      appId: 'wx0000000000000001',
      mchId: '1900000001',
      serial: '0000000000000001',
      privateKey: sandbox.secrets.wechatPrivateKey,
      apiV3Key: sandbox.secrets.wechatApiV3Key,
      platformKeys: new Map([[SANDBOX_KEY_ID, publicKeyOf(sandbox.secrets.wechatSandboxKey)]]),
      notifyUrl,
    }
  )
}

function stripeOf(
  given: PaymentVariables,
  demo: { readonly secrets: PaymentSecrets; readonly sandboxUrl: string | undefined } | undefined,
) {
  if (isGiven(given, 'bank_card')) {
    return {
      baseUrl: given.STRIPE_BASE_URL ?? demo?.sandboxUrl ?? 'https://api.stripe.com',
      secretKey: given.STRIPE_SECRET_KEY as string,
      webhookSecret: given.STRIPE_WEBHOOK_SECRET as string,
    }
  }
  const baseUrl = given.STRIPE_BASE_URL ?? demo?.sandboxUrl
  if (!demo || !baseUrl) return undefined
  return {
    baseUrl,
    secretKey: demo.secrets.stripeSecretKey,
    webhookSecret: demo.secrets.stripeWebhookSecret,
  }
}

/**
 * The payment methods that the shop offers: those it names, or all that have an account.
 * @throws ConfigError
 */
export function supportedMethods(
  given: {
    readonly POINTS_MALL_SUPPORTED_METHODS?: Method[] | undefined
    readonly POINTS_MALL_DEFAULT_METHOD: Method
  },
  accounts: PaymentAccounts,
): Method[] {
  const canPay = (name: Method) =>
    name === 'wallet' || accounts[PROVIDER_METHODS[name].provider] !== undefined
  const supported = given.POINTS_MALL_SUPPORTED_METHODS ?? METHODS.filter(canPay)
  const problems = supported
    .filter((name) => !canPay(name))
    .map((name) => `POINTS_MALL_SUPPORTED_METHODS: no provider is set up for ${name}`)
  if (!supported.includes(given.POINTS_MALL_DEFAULT_METHOD)) {
    problems.push('POINTS_MALL_DEFAULT_METHOD: must be one of POINTS_MALL_SUPPORTED_METHODS')
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))
  return supported
}
