import { z } from '@hono/zod-openapi'
import type { AfterSaleView } from '../../application/orders/after-sales.ts'
import {
  AFTER_SALE_EVENT_CODES,
  AFTER_SALE_STAGES,
  AFTER_SALE_STATES,
  AFTER_SALE_TYPES,
  GOODS_STATES,
  MONEY_STATES,
} from '../../domain/orders/after-sale.ts'
import { afterSaleEventText } from '../../i18n/after-sale-texts.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import { idParams, money } from './common.ts'

export const afterSaleState = z.enum(AFTER_SALE_STATES)
export const afterSaleType = z.enum(AFTER_SALE_TYPES)

export const afterSale = z
  .object({
    id: z.string(),
    order_no: z.string(),
    owner_id: z.string(),
    type: afterSaleType,
    stage: z.enum(AFTER_SALE_STAGES),
    quantity: z.int(),
    state: afterSaleState,
    goods_state: z.enum(GOODS_STATES),
    money_state: z.enum(MONEY_STATES),
    points: z.int(),
    money,
    reason: z.string(),
    pictures: z.array(z.string()),
    return_shipment: z.object({ carrier: z.string(), tracking_no: z.string() }).nullable(),
    refund_no: z.string().nullable(),
    deadline: z.string().nullable(),
    overdue: z.boolean(),
    timeline: z.array(
      z.object({
        state: afterSaleState,
        at: z.string(),
        note: z.string(),
        code: z.enum(AFTER_SALE_EVENT_CODES),
        data: z.record(z.string(), z.string()),
        by: z.object({ type: z.string(), id: z.string().nullable() }),
      }),
    ),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi('AfterSale')

export const afterSaleParams = idParams

/** In the reader's language; customers do not see which operator acted. */
export function afterSaleFor(reader: 'customer' | 'operator', view: AfterSaleView, lang: Lang) {
  return {
    ...view,
    pictures: [...view.pictures],
    timeline: view.timeline.map(({ state, at, event, by }) => ({
      state,
      at,
      note: afterSaleEventText(event, lang),
      code: event.code,
      data: { ...event.data },
      by: reader === 'customer' && by.type !== 'customer' ? { type: by.type, id: null } : by,
    })),
  }
}
