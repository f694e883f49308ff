import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { addCash, adjustPoints, grantPoints, readWallet } from '../../application/wallets.ts'
import { fenFromDecimal } from '../../domain/money.ts'
import { requireRole } from '../auth.ts'
import type { ApiContext, ApiDeps, ApiEnv } from '../deps.ts'
import {
  bearer,
  int,
  jsonBody,
  one,
  oneResponse,
  ownerParams,
  positiveMoney,
  problemResponse,
  text,
} from '../schemas.ts'
import { wallet } from './wallet.ts'

const POINTS_MAX = 1_000_000_000
const reason = text(1, 200)
const adminOnly = requireRole('admin')

const show = createRoute({
  method: 'get',
  path: '/{owner_id}',
  tags: ['admin: wallets'],
  summary: "A customer's points and cash",
  security: bearer,
  request: { params: ownerParams },
  responses: { 200: oneResponse(wallet, 'The wallet'), ...problemResponse },
})

const grant = createRoute({
  method: 'post',
  path: '/{owner_id}/grant',
  tags: ['admin: wallets'],
  summary: 'Add points, which may expire (admin)',
  security: bearer,
  middleware: adminOnly,
  request: {
    params: ownerParams,
    body: jsonBody(
      z.object({
        points: int(1, POINTS_MAX),
        reason,
        expires_at: z.iso.datetime({ offset: true }).nullish(),
      }),
    ),
  },
  responses: { 200: oneResponse(wallet, 'The wallet'), ...problemResponse },
})

const adjust = createRoute({
  method: 'post',
  path: '/{owner_id}/adjust',
  tags: ['admin: wallets'],
  summary: 'Correct the points by a signed number (admin)',
  security: bearer,
  middleware: adminOnly,
  request: {
    params: ownerParams,
    body: jsonBody(
      z.object({
        points: int(-POINTS_MAX, POINTS_MAX).refine((points) => points !== 0),
        reason,
      }),
    ),
  },
  responses: { 200: oneResponse(wallet, 'The wallet'), ...problemResponse },
})

const cash = createRoute({
  method: 'post',
  path: '/{owner_id}/cash',
  tags: ['admin: wallets'],
  summary: 'Add cash (admin)',
  security: bearer,
  middleware: adminOnly,
  request: {
    params: ownerParams,
    body: jsonBody(
      z.object({
        amount: positiveMoney,
        reason,
      }),
    ),
  },
  responses: { 200: oneResponse(wallet, 'The wallet'), ...problemResponse },
})

export function adminWalletRoutes({ db }: ApiDeps) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(show, async (c) => c.json(one(await readWallet(db, c.req.valid('param').owner_id)), 200))
    .openapi(grant, async (c) => {
      const { points, reason, expires_at } = c.req.valid('json')
      const expiresAt = expires_at ? new Date(expires_at) : null
      const owner = c.req.valid('param').owner_id
      return c.json(one(await grantPoints(db, owner, points, expiresAt, causeOf(c, reason))), 200)
    })
    .openapi(adjust, async (c) => {
      const { points, reason } = c.req.valid('json')
      const owner = c.req.valid('param').owner_id
      return c.json(one(await adjustPoints(db, owner, points, causeOf(c, reason))), 200)
    })
    .openapi(cash, async (c) => {
      const { amount, reason } = c.req.valid('json')
      const owner = c.req.valid('param').owner_id
      const fen = fenFromDecimal(amount.amount) ?? 0n
      return c.json(one(await addCash(db, owner, fen, causeOf(c, reason))), 200)
    })
}

const causeOf = (c: ApiContext, why: string) => ({
  operationKey: c.get('operationKey'),
  operatorId: c.get('who').sub,
  reason: why,
})
