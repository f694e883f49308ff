import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { keepTracked } from '../../../application/shipments/track.ts'
import { TRACKING_PROVIDERS } from '../../../domain/shipments/tracking.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { ApiError } from '../../errors.ts'
import { problemResponse } from '../../schemas/common.ts'

const push = createRoute({
  method: 'post',
  path: '/tracking/{provider}',
  tags: ['webhooks'],
  summary: "A tracking service's pushes, signed as that service signs",
  request: { params: z.object({ provider: z.enum(TRACKING_PROVIDERS) }) },
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
    for (const { trackingNo, tracked } of verified.parcels) {
      await keepTracked(deps.db, deps.sealer, trackingNo, tracked)
    }
    return c.json(provider.received(new Date()), 200)
  })
}
