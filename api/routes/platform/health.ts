import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { missingParts, type Part } from '../../../application/platform/health.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { ApiError } from '../../errors.ts'
import { one, oneResponse, problemResponse } from '../../schemas/common.ts'

const CACHE_MS = 1_000

const live = createRoute({
  method: 'get',
  path: '/live',
  tags: ['health'],
  summary: 'Liveness: the process responds',
  responses: { 200: oneResponse(z.object({ status: z.literal('live') }), 'Alive') },
})

const ready = createRoute({
  method: 'get',
  path: '/ready',
  tags: ['health'],
  summary: 'Readiness: database, Temporal and a worker are available',
  responses: {
    200: oneResponse(z.object({ status: z.literal('ready') }), 'Ready to accept exchanges'),
    ...problemResponse,
  },
})

export function healthRoutes({ db, temporal }: ApiDeps) {
  let checked: { readonly at: number; readonly missing: Promise<Part[]> } | undefined
  const missing = () => {
    if (!checked || Date.now() - checked.at > CACHE_MS) {
      checked = { at: Date.now(), missing: missingParts(db, temporal.client) }
    }
    return checked.missing
  }
  return new OpenAPIHono<ApiEnv>()
    .openapi(live, (c) => c.json(one({ status: 'live' as const }), 200))
    .openapi(ready, async (c) => {
      const parts = await missing()
      if (parts.length > 0) {
        const names = parts.join(', ')
        throw new ApiError('UNAVAILABLE', {
          detail: c.get('lang') === 'en' ? `Not there: ${names}` : `未就绪：${names}`,
        })
      }
      return c.json(one({ status: 'ready' as const }), 200)
    })
}
