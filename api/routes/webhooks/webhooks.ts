import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import type { InboxEvent } from '../../../application/messaging/inbox.ts'
import { deliver, keepOrderEvent, keepPaymentEvent } from '../../../application/messaging/inbox.ts'
import { isUnsynced } from '../../../domain/messaging/events.ts'
import type { EarlyOrderNotice } from '../../../domain/messaging/notices.ts'
import { PROVIDER_NAMES } from '../../../domain/payments/method.ts'
import type { OrderNotice } from '../../../workflows/messages.ts'
import type { ApiContext, ApiDeps, ApiEnv } from '../../deps.ts'
import { ApiError } from '../../errors.ts'
import { codeText, problemResponse, text } from '../../schemas/common.ts'

const received = { 200: { description: 'Recorded; repeats get the same answer' }, ...problemResponse }

const payment = createRoute({
  method: 'post',
  path: '/payments/{provider}',
  tags: ['webhooks'],
  summary: "A payment provider's notifications, signed as that provider signs",
  request: { params: z.object({ provider: z.enum(PROVIDER_NAMES) }) },
  responses: received,
})

const orders = createRoute({
  method: 'post',
  path: '/orders',
  tags: ['webhooks'],
  summary: 'Receive events of the order domain, signed by Standard Webhooks 1.0',
  responses: received,
})

export const orderEvent = z
  .object({
    type: z.enum([
      'order.created',
      'order.paid',
      'order.accepted',
      'order.shipped',
      'order.finished',
      'order.canceled',
    ]),
    data: z.object({
      order_no: z.string().regex(/^[0-9A-Za-z]{1,64}$/),
      carrier: text(0, 64).optional(),
      tracking_no: codeText(0, 64).optional(),
    }),
  })
  .openapi('OrderEvent')

/** Stores and acknowledges before delivery, so that providers never wait for Temporal; the sweeper retries. */
export function webhookRoutes(deps: ApiDeps) {
  function deliverLater(event: InboxEvent, fresh: boolean): void {
    if (!fresh) return
    deliver(deps, event).catch((error: unknown) => {
      deps.logger.warn({ event: event.event_id, err: error }, 'notification not delivered yet')
    })
  }

  async function bodyOf(c: ApiContext): Promise<Uint8Array> {
    return new Uint8Array(await c.req.arrayBuffer())
  }

  return new OpenAPIHono<ApiEnv>()
    .openapi(payment, async (c) => {
      const name = c.req.valid('param').provider
      const provider = deps.providers.find((candidate) => candidate.name === name)
      if (!provider) throw new ApiError('WEBHOOK_SIGNATURE_INVALID')
      const verified = provider.verify(await bodyOf(c), c.req.raw.headers, new Date())
      deps.metrics.notifications.inc({ provider: name, outcome: verified.ok ? 'kept' : verified.fault })
      if (!verified.ok) throw new ApiError('WEBHOOK_SIGNATURE_INVALID')
      const { event, fresh } = await keepPaymentEvent(deps.db, name, verified.notification)
      deliverLater(event, fresh)
      return c.text(provider.received, 200)
    })
    .openapi(orders, async (c) => {
      const { eventId, payload } = verifyStandard(deps.ordersWebhookSecret, await bodyOf(c), c)
      const parsed = orderEvent.safeParse(payload)
      if (!parsed.success) throw new ApiError('VALIDATION_FAILED')
      const { type, data } = parsed.data
      // Switched off: acknowledged, so that the order domain does not repeat it, and nothing moves.
      if (isUnsynced(type, deps.orderSync)) return c.body(null, 200)
      const notice = noticeOf(`orders/${eventId}`, type, data)
      const { event, fresh } = await keepOrderEvent(deps.db, data.order_no, notice)
      deliverLater(event, fresh)
      return c.body(null, 200)
    })
}

type OrderEvent = z.output<typeof orderEvent>

/** That an order exists and is paid for, the mall knows first: these events move nothing. */
function noticeOf(
  eventId: string,
  type: OrderEvent['type'],
  { carrier, tracking_no }: OrderEvent['data'],
): OrderNotice | EarlyOrderNotice {
  if (type === 'order.created') return { eventId, kind: 'order_created' }
  if (type === 'order.paid') return { eventId, kind: 'order_paid' }
  return {
    eventId,
    kind: type.slice('order.'.length) as OrderNotice['kind'],
    ...(carrier ? { carrier } : {}),
    ...(tracking_no ? { trackingNo: tracking_no } : {}),
  }
}

/**
 * Verifies a Standard Webhooks 1.0 signature over `id.timestamp.body`.
 * @throws ApiError WEBHOOK_SIGNATURE_INVALID
 */
function verifyStandard(secret: string | undefined, body: Uint8Array, c: ApiContext) {
  if (!secret) throw new ApiError('WEBHOOK_SIGNATURE_INVALID')
  const eventId = c.req.header('webhook-id') ?? ''
  if (!/^[\x21-\x7e]{1,200}$/.test(eventId)) throw new ApiError('WEBHOOK_SIGNATURE_INVALID')
  try {
    const payload = new Webhook(secret).verify(Buffer.from(body), {
      'webhook-id': eventId,
      'webhook-timestamp': c.req.header('webhook-timestamp') ?? '',
      'webhook-signature': c.req.header('webhook-signature') ?? '',
    })
    return { eventId, payload }
  } catch (error) {
    if (error instanceof WebhookVerificationError) throw new ApiError('WEBHOOK_SIGNATURE_INVALID')
    throw new ApiError('MALFORMED_JSON')
  }
}
