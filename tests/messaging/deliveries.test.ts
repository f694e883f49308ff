import { createPublicKey, verify } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DeliveryView } from '../../application/messaging/delivery-view.ts'
import type { EndpointWithSecret } from '../../application/messaging/endpoints.ts'
import { createRelay } from '../../application/messaging/relay.ts'
import { keepEvents, keepOrderEvents } from '../../db/messaging/outbox.ts'
import type { DeliverySettings } from '../../domain/messaging/deliveries.ts'
import { EVENT_TYPES, orderLane } from '../../domain/messaging/events.ts'
import type { OrderStatus } from '../../domain/orders/status.ts'
import { createDoor } from '../support/hooks.ts'
import { type Received, startReceiver } from '../support/receiver.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

let mall: TestApp
let relay: ReturnType<typeof createRelay>
/** The one that works now. */
let active: ReturnType<typeof createRelay>
let isStopping = false
let rounds: Promise<void>
const warnings: object[] = []
const closing: (() => Promise<unknown>)[] = []

const SETTINGS: DeliverySettings = {
  retryMs: [10, 10, 10],
  // A slow machine is no receiver that hangs.
  timeoutMs: 30_000,
  disableAfterMs: 3_600_000,
  retentionMs: 3_600_000,
  allowPrivate: true,
}

beforeAll(async () => {
  mall = await openTestApp({ worker: false })
  relay = relayOf()
  active = relay
  rounds = (async () => {
    while (!isStopping) {
      await active.round()
      await pause(20)
    }
  })()
})
afterAll(async () => {
  isStopping = true
  await rounds
  await relay.stop()
  await Promise.all(closing.map((close) => close()))
  await mall.close()
})

const relayOf = (settings: Partial<DeliverySettings> = {}) =>
  createRelay({
    db: mall.deps.db,
    sealer: mall.deps.sealer,
    settings: { ...SETTINGS, ...settings },
    isOff: (kind) => kind === 'order.accepted',
    log: { warn: (fields) => warnings.push(fields) },
  })

/** Another relay takes over for a while. */
async function withRelay<T>(other: typeof relay, work: () => Promise<T>): Promise<T> {
  active = other
  try {
    return await work()
  } finally {
    active = relay
  }
}

const ENDPOINTS = '/api/admin/points-mall/webhook-endpoints'
const staff = { as: 'op', role: 'operator' } as const
const post = (path: string, body: unknown = {}) =>
  mall.call('POST', `${path.startsWith('/') ? path : `${ENDPOINTS}/${path}`}`, { ...staff, body })
const read = async (id: string) => (await mall.call('GET', `${ENDPOINTS}/${id}`, staff)).body.data

type Answers = Parameters<typeof startReceiver>[0]

/** An endpoint of its own for each test. The endpoint is deleted at the end, so that it takes no later events. */
async function endpointOf(answer: Answers, events: readonly string[] = EVENT_TYPES, more: object = {}) {
  const receiver = await startReceiver(answer)
  closing.push(() => receiver.stop())
  const made = await post(ENDPOINTS, { url: `${receiver.url}/hook`, events, ...more })
  expect(made.status).toBe(201)
  const endpoint: EndpointWithSecret = made.body.data
  return {
    ...endpoint,
    receiver,
    log: async (): Promise<DeliveryView[]> =>
      (
        await mall.call('GET', `${ENDPOINTS}/${endpoint.id}/deliveries?per_page=100`, staff)
      ).body.data.toReversed(),
    remove: () => mall.call('DELETE', `${ENDPOINTS}/${endpoint.id}`, staff),
  }
}
type TestEndpoint = Awaited<ReturnType<typeof endpointOf>>

const ended = (endpoint: TestEndpoint, count: number) =>
  until(
    endpoint.log,
    (log) => log.length === count && log.every(({ state }) => state !== 'pending'),
    `${count} deliveries have ended`,
  )

let made = 0
/** An order that reaches these statuses, in transactions of their own. */
async function tell(...statuses: OrderStatus[]): Promise<string> {
  made += 1
  const orderNo = `PM2026EVENT${made}`
  for (const status of statuses) {
    await mall.db.transaction().execute((tx) => keepOrderEvents(tx, orderNo, [status]))
  }
  return orderNo
}

const bodyOf = ({ body }: Received) => JSON.parse(body.toString())
const arrivals = (endpoint: TestEndpoint, orderNo: string): number[] =>
  endpoint.receiver.received
    .map(bodyOf)
    .filter(({ data }) => data.order_no === orderNo)
    .map(({ sequence }) => sequence)
const headersOf = ({ headers }: Received) => headers as Record<string, string>

function verifyAsymmetric(publicKey: string, received: Received): boolean {
  const {
    'webhook-id': id,
    'webhook-timestamp': time,
    'webhook-signature': signatures = '',
  } = headersOf(received)
  const raw = Buffer.from(publicKey.slice('whpk_'.length), 'base64')
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw])
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
  const content = `${id}.${time}.${received.body.toString()}`
  return signatures
    .split(' ')
    .filter((one) => one.startsWith('v1a,'))
    .some((one) => verify(null, Buffer.from(content), key, Buffer.from(one.slice(4), 'base64')))
}

describe('a delivery', () => {
  test('is signed by Standard Webhooks with v1 and v1a, thin, and made once', async () => {
    const endpoint = await endpointOf(undefined, ['order.created', 'order.paid'])
    const orderNo = await tell('order_created', 'order_paid', 'order_shipped')
    const log = await ended(endpoint, 2)
    const [first] = endpoint.receiver.received
    if (!first) throw new Error('nothing arrived')
    const [{ event, event_id }] = log as [DeliveryView]
    expect(new Webhook(endpoint.secret).verify(first.body, headersOf(first))).toEqual({
      type: 'order.created',
      timestamp: event.timestamp,
      sequence: 1,
      data: { order_no: orderNo, status: 'order_created' },
    })
    expect(headersOf(first)['webhook-id']).toBe(event_id)
    expect(verifyAsymmetric(endpoint.public_key, first)).toBe(true)
    const forged = { ...first, body: Buffer.concat([first.body, Buffer.from(' ')]) }
    expect(verifyAsymmetric(endpoint.public_key, forged)).toBe(false)
    expect(() => new Webhook(endpoint.secret).verify(forged.body, headersOf(first))).toThrow()
    expect(log).toMatchObject([
      { state: 'delivered', tries: 1, outcome: 'delivered', response_status: 200, order_no: orderNo },
      { state: 'delivered', tries: 1, event: { type: 'order.paid', sequence: 2 } },
    ])
    expect(arrivals(endpoint, orderNo)).toEqual([1, 2])
    await endpoint.remove()
  })

  test('that fails is tried again; its order waits for it, another order does not', async () => {
    let refused = 0
    const endpoint = await endpointOf((request) => {
      const { data, sequence } = bodyOf(request)
      const fails = data.order_no === blocked && sequence === 1 && refused < 2
      if (fails) refused += 1
      return { status: fails ? 500 : 204 }
    })
    const blocked = `PM2026EVENT${made + 1}`
    expect(await tell('order_created', 'order_paid', 'order_canceled')).toBe(blocked)
    const free = await tell('order_created', 'order_paid')
    const log = await ended(endpoint, 5)
    expect(arrivals(endpoint, blocked)).toEqual([1, 1, 1, 2, 3])
    expect(arrivals(endpoint, free)).toEqual([1, 2])
    const [failed] = log.filter(({ order_no }) => order_no === blocked)
    expect(failed).toMatchObject({ tries: 3, state: 'delivered', response_status: 204 })
    expect(failed?.attempts.map(({ outcome, response_status }) => [outcome, response_status])).toEqual([
      ['refused', 500],
      ['refused', 500],
      ['delivered', 204],
    ])
    expect(new Set(endpoint.receiver.received.map((one) => headersOf(one)['webhook-id'])).size).toBe(5)
    expect(await read(endpoint.id)).toMatchObject({ state: 'enabled', failing_since: null })
    await endpoint.remove()
  })

  test('is given up after its last try; then the next one is sent, and it can be sent again', async () => {
    let works = false
    const endpoint = await endpointOf((request) => ({
      status: works || bodyOf(request).sequence > 1 ? 200 : 503,
    }))
    const orderNo = await tell('order_created', 'order_paid')
    const [first, second] = await ended(endpoint, 2)
    expect(first).toMatchObject({ state: 'given_up', tries: 4, outcome: 'refused', response_status: 503 })
    expect(second).toMatchObject({ state: 'delivered', tries: 1 })
    expect(arrivals(endpoint, orderNo)).toEqual([1, 1, 1, 1, 2])
    expect(await read(endpoint.id)).toMatchObject({ given_up: 1, pending: 0 })
    works = true
    const again = await post(`/api/admin/points-mall/deliveries/${first?.id}/resend`)
    expect(again).toMatchObject({ status: 200, body: { data: { id: first?.id, state: 'pending' } } })
    const [resent] = await ended(endpoint, 2)
    expect(resent).toMatchObject({ state: 'delivered', tries: 5, event_id: first?.event_id })
    expect(arrivals(endpoint, orderNo)).toEqual([1, 1, 1, 1, 2, 1])
    await endpoint.remove()
  })

  test('to a receiver that hangs or redirects has failed, and no redirect is followed', async () => {
    const patient = relay
    relay = relayOf({ timeoutMs: 3_000 })
    const elsewhere = await startReceiver()
    closing.push(() => elsewhere.stop())
    const endpoint = await endpointOf((_, index) => {
      if (index === 0) return { status: 200, hangs: true }
      if (index === 1) return { status: 307, headers: { location: elsewhere.url } }
      return { status: 200, body: Buffer.alloc(1_000_000) }
    })
    await tell('order_created')
    const [delivery] = await ended(endpoint, 1)
    expect(delivery?.attempts.map(({ outcome, response_status }) => [outcome, response_status])).toEqual([
      ['timed_out', null],
      ['redirected', 307],
      ['delivered', 200],
    ])
    expect(elsewhere.received).toEqual([])
    await relay.stop()
    relay = patient
    await endpoint.remove()
  })

  test('that nobody can receive is logged as unreachable', async () => {
    const endpoint = await endpointOf(undefined)
    await endpoint.receiver.stop()
    await tell('order_created')
    const [delivery] = await ended(endpoint, 1)
    expect(delivery).toMatchObject({
      state: 'given_up',
      tries: 4,
      outcome: 'unreachable',
      response_status: null,
    })
    expect((await read(endpoint.id)).failing_since).not.toBeNull()
    await endpoint.remove()
  })

  test.each([429, 503])('answered with %i and Retry-After pauses the whole endpoint', async (status) => {
    const endpoint = await endpointOf((_, index) => ({
      status: index === 0 ? status : 200,
      headers: { 'retry-after': '600' },
    }))
    await tell('order_created')
    const [delivery] = await until(
      endpoint.log,
      ([first]) => first?.response_status === status,
      'it was refused',
    )
    expect(delivery).toMatchObject({ state: 'pending', tries: 1 })
    const { paused_until } = await read(endpoint.id)
    for (const time of [delivery?.next_try_at, paused_until]) {
      expect(Date.parse(time ?? '') - Date.parse(delivery?.attempts[0]?.at ?? '')).toBeGreaterThanOrEqual(
        600_000,
      )
    }
    await tell('order_paid')
    await until(endpoint.log, (log) => log.length === 2, 'the next event is known')
    await relay.round()
    expect(endpoint.receiver.received).toHaveLength(1)
    await endpoint.remove()
  })

  test('of a type that is switched off, or that the endpoint does not want, is not made', async () => {
    const endpoint = await endpointOf(undefined, ['order.accepted', 'order.paid', 'order.finished'])
    const orderNo = await tell(
      'order_created',
      'order_paid',
      'order_accepted',
      'order_shipped',
      'order_finished',
    )
    const log = await ended(endpoint, 2)
    expect(log.map(({ event }) => event.type)).toEqual(['order.paid', 'order.finished'])
    expect(arrivals(endpoint, orderNo)).toEqual([2, 5])
    await endpoint.remove()
  })
})

describe('an endpoint', () => {
  test('that answers 410 is switched off: what waits is given up, nothing more is sent until it is on again', async () => {
    let gone = true
    const door = createDoor()
    const endpoint = await endpointOf(async () => {
      await door.passed()
      return { status: gone ? 410 : 200 }
    })
    await tell('order_created', 'order_paid')
    await until(endpoint.log, (known) => known.length === 2, 'both events are known')
    door.open()
    const log = await ended(endpoint, 2)
    expect(log.map(({ state, outcome, tries }) => [state, outcome, tries])).toEqual([
      ['given_up', 'gone', 1],
      ['given_up', 'endpoint_disabled', 0],
    ])
    expect(await read(endpoint.id)).toMatchObject({ state: 'gone' })
    expect(warnings).toContainEqual({ endpoint: endpoint.id, why: 'gone' })
    await tell('order_created')
    for (const path of [`${endpoint.id}/test`, `/api/admin/points-mall/deliveries/${log[0]?.id}/resend`]) {
      expect(await post(path)).toMatchObject({ status: 409, body: { code: 'ENDPOINT_DISABLED' } })
    }
    await until(
      () => mall.db.selectFrom('outbox').select('id').where('delivered_at', 'is', null).execute(),
      (left) => left.length === 0,
      'every event is handed on',
    )
    gone = false
    const on = await mall.call('PATCH', `${ENDPOINTS}/${endpoint.id}`, { ...staff, body: { enabled: true } })
    expect(on.body.data.state).toBe('enabled')
    await post(`${endpoint.id}/test`)
    const after = await ended(endpoint, 3)
    expect(after.at(-1)).toMatchObject({ state: 'delivered', event: { type: 'webhook.test', sequence: 1 } })
    expect(endpoint.receiver.received).toHaveLength(2)
    await endpoint.remove()
  })

  test('that has failed for too long is switched off; a success in between starts the clock anew', async () => {
    const endpoint = await endpointOf((_, index) => ({ status: index === 1 ? 200 : 500 }))
    await tell('order_created')
    await ended(endpoint, 1)
    expect(await read(endpoint.id)).toMatchObject({ state: 'enabled', failing_since: null })
    await tell('order_created')
    await ended(endpoint, 2)
    expect(await read(endpoint.id)).toMatchObject({ state: 'enabled', failing_since: expect.any(String) })
    const since = new Date(Date.now() - SETTINGS.disableAfterMs - 1_000)
    await mall.db
      .updateTable('webhook_endpoints')
      .set({ failing_since: since })
      .where('id', '=', endpoint.id)
      .execute()
    await tell('order_created')
    await until(
      () => read(endpoint.id),
      ({ state }) => state === 'failing',
      'the endpoint is switched off',
    )
    expect((await ended(endpoint, 3)).at(-1)).toMatchObject({
      state: 'given_up',
      outcome: 'endpoint_disabled',
    })
    await endpoint.remove()
  })

  test('shows its secret once, and keeps it encrypted', async () => {
    const endpoint = await endpointOf(undefined, ['order.paid'])
    expect(endpoint.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(await read(endpoint.id)).not.toHaveProperty('secret')
    const { body } = await mall.call('GET', ENDPOINTS, staff)
    expect(JSON.stringify(body)).not.toContain(endpoint.secret)
    const row = await mall.db
      .selectFrom('webhook_endpoints')
      .selectAll()
      .where('id', '=', endpoint.id)
      .executeTakeFirstOrThrow()
    expect(JSON.stringify(row) + row.sealed.toString('latin1')).not.toContain(endpoint.secret.slice(6))
    await endpoint.remove()
    expect((await mall.call('GET', `${ENDPOINTS}/${endpoint.id}`, staff)).status).toBe(404)
  })

  test('whose secret is rotated verifies with both during the overlap, then with the new one alone', async () => {
    const endpoint = await endpointOf(undefined, ['order.paid'])
    const newest = async () => {
      const before = endpoint.receiver.received.length
      await post(`${endpoint.id}/test`)
      await until(
        () => endpoint.receiver.received.length,
        (count) => count > before,
        'the test arrives',
      )
      return endpoint.receiver.received.at(-1) as Received
    }
    const verifies = (secret: string, one: Received) => {
      try {
        new Webhook(secret).verify(one.body, headersOf(one))
        return true
      } catch {
        return false
      }
    }
    const key = 'rotate-once'
    const path = `${ENDPOINTS}/${endpoint.id}/rotate-secret`
    const rotated = await mall.call('POST', path, { ...staff, body: {}, key })
    expect((await mall.call('POST', path, { ...staff, body: {}, key })).body).toEqual(rotated.body)
    const second: EndpointWithSecret = rotated.body.data
    expect(second.earlier_secret_until).not.toBeNull()
    const during = await newest()
    expect([endpoint, second].map(({ secret }) => verifies(secret, during))).toEqual([true, true])
    expect([endpoint, second].map(({ public_key }) => verifyAsymmetric(public_key, during))).toEqual([
      true,
      true,
    ])
    const third: EndpointWithSecret = (await post(`${endpoint.id}/rotate-secret`, { overlap_hours: 0 })).body
      .data
    const after = await newest()
    const secrets = [endpoint, second, third]
    expect(secrets.map(({ secret }) => verifies(secret, after))).toEqual([false, false, true])
    expect(secrets.map(({ public_key }) => verifyAsymmetric(public_key, after))).toEqual([false, false, true])
    await endpoint.remove()
  })

  test('is registered once under one key, and only so many are', async () => {
    const body = { url: 'http://127.0.0.1:9/x', events: ['order.paid', 'order.paid', 'order.created'] }
    const answers = await Promise.all(
      ['same', 'same', 'same'].map((key) => mall.call('POST', ENDPOINTS, { ...staff, body, key })),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1)
    expect(answers[0]?.body.data.events).toEqual(['order.created', 'order.paid'])
    const statuses: number[] = []
    for (let n = 0; n < 21; n += 1) statuses.push((await post(ENDPOINTS, body)).status)
    expect(statuses.at(-1)).toBe(409)
    const all = (await mall.call('GET', ENDPOINTS, staff)).body.data as { id: string }[]
    expect(all).toHaveLength(20)
    for (const { id } of all) await mall.call('DELETE', `${ENDPOINTS}/${id}`, staff)
  })
})

describe('an endpoint that wants the latest state', () => {
  const PATIENT = { retryMs: [10, 10, 10, 600_000] }
  const NUMBER = { 'order.created': 1, 'order.paid': 2, 'order.finished': 3 }
  const isFirst = ({ body }: { body: Buffer }) => bodyOf({ body } as Received).sequence === 1

  test('gets the next event after three failures of one; another endpoint waits', async () => {
    const slow = relayOf(PATIENT)
    closing.push(() => slow.stop())
    const answer: Answers = (received) => ({ status: isFirst(received) ? 500 : 204 })
    const latest = await endpointOf(answer, Object.keys(NUMBER), { latest_state: true })
    const patient = await endpointOf(answer, Object.keys(NUMBER))
    expect([latest.latest_state, patient.latest_state]).toEqual([true, false])
    const orderNo = await withRelay(slow, async () => {
      const told = await tell('order_created', 'order_paid', 'order_finished')
      const isWaiting = (log: DeliveryView[]) => log[0]?.tries === 4 && log[0]?.next_try_at !== null
      await until(patient.log, isWaiting, 'the first event waits long')
      await until(latest.log, isWaiting, 'the first event waits long')
      await until(
        latest.log,
        (log) => log.slice(1).every(({ state }) => state === 'delivered'),
        'the later events are delivered',
      )
      return told
    })
    expect(arrivals(latest, orderNo).filter((number) => number > 1)).toEqual([2, 3])
    // Not before its third failure.
    expect(arrivals(latest, orderNo).slice(0, 3)).toEqual([1, 1, 1])
    expect(arrivals(patient, orderNo)).toEqual([1, 1, 1, 1])
    expect((await patient.log()).map(({ is_behind }) => is_behind)).toEqual([false, true, true])

    // One that changes its mind gets them now, and the first one stays to be tried.
    await mall.call('PATCH', `${ENDPOINTS}/${patient.id}`, { ...staff, body: { latest_state: true } })
    await withRelay(slow, () =>
      until(
        patient.log,
        (log) => log.slice(1).every(({ state }) => state === 'delivered'),
        'the later events are delivered',
      ),
    )
    expect((await patient.log())[0]).toMatchObject({ state: 'pending', tries: 4 })
    await Promise.all([latest.remove(), patient.remove()])
  })
})

describe('what was given up', () => {
  test('is sent again in one request, in its order, and only what is as new as was asked', async () => {
    let isUp = false
    const endpoint = await endpointOf(() => ({ status: isUp ? 204 : 500 }), ['order.created', 'order.paid'])
    const other = await endpointOf(() => ({ status: 500 }), ['order.created'])
    const orders = [await tell('order_created', 'order_paid'), await tell('order_created', 'order_paid')]
    await ended(endpoint, 4)
    await ended(other, 2)
    const old = await tell('order_created')
    await ended(endpoint, 5)
    await mall.db
      .updateTable('webhook_deliveries')
      .set({ ended_at: new Date(Date.now() - 86_400_000) })
      .where('lane', '=', orderLane(old))
      .execute()
    isUp = true
    const since = new Date(Date.now() - 3_600_000).toISOString()
    const before = endpoint.receiver.received.length
    const again = await post(`${endpoint.id}/resend-failed`, { since })
    expect([again.status, again.body.data]).toEqual([200, { resent: 4, left: 0 }])
    await until(
      endpoint.log,
      (log) => log.filter(({ state }) => state === 'delivered').length === 4,
      'all of them are delivered',
    )
    const sent = endpoint.receiver.received.slice(before).map(bodyOf)
    for (const order of orders) {
      expect(sent.filter(({ data }) => data.order_no === order).map(({ sequence }) => sequence)).toEqual([
        1, 2,
      ])
    }
    expect(sent.filter(({ data }) => data.order_no === old)).toEqual([])
    expect((await other.log()).filter(({ state }) => state === 'given_up')).toHaveLength(3)
    // A second request finds nothing; one for a day more finds the old one.
    expect((await post(`${endpoint.id}/resend-failed`, { since })).body.data).toEqual({ resent: 0, left: 0 })
    const day = new Date(Date.now() - 2 * 86_400_000).toISOString()
    expect((await post(`${endpoint.id}/resend-failed`, { since: day })).body.data.resent).toBe(1)
    for (const body of [{}, { since: 'yesterday' }, { since, all: true }]) {
      expect((await post(`${endpoint.id}/resend-failed`, body)).status).toBe(422)
    }
    expect((await post('999999/resend-failed', { since })).status).toBe(404)
    await mall.call('PATCH', `${ENDPOINTS}/${endpoint.id}`, { ...staff, body: { enabled: false } })
    expect((await post(`${endpoint.id}/resend-failed`, { since })).status).toBe(409)
    await Promise.all([endpoint.remove(), other.remove()])
  })
})

describe('what is old', () => {
  test('is deleted after the retention: events, deliveries, deleted endpoints; nothing that waits', async () => {
    const endpoint = await endpointOf((request) =>
      bodyOf(request).type === 'order.paid' ? { status: 500, headers: {} } : { status: 200 },
    )
    const slow = relayOf({ retryMs: [3_600_000] })
    await tell('order_created')
    await ended(endpoint, 1)
    isStopping = true
    await rounds
    const waits = await tell('order_paid')
    await slow.round()
    const [, pending] = await until(endpoint.log, (log) => log[1]?.tries === 1, 'it is tried')
    await slow.stop()
    expect(pending?.state).toBe('pending')
    const inDays = (n: number) => new Date(Date.now() + n * 86_400_000).toISOString()
    await mall.db.transaction().execute((tx) =>
      keepEvents(
        tx,
        [-1, 20].map((days) => ({
          kind: 'points.expiring' as const,
          key: `warning/${days}`,
          lane: 'owner/old',
          payload: { owner_id: 'old', expires_at: inDays(days) },
        })),
      ),
    )
    const { lane } = { lane: orderLane(waits) }
    await mall.db
      .updateTable('outbox')
      .set({ created_at: new Date(0), delivered_at: new Date(0) })
      .execute()
    await mall.db
      .updateTable('webhook_deliveries')
      .set({ ended_at: new Date(0) })
      .where('state', '<>', 'pending')
      .execute()
    await relayOf().purge()
    const left = await mall.db.selectFrom('outbox').select(['lane', 'key']).orderBy('id').execute()
    expect(left).toEqual([
      { lane, key: `order.paid/${waits}` },
      { lane: 'owner/old', key: 'warning/20' },
    ])
    expect(await endpoint.log()).toMatchObject([{ id: pending?.id, state: 'pending' }])
    const ids = async () =>
      (await mall.db.selectFrom('webhook_endpoints').select('id').execute()).map(({ id }) => id)
    expect(await ids()).toEqual([endpoint.id])
    await endpoint.remove()
    await relayOf().round()
    await mall.db
      .updateTable('webhook_deliveries')
      .set({ ended_at: new Date(0) })
      .execute()
    await relayOf().purge()
    expect(await ids()).toEqual([])
  })
})
