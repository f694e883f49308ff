import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { askCarriers } from '../../application/shipments/track.ts'
import { createKdniao } from '../../tracking/kdniao.ts'
import { readTables } from '../support/db-snapshot.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** Parcels followed by kuaidi100 and kdniao, each in its own form; a small server stands at their address. */

const SALT = 'salt of the tests'
const KEY = 'key of the tests'
const KDNIAO_KEY = 'key of the birds'
const md5 = (text: string) => createHash('md5').update(text).digest('hex')

/** Answers queries, and keeps what was asked. */
const asked: { path: string; form: URLSearchParams }[] = []
let answer: (path: string, form: URLSearchParams) => unknown = () => ({})
const service = createServer((request, response) => {
  let body = ''
  request.on('data', (part: Buffer) => {
    body += part.toString()
  })
  request.on('end', () => {
    const form = new URLSearchParams(body)
    asked.push({ path: request.url ?? '', form })
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answer(request.url ?? '', form)))
  })
})

let mall: TestApp
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    service.listen(0, '127.0.0.1', resolve)
  })
  const baseUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  mall = await openTestApp({
    kuaidi100: { baseUrl, customer: 'CUSTOMER', key: KEY, salt: SALT },
    kdniao: { baseUrl, businessId: '1234567', apiKey: KDNIAO_KEY },
  })
})
afterAll(async () => {
  await mall.close()
  service.close()
})
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

let customers = 0
async function shipped(carrier: string, tracking_no: string) {
  customers += 1
  const owner = `follower${customers}`
  await mall.points(owner, 100)
  const product_id = await mall.product({ stock: 1, shipping_type: 'logistics' })
  const address = { name: '李四', phone: '13900001234', detail: '人民路 2 号' }
  const { order_no } = (await mall.exchange(owner, { product_id, address })).body.data
  await mall.operate(order_no, 'accept')
  expect((await mall.operate(order_no, 'ship', { carrier, tracking_no })).status).toBe(200)
  return async () => (await mall.order(owner, order_no)).delivery.shipments[0]
}

const post = async (name: string, form: Record<string, string>) => {
  const response = await fetch(`${mall.url}/api/webhooks/tracking/${name}`, {
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

function kdniaoPush(LogisticCode: string, State: string, Traces: object[], key = KDNIAO_KEY, id = '1234567') {
  const Data = [{ EBusinessID: id, ShipperCode: 'ZTO', LogisticCode, Success: true, State, Traces }]
  const RequestData = JSON.stringify({ EBusinessID: id, Count: '1', PushTime: '2026-11-22 10:31:00', Data })
  const DataSign = Buffer.from(md5(RequestData + key)).toString('base64')
  return { RequestData, RequestType: '101', DataSign }
}

describe('a push', () => {
  test('of kuaidi100 shows its events once, and an earlier one that comes late moves nothing back', async () => {
    const show = await shipped('yto', 'YT2000000000001')
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

  test('of kdniao does the same', async () => {
    const show = await shipped('zto', '73100000000001')
    const traces = [
      { AcceptTime: '2026-11-20 09:00:00', AcceptStation: '已揽收', Action: '1' },
      { AcceptTime: '2026-11-22 08:00:00', AcceptStation: '派送中', Action: '202' },
    ]
    expect(await post('kdniao', kdniaoPush('73100000000001', '2', traces))).toMatchObject({
      status: 200,
      body: { EBusinessID: '1234567', Success: true },
    })
    expect(await show()).toMatchObject({
      state: 'in_transit',
      events: [{ text: '派送中', state: 'out_for_delivery' }, { state: 'picked_up' }],
    })
  })

  test('that is forged is never accepted', async () => {
    const show = await shipped('yto', 'YT2000000000002')
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
})

describe('a question', () => {
  const ask = async () => {
    const errors: unknown[] = []
    await askCarriers(mall.deps, (_, error) => errors.push(error))
    return errors
  }

  test('is signed as kuaidi100 demands, with the end of the phone for SF, and is not asked again soon', async () => {
    await mall.db.updateTable('shipments').set({ asked_at: new Date() }).execute()
    const show = await shipped('sf', 'SF1000000000001')
    answer = () => ({ status: '200', state: '5', nu: 'SF1000000000001', data: [MOVING] })
    asked.length = 0
    expect(await ask()).toEqual([])
    expect(await ask()).toEqual([])
    expect(asked).toHaveLength(1)
    const [{ path, form }] = asked as [(typeof asked)[number]]
    const param = form.get('param') ?? ''
    expect(path).toBe('/poll/query.do')
    expect(form.get('sign')).toBe(md5(`${param}${KEY}CUSTOMER`).toUpperCase())
    expect(JSON.parse(param)).toMatchObject({ com: 'shunfeng', num: 'SF1000000000001', phone: '1234' })
    expect(await show()).toMatchObject({ state: 'out_for_delivery', events: [{ text: MOVING.context }] })
  })

  test('is signed as kdniao demands', async () => {
    const { port } = service.address() as AddressInfo
    const account = { baseUrl: `http://127.0.0.1:${port}`, businessId: '1234567', apiKey: KDNIAO_KEY }
    answer = () => ({
      Success: true,
      State: '3',
      Traces: [{ AcceptTime: SIGNED.ftime, AcceptStation: '已签收', Action: '3' }],
    })
    asked.length = 0
    const tracked = await createKdniao(account).track('sf', 'SF1000000000002', '1234')
    expect(tracked).toMatchObject({ state: 'signed', deliveredAt: new Date('2026-11-22T02:30:00.000Z') })
    const [{ path, form }] = asked as [(typeof asked)[number]]
    const data = form.get('RequestData') ?? ''
    expect(path).toBe('/Ebusiness/EbusinessOrderHandle.aspx')
    expect(form.get('DataSign')).toBe(Buffer.from(md5(data + KDNIAO_KEY)).toString('base64'))
    expect(JSON.parse(data)).toMatchObject({
      ShipperCode: 'SF',
      LogisticCode: 'SF1000000000002',
      CustomerName: '1234',
    })
  })

  test('that is refused changes nothing', async () => {
    await mall.db.updateTable('shipments').set({ asked_at: new Date() }).execute()
    const show = await shipped('yto', 'YT2000000000009')
    answer = () => ({ result: false, returnCode: '500', message: '查询无结果' })
    expect(await ask()).toMatchObject([{ code: '500' }])
    expect(await show()).toMatchObject({ state: 'none', events: [] })
  })
})
