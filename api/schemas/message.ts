import { createRoute, z } from '@hono/zod-openapi'
import type { ConversationView, MessageView } from '../../application/orders/messages.ts'
import { MESSAGE_MAX, MESSAGE_SENDERS } from '../../domain/orders/messages.ts'
import { bearer, jsonBody, oneResponse, type Page, pageQuery, problemResponse, text } from './common.ts'
import { orderParams } from './order.ts'

const message = z
  .object({
    id: z.string(),
    from: z.enum(MESSAGE_SENDERS),
    by: z.string().optional(),
    text: z.string(),
    at: z.iso.datetime(),
  })
  .openapi('Message')

const conversationMeta = z.object({
  current_page: z.int(),
  per_page: z.int(),
  total: z.int(),
  last_page: z.int(),
  unread: z.int(),
  unanswered: z.int(),
})

/** The routes of one side. */
export const messageRoutesFor = (tag: string) => ({
  list: createRoute({
    method: 'get',
    path: '/{id}/messages',
    tags: [tag],
    summary: 'List the messages on an order, newest first; the first page marks them as read',
    security: bearer,
    request: { params: orderParams, query: pageQuery },
    responses: {
      200: {
        description: 'A page of messages',
        content: {
          'application/json': {
            schema: z.object({
              success: z.literal(true),
              data: z.array(message),
              meta: conversationMeta,
            }),
          },
        },
      },
      ...problemResponse,
    },
  }),
  write: createRoute({
    method: 'post',
    path: '/{id}/messages',
    tags: [tag],
    summary: 'Write a message on an order',
    security: bearer,
    request: { params: orderParams, body: jsonBody(z.strictObject({ text: text(1, MESSAGE_MAX) })) },
    responses: { 201: oneResponse(message, 'The message'), ...problemResponse },
  }),
})

/** Customers do not see which operator writes. */
export function messageFor(reader: 'customer' | 'operator', { by, ...view }: MessageView) {
  return reader === 'operator' ? { ...view, by } : view
}

export function conversationFor(
  reader: 'customer' | 'operator',
  { messages, total, unread, unanswered }: ConversationView,
  { page, per_page }: Page,
) {
  const last_page = Math.max(1, Math.ceil(total / per_page))
  return {
    success: true as const,
    data: messages.map((view) => messageFor(reader, view)),
    meta: { current_page: page, per_page, total, last_page, unread, unanswered },
  }
}
