import type { DatabaseSync } from 'node:sqlite'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { Logger } from 'pino'
import type { TrackingDesk } from './desk.ts'
import { type KdniaoCustomer, kdniaoPushes, kdniaoRoutes } from './kdniao.ts'
import { type Kuaidi100Customer, kuaidi100Pushes, kuaidi100Routes } from './kuaidi100.ts'
import { createTrackingPusher } from './pushes.ts'

export interface TrackingCustomers {
  readonly kuaidi100?: Kuaidi100Customer | undefined
  readonly kdniao?: KdniaoCustomer | undefined
}

/** The services that follow parcels; those without a customer are not served. */
export function createTrackingDesk(
  db: DatabaseSync,
  { kuaidi100, kdniao }: TrackingCustomers,
  {
    mallUrl,
    clockScale,
    log,
  }: { readonly mallUrl: string; readonly clockScale: number; readonly log: Logger },
): TrackingDesk {
  const forms = {
    ...(kuaidi100 && { kuaidi100: kuaidi100Pushes }),
    ...(kdniao && { kdniao: kdniaoPushes(kdniao) }),
  }
  return { db, mallUrl, clockScale, pusher: createTrackingPusher(db, forms, log, clockScale) }
}

export function trackingRoutes(desk: TrackingDesk, { kuaidi100, kdniao }: TrackingCustomers) {
  const app = new Hono<{ Bindings: HttpBindings }>()
  if (kuaidi100) app.route('/poll', kuaidi100Routes(desk, kuaidi100))
  if (kdniao) app.route('/', kdniaoRoutes(desk, kdniao))
  return app
}
