import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { mustFindCategory } from '../../../application/catalogue/categories.ts'
import { PRODUCT_SORTS, readCatalogue, readProduct } from '../../../application/catalogue/products.ts'
import { PAYMENT_MODES, PRODUCT_TYPES } from '../../../domain/catalogue/product.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import {
  id,
  idParams,
  listOf,
  listResponse,
  one,
  oneResponse,
  pageQuery,
  problemResponse,
  sliceOf,
  text,
} from '../../schemas/common.ts'
import { product, productFor } from '../../schemas/product.ts'

const filters = pageQuery.extend({
  payment_mode: z.enum(PAYMENT_MODES).optional(),
  product_type: z.enum(PRODUCT_TYPES).optional(),
  sort: z.enum(PRODUCT_SORTS).default('default'),
})

const list = createRoute({
  method: 'get',
  path: '/',
  tags: ['products'],
  summary: 'List products on sale; the first 10,000 are listed and counted',
  request: { query: filters.extend({ category_id: id.optional() }) },
  responses: { 200: listResponse(product, 'A page of products'), ...problemResponse },
})

const search = createRoute({
  method: 'get',
  path: '/search',
  tags: ['products'],
  summary: 'Search products on sale by words in title, description or category, in any order',
  request: { query: filters.extend({ category_id: id.optional(), keyword: text(1, 100) }) },
  responses: { 200: listResponse(product, 'A page of products'), ...problemResponse },
})

const byCategory = createRoute({
  method: 'get',
  path: '/category/{category_id}',
  tags: ['products'],
  summary: 'List products on sale in a category',
  request: {
    params: z.object({ category_id: id.openapi({ param: { name: 'category_id', in: 'path' } }) }),
    query: filters,
  },
  responses: { 200: listResponse(product, 'A page of products'), ...problemResponse },
})

const show = createRoute({
  method: 'get',
  path: '/{id}',
  tags: ['products'],
  summary: 'Read a product on sale or sold out',
  request: { params: idParams },
  responses: { 200: oneResponse(product, 'The product'), ...problemResponse },
})

/** Lists and counts stop here: counting all products for anybody would occupy the database. */
const LISTED_MAX = 10_000

export function productRoutes({ publicDb, pointsToCnyMillionths: rate }: ApiDeps) {
  const catalogue = async (
    lang: Lang,
    query: z.output<typeof filters>,
    more: { readonly categoryId?: string | undefined; readonly keyword?: string },
  ) => {
    const filter = { paymentMode: query.payment_mode, productType: query.product_type, ...more }
    const { limit, offset } = sliceOf(query)
    const slice = { limit: Math.min(limit, LISTED_MAX - offset), offset, countMax: LISTED_MAX }
    const { products, total } = await readCatalogue(publicDb, filter, query.sort, slice, rate)
    return listOf(
      products.map((view) => productFor(view, lang)),
      total,
      query,
    )
  }
  return new OpenAPIHono<ApiEnv>()
    .openapi(list, async (c) => {
      const query = c.req.valid('query')
      return c.json(await catalogue(c.get('lang'), query, { categoryId: query.category_id }), 200)
    })
    .openapi(search, async (c) => {
      const query = c.req.valid('query')
      return c.json(
        await catalogue(c.get('lang'), query, { categoryId: query.category_id, keyword: query.keyword }),
        200,
      )
    })
    .openapi(byCategory, async (c) => {
      const { category_id } = c.req.valid('param')
      await mustFindCategory(publicDb, category_id)
      return c.json(await catalogue(c.get('lang'), c.req.valid('query'), { categoryId: category_id }), 200)
    })
    .openapi(show, async (c) =>
      c.json(one(productFor(await readProduct(publicDb, c.req.valid('param').id, rate), c.get('lang'))), 200),
    )
}
