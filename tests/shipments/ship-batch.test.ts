import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { readBatch } from '../../application/shipments/ship-batch.ts'
import { readTables } from '../support/db-snapshot.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** Many orders from one file: each line has its own result, and no line has its effect twice. */

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

const ADDRESS = { name: '李四', phone: '13900000000', detail: '人民路 2 号' }
let customers = 0

async function ordered(steps: readonly string[] = ['accept']): Promise<string> {
  customers += 1
  const owner = `batched${customers}`
  await mall.points(owner, 200)
  const product_id = await mall.product({ stock: 2, shipping_type: 'logistics' })
  const { order_no } = (await mall.exchange(owner, { product_id, quantity: 2, address: ADDRESS })).body.data
  for (const step of steps) expect((await mall.operate(order_no, step)).status).toBe(200)
  return order_no
}

const send = (csv: string) =>
  mall.call('POST', '/api/admin/points-mall/orders/ship-batch', {
    as: 'op',
    role: 'operator',
    body: csv,
    headers: { 'content-type': 'text/csv; charset=utf-8' },
    // The document describes the other form of its body.
    undocumented: true,
  })
const outcomes = (answer: Awaited<ReturnType<typeof send>>) =>
  answer.body.data.map(({ result, code }: { result: string; code: string | null }) => code ?? result)
const shipmentsOf = async (orderNo: string) =>
  mall.db.selectFrom('shipments').select('tracking_no').where('order_no', '=', orderNo).execute()

test('each line has a result, and the same file again ships nothing twice', async () => {
  const [good, doubted, paid, twice] = [await ordered(), await ordered(), await ordered([]), await ordered()]
  const lines = [
    `${good},圆通,YT0000000000001`,
    `${doubted},中通,YT0000000000002`,
    `${paid},圆通,YT0000000000003`,
    `${good},圆通,YT0000000000004`,
    'PM20260101000000AAAAAAAAAAAA,圆通,YT0000000000005',
    `${twice},圆通,no`,
    `${twice},"顺丰, 华东",SF-0000000001`,
    `${twice},"顺丰, 华东",SF-0000000001`,
  ]
  const csv = `\uFEFForder_no,carrier,tracking_no\r\n${lines.join('\r\n')}\r\n`
  const first = await send(csv)
  expect(first.status, JSON.stringify(first.body)).toBe(200)
  const refused = {
    1: 'CARRIER_MISMATCH',
    2: 'ORDER_STATE_CONFLICT',
    3: 'ORDER_STATE_CONFLICT',
    4: 'NOT_FOUND',
    5: 'VALIDATION_FAILED',
  }
  const expected = (shipped: string) =>
    lines.map((_, n) => refused[n as keyof typeof refused] ?? (n === 7 ? 'already_shipped' : shipped))
  expect(outcomes(first)).toEqual(expected('shipped'))
  const after = await readTables(mall.db)
  expect(outcomes(await send(csv))).toEqual(expected('already_shipped'))
  expect(await readTables(mall.db)).toEqual(after)
  expect(await shipmentsOf(good)).toEqual([{ tracking_no: 'YT0000000000001' }])
  // Looked at, and confirmed.
  expect(outcomes(await send(`${doubted},中通,YT0000000000002,confirm`))).toEqual(['shipped'])
})

test('two senders of one file at a time ship each order once', async () => {
  const orders = await Promise.all(Array.from({ length: 5 }, () => ordered()))
  const csv = orders.map((orderNo, n) => `${orderNo},圆通,YT100000000000${n}`).join('\n')
  const answers = await Promise.all([send(csv), send(csv)])
  for (const answer of answers) {
    for (const outcome of outcomes(answer)) expect(['shipped', 'already_shipped']).toContain(outcome)
  }
  for (const orderNo of orders) expect(await shipmentsOf(orderNo)).toHaveLength(1)
})

test('a file without lines, with too many, or of another kind is refused, and ships nothing', async () => {
  const orderNo = await ordered()
  const before = await shipmentsOf(orderNo)
  const open = `${orderNo},"圆通,YT0000000000001\n${orderNo},圆通,YT0000000000002`
  const many = `${orderNo},圆通,YT0000000000001\n`.repeat(501)
  for (const csv of ['', 'order_no,carrier,tracking_no', open, many]) {
    expect((await send(csv)).status).toBe(422)
  }
  const other = { as: 'op', role: 'operator', body: `${orderNo},圆通,YT0000000000001` } as const
  const path = '/api/admin/points-mall/orders/ship-batch'
  const headers = { 'content-type': 'text/plain' }
  expect((await mall.call('POST', path, { ...other, headers })).status).toBe(415)
  expect(await shipmentsOf(orderNo)).toEqual(before)
})

test('what spreadsheets write is read', () => {
  const line = { order_no: 'PM1', carrier: '顺丰 "速运"', tracking_no: '12345678901234', confirm: false }
  for (const csv of [
    'PM1,"顺丰 ""速运""",\'12345678901234',
    'PM1\t"顺丰 ""速运"""\t１２３４５６７８９０１２３４',
    'order_no,carrier,tracking_no\r\n\r\nPM1,"顺丰 ""速运""",12345678901234,\r\n',
  ]) {
    expect(readBatch(csv)).toEqual([line])
  }
})
