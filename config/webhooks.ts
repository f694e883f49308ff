import { type DeliverySettings, RETRY_MS } from '../domain/messaging/deliveries.ts'
import { ORDER_STEPS, type OrderStep } from '../domain/messaging/events.ts'
import type { Variables } from './env.ts'

/** Steps of orders of which events are sent and taken. */
export function syncedSteps(e: Variables): readonly OrderStep[] {
  if (!e.POINTS_MALL_ORDER_SYNC_ENABLED) return []
  return e.POINTS_MALL_ORDER_SYNC_EVENTS ?? ORDER_STEPS
}

export function deliverySettings(e: Variables): DeliverySettings {
  return {
    retryMs: e.POINTS_MALL_WEBHOOK_RETRY_SECONDS?.map((seconds) => seconds * 1000) ?? RETRY_MS,
    timeoutMs: e.POINTS_MALL_WEBHOOK_TIMEOUT_SECONDS * 1000,
    disableAfterMs: e.POINTS_MALL_WEBHOOK_DISABLE_AFTER_HOURS * 3_600_000,
    retentionMs: e.POINTS_MALL_WEBHOOK_RETENTION_DAYS * 86_400_000,
    allowPrivate: e.POINTS_MALL_WEBHOOK_ALLOW_PRIVATE,
  }
}
