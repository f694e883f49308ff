import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { DeliveryView } from '../../application/messaging/delivery-view.ts'
import { keepEvents } from '../../db/messaging/outbox.ts'
import { orderLane } from '../../domain/messaging/events.ts'
import { startReceiver } from '../support/receiver.ts'
import { sampleOf } from '../support/sample.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'
import { createWorkerProcess } from '../support/worker-process.ts'

const LANES = 6
const EVENTS = 4
/** At which request the receiver stops answering, and the worker is killed. */
const KILLS = sampleOf([3, 8, 5, 6], 1)
vi.setConfig({ testTimeout: 180_000 })

let mall: TestApp
let worker: ReturnType<typeof createWorkerProcess>
beforeAll(async () => {
  mall = await openTestApp({ worker: false })
  worker = createWorkerProcess(mall, {
    POINTS_MALL_WEBHOOK_ALLOW_PRIVATE: '1',
    POINTS_MALL_WEBHOOK_TIMEOUT_SECONDS: '1',
    POINTS_MALL_WEBHOOK_RETRY_SECONDS: Array(60).fill('0.05').join(','),
  })
})
afterAll(async () => {
  await worker.remove()
  await mall.close()
})

test('kill -9 of the worker loses no event, invents none, and keeps the order of each order', async () => {
  let silentFrom: number | undefined
  const receiver = await startReceiver((_, n) => ({
    status: n % 4 === 1 ? 500 : 200,
    ...(silentFrom !== undefined && n >= silentFrom ? { hangs: true as const } : {}),
  }))
  const endpoints = '/api/admin/points-mall/webhook-endpoints'
  const staff = { as: 'op', role: 'operator' } as const
  const made = await mall.call('POST', endpoints, {
    ...staff,
    body: { url: receiver.url, events: ['order.paid'] },
  })
  const lanes = Array.from({ length: LANES }, (_, n) => `PMCRASH${n}`)
  for (let nth = 1; nth <= EVENTS; nth += 1) {
    await Promise.all(
      lanes.map((order_no) =>
        mall.db.transaction().execute((tx) =>
          keepEvents(tx, [
            {
              kind: 'order.paid',
              key: `${order_no}/${nth}`,
              lane: orderLane(order_no),
              payload: { order_no },
            },
          ]),
        ),
      ),
    )
  }
  for (const count of KILLS) {
    silentFrom = receiver.received.length + count
    const { length } = receiver.received
    worker.start()
    await until(
      () => receiver.received.length - length,
      (arrived) => arrived > count,
      `${count} requests have arrived`,
      120_000,
    )
    await worker.kill()
  }
  silentFrom = undefined
  worker.start()
  const log = await until(
    async () =>
      (await mall.call('GET', `${endpoints}/${made.body.data.id}/deliveries?per_page=100`, staff)).body
        .data as DeliveryView[],
    (all) => all.length === LANES * EVENTS && all.every(({ state }) => state !== 'pending'),
    'every delivery has ended',
    120_000,
  )
  expect(log.filter(({ state }) => state !== 'delivered')).toEqual([])
  const arrived = receiver.received.map(({ headers, body }) => ({
    id: String(headers['webhook-id']),
    ...(JSON.parse(body.toString()) as { sequence: number; data: { order_no: string } }),
  }))
  for (const lane of lanes) {
    const sequences = arrived.filter(({ data }) => data.order_no === lane).map(({ sequence }) => sequence)
    expect([...new Set(sequences)]).toEqual([1, 2, 3, 4])
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
  }
  expect(new Set(arrived.map(({ id }) => id))).toEqual(new Set(log.map(({ event_id }) => event_id)))
  let interrupted = 0
  for (const { event_id, tries, attempts } of log) {
    const requests = arrived.filter(({ id }) => id === event_id).length
    const unknown = attempts.filter(({ outcome }) => outcome === 'interrupted').length
    interrupted += unknown
    // A try that was interrupted may have arrived, or not.
    expect(requests).toBeLessThanOrEqual(tries)
    expect(requests).toBeGreaterThanOrEqual(tries - unknown)
    expect(attempts).toHaveLength(tries)
    expect(attempts.at(-1)?.outcome).toBe('delivered')
  }
  expect(interrupted).toBeGreaterThan(0)
  await receiver.stop()
})
