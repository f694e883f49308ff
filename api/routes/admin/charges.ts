import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { acknowledgeCharge, queryChargeNow, readCharge } from '../../../application/fulfilment/charges.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import { DomainError } from '../../../domain/errors.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { charge } from '../../schemas/charges.ts'
import { bearer, jsonBody, one, oneResponse, problemResponse } from '../../schemas/common.ts'
import { orderParams, reasonText } from '../../schemas/order.ts'

const responses = { 200: oneResponse(charge, 'The charge'), ...problemResponse }

const query = createRoute({
  method: 'post',
  path: '/{id}/charge/query',
  tags: ['admin: orders'],
  summary: 'Ask the supplier about a charge now, instead of at its next time',
  description: 'The answer comes within seconds; read the order for it.',
  security: bearer,
  request: { params: orderParams, body: jsonBody(z.strictObject({})) },
  responses,
})

const seen = createRoute({
  method: 'post',
  path: '/{id}/charge/acknowledge',
  tags: ['admin: orders'],
  summary: 'Acknowledge that an account was charged although the order is refunded',
  security: bearer,
  request: { params: orderParams, body: jsonBody(z.strictObject({ reason: reasonText })) },
  responses,
})

export function adminChargeRoutes(deps: ApiDeps) {
  async function read(orderNo: string) {
    const found = await readCharge(deps, orderNo)
    if (!found) throw new DomainError({ code: 'NOT_FOUND' })
    return one(found)
  }
  return new OpenAPIHono<ApiEnv>()
    .openapi(query, async (c) => {
      const order = await getOrder(deps, c.req.valid('param').id, undefined)
      await queryChargeNow(deps, order, c.get('who').sub)
      return c.json(await read(order.order_no), 200)
    })
    .openapi(seen, async (c) => {
      const order = await getOrder(deps, c.req.valid('param').id, undefined)
      await acknowledgeCharge(deps, order, c.get('who').sub, c.req.valid('json').reason)
      return c.json(await read(order.order_no), 200)
    })
}
