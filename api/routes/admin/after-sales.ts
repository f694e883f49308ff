import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import {
  type AfterSaleOrder,
  actOnAfterSale,
  getAfterSale,
  readAfterSales,
} from '../../../application/orders/after-sales.ts'
import type { ApiContext, ApiDeps, ApiEnv } from '../../deps.ts'
import { afterSale, afterSaleFor, afterSaleParams, afterSaleState } from '../../schemas/after-sale.ts'
import {
  actionsOn,
  bearer,
  listOf,
  listResponse,
  one,
  oneResponse,
  ownerId,
  pageQuery,
  problemResponse,
  sliceOf,
} from '../../schemas/common.ts'
import { orderNumber, reasonText } from '../../schemas/order.ts'

const list = createRoute({
  method: 'get',
  path: '/',
  tags: ['admin: after-sales'],
  summary: 'List after-sales, newest first',
  security: bearer,
  request: {
    query: pageQuery.extend({
      state: afterSaleState.optional(),
      owner_id: ownerId.optional(),
      order_no: orderNumber.optional(),
      overdue: z.enum(['true', 'false']).optional(),
    }),
  },
  responses: { 200: listResponse(afterSale, 'A page of after-sales'), ...problemResponse },
})

const show = createRoute({
  method: 'get',
  path: '/{id}',
  tags: ['admin: after-sales'],
  summary: 'Read an after-sale',
  security: bearer,
  request: { params: afterSaleParams },
  responses: { 200: oneResponse(afterSale, 'The after-sale'), ...problemResponse },
})

const action = actionsOn('admin: after-sales', {
  params: afterSaleParams,
  answer: afterSale,
  description: 'Runs through the workflow. 202: no result within 5 s; read the after-sale for it later.',
})

const because = z.strictObject({ reason: reasonText })
const approve = action(
  '/{id}/approve',
  'Approve an after-sale: refund it, or wait for the goods',
  z.strictObject({}),
)
const refuse = action('/{id}/refuse', 'Refuse an after-sale; the customer may appeal', because)
const receive = action(
  '/{id}/receive',
  'Receive returned goods and refund them; sellable pieces go back to the stock',
  z.strictObject({ sellable: z.boolean() }),
)
const refuseReceipt = action(
  '/{id}/refuse-receipt',
  'Refuse returned goods, which are sent to the customer again',
  because,
)

export function adminAfterSaleRoutes(deps: ApiDeps) {
  const shown = async (c: ApiContext, id: string) =>
    one(afterSaleFor('operator', await getAfterSale(deps.db, id, undefined), c.get('lang')))

  async function act(c: ApiContext, id: string, asked: AfterSaleOrder) {
    const sale = await getAfterSale(deps.db, id, undefined)
    const done = await actOnAfterSale(deps, sale, c.get('who').sub, asked, c.get('operationKey'))
    return { done, body: await shown(c, id) }
  }

  return new OpenAPIHono<ApiEnv>()
    .openapi(list, async (c) => {
      const query = c.req.valid('query')
      const filter = {
        ownerId: query.owner_id,
        orderNo: query.order_no,
        states: query.state && [query.state],
        isOverdue: query.overdue === 'true',
      }
      const { sales, total } = await readAfterSales(deps.replica, filter, sliceOf(query))
      const views = sales.map((sale) => afterSaleFor('operator', sale, c.get('lang')))
      return c.json(listOf(views, total, query), 200)
    })
    .openapi(show, async (c) => c.json(await shown(c, c.req.valid('param').id), 200))
    .openapi(approve, async (c) => {
      const { done, body } = await act(c, c.req.valid('param').id, { action: 'approve' })
      return done ? c.json(body, 200) : c.json(body, 202)
    })
    .openapi(refuse, async (c) => {
      const { reason } = c.req.valid('json')
      const { done, body } = await act(c, c.req.valid('param').id, { action: 'refuse', reason })
      return done ? c.json(body, 200) : c.json(body, 202)
    })
    .openapi(receive, async (c) => {
      const { sellable } = c.req.valid('json')
      const { done, body } = await act(c, c.req.valid('param').id, { action: 'receive', sellable })
      return done ? c.json(body, 200) : c.json(body, 202)
    })
    .openapi(refuseReceipt, async (c) => {
      const { reason } = c.req.valid('json')
      const { done, body } = await act(c, c.req.valid('param').id, { action: 'refuse_receipt', reason })
      return done ? c.json(body, 200) : c.json(body, 202)
    })
}
