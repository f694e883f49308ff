import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { checkedImage } from '../../../application/catalogue/pictures.ts'
import {
  type AfterSaleOrder,
  actOnAfterSale,
  getAfterSale,
  readAfterSales,
  requestAfterSale,
} from '../../../application/orders/after-sales.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import { InvalidInputError } from '../../../domain/errors.ts'
import { PICTURES_MAX } from '../../../domain/orders/after-sale.ts'
import type { ApiContext, ApiDeps, ApiEnv } from '../../deps.ts'
import {
  afterSale,
  afterSaleFor,
  afterSaleParams,
  afterSaleState,
  afterSaleType,
} from '../../schemas/after-sale.ts'
import {
  actionsOn,
  bearer,
  codeText,
  int,
  jsonBody,
  listOf,
  listResponse,
  one,
  oneResponse,
  pageQuery,
  problemResponse,
  sliceOf,
  text,
} from '../../schemas/common.ts'
import { orderParams, reasonText } from '../../schemas/order.ts'

const request = createRoute({
  method: 'post',
  path: '/orders/{id}/after-sales',
  tags: ['after-sales'],
  summary: 'Ask for a refund, or to return goods, of some pieces of an order',
  description: 'Pieces that have not been shipped are refunded immediately.',
  security: bearer,
  request: {
    params: orderParams,
    body: jsonBody(
      z.strictObject({
        type: afterSaleType,
        quantity: int(1),
        reason: reasonText,
        pictures: z.array(text(1, 500)).max(PICTURES_MAX).nullish(),
      }),
    ),
  },
  responses: { 201: oneResponse(afterSale, 'The after-sale'), ...problemResponse },
})

const list = createRoute({
  method: 'get',
  path: '/after-sales',
  tags: ['after-sales'],
  summary: 'List my after-sales, newest first',
  security: bearer,
  request: { query: pageQuery.extend({ state: afterSaleState.optional() }) },
  responses: { 200: listResponse(afterSale, 'A page of after-sales'), ...problemResponse },
})

const show = createRoute({
  method: 'get',
  path: '/after-sales/{id}',
  tags: ['after-sales'],
  summary: 'Read one of my after-sales',
  security: bearer,
  request: { params: afterSaleParams },
  responses: { 200: oneResponse(afterSale, 'The after-sale'), ...problemResponse },
})

const action = actionsOn('after-sales', {
  params: afterSaleParams,
  answer: afterSale,
  description: '202: no result within 5 s; read the after-sale for it later.',
})

const cancel = action('/after-sales/{id}/cancel', 'Cancel an after-sale', z.strictObject({}))
const appeal = action(
  '/after-sales/{id}/appeal',
  'Appeal against a refused after-sale, or against returned goods that were refused',
  z.strictObject({ reason: reasonText }),
)
const sendBack = action(
  '/after-sales/{id}/return-shipment',
  'State the parcel in which the goods are sent back',
  z.strictObject({ carrier: text(1, 64), tracking_no: codeText(1, 64) }),
)

export function afterSaleRoutes(deps: ApiDeps) {
  const shown = async (c: ApiContext, id: string) =>
    one(afterSaleFor('customer', await getAfterSale(deps.db, id, c.get('who').sub), c.get('lang')))

  async function act(c: ApiContext, id: string, asked: AfterSaleOrder) {
    const { sub } = c.get('who')
    const sale = await getAfterSale(deps.db, id, sub)
    const done = await actOnAfterSale(deps, sale, sub, asked, c.get('operationKey'))
    return { done, body: await shown(c, id) }
  }

  /** @throws InvalidInputError on the picture's place in the list */
  const checked = (picture: string, n: number) => {
    try {
      return checkedImage(picture, deps.imageHosts)
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error
      throw new InvalidInputError(...error.errors.map((one) => ({ ...one, field: `pictures.${n}` })))
    }
  }

  return new OpenAPIHono<ApiEnv>()
    .openapi(request, async (c) => {
      const { type, quantity, reason, pictures } = c.req.valid('json')
      const order = await getOrder(deps, c.req.valid('param').id, c.get('who').sub)
      const wish = { type, quantity, reason, pictures: (pictures ?? []).map(checked) }
      const id = await requestAfterSale(deps, order, wish, c.get('operationKey'))
      return c.json(await shown(c, id), 201)
    })
    .openapi(list, async (c) => {
      const query = c.req.valid('query')
      const filter = { ownerId: c.get('who').sub, states: query.state && [query.state] }
      const { sales, total } = await readAfterSales(deps.db, filter, sliceOf(query))
      const views = sales.map((sale) => afterSaleFor('customer', sale, c.get('lang')))
      return c.json(listOf(views, total, query), 200)
    })
    .openapi(show, async (c) => c.json(await shown(c, c.req.valid('param').id), 200))
    .openapi(cancel, async (c) => {
      const { done, body } = await act(c, c.req.valid('param').id, { action: 'cancel' })
      return done ? c.json(body, 200) : c.json(body, 202)
    })
    .openapi(appeal, async (c) => {
      const { reason } = c.req.valid('json')
      const { done, body } = await act(c, c.req.valid('param').id, { action: 'appeal', reason })
      return done ? c.json(body, 200) : c.json(body, 202)
    })
    .openapi(sendBack, async (c) => {
      const { carrier, tracking_no } = c.req.valid('json')
      const shipping = { carrier, trackingNo: tracking_no }
      const { done, body } = await act(c, c.req.valid('param').id, { action: 'send_back', shipping })
      return done ? c.json(body, 200) : c.json(body, 202)
    })
}
