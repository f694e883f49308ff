import { z } from '@hono/zod-openapi'
import { LINKED, type LinkedResources } from '../../application/orders/linked.ts'
import { forCustomer, type OrderView } from '../../application/orders/view.ts'
import type { PaymentChannel } from '../../db/orders/attempts.ts'
import { worthOf } from '../../domain/catalogue/pricing.ts'
import { PAYMENT_MODES } from '../../domain/catalogue/product.ts'
import { fenOf, moneyFromFen } from '../../domain/money.ts'
import { ATTENTION_CODES } from '../../domain/orders/attention.ts'
import { NOTE_CODES } from '../../domain/orders/notes.ts'
import { ORDER_STATUSES, PAYMENT_STATUSES } from '../../domain/orders/status.ts'
import {
  factsOf,
  PAYMENT_CLIENTS,
  PAYMENT_METHODS,
  type PaymentMethod,
} from '../../domain/payments/method.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import { attentionText, noteText } from '../../i18n/note-texts.ts'
import { ApiError } from '../errors.ts'
import { chargeDelivery } from './charges.ts'
import { codesDelivery } from './codes.ts'
import { money, text } from './common.ts'
import { product, productFor, returnable } from './product.ts'
import { shipment, shipmentFor, shipmentsDelivery } from './shipment.ts'
import { voucherDelivery } from './vouchers.ts'

export const orderStatus = z.enum(ORDER_STATUSES)
export const paymentMode = z.enum(PAYMENT_MODES)
export const paymentStatus = z.enum(PAYMENT_STATUSES)
export const paymentMethod = z.enum(PAYMENT_METHODS)

export const paymentChannel = {
  client: z.enum(PAYMENT_CLIENTS).nullish(),
  openid: z
    .string()
    .regex(/^[\w-]{1,128}$/)
    .nullish(),
  return_url: z
    .url({ protocol: /^https?$/ })
    .max(512)
    .nullish(),
}

/** @param method undefined: unchanged @throws ApiError VALIDATION_FAILED if the provider needs an `openid` */
export function channelOf(
  body: z.output<z.ZodObject<typeof paymentChannel>>,
  clientIp: string | undefined,
  method: PaymentMethod | undefined,
): PaymentChannel {
  const client = body.client ?? (body.openid ? 'in_app' : 'h5')
  const needsOpenid = client === 'in_app' && method && factsOf(method)?.needsOpenidInApp
  if (needsOpenid && !body.openid) {
    throw new ApiError('VALIDATION_FAILED', { errors: [{ field: 'openid', rule: 'required' }] })
  }
  return {
    client,
    openid: body.openid ?? undefined,
    returnUrl: body.return_url ?? undefined,
    clientIp,
  }
}

const standardOrder = z
  .object({
    id: z.string(),
    order_no: z.string(),
    order_type: z.string(),
    status: orderStatus,
    amount: money,
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi('StandardOrder')

/** `?include=product,order` */
export const include = z
  .string()
  .transform((names) => names.split(','))
  .pipe(z.array(z.enum(LINKED)).max(LINKED.length))
  .default([])
  .openapi({ type: 'string', example: LINKED.join(',') })

/** Orders of before may have further fields. */
const orderAddress = z
  .object({
    name: z.string().optional(),
    phone: z.string().optional(),
    province: z.string().optional(),
    city: z.string().optional(),
    district: z.string().optional(),
    detail: z.string().optional(),
  })
  .openapi('OrderAddress', { additionalProperties: true })

const customerNotes = z
  .object({
    buyer_remarks: z.string().optional(),
    buyer_message: z.string().optional(),
    customized: z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]).optional(),
    custom: z
      .array(z.object({ field: z.string(), title: z.string(), value: z.union([z.string(), z.number()]) }))
      .optional(),
  })
  .openapi('CustomerNotes')

export const order = z
  .object({
    id: z.string(),
    order_no: z.string(),
    order_id: z.string().nullable(),
    owner_id: z.string(),
    product_id: z.string(),
    sku_id: z.string(),
    specs: z.record(z.string(), z.string()),
    product_title: z.string(),
    product_image: z.string().nullable(),
    points_price: z.int(),
    money_price: money,
    quantity: z.int(),
    total_points: z.int(),
    total_money: money,
    total_value: money.openapi({ description: 'Points at their worth in cash, and the cash' }),
    payment_mode: paymentMode,
    status: orderStatus,
    payment_status: z.enum(PAYMENT_STATUSES),
    cancel_reason: z.string().nullable(),
    needs_attention: z.string().nullable().openapi({
      description:
        'Why the order needs an operator, in the language of the request; customers always see "support"',
    }),
    attention: z
      .object({ code: z.enum(ATTENTION_CODES), data: z.object({ said: z.string() }) })
      .optional()
      .openapi({ description: 'The same as data; operators only' }),
    exchange_time: z.string(),
    returnable,
    shipping_info: z.object({ carrier: z.string(), tracking_no: z.string() }).nullable(),
    delivery: z
      .union([shipmentsDelivery, codesDelivery, voucherDelivery, chargeDelivery])
      .nullable()
      .optional(),
    shipments: z.array(shipment).optional().openapi({ description: 'Its parcels; operators only' }),
    address_info: orderAddress.nullable(),
    customer_notes: customerNotes.nullable(),
    payment_info: z.object({
      payment_mode: paymentMode,
      points_amount: z.int(),
      money_amount: money,
      payment_method: paymentMethod.nullable(),
      trade_no: z.string().nullable(),
      pay_url: z.string().nullable(),
      jsapi: z.record(z.string(), z.string()).nullable(),
      expires_at: z.string().nullable(),
    }),
    refunds: z.array(
      z.object({
        refund_no: z.string(),
        provider_refund_no: z.string().nullable(),
        points: z.int(),
        money,
        state: z.enum(['pending', 'done', 'done_by_hand']),
        reason: z.string(),
        failure: z.string().nullable(),
        settled: z.object({ by: z.string(), reason: z.string() }).nullable(),
        at: z.string(),
        done_at: z.string().nullable(),
      }),
    ),
    timeline: z.array(
      z.object({
        status: z.string(),
        at: z.string(),
        note: z.string().nullable().openapi({ description: 'In the language of the request' }),
        code: z.enum(NOTE_CODES).nullable().openapi({ description: 'The note as a code' }),
        data: z.record(z.string(), z.string()).nullable(),
      }),
    ),
    created_at: z.string(),
    updated_at: z.string(),
    product: product
      .nullable()
      .optional()
      .openapi({ description: 'With `include=product`: as it is now; null where it was deleted' }),
    order: standardOrder.nullable().optional().openapi({ description: 'With `include=order`' }),
  })
  .openapi('Order')

/**
 * The order in the reader's language; some fields are for operators only.
 * @param millionths CNY per point, in millionths of a yuan
 */
export function orderFor(
  reader: 'customer' | 'operator',
  view: OrderView,
  lang: Lang,
  millionths: bigint,
  { product: linked, ...others }: LinkedResources = {},
) {
  const isCustomer = reader === 'customer'
  const {
    timeline,
    needs_attention: attention,
    shipments: parcels,
    ...order
  } = isCustomer ? forCustomer(view) : view
  const shipments = parcels.map((parcel) => shipmentFor(parcel, lang))
  const total = { points: view.total_points, fen: fenOf(view.total_money) }
  return {
    ...order,
    customer_notes: notesFor(order.customer_notes, lang),
    ...others,
    ...(linked === undefined ? {} : { product: linked && productFor(linked, lang) }),
    ...(isCustomer
      ? { delivery: shipments.length > 0 ? { type: 'shipments' as const, shipments } : null }
      : { shipments }),
    total_value: moneyFromFen(worthOf(total, millionths)),
    needs_attention: attention && (isCustomer ? 'support' : attentionText(attention, lang)),
    ...(attention && !isCustomer ? { attention } : {}),
    timeline: timeline.map(({ note, ...event }) => ({
      ...event,
      note: noteText(note, lang),
      code: note?.code ?? null,
      data: note && 'data' in note ? { ...note.data } : null,
    })),
  }
}

function notesFor(notes: OrderView['customer_notes'], lang: Lang) {
  if (!notes?.custom) return notes && { ...notes, custom: undefined }
  const custom = notes.custom.map(({ key, title, value }) => ({
    field: key,
    title: title[lang] ?? title.zh,
    value,
  }))
  return { ...notes, custom }
}

/** An order's id or number. */
export const orderNumber = z.string().regex(/^[0-9A-Za-z]{1,64}$/)

export const orderParams = z.object({
  id: orderNumber.openapi({ param: { name: 'id', in: 'path' }, example: 'PM20261122120000ABCDEFGHJKMN' }),
})

export const reasonText = text(1, 200)
