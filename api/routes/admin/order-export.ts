import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { orderTable } from '../../../application/orders/orders-csv.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { bearer, problemResponse } from '../../schemas/common.ts'
import { filterOf, orderFilter } from '../../schemas/order-filter.ts'

const csv = createRoute({
  method: 'get',
  path: '/orders.csv',
  tags: ['admin: orders'],
  summary: 'Download the orders of the list, newest first, as CSV',
  description: 'Nothing personal but the id of the customer.',
  security: bearer,
  request: { query: z.object(orderFilter) },
  responses: {
    200: { description: 'UTF-8 with a byte order mark', content: { 'text/csv': { schema: z.string() } } },
    ...problemResponse,
  },
})

export function adminOrderExportRoutes(deps: ApiDeps) {
  return new OpenAPIHono<ApiEnv>().openapi(csv, async (c) => {
    const search = filterOf(c.req.valid('query'))
    const { body, headers } = await orderTable({ ...deps, db: deps.replica }, search, c.get('lang'))
    return c.body(body, 200, headers)
  })
}
