import type { Generated } from 'kysely'
import type { EndpointState } from '../../domain/messaging/deliveries.ts'
import type { EventType } from '../../domain/messaging/events.ts'
import type { Dated, Id, Stamp } from './columns.ts'

export interface WebhookEndpointsTable extends Dated {
  id: Id
  url: string
  events: EventType[]
  description: string | null
  /** Its secrets, encrypted. */
  sealed: Buffer
  state: Generated<EndpointState>
  state_since: Stamp
  /** Since when every try has failed; null: the last one succeeded. */
  failing_since: Date | null
  /** It asked to be left alone until then. */
  paused_until: Date | null
  /** A later event overtakes one that has failed several times. */
  latest_state: Generated<boolean>
  operation_key: string
  /** Of the last rotation of its secrets. */
  rotation_key: string | null
  deleted_at: Date | null
}
