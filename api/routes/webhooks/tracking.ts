import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { keepPush } from '../../../application/shipments/subscribe.ts'
import { TRACKING_PROVIDERS } from '../../../domain/shipments/tracking.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { ApiError } from '../../errors.ts'
import { problemResponse } from '../../schemas/common.ts'

const push = createRoute({
  method: 'post',
  path: '/tracking/{provider}',
  tags: ['webhooks'],
  summary: "A tracking service's pushes, signed as that service signs",
  request: {
    params: z.object({ provider: z.enum(TRACKING_PROVIDERS) }),
    query: z.object({
      subscription: z
        .string()
        .regex(/^[1-9]\d{0,17}$/)
        .optional(),
    }),
  },
  responses: { 200: { description: 'Kept; repeats get the same answer' }, ...problemResponse },
})

/** A push is kept before it is acknowledged. It may name couriers: nothing of it is logged. */
export function trackingRoutes(deps: ApiDeps) {
  return new OpenAPIHono<ApiEnv>().openapi(push, async (c) => {
    const { provider: name } = c.req.valid('param')
    const provider = deps.tracking.find((one) => one.name === name)
    if (!provider) throw new ApiError('WEBHOOK_SIGNATURE_INVALID')
    const verified = provider.verifyPush(new URLSearchParams(await c.req.text()))
    if (!verified.ok) {
      throw new ApiError(verified.fault === 'malformed' ? 'VALIDATION_FAILED' : 'WEBHOOK_SIGNATURE_INVALID')
    }
    const { subscription } = c.req.valid('query')
    for (const parcel of verified.parcels) await keepPush(deps, provider, parcel, subscription)
    return c.json(provider.received(new Date()), 200)
  })
}
