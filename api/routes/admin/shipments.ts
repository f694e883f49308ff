import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { mustFitCarrier } from '../../../application/shipments/carrier-check.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { actedResponses, bearer, jsonBody, one } from '../../schemas/common.ts'
import { order, orderParams } from '../../schemas/order.ts'
import { newParcelBody, parcelBody, shipmentParams } from '../../schemas/shipment.ts'
import { operatorActs } from './operator-acts.ts'

const add = createRoute({
  method: 'post',
  path: '/{id}/shipments',
  tags: ['admin: orders'],
  summary: 'Ship a part of an accepted order in one parcel',
  description:
    'The order is shipped when all of it has left, and its automatic confirmation counts from then. 202: no result within 5 s.',
  security: bearer,
  request: { params: orderParams, body: jsonBody(newParcelBody) },
  responses: actedResponses(order),
})

const correct = createRoute({
  method: 'patch',
  path: '/{id}/shipments/{shipment_id}',
  tags: ['admin: orders'],
  summary: 'Correct the carrier or the number of a parcel that was sent',
  description: 'The earlier number stays in the timeline. 202: no result within 5 s.',
  security: bearer,
  request: { params: shipmentParams, body: jsonBody(parcelBody) },
  responses: actedResponses(order),
})

export function adminShipmentRoutes(deps: ApiDeps) {
  const act = operatorActs(deps)
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
