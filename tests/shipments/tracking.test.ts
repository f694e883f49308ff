import { createHash } from 'node:crypto'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { subscribeParcels } from '../../application/shipments/subscribe.ts'
import { askCarriers } from '../../application/shipments/track.ts'
import { createKdniao } from '../../tracking/kdniao.ts'
import { createKuaidi100 } from '../../tracking/kuaidi100.ts'
import { TRACKING } from '../support/accounts.ts'
import { readTables } from '../support/db-snapshot.ts'
import { only, sandboxBooksOf, shipParcel } from '../support/parcels.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

/** Parcels followed by kuaidi100 and kdniao, each in its own form; the sandbox stands at their addresses. */

const { salt: SALT, key: KEY } = TRACKING.kuaidi100
const { apiKey: KDNIAO_KEY, businessId: KDNIAO_ID } = TRACKING.kdniao
const md5 = (text: string) => createHash('md5').update(text).digest('hex')

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

type Send = (url: string, init: RequestInit) => Response | Promise<Response>
const post = async (name: string, form: Record<string, string>, app: Send = fetch) => {
  const response = await app(`${mall.url}/api/webhooks/tracking/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  })
  return { status: response.status, body: (await response.json()) as unknown }
}

const line = (ftime: string, context: string, statusCode: string) => ({
  time: ftime,
  ftime,
  context,
  statusCode,
})
const PICKED = line('2026-11-20 09:00:00', '快件已由王师傅 13612345678 揽收', '1')
const MOVING = line('2026-11-20 20:00:00', '已到达杭州转运中心', '0')
const SIGNED = line('2026-11-22 10:30:00', '已签收，签收人：本人', '3')

function kuaidi100Push(nu: string, state: string, data: object[], salt = SALT) {
  const param = JSON.stringify({
    status: 'polling',
    message: '',
    lastResult: { nu, com: 'yuantong', state, data },
  })
  return { param, sign: md5(param + salt).toUpperCase() }
}

function kdniaoPush(LogisticCode: string, State: string, Traces: object[], key = KDNIAO_KEY, id = KDNIAO_ID) {
  const Data = [{ EBusinessID: id, ShipperCode: 'ZTO', LogisticCode, Success: true, State, Traces }]
  const RequestData = JSON.stringify({ EBusinessID: id, Count: '1', PushTime: '2026-11-22 10:31:00', Data })
  const DataSign = Buffer.from(md5(RequestData + key)).toString('base64')
  return { RequestData, RequestType: '101', DataSign }
}

const refuse = (_: string, outcome: string, code: string | null) => {
  throw new Error(`not subscribed: ${outcome} ${code}`)
}

describe.each(['kuaidi100', 'kdniao'] as const)('a parcel followed by %s', (service) => {
  const numbers = service === 'kuaidi100' ? 'YT30000000000' : 'YT40000000000'
  const travel = (tracking_no: string, to: object) =>
    mall.control('tracking/parcels', { service, tracking_no, ...to })

  test('shows its whole way; late, repeated and badly signed pushes change nothing', async () => {
    const number = `${numbers}01`
    await travel(number, { steps: 0 })
    const { show } = await shipParcel(mall, '圆通', number)
    await subscribeParcels(only(mall, service), refuse)
    await mall.control('faults', { method: service, fault: 'wrong_signature' })
    await travel(number, { steps: 1 })
    await until(
      () => sandboxBooksOf(mall, number),
      ({ pushes }) => pushes.some(({ attempts }) => attempts === 1),
      'the push with a wrong signature is answered',
    )
    expect((await sandboxBooksOf(mall, number)).pushes).toMatchObject([{ state: 'waiting', status: 401 }])
    expect(await show()).toMatchObject({ state: 'none', events: [] })

    // The push of the second step waits until that of the third is there, and each comes twice.
    await mall.control('faults', { method: service, fault: 'reorder' })
    await mall.control('faults', { method: service, fault: 'duplicate', count: 3 })
    await travel(number, { steps: 2 })
    await travel(number, { steps: 4 })
    await until(show, ({ state }) => state === 'out_for_delivery', 'the parcel is out for delivery')
    await travel(number, { steps: 5 })
    await until(show, ({ state }) => state === 'signed', 'the parcel is signed')
    await mall.control('tracking/resend', { service, tracking_no: number })
    await until(
      () => sandboxBooksOf(mall, number),
      ({ pushes }) => pushes.length === 7 && pushes.every(({ state }) => state === 'delivered'),
      'every push is delivered',
    )
    const shown = await show()
    expect(shown).toMatchObject({ state: 'signed', delivered_at: shown.events[0].at })
    expect(shown.events.map(({ state }: { state: string }) => state)).toEqual([
      'signed',
      'out_for_delivery',
      'in_transit',
      'in_transit',
      'picked_up',
    ])
    expect(shown.events[4].text).toContain('王师傅（13612345678）')
  })

  test('that is refused goes back, and is shown as returned', async () => {
    const number = `${numbers}02`
    await travel(number, { steps: 5, ending: 'returned' })
    const { show } = await shipParcel(mall, '圆通', number)
    await subscribeParcels(only(mall, service), refuse)
    await until(show, ({ state }) => state === 'refused', 'the parcel is refused')
    await travel(number, { steps: 7 })
    await until(show, ({ events }) => events.length === 7, 'the last event is there')
    // kdniao has one state for all of it.
    expect(await show()).toMatchObject({ state: service === 'kuaidi100' ? 'returned' : 'refused' })
    expect((await sandboxBooksOf(mall, number)).subscriptions).toMatchObject([{ state: 'shut_down' }])
  })

  test('with a clock that goes on is picked up at once', async () => {
    const number = `${numbers}03`
    const { show } = await shipParcel(mall, '圆通', number)
    await subscribeParcels(only(mall, service), refuse)
    await until(show, ({ state }) => state === 'picked_up', 'the parcel is picked up')
  })
})

describe('a push', () => {
  test('with a signature in lower case is accepted, and an earlier one that comes late moves nothing back', async () => {
    const { show } = await shipParcel(mall, 'yto', 'YT2000000000001')
    const late = kuaidi100Push('YT2000000000001', '0', [MOVING, PICKED])
    const last = kuaidi100Push('YT2000000000001', '3', [SIGNED, MOVING, PICKED])
    for (const form of [last, late, last, { ...last, sign: last.sign.toLowerCase() }]) {
      expect(await post('kuaidi100', form)).toEqual({
        status: 200,
        body: { result: true, returnCode: '200', message: '成功' },
      })
    }
    expect(await show()).toMatchObject({
      state: 'signed',
      delivered_at: '2026-11-22T02:30:00.000Z',
      events: [
        { at: '2026-11-22T02:30:00.000Z', text: SIGNED.context, state: 'signed' },
        { text: MOVING.context, state: 'in_transit' },
        { text: PICKED.context, state: 'picked_up' },
      ],
    })
    // The words name a courier: they are encrypted.
    expect(JSON.stringify((await readTables(mall.db)).shipment_events)).not.toContain('王师傅')
  })

  test('that is forged is never accepted', async () => {
    const { show } = await shipParcel(mall, 'yto', 'YT2000000000002')
    const number = 'YT2000000000002'
    const good = kuaidi100Push(number, '0', [MOVING])
    const bird = kdniaoPush(number, '2', [
      { AcceptTime: '2026-11-20 09:00:00', AcceptStation: 'x', Action: '1' },
    ])
    const before = await readTables(mall.db)
    const forged: [string, Record<string, string>][] = [
      ['kuaidi100', { param: good.param }],
      ['kuaidi100', { ...good, sign: '' }],
      ['kuaidi100', kuaidi100Push(number, '3', [SIGNED], '')],
      ['kuaidi100', kuaidi100Push(number, '3', [SIGNED], KEY)],
      ['kuaidi100', { ...good, param: good.param.replace('杭州', '北京') }],
      ['kdniao', { ...bird, DataSign: '' }],
      ['kdniao', { ...bird, RequestData: bird.RequestData.replace('"2"', '"3"') }],
      ['kdniao', { ...bird, RequestType: '102' }],
      ['kdniao', kdniaoPush(number, '3', [], 'another key')],
      ['kdniao', good],
      ['kuaidi100', bird],
    ]
    for (const [name, form] of forged) expect([form, (await post(name, form)).status]).toEqual([form, 401])
    expect((await post('kdniao', kdniaoPush(number, '3', [], KDNIAO_KEY, '7654321'))).status).toBe(422)
    expect(await readTables(mall.db)).toEqual(before)
    expect(await show()).toMatchObject({ state: 'none', events: [] })
  })

  test('and what it says of couriers are in no log line, whatever becomes of it', async () => {
    const { owner, orderNo, show } = await shipParcel(mall, 'yto', 'YT2000000000003')
    let lines = ''
    const kept = new Writable({
      write(part: Buffer, _encoding, done) {
        lines += part.toString()
        done()
      },
    })
    const logger = pino({ level: 'trace' }, kept)
    const app = createApp({ ...mall.deps, logger })
    const send: Send = (path, init) => app.request(path, init)
    const good = kuaidi100Push('YT2000000000003', '1', [PICKED])
    expect((await post('kuaidi100', good, send)).status).toBe(200)
    expect((await post('kuaidi100', { ...good, sign: '' }, send)).status).toBe(401)
    const unnumbered = kuaidi100Push('', '1', [PICKED])
    expect((await post('kuaidi100', unnumbered, send)).status).toBe(422)
    // A failure of the database is logged with what failed.
    const broken = createApp({
      ...mall.deps,
      logger,
      db: { transaction: () => ({ execute: () => Promise.reject(new Error('no database')) }) } as never,
    })
    const fail: Send = (path, init) => broken.request(path, init)
    expect((await post('kuaidi100', good, fail)).status).toBe(500)
    const answer = await mall.call('GET', `/api/points-mall/orders/${orderNo}`, { as: owner })
    expect(JSON.stringify(answer.body)).toContain('王师傅 13612345678')
    expect(await show()).toMatchObject({ events: [{ text: PICKED.context }] })
    expect(lines).toContain('no database')
    expect(lines).not.toContain('王师傅')
    expect(lines).not.toContain('13612345678')
  })
})

describe('a question', () => {
  const ask = async () => {
    const errors: unknown[] = []
    await askCarriers(mall.deps, (_, error) => errors.push(error))
    return errors
  }
  const askNoOther = () => mall.db.updateTable('shipments').set({ asked_at: new Date() }).execute()

  test('is asked once, however many look at the order and however many workers ask', async () => {
    await askNoOther()
    const number = 'SF1000000000001'
    await mall.control('tracking/parcels', { tracking_no: number, steps: 4 })
    const { owner, orderNo, show } = await shipParcel(mall, '顺丰', number)
    const look = () => mall.call('GET', `/api/points-mall/orders/${orderNo}`, { as: owner })
    const seen = await Promise.all(Array.from({ length: 50 }, async (_, n) => (n % 5 ? look() : ask())))
    expect(seen.flatMap((one) => (Array.isArray(one) ? one : []))).toEqual([])
    expect(await ask()).toEqual([])
    expect(await sandboxBooksOf(mall, number)).toMatchObject({ queries: 1 })
    expect(await show()).toMatchObject({ state: 'out_for_delivery' })
    // Two hours later, once more.
    const before = new Date(Date.now() - 2 * 3_600_000 - 1_000)
    await mall.db
      .updateTable('shipments')
      .set({ asked_at: before })
      .where('tracking_no', '=', number)
      .execute()
    await Promise.all([ask(), ask()])
    expect(await sandboxBooksOf(mall, number)).toMatchObject({ queries: 2 })
  })

  test('to either service gets the same answer', async () => {
    const [kuaidi100, kdniao] = mall.deps.tracking
    for (const service of ['kuaidi100', 'kdniao'] as const) {
      await mall.control('tracking/parcels', { service, tracking_no: 'SF1000000000002', steps: 5 })
    }
    const first = await kuaidi100?.track('sf', 'SF1000000000002', '1234')
    const second = await kdniao?.track('sf', 'SF1000000000002', '1234')
    expect(first?.state).toBe('signed')
    expect(second?.state).toBe('signed')
    expect(first?.events).toHaveLength(5)
    expect(second?.events).toHaveLength(5)
    expect(first?.deliveredAt).toEqual(first?.events[0]?.at)
    expect(second?.deliveredAt).toEqual(second?.events[4]?.at)
  })

  test('that a service refuses changes nothing, and the reason is a code', async () => {
    await askNoOther()
    const number = 'YT2000000000009'
    await mall.control('tracking/parcels', { tracking_no: number, steps: 0 })
    const { show } = await shipParcel(mall, 'yto', number)
    expect(await ask()).toMatchObject([{ code: '500' }])
    await mall.db.updateTable('shipments').set({ asked_at: null }).where('tracking_no', '=', number).execute()
    await mall.control('faults', { method: 'kuaidi100', fault: 'quota_spent' })
    expect(await ask()).toMatchObject([{ code: '601' }])
    expect(await show()).toMatchObject({ state: 'none', events: [] })

    const baseUrl = mall.sandbox.url
    const forged = createKuaidi100({ ...TRACKING.kuaidi100, baseUrl, callbackUrl: '', key: 'another key' })
    await expect(forged.track('yto', number, undefined)).rejects.toMatchObject({ code: '503' })
    await expect(forged.track('cainiao', number, undefined)).rejects.toMatchObject({ code: '503' })
    const [kuaidi100, kdniao] = mall.deps.tracking
    await expect(kuaidi100?.track('sf', number, undefined)).rejects.toMatchObject({ code: '408' })
    const bird = createKdniao({ ...TRACKING.kdniao, baseUrl, apiKey: 'another key' })
    await expect(bird.track('yto', number, undefined)).rejects.toMatchObject({ code: '102' })
    await mall.control('faults', { method: 'kdniao', fault: 'quota_spent' })
    await expect(kdniao?.track('yto', number, undefined)).rejects.toMatchObject({ code: '405' })
    await expect(kdniao?.track('yto', number, undefined)).resolves.toMatchObject({ state: 'picked_up' })
  })
})
