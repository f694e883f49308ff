import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { BATCH_MAX, LINE_RESULTS, readBatch, shipBatch } from '../../../application/shipments/ship-batch.ts'
import { ERROR_CODES, errorText } from '../../../i18n/error-texts.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { bearer, codeText, one, oneResponse, problemResponse, text } from '../../schemas/common.ts'
import { confirmMismatch } from '../../schemas/shipment.ts'

const lines = z
  .array(
    z.strictObject({
      order_no: codeText(1, 64),
      carrier: text(1, 64),
      tracking_no: codeText(1, 64),
      confirm: confirmMismatch,
    }),
  )
  .min(1)
  .max(BATCH_MAX)

const lineResult = z
  .object({
    line: z.int().openapi({ description: 'From 1; a line of names does not count' }),
    order_no: z.string(),
    result: z.enum(LINE_RESULTS).openapi({
      description:
        '`already_shipped`: with this very number; `pending`: not known yet; `not_tried`: send the batch again, with another Idempotency-Key',
    }),
    code: z.enum(ERROR_CODES).nullable().openapi({ description: 'Why it was refused' }),
    message: z.string().nullable().openapi({ description: 'The same in the language of the request' }),
  })
  .openapi('ShipBatchResult')

const batch = createRoute({
  method: 'post',
  path: '/ship-batch',
  tags: ['admin: orders'],
  summary: 'Ship many orders, each in one parcel',
  description:
    'As `text/csv`: `order_no,carrier,tracking_no` and perhaps `confirm` (true: the number is right although it looks like another carrier), with or without these names in the first line. The same batch again ships nothing twice.',
  security: bearer,
  request: {
    body: {
      content: {
        'application/json': { schema: z.strictObject({ lines }) },
        'text/csv': { schema: z.string() },
      },
    },
  },
  responses: { 200: oneResponse(z.array(lineResult), 'A result for each line'), ...problemResponse },
})

export function adminShipBatchRoutes(deps: ApiDeps) {
  return new OpenAPIHono<ApiEnv>().openapi(batch, async (c) => {
    const body = c.req.valid('json')
    const given = typeof body === 'object' && 'lines' in body ? body.lines : readBatch(await c.req.text())
    const results = await shipBatch(deps, { type: 'operator', id: c.get('who').sub }, given)
    const lang = c.get('lang')
    const shown = results.map(({ line, order_no, result, refusal }) => ({
      line,
      order_no,
      result,
      code: refusal?.code ?? null,
      message: refusal && errorText(refusal.code, lang, refusal).detail,
    }))
    return c.json(one(shown), 200)
  })
}
