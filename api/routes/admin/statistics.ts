import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import {
  defaultSpan,
  PERIODS,
  readPeriodStatistics,
  statisticsTable,
} from '../../../application/orders/period-statistics.ts'
import { isDay } from '../../../domain/business-time.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { bearer, money, one, oneResponse, problemResponse } from '../../schemas/common.ts'

const day = z
  .string()
  .refine(isDay, { params: { rule: 'format' } })
  .openapi({ format: 'date' })
const query = z.object({
  from: day.optional().openapi({ description: 'The first day, in Shanghai; by default 29 days ago' }),
  to: day.optional().openapi({ description: 'The last day, in Shanghai; at most 366 days in all' }),
  by: z.enum(PERIODS).optional(),
})

const period = z
  .object({
    period: z.iso.date(),
    created: z.int(),
    paid: z.int(),
    finished: z.int(),
    canceled: z.int(),
    refunded: z.int(),
    points_spent: z.int(),
    points_returned: z.int(),
    cash_in: money,
    cash_out: money,
  })
  .openapi('PeriodFigures')

const statistics = z
  .object({
    from: z.iso.date(),
    to: z.iso.date(),
    by: z.enum(PERIODS),
    periods: z.array(period),
    products: z.array(
      z.object({ product_id: z.string(), title: z.string(), orders: z.int(), quantity: z.int() }),
    ),
  })
  .openapi('PeriodStatistics')

const read = createRoute({
  method: 'get',
  path: '/statistics',
  tags: ['admin: orders'],
  summary: 'Read what happened by day, week or month, and the most redeemed products',
  security: bearer,
  request: { query },
  responses: { 200: oneResponse(statistics, 'Statistics'), ...problemResponse },
})

const csv = createRoute({
  method: 'get',
  path: '/statistics.csv',
  tags: ['admin: orders'],
  summary: 'Download the statistics by day, week or month as CSV',
  security: bearer,
  request: { query },
  responses: {
    200: { description: 'UTF-8 with a byte order mark', content: { 'text/csv': { schema: z.string() } } },
    ...problemResponse,
  },
})

function askOf({ from, to, by }: z.output<typeof query>) {
  const span = defaultSpan(Date.now())
  return { from: from ?? span.from, to: to ?? span.to, by: by ?? span.by }
}

export function adminStatisticsRoutes({ replica }: ApiDeps) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(read, async (c) => {
      const { periods, products, ...rest } = await readPeriodStatistics(replica, askOf(c.req.valid('query')))
      return c.json(one({ ...rest, periods: [...periods], products: [...products] }), 200)
    })
    .openapi(csv, async (c) => {
      const { body, headers } = await statisticsTable(replica, askOf(c.req.valid('query')), c.get('lang'))
      return c.body(body, 200, headers)
    })
}
