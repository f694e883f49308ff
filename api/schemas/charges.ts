import { z } from '@hono/zod-openapi'
import { CHARGE_ANSWERS, CHARGE_STATES, SHOWN_CHARGE_STATES } from '../../domain/fulfilment/charge.ts'

const at = z.iso.datetime()

export const chargeDelivery = z
  .object({
    type: z.literal('charge'),
    state: z.enum(SHOWN_CHARGE_STATES),
    account: z.string(),
  })
  .openapi('ChargeDelivery')

export const charge = z
  .object({
    state: z.enum(CHARGE_STATES),
    account: z.string(),
    item: z.string(),
    quantity: z.int(),
    sends: z.int(),
    queries: z.int(),
    answer: z.enum(CHARGE_ANSWERS).nullable(),
    answered_at: at.nullable(),
    supplier_ref: z.string().nullable(),
    failure: z.string().nullable(),
    sent_at: at.nullable(),
    next_at: at.nullable(),
    deadline_at: at.nullable(),
    overdue: z.boolean(),
    succeeded_at: at.nullable(),
    acknowledged: z.object({ at, by: z.string(), reason: z.string() }).nullable(),
  })
  .openapi('Charge')
