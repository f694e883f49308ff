import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { ENTRY_KINDS, readStatement, type StatementEntry } from '../../../application/wallet/statement.ts'
import { statementTable } from '../../../application/wallet/statement-csv.ts'
import { readWallet } from '../../../application/wallet/wallets.ts'
import { moneyFromFen } from '../../../domain/money.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import {
  bearer,
  listOf,
  meta,
  money,
  one,
  oneResponse,
  pageQuery,
  problemResponse,
  sliceOf,
} from '../../schemas/common.ts'

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

const decimal = z.string().regex(/^-?\d+\.\d{2}$/)
const change = z.object({ amount: decimal, currency: z.literal('CNY') }).openapi('MoneyChange')

const entryBase = z.object({
  id: z.string(),
  kind: z.string(),
  order_no: z.string().nullable(),
  reason: z.string().nullable(),
  reason_text: z.string(),
  created_at: z.iso.datetime(),
})
const entry = entryBase.extend({ points: z.int(), balance_after: z.int() }).openapi('WalletEntry')
const cashEntry = entryBase.extend({ amount: change, balance_after: change }).openapi('CashEntry')

const filterQuery = z.object({
  currency: z.enum(['ZJF', 'CNY']).default('ZJF'),
  kind: z.enum(ENTRY_KINDS).optional(),
})

const show = createRoute({
  method: 'get',
  path: '/',
  tags: ['wallet'],
  summary: 'Read my wallet',
  security: bearer,
  responses: { 200: oneResponse(wallet, 'The wallet'), ...problemResponse },
})

const transactions = createRoute({
  method: 'get',
  path: '/transactions',
  tags: ['wallet'],
  summary:
    'List my transactions in points or cash, newest first; by page, or by cursor from `meta.next_cursor`',
  security: bearer,
  request: {
    query: pageQuery.extend(filterQuery.shape).extend({ cursor: z.string().max(64).optional() }),
  },
  responses: {
    200: {
      description: 'A page of entries',
      content: {
        'application/json': {
          schema: z.object({
            success: z.literal(true),
            data: z.union([z.array(entry), z.array(cashEntry)]),
            meta: meta.extend({ next_cursor: z.string().nullable() }).openapi('CursorMeta'),
          }),
        },
      },
    },
    ...problemResponse,
  },
})

const csv = createRoute({
  method: 'get',
  path: '/transactions.csv',
  tags: ['wallet'],
  summary: 'Download all my transactions as CSV',
  security: bearer,
  request: { query: filterQuery },
  responses: {
    200: { description: 'UTF-8 with a byte order mark', content: { 'text/csv': { schema: z.string() } } },
    ...problemResponse,
  },
})

export function walletRoutes(deps: ApiDeps) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(show, async (c) => c.json(one(await readWallet(deps, c.get('who').sub)), 200))
    .openapi(transactions, async (c) => {
      const { currency, kind, cursor, ...page } = c.req.valid('query')
      const { entries, total, nextCursor } = await readStatement(
        deps,
        { ownerId: c.get('who').sub, currency, kind },
        { ...sliceOf(page), cursor },
        c.get('lang'),
      )
      const { success, meta } = listOf([], total, page)
      const data = currency === 'ZJF' ? entries.map(pointsEntry) : entries.map(moneyEntry)
      return c.json({ success, data, meta: { ...meta, next_cursor: nextCursor } }, 200)
    })
    .openapi(csv, async (c) => {
      const { currency, kind } = c.req.valid('query')
      const query = { ownerId: c.get('who').sub, currency, kind }
      const { body, headers } = await statementTable(deps, query, c.get('lang'))
      return c.body(body, 200, headers)
    })
}

const baseOf = ({ id, kind, orderNo, reason, reasonText, createdAt }: StatementEntry) => ({
  id,
  kind,
  order_no: orderNo,
  reason,
  reason_text: reasonText,
  created_at: createdAt.toISOString(),
})

const pointsEntry = (entry: StatementEntry) => ({
  ...baseOf(entry),
  points: Number(entry.amount),
  balance_after: Number(entry.balanceAfter),
})

const moneyEntry = (entry: StatementEntry) => ({
  ...baseOf(entry),
  amount: moneyFromFen(entry.amount),
  balance_after: moneyFromFen(entry.balanceAfter),
})
