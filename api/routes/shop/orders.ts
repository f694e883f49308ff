import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { showDelivery } from '../../../application/fulfilment/delivery.ts'
import { actOnOrder, mustBeSupported } from '../../../application/orders/actions.ts'
import { changeOrderAddress } from '../../../application/orders/change-address.ts'
import { type LinkedResources, readLinked } from '../../../application/orders/linked.ts'
import type { OrderRequest } from '../../../application/orders/order-request.ts'
import { getOrder, listOrders } from '../../../application/orders/reads.ts'
import { readStatistics } from '../../../application/orders/statistics.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import type { ApiContext, ApiDeps, ApiEnv } from '../../deps.ts'
import { clientIp } from '../../middleware/client-ip.ts'
import { address } from '../../schemas/address.ts'
import {
  actionsOn,
  bearer,
  jsonBody,
  listOf,
  listResponse,
  money,
  one,
  oneResponse,
  pageQuery,
  problemResponse,
  sliceOf,
} from '../../schemas/common.ts'
import {
  channelOf,
  include,
  order,
  orderFor,
  orderParams,
  orderStatus,
  paymentChannel,
  paymentMethod,
  reasonText,
} from '../../schemas/order.ts'

const list = createRoute({
  method: 'get',
  path: '/',
  tags: ['orders'],
  summary: 'List my orders, newest first',
  security: bearer,
  request: { query: pageQuery.extend({ status: orderStatus.optional(), include }) },
  responses: { 200: listResponse(order, 'A page of orders'), ...problemResponse },
})

const statistics = createRoute({
  method: 'get',
  path: '/statistics',
  tags: ['orders'],
  summary: 'Read my order statistics: counts, and what the paid, uncanceled orders cost',
  security: bearer,
  responses: {
    200: oneResponse(
      z.object({
        total: z.int(),
        by_status: z.record(z.string(), z.int()),
        by_payment_mode: z.record(z.string(), z.int()),
        total_points: z.int(),
        total_money: money,
      }),
      'Statistics',
    ),
    ...problemResponse,
  },
})

const show = createRoute({
  method: 'get',
  path: '/{id}',
  tags: ['orders'],
  summary: 'Read one of my orders by id or order number',
  security: bearer,
  request: { params: orderParams, query: z.object({ include }) },
  responses: { 200: oneResponse(order, 'The order'), ...problemResponse },
})

const action = actionsOn('orders', {
  params: orderParams,
  answer: order,
  description: '202: no result within 5 s; read the order for it later.',
})

const pay = action(
  '/{id}/pay',
  'Open the payment page again, or change the payment method',
  z.strictObject({ payment_method: paymentMethod.nullish(), ...paymentChannel }),
)
const cancel = action(
  '/{id}/cancel',
  'Cancel an order before it ships; points, stock and money are returned',
  z.strictObject({ reason: reasonText.nullish() }),
)
const changeAddress = createRoute({
  method: 'patch',
  path: '/{id}/address',
  tags: ['orders'],
  summary: 'Change where an order goes, until it is accepted',
  security: bearer,
  request: { params: orderParams, body: jsonBody(address) },
  responses: { 200: oneResponse(order, 'Done'), ...problemResponse },
})
const extend = action(
  '/{id}/extend',
  'Postpone the automatic confirmation of a shipped order by 7 days, once',
  z.strictObject({}),
)
const confirm = action('/{id}/confirm', 'Confirm receipt of an order', z.strictObject({}))

export function orderRoutes(deps: ApiDeps) {
  const rate = deps.pointsToCnyMillionths
  const shown = (c: ApiContext, view: OrderView, linked?: LinkedResources) =>
    orderFor('customer', view, c.get('lang'), rate, linked)

  async function act(c: ApiContext, idOrNo: string, request: OrderRequest) {
    const { sub } = c.get('who')
    const before = await getOrder(deps, idOrNo, sub)
    const by = { type: 'customer' as const, id: sub }
    const done = await actOnOrder(deps, before, by, request, c.get('operationKey'))
    return { done, view: shown(c, await getOrder(deps, before.order_no, sub)) }
  }

  return new OpenAPIHono<ApiEnv>()
    .openapi(list, async (c) => {
      const query = c.req.valid('query')
      const filter = { ownerId: c.get('who').sub, status: query.status }
      const { orders, total } = await listOrders(deps, filter, sliceOf(query))
      const linkedOf = await readLinked(deps, orders, query.include, rate)
      return c.json(
        listOf(
          orders.map((view) => shown(c, view, linkedOf(view))),
          total,
          query,
        ),
        200,
      )
    })
    .openapi(statistics, async (c) => c.json(one(await readStatistics(deps.replica, c.get('who').sub)), 200))
    .openapi(show, async (c) => {
      const view = await getOrder(deps, c.req.valid('param').id, c.get('who').sub)
      const linkedOf = await readLinked(deps, [view], c.req.valid('query').include, rate)
      const delivery = await showDelivery(deps, view, c.get('who').sub)
      return c.json(one({ ...shown(c, view, linkedOf(view)), ...(delivery && { delivery }) }), 200)
    })
    .openapi(pay, async (c) => {
      const body = c.req.valid('json')
      const method = body.payment_method ?? undefined
      const said = Boolean(body.client || body.openid || body.return_url)
      if (method) mustBeSupported(method, deps.settings.rules.supportedMethods)
      const { done, view } = await act(c, c.req.valid('param').id, {
        kind: 'pay',
        method,
        channel: said ? channelOf(body, clientIp(c, deps.trustedProxies), method) : undefined,
      })
      return done ? c.json(one(view), 200) : c.json(one(view), 202)
    })
    .openapi(cancel, async (c) => {
      const reason = c.req.valid('json').reason ?? undefined
      const { done, view } = await act(c, c.req.valid('param').id, { kind: 'cancel', reason })
      return done ? c.json(one(view), 200) : c.json(one(view), 202)
    })
    .openapi(changeAddress, async (c) => {
      const { sub } = c.get('who')
      const before = await getOrder(deps, c.req.valid('param').id, sub)
      await changeOrderAddress(deps, before, sub, c.req.valid('json'), c.get('operationKey'))
      return c.json(one(shown(c, await getOrder(deps, before.order_no, sub))), 200)
    })
    .openapi(extend, async (c) => {
      const { done, view } = await act(c, c.req.valid('param').id, { kind: 'extend' })
      return done ? c.json(one(view), 200) : c.json(one(view), 202)
    })
    .openapi(confirm, async (c) => {
      const { done, view } = await act(c, c.req.valid('param').id, { kind: 'finish' })
      return done ? c.json(one(view), 200) : c.json(one(view), 202)
    })
}
