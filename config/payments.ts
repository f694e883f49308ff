import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  X509Certificate,
} from 'node:crypto'
import { z } from 'zod'

/** The accounts at the payment providers, out of the environment; a part of `config/index.ts`, which reads it. */

export type PaymentAccounts = ReturnType<typeof paymentAccounts>

/** An address of a site, without the slashes at its end. */
export const url = z.url({ protocol: /^https?$/ }).transform((value) => {
  let end = value.length
  while (value[end - 1] === '/') end--
  return value.slice(0, end)
})

/**
 * A key as the providers' consoles give it: PEM, or the bare base64 of PKCS#8, PKCS#1 or SPKI. Line breaks may
 * be written `\n`.
 */
const rsaKey = (kind: 'private' | 'public') =>
  z.string().transform((given, context) => {
    const key = readKey(kind, given)
    if (key) return key
    context.addIssue(`an RSA ${kind} key of 2048 bits or more, as PEM or as base64 of its DER`)
    return z.NEVER
  })

const certificates = z.string().transform((given, context) => {
  try {
    const found = given
      .replaceAll('\\n', '\n')
      .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
    if (!found) throw new Error('none')
    return found.map((pem) => {
      const { serialNumber, publicKey } = new X509Certificate(pem)
      return [serialNumber, publicKey.export({ type: 'spki', format: 'pem' }).toString()] as const
    })
  } catch {
    context.addIssue('one or more certificates as PEM')
    return z.NEVER
  }
})

/** The variables; each that is marked in `SECRETS` may also be given as a file, by the name with `_FILE`. */
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
type Variables = z.output<typeof variables>

/** What a demo makes for itself, so that its sandbox signs and is signed to as the real ones are. */
export interface PaymentSecrets {
  readonly stripeSecretKey: string
  readonly stripeWebhookSecret: string
  readonly alipayPrivateKey: string
  readonly alipaySandboxKey: string
  readonly wechatPrivateKey: string
  readonly wechatSandboxKey: string
  readonly wechatApiV3Key: string
}

export function newPaymentSecrets(): PaymentSecrets {
  return {
    stripeSecretKey: `sk_test_${randomBytes(18).toString('base64url')}`,
    stripeWebhookSecret: `whsec_${randomBytes(24).toString('base64')}`,
    alipayPrivateKey: newKey(),
    alipaySandboxKey: newKey(),
    wechatPrivateKey: newKey(),
    wechatSandboxKey: newKey(),
    wechatApiV3Key: randomBytes(16).toString('hex'),
  }
}

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

/** Whether the shop has given its own account for this method, in part at least. */
const isGiven = (given: object, method: keyof typeof NEEDED) =>
  NEEDED[method].some((name) => (given as Record<string, unknown>)[name] !== undefined)

/** Accounts that are given in part, or reached in the open: a line each. */
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
    // A name without a dot is a neighbour, such as the sandbox among containers.
    if (protocol === 'http:' && hostname.includes('.')) problems.push(`${name}: must be https`)
  }
  return problems
}

/**
 * The accounts that payments go to. Without a shop's own, a demo's go to its sandbox.
 * @param publicUrl how providers reach the mall
 */
export function paymentAccounts(
  given: Variables,
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

function alipayOf(given: Variables, sandbox: DemoSandbox | undefined, notifyUrl: string) {
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
      alipayPublicKey: publicOf(sandbox.secrets.alipaySandboxKey),
      notifyUrl,
    }
  )
}

function wechatOf(given: Variables, sandbox: DemoSandbox | undefined, notifyUrl: string) {
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
      platformKeys: new Map([[SANDBOX_KEY_ID, publicOf(sandbox.secrets.wechatSandboxKey)]]),
      notifyUrl,
    }
  )
}

const SANDBOX_KEY_ID = 'PUB_KEY_ID_0000000001'

function stripeOf(
  given: Variables,
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

/** The other side of the accounts: what the sandbox provider needs to be each of them. */
export function sandboxAccounts(
  { alipay, wechat, stripe }: PaymentAccounts,
  given: Variables,
  secrets: PaymentSecrets,
) {
  const [keyId] = wechat?.platformKeys.keys() ?? []
  return {
    alipay: alipay && {
      appId: alipay.appId,
      sellerId: alipay.sellerId,
      merchantPublicKey: publicOf(alipay.privateKey),
      privateKey: given.SANDBOX_ALIPAY_PRIVATE_KEY ?? secrets.alipaySandboxKey,
    },
    wechat: wechat && {
      appId: wechat.appId,
      mchId: wechat.mchId,
      merchantSerial: wechat.serial,
      merchantPublicKey: publicOf(wechat.privateKey),
      apiV3Key: wechat.apiV3Key,
      keyId: keyId ?? SANDBOX_KEY_ID,
      privateKey: given.SANDBOX_WECHAT_PRIVATE_KEY ?? secrets.wechatSandboxKey,
    },
    stripe: stripe && { secretKey: stripe.secretKey, webhookSecret: stripe.webhookSecret },
  }
}

function newKey(): string {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey
}

function publicOf(privateKey: string): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()
}

/** @returns PEM, or undefined where it is no RSA key of at least 2048 bits */
function readKey(kind: 'private' | 'public', given: string): string | undefined {
  const text = given.replaceAll('\\n', '\n').trim()
  const isPem = text.startsWith('-----BEGIN')
  const der = Buffer.from(text.replace(/\s+/g, ''), 'base64')
  const forms = kind === 'private' ? (['pkcs8', 'pkcs1'] as const) : (['spki', 'pkcs1'] as const)
  for (const type of forms) {
    try {
      const key =
        kind === 'private'
          ? createPrivateKey(isPem ? text : { key: der, format: 'der', type: type as 'pkcs8' | 'pkcs1' })
          : createPublicKey(isPem ? text : { key: der, format: 'der', type: type as 'spki' | 'pkcs1' })
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
      if (key.asymmetricKeyType !== 'rsa' || bits < 2048) return undefined
      return key
        .export(kind === 'private' ? { type: 'pkcs8', format: 'pem' } : { type: 'spki', format: 'pem' })
        .toString()
    } catch {
      // Another form, or no key at all.
    }
  }
  return undefined
}
