import { z } from 'zod'
import { PartnerRefusalError } from './port.ts'
import { type SignedAccess, sendSigned } from './signed-request.ts'

export type PartnerAccess = SignedAccess

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
  access: PartnerAccess,
  { timeoutMs, answerBytes }: PartnerLimits,
  method: 'GET' | 'POST',
  path: string,
  body: string,
): Promise<unknown> {
  const tooLong = () => new PartnerError('the response is too long')
  const call = { method, path, body, prefix: 'x-mall', timeoutMs, answerBytes, tooLong }
  const { status, answer } = await sendSigned(access, call)
  if (status === 200) return answer
  const refused = REFUSALS.has(status) ? refusal.safeParse(answer) : undefined
  if (refused?.success) throw new PartnerRefusalError(refused.data.code)
  throw new PartnerError(`${method} ${path}: ${status}`)
}
