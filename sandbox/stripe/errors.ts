/** docs.stripe.com/api/errors */
export interface StripeErrorBody {
  readonly error: {
    readonly type: 'invalid_request_error' | 'idempotency_error' | 'api_error'
    readonly message: string
    readonly code?: string
    readonly param?: string
  }
}

export interface Answer {
  readonly status: number
  readonly body: object
}

/** Not stored for the Idempotency-Key. */
export class StripeRefusalError extends Error {
  override name = 'StripeRefusalError'
  readonly answer: Answer

  constructor(answer: Answer) {
    super(JSON.stringify(answer.body))
    this.answer = answer
  }
}

export function refusal(
  status: number,
  message: string,
  named: { code?: string; param?: string; type?: StripeErrorBody['error']['type'] } = {},
): Answer {
  const body: StripeErrorBody = { error: { type: 'invalid_request_error', message, ...named } }
  return { status, body }
}

export function noSuch(kind: string, id: string, param: string): Answer {
  return refusal(404, `No such ${kind}: '${id}'`, { code: 'resource_missing', param })
}

export const SERVER_ERROR: Answer = {
  status: 500,
  body: { error: { type: 'api_error', message: 'An unknown error occurred.' } },
}

/** From the load balancer, so the answer is not stored. */
export const UNAVAILABLE: Answer = {
  status: 503,
  body: { error: { type: 'api_error', message: 'Service temporarily unavailable.' } },
}
