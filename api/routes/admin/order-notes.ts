import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { addDeskNote, assignOrder, type DeskView, readDesk } from '../../../application/orders/desk-notes.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import { DESK_NOTE_MAX, NOTE_KINDS } from '../../../domain/orders/desk-notes.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { bearer, jsonBody, one, oneResponse, ownerId, problemResponse, text } from '../../schemas/common.ts'
import { orderParams } from '../../schemas/order.ts'

const desk = z
  .object({
    assignee: z.string().nullable(),
    notes: z.array(
      z.object({
        id: z.string(),
        kind: z.enum(NOTE_KINDS),
        by: z.string(),
        assignee: z.string().nullable(),
        text: z.string().nullable(),
        at: z.iso.datetime(),
      }),
    ),
  })
  .openapi('OrderDesk')

const list = createRoute({
  method: 'get',
  path: '/{id}/notes',
  tags: ['admin: orders'],
  summary: 'Read the notes of operators on an order, and who looks after it',
  security: bearer,
  request: { params: orderParams },
  responses: { 200: oneResponse(desk, 'Notes, newest first'), ...problemResponse },
})

const add = createRoute({
  method: 'post',
  path: '/{id}/notes',
  tags: ['admin: orders'],
  summary: 'Add a note for operators to an order; customers never see it',
  security: bearer,
  request: { params: orderParams, body: jsonBody(z.strictObject({ text: text(1, DESK_NOTE_MAX) })) },
  responses: { 201: oneResponse(desk, 'All notes, newest first'), ...problemResponse },
})

const assign = createRoute({
  method: 'put',
  path: '/{id}/assignee',
  tags: ['admin: orders'],
  summary: 'Say which operator looks after an order; null: nobody',
  security: bearer,
  request: { params: orderParams, body: jsonBody(z.strictObject({ assignee: ownerId.nullable() })) },
  responses: { 200: oneResponse(desk, 'All notes, newest first'), ...problemResponse },
})

const deskFor = ({ assignee, notes }: DeskView) => ({ assignee, notes: [...notes] })

export function adminOrderNoteRoutes(deps: ApiDeps) {
  const find = (id: string) => getOrder(deps, id, undefined)
  const shown = async (orderNo: string) => one(deskFor(await readDesk(deps, orderNo)))

  return new OpenAPIHono<ApiEnv>()
    .openapi(list, async (c) => c.json(await shown((await find(c.req.valid('param').id)).order_no), 200))
    .openapi(add, async (c) => {
      const order = await find(c.req.valid('param').id)
      await addDeskNote(deps, order, c.get('who').sub, c.req.valid('json').text, c.get('operationKey'))
      return c.json(await shown(order.order_no), 201)
    })
    .openapi(assign, async (c) => {
      const order = await find(c.req.valid('param').id)
      const { assignee } = c.req.valid('json')
      await assignOrder(deps, order, c.get('who').sub, assignee, c.get('operationKey'))
      return c.json(await shown(order.order_no), 200)
    })
}
