import type { EventDelivery } from '../../db/messaging/deliveries.ts'

/** Without a dot, which separates it from the time where it is signed. The same for every try and endpoint. */
export const eventIdOf = ({ event_id }: Pick<EventDelivery, 'event_id'>): string => `evt_${event_id}`

export function eventOf({
  kind,
  occurred_at,
  sequence,
  payload,
}: Pick<EventDelivery, 'kind' | 'occurred_at' | 'sequence' | 'payload'>) {
  return { type: kind, timestamp: occurred_at.toISOString(), sequence: Number(sequence), data: payload }
}

/** What is signed and sent. */
export const bodyOf = (delivery: Parameters<typeof eventOf>[0]): string => JSON.stringify(eventOf(delivery))
