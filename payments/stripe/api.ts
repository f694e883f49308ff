import { z } from 'zod'
import { ProviderRefusalError } from '../port.ts'

/** Where Stripe is (`https://api.stripe.com`, or the sandbox) and the account's keys. */
export interface StripeAccount {
  readonly baseUrl: string
  readonly secretKey: string
  /** The signing secret of the endpoint of notifications, `whsec_…`. */
  readonly webhookSecret: string
}

export interface StripeRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Query of a GET, form body of a POST. */
  readonly fields?: Readonly<Record<string, string>>
  readonly idempotencyKey?: string
}

/** The wire form this adapter was written to; Stripe answers every later request in it. */
const API_VERSION = '2026-10-28.endive'

const TIMEOUT_MS = 5_000

/** Stripe did not say yes or no: the same call is to be repeated. */
export class StripeError extends Error {
  override name = 'StripeError'
  /**
   * The failure is the stored answer of this Idempotency-Key, so that the same key can never give another
   * one (docs.stripe.com/api/idempotent_requests: results are saved "including 500 errors").
   */
  readonly stored: boolean

  constructor(message: string, stored: boolean) {
    super(message)
    this.stored = stored
  }
}

/** Stripe said no. */
export class StripeRefusalError extends ProviderRefusalError {
  readonly type: string
  /** The field it is about. */
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

/** Statuses that are the answer to what was asked. 401 and 403 are not: a key can be mended, then it works. */
const REFUSALS = new Set([400, 402, 404])

/**
 * Sends one request to Stripe's API v1.
 * @returns the parsed JSON body of a 2xx.
 * @throws StripeRefusal where Stripe refuses for good; StripeFault or a network error for everything else.
 */
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
    `${request.method} ${request.path}: Stripe answered ${response.status}`,
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
