import { z } from 'zod'
import { shanghaiText } from '../../domain/business-time.ts'
import { fenFromDecimal } from '../../domain/money.ts'
import { ProviderRefusalError } from '../port.ts'
import { rawMembers } from './members.ts'
import { signedText, signRsa2, verifyRsa2 } from './signature.ts'

export interface AlipayAccount {
  /** `https://openapi.alipay.com/gateway.do`, or the sandbox's. */
  readonly gatewayUrl: string
  readonly appId: string
  /** The merchant's number at Alipay, `2088…`. */
  readonly sellerId: string
  /** The shop's own key, PEM. */
  readonly privateKey: string
  /** Alipay's key, PEM: what its answers and notifications are verified with. */
  readonly alipayPublicKey: string
  readonly notifyUrl: string
}

const TIMEOUT_MS = 5_000

/** Alipay did not say yes or no: the same call is to be repeated. */
export class AlipayError extends Error {
  override name = 'AlipayError'
  /** Alipay's `sub_code`, where a signed answer gave one. */
  readonly code: string | undefined

  constructor(message: string, code?: string) {
    super(message)
    this.code = code
  }
}

/** Decimal yuan as Alipay writes it, to fen. Never a JSON number, which would be a float. */
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

/** Business codes that say nothing about the request: the same one later gets another answer. */
const TRANSIENT = /^((ACQ|AQC)\.SYSTEM_ERROR|(isp|aop)\..*)$/

/**
 * The address of a cashier: a signed request that the customer's browser makes.
 * @param returnUrl where Alipay sends the customer afterwards
 */
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
 * Asks the gateway, and believes nothing that is not signed by Alipay.
 * @returns the answer's node, parsed, where its `code` is 10000.
 * @throws ProviderRefusal with Alipay's `sub_code` where the business says no (`code` 40004); AlipayFault or a
 * network error for everything else. A wrong signature or app is a fault too: keys can be mended, then it works.
 */
export async function callAlipay(account: AlipayAccount, method: string, content: object): Promise<unknown> {
  const { biz_content, ...common } = signedParams(account, method, content, {})
  // The gateway reads `charset` in the address before it decodes the body.
  const response = await fetch(`${account.gatewayUrl}?${new URLSearchParams(common).toString()}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' },
    body: new URLSearchParams({ biz_content }).toString(),
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const text = await response.text()
  if (!response.ok) throw new AlipayError(`${method}: Alipay answered ${response.status}`)
  const node: unknown = JSON.parse(verifiedNode(account, method, text))
  const { code, sub_code: subCode = '', sub_msg: said = '' } = verdict.parse(node)
  if (code === '10000') return node
  if (code === '40004' && subCode !== '' && !TRANSIENT.test(subCode))
    throw new ProviderRefusalError(subCode, said)
  throw new AlipayError(`${method}: Alipay answered ${code} ${subCode}`, subCode)
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
  return { ...params, sign: signRsa2(signedText(Object.entries(params)), account.privateKey) }
}

/** The text of the node that holds the answer; what the gateway itself refuses may come as `error_response`. */
function verifiedNode(account: AlipayAccount, method: string, text: string): string {
  const members = rawMembers(text)
  const node = members?.get(`${method.replaceAll('.', '_')}_response`) ?? members?.get('error_response')
  const signature = z.string().safeParse(JSON.parse(members?.get('sign') ?? 'null'))
  if (node !== undefined && signature.success && verifyRsa2(node, signature.data, account.alipayPublicKey)) {
    return node
  }
  throw new AlipayError(`${method}: the answer is not signed by Alipay`)
}
