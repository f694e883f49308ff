import { z } from '@hono/zod-openapi'
import type { ShipmentView } from '../../application/shipments/view.ts'
import { CARRIERS, TRACKING_NO } from '../../domain/shipments/carriers.ts'
import { SHIPMENT_STATES } from '../../domain/shipments/shipment.ts'
import { plainCode } from '../../domain/text.ts'
import { carrierName } from '../../i18n/carrier-texts.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import { int, text } from './common.ts'

export const shipment = z
  .object({
    id: z.string(),
    carrier: z
      .enum(CARRIERS)
      .nullable()
      .openapi({ description: 'null: still to be sent; `other`: a carrier that only has a name' }),
    carrier_name: z.string().nullable().openapi({ description: 'In the language of the request' }),
    tracking_no: z.string().nullable().openapi({ description: 'null: still to be sent' }),
    quantity: z.int().openapi({ description: 'Pieces in this parcel' }),
    state: z
      .enum(SHIPMENT_STATES)
      .openapi({ description: 'Where the carrier says it is; `none`: nothing yet' }),
    shipped_at: z.string().nullable(),
    delivered_at: z.string().nullable(),
    events: z.array(z.object({ at: z.string(), text: z.string(), state: z.enum(SHIPMENT_STATES) })),
  })
  .openapi('Shipment')

export const shipmentsDelivery = z
  .object({ type: z.literal('shipments'), shipments: z.array(shipment) })
  .openapi('ShipmentsDelivery', { description: 'What was handed over; only its owner sees it' })

export function shipmentFor(view: ShipmentView, lang: Lang): z.output<typeof shipment> {
  const { carrier, carrier_name: typed } = view
  return {
    ...view,
    events: [...view.events],
    carrier_name: carrier === null ? null : carrierName(carrier, typed ?? '', lang),
  }
}

/** Also a name, as an operator types it. */
const carrier = text(1, 64).openapi({
  description: `A code (${CARRIERS.slice(0, -1).join(', ')}), or the name of a carrier`,
  example: 'sf',
})
const trackingNo = z.string().overwrite(plainCode).regex(TRACKING_NO).openapi({ example: 'SF1234567890123' })
export const confirmMismatch = z.boolean().nullish().openapi({
  description: 'true: the number is right although it looks like another carrier’s',
})

export const parcelBody = z.strictObject({ carrier, tracking_no: trackingNo, confirm: confirmMismatch })
export const newParcelBody = parcelBody.extend({
  quantity: int(1).nullish().openapi({ description: 'Pieces in this parcel; all that are left by default' }),
})
export const shipmentParams = z.object({
  id: z.string().regex(/^[0-9A-Za-z]{1,64}$/),
  shipment_id: z.string().regex(/^[1-9]\d{0,17}$/),
})
