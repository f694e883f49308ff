import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { actOnOrder } from '../../application/orders/actions.ts'
import { getOrder } from '../../application/orders/reads.ts'
import { actOnAttention } from '../../application/platform/needs-attention.ts'
import { ATTENTION_KINDS } from '../../domain/needs-attention.ts'
import { onceIn, openHttpSession } from '../support/http-session.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

/** The list of what cannot go on by itself. */

let mall: TestApp
let customers = 0
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(async () => {
  expect(await mall.brokenLaws()).toEqual([])
  await mall.close()
})

const API = '/api/admin/points-mall/attention'
const OLGA = { as: 'olga', role: 'operator' } as const

interface Entry {
  readonly id: string
  readonly kind: string
  readonly code: string
  readonly order_no: string | null
  readonly since: string
  readonly tries: number | null
  readonly next_try_at: string | null
  readonly actions: readonly string[]
}

const list = async (query = '') => (await mall.call('GET', `${API}${query}`, OLGA)).body
const act = (id: string, action: string, reason = '已核对', key?: string) =>
  mall.call('POST', `${API}/${id}/${action}`, { ...OLGA, body: { reason }, ...(key ? { key } : {}) })
const acts = () => mall.db.selectFrom('attention_acts').selectAll().orderBy('id').execute()
async function find(kind: string, orderNo: string): Promise<Entry | undefined> {
  const { data } = await list(`?kind=${kind}`)
  return data.find((entry: Entry) => entry.order_no === orderNo)
}

/** An order whose refund of 3.30 its provider has refused. */
async function stuckRefund() {
  customers += 1
  const owner = `stuck${customers}`
  await mall.points(owner, 100)
  const product_id = await mall.product({ payment_mode: 'mixed', stock: 5 })
  const { body } = await mall.exchange(owner, { product_id, payment_method: 'bank_card' })
  const { order_no: orderNo, payment_info } = body.data
  await mall.cashier(payment_info.pay_url, 'pay')
  await mall.reach(owner, orderNo, 'order_paid')
  await mall.control('faults', { fault: 'refund_failed', count: 1 })
  await mall.operate(orderNo, 'refund', { reason: '少发', money: { amount: '3.30', currency: 'CNY' } })
  const entry = await until(
    () => find('order', orderNo),
    (found) => found !== undefined,
    'the refund needs attention',
  )
  return { owner, orderNo: orderNo as string, entry: entry as Entry }
}

const settled = (owner: string, orderNo: string) =>
  until(
    () => mall.order(owner, orderNo),
    ({ payment_status }) => payment_status === 'paid',
    'the refund is done',
  )

test('a refused refund is listed with why, since when and how often, and retried through its workflow', async () => {
  const { owner, orderNo, entry } = await stuckRefund()
  expect(entry).toMatchObject({ code: 'refund', tries: 1, next_try_at: null, actions: ['retry', 'refund'] })
  expect(Date.now() - Date.parse(entry.since)).toBeLessThan(600_000)
  const before = await acts()
  expect((await act(entry.id, 'skip')).body.code).toBe('ORDER_STATE_CONFLICT')
  expect((await act(entry.id, 'retry', ' ')).status).toBe(422)
  expect(await acts()).toEqual(before)

  const [first, again] = [
    await act(entry.id, 'retry', '渠道已恢复', 'retry-once'),
    await act(entry.id, 'retry', '渠道已恢复', 'retry-once'),
  ]
  expect([first.status, again.body]).toEqual([200, first.body])
  await settled(owner, orderNo)
  expect(await find('order', orderNo)).toBeUndefined()
  expect((await acts()).slice(before.length)).toMatchObject([
    { kind: 'order', action: 'retry', reason: '渠道已恢复', actor_id: 'olga' },
  ])
  expect((await act(entry.id, 'retry')).status).toBe(404)
})

test('a refund that was made outside the mall is settled with a reason; nobody does so for themselves', async () => {
  const { owner, orderNo, entry } = await stuckRefund()
  const own = { as: owner, role: 'operator', body: { reason: '给自己' } } as const
  expect((await mall.call('POST', `${API}/${entry.id}/refund`, own)).body.reason).toBe('own_account')
  expect((await act(entry.id, 'refund', '已线下转账')).status).toBe(200)
  await settled(owner, orderNo)
  const { refunds } = (await mall.call('GET', `/api/admin/points-mall/orders/${orderNo}`, OLGA)).body.data
  expect(refunds).toMatchObject([{ state: 'done_by_hand', settled: { by: 'olga', reason: '已线下转账' } }])
})

test('an action is recorded once it is done: a repeat under its key asks again', async () => {
  const { owner, orderNo, entry } = await stuckRefund()
  const before = await acts()
  await mall.stopWorker()
  mall.answerWithin(2_000)
  expect((await act(entry.id, 'retry', '渠道已恢复', 'no-answer')).status).toBe(202)
  expect(await acts()).toEqual(before)
  mall.answerWithin(PATIENCE_MS)
  await mall.startWorker()
  expect((await act(entry.id, 'retry', '渠道已恢复', 'no-answer')).status).toBe(200)
  await settled(owner, orderNo)
  expect((await acts()).slice(before.length)).toMatchObject([{ action: 'retry', reason: '渠道已恢复' }])
})

test('a repeat records what was done before a crash; no other request does', async () => {
  const { owner, orderNo, entry } = await stuckRefund()
  const before = await acts()
  const order = await getOrder(mall.deps, orderNo, undefined)
  const why = { action: 'retry', reason: '渠道已恢复' } as const
  await actOnOrder(
    mall.deps,
    order,
    { type: 'operator', id: 'olga' },
    { kind: 'resolve', ...why },
    'before-crash',
  )
  await settled(owner, orderNo)
  expect(await find('order', orderNo)).toBeUndefined()
  await expect(actOnAttention(mall.deps, entry.id, 'olga', why, 'another')).rejects.toMatchObject({
    refusal: { code: 'NOT_FOUND' },
  })
  expect(await acts()).toEqual(before)
  for (let time = 0; time < 2; time += 1) {
    expect(await actOnAttention(mall.deps, entry.id, 'olga', why, 'before-crash')).toBe(true)
  }
  expect((await acts()).slice(before.length)).toMatchObject([{ ...why, actor_id: 'olga' }])
})

test('an action that the workflow refuses is not recorded', async () => {
  await mall.points('calm', 100)
  const { body } = await mall.exchange('calm', { product_id: await mall.product({ point: 100 }) })
  const { order_no, id } = body.data
  // Its workflow asks nothing.
  const flag = { code: 'points', data: { said: 'x' } }
  await mall.db
    .updateTable('points_exchange_orders')
    .set({ needs_attention: JSON.stringify(flag) })
    .where('order_no', '=', order_no)
    .execute()
  const before = await acts()
  expect((await find('order', order_no))?.actions).toEqual(['retry', 'skip'])
  expect((await act(`order-${id}`, 'skip')).status).toBe(409)
  expect(await acts()).toEqual(before)
  const mark = () =>
    mall.db
      .selectFrom('points_exchange_orders')
      .select(['attention_since', 'attention_times'])
      .where('order_no', '=', order_no)
      .executeTakeFirstOrThrow()
  const first = await mark()
  // The same again is no other try; another reason is one, and the time stays.
  for (const [said, times] of [
    ['x', 1],
    ['y', 2],
  ] as const) {
    await mall.db
      .updateTable('points_exchange_orders')
      .set({ needs_attention: JSON.stringify({ code: 'points', data: { said } }) })
      .where('order_no', '=', order_no)
      .execute()
    expect(await mark()).toEqual({ attention_since: first.attention_since, attention_times: times })
  }
  await mall.db
    .updateTable('points_exchange_orders')
    .set({ needs_attention: null })
    .where('order_no', '=', order_no)
    .execute()
  expect((await mark()).attention_since).toBeNull()
  expect(await find('order', order_no)).toBeUndefined()
})

test('an overdue after-sale without goods is approved', async () => {
  await mall.points('waits', 300)
  const product_id = await mall.product({ point: 100, shipping_type: 'logistics', returnable: { days: 7 } })
  const address = { name: '王芳', phone: '13800138000', detail: '漕溪北路 1 号' }
  const { body } = await mall.exchange('waits', { product_id, address })
  const { order_no } = body.data
  await mall.operate(order_no, 'accept')
  await mall.operate(order_no, 'ship', { carrier: '顺丰', tracking_no: 'SF1' })
  const asked = await mall.call('POST', `/api/points-mall/orders/${order_no}/after-sales`, {
    as: 'waits',
    body: { type: 'refund_only', quantity: 1, reason: '破损' },
  })
  const { id } = asked.body.data
  expect(await find('after_sale', order_no)).toBeUndefined()
  await mall.db.updateTable('after_sales').set({ overdue_at: new Date() }).where('id', '=', id).execute()
  expect(await find('after_sale', order_no)).toMatchObject({
    id: `after_sale-${id}`,
    code: 'requested_refund_only',
    actions: ['refund'],
  })
  expect((await act(`after_sale-${id}`, 'refund')).status).toBe(200)
  await until(
    () => find('after_sale', order_no),
    (found) => found === undefined,
    'it is refunded',
  )
})

/** Notices that were received ten minutes ago. @returns the first and the last id */
async function notices(count: number, how: 'waiting' | 'no_order'): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    insert into webhook_inbox (source, event_id, kind, order_no, event, received_at, delivered_at, outcome, deliveries,
      next_delivery_at)
    select 'stripe', ${how} || '-' || ${customers}::text || '-' || n, 'paid', null, '{"eventId":"x","kind":"paid"}',
      now() - interval '10 minutes', ${how === 'waiting' ? null : new Date()}, ${how === 'waiting' ? null : 'no_order'},
      4, now() + interval '1 hour'
    from generate_series(1, ${count}) n returning id::text`.execute(mall.db)
  return rows.map(({ id }) => id)
}

test('notices that wait are tried now, those without an order are taken note of', async () => {
  const [waiting = ''] = await notices(1, 'waiting')
  const [stray = ''] = await notices(1, 'no_order')
  const byId = async (id: string) =>
    (await list('?kind=notice')).data.find((entry: Entry) => entry.id === `notice-${id}`)
  expect(await byId(waiting)).toMatchObject({ code: 'undelivered', tries: 4, actions: ['retry'] })
  expect(Date.parse((await byId(waiting)).next_try_at)).toBeGreaterThan(Date.now() + 600_000)
  expect((await act(`notice-${waiting}`, 'retry')).status).toBe(200)
  expect(Date.parse((await byId(waiting)).next_try_at)).toBeLessThanOrEqual(Date.now() + 60_000)
  expect(await byId(stray)).toMatchObject({ code: 'no_order', actions: ['skip'], next_try_at: null })
  expect((await act(`notice-${stray}`, 'skip', '测试商户的通知')).status).toBe(200)
  expect(await byId(stray)).toBeUndefined()
})

test('endpoints that were switched off, deliveries given up and findings', async () => {
  const make = async (url: string) => {
    const body = { url, events: ['order.paid'] }
    const made = await mall.call('POST', '/api/admin/points-mall/webhook-endpoints', { ...OLGA, body })
    return made.body.data.id as string
  }
  const [off, on] = [await make('http://127.0.0.1:9/off'), await make('http://127.0.0.1:9/on')]
  await mall.db.updateTable('webhook_endpoints').set({ state: 'failing' }).where('id', '=', off).execute()
  const has = async (id: string) =>
    (await list()).data.find((entry: Entry) => entry.id === id) as Entry | undefined
  expect(await has(`endpoint-${on}`)).toBeUndefined()
  expect(await has(`endpoint-${off}`)).toMatchObject({ code: 'failing', actions: ['retry', 'skip'] })
  expect((await act(`endpoint-${off}`, 'retry')).status).toBe(200)
  expect(await has(`endpoint-${off}`)).toBeUndefined()

  const { rows: deliveries } = await sql<{ id: string }>`
    insert into webhook_deliveries (endpoint_id, event_id, lane, sequence, state, tries, outcome, ended_at)
    select ${on}, id, lane, sequence, 'given_up', 10, 'timed_out', now() from outbox order by id limit 2
    returning id::text`.execute(mall.db)
  for (const [n, action] of (['retry', 'skip'] as const).entries()) {
    const id = `delivery-${deliveries[n]?.id}`
    expect(await has(id)).toMatchObject({ code: 'timed_out', tries: 10 })
    expect((await act(id, action)).status).toBe(200)
    expect(await has(id)).toBeUndefined()
  }

  const { rows: findings } = await sql<{ id: string }>`
    with runs as (
      insert into reconciliations (day, run_key, finished_at)
      values (current_date, 'older', now()), (current_date, 'newer', now()) returning id)
    insert into reconciliation_findings (reconciliation_id, kind, subject)
    select id, 'state_mismatch', '{"code":"named","data":{"no":"PM1"}}'::jsonb from runs order by id
    returning id::text`.execute(mall.db)
  const [older, newer] = findings.map(({ id }) => `finding-${id}`) as [string, string]
  expect([await has(older), (await has(newer))?.actions]).toEqual([undefined, ['skip']])
  expect((await act(newer, 'skip')).status).toBe(200)
  expect(await has(newer)).toBeUndefined()
})

test('nobody decides about a finding or a notification of their own order', async () => {
  await mall.points('staffer', 100)
  const { body } = await mall.exchange('staffer', { product_id: await mall.product({ point: 100 }) })
  const { order_no } = body.data
  const { rows } = await sql<{ id: string }>`
    with run as (
      insert into reconciliations (day, run_key, finished_at) values (current_date - 1, 'own', now()) returning id)
    insert into reconciliation_findings (reconciliation_id, kind, subject, order_no)
    select id, 'state_mismatch', '{"code":"named","data":{"no":"PM1"}}'::jsonb, ${order_no} from run
    returning id::text`.execute(mall.db)
  customers += 1
  const [notice = ''] = await notices(1, 'waiting')
  await mall.db.updateTable('webhook_inbox').set({ order_no }).where('id', '=', notice).execute()
  const before = await acts()
  const ids = [
    [`finding-${rows[0]?.id}`, 'skip'],
    [`notice-${notice}`, 'retry'],
  ] as const
  for (const [id, action] of ids) {
    const own = { as: 'staffer', role: 'operator', body: { reason: '没事' } } as const
    const refused = await mall.call('POST', `${API}/${id}/${action}`, own)
    expect([refused.status, refused.body.reason]).toEqual([403, 'own_account'])
  }
  expect(await acts()).toEqual(before)
  for (const [id, action] of ids) expect((await act(id, action)).status).toBe(200)
})

test('pages hold every entry once, oldest first within a kind; counts are of each kind', async () => {
  customers += 1
  const made = await notices(45, 'waiting')
  for (const query of ['', '&kind=notice']) {
    const seen: Entry[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { data, meta } = await list(`?${cursor && `cursor=${cursor}`}${query}`)
      expect(data.length).toBeLessThanOrEqual(20)
      seen.push(...data)
      cursor = meta.next_cursor
    }
    const ids = seen.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => made.includes(id.replace('notice-', '')))).toEqual(
      made.map((id) => `notice-${id}`),
    )
    const kinds = seen.map(({ kind }) => ATTENTION_KINDS.indexOf(kind as never))
    expect(kinds).toEqual(kinds.toSorted((a, b) => a - b))
  }
  expect((await list()).meta.counts.notice).toBeGreaterThanOrEqual(45)
  for (const query of ['?kind=none', '?cursor=nothing', '?cursor=order-0']) {
    expect((await mall.call('GET', `${API}${query}`, OLGA)).status).toBe(422)
  }
})

test('the page lists, asks for a reason, and shows the count on every page of the console', async () => {
  const { owner, orderNo, entry } = await stuckRefund()
  const operator = await openHttpSession(mall, 'olga', 'zh', 'operator')
  const page = '/admin/attention'
  const shown = (await operator.get(`${page}?kind=order`)).html
  expect(shown).toContain(`href="/admin/orders/${orderNo}"`)
  expect(shown).toContain(`href="${page}/${entry.id}/retry"`)
  expect((await operator.get('/admin/products')).html).toMatch(/需要处理 <span class="badge todo">\d+</)
  const path = `${page}/${entry.id}/retry`
  const once = onceIn(await operator.get(path), path)
  const empty = await operator.post(path, { once, reason: '' })
  expect([empty.status, empty.html]).toEqual([422, expect.stringContaining('原因不能为空')])
  expect((await operator.post(path, { once, reason: '渠道已恢复' })).location).toBe(`${page}?done=done`)
  await settled(owner, orderNo)
  // A second click finds it done; another form finds it gone.
  expect((await operator.post(path, { once, reason: '渠道已恢复' })).location).toBe(`${page}?done=done`)
  expect((await operator.post(path, { once, reason: '再来' })).location).toBe(`${page}?done=gone`)
})
