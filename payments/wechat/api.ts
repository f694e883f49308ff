import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { ProviderRefusalError } from '../port.ts'
import { checkSignature, signLines } from './signature.ts'

export interface WechatAccount {
  /** `https://api.mch.weixin.qq.com`, or the sandbox's. */
  readonly baseUrl: string
  readonly appId: string
  readonly mchId: string
  /** The serial number of the merchant's certificate. */
  readonly serial: string
  /** The merchant's key, PEM. */
  readonly privateKey: string
  /** 32 bytes: what notifications are encrypted with. */
  readonly apiV3Key: string
  /** By `Wechatpay-Serial`: WeChat Pay's public key (`PUB_KEY_ID_…`), platform certificates, or both. PEM. */
  readonly platformKeys: ReadonlyMap<string, string>
  readonly notifyUrl: string
}

export interface WechatRequest {
  readonly method: 'GET' | 'POST'
  /** With the query, as it is signed. */
  readonly path: string
  readonly body?: object
}

const TIMEOUT_MS = 5_000

/** WeChat Pay did not say yes or no, or it is not certain that it was WeChat Pay: the same call is to be repeated. */
class WechatError extends Error {
  override name = 'WechatError'
}

const errorBody = z.object({ code: z.string().min(1), message: z.string().optional() })

/** Statuses that are no answer to what was asked: a key can be mended, and a limit passes. */
const NOT_NOW_STATUSES = new Set([401, 408, 429])
/** The same by code: some of these come with other statuses, too. */
const NOT_NOW = new Set(['SIGN_ERROR', 'FREQUENCY_LIMITED', 'RULE_LIMIT', 'SYSTEM_ERROR', 'BANK_ERROR'])

/**
 * Sends one signed request to WeChat Pay's API v3 (WeChat Pay API v3, 签名生成).
 * @returns the parsed JSON of a 200, or undefined for a 204. Its signature has been verified.
 * @throws ProviderRefusal where WeChat Pay says no for good, by its own code; a WechatFault or a network error
 * for everything else: 5xx, rate limits, a signature of ours that was not taken, one of theirs that is not right
 */
export async function callWechat(account: WechatAccount, request: WechatRequest): Promise<unknown> {
  const response = await send(account, request)
  const rawBody = new Uint8Array(await response.arrayBuffer())
  const asked = `${request.method} ${request.path.split('?', 1)[0]}: WeChat Pay answered ${response.status}`
  if (response.status >= 500 || NOT_NOW_STATUSES.has(response.status)) throw new WechatError(asked)
  const fault = checkSignature(account.platformKeys, response.headers, rawBody, new Date())
  if (fault) throw new WechatError(`${asked}, and its signature is not believed: ${fault}`)
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

/**
 * Fetches a file. Its answer carries no signature: compare the bytes with the hash that came signed.
 * @param url as a signed answer named it; only its path and query count, so that nothing goes elsewhere
 */
export async function downloadFile(account: WechatAccount, url: string): Promise<Uint8Array> {
  const address = URL.parse(url)
  if (!address) throw new WechatError('WeChat Pay named no address of its file')
  const response = await send(account, { method: 'GET', path: `${address.pathname}${address.search}` })
  if (response.status !== 200) throw new WechatError(`the file: WeChat Pay answered ${response.status}`)
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

/** The key that answers are to be signed with: the public key, where both kinds are held. */
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
