import type { ColumnType, Generated } from 'kysely'
import type { DeliveryState, TryOutcome } from '../../domain/messaging/deliveries.ts'
import type { Big, Id, Ref, Stamp } from './columns.ts'

/** A try is noted before it is made; one without an outcome was interrupted, or is under way. */
export interface DeliveryTry {
  readonly at: string
  readonly outcome?: TryOutcome
  readonly status?: number | null
  readonly ms?: number
}

export interface WebhookDeliveriesTable {
  id: Id
  endpoint_id: Ref
  event_id: Ref
  lane: Ref
  sequence: Big
  state: Generated<DeliveryState>
  /** All tries; also the token of whoever made the last one. */
  tries: Generated<number>
  /** Failures since it was begun or sent again: they decide on the next pause. */
  failures: Generated<number>
  /** Null: it waits for an earlier event of its lane, or has ended. */
  next_try_at: Date | null
  leased_until: Date | null
  status: number | null
  outcome: TryOutcome | null
  /** The newest ones. */
  attempts: ColumnType<readonly DeliveryTry[], string | undefined, string>
  created_at: Stamp
  ended_at: Date | null
}
