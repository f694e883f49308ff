import { sign, verify } from 'node:crypto'

/** WeChat Pay API v3, 签名验证: what is older than five minutes is refused; here ahead, too. */
const TOLERANCE_SECONDS = 300
const NONCE_MAX = 128

export type SignatureFault = 'unsigned' | 'bad_signature' | 'stale'

/**
 * Signs lines as WeChat Pay v3 has them signed: SHA256 with RSA over each line and its line feed.
 * @param privateKey PEM
 * @returns base64
 */
export function signLines(lines: readonly string[], privateKey: string): string {
  return sign('sha256', Buffer.from(lines.map((line) => `${line}\n`).join('')), privateKey).toString('base64')
}

/**
 * Checks the `Wechatpay-…` headers of an answer or a notification. The key is the one named by its serial
 * number among those that were given; an unknown one is refused, and nothing is fetched for it. WeChat sends
 * wrong signatures on purpose, now and then (`WECHATPAY/SIGNTEST/…`): they are refused like every other.
 * @param keys PEM by `Wechatpay-Serial`: the public key's id, or the serial number of a platform certificate
 * @param rawBody the bytes as they came in
 * @returns why it is not believed, or undefined where it is. Never throws.
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

/** Only what is base64 to the last bit: Node reads past everything else. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined
}
