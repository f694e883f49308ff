import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { readCategories } from '../../../application/catalogue/categories.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { one, oneResponse, problemResponse } from '../../schemas/common.ts'
import { category } from '../../schemas/product.ts'

const list = createRoute({
  method: 'get',
  path: '/',
  tags: ['products'],
  summary: 'List the categories of products',
  responses: { 200: oneResponse(z.array(category), 'The categories, in their order'), ...problemResponse },
})

export function categoryRoutes({ replica }: ApiDeps) {
  return new OpenAPIHono<ApiEnv>().openapi(list, async (c) => c.json(one(await readCategories(replica)), 200))
}
