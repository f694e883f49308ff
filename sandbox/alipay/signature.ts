import { sign, verify } from 'node:crypto'

/** @param signed a text is UTF-8 @param privateKey PEM */
export function signRsa2(signed: string | Uint8Array, privateKey: string): string {
  return sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64')
}

export function verifyRsa2(text: string, signature: string, publicKey: string): boolean {
  return verify('RSA-SHA256', Buffer.from(text), publicKey, Buffer.from(signature, 'base64'))
}

/** Sorted, not encoded, without `sign` and empty values. */
export function signedText(params: ReadonlyMap<string, string>): string {
  return [...params]
    .filter(([name, value]) => name !== 'sign' && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}
