import type { EventDelivery } from '../../db/messaging/deliveries.ts'
import type { DeliveryState, TryOutcome } from '../../domain/messaging/deliveries.ts'
import { eventIdOf, eventOf } from './event-body.ts'

/** Times are ISO 8601 UTC. */
export interface DeliveryView {
  readonly id: string
  readonly endpoint_id: string
  readonly event_id: string
  readonly event: ReturnType<typeof eventOf>
  /** Undefined: of no order. */
  readonly order_no: string | null
  readonly state: DeliveryState
  /** An earlier event of the same order or customer is sent first. */
  readonly is_behind: boolean
  readonly tries: number
  /** Null: it has ended, is being tried, or waits for an earlier event. */
  readonly next_try_at: string | null
  /** Of the last try. */
  readonly outcome: TryOutcome | null
  readonly response_status: number | null
  readonly created_at: string
  readonly ended_at: string | null
  /** Oldest first; the newest 30. */
  readonly attempts: readonly TryView[]
}

export interface TryView {
  readonly at: string
  /** Null: it is under way. */
  readonly outcome: TryOutcome | null
  readonly response_status: number | null
  readonly duration_ms: number | null
}

export function deliveryView(delivery: EventDelivery): DeliveryView {
  const { id, endpoint_id, lane, state, is_behind, tries, outcome, status } = delivery
  const isUnderWay =
    state === 'pending' && delivery.leased_until !== null && delivery.leased_until.getTime() > Date.now()
  const attempts = delivery.attempts.map((one, n): TryView => {
    const isOpen = isUnderWay && n === delivery.attempts.length - 1
    return {
      at: new Date(one.at).toISOString(),
      outcome: one.outcome ?? (isOpen ? null : 'interrupted'),
      response_status: one.status ?? null,
      duration_ms: one.ms ?? null,
    }
  })
  return {
    id,
    endpoint_id,
    event_id: eventIdOf(delivery),
    event: eventOf(delivery),
    order_no: lane.startsWith('order/') ? lane.slice('order/'.length) : null,
    state,
    is_behind,
    tries,
    next_try_at: isUnderWay ? null : (delivery.next_try_at?.toISOString() ?? null),
    outcome,
    response_status: status,
    created_at: delivery.created_at.toISOString(),
    ended_at: delivery.ended_at?.toISOString() ?? null,
    attempts,
  }
}
