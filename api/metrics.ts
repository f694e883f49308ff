import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to answer HTTP requests',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  })
  const exchanges = new Counter({
    name: 'points_mall_exchanges_total',
    help: 'POST exchange by its outcome: the status of the order, the code of the refusal, or accepted (202)',
    labelNames: ['outcome'] as const,
    registers: [registry],
  })
  const notifications = new Counter({
    name: 'points_mall_payment_notifications_total',
    help: 'Payment notifications by their outcome: kept, or why one was not believed (WeChat sends such on purpose)',
    labelNames: ['provider', 'outcome'] as const,
    registers: [registry],
  })
  return { registry, requests, exchanges, notifications }
}
