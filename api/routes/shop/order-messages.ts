import { OpenAPIHono } from '@hono/zod-openapi'
import { readMessages, writeMessage } from '../../../application/orders/messages.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { one, sliceOf } from '../../schemas/common.ts'
import { conversationFor, messageFor, messageRoutesFor } from '../../schemas/message.ts'

const { list, write } = messageRoutesFor('orders')

export function orderMessageRoutes(deps: ApiDeps) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(list, async (c) => {
      const query = c.req.valid('query')
      const { order_no } = await getOrder(deps, c.req.valid('param').id, c.get('who').sub)
      const found = await readMessages(deps, order_no, 'customer', sliceOf(query))
      return c.json(conversationFor('customer', found, query), 200)
    })
    .openapi(write, async (c) => {
      const { sub } = c.get('who')
      const order = await getOrder(deps, c.req.valid('param').id, sub)
      const { text } = c.req.valid('json')
      const writer = { as: 'customer', id: sub } as const
      const view = await writeMessage(deps, order, writer, text, c.get('operationKey'))
      return c.json(one(messageFor('customer', view)), 201)
    })
}
