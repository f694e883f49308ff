import { createHash, createHmac } from 'node:crypto'

export interface SignedRequest {
  readonly method: string
  /** With its query, as it is sent. */
  readonly path: string
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly nonce: string
  /** Empty where there is none. */
  readonly body: string
}

/**
 * The `X-Wallet-Signature` of a request: HMAC-SHA256 in hex over its parts, a line each (docs/outside-wallet.md).
 * The nonce and the time make every request one of its own, so that a recorded one is worth nothing.
 */
export function signatureOf(secret: string, request: SignedRequest): string {
  const { method, path, timestamp, nonce, body } = request
  const text = ['v1', method, path, `${timestamp}`, nonce, createHash('sha256').update(body).digest('hex')]
  return `v1=${createHmac('sha256', secret).update(text.join('\n')).digest('hex')}`
}
