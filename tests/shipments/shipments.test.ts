import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ended, readHoldings, readTables } from '../support/db-snapshot.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** The parcels of an order: how many pieces leave, once, and when the order counts as shipped. */

const AUTO_CONFIRM_MS = 1_500

let mall: TestApp
/** Confirms automatically soon after it has shipped. */
let prompt: TestApp
beforeAll(async () => {
  mall = await openTestApp()
  prompt = await openTestApp({ autoConfirmTimeoutMs: AUTO_CONFIRM_MS, autoCreateLogistics: false })
})
afterAll(async () => {
  await mall.close()
  await prompt.close()
})
afterEach(async () => {
  expect(await mall.brokenLaws()).toEqual([])
  expect(await prompt.brokenLaws()).toEqual([])
})

const ADDRESS = { name: '李四', phone: '13900000000', detail: '人民路 2 号' }
let customers = 0
let numbers = 0

/** A number that a carrier has not given before. */
function parcel(quantity?: number) {
  numbers += 1
  const tracking_no = `YT${`${numbers}`.padStart(13, '0')}`
  return { carrier: 'yto', tracking_no, ...(quantity === undefined ? {} : { quantity }) }
}

/** An accepted order of several pieces. */
async function accepted(quantity: number, shop: TestApp = mall) {
  customers += 1
  const owner = `addressee${customers}`
  await shop.points(owner, 100 * quantity)
  const product_id = await shop.product({ stock: quantity, shipping_type: 'logistics' })
  const before = await readHoldings(shop)
  const answer = await shop.exchange(owner, { product_id, quantity, address: ADDRESS })
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
  const orderNo = answer.body.data.order_no as string
  expect((await shop.operate(orderNo, 'accept')).status).toBe(200)
  const path = `/api/admin/points-mall/orders/${orderNo}`
  const staff = { as: 'op', role: 'operator' } as const
  return {
    owner,
    orderNo,
    before,
    show: () => shop.order(owner, orderNo),
    send: (body: object, key?: string) =>
      shop.call('POST', `${path}/shipments`, { ...staff, body, ...(key ? { key } : {}) }),
    correct: (id: string, body: object) => shop.call('PATCH', `${path}/shipments/${id}`, { ...staff, body }),
    ship: (body: object) => shop.operate(orderNo, 'ship', body),
    act: (action: string, body: object = {}) => shop.act(owner, orderNo, action, body),
  }
}

const sentIn = ({
  delivery,
}: {
  delivery: { shipments: { quantity: number; tracking_no: string | null }[] }
}) => delivery.shipments.filter(({ tracking_no }) => tracking_no !== null)
const pieces = (shipments: readonly { quantity: number }[]) =>
  shipments.reduce((sum, { quantity }) => sum + quantity, 0)

describe('an order in several parcels', () => {
  test('is shipped when all of it has left, and shows each parcel to its owner', async () => {
    const o = await accepted(5)
    const [first, second, last] = [parcel(2), parcel(2), parcel()]
    expect((await o.send(first)).body.data).toMatchObject({ status: 'order_accepted' })
    expect((await o.send(second)).body.data).toMatchObject({ status: 'order_accepted' })
    expect((await o.send({ ...parcel(2) })).body).toMatchObject({
      code: 'SHIPMENT_EXCEEDS_REST',
      status: 409,
    })
    const shipped = (await o.send(last)).body.data
    expect(shipped.status).toBe('order_shipped')
    expect(shipped).not.toHaveProperty('delivery')
    const shown = await o.show()
    expect(shown).not.toHaveProperty('shipments')
    expect(shown.delivery).toMatchObject({
      type: 'shipments',
      shipments: [first, second, { ...last, quantity: 1 }].map((one) => ({ ...one, state: 'none' })),
    })
    expect(shown.shipping_info).toEqual({ carrier: 'yto', tracking_no: first.tracking_no })
    expect(shown.timeline.filter(({ code }: { code: string }) => code === 'parcel_sent')).toHaveLength(2)
    expect((await o.send(parcel())).body.code).toBe('ORDER_STATE_CONFLICT')
  })

  test('has the parcel that is to be sent from acceptance on, where that is switched on', async () => {
    const [planned, plain] = [await accepted(3), await accepted(3, prompt)]
    const waiting = { carrier: null, tracking_no: null, shipped_at: null, state: 'none' }
    const [first] = (await planned.show()).delivery.shipments
    expect(first).toMatchObject({ ...waiting, quantity: 3 })
    expect(await plain.show()).toMatchObject({ delivery: null })
    const sent = parcel(1)
    for (const o of [planned, plain]) expect((await o.send(sent)).status).toBe(200)
    expect((await planned.show()).delivery.shipments).toMatchObject([
      { id: first.id, ...sent },
      { ...waiting, quantity: 2 },
    ])
    expect((await plain.show()).delivery.shipments).toMatchObject([sent])
    await planned.ship(parcel())
    expect((await planned.show()).delivery.shipments).toHaveLength(2)
  })

  test('ships what is left in one', async () => {
    const o = await accepted(3)
    await o.send(parcel(1))
    const { tracking_no } = parcel()
    expect((await o.ship({ carrier: '圆通', tracking_no })).body.data.status).toBe('order_shipped')
    const sent = sentIn(await o.show())
    expect(sent.map(({ quantity }) => quantity)).toEqual([1, 2])
    expect(sent[1]).toMatchObject({ carrier: 'yto', carrier_name: '圆通速递', tracking_no })
  })

  test('cannot be canceled by its customer once a part has left, and is not changed by the attempt', async () => {
    const o = await accepted(2)
    await o.send(parcel(1))
    expect((await o.act('cancel')).body.code).toBe('ORDER_NOT_CANCELABLE')
    expect(await o.show()).toMatchObject({ status: 'order_accepted' })
    await mall.operate(o.orderNo, 'refund', { reason: 'lost' })
    await ended(mall, o.orderNo)
    expect(await readHoldings(mall)).toEqual(o.before)
    const whole = await accepted(2)
    expect((await whole.act('cancel')).body.data.status).toBe('order_canceled')
  })

  test('never holds more than was ordered: 50 shipments at a time', async () => {
    const o = await accepted(10)
    const answers = await Promise.all(Array.from({ length: 50 }, () => o.send(parcel(1))))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => ![200, 202, 409].includes(status))).toEqual([])
    const shown = await mall.reach(o.owner, o.orderNo, 'order_shipped')
    expect(pieces(sentIn(shown))).toBe(10)
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(10)
    // Whoever does not lock the order is stopped by the database.
    const more = sql`insert into shipments (order_no, quantity) values (${o.orderNo}, 1)`
    await expect(more.execute(mall.db)).rejects.toThrow(/more than was ordered/)
  })

  test('has one parcel for a request that is sent twice', async () => {
    const o = await accepted(3)
    const [body, key] = [parcel(1), randomUUID()]
    const answers = await Promise.all([o.send(body, key), o.send(body, key), o.send(body, key)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect((await o.send(body, key)).status).toBe(200)
    expect(pieces(sentIn(await o.show()))).toBe(1)
  })

  test('is confirmed automatically some time after the last parcel, not the first', async () => {
    const o = await accepted(2, prompt)
    await o.send(parcel(1))
    const early = await accepted(1, prompt)
    await early.send(parcel())
    await prompt.reach(early.owner, early.orderNo, 'order_finished')
    expect(await o.show()).toMatchObject({ status: 'order_accepted' })
    await o.send(parcel(1))
    await prompt.reach(o.owner, o.orderNo, 'order_finished')
  })
})

describe('the address of an order', () => {
  const MOVED = { name: '王五', phone: '13700000000', detail: '解放路 9 号' }

  async function paid() {
    customers += 1
    const owner = `mover${customers}`
    await mall.points(owner, 100)
    const product_id = await mall.product({ stock: 1, shipping_type: 'logistics' })
    const { order_no } = (await mall.exchange(owner, { product_id, address: ADDRESS })).body.data
    const path = `/api/points-mall/orders/${order_no}/address`
    return {
      owner,
      orderNo: order_no as string,
      move: (body: object, as = owner) => mall.call('PATCH', path, { as, body }),
      show: () => mall.order(owner, order_no),
    }
  }

  test('is changed by its owner until it is accepted, and needs what every address needs', async () => {
    const o = await paid()
    expect((await o.move({ ...MOVED, phone: '' })).body).toMatchObject({
      code: 'ADDRESS_REQUIRED',
      errors: [{ field: 'address.phone' }],
    })
    expect((await o.move(MOVED, 'somebody else')).status).toBe(404)
    expect(await o.show()).toMatchObject({ address_info: ADDRESS })
    expect((await o.move(MOVED)).body.data).toMatchObject({ address_info: MOVED })
    expect((await o.move(MOVED)).status).toBe(200)
    const { timeline } = await o.show()
    expect(timeline.filter(({ code }: { code: string }) => code === 'address_changed')).toHaveLength(1)
    await mall.operate(o.orderNo, 'accept')
    expect((await o.move(ADDRESS)).body.code).toBe('ORDER_STATE_CONFLICT')
    expect(await o.show()).toMatchObject({ address_info: MOVED })
  })

  test('is either changed before the order is accepted or not at all', async () => {
    const orders = await Promise.all(Array.from({ length: 6 }, paid))
    await Promise.all(
      orders.map(async (o) => {
        const [moved, taken] = await Promise.all([o.move(MOVED), mall.operate(o.orderNo, 'accept')])
        expect(taken.status).toBe(200)
        const { address_info, timeline } = await o.show()
        const codes = timeline.map(({ code, status }: Record<string, string>) => code ?? status)
        const [at, accepted] = [codes.indexOf('address_changed'), codes.indexOf('order_accepted')]
        if (moved.status === 200) expect([address_info, at < accepted]).toEqual([MOVED, true])
        else expect([moved.status, address_info, at]).toEqual([409, ADDRESS, -1])
      }),
    )
  })
})

test('the list of orders is downloaded with its filters, and shows spreadsheets no formula', async () => {
  const product_id = await mall.product({ title: '=1+1', stock: 5, shipping_type: 'logistics' })
  await mall.points('buyer', 300)
  const numbers: string[] = []
  for (let n = 0; n < 3; n += 1) {
    numbers.push((await mall.exchange('buyer', { product_id, address: ADDRESS })).body.data.order_no)
  }
  await mall.operate(numbers[0] ?? '', 'accept')
  const sent = parcel()
  await mall.operate(numbers[0] ?? '', 'ship', sent)
  const staff = { as: 'op', role: 'operator' } as const
  const path = `/api/admin/points-mall/orders.csv?product_id=${product_id}`
  const all = await mall.call('GET', path, staff)
  expect(all.headers.get('content-type')).toMatch(/^text\/csv/)
  const lines = (all.body as string).split('\r\n').slice(1, -1)
  expect(lines.map((line) => line.split(',')[0])).toEqual(numbers.toReversed())
  expect(lines[2]).toContain(`,'=1+1,1,100,0.00,order_shipped,paid,圆通速递,${sent.tracking_no}`)
  expect(all.body).not.toMatch(/李四|13900000000|人民路/)
  const shipped = await mall.call('GET', `${path}&status=order_shipped`, staff)
  expect((shipped.body as string).split('\r\n')).toHaveLength(3)
  expect((await mall.call('GET', `${path}&status=gone`, staff)).status).toBe(422)
})

describe('the time to confirm receipt', () => {
  const dueAt = async (shop: TestApp, orderNo: string) => {
    const { confirm_by } = await shop.db
      .selectFrom('points_exchange_orders')
      .select('confirm_by')
      .where('order_no', '=', orderNo)
      .executeTakeFirstOrThrow()
    return confirm_by?.getTime() ?? 0
  }

  test('is extended by 7 days, once, however often it is asked', async () => {
    const o = await accepted(1)
    expect((await o.act('extend')).body.code).toBe('ORDER_STATE_CONFLICT')
    await o.send(parcel())
    const before = await dueAt(mall, o.orderNo)
    const [one, two] = [randomUUID(), randomUUID()]
    const path = `/api/points-mall/orders/${o.orderNo}/extend`
    const ask = (key: string) => mall.call('POST', path, { as: o.owner, body: {}, key })
    const answers = await Promise.all([one, one, two, two].map(ask))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2)
    expect((await o.act('extend')).body.code).toBe('ALREADY_EXTENDED')
    expect((await dueAt(mall, o.orderNo)) - before).toBe(7 * 86_400_000)
  })

  test('keeps the order open past the time that was planned', async () => {
    const [o, rival] = [await accepted(1, prompt), await accepted(1, prompt)]
    await o.send(parcel())
    expect((await o.act('extend')).status).toBe(200)
    await rival.send(parcel())
    await prompt.reach(rival.owner, rival.orderNo, 'order_finished')
    expect(await o.show()).toMatchObject({ status: 'order_shipped' })
    expect((await o.act('confirm')).body.data.status).toBe('order_finished')
    expect((await o.act('extend')).body.code).toBe('ORDER_STATE_CONFLICT')
  })
})

describe('the number of a parcel', () => {
  test('is corrected after shipping, and what it was is kept with who changed it', async () => {
    const o = await accepted(1)
    const [wrong, right] = [parcel(), parcel()]
    await o.send(wrong)
    const [{ id }] = (await o.show()).delivery.shipments
    const answer = await o.correct(id, { carrier: 'yto', tracking_no: right.tracking_no })
    expect(answer.body.data).toMatchObject({
      shipping_info: right,
      shipments: [{ id, ...right, quantity: 1 }],
    })
    expect((await o.correct(id, { carrier: 'yto', tracking_no: right.tracking_no })).status).toBe(200)
    const kept = await mall.db
      .selectFrom('shipment_changes')
      .select(['tracking_no', 'actor_type', 'actor_id'])
      .where('shipment_id', '=', id)
      .execute()
    expect(kept).toEqual([{ tracking_no: wrong.tracking_no, actor_type: 'operator', actor_id: 'op' }])
    const { timeline } = await o.show()
    expect(timeline.filter(({ code }: { code: string }) => code === 'tracking_corrected')).toHaveLength(1)
  })

  test('of another order, or before and after its time, is not changed', async () => {
    const [o, other] = [await accepted(1), await accepted(1)]
    await other.send(parcel())
    const [{ id }] = (await other.show()).delivery.shipments
    expect((await o.correct(id, parcel())).body.code).toBe('NOT_FOUND')
    await other.act('confirm')
    const before = await readTables(mall.db)
    expect((await other.correct(id, parcel())).body.code).toBe('ORDER_STATE_CONFLICT')
    expect(await readTables(mall.db)).toEqual(before)
  })

  test('that looks like another carrier is sent only when that is confirmed', async () => {
    const o = await accepted(2)
    const odd = { carrier: '中通', tracking_no: parcel().tracking_no }
    const before = await readTables(mall.db)
    for (const answer of [await o.send(odd), await o.ship(odd), await o.send({ ...odd, confirm: false })]) {
      expect(answer).toMatchObject({ status: 409, body: { code: 'CARRIER_MISMATCH' } })
      expect(answer.body.detail).toMatch(/圆通.*中通/)
    }
    expect(await readTables(mall.db)).toEqual(before)
    expect((await o.send({ ...odd, quantity: 1, confirm: true })).status).toBe(200)
    expect((await o.ship({ carrier: '街角快运', tracking_no: parcel().tracking_no })).status).toBe(200)
    expect(sentIn(await o.show())).toMatchObject([
      { carrier: 'zto' },
      { carrier: 'other', carrier_name: '街角快运' },
    ])
  })

  test('is refused when no carrier could have given it', async () => {
    const o = await accepted(1)
    for (const tracking_no of ['', '12345', 'a b c d e f', 'X'.repeat(33), '运单123456']) {
      expect([tracking_no, (await o.send({ carrier: 'sf', tracking_no })).status]).toEqual([tracking_no, 422])
    }
    expect(sentIn(await o.show())).toEqual([])
  })
})
