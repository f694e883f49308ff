import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { moveProduct } from '../../../application/catalogue/product-order.ts'
import { readAnyProduct } from '../../../application/catalogue/products.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import {
  bearer,
  id,
  idParams,
  jsonBody,
  one,
  problemResponse,
  versionedResponse,
} from '../../schemas/common.ts'
import { adminProduct, productFor } from '../../schemas/product.ts'
import { setEtag } from '../../versions.ts'

const move = createRoute({
  method: 'post',
  path: '/{id}/move',
  tags: ['admin: products'],
  summary: "Move a product within the shop's default order",
  description: 'Among the first 200 published products; `sort` of some of them changes.',
  security: bearer,
  request: { params: idParams, body: jsonBody(z.strictObject({ before_id: id.nullable() })) },
  responses: { 200: versionedResponse(adminProduct, 'The product'), ...problemResponse },
})

export function adminProductOrderRoutes({ db, pointsToCnyMillionths: rate }: ApiDeps) {
  return new OpenAPIHono<ApiEnv>().openapi(move, async (c) => {
    const productId = c.req.valid('param').id
    await moveProduct(db, productId, c.req.valid('json').before_id ?? undefined, c.get('who').sub)
    const product = await readAnyProduct(db, productId, rate)
    setEtag(c, product.version)
    return c.json(one(productFor(product, c.get('lang'))), 200)
  })
}
