import { z } from '@hono/zod-openapi'
import { dayInShanghai, isDay } from '../../domain/business-time.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import { id, ownerId } from './common.ts'
import { orderStatus, paymentMode, paymentStatus } from './order.ts'

const day = z
  .string()
  .refine(isDay, { params: { rule: 'format' } })
  .openapi({ format: 'date' })

/** What the operators' list of orders and its export are limited to. */
export const orderFilter = {
  status: orderStatus.optional(),
  payment_mode: paymentMode.optional(),
  owner_id: ownerId.optional(),
  product_id: id.optional(),
  needs_attention: z.enum(['true', 'false']).optional(),
  unanswered: z
    .enum(['true', 'false'])
    .optional()
    .openapi({ description: 'Only orders whose customer waits for an answer to a message' }),
  assignee: ownerId.optional(),
  payment_status: paymentStatus.optional(),
  from: day.optional().openapi({ description: 'The first day of redemption, in Shanghai' }),
  to: day.optional().openapi({ description: 'The last day of redemption, in Shanghai' }),
}

/** @throws InvalidInputError where the first day is after the last */
export function filterOf(query: z.output<z.ZodObject<typeof orderFilter>>) {
  const filter = {
    ownerId: query.owner_id,
    status: query.status,
    paymentMode: query.payment_mode,
    productId: query.product_id,
    needsAttention: query.needs_attention === 'true',
    isUnanswered: query.unanswered === 'true',
    assignee: query.assignee,
    paymentStatus: query.payment_status,
    from: query.from === undefined ? undefined : dayInShanghai(query.from).from,
    to: query.to === undefined ? undefined : dayInShanghai(query.to).to,
  }
  if (filter.from && filter.to && filter.from >= filter.to) {
    throw new InvalidInputError({ field: 'to', rule: 'min', bound: query.from })
  }
  return filter
}
