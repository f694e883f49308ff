import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import {
  BLOCK_ID_MAX,
  block,
  readGuardedWallet,
  setFrozen,
  unblock,
} from '../../../application/wallet/freezes.ts'
import {
  addCash,
  adjustPoints,
  ENTRY_POINTS_MAX,
  grantPoints,
  REASON_MAX,
} from '../../../application/wallet/wallets.ts'
import { fenOf } from '../../../domain/money.ts'
import type { ApiContext, ApiDeps, ApiEnv } from '../../deps.ts'
import {
  bearer,
  codeText,
  int,
  jsonBody,
  needsRight,
  one,
  oneResponse,
  ownerParams,
  positiveMoney,
  problemResponse,
  text,
} from '../../schemas/common.ts'
import { wallet } from '../shop/wallet.ts'

const reason = text(1, REASON_MAX)

const blockView = z.object({
  block_id: z.string(),
  points: z.int(),
  reason: z.string().nullable(),
  operator_id: z.string().nullable(),
  created_at: z.iso.datetime(),
})

const guarded = wallet
  .extend({ frozen: z.string().nullable(), blocks: z.array(blockView).readonly() })
  .openapi('GuardedWallet')

const show = createRoute({
  method: 'get',
  path: '/{owner_id}',
  tags: ['admin: wallets'],
  summary: 'Read a wallet: points, cash, freezes and holds',
  security: bearer,
  request: { params: ownerParams },
  responses: { 200: oneResponse(guarded, 'The wallet'), ...problemResponse },
})

const grant = createRoute({
  method: 'post',
  path: '/{owner_id}/grant',
  tags: ['admin: wallets'],
  summary: 'Grant points, optionally with an expiry date (admin)',
  security: needsRight('change_wallets'),
  request: {
    params: ownerParams,
    body: jsonBody(
      z.strictObject({
        points: int(1, ENTRY_POINTS_MAX),
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
  summary: 'Adjust points by a signed number (admin)',
  security: needsRight('change_wallets'),
  request: {
    params: ownerParams,
    body: jsonBody(
      z.strictObject({
        points: int(-ENTRY_POINTS_MAX, ENTRY_POINTS_MAX).refine((points) => points !== 0),
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
  security: needsRight('change_wallets'),
  request: {
    params: ownerParams,
    body: jsonBody(
      z.strictObject({
        amount: positiveMoney,
        reason,
      }),
    ),
  },
  responses: { 200: oneResponse(wallet, 'The wallet'), ...problemResponse },
})

const withReason = z.strictObject({ reason })

const guard = <P extends string, B extends z.ZodType, R extends z.ZodType>(
  path: P,
  summary: string,
  body: B,
  answer: R,
) =>
  createRoute({
    method: 'post',
    path,
    tags: ['admin: wallets'],
    summary,
    security: needsRight('change_wallets'),
    request: { params: ownerParams, body: jsonBody(body) },
    responses: { 200: oneResponse(answer, 'The wallet'), ...problemResponse },
  })

const freezeRoute = guard(
  '/{owner_id}/freeze',
  'Freeze a wallet: no spending and no new orders; grants still arrive (admin)',
  withReason,
  guarded,
)
const unfreezeRoute = guard('/{owner_id}/unfreeze', 'Unfreeze a wallet (admin)', withReason, guarded)
const blockRoute = guard(
  '/{owner_id}/block',
  'Hold points until they are released (admin)',
  z.strictObject({ points: int(1, ENTRY_POINTS_MAX), reason }),
  guarded.extend({ block_id: z.string() }),
)
const unblockRoute = guard(
  '/{owner_id}/unblock',
  'Release held points to their lots; expiry dates stay (admin)',
  z.strictObject({ block_id: codeText(1, BLOCK_ID_MAX), reason }),
  guarded,
)

export function adminWalletRoutes(deps: ApiDeps) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(show, async (c) =>
      c.json(one(await readGuardedWallet(deps, c.req.valid('param').owner_id)), 200),
    )
    .openapi(grant, async (c) => {
      const { points, reason, expires_at } = c.req.valid('json')
      const expiresAt = expires_at ? new Date(expires_at) : null
      const owner = c.req.valid('param').owner_id
      return c.json(one(await grantPoints(deps, owner, points, expiresAt, causeOf(c, reason))), 200)
    })
    .openapi(adjust, async (c) => {
      const { points, reason } = c.req.valid('json')
      const owner = c.req.valid('param').owner_id
      return c.json(one(await adjustPoints(deps, owner, points, causeOf(c, reason))), 200)
    })
    .openapi(cash, async (c) => {
      const { amount, reason } = c.req.valid('json')
      const owner = c.req.valid('param').owner_id
      const fen = fenOf(amount.amount)
      return c.json(one(await addCash(deps, owner, fen, causeOf(c, reason))), 200)
    })
    .openapi(freezeRoute, async (c) => {
      const cause = causeOf(c, c.req.valid('json').reason)
      return c.json(one(await setFrozen(deps, c.req.valid('param').owner_id, true, cause)), 200)
    })
    .openapi(unfreezeRoute, async (c) => {
      const cause = causeOf(c, c.req.valid('json').reason)
      return c.json(one(await setFrozen(deps, c.req.valid('param').owner_id, false, cause)), 200)
    })
    .openapi(blockRoute, async (c) => {
      const { points, reason } = c.req.valid('json')
      const owner = c.req.valid('param').owner_id
      return c.json(one(await block(deps, owner, points, causeOf(c, reason))), 200)
    })
    .openapi(unblockRoute, async (c) => {
      const { block_id, reason } = c.req.valid('json')
      const owner = c.req.valid('param').owner_id
      const cause = causeOf(c, reason)
      return c.json(one(await unblock(deps, owner, block_id, deps.expiryGraceMs, cause)), 200)
    })
}

const causeOf = (c: ApiContext, why: string) => ({
  operationKey: c.get('operationKey'),
  operatorId: c.get('who').sub,
  reason: why,
})
