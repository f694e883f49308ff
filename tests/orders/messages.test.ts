import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeMessage } from '../../application/orders/messages.ts'
import { insertMessage, lockConversation } from '../../db/orders/messages.ts'
import { MESSAGE_MAX, UNANSWERED_MAX } from '../../domain/orders/messages.ts'
import { readTables } from '../support/db-snapshot.ts'
import { onceIn, openHttpSession } from '../support/http-session.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

/** Messages between customer and shop on an order. */

let mall: TestApp
let customers = 0
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())

const API = '/api/points-mall/orders'
const STAFF_API = '/api/admin/points-mall/orders'
const OLGA = { as: 'olga', role: 'operator' } as const

async function redeemed() {
  customers += 1
  const owner = `writes${customers}`
  await mall.points(owner, 100)
  const product_id = await mall.product({ point: 100 })
  const { body } = await mall.exchange(owner, { product_id })
  return { owner, orderNo: body.data.order_no as string }
}

const say = (owner: string, orderNo: string, text: string, key?: string) =>
  mall.call('POST', `${API}/${orderNo}/messages`, { as: owner, body: { text }, ...(key ? { key } : {}) })
const reply = (orderNo: string, text: string) =>
  mall.call('POST', `${STAFF_API}/${orderNo}/messages`, { ...OLGA, body: { text } })
const read = (owner: string, orderNo: string, query = '') =>
  mall.call('GET', `${API}/${orderNo}/messages${query}`, { as: owner })
const readAsShop = (orderNo: string) => mall.call('GET', `${STAFF_API}/${orderNo}/messages`, OLGA)

test('both sides write and read, and each sees what it has not seen yet', async () => {
  const { owner, orderNo } = await redeemed()
  const first = await say(owner, orderNo, '  什么时候发货？\n地址没错吧 ')
  expect(first.status, JSON.stringify(first.body)).toBe(201)
  expect(first.body.data).toMatchObject({ from: 'customer', text: '什么时候发货？\n地址没错吧' })
  expect(first.body.data).not.toHaveProperty('by')
  expect((await readAsShop(orderNo)).body.meta).toMatchObject({ total: 1, unread: 1, unanswered: 1 })
  // What was read is read, and still waits for an answer.
  expect((await readAsShop(orderNo)).body.meta).toMatchObject({ unread: 0, unanswered: 1 })

  expect((await reply(orderNo, '今天')).body.data).toMatchObject({ from: 'shop', by: 'olga' })
  await reply(orderNo, '下午')
  const seen = await read(owner, orderNo)
  expect(seen.body.meta).toMatchObject({ total: 3, unread: 2, unanswered: 0 })
  expect(seen.body.data.map(({ text }: { text: string }) => text)).toEqual([
    '下午',
    '今天',
    '什么时候发货？\n地址没错吧',
  ])
  expect(JSON.stringify(seen.body)).not.toContain('olga')
  expect((await read(owner, orderNo)).body.meta.unread).toBe(0)

  const second = (await read(owner, orderNo, '?page=2&per_page=2')).body
  expect([second.data.length, second.meta.last_page]).toEqual([1, 2])
})

test('only what was shown is read, and nothing of what was not', async () => {
  const { owner, orderNo } = await redeemed()
  for (const text of ['一', '二', '三']) await reply(orderNo, text)
  const unread = async (query: string) => (await read(owner, orderNo, query)).body.meta.unread
  // The oldest unread one is on page 2: until then none counts as read.
  for (const expected of [3, 3]) expect(await unread('?page=1&per_page=2')).toBe(expected)
  expect(await unread('?page=2&per_page=2')).toBe(3)
  for (const expected of [2, 0]) expect(await unread('?page=1&per_page=2')).toBe(expected)
  for (let n = 0; n < 6; n += 1) await reply(orderNo, `第 ${n} 条`)
  const visitor = await openHttpSession(mall, owner)
  await visitor.get(`/points-mall/orders/${orderNo}`)
  expect(await unread('?per_page=1')).toBe(6)
  await visitor.get(`/points-mall/orders/${orderNo}/messages`)
  expect(await unread('?per_page=1')).toBe(0)
})

test('on the way to the cashier, and as staff on their own order, nothing is read', async () => {
  const owner = 'pays-and-serves'
  await mall.points(owner, 100)
  const product_id = await mall.product({ payment_mode: 'mixed', stock: 5 })
  const { body } = await mall.exchange(owner, { product_id, payment_method: 'bank_card' })
  const { order_no: orderNo } = body.data
  const unread = () =>
    mall.db
      .selectFrom('order_conversations')
      .select(['unread_by_customer as customer', 'unread_by_shop as shop'])
      .where('order_no', '=', orderNo)
      .executeTakeFirstOrThrow()
  await reply(orderNo, '付款后今天发')
  const visitor = await openHttpSession(mall, owner)
  const page = `/points-mall/orders/${orderNo}`
  expect((await visitor.get(`${page}?go=1`)).html).toContain('http-equiv="refresh"')
  expect((await visitor.get(`${page}/pay`)).location).toBe(page)
  expect(await unread()).toEqual({ customer: 1, shop: 0 })
  await visitor.get(page)
  expect(await unread()).toEqual({ customer: 0, shop: 0 })
  await say(owner, orderNo, '好的')
  const own = { as: owner, role: 'operator' } as const
  expect((await mall.call('GET', `${STAFF_API}/${orderNo}/messages`, own)).status).toBe(200)
  expect(await unread()).toEqual({ customer: 0, shop: 1 })
  await readAsShop(orderNo)
  expect(await unread()).toEqual({ customer: 0, shop: 0 })
})

test('a message that is written while others are read stays unread', async () => {
  const { owner, orderNo } = await redeemed()
  await say(owner, orderNo, '在吗')
  const reading = await mall.db.transaction().execute(async (tx) => {
    await lockConversation(tx, orderNo)
    const answer = readAsShop(orderNo)
    await until(
      () =>
        sql`select from pg_locks where not granted and transactionid = pg_current_xact_id()::xid`.execute(tx),
      ({ rows }) => rows.length > 0,
      'the reader waits',
    )
    const message = {
      order_no: orderNo,
      sender: 'customer',
      actor_id: owner,
      operation_key: 'meanwhile',
    } as const
    await insertMessage(tx, { ...message, said: Buffer.from('x') })
    return { answer }
  })
  expect((await reading.answer).body.meta).toMatchObject({ total: 1, unread: 1 })
  const { unread_by_shop } = await mall.db
    .selectFrom('order_conversations')
    .select('unread_by_shop')
    .where('order_no', '=', orderNo)
    .executeTakeFirstOrThrow()
  expect(unread_by_shop).toBe(1)
})

test('nobody else reads or writes, and nothing is left of what is refused', async () => {
  const { owner, orderNo } = await redeemed()
  const before = await mall.db.selectFrom('order_messages').selectAll().execute()
  expect((await read('somebody', orderNo)).status).toBe(404)
  expect((await say('somebody', orderNo, '你好')).status).toBe(404)
  const own = await mall.call('POST', `${STAFF_API}/${orderNo}/messages`, {
    as: owner,
    role: 'operator',
    body: { text: '我自己回复' },
  })
  expect([own.status, own.body.reason]).toEqual([403, 'own_account'])
  for (const body of [
    {},
    { text: '' },
    { text: ' \u200b ' },
    { text: '字'.repeat(MESSAGE_MAX + 1) },
    { text: '好', more: 1 },
  ]) {
    const answer = await mall.call('POST', `${API}/${orderNo}/messages`, { as: owner, body })
    expect([answer.status, answer.body.code]).toEqual([422, 'VALIDATION_FAILED'])
  }
  expect(await mall.db.selectFrom('order_messages').selectAll().execute()).toEqual(before)
  // Code points count.
  expect((await say(owner, orderNo, '😀'.repeat(MESSAGE_MAX))).status).toBe(201)
})

test('texts are encrypted, and cannot be changed', async () => {
  const { owner, orderNo } = await redeemed()
  await say(owner, orderNo, '我的电话 13800138000')
  expect(JSON.stringify((await readTables(mall.db)).order_messages)).not.toContain('13800138000')
  for (const change of [
    mall.db.updateTable('order_messages').set({ said: Buffer.from('x') }),
    mall.db.deleteFrom('order_messages'),
  ]) {
    await expect(change.execute()).rejects.toThrow()
  }
})

test('a repeat adds nothing, and of many at once only so many wait for an answer', async () => {
  const { owner, orderNo } = await redeemed()
  const [one, two] = [
    await say(owner, orderNo, '在吗', 'the-same-key'),
    await say(owner, orderNo, '在吗', 'the-same-key'),
  ]
  expect(two.body).toEqual(one.body)
  const many = await Promise.all(Array.from({ length: 30 }, (_, n) => say(owner, orderNo, `第 ${n} 条`)))
  const statuses = many.map(({ status }) => status)
  expect(statuses.filter((status) => status === 201)).toHaveLength(UNANSWERED_MAX - 1)
  expect(many.find(({ status }) => status !== 201)?.body.code).toBe('RATE_LIMITED')
  expect((await read(owner, orderNo)).body.meta).toMatchObject({
    total: UNANSWERED_MAX,
    unanswered: UNANSWERED_MAX,
  })
  // An answer makes room again.
  expect((await reply(orderNo, '在的')).status).toBe(201)
  expect((await say(owner, orderNo, '好的')).status).toBe(201)
})

test('an attempt that is no order has no messages', async () => {
  const attempt = { order_no: 'PM20261122120000ABCDEFGHJKMN', order_id: null, owner_id: 'poor' }
  const written = writeMessage(mall.deps, attempt, { as: 'customer', id: 'poor' }, '怎么了', 'some-key')
  await expect(written).rejects.toMatchObject({ refusal: { code: 'ORDER_STATE_CONFLICT' } })
  expect(await mall.db.selectFrom('order_conversations').selectAll().execute()).not.toContainEqual(
    expect.objectContaining({ order_no: attempt.order_no }),
  )
})

test('operators find the orders that wait for an answer', async () => {
  const { owner, orderNo } = await redeemed()
  const { orderNo: quiet } = await redeemed()
  const listed = async () => {
    const { body } = await mall.call('GET', `${STAFF_API}?unanswered=true&per_page=100`, OLGA)
    return body.data.map(({ order_no }: { order_no: string }) => order_no) as string[]
  }
  await say(owner, orderNo, '在吗')
  expect(await listed()).toContain(orderNo)
  expect(await listed()).not.toContain(quiet)
  const operator = await openHttpSession(mall, 'olga', 'zh', 'operator')
  const page = (await operator.get('/admin/orders?unanswered=1')).html
  expect([page.includes(orderNo), page.includes(quiet)]).toEqual([true, false])
  expect((await operator.get('/admin')).html).toContain('href="/admin/orders?unanswered=1&amp;sort=oldest"')
  await reply(orderNo, '在的')
  expect(await listed()).not.toContain(orderNo)
})

test('pages: both write without JavaScript, and an order that is open shows a reply by itself', async () => {
  const { owner, orderNo } = await redeemed()
  const visitor = await openHttpSession(mall, owner)
  const operator = await openHttpSession(mall, 'olga', 'zh', 'operator')
  const page = `/points-mall/orders/${orderNo}`
  expect((await visitor.get(page)).html).toContain(`href="${page}/messages"`)
  const once = onceIn(await visitor.get(`${page}/messages`), `${page}/messages`)
  const empty = await visitor.post(`${page}/messages`, { once, text: ' ' })
  expect([empty.status, empty.html]).toEqual([422, expect.stringContaining('写留言不能为空')])
  for (let click = 0; click < 2; click += 1) {
    const sent = await visitor.post(`${page}/messages`, { once, text: '<b>发</b>货了吗' })
    expect([sent.status, sent.location]).toEqual([303, `${page}/messages?sent=1`])
  }
  expect((await visitor.get(`${page}/messages?sent=1`)).html).toContain('留言已发送')

  const admin = `/admin/orders/${orderNo}`
  const shown = await operator.get(admin)
  expect(shown.html).toContain('1 条待回复')
  expect(shown.html).toContain('&lt;b&gt;发&lt;/b&gt;货了吗')
  const gone = new AbortController()
  const stream = await visitor.open(`${page}/live`, gone.signal)
  const said = new Promise<string>((resolve, reject) => {
    let text = ''
    const read = async () => {
      const decoder = new TextDecoder()
      for await (const chunk of stream.body ?? []) {
        text += decoder.decode(chunk, { stream: true })
        if (text.includes('马上发')) return resolve(text)
      }
      reject(new Error('the stream ended'))
    }
    read().catch(reject)
  })
  const fields = { once: onceIn(shown, `${admin}/messages`), text: '马上发' }
  expect((await operator.post(`${admin}/messages`, fields)).location).toBe(`${admin}?done=message`)
  expect(await said).toContain('马上发')
  gone.abort()
  // Seen in the stream: nothing is unread.
  await until(
    () => read(owner, orderNo),
    ({ body }) => body.meta.unread === 0,
    'the reply is read',
  )
  await reply(orderNo, '已发出')
  expect((await visitor.get('/points-mall/orders')).html).toContain('1 条未读')
})
