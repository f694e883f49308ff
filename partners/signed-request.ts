import { createHash, createHmac, randomBytes } from 'node:crypto'

export interface SignedRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Seconds. */
  readonly timestamp: number
  readonly nonce: string
  readonly body: string
}

/** Hex HMAC-SHA256 (docs/outside-wallet.md). Nonce and time prevent replays. */
export function signatureOf(secret: string, request: SignedRequest): string {
  const { method, path, timestamp, nonce, body } = request
  const text = ['v1', method, path, `${timestamp}`, nonce, createHash('sha256').update(body).digest('hex')]
  return `v1=${createHmac('sha256', secret).update(text.join('\n')).digest('hex')}`
}

export interface SignedAccess {
  /** Without a slash at its end. */
  readonly baseUrl: string
  readonly keyId: string
  readonly secret: string
}

export interface SignedCall {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Empty: none. */
  readonly body: string
  /** Of the headers: `x-wallet` gives `x-wallet-signature`. */
  readonly prefix: string
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly answerBytes: number
  /** The error for an answer that is longer. */
  readonly tooLong: () => Error
}

/**
 * Sends a signed request; redirects are not followed.
 * @returns the status, and the answer as JSON, undefined where it is none
 * @throws `tooLong`, or a network error: the request may have taken effect
 */
export async function sendSigned(
  { baseUrl, keyId, secret }: SignedAccess,
  { method, path, body, prefix, headers, timeoutMs, answerBytes, tooLong }: SignedCall,
): Promise<{ readonly status: number; readonly answer: unknown }> {
  const url = new URL(`${baseUrl}${path}`)
  const timestamp = Math.floor(Date.now() / 1000)
  const nonce = randomBytes(16).toString('hex')
  const signed = { method, path: `${url.pathname}${url.search}`, timestamp, nonce, body }
  const response = await fetch(url, {
    method,
    headers: {
      [`${prefix}-key-id`]: keyId,
      [`${prefix}-timestamp`]: `${timestamp}`,
      [`${prefix}-nonce`]: nonce,
      [`${prefix}-signature`]: signatureOf(secret, signed),
      ...headers,
      ...(body === '' ? {} : { 'content-type': 'application/json' }),
    },
    body: body === '' ? null : body,
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  })
  return { status: response.status, answer: parseJson(await readText(response, answerBytes, tooLong)) }
}

async function readText(response: Response, limit: number, tooLong: () => Error): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > limit) throw tooLong()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
