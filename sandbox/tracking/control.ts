import { Hono } from 'hono'
import { z } from 'zod'
import { readTracking, SERVICES, setParcel } from './books.ts'
import type { TrackingDesk } from './desk.ts'
import { ENDINGS } from './life.ts'

const parcelOf = z.strictObject({
  service: z.enum(SERVICES).default('kuaidi100'),
  tracking_no: z.string().min(1),
})
const change = parcelOf.extend({
  /** Stops its clock after so many steps. */
  steps: z.int().min(0).max(10).optional(),
  ending: z.enum(ENDINGS).optional(),
  /** The carrier whose number it is, as the service names it. */
  right_com: z.string().min(1).optional(),
})

/** Mounted below the control of the sandbox. */
export function trackingControl({ db, pusher }: TrackingDesk): Hono {
  return new Hono()
    .get('/', (c) => c.json(readTracking(db)))
    .post('/parcels', async (c) => {
      const { service, tracking_no, ...to } = change.parse(await c.req.json())
      const parcel = setParcel(db, service, tracking_no, to)
      pusher.tick()
      return c.json(parcel)
    })
    .post('/abort', async (c) => {
      const { service, tracking_no } = parcelOf.parse(await c.req.json())
      if (!pusher.abort(service, tracking_no)) return c.json({ error: 'nobody follows it' }, 404)
      return c.json({ tracking_no })
    })
    .post('/resend', async (c) => {
      const { service, tracking_no } = parcelOf.parse(await c.req.json())
      return c.json({ tracking_no, pushes: pusher.resend(service, tracking_no) })
    })
}
