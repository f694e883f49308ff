import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { LEVEL_MAX, readUser, setLevel, type UserView } from '../../../application/customers/users.ts'
import { REASON_MAX } from '../../../application/wallet/wallets.ts'
import type { ApiContext, ApiDeps, ApiEnv } from '../../deps.ts'
import {
  bearer,
  int,
  jsonBody,
  one,
  ownerParams,
  problemResponse,
  text,
  versionedResponse,
} from '../../schemas/common.ts'
import { ifMatchHeader, knownVersions, setEtag } from '../../versions.ts'

const user = z
  .object({ owner_id: z.string(), level: z.int().nullable(), version: z.string() })
  .openapi('User')

const show = createRoute({
  method: 'get',
  path: '/{owner_id}',
  tags: ['admin: users'],
  summary: 'Read the level of a user; null where the access token decides',
  security: bearer,
  request: { params: ownerParams },
  responses: { 200: versionedResponse(user, 'The user'), ...problemResponse },
})

const put = createRoute({
  method: 'put',
  path: '/{owner_id}',
  tags: ['admin: users'],
  summary: 'Set the level of a user, which overrides the one in the access token',
  security: bearer,
  request: {
    params: ownerParams,
    headers: ifMatchHeader,
    body: jsonBody(z.strictObject({ level: int(0, LEVEL_MAX), reason: text(1, REASON_MAX).optional() })),
  },
  responses: { 200: versionedResponse(user, 'The user'), ...problemResponse },
})

export function adminUserRoutes({ db }: ApiDeps) {
  const shown = (c: ApiContext, found: UserView) => {
    setEtag(c, found.version)
    return one(found)
  }
  return new OpenAPIHono<ApiEnv>()
    .openapi(show, async (c) => c.json(shown(c, await readUser(db, c.req.valid('param').owner_id)), 200))
    .openapi(put, async (c) => {
      const { owner_id } = c.req.valid('param')
      const { level, reason } = c.req.valid('json')
      const cause = {
        operatorId: c.get('who').sub,
        operationKey: c.get('operationKey'),
        reason,
        known: knownVersions(c),
      }
      return c.json(shown(c, await setLevel(db, owner_id, level, cause)), 200)
    })
}
