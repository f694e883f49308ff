import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import {
  type AttentionView,
  actOnAttention,
  countAttention,
  isAttentionId,
  listAttention,
} from '../../../application/platform/needs-attention.ts'
import { ATTENTION_ACTIONS, ATTENTION_KINDS } from '../../../domain/needs-attention.ts'
import { needsAttentionText } from '../../../i18n/attention-texts.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import type { ApiContext, ApiDeps, ApiEnv } from '../../deps.ts'
import { actionsOn, bearer, one, problemResponse } from '../../schemas/common.ts'
import { reasonText } from '../../schemas/order.ts'

const tags = ['admin: attention']
const kind = z.enum(ATTENTION_KINDS)
const attentionId = z
  .string()
  .max(100)
  .refine(isAttentionId, { params: { rule: 'format' } })
  .openapi({ pattern: '^[a-z_]+-[0-9A-Za-z-]{1,80}$' })

const entry = z
  .object({
    id: z.string(),
    kind,
    code: z.string(),
    data: z.record(z.string(), z.string()),
    text: z.string(),
    order_no: z.string().nullable(),
    since: z.iso.datetime(),
    tries: z.int().nullable(),
    next_try_at: z.iso.datetime().nullable(),
    actions: z.array(z.enum(ATTENTION_ACTIONS)),
  })
  .openapi('NeedsAttention')

const list = createRoute({
  method: 'get',
  path: '/',
  tags,
  summary: 'List what cannot go on by itself, kind after kind, the oldest first',
  security: bearer,
  request: { query: z.object({ kind: kind.optional(), cursor: attentionId.optional() }) },
  responses: {
    200: {
      description: 'A page',
      content: {
        'application/json': {
          schema: z.object({
            success: z.literal(true),
            data: z.array(entry),
            meta: z.object({
              next_cursor: z.string().nullable(),
              counts: z.record(z.string(), z.int()),
            }),
          }),
        },
      },
    },
    ...problemResponse,
  },
})

const action = actionsOn('admin: attention', {
  params: z.object({
    id: attentionId.openapi({ param: { name: 'id', in: 'path' }, example: 'order-1' }),
  }),
  answer: z.object({ id: z.string() }),
  description: 'Recorded with who and why. 202: no result within 5 s.',
})
const because = z.strictObject({ reason: reasonText })
const retry = action('/{id}/retry', 'Try it again now', because)
const skip = action('/{id}/skip', 'Go on without it, or take note of it', because)
const refund = action(
  '/{id}/refund',
  'Refund: approve an overdue refund, or settle one that was made outside the mall',
  because,
)

function entryFor(view: AttentionView, lang: Lang) {
  return { ...view, data: { ...view.data }, actions: [...view.actions], text: needsAttentionText(view, lang) }
}

export function adminAttentionRoutes(deps: ApiDeps) {
  async function act(c: ApiContext, id: string, name: (typeof ATTENTION_ACTIONS)[number], reason: string) {
    const asked = { action: name, reason }
    return actOnAttention(deps, id, c.get('who').sub, asked, c.get('operationKey'))
  }

  return new OpenAPIHono<ApiEnv>()
    .openapi(list, async (c) => {
      const now = Date.now()
      const [{ entries, next }, counts] = await Promise.all([
        listAttention(deps, c.req.valid('query'), now),
        countAttention(deps.db, now),
      ])
      const data = entries.map((view) => entryFor(view, c.get('lang')))
      return c.json({ success: true as const, data, meta: { next_cursor: next, counts: { ...counts } } }, 200)
    })
    .openapi(retry, async (c) => {
      const { id } = c.req.valid('param')
      const done = await act(c, id, 'retry', c.req.valid('json').reason)
      return done ? c.json(one({ id }), 200) : c.json(one({ id }), 202)
    })
    .openapi(skip, async (c) => {
      const { id } = c.req.valid('param')
      const done = await act(c, id, 'skip', c.req.valid('json').reason)
      return done ? c.json(one({ id }), 200) : c.json(one({ id }), 202)
    })
    .openapi(refund, async (c) => {
      const { id } = c.req.valid('param')
      const done = await act(c, id, 'refund', c.req.valid('json').reason)
      return done ? c.json(one({ id }), 200) : c.json(one({ id }), 202)
    })
}
