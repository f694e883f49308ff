import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { ProviderRefusalError } from '../port.ts'
import { checkSignature, signLines } from './signature.ts'

export interface WechatAccount {
  readonly baseUrl: string
  readonly appId: string
  readonly mchId: string
  readonly serial: string
  readonly privateKey: string
  readonly apiV3Key: string
  /** PEM by `Wechatpay-Serial`: WeChat Pay's public key (`PUB_KEY_ID_…`), platform certificates, or both. */
  readonly platformKeys: ReadonlyMap<string, string>
  readonly notifyUrl: string
}

export interface WechatRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
}

const TIMEOUT_MS = 5_000

/** WeChat Pay neither accepted nor refused, or the answer is not authentic: repeat the same call. */
class WechatError extends Error {
  override name = 'WechatError'
}

const errorBody = z.object({ code: z.string().min(1), message: z.string().optional() })

/** Temporary: keys can be corrected, and limits pass. */
const NOT_NOW_STATUSES = new Set([401, 408, 429])
const NOT_NOW = new Set(['SIGN_ERROR', 'FREQUENCY_LIMITED', 'RULE_LIMIT', 'SYSTEM_ERROR', 'BANK_ERROR'])

/**
 * @returns undefined for a 204
 * @throws ProviderRefusalError on a final refusal; for everything else WechatError or a network error
 */
export async function callWechat(account: WechatAccount, request: WechatRequest): Promise<unknown> {
  const response = await send(account, request)
  const rawBody = new Uint8Array(await response.arrayBuffer())
  const asked = `${request.method} ${request.path.split('?', 1)[0]}: WeChat Pay returned ${response.status}`
  if (response.status >= 500 || NOT_NOW_STATUSES.has(response.status)) throw new WechatError(asked)
  const fault = checkSignature(account.platformKeys, response.headers, rawBody, new Date())
  if (fault) throw new WechatError(`${asked}, and its signature is invalid: ${fault}`)
  if (response.status === 204) return undefined
  const body = parseJson(rawBody)
  if (response.status === 200 && body !== undefined) return body
  const refused = errorBody.safeParse(body)
  if (response.status < 400 || !refused.success || NOT_NOW.has(refused.data.code)) {
    throw new WechatError(asked)
  }
  const { code, message } = refused.data
  throw new ProviderRefusalError(code, message ?? code)
}

/** The file is not signed: verify its hash. @param url only its path and query are used */
export async function downloadFile(account: WechatAccount, url: string): Promise<Uint8Array> {
  const address = URL.parse(url)
  if (!address) throw new WechatError('WeChat Pay returned no URL of the file')
  const response = await send(account, { method: 'GET', path: `${address.pathname}${address.search}` })
  if (response.status !== 200) throw new WechatError(`file: WeChat Pay returned ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

function send(account: WechatAccount, { method, path, body }: WechatRequest): Promise<Response> {
  const text = body === undefined ? '' : JSON.stringify(body)
  const serial = answeringKey(account.platformKeys)
  return fetch(`${account.baseUrl}${path}`, {
    method,
    headers: {
      authorization: authorization(account, [method, path], text),
      accept: 'application/json',
      'user-agent': 'points-mall',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(serial !== undefined && { 'wechatpay-serial': serial }),
    },
    body: body === undefined ? null : text,
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
}

function answeringKey(keys: ReadonlyMap<string, string>): string | undefined {
  const ids = [...keys.keys()]
  return ids.find((id) => id.startsWith('PUB_KEY_ID_')) ?? ids[0]
}

function authorization(account: WechatAccount, target: readonly string[], body: string): string {
  const timestamp = Math.floor(Date.now() / 1000).toString()
  const nonce = randomBytes(16).toString('hex')
  const signature = signLines([...target, timestamp, nonce, body], account.privateKey)
  const pairs = {
    mchid: account.mchId,
    nonce_str: nonce,
    signature,
    timestamp,
    serial_no: account.serial,
  }
  const list = Object.entries(pairs).map(([name, value]) => `${name}="${value}"`)
  return `WECHATPAY2-SHA256-RSA2048 ${list.join(',')}`
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
