import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { ACCEPT_MAX, ACCEPT_RESULTS, acceptBatch } from '../../../application/orders/accept-batch.ts'
import { ERROR_CODES, errorText } from '../../../i18n/error-texts.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { bearer, codeText, one, oneResponse, problemResponse } from '../../schemas/common.ts'

const acceptResult = z
  .object({
    order_no: z.string(),
    result: z.enum(ACCEPT_RESULTS).openapi({
      description:
        '`already_accepted`: before this request; `pending`: not known yet; `not_tried`: send the request again, with another Idempotency-Key',
    }),
    code: z.enum(ERROR_CODES).nullable().openapi({ description: 'Why it was refused' }),
    message: z.string().nullable().openapi({ description: 'The same in the language of the request' }),
  })
  .openapi('AcceptBatchResult')

const batch = createRoute({
  method: 'post',
  path: '/accept-batch',
  tags: ['admin: orders'],
  summary: 'Accept many paid orders',
  description: 'Each order has its own result. The same request again accepts nothing twice.',
  security: bearer,
  request: {
    body: {
      content: {
        'application/json': {
          schema: z.strictObject({ order_nos: z.array(codeText(1, 64)).min(1).max(ACCEPT_MAX) }),
        },
      },
    },
  },
  responses: { 200: oneResponse(z.array(acceptResult), 'A result for each order'), ...problemResponse },
})

export function adminAcceptBatchRoutes(deps: ApiDeps) {
  return new OpenAPIHono<ApiEnv>().openapi(batch, async (c) => {
    const { order_nos } = c.req.valid('json')
    const by = { type: 'operator', id: c.get('who').sub } as const
    const results = await acceptBatch(deps, by, order_nos, c.get('operationKey'))
    const lang = c.get('lang')
    const shown = results.map(({ order_no, result, refusal }) => ({
      order_no,
      result,
      code: refusal?.code ?? null,
      message: refusal && errorText(refusal.code, lang, refusal).detail,
    }))
    return c.json(one(shown), 200)
  })
}
