import type { OpenAPIHono } from '@hono/zod-openapi'
import { z } from '@hono/zod-openapi'
import type { ApiEnv } from '../deps.ts'
import { orderEvent } from '../routes/webhooks/webhooks.ts'
import { ALIPAY_EXAMPLES, STRIPE_EXAMPLES, WECHAT_EXAMPLES } from './notification-examples.ts'

/** What the mall receives, for the document only: signatures are verified over the raw bytes, before any schema. */

const standardHeaders = z.object({
  'webhook-id': z.string().min(1).max(200).openapi({ example: 'evt_01' }),
  'webhook-timestamp': z.string().openapi({ example: '1795420800' }),
  'webhook-signature': z.string().openapi({ example: 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=' }),
})

const wechatHeaders = z.object({
  'Wechatpay-Serial': z.string(),
  'Wechatpay-Timestamp': z.string(),
  'Wechatpay-Nonce': z.string(),
  'Wechatpay-Signature': z.string(),
})

const stripeHeaders = z.object({ 'Stripe-Signature': z.string() })

const alipay = z
  .looseObject({
    notify_id: z.string(),
    notify_time: z.string(),
    notify_type: z.string(),
    app_id: z.string(),
    seller_id: z.string(),
    charset: z.string(),
    sign_type: z.literal('RSA2'),
    sign: z.string(),
    trade_no: z.string(),
    out_trade_no: z.string(),
    trade_status: z.enum(['WAIT_BUYER_PAY', 'TRADE_SUCCESS', 'TRADE_FINISHED', 'TRADE_CLOSED']),
    total_amount: z.string(),
    gmt_payment: z.string().optional(),
    out_biz_no: z.string().optional(),
    refund_fee: z.string().optional(),
    gmt_refund: z.string().optional(),
  })
  .openapi('AlipayNotification')

const wechat = z
  .looseObject({
    id: z.string(),
    create_time: z.iso.datetime({ offset: true }),
    event_type: z.string(),
    resource_type: z.literal('encrypt-resource'),
    resource: z.looseObject({
      algorithm: z.literal('AEAD_AES_256_GCM'),
      original_type: z.string(),
      ciphertext: z.string(),
      associated_data: z.string().nullish(),
      nonce: z.string(),
    }),
  })
  .openapi('WechatNotification')

const stripe = z
  .looseObject({
    id: z.string(),
    type: z.string(),
    created: z.int(),
    data: z.looseObject({ object: z.looseObject({}) }),
  })
  .openapi('StripeEvent')

const body = <T extends z.ZodType>(type: string, schema: T, examples: object) => ({
  required: true,
  content: { [type]: { schema, examples } },
})
const EXAMPLE_ORDER = 'PM20260301120000ABCDEFGHJKMN'
const PARCEL = { carrier: '顺丰', tracking_no: 'SF1234567890' }
/** An event of each type. */
const orderEvents = Object.fromEntries(
  orderEvent.shape.type.options.map((type) => [
    type,
    { value: { type, data: { order_no: EXAMPLE_ORDER, ...(type === 'order.shipped' ? PARCEL : {}) } } },
  ]),
)

const answers = { 200: { description: 'Recorded; a repeat gets the same answer' } }

/** The route that receives each webhook. */
export const RECEIVERS: Readonly<Record<string, readonly string[]>> = {
  '/api/webhooks/orders': ['orderEvent'],
  '/api/webhooks/payments/{provider}': ['alipayNotification', 'wechatNotification', 'stripeEvent'],
}

/** Each as its sender sees it. */
export function registerWebhooks({ openAPIRegistry: registry }: OpenAPIHono<ApiEnv>): void {
  const register = (path: string, summary: string, request: object) =>
    registry.registerWebhook({
      method: 'post',
      path,
      operationId: path,
      tags: ['webhooks'],
      summary,
      request,
      responses: answers,
      security: [],
    })
  register('orderEvent', 'The order domain reports a step of an order; Standard Webhooks 1.0', {
    headers: standardHeaders,
    body: { required: true, content: { 'application/json': { schema: orderEvent, examples: orderEvents } } },
  })
  register('alipayNotification', 'Alipay reports a payment or a refund; signed in the form itself', {
    body: body('application/x-www-form-urlencoded', alipay, ALIPAY_EXAMPLES),
  })
  register('wechatNotification', 'WeChat Pay reports a payment or a refund; signed in its headers', {
    headers: wechatHeaders,
    body: body('application/json', wechat, WECHAT_EXAMPLES),
  })
  register('stripeEvent', 'Stripe reports a payment or a refund; signed in its header', {
    headers: stripeHeaders,
    body: body('application/json', stripe, STRIPE_EXAMPLES),
  })
}
