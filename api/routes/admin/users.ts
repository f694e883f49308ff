import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { LEVEL_MAX, readUser, setLevel } from '../../../application/customers/users.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import {
  bearer,
  int,
  jsonBody,
  one,
  oneResponse,
  ownerParams,
  problemResponse,
} from '../../schemas/common.ts'

const user = z.object({ owner_id: z.string(), level: z.int().nullable() }).openapi('User')

const show = createRoute({
  method: 'get',
  path: '/{owner_id}',
  tags: ['admin: users'],
  summary: 'Read the level of a user; null where the access token decides',
  security: bearer,
  request: { params: ownerParams },
  responses: { 200: oneResponse(user, 'The user'), ...problemResponse },
})

const put = createRoute({
  method: 'put',
  path: '/{owner_id}',
  tags: ['admin: users'],
  summary: 'Set the level of a user, which overrides the one in the access token',
  security: bearer,
  request: { params: ownerParams, body: jsonBody(z.strictObject({ level: int(0, LEVEL_MAX) })) },
  responses: { 200: oneResponse(user, 'The user'), ...problemResponse },
})

export function adminUserRoutes({ db }: ApiDeps) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(show, async (c) => c.json(one(await readUser(db, c.req.valid('param').owner_id)), 200))
    .openapi(put, async (c) => {
      const { owner_id } = c.req.valid('param')
      const { level } = c.req.valid('json')
      return c.json(one(await setLevel(db, owner_id, level, c.get('who').sub)), 200)
    })
}
