import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keepOrderEvents } from '../../db/messaging/outbox.ts'
import { grant } from '../../db/wallet/grants.ts'
import { EVENT_TYPES } from '../../domain/messaging/events.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())

const eventsOf = async (lane: string) => {
  const rows = await mall.db
    .selectFrom('outbox')
    .select(['kind', 'sequence', 'payload'])
    .where('lane', '=', lane)
    .orderBy('sequence')
    .execute()
  return rows.map(({ sequence, ...event }) => ({ ...event, sequence: Number(sequence) }))
}
const kindsOf = async (lane: string) => (await eventsOf(lane)).map(({ kind }) => kind)
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n + 1)

const ADDRESS = { name: '王芳', phone: '13800138000', detail: '上海市徐汇区漕溪北路 1 号' }

async function redeemed(owner: string, more: Record<string, unknown> = {}, fen = 0): Promise<string> {
  await mall.points(owner, 100)
  const payment_mode = fen > 0 ? ('mixed' as const) : ('points_only' as const)
  const product_id = await mall.product({ payment_mode, fen, shipping_type: 'logistics' })
  const answer = await mall.exchange(owner, { product_id, address: ADDRESS, buyer_remarks: '轻放', ...more })
  expect(answer.status).toBe(201)
  return answer.body.data.order_no
}

describe('events are kept in the transaction of the change', () => {
  test('a whole life: every step once, numbered from 1, without personal data', async () => {
    const orderNo = await redeemed('life')
    await mall.operate(orderNo, 'accept')
    await mall.operate(orderNo, 'ship', { carrier: '顺丰', tracking_no: 'SF1234567890123' })
    await mall.act('life', orderNo, 'confirm')
    const events = await eventsOf(`order/${orderNo}`)
    expect(events).toEqual(
      ['created', 'paid', 'accepted', 'shipped', 'finished'].map((step, n) => ({
        kind: `order.${step}`,
        sequence: n + 1,
        payload: { order_no: orderNo, status: `order_${step}` },
      })),
    )
    const points = await eventsOf('owner/life')
    expect(
      points.map(({ kind, sequence, payload }) => [kind, sequence, payload.kind, payload.order_no]),
    ).toEqual([
      ['points.changed', 1, 'grant', null],
      ['points.changed', 2, 'capture', orderNo],
    ])
    for (const { kind } of [...events, ...points]) expect(EVENT_TYPES).toContain(kind)
    expect(JSON.stringify([events, points])).not.toMatch(/王芳|13800138000|漕溪|轻放|SF1234567890123/)
  })

  test('a canceled order: its cancellation, then its refund; a part before it is a refund of its own', async () => {
    const orderNo = await redeemed('part')
    expect((await mall.operate(orderNo, 'refund', { reason: '破损', points: 30 })).status).toBe(200)
    await mall.act('part', orderNo, 'cancel')
    const events = await eventsOf(`order/${orderNo}`)
    expect(events.map(({ kind, sequence }) => [kind, sequence])).toEqual([
      ['order.created', 1],
      ['order.paid', 2],
      ['refund.succeeded', 3],
      ['order.canceled', 4],
      ['refund.succeeded', 5],
    ])
    const zero = { amount: '0.00', currency: 'CNY' }
    expect(events.filter(({ kind }) => kind === 'refund.succeeded').map(({ payload }) => payload)).toEqual([
      { order_no: orderNo, refund_no: `${orderNo}-R1`, points: 30, money: zero },
      { order_no: orderNo, refund_no: `${orderNo}-R2`, points: 70, money: zero },
    ])
  })

  test('an after-sale: each state once, as often as it is reached, without what people wrote', async () => {
    await mall.points('returns', 100)
    const product_id = await mall.product({ shipping_type: 'logistics', returnable: { days: 7 } })
    const bought = await mall.exchange('returns', { product_id, address: ADDRESS })
    const orderNo = bought.body.data.order_no as string
    for (const [action, body] of [
      ['accept', {}],
      ['ship', { carrier: '顺丰', tracking_no: 'SF1234567890123' }],
      ['finish', {}],
    ] as const) {
      expect((await mall.operate(orderNo, action, body)).status).toBe(200)
    }
    const api = '/api/points-mall'
    const ask = { type: 'refund_only', quantity: 1, reason: '瓶身破损' }
    const asked = await mall.call('POST', `${api}/orders/${orderNo}/after-sales`, {
      as: 'returns',
      body: ask,
    })
    expect(asked.status).toBe(201)
    const { id } = asked.body.data
    const act = async (action: string, body: object) => {
      const operator = { as: 'op', role: 'operator', body } as const
      expect(
        (await mall.call('POST', `/api/admin${api.slice(4)}/after-sales/${id}/${action}`, operator)).status,
      ).toBe(200)
    }
    await act('refuse', { reason: '照片不清楚' })
    const appeal = { as: 'returns', body: { reason: '已补充照片' } }
    expect((await mall.call('POST', `${api}/after-sales/${id}/appeal`, appeal)).status).toBe(200)
    await act('approve', {})
    const events = await until(
      async () => (await eventsOf(`order/${orderNo}`)).filter(({ kind }) => kind.startsWith('after_sale.')),
      (told) => told.some(({ kind }) => kind === 'after_sale.completed'),
      'the after-sale is completed',
    )
    const states = ['requested', 'refused', 'requested', 'refunding', 'completed']
    expect(events.map(({ kind, payload }) => ({ kind, payload }))).toEqual(
      states.map((state) => ({
        kind: `after_sale.${state}`,
        payload: { after_sale_id: id, order_no: orderNo, state, type: 'refund_only', quantity: 1 },
      })),
    )
    for (const { kind } of events) expect(EVENT_TYPES).toContain(kind)
    expect((await kindsOf(`order/${orderNo}`)).filter((kind) => kind === 'refund.succeeded')).toHaveLength(1)
    expect(JSON.stringify(await eventsOf(`order/${orderNo}`))).not.toMatch(/破损|照片/)
  })

  test('a refund at a provider is told once it is made, not when it is asked for', async () => {
    const orderNo = await redeemed('provider', { payment_method: 'bank_card' }, 990)
    const { payment_info } = await mall.order('provider', orderNo)
    await mall.cashier(payment_info.pay_url, 'pay')
    await mall.reach('provider', orderNo, 'order_paid')
    await mall.control('faults', { method: 'bank_card', fault: 'refund_stuck', count: 1 })
    await mall.act('provider', orderNo, 'cancel')
    await until(
      () =>
        mall.db
          .selectFrom('payment_refunds')
          .select('refund_ref')
          .where('order_refund', '=', `${orderNo}-R1`)
          .executeTakeFirst(),
      (refund) => typeof refund?.refund_ref === 'string',
      'the provider has accepted the refund',
    )
    expect(await kindsOf(`order/${orderNo}`)).toEqual(['order.created', 'order.paid', 'order.canceled'])
    await mall.control('settle-refunds', { out_trade_no: `${orderNo}-1` })
    await until(
      () => mall.order('provider', orderNo),
      (order) => order.payment_status === 'refunded',
      'the refund is made',
    )
    const events = await eventsOf(`order/${orderNo}`)
    expect(events.map(({ kind }) => kind)).toEqual([
      'order.created',
      'order.paid',
      'order.canceled',
      'refund.succeeded',
    ])
    expect(events.at(-1)?.payload).toMatchObject({ points: 100, money: { amount: '9.90', currency: 'CNY' } })
  })

  test('nothing is told of what was refused or rolled back, and nothing twice', async () => {
    const product_id = await mall.product({ point: 100 })
    expect((await mall.exchange('poor', { product_id })).status).toBe(409)
    expect(await eventsOf('owner/poor')).toEqual([])
    const orderNo = await redeemed('repeat')
    const before = await mall.db.selectFrom('outbox').select('id').execute()
    const back = new Error('rolled back')
    const rolled = mall.db.transaction().execute(async (tx) => {
      await keepOrderEvents(tx, orderNo, ['order_accepted'])
      throw back
    })
    await expect(rolled).rejects.toBe(back)
    await mall.db.transaction().execute((tx) => keepOrderEvents(tx, orderNo, ['order_created', 'order_paid']))
    expect(await mall.db.selectFrom('outbox').select('id').execute()).toEqual(before)
    await mall.operate(orderNo, 'accept')
    expect(await kindsOf(`order/${orderNo}`)).toEqual(['order.created', 'order.paid', 'order.accepted'])
    expect((await eventsOf(`order/${orderNo}`)).map(({ sequence }) => sequence)).toEqual(numbers(3))
  })

  test('concurrent changes of one wallet are numbered without gaps, a repeat not at all', async () => {
    const give = (n: number) =>
      mall.db
        .transaction()
        .execute((tx) =>
          grant(
            tx,
            mall.deps.vault,
            { ownerId: 'busy', currency: 'ZJF', amount: 1n, expiresAt: null },
            { operationKey: `busy-${n}` },
          ),
        )
    await Promise.all(numbers(8).map((n) => give(n % 4)))
    const events = await eventsOf('owner/busy')
    expect(events.map(({ sequence }) => sequence)).toEqual(numbers(4))
    await mall.cash('busy', 500)
    expect(await eventsOf('owner/busy')).toEqual(events)
  })
})
