import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { readCharge } from '../../../application/fulfilment/charges.ts'
import { readOrderCodes } from '../../../application/fulfilment/codes.ts'
import { readOrderVoucher } from '../../../application/fulfilment/vouchers.ts'
import { type LinkedResources, readLinked } from '../../../application/orders/linked.ts'
import { getOrder, listOrders } from '../../../application/orders/reads.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { findWorkflow } from '../../../application/orders/workflow-link.ts'
import { mustFitCarrier } from '../../../application/shipments/carrier-check.ts'
import type { ApiContext, ApiDeps, ApiEnv } from '../../deps.ts'
import { charge } from '../../schemas/charges.ts'
import { orderCode } from '../../schemas/codes.ts'
import {
  actionsOn,
  bearer,
  codeText,
  int,
  listOf,
  listResponse,
  money,
  one,
  oneResponse,
  pageQuery,
  problemResponse,
  sliceOf,
  text,
} from '../../schemas/common.ts'
import { include, order, orderFor, orderParams, reasonText } from '../../schemas/order.ts'
import { filterOf, orderFilter } from '../../schemas/order-filter.ts'
import { confirmMismatch } from '../../schemas/shipment.ts'
import { voucher } from '../../schemas/vouchers.ts'
import { operatorActs } from './operator-acts.ts'

const adminOrder = order
  .extend({
    codes: z.array(orderCode).optional().openapi({ description: 'Masked; absent where there are none' }),
    voucher: voucher.optional().openapi({ description: 'Masked; absent where there is none' }),
    charge: charge.optional().openapi({ description: 'Masked; absent where there is none' }),
    workflow: z.object({ id: z.string(), run_id: z.string().nullable(), url: z.string().nullable() }),
  })
  .openapi('AdminOrder')

const list = createRoute({
  method: 'get',
  path: '/',
  tags: ['admin: orders'],
  summary: 'List orders, newest first',
  security: bearer,
  request: {
    query: pageQuery.extend({ ...orderFilter, include }),
  },
  responses: { 200: listResponse(order, 'A page of orders'), ...problemResponse },
})

const show = createRoute({
  method: 'get',
  path: '/{id}',
  tags: ['admin: orders'],
  summary: 'Read an order and its workflow',
  security: bearer,
  request: { params: orderParams, query: z.object({ include }) },
  responses: { 200: oneResponse(adminOrder, 'The order'), ...problemResponse },
})

const action = actionsOn('admin: orders', {
  params: orderParams,
  answer: order,
  description: 'Runs through the workflow. 202: no result within 5 s; read the order for it later.',
})

const none = z.strictObject({})
const because = z.strictObject({ reason: reasonText })
const accept = action('/{id}/accept', 'Accept a paid order', none)
const ship = action(
  '/{id}/ship',
  'Ship all that is left of an accepted order in one parcel',
  z.strictObject({ carrier: text(1, 64), tracking_no: codeText(1, 64), confirm: confirmMismatch }),
)
const finish = action('/{id}/finish', 'Complete an order that was received', none)
const cancel = action(
  '/{id}/cancel',
  'Cancel an order before it ships; points, stock and money are returned',
  because,
)
const refund = action(
  '/{id}/refund',
  'Refund a paid order, also after it shipped. With points or money: a partial refund, which keeps the order',
  because
    .extend({ points: int(0).nullish(), money: money.nullish() })
    .refine(
      ({ points, money: cash }) =>
        (points == null && cash == null) || (points ?? 0) > 0 || /[1-9]/.test(cash?.amount ?? ''),
      { path: ['points'], params: { rule: 'min', bound: '1' } },
    ),
)
const resolve = action(
  '/{id}/resolve',
  'Resolve an order that needs attention: retry, skip the step, or settle a refund made outside the system',
  because.extend({
    action: z.enum(['retry', 'skip', 'settle']),
    refund_no: codeText(1, 64).nullish().openapi({
      description: 'The refund that "settle" refers to; required when several are stuck',
    }),
  }),
)

export function adminOrderRoutes(deps: ApiDeps) {
  const rate = deps.pointsToCnyMillionths
  const shown = (c: ApiContext, view: OrderView, linked?: LinkedResources) =>
    orderFor('operator', view, c.get('lang'), rate, linked)

  const act = operatorActs(deps)

  return new OpenAPIHono<ApiEnv>()
    .openapi(list, async (c) => {
      const query = c.req.valid('query')
      const filter = filterOf(query)
      const { orders, total } = await listOrders({ ...deps, db: deps.replica }, filter, sliceOf(query))
      const linkedOf = await readLinked({ db: deps.replica }, orders, query.include, rate)
      return c.json(
        listOf(
          orders.map((view) => shown(c, view, linkedOf(view))),
          total,
          query,
        ),
        200,
      )
    })
    .openapi(show, async (c) => {
      const view = await getOrder(deps, c.req.valid('param').id, undefined)
      const workflow = await findWorkflow(deps.temporal, view.order_no, deps.temporalUiUrl)
      const linkedOf = await readLinked(deps, [view], c.req.valid('query').include, rate)
      const codes = await readOrderCodes(deps.db, view.order_no)
      const listed = codes.length > 0 ? { codes } : {}
      const found = await readOrderVoucher(deps, view.order_no)
      const charged = await readCharge(deps, view.order_no)
      const handedOut = { ...listed, ...(found && { voucher: found }), ...(charged && { charge: charged }) }
      return c.json(one({ ...shown(c, view, linkedOf(view)), ...handedOut, workflow }), 200)
    })
    .openapi(accept, async (c) => {
      const { done, view } = await act(c, c.req.valid('param').id, { kind: 'accept' })
      return done ? c.json(one(view), 200) : c.json(one(view), 202)
    })
    .openapi(ship, async (c) => {
      const { carrier, tracking_no, confirm } = c.req.valid('json')
      mustFitCarrier(carrier, tracking_no, confirm === true)
      const request = { kind: 'ship' as const, carrier, trackingNo: tracking_no }
      const { done, view } = await act(c, c.req.valid('param').id, request)
      return done ? c.json(one(view), 200) : c.json(one(view), 202)
    })
    .openapi(finish, async (c) => {
      const { done, view } = await act(c, c.req.valid('param').id, { kind: 'finish' })
      return done ? c.json(one(view), 200) : c.json(one(view), 202)
    })
    .openapi(cancel, async (c) => {
      const { reason } = c.req.valid('json')
      const { done, view } = await act(c, c.req.valid('param').id, { kind: 'cancel', reason })
      return done ? c.json(one(view), 200) : c.json(one(view), 202)
    })
    .openapi(refund, async (c) => {
      const { reason, points, money: cash } = c.req.valid('json')
      const part =
        points == null && cash == null ? undefined : { points: points ?? 0, money: cash?.amount ?? '0.00' }
      const { done, view } = await act(c, c.req.valid('param').id, { kind: 'refund', reason, part })
      return done ? c.json(one(view), 200) : c.json(one(view), 202)
    })
    .openapi(resolve, async (c) => {
      const { reason, action, refund_no } = c.req.valid('json')
      const request = { kind: 'resolve' as const, action, reason, refundNo: refund_no ?? undefined }
      const { done, view } = await act(c, c.req.valid('param').id, request)
      return done ? c.json(one(view), 200) : c.json(one(view), 202)
    })
}
