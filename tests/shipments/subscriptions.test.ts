import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { subscribeParcels } from '../../application/shipments/subscribe.ts'
import { beginSubscription, claimToSubscribe } from '../../db/shipments/subscriptions.ts'
import { createKuaidi100 } from '../../tracking/kuaidi100.ts'
import { TRACKING } from '../support/accounts.ts'
import { openHttpSession } from '../support/http-session.ts'
import { only, sandboxBooksOf, shipParcel } from '../support/parcels.ts'
import { freeLowPort } from '../support/ports.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

/** The worker subscribes what was shipped; what is to be done is in rows. */

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

const MINUTE_MS = 60_000
const MONTH_MS = 31 * 86_400_000

/** One round of the worker. @returns the calls that failed */
async function round(deps = only(mall, 'kuaidi100')) {
  const refused: [string, string | null][] = []
  await subscribeParcels(deps, (_, outcome, code) => refused.push([outcome, code]))
  return refused
}

const parcelWith = (number: string) =>
  mall.db.selectFrom('shipments').selectAll().where('tracking_no', '=', number).executeTakeFirstOrThrow()

const callsOf = (number: string) =>
  mall.db
    .selectFrom('shipment_subscriptions')
    .selectAll()
    .where('tracking_no', '=', number)
    .orderBy('id')
    .execute()

/** As if the pause were over. */
const makeDue = (number: string) =>
  mall.db
    .updateTable('shipments')
    .set({ subscribe_at: new Date() })
    .where('tracking_no', '=', number)
    .where('subscribe_at', 'is not', null)
    .execute()

const waitMs = async (number: string) => {
  const { subscribe_at } = await parcelWith(number)
  return subscribe_at && subscribe_at.getTime() - Date.now()
}

describe('a parcel that has left', () => {
  test('is subscribed once, with where to push and what signs it, and the end of the phone for SF', async () => {
    const number = 'SF1000000000101'
    const { show } = await shipParcel(mall, '顺丰', number)
    expect(await waitMs(number)).toBeLessThanOrEqual(0)
    const rounds = await Promise.all(Array.from({ length: 10 }, () => round()))
    expect(rounds.flat()).toEqual([])
    const [call, ...others] = await callsOf(number)
    expect(others).toEqual([])
    expect(call).toMatchObject({ provider: 'kuaidi100', carrier: 'sf', outcome: 'accepted', ended: null })
    expect(await parcelWith(number)).toMatchObject({ subscribe_at: null })
    await until(show, ({ state }) => state === 'picked_up', 'the first push arrives')
    expect(await round()).toEqual([])
    expect((await sandboxBooksOf(mall, number)).subscriptions).toHaveLength(1)
  })

  test('together with another one under the same number is one subscription, which follows both', async () => {
    const number = 'YT5000000000001'
    await mall.control('tracking/parcels', { tracking_no: number, steps: 0 })
    const [first, second] = [
      await shipParcel(mall, '圆通', number),
      await shipParcel(mall, '圆通', number.toLowerCase()),
    ]
    await Promise.all([round(), round()])
    await mall.db
      .updateTable('shipments')
      .set({ subscribe_at: new Date() })
      .where('subscribe_at', 'is not', null)
      .execute()
    await round()
    expect(await callsOf(number)).toHaveLength(1)
    await mall.control('tracking/parcels', { tracking_no: number, steps: 3 })
    await until(first.show, ({ state }) => state === 'in_transit', 'the first parcel moves')
    await until(second.show, ({ state }) => state === 'in_transit', 'the second parcel moves')
  })

  test('is shipped whatever the service does; a failure is retried later and later', async () => {
    const number = 'YT5000000000002'
    await mall.control('faults', { method: 'kuaidi100', fault: 'error_before' })
    await shipParcel(mall, '圆通', number)
    expect(await round()).toEqual([['unknown', null]])
    expect(await waitMs(number)).toBeGreaterThan(0)
    expect(await round()).toEqual([])

    await makeDue(number)
    await mall.control('faults', { method: 'kuaidi100', fault: 'quota_spent' })
    expect(await round()).toEqual([['refused', '601']])
    expect(await waitMs(number)).toBeGreaterThan(MINUTE_MS)

    await makeDue(number)
    const nobody = createKuaidi100({
      ...TRACKING.kuaidi100,
      baseUrl: `http://127.0.0.1:${await freeLowPort()}`,
      callbackUrl: mall.url,
    })
    expect(await round({ ...mall.deps, tracking: [nobody] })).toEqual([['unreachable', null]])
    expect(await waitMs(number)).toBeGreaterThan(10 * MINUTE_MS)

    await makeDue(number)
    expect(await round()).toEqual([])
    expect((await callsOf(number)).map(({ outcome, code }) => [outcome, code])).toEqual([
      ['unknown', null],
      ['refused', '601'],
      ['unreachable', null],
      ['accepted', null],
    ])
  })

  test('whose answer was lost is found subscribed, and one whose worker was killed is taken up', async () => {
    const [lost, killed] = ['YT5000000000003', 'YT5000000000004'] as const
    await mall.control('faults', { method: 'kuaidi100', fault: 'answer_lost' })
    await shipParcel(mall, '圆通', lost)
    expect(await round()).toEqual([['unknown', null]])
    await makeDue(lost)
    expect(await round()).toEqual([])
    expect((await callsOf(lost)).map(({ outcome }) => outcome)).toEqual(['unknown', 'accepted'])
    expect((await sandboxBooksOf(mall, lost)).subscriptions).toHaveLength(1)

    await shipParcel(mall, '圆通', killed)
    const [claimed] = await claimToSubscribe(mall.db, 4)
    if (!claimed) throw new Error('nothing was due')
    expect(await beginSubscription(mall.db, 'kuaidi100', claimed)).toBeDefined()
    // Here it was killed. While its lease lasts, nobody calls.
    await makeDue(killed)
    expect(await round()).toEqual([])
    expect(await callsOf(killed)).toHaveLength(1)
    const before = new Date(Date.now() - 10 * MINUTE_MS)
    await mall.db
      .updateTable('shipment_subscriptions')
      .set({ made_at: before } as never)
      .where('tracking_no', '=', killed)
      .execute()
    await makeDue(killed)
    expect(await round()).toEqual([])
    expect((await callsOf(killed)).map(({ outcome }) => outcome)).toEqual([null, 'accepted'])
  })

  test('that the service can never take is not sent again; without a service nothing is sent', async () => {
    const [refused, unasked] = ['YT5000000000005', 'YT5000000000006'] as const
    await shipParcel(mall, '圆通', refused)
    const account = { ...TRACKING.kuaidi100, baseUrl: mall.sandbox.url, callbackUrl: 'no address' }
    expect(await round({ ...mall.deps, tracking: [createKuaidi100(account)] })).toEqual([['refused', '700']])
    expect(await parcelWith(refused)).toMatchObject({ subscribe_at: null })

    await shipParcel(mall, '圆通', unasked)
    expect(await round({ ...mall.deps, tracking: [] })).toEqual([])
    expect(await callsOf(unasked)).toEqual([])
    expect(await waitMs(unasked)).toBeLessThanOrEqual(0)
    // An account that comes later follows it.
    expect(await round()).toEqual([])
    expect(await callsOf(unasked)).toMatchObject([{ outcome: 'accepted' }])
  })
})

describe('a service', () => {
  test('that finds nothing is asked again after half an hour, four times a month; operators see it', async () => {
    const number = 'YT5000000000011'
    await mall.control('tracking/parcels', { tracking_no: number, steps: 0 })
    const { orderNo, show } = await shipParcel(mall, '圆通', number)
    for (let n = 1; n <= 4; n += 1) {
      await makeDue(number)
      expect(await round()).toEqual([])
      expect(await parcelWith(number)).toMatchObject({ subscribe_at: null })
      await mall.control('tracking/abort', { tracking_no: number })
      await until(
        () => callsOf(number),
        (calls) => calls.filter(({ ended }) => ended === 'aborted').length === n,
        `abort ${n} arrives`,
      )
      const wait = (await waitMs(number)) ?? 0
      expect(wait).toBeGreaterThan(20 * MINUTE_MS)
      expect(wait).toBeLessThanOrEqual(30 * MINUTE_MS)
    }
    // A repeat of the pushes postpones nothing.
    const due = await parcelWith(number)
    await mall.control('tracking/resend', { tracking_no: number })
    await until(
      () => sandboxBooksOf(mall, number),
      ({ pushes }) => pushes.every(({ state }) => state === 'delivered'),
      'the repeats are delivered',
    )
    expect(await parcelWith(number)).toEqual(due)

    await makeDue(number)
    expect(await round()).toEqual([])
    expect(await callsOf(number)).toHaveLength(4)
    expect(await waitMs(number)).toBeGreaterThan(MONTH_MS - 60 * MINUTE_MS)
    const operator = await openHttpSession(mall, 'op', 'zh', 'operator')
    const page = await operator.get(`/admin/orders/${orderNo}`)
    expect(page.html).toContain('快递100长时间查不到物流，请核对承运商和运单号')
    expect(await show()).toMatchObject({ state: 'none' })

    // A corrected number is another one, and may be subscribed.
    const parcel = await parcelWith(number)
    const corrected = await mall.call(
      'PATCH',
      `/api/admin/points-mall/orders/${orderNo}/shipments/${parcel.id}`,
      {
        as: 'op',
        role: 'operator',
        body: { carrier: '圆通', tracking_no: 'YT5000000000012' },
      },
    )
    expect(corrected.status).toBe(200)
    expect(await round()).toEqual([])
    expect(await callsOf('YT5000000000012')).toMatchObject([{ outcome: 'accepted' }])
  })

  test('whose abort comes late does not end the subscription that followed', async () => {
    const number = 'YT5000000000013'
    await mall.control('tracking/parcels', { tracking_no: number, steps: 0 })
    const { show } = await shipParcel(mall, '圆通', number)
    await round()
    await mall.control('tracking/abort', { tracking_no: number })
    await until(
      () => waitMs(number),
      (wait) => wait !== null,
      'the abort arrives',
    )
    await makeDue(number)
    await round()
    await mall.control('tracking/resend', { tracking_no: number })
    await until(
      () => sandboxBooksOf(mall, number),
      ({ pushes }) => pushes.every(({ state }) => state === 'delivered'),
      'the abort arrives again',
    )
    expect((await callsOf(number)).map(({ ended }) => ended)).toEqual(['aborted', null])
    expect(await parcelWith(number)).toMatchObject({ subscribe_at: null })
    await mall.control('tracking/parcels', { tracking_no: number, steps: 5 })
    await until(show, ({ state }) => state === 'signed', 'the parcel is signed')
    await until(
      () => callsOf(number),
      (calls) => calls[1]?.ended === 'shut_down',
      'the service has ended it',
    )
    expect(await parcelWith(number)).toMatchObject({ subscribe_at: null })
  })

  test('that knows the right carrier corrects ours once, and operators see who did', async () => {
    const number = 'AB5000000000014'
    await mall.control('tracking/parcels', { tracking_no: number, steps: 2, right_com: 'yuantong' })
    const { owner, orderNo, show } = await shipParcel(mall, '极兔', number)
    await round()
    await until(show, ({ carrier }) => carrier === 'yto', 'the carrier is corrected')
    await until(show, ({ state }) => state === 'in_transit', 'its events are there')
    expect(await show()).toMatchObject({ carrier: 'yto', carrier_name: '圆通速递', tracking_no: number })
    const order = await mall.order(owner, orderNo)
    expect(order.shipping_info).toEqual({ carrier: '圆通速递', tracking_no: number })
    const corrections = order.timeline.filter(
      ({ code }: { code: string | null }) => code === 'tracking_corrected',
    )
    expect(corrections).toMatchObject([{ data: { before: `极兔 ${number}`, after: `圆通速递 ${number}` } }])
    const changes = () =>
      mall.db
        .selectFrom('shipment_changes')
        .selectAll()
        .where('tracking_no', '=', number)
        .orderBy('id')
        .execute()
    expect(await changes()).toMatchObject([
      { carrier: 'jtsd', carrier_name: '极兔', actor_type: 'system', actor_id: 'kuaidi100' },
    ])

    // An operator who knows better has the last word.
    const { id } = await parcelWith(number)
    const path = `/api/admin/points-mall/orders/${orderNo}/shipments/${id}`
    const body = { carrier: '极兔', tracking_no: number, confirm: true }
    expect((await mall.call('PATCH', path, { as: 'op', role: 'operator', body })).status).toBe(200)
    await mall.control('tracking/resend', { tracking_no: number })
    await until(
      () => sandboxBooksOf(mall, number),
      ({ pushes }) => pushes.every(({ state }) => state === 'delivered'),
      'the push arrives again',
    )
    expect(await show()).toMatchObject({ carrier: 'jtsd' })
    expect(await changes()).toHaveLength(2)
  })
})
