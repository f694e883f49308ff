import { sign, verify } from 'node:crypto'

/** WeChat refuses times older than five minutes (签名验证); here future times too. */
const TOLERANCE_SECONDS = 300
const NONCE_MAX = 128

export type SignatureFault = 'unsigned' | 'bad_signature' | 'stale'

/** @param privateKey PEM @returns base64 */
export function signLines(lines: readonly string[], privateKey: string): string {
  return sign('sha256', Buffer.from(lines.map((line) => `${line}\n`).join('')), privateKey).toString('base64')
}

/**
 * WeChat sometimes sends wrong signatures on purpose (`WECHATPAY/SIGNTEST/…`). Never throws.
 * @param keys PEM by `Wechatpay-Serial` @returns undefined where the signature is valid
 */
export function checkSignature(
  keys: ReadonlyMap<string, string>,
  headers: Headers,
  rawBody: Uint8Array,
  now: Date,
): SignatureFault | undefined {
  const timestamp = headers.get('wechatpay-timestamp') ?? ''
  const nonce = headers.get('wechatpay-nonce') ?? ''
  const serial = headers.get('wechatpay-serial') ?? ''
  const given = headers.get('wechatpay-signature') ?? ''
  const formed = /^\d{1,11}$/.test(timestamp) && nonce !== '' && nonce.length <= NONCE_MAX
  if (!formed || serial === '' || given === '') return 'unsigned'
  const key = keys.get(serial)
  const signature = decodeBase64(given)
  if (key === undefined || !signature) return 'bad_signature'
  const message = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), rawBody, Buffer.from('\n')])
  try {
    if (!verify('sha256', message, key, signature)) return 'bad_signature'
  } catch {
    return 'bad_signature'
  }
  const ageSeconds = Math.floor(now.getTime() / 1000) - Number(timestamp)
  return Math.abs(ageSeconds) > TOLERANCE_SECONDS ? 'stale' : undefined
}

/** Canonical base64 only: Node ignores invalid characters. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined
}
