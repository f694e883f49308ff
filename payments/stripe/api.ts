import { z } from 'zod'
import { ProviderRefusalError } from '../port.ts'

export interface StripeAccount {
  readonly baseUrl: string
  readonly secretKey: string
  readonly webhookSecret: string
}

export interface StripeRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly fields?: Readonly<Record<string, string>>
  readonly idempotencyKey?: string
}

/** Pins the response format. */
const API_VERSION = '2026-10-28.endive'

const TIMEOUT_MS = 5_000

/** Stripe neither accepted nor refused: repeat the same call. */
export class StripeError extends Error {
  override name = 'StripeError'
  /** The key's stored answer, which never changes (docs.stripe.com/api/idempotent_requests). */
  readonly stored: boolean

  constructor(message: string, stored: boolean) {
    super(message)
    this.stored = stored
  }
}

export class StripeRefusalError extends ProviderRefusalError {
  readonly type: string
  readonly param: string | undefined

  constructor(error: {
    type: string
    code?: string | undefined
    param?: string | undefined
    message?: string | undefined
  }) {
    super(error.code ?? error.type, error.message ?? error.type)
    this.type = error.type
    this.param = error.param
  }
}

const errorBody = z.object({
  error: z.object({
    type: z.string(),
    code: z.string().optional(),
    param: z.string().optional(),
    message: z.string().optional(),
  }),
})

/** Final answers. Not 401 and 403: after a key is corrected, the same request works. */
const REFUSALS = new Set([400, 402, 404])

/** @throws StripeRefusalError on a final refusal; otherwise StripeError or a network error */
export async function callStripe(account: StripeAccount, request: StripeRequest): Promise<unknown> {
  const fields = new URLSearchParams(request.fields)
  const query = request.method === 'GET' && fields.size > 0 ? `?${fields.toString()}` : ''
  const response = await fetch(`${account.baseUrl}${request.path}${query}`, {
    method: request.method,
    headers: {
      authorization: `Bearer ${account.secretKey}`,
      'stripe-version': API_VERSION,
      ...(request.method === 'POST' && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...(request.idempotencyKey !== undefined && { 'idempotency-key': request.idempotencyKey }),
    },
    body: request.method === 'POST' ? fields.toString() : null,
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const text = await response.text()
  const body = parseJson(text)
  if (response.ok && body !== undefined) return body
  const refused = REFUSALS.has(response.status) ? errorBody.safeParse(body) : undefined
  if (refused?.success) throw new StripeRefusalError(refused.data.error)
  throw new StripeError(
    `${request.method} ${request.path}: Stripe returned ${response.status}`,
    response.headers.get('idempotent-replayed') === 'true',
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
