import { OpenAPIHono } from '@hono/zod-openapi'
import { readMessages, writeMessage } from '../../../application/orders/messages.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { one, sliceOf } from '../../schemas/common.ts'
import { conversationFor, messageFor, messageRoutesFor } from '../../schemas/message.ts'

const { list, write } = messageRoutesFor('admin: orders')

export function adminOrderMessageRoutes(deps: ApiDeps) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(list, async (c) => {
      const query = c.req.valid('query')
      const { order_no, owner_id } = await getOrder(deps, c.req.valid('param').id, undefined)
      // On an operator's own order nobody's reading counts.
      const reader = owner_id === c.get('who').sub ? undefined : ('shop' as const)
      const found = await readMessages(deps, order_no, reader, sliceOf(query))
      return c.json(conversationFor('operator', found, query), 200)
    })
    .openapi(write, async (c) => {
      const order = await getOrder(deps, c.req.valid('param').id, undefined)
      const { text } = c.req.valid('json')
      const writer = { as: 'shop', id: c.get('who').sub } as const
      const view = await writeMessage(deps, order, writer, text, c.get('operationKey'))
      return c.json(one(messageFor('operator', view)), 201)
    })
}
