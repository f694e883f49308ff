import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import {
  changeStore,
  createStore,
  readStores,
  readVoucher,
  redeemVoucher,
  undoVoucherUse,
} from '../../../application/fulfilment/vouchers.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import {
  bearer,
  id,
  idParams,
  jsonBody,
  one,
  oneResponse,
  problemResponse,
  text,
} from '../../schemas/common.ts'
import { reasonText } from '../../schemas/order.ts'
import { store, storeChange, storeCreation, voucher } from '../../schemas/vouchers.ts'

const common = { tags: ['admin: vouchers'], security: bearer }

const redeem = createRoute({
  ...common,
  method: 'post',
  path: '/vouchers/redeem',
  summary: 'Take one use of a voucher at the counter of a store',
  description: 'The last use finishes the order.',
  request: { body: jsonBody(z.strictObject({ code: text(1, 64), store_id: id })) },
  responses: { 200: oneResponse(voucher, 'The voucher, with this use'), ...problemResponse },
})

const show = createRoute({
  ...common,
  method: 'get',
  path: '/vouchers/{id}',
  summary: 'Read a voucher and its uses',
  request: { params: idParams },
  responses: { 200: oneResponse(voucher, 'The voucher, masked'), ...problemResponse },
})

const undo = createRoute({
  ...common,
  method: 'post',
  path: '/vouchers/{id}/undo',
  summary: 'Give the last use of a voucher back, for half an hour after it',
  request: { params: idParams, body: jsonBody(z.strictObject({ reason: reasonText })) },
  responses: { 200: oneResponse(voucher, 'The voucher'), ...problemResponse },
})

const stores = createRoute({
  ...common,
  method: 'get',
  path: '/stores',
  summary: 'List the stores',
  responses: { 200: oneResponse(z.array(store), 'The stores, oldest first'), ...problemResponse },
})

const create = createRoute({
  ...common,
  method: 'post',
  path: '/stores',
  summary: 'Add a store',
  request: { body: jsonBody(storeCreation) },
  responses: { 201: oneResponse(store, 'The store'), ...problemResponse },
})

const change = createRoute({
  ...common,
  method: 'patch',
  path: '/stores/{id}',
  summary: 'Change a store, or who works there',
  request: { params: idParams, body: jsonBody(storeChange) },
  responses: { 200: oneResponse(store, 'The store'), ...problemResponse },
})

export function adminVoucherRoutes(deps: ApiDeps) {
  const { db } = deps
  return new OpenAPIHono<ApiEnv>()
    .openapi(redeem, async (c) => {
      const { code, store_id } = c.req.valid('json')
      return c.json(one(await redeemVoucher(deps, code, store_id, c.get('who'), c.get('operationKey'))), 200)
    })
    .openapi(show, async (c) => c.json(one(await readVoucher(deps, c.req.valid('param').id)), 200))
    .openapi(undo, async (c) => {
      const { reason } = c.req.valid('json')
      const { id: voucherId } = c.req.valid('param')
      return c.json(
        one(await undoVoucherUse(deps, voucherId, reason, c.get('who'), c.get('operationKey'))),
        200,
      )
    })
    .openapi(stores, async (c) => c.json(one(await readStores(db)), 200))
    .openapi(create, async (c) => {
      const { name, address, staff } = c.req.valid('json')
      const fields = { name, address: address ?? null, staff }
      return c.json(one(await createStore(db, fields, c.get('operationKey'))), 201)
    })
    .openapi(change, async (c) => {
      const given = Object.entries(c.req.valid('json')).filter(([, value]) => value !== undefined)
      return c.json(one(await changeStore(db, c.req.valid('param').id, Object.fromEntries(given))), 200)
    })
}
