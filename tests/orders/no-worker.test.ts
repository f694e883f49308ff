import { Webhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { resumeAttempts } from '../../application/orders/exchange.ts'
import { connectTemporal } from '../../application/temporal/client.ts'
import { ACCOUNTS } from '../support/accounts.ts'
import { slowestOf } from '../support/patience.ts'
import { freePort } from '../support/ports.ts'
import { type Answer, openTestApp, type TestApp, token, until } from '../support/test-app.ts'

let mall: TestApp
/** The same mall behind an API that cannot reach Temporal. */
let cutOff: ReturnType<typeof createApp>
beforeAll(async () => {
  mall = await openTestApp({ worker: false })
  const nowhere = { address: `127.0.0.1:${await freePort()}` }
  cutOff = createApp({ ...mall.deps, temporal: connectTemporal(nowhere, mall.name, mall.deps.sealer) })
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

/** The answer, and how long it took (ms). */
async function timed(asking: Promise<Answer>): Promise<Answer & { ms: number }> {
  const from = performance.now()
  const answer = await asking
  return { ...answer, ms: performance.now() - from }
}

/** A request that needs no worker. */
const plainRequest = () => mall.call('GET', '/api/points-mall/wallet', { as: 'visitor' })

const admin = (method: string, path: string, body: unknown) =>
  mall.call(method, `/api/admin/points-mall/${path}`, { as: 'boss', role: 'admin', body })

describe('while no worker runs', () => {
  let plain: Answer & { ms: number }
  let keyed: (Answer & { ms: number })[]
  let spent: Answer
  let gone: Answer
  let card: Answer

  test('POST exchange answers 202 within its deadline, with a number that finds the order', async () => {
    for (const owner of ['plain', 'keyed', 'spent', 'gone', 'card']) await mall.points(owner, 100)
    const product_id = await mall.product({ point: 100 })
    const rare = await mall.product({ point: 100, stock: 1 })
    const priced = await mall.product({ payment_mode: 'mixed', point: 100, fen: 990 })
    const ask = (owner: string, key?: string) =>
      timed(mall.exchange(owner, { product_id }, key === undefined ? {} : { key }))
    const asked = [
      ask('plain'),
      timed(mall.exchange('gone', { product_id: rare })),
      ask('spent'),
      timed(mall.exchange('card', { product_id: priced, payment_method: 'bank_card' })),
    ] as const
    const repeated = [ask('keyed', 'k'), ask('keyed', 'k'), ask('keyed', '"k"')]
    const slowest = await slowestOf(plainRequest, Promise.all([...asked, ...repeated]))
    ;[plain, gone, spent, card] = await Promise.all(asked)
    keyed = await Promise.all(repeated)

    for (const answer of [plain, gone, spent, card, ...keyed]) {
      expect(answer.status).toBe(202)
      expect(answer.body.data).toMatchObject({ status: 'exchanged', payment_status: 'unpaid' })
      expect(answer.body.data.id).toMatch(/^\d+$/)
    }
    for (const { ms } of [plain, ...keyed]) expect(ms).toBeLessThan(5_500 + slowest)
    expect(new Set(keyed.map(({ body }) => body.data.order_no)).size).toBe(1)

    const { order_no, id } = plain.body.data
    expect(await mall.order('plain', order_no)).toMatchObject({ id, order_no, status: 'exchanged' })
    expect(await mall.order('plain', id)).toMatchObject({ id, order_no })
    const stranger = await mall.call('GET', `/api/points-mall/orders/${order_no}`, { as: 'keyed' })
    expect(stranger.status).toBe(404)
  })

  test('the same key finds the same order, and is refused with another body', async () => {
    const { product_id, order_no } = keyed[0]?.body.data ?? {}
    const again = await mall.exchange('keyed', { product_id }, { key: 'k' })
    expect([again.status, again.body.data.order_no]).toEqual([202, order_no])
    const other = await mall.exchange('keyed', { product_id, quantity: 2 }, { key: 'k' })
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
  })

  test('each order is finished or refused once a worker starts; refused ones count nowhere', async () => {
    expect((await admin('POST', 'wallets/spent/adjust', { points: -1, reason: 'spent' })).status).toBe(200)
    const rare = gone.body.data.product_id
    expect((await admin('PATCH', `products/${rare}`, { stock_delta: -1 })).status).toBe(200)
    await mall.startWorker()

    await mall.reach('plain', plain.body.data.order_no, 'order_paid')
    await mall.reach('keyed', keyed[0]?.body.data.order_no, 'order_paid')
    await until(
      () => mall.order('card', card.body.data.order_no),
      ({ status, payment_info }) => status === 'order_created' && payment_info.pay_url !== null,
      'the cashier is open',
    )
    for (const [owner, answer, code] of [
      ['spent', spent, 'INSUFFICIENT_POINTS'],
      ['gone', gone, 'OUT_OF_STOCK'],
    ] as const) {
      const order = await mall.reach(owner, answer.body.data.order_no, 'order_canceled')
      expect(order).toMatchObject({ id: answer.body.data.id, cancel_reason: code, payment_status: 'closed' })
      const list = await mall.call('GET', '/api/points-mall/orders', { as: owner })
      expect([list.body.meta.total, list.body.data]).toEqual([0, []])
      const statistics = await mall.call('GET', '/api/points-mall/orders/statistics', { as: owner })
      expect(statistics.body.data).toMatchObject({ total: 0, total_points: 0, by_status: {} })
    }
    const wallets = await Promise.all(
      ['plain', 'keyed', 'spent', 'gone'].map((as) => mall.call('GET', '/api/points-mall/wallet', { as })),
    )
    expect(wallets.map(({ body }) => body.data.available)).toEqual([0, 0, 99, 100])
  })

  test('the key then gives the usual answer', async () => {
    const { product_id, order_no } = keyed[0]?.body.data ?? {}
    const again = await mall.exchange('keyed', { product_id }, { key: 'k' })
    expect([again.status, again.body.data.order_no]).toEqual([201, order_no])
    expect(again.body.data.status).toBe('order_paid')
  })

  test('cancel and accept answer 202, and take effect once a worker starts', async () => {
    const product_id = await mall.product({ point: 10 })
    await Promise.all(['c1', 'c2'].map((owner) => mall.points(owner, 10)))
    const [first, second] = await Promise.all(
      ['c1', 'c2'].map((owner) => mall.exchange(owner, { product_id })),
    )
    const [toCancel, toAccept] = [first?.body.data.order_no, second?.body.data.order_no]
    await mall.stopWorker()
    const asked = [timed(mall.act('c1', toCancel, 'cancel')), timed(mall.operate(toAccept, 'accept'))]
    const slowest = await slowestOf(plainRequest, Promise.all(asked))
    for (const answer of await Promise.all(asked)) {
      expect(answer.status).toBe(202)
      expect(answer.ms).toBeLessThan(5_500 + slowest)
      expect(answer.body.data.status).toBe('order_paid')
    }
    await mall.startWorker()
    await mall.reach('c1', toCancel, 'order_canceled')
    await mall.reach('c2', toAccept, 'order_accepted')
  })
})

describe('while the API cannot reach Temporal', () => {
  /** The answer of the API that cannot reach Temporal. */
  async function ask(owner: string, body: unknown, key?: string) {
    const response = await cutOff.request('/api/points-mall/exchange', {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await token(owner, 'customer', 1)}`,
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as Answer['body'] }
  }

  test('the sweeper starts an exchange whose start was lost, once', async () => {
    const product_id = await mall.product({ point: 10 })
    const owners = ['lost1', 'lost2', 'lost3']
    await Promise.all(owners.map((owner) => mall.points(owner, 20)))
    const answers = await Promise.all(owners.map((owner) => ask(owner, { product_id, quantity: 1 }, 'k')))
    // Its start is uncertain, and it will run: "try again" would invite a second order.
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202])
    const numbers = answers.map(({ body }) => body.data.order_no as string)
    for (const [n, owner] of owners.entries()) {
      expect(await mall.order(owner, numbers[n] ?? '')).toMatchObject({ status: 'exchanged' })
    }
    await Promise.all([1, 2, 3].map(() => resumeAttempts(mall.deps, 0, () => {})))
    for (const [n, owner] of owners.entries()) {
      await mall.reach(owner, numbers[n] ?? '', 'order_paid')
      const again = await mall.exchange(owner, { product_id }, { key: 'k' })
      expect([again.status, again.body.data.order_no]).toEqual([201, numbers[n]])
    }
    expect(await resumeAttempts(mall.deps, 0, () => {})).toBe(0)
  })

  test('an exchange that cannot be started does not block the others', async () => {
    const product_id = await mall.product({ point: 10 })
    await Promise.all(['stuck', 'behind'].map((owner) => mall.points(owner, 20)))
    await mall.stopWorker()
    const stuck = mall.exchange('stuck', { product_id })
    const workflow = async () => {
      const attempt = await mall.db
        .selectFrom('exchange_attempts')
        .select('order_no')
        .where('owner_id', '=', 'stuck')
        .executeTakeFirst()
      return attempt && mall.temporal.client.workflow.getHandle(`exchange/${attempt.order_no}`)
    }
    const handle = await until(workflow, (found) => found !== undefined, 'the attempt is kept')
    await until(
      () =>
        handle?.terminate('by hand').then(
          () => true,
          () => false,
        ),
      (ended) => ended === true,
      'the workflow is ended by hand',
    )
    await stuck
    const behind = await ask('behind', { product_id, quantity: 1 })
    await mall.startWorker()
    const failed: string[] = []
    await resumeAttempts(mall.deps, 0, (orderNo) => failed.push(orderNo))
    expect(failed).toEqual([])
    // An attempt that an operator terminated is refused permanently and not started again.
    const open = mall.db.selectFrom('exchange_attempts').select('order_no').where('owner_id', '=', 'stuck')
    expect(await open.where('state', '=', 'pending').execute()).toEqual([])
    await mall.reach('behind', behind.body.data.order_no, 'order_paid')
  })

  test('notifications are answered 200, stored, and delivered later, each once', async () => {
    const product_id = await mall.product({ payment_mode: 'money_only', fen: 990 })
    const placed = await mall.exchange('notified', { product_id, payment_method: 'bank_card' })
    const { order_no, payment_info } = placed.body.data
    await mall.control('faults', { fault: 'drop', count: 1 })
    await mall.cashier(payment_info.pay_url, 'pay')

    const body = JSON.stringify({
      id: 'evt_while_away',
      object: 'event',
      type: 'checkout.session.completed',
      created: Math.floor(Date.now() / 1000),
      data: {
        object: {
          id: 'cs_test_1',
          object: 'checkout.session',
          client_reference_id: `${order_no}-1`,
          payment_status: 'paid',
          amount_total: 990,
          currency: 'cny',
          payment_intent: 'pi_1',
        },
      },
    })
    const stripe = new Stripe('sk_test_unused')
    const tell = () =>
      cutOff.request('/api/webhooks/payments/stripe', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'stripe-signature': stripe.webhooks.generateTestHeaderString({
            payload: body,
            secret: ACCOUNTS.stripe.webhookSecret,
          }),
        },
        body,
      })
    expect((await tell()).status).toBe(200)
    expect((await tell()).status).toBe(200)
    const inbox = () =>
      mall.db
        .selectFrom('webhook_inbox')
        .select(['source', 'kind', 'delivered_at', 'outcome'])
        .where('order_no', '=', order_no)
        .orderBy('id')
        .execute()
    expect(await inbox()).toEqual([{ source: 'stripe', kind: 'paid', delivered_at: null, outcome: null }])
    expect((await mall.order('notified', order_no)).status).toBe('order_created')

    await sweepUntil(order_no)
    await mall.reach('notified', order_no, 'order_paid')
    expect(await inbox()).toMatchObject([{ kind: 'paid', outcome: 'signalled' }])

    const event = JSON.stringify({ type: 'order.accepted', data: { order_no } })
    const signer = new Webhook(mall.deps.ordersWebhookSecret ?? '')
    const at = new Date()
    const accepted = await cutOff.request('/api/webhooks/orders', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': 'msg_while_away',
        'webhook-timestamp': `${Math.floor(at.getTime() / 1000)}`,
        'webhook-signature': signer.sign('msg_while_away', at, event),
      },
      body: event,
    })
    expect(accepted.status).toBe(200)
    expect((await mall.order('notified', order_no)).status).toBe('order_paid')
    await sweepUntil(order_no)
    await mall.reach('notified', order_no, 'order_accepted')
    expect(await inbox()).toMatchObject([
      { outcome: 'signalled' },
      { source: 'orders', outcome: 'signalled' },
    ])
  })

  /** Sweeps until nothing of this order waits; failed deliveries would otherwise back off. */
  async function sweepUntil(order_no: string): Promise<void> {
    await until(
      async () => {
        await mall.db
          .updateTable('webhook_inbox')
          .set({ next_delivery_at: new Date(0) })
          .where('order_no', '=', order_no)
          .execute()
        await mall.sweep()
        const { waiting } = await mall.db
          .selectFrom('webhook_inbox')
          .select((eb) => eb.fn.countAll<string>().as('waiting'))
          .where('order_no', '=', order_no)
          .where('delivered_at', 'is', null)
          .executeTakeFirstOrThrow()
        return waiting
      },
      (waiting) => waiting === '0',
      'everything is delivered',
    )
  }
})
