import { createHash, randomBytes, sign, verify } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { refusal, WechatRefusalError } from './errors.ts'

export interface WechatMerchant {
  readonly appId: string
  readonly mchId: string
  readonly merchantSerial: string
  /** PEM. */
  readonly merchantPublicKey: string
  readonly apiV3Key: string
  readonly keyId: string
  /** PEM; the provider's. */
  readonly privateKey: string
  /** A platform certificate that is still in use during migration to the key. */
  readonly certificate?: { readonly serial: string; readonly privateKey: string }
}

const TOLERANCE_SECONDS = 300
const PAIRS = ['mchid', 'nonce_str', 'signature', 'timestamp', 'serial_no'] as const

function readAuthorization(header: string): Readonly<Record<(typeof PAIRS)[number], string>> | undefined {
  const list = /^WECHATPAY2-SHA256-RSA2048 (.+)$/.exec(header)?.[1]?.split(',') ?? []
  const pairs = list.map((pair) => /^(\w+)="([^"]*)"$/.exec(pair.trim()))
  const found = Object.fromEntries(pairs.map((pair) => [pair?.[1], pair?.[2]]))
  const whole = pairs.length === PAIRS.length && PAIRS.every((name) => found[name])
  return whole ? (found as Record<(typeof PAIRS)[number], string>) : undefined
}

/** @throws WechatRefusalError 401 SIGN_ERROR */
export function checkRequest(
  merchant: WechatMerchant,
  request: IncomingMessage,
  body: string,
  now: Date,
): void {
  const given = readAuthorization(request.headers.authorization ?? '')
  if (!given) throw refuse('Authorization 不正确')
  if (given.mchid !== merchant.mchId) throw refuse('商户号不正确')
  if (given.serial_no !== merchant.merchantSerial) throw refuse('商户证书序列号有误')
  const age = Math.floor(now.getTime() / 1000) - Number(given.timestamp)
  if (!(Math.abs(age) <= TOLERANCE_SECONDS))
    throw refuse('Http头Authorization中的timestamp与发起请求的时间不得超过5分钟')
  const lines = [request.method, request.url, given.timestamp, given.nonce_str, body]
  const message = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  if (!verify('sha256', message, merchant.merchantPublicKey, Buffer.from(given.signature, 'base64'))) {
    throw refuse('签名错误')
  }
}

function refuse(message: string): WechatRefusalError {
  return new WechatRefusalError(refusal(401, 'SIGN_ERROR', message))
}

interface ProviderKey {
  readonly serial: string
  readonly privateKey: string
}

/** The key named in `Wechatpay-Serial`; without it the certificate, if there is one. */
export function answeringKey(merchant: WechatMerchant, named: string | undefined): ProviderKey {
  const key = { serial: merchant.keyId, privateKey: merchant.privateKey }
  if (merchant.certificate === undefined || named === key.serial) return key
  return merchant.certificate
}

/** `wrongly` makes the signature an invalid probe. */
export function signatureHeaders(key: ProviderKey, body: string, now: Date, wrongly = false) {
  const timestamp = Math.floor(now.getTime() / 1000).toString()
  const nonce = randomBytes(16).toString('hex')
  const message = Buffer.from(`${timestamp}\n${nonce}\n${body}\n`)
  return {
    'wechatpay-serial': key.serial,
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-signature': wrongly
      ? `WECHATPAY/SIGNTEST/${createHash('sha512').update(message).digest('base64')}`
      : sign('sha256', message, key.privateKey).toString('base64'),
  }
}
