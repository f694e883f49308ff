import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import {
  changeProduct,
  createProduct,
  deleteProduct,
  PRODUCT_SORTS,
  type ProductChange,
  publishProduct,
  readAnyProduct,
  readProducts,
  unpublishProduct,
} from '../../../application/catalogue/products.ts'
import {
  PAYMENT_MODES,
  PRODUCT_MAX,
  PRODUCT_STATUSES,
  PRODUCT_TYPES,
  SHIPPING_TYPES,
} from '../../../domain/catalogue/product.ts'
import { fenOf } from '../../../domain/money.ts'
import type { ApiContext, ApiDeps, ApiEnv } from '../../deps.ts'
import {
  bearer,
  INT_MAX,
  id,
  idParams,
  int,
  jsonBody,
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
import { product, properties } from '../shop/products.ts'

const adminProduct = product
  .extend({ point: z.int(), price: money, category_id: id.nullable() })
  .openapi('AdminProduct')

/** An http(s) URL or a path of this site; never a script. */
const image = z
  .string()
  .max(PRODUCT_MAX.image)
  .regex(/^(https?:\/\/|\/(?!\/))[^\s"'<>\\]+$/)

const fields = {
  description: text(0, PRODUCT_MAX.description).nullish(),
  image: image.nullish(),
  point: int(0, PRODUCT_MAX.points).optional(),
  price: money.optional(),
  original_price: money.nullish(),
  exchange_limit: int(0).optional(),
  sort: int(-INT_MAX).optional(),
  category_id: id.nullish(),
  product_type: z.enum(PRODUCT_TYPES).optional(),
  shipping_type: z.enum(SHIPPING_TYPES).optional(),
  properties: properties.nullish(),
}

const creation = z
  .object({
    ...fields,
    title: text(1, PRODUCT_MAX.title),
    payment_mode: z.enum(PAYMENT_MODES),
    stock_quantity: int(0).default(0),
  })
  .openapi('ProductCreation')

const change = z
  .looseObject({
    ...fields,
    title: text(1, PRODUCT_MAX.title).optional(),
    payment_mode: z.enum(PAYMENT_MODES).optional(),
    stock_delta: int(-INT_MAX).optional(),
  })
  // Refuse rather than ignore: a client that sends these expects an effect.
  .superRefine((body, ctx) => {
    for (const [name, rule] of [
      ['stock_quantity', 'stock_delta_only'],
      ['status', 'publish_only'],
    ] as const) {
      if (body[name] !== undefined) ctx.addIssue({ code: 'custom', path: [name], params: { rule } })
    }
  })
  .openapi('ProductChange')

const list = createRoute({
  method: 'get',
  path: '/',
  tags: ['admin: products'],
  summary: 'List products in every status',
  security: bearer,
  request: {
    query: pageQuery.extend({
      status: z.enum(PRODUCT_STATUSES).optional(),
      category_id: id.optional(),
      payment_mode: z.enum(PAYMENT_MODES).optional(),
      product_type: z.enum(PRODUCT_TYPES).optional(),
      keyword: text(1, 100).optional(),
      sort: z.enum(PRODUCT_SORTS).default('default'),
    }),
  },
  responses: { 200: listResponse(adminProduct, 'A page of products'), ...problemResponse },
})

const show = createRoute({
  method: 'get',
  path: '/{id}',
  tags: ['admin: products'],
  summary: 'Read a product in any status',
  security: bearer,
  request: { params: idParams },
  responses: { 200: oneResponse(adminProduct, 'The product'), ...problemResponse },
})

const create = createRoute({
  method: 'post',
  path: '/',
  tags: ['admin: products'],
  summary: 'Create a draft product',
  security: bearer,
  request: { body: jsonBody(creation) },
  responses: { 201: oneResponse(adminProduct, 'The draft'), ...problemResponse },
})

const update = createRoute({
  method: 'patch',
  path: '/{id}',
  tags: ['admin: products'],
  summary: 'Update a product; stock changes by a difference',
  security: bearer,
  request: { params: idParams, body: jsonBody(change) },
  responses: { 200: oneResponse(adminProduct, 'The product'), ...problemResponse },
})

const remove = createRoute({
  method: 'delete',
  path: '/{id}',
  tags: ['admin: products'],
  summary: 'Delete a product; its orders are kept',
  security: bearer,
  request: { params: idParams },
  responses: { 200: oneResponse(z.object({ id }), 'Deleted'), ...problemResponse },
})

const publish = createRoute({
  method: 'post',
  path: '/{id}/publish',
  tags: ['admin: products'],
  summary: 'Publish a product',
  security: bearer,
  request: { params: idParams },
  responses: {
    200: oneResponse(adminProduct, 'The product, sold out if it has no stock'),
    ...problemResponse,
  },
})

const unpublish = createRoute({
  method: 'post',
  path: '/{id}/unpublish',
  tags: ['admin: products'],
  summary: 'Unpublish a product',
  security: bearer,
  request: { params: idParams },
  responses: { 200: oneResponse(adminProduct, 'The product, off sale'), ...problemResponse },
})

export function adminProductRoutes({ db, pointsToCnyMillionths: rate }: ApiDeps) {
  const read = async (productId: string) => one(await readAnyProduct(db, productId, rate))
  return new OpenAPIHono<ApiEnv>()
    .openapi(list, async (c) => {
      const { category_id, payment_mode, product_type, ...query } = c.req.valid('query')
      const filter = {
        status: query.status,
        categoryId: category_id,
        paymentMode: payment_mode,
        productType: product_type,
        keyword: query.keyword,
      }
      const { products, total } = await readProducts(db, filter, query.sort, sliceOf(query), rate)
      return c.json(listOf(products, total, query), 200)
    })
    .openapi(show, async (c) => c.json(await read(c.req.valid('param').id), 200))
    .openapi(create, async (c) => {
      const body = c.req.valid('json')
      const wanted = { ...changeOf(body), title: body.title, paymentMode: body.payment_mode }
      const productId = await createProduct(db, wanted, body.stock_quantity, causeOf(c))
      return c.json(await read(productId), 201)
    })
    .openapi(update, async (c) => {
      const productId = c.req.valid('param').id
      const body = c.req.valid('json')
      await changeProduct(db, productId, changeOf(body), body.stock_delta, causeOf(c))
      return c.json(await read(productId), 200)
    })
    .openapi(remove, async (c) => {
      const productId = c.req.valid('param').id
      await deleteProduct(db, productId, c.get('who').sub)
      return c.json(one({ id: productId }), 200)
    })
    .openapi(publish, async (c) => {
      const productId = c.req.valid('param').id
      await publishProduct(db, productId, c.get('who').sub)
      return c.json(await read(productId), 200)
    })
    .openapi(unpublish, async (c) => {
      const productId = c.req.valid('param').id
      await unpublishProduct(db, productId, c.get('who').sub)
      return c.json(await read(productId), 200)
    })
}

const causeOf = (c: ApiContext) => ({ operationKey: c.get('operationKey'), operatorId: c.get('who').sub })

function changeOf(body: z.output<typeof change>): ProductChange {
  const { original_price } = body
  return {
    title: body.title,
    description: body.description,
    image: body.image,
    point: body.point,
    priceFen: body.price && fenOf(body.price),
    originalPriceFen: original_price ? fenOf(original_price) : original_price,
    paymentMode: body.payment_mode,
    exchangeLimit: body.exchange_limit,
    sort: body.sort,
    categoryId: body.category_id,
    productType: body.product_type,
    shippingType: body.shipping_type,
    properties: body.properties,
  }
}
