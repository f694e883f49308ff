import type { DatabaseSync } from 'node:sqlite'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { takeNamedFault } from '../faults.ts'
import type { Service } from './books.ts'
import type { TrackingPusher } from './pushes.ts'

/** What the services that follow parcels share. */
export interface TrackingDesk {
  readonly db: DatabaseSync
  readonly pusher: TrackingPusher
  readonly clockScale: number
  /** Where pushes go. */
  readonly mallUrl: string
}

/** Answers a call, unless a fault is due. @param spent the answer where the account has no calls left */
export async function disturb(
  c: Context<{ Bindings: HttpBindings }>,
  { db }: TrackingDesk,
  service: Service,
  spent: object,
  answer: () => object,
): Promise<Response> {
  if (takeNamedFault(db, service, 'error_before')) return c.json({ error: 'unavailable' }, 503)
  if (takeNamedFault(db, service, 'quota_spent')) return c.json(spent)
  const isLost = takeNamedFault(db, service, 'answer_lost') !== undefined
  const body = answer()
  if (isLost) c.env.incoming.socket.destroy()
  return c.json(body)
}
