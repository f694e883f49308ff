import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { readAnyProduct } from '../../../application/catalogue/products.ts'
import { linesOfCsv } from '../../../application/fulfilment/code-lines.ts'
import {
  importCodes,
  readOrderCodes,
  readPool,
  replaceOrderCode,
} from '../../../application/fulfilment/codes.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import { DomainError } from '../../../domain/errors.ts'
import type { ApiContext, ApiDeps, ApiEnv } from '../../deps.ts'
import { isCsv } from '../../middleware/body.ts'
import { codeImport, codeState, importResult, importResultFor, orderCode, pool } from '../../schemas/codes.ts'
import {
  bearer,
  id,
  idParams,
  jsonBody,
  meta,
  one,
  oneResponse,
  pageQuery,
  problemResponse,
  sliceOf,
} from '../../schemas/common.ts'
import { orderParams, reasonText } from '../../schemas/order.ts'

const importing = createRoute({
  method: 'post',
  path: '/products/{id}/codes',
  tags: ['admin: products'],
  summary: 'Import codes into the pool of a product, which is its stock',
  description:
    'CSV has the columns code, pin, url, valid_until, in this order or named in its first line. Each line that is not imported is in the answer with its number.',
  security: bearer,
  request: {
    params: idParams,
    body: {
      content: {
        'application/json': { schema: codeImport },
        'text/csv': {
          schema: z.string().openapi({ example: 'code,pin,url,valid_until\nABCD-1234,,,2027-12-31\n' }),
        },
      },
    },
  },
  responses: { 201: oneResponse(importResult, 'What became of the lines'), ...problemResponse },
})

const list = createRoute({
  method: 'get',
  path: '/products/{id}/codes',
  tags: ['admin: products'],
  summary: 'Count the codes of a product by state, and list them masked, newest first',
  security: bearer,
  request: { params: idParams, query: pageQuery.extend({ state: codeState.optional() }) },
  responses: {
    200: {
      description: 'Counts, and a page of codes',
      content: { 'application/json': { schema: z.object({ success: z.literal(true), data: pool, meta }) } },
    },
    ...problemResponse,
  },
})

const replace = createRoute({
  method: 'post',
  path: '/orders/{id}/codes/{code_id}/replace',
  tags: ['admin: orders'],
  summary: 'Give the order another code; the old one becomes void',
  security: bearer,
  request: {
    params: orderParams.extend({
      code_id: id.openapi({ param: { name: 'code_id', in: 'path' }, example: '1' }),
    }),
    body: jsonBody(z.strictObject({ reason: reasonText })),
  },
  responses: { 200: oneResponse(orderCode, 'The code that the order has now'), ...problemResponse },
})

const causeOf = (c: ApiContext) => ({ operationKey: c.get('operationKey'), operatorId: c.get('who').sub })

export function adminCodeRoutes(deps: ApiDeps) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(importing, async (c) => {
      const lines = isCsv(c)
        ? linesOfCsv(await c.req.text())
        : (c.req.valid('json') as z.output<typeof codeImport>).codes.map((code, n) => ({
            ...code,
            line: n + 1,
          }))
      const { result } = await importCodes(deps, c.req.valid('param').id, lines, causeOf(c))
      return c.json(one(importResultFor(result, c.get('lang'))), 201)
    })
    .openapi(list, async (c) => {
      const query = c.req.valid('query')
      const { id: productId } = await readAnyProduct(
        deps.db,
        c.req.valid('param').id,
        deps.pointsToCnyMillionths,
      )
      const { total, counts, codes } = await readPool(deps.db, productId, query.state, sliceOf(query))
      const { page, per_page } = query
      const last_page = Math.max(1, Math.ceil(total / per_page))
      const data = { counts, codes: [...codes] }
      return c.json({ ...one(data), meta: { current_page: page, per_page, total, last_page } }, 200)
    })
    .openapi(replace, async (c) => {
      const { id: idOrNo, code_id } = c.req.valid('param')
      const order = await getOrder(deps, idOrNo, undefined)
      const next = await replaceOrderCode(deps, order, code_id, c.req.valid('json').reason, causeOf(c))
      const code = (await readOrderCodes(deps.db, order.order_no)).find(({ id: codeId }) => codeId === next)
      if (!code) throw new DomainError({ code: 'NOT_FOUND' })
      return c.json(one(code), 200)
    })
}
