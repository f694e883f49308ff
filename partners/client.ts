import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { signatureOf } from '../wallets/signature.ts'
import { PartnerRefusalError } from './port.ts'

export interface PartnerAccess {
  /** Without a slash at its end. */
  readonly baseUrl: string
  readonly keyId: string
  readonly secret: string
}

export interface PartnerLimits {
  readonly timeoutMs: number
  readonly answerBytes: number
  readonly inFlight: number
}

/** The request may have taken effect. */
export class PartnerError extends Error {
  override name = 'PartnerError'
}

/** Final answers. Not 401 and 403: after a key is corrected, the same request works. */
const REFUSALS = new Set([400, 404, 409, 422])
const refusal = z.object({ code: z.string().max(64) })

export interface PartnerClient {
  /** @throws PartnerRefusalError; PartnerError or a network error: the outcome is unknown */
  call<T>(method: 'GET' | 'POST', path: string, body: object | undefined, answer: z.ZodType<T>): Promise<T>
}

/** Signed requests with a time-out and bounded answers; redirects are not followed. */
export function createPartnerClient(access: PartnerAccess, limits: PartnerLimits): PartnerClient {
  let inFlight = 0
  return {
    async call(method, path, body, answer) {
      // No queue: the caller retries.
      if (inFlight >= limits.inFlight) throw new PartnerError('too many concurrent requests')
      inFlight += 1
      try {
        const said = await send(access, limits, method, path, body === undefined ? '' : JSON.stringify(body))
        const parsed = answer.safeParse(said)
        if (!parsed.success) throw new PartnerError(`${method} ${path}: invalid response`)
        return parsed.data
      } finally {
        inFlight -= 1
      }
    },
  }
}

async function send(
  { baseUrl, keyId, secret }: PartnerAccess,
  { timeoutMs, answerBytes }: PartnerLimits,
  method: 'GET' | 'POST',
  path: string,
  body: string,
): Promise<unknown> {
  const url = new URL(`${baseUrl}${path}`)
  const timestamp = Math.floor(Date.now() / 1000)
  const nonce = randomBytes(16).toString('hex')
  const signed = { method, path: `${url.pathname}${url.search}`, timestamp, nonce, body }
  const response = await fetch(url, {
    method,
    headers: {
      'x-mall-key-id': keyId,
      'x-mall-timestamp': `${timestamp}`,
      'x-mall-nonce': nonce,
      'x-mall-signature': signatureOf(secret, signed),
      ...(body === '' ? {} : { 'content-type': 'application/json' }),
    },
    body: body === '' ? null : body,
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  })
  const answer = parseJson(await readText(response, answerBytes))
  if (response.status === 200) return answer
  const refused = REFUSALS.has(response.status) ? refusal.safeParse(answer) : undefined
  if (refused?.success) throw new PartnerRefusalError(refused.data.code)
  throw new PartnerError(`${method} ${path}: ${response.status}`)
}

async function readText(response: Response, limit: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > limit) throw new PartnerError('the response is too long')
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
