import { sign, verify } from 'node:crypto'

/**
 * What a signature covers: parameters except `sign`, sorted by name, not encoded (opendocs.alipay.com/common/02kf5q).
 * @param params values as bytes in the message's charset; a text is UTF-8
 */
export function signedBytes(params: Iterable<readonly [name: string, value: string | Uint8Array]>): Buffer {
  const pairs = [...params].filter(([name]) => name !== 'sign').sort(([a], [b]) => (a < b ? -1 : 1))
  return Buffer.concat(
    pairs.flatMap(([name, value], n) => [Buffer.from(`${n > 0 ? '&' : ''}${name}=`), Buffer.from(value)]),
  )
}

/** @param signed a text is UTF-8 @param privateKey PEM */
export function signRsa2(signed: string | Uint8Array, privateKey: string): string {
  return sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64')
}

/** @param signed the bytes as they came @param signature canonical base64 only @param publicKey PEM */
export function verifyRsa2(signed: Uint8Array, signature: string, publicKey: string): boolean {
  const bytes = Buffer.from(signature, 'base64')
  if (bytes.length === 0 || bytes.toString('base64') !== signature) return false
  return verify('RSA-SHA256', signed, publicKey, bytes)
}
