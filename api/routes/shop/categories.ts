import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { readCategories, treeOf } from '../../../application/catalogue/categories.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { one, oneResponse, problemResponse } from '../../schemas/common.ts'
import { categoryNode } from '../../schemas/product.ts'

const list = createRoute({
  method: 'get',
  path: '/',
  tags: ['products'],
  summary: 'List the categories of products',
  responses: {
    200: oneResponse(z.array(categoryNode), 'Those at the top in their order, each with what is below it'),
    ...problemResponse,
  },
})

export function categoryRoutes({ replica }: ApiDeps) {
  return new OpenAPIHono<ApiEnv>().openapi(list, async (c) =>
    c.json(one(treeOf(await readCategories(replica))), 200),
  )
}
