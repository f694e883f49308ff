import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { copyProduct } from '../../../application/catalogue/copy-product.ts'
import { readAnyProduct } from '../../../application/catalogue/products.ts'
import { PRODUCT_MAX } from '../../../domain/catalogue/product.ts'
import { copyEnding } from '../../../i18n/product-texts.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import {
  bearer,
  idParams,
  jsonBody,
  one,
  problemResponse,
  text,
  versionedResponse,
} from '../../schemas/common.ts'
import { adminProduct, productFor } from '../../schemas/product.ts'
import { setEtag } from '../../versions.ts'

const copy = createRoute({
  method: 'post',
  path: '/{id}/copy',
  tags: ['admin: products'],
  summary: 'Copy a product into a draft',
  description: 'With all fields and SKUs; without stock, codes and `external_id`.',
  security: bearer,
  request: {
    params: idParams,
    body: jsonBody(z.strictObject({ title: text(1, PRODUCT_MAX.title).optional() })),
  },
  responses: { 201: versionedResponse(adminProduct, 'The draft'), ...problemResponse },
})

export function adminCopyProductRoutes({ db, pointsToCnyMillionths: rate }: ApiDeps) {
  return new OpenAPIHono<ApiEnv>().openapi(copy, async (c) => {
    const lang = c.get('lang')
    const named = { ending: copyEnding(lang), title: c.req.valid('json').title }
    const cause = { operationKey: c.get('operationKey'), operatorId: c.get('who').sub }
    const product = await readAnyProduct(
      db,
      await copyProduct(db, c.req.valid('param').id, named, cause),
      rate,
    )
    setEtag(c, product.version)
    return c.json(one(productFor(product, lang)), 201)
  })
}
