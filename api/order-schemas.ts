import { z } from '@hono/zod-openapi'
import { ORDER_STATUSES, PAYMENT_STATUSES } from '../domain/order-status.ts'
import { PAYMENT_METHODS } from '../domain/payment.ts'
import { PAYMENT_MODES } from '../domain/product.ts'
import { money } from './schemas.ts'

export const orderStatus = z.enum(ORDER_STATUSES)
export const paymentMode = z.enum(PAYMENT_MODES)
export const paymentMethod = z.enum(PAYMENT_METHODS)

/** The order resource of seed 5.2 and contract section 4. */
export const order = z
  .object({
    id: z.string(),
    order_no: z.string(),
    order_id: z.string().nullable(),
    owner_id: z.string(),
    product_id: z.string(),
    product_title: z.string(),
    product_image: z.string().nullable(),
    points_price: z.int(),
    money_price: money,
    quantity: z.int(),
    total_points: z.int(),
    total_money: money,
    payment_mode: paymentMode,
    status: orderStatus,
    payment_status: z.enum(PAYMENT_STATUSES),
    cancel_reason: z.string().nullable(),
    needs_attention: z.string().nullable(),
    exchange_time: z.string(),
    shipping_info: z.object({ carrier: z.string(), tracking_no: z.string() }).nullable(),
    address_info: z.unknown(),
    customer_notes: z.unknown(),
    payment_info: z.object({
      payment_mode: paymentMode,
      points_amount: z.int(),
      money_amount: money,
      payment_method: paymentMethod.nullable(),
      trade_no: z.string().nullable(),
      pay_url: z.string().nullable(),
      expires_at: z.string().nullable(),
    }),
    timeline: z.array(z.object({ status: z.string(), at: z.string(), note: z.string().nullable() })),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi('Order')

/** `{id}`: the id, or the order number. */
export const orderParams = z.object({
  id: z
    .string()
    .regex(/^[0-9A-Za-z]{1,64}$/)
    .openapi({ param: { name: 'id', in: 'path' }, example: 'PM20261122120000ABCDEFGHJKMN' }),
})

export const reasonText = z.string().trim().min(1).max(200)
