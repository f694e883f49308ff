import { z } from 'zod'
import { type SignedAccess, sendSigned } from '../partners/signed-request.ts'
import { type ChargeOrder, type Supplier, type SupplierCharge, SupplierRefusalError } from './port.ts'

export interface SupplierAccess extends SignedAccess {
  /** In milliseconds; undefined: 5,000. */
  readonly timeoutMs?: number | undefined
}

const TIMEOUT_MS = 5_000
const ANSWER_BYTES_MAX = 16_384

const charge = z.object({
  charge_no: z.string(),
  item: z.string(),
  quantity: z.int(),
  state: z.enum(['processing', 'succeeded', 'failed']),
  ref: z.string().regex(/^[\w.-]{1,64}$/),
  reason: z
    .string()
    .regex(/^[A-Z0-9_]{1,64}$/)
    .optional(),
})
const refusal = z.object({ code: z.string().regex(/^[A-Z0-9_]{1,64}$/) })

/** The charge may have happened. */
export class SupplierError extends Error {
  override name = 'SupplierError'
}

/** Final answers to a charge. Not 401 and 403: after a key is corrected, the same request works. */
const REFUSALS = new Set([400, 422])

/** The contract is docs/supplier.md. No message has the account in it. */
export function createHttpSupplier(access: SupplierAccess): Supplier {
  return {
    async charge(order) {
      const { chargeNo, item, quantity, account } = order
      const body = JSON.stringify({ charge_no: chargeNo, item, quantity, account })
      const { status, answer } = await send(access, 'POST', '/charges', body)
      if (status === 200) return requireMatching(answer, order)
      const refused = REFUSALS.has(status) ? refusal.safeParse(answer) : undefined
      if (refused?.success) throw new SupplierRefusalError(refused.data.code)
      throw new SupplierError(`the supplier returned ${status}`)
    },
    async find(chargeNo) {
      const { status, answer } = await send(access, 'GET', `/charges/${encodeURIComponent(chargeNo)}`, '')
      if (status === 200) return requireMatching(answer, { chargeNo })
      // A proxy's 404 says nothing about the charge.
      const said = status === 404 ? refusal.safeParse(answer) : undefined
      if (said?.data?.code === 'UNKNOWN_CHARGE') return undefined
      throw new SupplierError(`the supplier returned ${status}`)
    },
  }
}

function requireMatching(
  answer: unknown,
  asked: Pick<ChargeOrder, 'chargeNo'> & Partial<ChargeOrder>,
): SupplierCharge {
  const parsed = charge.safeParse(answer)
  if (!parsed.success) throw new SupplierError('the supplier sent an invalid response')
  const { charge_no, item, quantity, state, ref, reason } = parsed.data
  const isOurs =
    charge_no === asked.chargeNo &&
    (asked.item === undefined || asked.item === item) &&
    (asked.quantity === undefined || asked.quantity === quantity)
  if (!isOurs) throw new SupplierError(`the response does not match the charge ${asked.chargeNo}`)
  return { state, ref, reason }
}

async function send(
  { timeoutMs = TIMEOUT_MS, ...access }: SupplierAccess,
  method: 'GET' | 'POST',
  path: string,
  body: string,
): Promise<{ status: number; answer: unknown }> {
  const answerBytes = ANSWER_BYTES_MAX
  const tooLong = () => new SupplierError('the response of the supplier is too long')
  return sendSigned(access, { method, path, body, prefix: 'x-supplier', timeoutMs, answerBytes, tooLong })
}
