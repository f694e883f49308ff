import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import {
  CATEGORY_NAME_MAX,
  changeCategory,
  createCategory,
  readCategories,
  removeCategory,
} from '../../../application/catalogue/categories.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import {
  bearer,
  INT_MAX,
  id,
  idParams,
  int,
  jsonBody,
  one,
  oneResponse,
  problemResponse,
  text,
} from '../../schemas/common.ts'
import { category } from '../../schemas/product.ts'

const list = createRoute({
  method: 'get',
  path: '/',
  tags: ['admin: categories'],
  summary: 'List categories',
  security: bearer,
  responses: { 200: oneResponse(z.array(category), 'The categories'), ...problemResponse },
})

const create = createRoute({
  method: 'post',
  path: '/',
  tags: ['admin: categories'],
  summary: 'Create a category',
  security: bearer,
  request: {
    body: jsonBody(z.strictObject({ name: text(1, CATEGORY_NAME_MAX), sort: int(-INT_MAX).default(0) })),
  },
  responses: { 201: oneResponse(category, 'The category'), ...problemResponse },
})

const update = createRoute({
  method: 'patch',
  path: '/{id}',
  tags: ['admin: categories'],
  summary: 'Update a category',
  security: bearer,
  request: {
    params: idParams,
    body: jsonBody(
      z.strictObject({ name: text(1, CATEGORY_NAME_MAX).optional(), sort: int(-INT_MAX).optional() }),
    ),
  },
  responses: { 200: oneResponse(category, 'The category'), ...problemResponse },
})

const remove = createRoute({
  method: 'delete',
  path: '/{id}',
  tags: ['admin: categories'],
  summary: 'Delete a category; its products become uncategorized',
  security: bearer,
  request: { params: idParams },
  responses: { 200: oneResponse(z.object({ id }), 'Deleted'), ...problemResponse },
})

export function adminCategoryRoutes({ db }: ApiDeps) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(list, async (c) => c.json(one(await readCategories(db)), 200))
    .openapi(create, async (c) =>
      c.json(one(await createCategory(db, c.req.valid('json'), c.get('operationKey'))), 201),
    )
    .openapi(update, async (c) => {
      const { name, sort } = c.req.valid('json')
      const change = { ...(name !== undefined && { name }), ...(sort !== undefined && { sort }) }
      return c.json(one(await changeCategory(db, c.req.valid('param').id, change)), 200)
    })
    .openapi(remove, async (c) => {
      const categoryId = c.req.valid('param').id
      await removeCategory(db, categoryId)
      return c.json(one({ id: categoryId }), 200)
    })
}
