import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import {
  EARNING_SOURCE,
  EXTERNAL_ID,
  earn,
  readEarnings,
  reverse,
} from '../../../application/wallet/earnings.ts'
import { DomainError } from '../../../domain/errors.ts'
import { fenOf } from '../../../domain/money.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { ApiError } from '../../errors.ts'
import {
  bearer,
  idParams,
  int,
  jsonBody,
  listOf,
  listResponse,
  money,
  needsRight,
  one,
  oneResponse,
  ownerId,
  pageQuery,
  problemResponse,
  sliceOf,
  text,
} from '../../schemas/common.ts'

const state = z.enum(['pending', 'granted', 'reversed'])

const earning = z
  .object({
    id: z.string(),
    owner_id: z.string(),
    source: z.string(),
    external_id: z.string(),
    amount: money.nullable(),
    points: z.int(),
    capped_points: z.int(),
    state,
    occurred_at: z.iso.datetime(),
    mature_at: z.iso.datetime(),
    expires_at: z.iso.datetime().nullable(),
    granted_at: z.iso.datetime().nullable(),
    reversed_at: z.iso.datetime().nullable(),
    reverse_reason: z.string().nullable(),
    shortfall: z.int(),
    open_shortfall: z.int(),
    created_at: z.iso.datetime(),
  })
  .openapi('Earning')

const asked = z
  .strictObject({
    owner_id: ownerId,
    source: z.string().regex(EARNING_SOURCE).openapi({ example: 'order' }),
    external_id: z.string().regex(EXTERNAL_ID).openapi({ example: 'SHOP-2026-0001' }),
    amount: money.optional(),
    points: int(1, 1_000_000_000).optional(),
    occurred_at: z.iso.datetime({ offset: true }).optional(),
  })
  .refine(({ amount, points }) => (amount === undefined) !== (points === undefined), {
    path: ['points'],
    params: { rule: 'one_of', bound: 'amount, points' },
  })

const create = createRoute({
  method: 'post',
  path: '/',
  tags: ['admin: earnings'],
  summary:
    'Record an earning: an amount converted by rule, or points. Repeating an external id changes nothing (admin, system)',
  security: needsRight('report_earnings'),
  request: { body: jsonBody(asked) },
  responses: {
    201: oneResponse(earning, 'The earning'),
    200: oneResponse(earning, 'The earning that was recorded before'),
    ...problemResponse,
  },
})

const undo = createRoute({
  method: 'post',
  path: '/{id}/reverse',
  tags: ['admin: earnings'],
  summary: 'Reverse an earning: pending points are canceled, granted ones clawed back (admin, system)',
  security: needsRight('report_earnings'),
  request: { params: idParams, body: jsonBody(z.strictObject({ reason: text(1, 200) })) },
  responses: { 200: oneResponse(earning, 'The earning'), ...problemResponse },
})

const list = createRoute({
  method: 'get',
  path: '/',
  tags: ['admin: earnings'],
  summary: 'List earnings, newest first',
  security: bearer,
  request: { query: pageQuery.extend({ owner_id: ownerId.optional(), state: state.optional() }) },
  responses: { 200: listResponse(earning, 'A page of earnings'), ...problemResponse },
})

export function adminEarningRoutes(deps: ApiDeps) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(create, async (c) => {
      const { owner_id, source, external_id, amount, points, occurred_at } = c.req.valid('json')
      const request = {
        ownerId: owner_id,
        source,
        externalId: external_id,
        fen: amount && fenOf(amount),
        points,
        occurredAt: occurred_at === undefined ? undefined : new Date(occurred_at),
        operatorId: c.get('who').sub,
      }
      try {
        const { earning, isNew } = await earn(deps, deps.earning, request)
        return c.json(one(earning), isNew ? 201 : 200)
      } catch (error) {
        if (!(error instanceof DomainError) || error.refusal.code !== 'IDEMPOTENCY_KEY_REUSED') throw error
        // The conflict is in `external_id`, not in the `Idempotency-Key` header.
        throw new ApiError('IDEMPOTENCY_KEY_REUSED', { errors: [{ field: 'external_id', rule: 'taken' }] })
      }
    })
    .openapi(undo, async (c) => {
      const by = { operatorId: c.get('who').sub, reason: c.req.valid('json').reason }
      return c.json(one(await reverse(deps, c.req.valid('param').id, deps.clawbackIntoDebt, by)), 200)
    })
    .openapi(list, async (c) => {
      const query = c.req.valid('query')
      const filter = { ownerId: query.owner_id, state: query.state }
      const { earnings, total } = await readEarnings(deps, filter, sliceOf(query))
      return c.json(listOf(earnings, total, query), 200)
    })
}
