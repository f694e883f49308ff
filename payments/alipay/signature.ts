import { sign, verify } from 'node:crypto'

/** Parameters except `sign`, sorted by name, not encoded (opendocs.alipay.com/common/02kf5q). */
export function signedText(params: Iterable<readonly [name: string, value: string]>): string {
  return [...params]
    .filter(([name]) => name !== 'sign')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

export function signRsa2(text: string, privateKey: string): string {
  return sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64')
}

/** @param signature canonical base64 only @param publicKey PEM */
export function verifyRsa2(text: string, signature: string, publicKey: string): boolean {
  const bytes = Buffer.from(signature, 'base64')
  if (bytes.length === 0 || bytes.toString('base64') !== signature) return false
  return verify('RSA-SHA256', Buffer.from(text), publicKey, bytes)
}
