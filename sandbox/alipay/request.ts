import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { fenFromDecimal } from '../../domain/money.ts'
import { AlipayRefusalError, failed, refusal } from './answers.ts'
import type { AlipayMerchant } from './merchant.ts'
import { signedText, verifyRsa2 } from './signature.ts'
import { fromShanghaiText } from './time.ts'

export type GatewayContext = Context<{ Bindings: HttpBindings }>
export type Params = ReadonlyMap<string, string>

export type Content = Readonly<Record<string, unknown>>

/** Query and form body together. @throws AlipayRefusalError for duplicates */
export async function readParams(c: GatewayContext): Promise<Map<string, string>> {
  const body = c.req.method === 'POST' ? await c.req.text() : ''
  const params = new Map<string, string>()
  for (const [name, value] of [...new URL(c.req.url).searchParams, ...new URLSearchParams(body)]) {
    if (params.has(name)) throw invalid('isv.invalid-parameter', `参数重复：${name}`)
    params.set(name, value)
  }
  return params
}

const MISSING = ['method', 'app_id', 'sign', 'sign_type', 'timestamp', 'version'] as const

/** @throws AlipayRefusalError with the gateway's `isv.…` codes */
export function checkParams(params: Params, merchant: AlipayMerchant): void {
  for (const name of MISSING) {
    if (params.get(name)) continue
    const code = name === 'sign' ? 'signature' : name === 'sign_type' ? 'signature-type' : name
    throw new AlipayRefusalError(refusal('40001', `isv.missing-${code.replace('_', '-')}`, `缺少${name}参数`))
  }
  if (params.get('app_id') !== merchant.appId) throw invalid('isv.invalid-app-id', '无效的AppID参数')
  if (params.get('sign_type') !== 'RSA2') throw invalid('isv.invalid-signature-type', '无效的签名类型')
  if ((params.get('charset') ?? 'utf-8').toLowerCase() !== 'utf-8') {
    throw invalid('isv.invalid-charset', '字符集错误')
  }
  if ((params.get('format') ?? 'JSON').toUpperCase() !== 'JSON') {
    throw invalid('isv.invalid-format', '无效的数据格式')
  }
  if (params.get('version') !== '1.0') throw invalid('isv.invalid-version', '无效的版本')
  if (!fromShanghaiText(params.get('timestamp') ?? '')) {
    throw invalid('isv.invalid-timestamp', '非法的时间戳参数')
  }
  if (!verifyRsa2(signedText(params), params.get('sign') ?? '', merchant.merchantPublicKey)) {
    throw invalid('isv.invalid-signature', '验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配')
  }
}

export function readContent(params: Params): Content {
  try {
    const content: unknown = JSON.parse(params.get('biz_content') ?? '{}')
    if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content as Content
  } catch {
    // Refused below, like any other non-object.
  }
  throw badField('biz_content')
}

/** @throws AlipayRefusalError where the field is missing or does not match */
export function required(content: Content, name: string, pattern = /^.{1,256}$/s): string {
  return optional(content, name, pattern) ?? fail(name)
}

export function optional(content: Content, name: string, pattern = /^.{1,256}$/s): string | undefined {
  const value = content[name]
  if (value === undefined || value === '') return undefined
  return typeof value === 'string' && pattern.test(value) ? value : fail(name)
}

/** Decimal yuan, 0.01 to 100,000,000.00, in fen. */
export function readAmount(content: Content, name: string): bigint {
  const fen = fenFromDecimal(required(content, name))
  return fen !== undefined && fen >= 1n && fen <= 10_000_000_000n ? fen : fail(name)
}

export const NUMBER = /^[0-9A-Za-z_-]{1,64}$/

export function invalid(subCode: string, said: string): AlipayRefusalError {
  return new AlipayRefusalError(refusal('40002', subCode, said))
}

function fail(name: string): never {
  throw badField(name)
}

function badField(name: string): AlipayRefusalError {
  return new AlipayRefusalError(failed('INVALID_PARAMETER', `参数有误：${name}`))
}
