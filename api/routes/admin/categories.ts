import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import {
  CATEGORY_NAME_MAX,
  type CategoryView,
  changeCategory,
  createCategory,
  readCategories,
  readCategory,
  removeCategory,
} from '../../../application/catalogue/categories.ts'
import type { ApiContext, ApiDeps, ApiEnv } from '../../deps.ts'
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
  versionedResponse,
} from '../../schemas/common.ts'
import { category } from '../../schemas/product.ts'
import { ifMatchHeader, knownVersions, setEtag } from '../../versions.ts'

const list = createRoute({
  method: 'get',
  path: '/',
  tags: ['admin: categories'],
  summary: 'List categories',
  security: bearer,
  responses: { 200: oneResponse(z.array(category), 'The categories'), ...problemResponse },
})

const show = createRoute({
  method: 'get',
  path: '/{id}',
  tags: ['admin: categories'],
  summary: 'Read a category',
  security: bearer,
  request: { params: idParams },
  responses: { 200: versionedResponse(category, 'The category'), ...problemResponse },
})

const create = createRoute({
  method: 'post',
  path: '/',
  tags: ['admin: categories'],
  summary: 'Create a category',
  security: bearer,
  request: {
    body: jsonBody(
      z.strictObject({
        name: text(1, CATEGORY_NAME_MAX),
        sort: int(-INT_MAX).default(0),
        parent_id: id.nullish(),
      }),
    ),
  },
  responses: { 201: versionedResponse(category, 'The category'), ...problemResponse },
})

const update = createRoute({
  method: 'patch',
  path: '/{id}',
  tags: ['admin: categories'],
  summary: 'Update a category',
  security: bearer,
  request: {
    params: idParams,
    headers: ifMatchHeader,
    body: jsonBody(
      z.strictObject({
        name: text(1, CATEGORY_NAME_MAX).optional(),
        sort: int(-INT_MAX).optional(),
        parent_id: id.nullish(),
      }),
    ),
  },
  responses: { 200: versionedResponse(category, 'The category'), ...problemResponse },
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
  const shown = (c: ApiContext, found: CategoryView) => {
    setEtag(c, found.version)
    return one(found)
  }
  return new OpenAPIHono<ApiEnv>()
    .openapi(list, async (c) => c.json(one(await readCategories(db)), 200))
    .openapi(show, async (c) => c.json(shown(c, await readCategory(db, c.req.valid('param').id)), 200))
    .openapi(create, async (c) =>
      c.json(
        shown(
          c,
          await createCategory(
            db,
            { ...c.req.valid('json'), parent_id: c.req.valid('json').parent_id ?? null },
            c.get('operationKey'),
          ),
        ),
        201,
      ),
    )
    .openapi(update, async (c) => {
      const { name, sort, parent_id } = c.req.valid('json')
      const change = {
        ...(name !== undefined && { name }),
        ...(sort !== undefined && { sort }),
        ...(parent_id !== undefined && { parent_id }),
      }
      const cause = { operationKey: c.get('operationKey'), known: knownVersions(c) }
      return c.json(shown(c, await changeCategory(db, c.req.valid('param').id, change, cause)), 200)
    })
    .openapi(remove, async (c) => {
      const categoryId = c.req.valid('param').id
      await removeCategory(db, categoryId)
      return c.json(one({ id: categoryId }), 200)
    })
}
