import { createHash, createHmac } from 'node:crypto'

export interface SignedRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Seconds. */
  readonly timestamp: number
  readonly nonce: string
  readonly body: string
}

/** `X-Supplier-Signature`: hex HMAC-SHA256 (docs/supplier.md). Nonce and time prevent replays. */
export function signatureOf(secret: string, request: SignedRequest): string {
  const { method, path, timestamp, nonce, body } = request
  const text = ['v1', method, path, `${timestamp}`, nonce, createHash('sha256').update(body).digest('hex')]
  return `v1=${createHmac('sha256', secret).update(text.join('\n')).digest('hex')}`
}
