import { z } from '@hono/zod-openapi'
import { STORE_MAX } from '../../domain/fulfilment/vouchers.ts'
import { id, ownerId, text } from './common.ts'

const at = z.iso.datetime()

export const voucherDelivery = z
  .object({
    type: z.literal('voucher'),
    code: z.string(),
    valid_until: at,
    uses_left: z.int(),
    uses_total: z.int(),
  })
  .openapi('VoucherDelivery')

export const voucher = z
  .object({
    id,
    masked: z.string(),
    order_no: z.string(),
    product_title: z.string(),
    uses_left: z.int(),
    uses_total: z.int(),
    valid_until: at,
    void_at: at.nullable(),
    views: z.int(),
    first_viewed_at: at.nullable(),
    last_viewed_at: at.nullable(),
    uses: z.array(
      z.object({
        store: z.object({ id, name: z.string() }),
        by: z.string(),
        at,
        undone: z.object({ by: z.string(), reason: z.string(), at }).nullable(),
      }),
    ),
  })
  .openapi('Voucher')

export const store = z
  .object({
    id,
    name: z.string(),
    address: z.string().nullable(),
    staff: z.array(z.string()),
    created_at: at,
  })
  .openapi('Store')

const address = text(0, STORE_MAX.address).nullish()
const staff = z.array(ownerId).max(STORE_MAX.staff)

export const storeCreation = z.strictObject({
  name: text(1, STORE_MAX.name),
  address,
  staff: staff.default([]),
})
export const storeChange = z.strictObject({
  name: text(1, STORE_MAX.name).optional(),
  address,
  staff: staff.optional(),
})
