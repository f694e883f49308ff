import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { readTransactions, readWallet } from '../../application/wallets.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import {
  bearer,
  listOf,
  listResponse,
  money,
  one,
  oneResponse,
  pageQuery,
  problemResponse,
  sliceOf,
} from '../schemas.ts'

export const wallet = z
  .object({
    type: z.literal('integral'),
    currency: z.literal('ZJF'),
    available: z.int(),
    held: z.int(),
    expiring: z.array(z.object({ points: z.int(), expires_at: z.iso.datetime() })).readonly(),
    cash: money,
  })
  .openapi('Wallet')

const entry = z
  .object({
    id: z.string(),
    kind: z.string(),
    points: z.int(),
    balance_after: z.int(),
    order_no: z.string().nullable(),
    reason: z.string().nullable(),
    created_at: z.iso.datetime(),
  })
  .openapi('WalletEntry')

const show = createRoute({
  method: 'get',
  path: '/',
  tags: ['wallet'],
  summary: 'My points and cash',
  security: bearer,
  responses: { 200: oneResponse(wallet, 'The wallet'), ...problemResponse },
})

const transactions = createRoute({
  method: 'get',
  path: '/transactions',
  tags: ['wallet'],
  summary: 'What happened to my points, newest first',
  security: bearer,
  request: { query: pageQuery },
  responses: { 200: listResponse(entry, 'A page of entries'), ...problemResponse },
})

/** The caller's own wallet. */
export function walletRoutes(deps: ApiDeps) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(show, async (c) => c.json(one(await readWallet(deps, c.get('who').sub)), 200))
    .openapi(transactions, async (c) => {
      const query = c.req.valid('query')
      const { entries, total } = await readTransactions(deps, c.get('who').sub, sliceOf(query))
      return c.json(listOf(entries, total, query), 200)
    })
}
