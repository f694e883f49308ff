import { isUtf8 } from 'node:buffer'
import { z } from 'zod'
import { shanghaiText } from '../../domain/business-time.ts'
import { fenFromDecimal } from '../../domain/money.ts'
import { ProviderRefusalError } from '../port.ts'
import { type Charset, charsetNamed, decodeText, outlineOf } from './charset.ts'
import { rawMembers } from './members.ts'
import { signedBytes, signRsa2, verifyRsa2 } from './signature.ts'

export interface AlipayAccount {
  readonly gatewayUrl: string
  readonly appId: string
  readonly sellerId: string
  /** The shop's private key, PEM. */
  readonly privateKey: string
  /** Alipay's public key, PEM. */
  readonly alipayPublicKey: string
  readonly notifyUrl: string
}

const TIMEOUT_MS = 5_000

/** Alipay neither accepted nor refused: repeat the same call. */
export class AlipayError extends Error {
  override name = 'AlipayError'
  readonly code: string | undefined

  constructor(message: string, code?: string) {
    super(message)
    this.code = code
  }
}

/** Decimal yuan in fen. Not a JSON number, which would be a float. */
export const yuan = z.string().transform((text, context) => {
  const fen = fenFromDecimal(text)
  if (fen !== undefined && fen >= 0n) return fen
  context.addIssue('no amount of yuan')
  return z.NEVER
})

const verdict = z.object({
  code: z.string(),
  sub_code: z.string().optional(),
  sub_msg: z.string().optional(),
})

/** Temporary business codes: the same request may get another answer later. */
const TRANSIENT = /^((ACQ|AQC)\.SYSTEM_ERROR|(isp|aop)\..*)$/

export function cashierUrl(
  account: AlipayAccount,
  method: string,
  content: object,
  returnUrl: string,
): string {
  const params = signedParams(account, method, content, {
    notify_url: account.notifyUrl,
    return_url: returnUrl,
  })
  return `${account.gatewayUrl}?${new URLSearchParams(params).toString()}`
}

/**
 * @throws ProviderRefusalError with the `sub_code` of a business refusal (`code` 40004). A wrong signature or
 * app is an AlipayError, since keys can be corrected.
 */
export async function callAlipay(account: AlipayAccount, method: string, content: object): Promise<unknown> {
  const { biz_content, ...common } = signedParams(account, method, content, {})
  // The gateway reads `charset` from the URL before it decodes the body.
  const response = await fetch(`${account.gatewayUrl}?${new URLSearchParams(common).toString()}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' },
    body: new URLSearchParams({ biz_content }).toString(),
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const body = new Uint8Array(await response.arrayBuffer())
  if (!response.ok) throw new AlipayError(`${method}: Alipay returned ${response.status}`)
  const charset = charsetOf(response.headers.get('content-type') ?? '', body)
  if (!charset) throw new AlipayError(`${method}: the charset of the response is unknown`)
  const node: unknown = JSON.parse(verifiedNode(account, method, body, charset))
  const { code, sub_code: subCode = '', sub_msg: said = '' } = verdict.parse(node)
  if (code === '10000') return node
  if (code === '40004' && subCode !== '' && !TRANSIENT.test(subCode))
    throw new ProviderRefusalError(subCode, said)
  throw new AlipayError(`${method}: Alipay returned ${code} ${subCode}`, subCode)
}

function signedParams(
  account: AlipayAccount,
  method: string,
  content: object,
  addresses: Readonly<Record<string, string>>,
) {
  const params = {
    app_id: account.appId,
    method,
    format: 'JSON',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: shanghaiText(new Date()),
    version: '1.0',
    ...addresses,
    biz_content: JSON.stringify(content),
  }
  return { ...params, sign: signRsa2(signedBytes(Object.entries(params)), account.privateKey) }
}

/** As the header says. Where it does not, an answer that is no UTF-8 is GB18030. @returns undefined for another charset */
function charsetOf(contentType: string, body: Uint8Array): Charset | undefined {
  const named = /charset="?([\w-]+)/i.exec(contentType)?.[1]
  return charsetNamed(named ?? (isUtf8(body) ? 'utf-8' : 'gb18030'))
}

/** The signature is checked over the bytes as they came. @throws AlipayError */
function verifiedNode(account: AlipayAccount, method: string, body: Uint8Array, charset: Charset): string {
  try {
    decodeText(body, charset)
  } catch {
    throw new AlipayError(`${method}: the response is not in ${charset}`)
  }
  const outline = outlineOf(body, charset)
  const members = rawMembers(outline)
  const at = members?.get(`${method.replaceAll('.', '_')}_response`) ?? members?.get('error_response')
  const signAt = members?.get('sign')
  const signature = z.string().safeParse(JSON.parse(signAt ? outline.slice(signAt.from, signAt.to) : 'null'))
  const node = at && body.subarray(at.from, at.to)
  if (node && signature.success && verifyRsa2(node, signature.data, account.alipayPublicKey)) {
    return decodeText(node, charset)
  }
  throw new AlipayError(`${method}: the response is not signed by Alipay`)
}
