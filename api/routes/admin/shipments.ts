import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { actOnOrder } from '../../../application/orders/actions.ts'
import type { OrderRequest } from '../../../application/orders/order-request.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import { mustFitCarrier } from '../../../application/shipments/carrier-check.ts'
import type { ApiContext, ApiDeps, ApiEnv } from '../../deps.ts'
import { bearer, jsonBody, one, oneResponse, problemResponse } from '../../schemas/common.ts'
import { order, orderFor, orderParams } from '../../schemas/order.ts'
import { newParcelBody, parcelBody, shipmentParams } from '../../schemas/shipment.ts'

const answers = {
  200: oneResponse(order, 'Done'),
  202: oneResponse(order, 'The result is not known yet'),
  ...problemResponse,
}

const add = createRoute({
  method: 'post',
  path: '/{id}/shipments',
  tags: ['admin: orders'],
  summary: 'Ship a part of an accepted order in one parcel',
  description:
    'The order is shipped when all of it has left, and its automatic confirmation counts from then. 202: no result within 5 s.',
  security: bearer,
  request: { params: orderParams, body: jsonBody(newParcelBody) },
  responses: answers,
})

const correct = createRoute({
  method: 'patch',
  path: '/{id}/shipments/{shipment_id}',
  tags: ['admin: orders'],
  summary: 'Correct the carrier or the number of a parcel that was sent',
  description: 'The earlier number stays in the timeline. 202: no result within 5 s.',
  security: bearer,
  request: { params: shipmentParams, body: jsonBody(parcelBody) },
  responses: answers,
})

export function adminShipmentRoutes(deps: ApiDeps) {
  async function act(c: ApiContext, idOrNo: string, request: OrderRequest) {
    const before = await getOrder(deps, idOrNo, undefined)
    const by = { type: 'operator' as const, id: c.get('who').sub }
    const done = await actOnOrder(deps, before, by, request, c.get('operationKey'))
    const view = await getOrder(deps, before.order_no, undefined)
    return { done, view: orderFor('operator', view, c.get('lang'), deps.pointsToCnyMillionths) }
  }

  return new OpenAPIHono<ApiEnv>()
    .openapi(add, async (c) => {
      const { carrier, tracking_no: trackingNo, quantity, confirm } = c.req.valid('json')
      mustFitCarrier(carrier, trackingNo, confirm === true)
      const request = { kind: 'shipment' as const, carrier, trackingNo, quantity: quantity ?? undefined }
      const { done, view } = await act(c, c.req.valid('param').id, request)
      return done ? c.json(one(view), 200) : c.json(one(view), 202)
    })
    .openapi(correct, async (c) => {
      const { carrier, tracking_no: trackingNo, confirm } = c.req.valid('json')
      const { id, shipment_id: shipmentId } = c.req.valid('param')
      mustFitCarrier(carrier, trackingNo, confirm === true)
      const request = { kind: 'correctShipment' as const, shipmentId, carrier, trackingNo }
      const { done, view } = await act(c, id, request)
      return done ? c.json(one(view), 200) : c.json(one(view), 202)
    })
}
