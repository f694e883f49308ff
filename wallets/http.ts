import { z } from 'zod'
import { type SignedAccess, sendSigned } from '../partners/signed-request.ts'
import { type PointsWallet, WalletRefusalError, type WalletRequest } from './port.ts'

export interface WalletAccess extends SignedAccess {
  /** Which merchant the mall acts for, where one points system serves several. */
  readonly merchantAppId?: string | undefined
}

export type Operation = z.output<typeof operation>
type Step = Operation['step']

export interface OutsideWallet extends PointsWallet {
  /** @returns undefined while the step is unknown; it may still be booked later */
  find(orderNo: string, step: Step): Promise<Operation | undefined>
}

const TIMEOUT_MS = 3_000
/** Short, since the customer waits and can do without the balance: the hold decides. */
const BALANCE_TIMEOUT_MS = 1_000
const IN_FLIGHT_MAX = 64
const ANSWER_BYTES_MAX = 16_384

const points = z.int().nonnegative().transform(BigInt)
const balance = z.object({ owner_id: z.string(), available: points, held: points })
const operation = z.object({
  key: z.string(),
  order_no: z.string(),
  owner_id: z.string(),
  step: z.enum(['hold', 'capture', 'release']),
  points,
  outcome: z.enum(['held', 'insufficient', 'captured', 'released', 'void']),
})
const refusal = z.object({ code: z.string().max(64), message: z.string().max(500).optional() })

const OUTCOMES: Readonly<Record<Step, readonly Operation['outcome'][]>> = {
  hold: ['held', 'insufficient', 'void'],
  capture: ['captured', 'void'],
  release: ['released', 'void'],
}

/** The operation may have happened. */
export class WalletError extends Error {
  override name = 'WalletError'
}

/** Final answers. Not 401 and 403: after a key is corrected, the same request works. */
const REFUSALS = new Set([400, 404, 409, 422])

const keyOf = (orderNo: string, step: Step) => `${orderNo}-${step}`

/** The contract is docs/outside-wallet.md. */
export function createHttpWallet(access: WalletAccess): OutsideWallet {
  let inFlight = 0

  /** @throws WalletRefusalError; WalletError or a network error */
  async function callWallet(
    method: 'GET' | 'POST',
    path: string,
    body: object | undefined,
    timeoutMs: number,
  ) {
    // No queue: callers that can wait retry, the others do without.
    if (inFlight >= IN_FLIGHT_MAX) throw new WalletError('too many concurrent requests to the wallet')
    inFlight += 1
    try {
      return await send(access, method, path, body === undefined ? '' : JSON.stringify(body), timeoutMs)
    } finally {
      inFlight -= 1
    }
  }

  async function findOperation(orderNo: string, step: Step): Promise<Operation | undefined> {
    const key = keyOf(orderNo, step)
    try {
      const answer = await callWallet('GET', `/operations/${encodeURIComponent(key)}`, undefined, TIMEOUT_MS)
      return requireMatchingAnswer(answer, { key, order_no: orderNo, step })
    } catch (error) {
      if (error instanceof WalletRefusalError && error.code === 'UNKNOWN_OPERATION') return undefined
      throw error
    }
  }

  async function bookOperation(
    step: Step,
    { ownerId, orderNo, repeat }: WalletRequest,
    more: { readonly points?: bigint; readonly reason?: string } = {},
  ): Promise<Operation> {
    const asked = { key: keyOf(orderNo, step), order_no: orderNo, owner_id: ownerId, step }
    const booked =
      (repeat ? await findOperation(orderNo, step) : undefined) ??
      requireMatchingAnswer(
        await callWallet(
          'POST',
          '/operations',
          { ...asked, ...more, ...(more.points === undefined ? {} : { points: Number(more.points) }) },
          TIMEOUT_MS,
        ),
        asked,
      )
    if (booked.owner_id !== ownerId || (more.points !== undefined && booked.points !== more.points)) {
      throw new WalletRefusalError(
        'KEY_REUSED',
        `${asked.key} was used for another request to the external wallet`,
      )
    }
    return booked
  }

  return {
    find: findOperation,
    async balance(ownerId) {
      const path = `/accounts/${encodeURIComponent(ownerId)}/balance`
      const found = parseAnswer(balance, await callWallet('GET', path, undefined, BALANCE_TIMEOUT_MS))
      if (found.owner_id !== ownerId)
        throw new WalletError('the wallet returned the balance of another owner')
      return { available: found.available, held: found.held }
    },
    async hold({ points: amount, ...request }) {
      const { outcome } = await bookOperation('hold', request, { points: amount })
      return outcome as 'held' | 'insufficient' | 'void'
    },
    async capture(request) {
      const { outcome } = await bookOperation('capture', request)
      if (outcome === 'void') throw new WalletRefusalError('VOID', `nothing is held for ${request.orderNo}`)
    },
    async release({ reason, ...request }) {
      await bookOperation('release', request, { reason })
    },
  }
}

function requireMatchingAnswer(
  answer: unknown,
  asked: Partial<Operation> & { readonly step: Step },
): Operation {
  const found = parseAnswer(operation, answer)
  const same = found.key === asked.key && found.order_no === asked.order_no && found.step === asked.step
  if (!same || !OUTCOMES[asked.step].includes(found.outcome)) {
    throw new WalletError(`the response does not match the request ${asked.key}`)
  }
  return found
}

function parseAnswer<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer)
  if (!parsed.success) throw new WalletError('the wallet sent an invalid response')
  return parsed.data
}

async function send(
  { merchantAppId, ...access }: WalletAccess,
  method: 'GET' | 'POST',
  path: string,
  body: string,
  timeoutMs: number,
): Promise<unknown> {
  const { status, answer } = await sendSigned(access, {
    method,
    path,
    body,
    prefix: 'x-wallet',
    ...(merchantAppId === undefined ? {} : { headers: { 'x-merchant-app-id': merchantAppId } }),
    timeoutMs,
    answerBytes: ANSWER_BYTES_MAX,
    tooLong: () => new WalletError('the response of the wallet is too long'),
  })
  if (status === 200) return answer
  const refused = REFUSALS.has(status) ? refusal.safeParse(answer) : undefined
  if (refused?.success)
    throw new WalletRefusalError(refused.data.code, refused.data.message ?? refused.data.code)
  throw new WalletError(`${method} ${path}: the wallet returned ${status}`)
}
