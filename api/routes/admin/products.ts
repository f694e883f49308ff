import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import {
  changeProduct,
  createProduct,
  deleteProduct,
  PRODUCT_SORTS,
  publishProduct,
  readAnyProduct,
  readProducts,
  unpublishProduct,
} from '../../../application/catalogue/products.ts'
import { readStockMovements } from '../../../application/catalogue/stock-movements.ts'
import { PAYMENT_MODES, PRODUCT_STATUSES, PRODUCT_TYPES } from '../../../domain/catalogue/product.ts'
import type { ApiContext, ApiDeps, ApiEnv } from '../../deps.ts'
import {
  bearer,
  id,
  idParams,
  jsonBody,
  listOf,
  listResponse,
  one,
  oneResponse,
  pageQuery,
  problemResponse,
  sliceOf,
  text,
  versionedResponse,
} from '../../schemas/common.ts'
import {
  adminProduct,
  changeOf,
  productChange,
  productCreation,
  productFor,
  skusIn,
  stockMovement,
} from '../../schemas/product.ts'
import { ifMatchHeader, knownVersions, setEtag } from '../../versions.ts'

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
  responses: { 200: versionedResponse(adminProduct, 'The product'), ...problemResponse },
})

const create = createRoute({
  method: 'post',
  path: '/',
  tags: ['admin: products'],
  summary: 'Create a draft product',
  security: bearer,
  request: { body: jsonBody(productCreation) },
  responses: { 201: versionedResponse(adminProduct, 'The draft'), ...problemResponse },
})

const update = createRoute({
  method: 'patch',
  path: '/{id}',
  tags: ['admin: products'],
  summary: 'Update a product; stock changes by a difference',
  security: bearer,
  request: { params: idParams, headers: ifMatchHeader, body: jsonBody(productChange) },
  responses: { 200: versionedResponse(adminProduct, 'The product'), ...problemResponse },
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
  request: { params: idParams, body: jsonBody(z.strictObject({})) },
  responses: {
    200: versionedResponse(adminProduct, 'The product, sold out if it has no stock'),
    ...problemResponse,
  },
})

const unpublish = createRoute({
  method: 'post',
  path: '/{id}/unpublish',
  tags: ['admin: products'],
  summary: 'Unpublish a product',
  security: bearer,
  request: { params: idParams, body: jsonBody(z.strictObject({})) },
  responses: { 200: versionedResponse(adminProduct, 'The product, off sale'), ...problemResponse },
})

const movements = createRoute({
  method: 'get',
  path: '/{id}/stock-movements',
  tags: ['admin: products'],
  summary: 'List the changes of a stock, newest first',
  security: bearer,
  request: { params: idParams, query: pageQuery },
  responses: { 200: listResponse(stockMovement, 'A page of changes'), ...problemResponse },
})

export function adminProductRoutes({ db, pointsToCnyMillionths: rate, imageHosts, settings }: ApiDeps) {
  const read = async (c: ApiContext, productId: string) => {
    const product = await readAnyProduct(db, productId, rate)
    setEtag(c, product.version)
    return one(productFor(product, c.get('lang')))
  }
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
      return c.json(
        listOf(
          products.map((view) => productFor(view, c.get('lang'))),
          total,
          query,
        ),
        200,
      )
    })
    .openapi(show, async (c) => c.json(await read(c, c.req.valid('param').id), 200))
    .openapi(movements, async (c) => {
      const query = c.req.valid('query')
      const found = await readStockMovements(db, c.req.valid('param').id, sliceOf(query))
      return c.json(listOf(found.movements, found.total, query), 200)
    })
    .openapi(create, async (c) => {
      const body = c.req.valid('json')
      const wanted = { ...changeOf(body, imageHosts), title: body.title, paymentMode: body.payment_mode }
      const productId = await createProduct(
        db,
        wanted,
        body.stock_quantity,
        causeOf(c),
        skusIn(body, imageHosts),
      )
      return c.json(await read(c, productId), 201)
    })
    .openapi(update, async (c) => {
      const productId = c.req.valid('param').id
      const body = c.req.valid('json')
      const { readsProducts } = settings
      const cause = { ...causeOf(c), known: knownVersions(c), readsProducts }
      const skus = skusIn(body, imageHosts)
      await changeProduct(db, productId, changeOf(body, imageHosts), body.stock_delta, cause, skus)
      return c.json(await read(c, productId), 200)
    })
    .openapi(remove, async (c) => {
      const productId = c.req.valid('param').id
      await deleteProduct(db, productId, c.get('who').sub)
      return c.json(one({ id: productId }), 200)
    })
    .openapi(publish, async (c) => {
      const productId = c.req.valid('param').id
      await publishProduct(db, productId, c.get('who').sub, settings.rules.canCharge === true)
      return c.json(await read(c, productId), 200)
    })
    .openapi(unpublish, async (c) => {
      const productId = c.req.valid('param').id
      await unpublishProduct(db, productId, c.get('who').sub)
      return c.json(await read(c, productId), 200)
    })
}

const causeOf = (c: ApiContext) => ({ operationKey: c.get('operationKey'), operatorId: c.get('who').sub })
