import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createReconciliationActivities } from '../../activities/reconciliation.ts'
import { createEngine } from '../../application/reconciliation/reconciliation.ts'
import { ensureReconciliationSchedule } from '../../application/reconciliation/schedule.ts'
import { connectTemporal } from '../../application/temporal/client.ts'
import { createEncryptor } from '../../db/platform/encryption.ts'
import { type KeptFinding, listFindings } from '../../db/reconciliation/reconciliations.ts'
import { dateInShanghai, dayInShanghai, yesterdayInShanghai } from '../../domain/business-time.ts'
import {
  type BilledMoney,
  type Counted,
  compareBill,
  type FindingKind,
  lackingIn,
  MARGIN_MS,
} from '../../domain/reconciliation/comparison.ts'
import { moneySide, named, stateSide } from '../../domain/reconciliation/findings.ts'
import { subjectText } from '../../i18n/finding-texts.ts'
import type { PaymentProvider } from '../../payments/port.ts'
import { createStripe } from '../../payments/stripe/provider.ts'
import {
  NIGHTLY_ID,
  NIGHTLY_WORKFLOW,
  RECONCILIATION,
  reconciliationId,
  TASK_QUEUE,
} from '../../workflows/messages.ts'
import { ACCOUNTS } from '../support/accounts.ts'
import { ended, workflowState } from '../support/db-snapshot.ts'
import { freePort } from '../support/ports.ts'
import { compareBooks, type Trade } from '../support/provider-books.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

const BASE = '/api/admin/points-mall/reconciliations'
const DAY_MS = 86_400_000
/** Everything happens today: do not run these tests across midnight in Shanghai. */
const TODAY = dayInShanghai(dateInShanghai(Date.now()))
const YESTERDAY = yesterdayInShanghai(Date.now())

const operator = { as: 'op', role: 'operator' } as const
const english = { ...operator, headers: { 'accept-language': 'en' } }

/** A name that reads like the text of a finding. */
const VICTIM = 'victim: 7 while 8 of PM20260103000000ABCDEFGHJKMN'

/** A finding as the API tells it. */
interface ShownFinding {
  readonly kind: FindingKind
  readonly subject: string
  readonly ours: string | null
  readonly theirs: string | null
  readonly codes: Pick<KeptFinding, 'subject' | 'ours' | 'theirs'>
  readonly state: 'open' | 'healed'
  readonly order_no: string | null
  readonly order_url: string | null
}

/** Runs a comparison as an operator does, and waits for its end. */
async function reconcile(mall: TestApp, day = YESTERDAY) {
  const begun = await mall.call('POST', BASE, { ...operator, body: { day } })
  expect(begun, JSON.stringify(begun.body)).toMatchObject({
    status: 202,
    body: { data: { day, workflow_id: `reconciliation/${day}` } },
  })
  await mall.temporal.client.workflow.getHandle(begun.body.data.workflow_id).result()
  const [{ id }] = (await mall.call('GET', BASE, operator)).body.data
  const { data } = (await mall.call('GET', `${BASE}/${id}`, english)).body
  expect(data.finished_at).not.toBeNull()
  return data as { id: string; totals: Record<string, string>; findings: ShownFinding[] }
}

const short = ({ kind, subject, state }: Pick<ShownFinding, 'kind' | 'subject' | 'state'>) =>
  `${kind} ${subject} ${state}`

const shortKept = (finding: KeptFinding) => short({ ...finding, subject: subjectText(finding.subject, 'en') })

/** Changes the provider's own books. */
function inSandbox(mall: TestApp, statement: string, ...values: (string | number)[]): void {
  const db = new DatabaseSync(join(mall.dataDir, 'sandbox.db'), { timeout: 5_000 })
  try {
    const { changes } = db.prepare(statement).run(...values)
    expect([statement, Number(changes)]).toEqual([statement, expect.toSatisfy((n: number) => n > 0)])
  } finally {
    db.close()
  }
}

/** Moves all that happened today to the same time yesterday. */
async function moveToYesterday(mall: TestApp): Promise<void> {
  const from = TODAY.from.getTime()
  const db = new DatabaseSync(join(mall.dataDir, 'sandbox.db'), { timeout: 5_000 })
  db.exec(`UPDATE trades SET paid_at = paid_at - ${DAY_MS} WHERE paid_at >= ${from};
    UPDATE refunds SET created_at = created_at - ${DAY_MS} WHERE created_at >= ${from}`)
  db.close()
  for (const [table, column] of [
    ['payments', 'created_at'],
    ['payments', 'paid_at'],
    ['payment_refunds', 'created_at'],
    ['payment_refunds', 'updated_at'],
    ['points_exchange_orders', 'updated_at'],
    ['exchange_attempts', 'created_at'],
    ['webhook_inbox', 'received_at'],
  ] as const) {
    const name = sql.ref(column)
    await sql`update ${sql.table(table)} set ${name} = ${name} - interval '1 day' where ${name} >= ${TODAY.from}`.execute(
      mall.db,
    )
  }
}

let customers = 0

/** An order of 100 points and 9.90 by card. */
async function order(mall: TestApp, method = 'bank_card') {
  customers += 1
  const owner = `customer${customers}`
  await mall.points(owner, 100)
  if (method === 'wallet') await mall.cash(owner, 990)
  const product_id = await mall.product({ payment_mode: 'mixed', stock: 5 })
  const answer = await mall.exchange(owner, { product_id, payment_method: method })
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
  const { order_no: orderNo, payment_info } = answer.body.data
  return {
    owner,
    orderNo: orderNo as string,
    tradeNo: `${orderNo}-1`,
    payUrl: payment_info.pay_url as string,
  }
}
type Order = Awaited<ReturnType<typeof order>>

async function paid(mall: TestApp): Promise<Order> {
  const o = await order(mall)
  await mall.cashier(o.payUrl, 'pay')
  await mall.reach(o.owner, o.orderNo, 'order_paid')
  return o
}

async function settled(mall: TestApp, { owner, orderNo }: Order, payment_status: string): Promise<void> {
  await until(
    () => mall.order(owner, orderNo),
    (found) => found.payment_status === payment_status,
    `${orderNo} is ${payment_status}`,
  )
}

async function refunded(mall: TestApp): Promise<Order> {
  const o = await paid(mall)
  expect((await mall.act(o.owner, o.orderNo, 'cancel')).status).toBe(200)
  await settled(mall, o, 'refunded')
  await ended(mall, o.orderNo)
  return o
}

async function canceled(mall: TestApp): Promise<Order> {
  const o = await order(mall)
  expect((await mall.act(o.owner, o.orderNo, 'cancel')).status).toBe(200)
  await ended(mall, o.orderNo)
  return o
}

/** Pays without a notification. */
async function payUnnoticed(mall: TestApp, { tradeNo }: Order): Promise<void> {
  await mall.control('faults', { fault: 'drop', method: 'bank_card' })
  expect((await mall.control('force-pay', { out_trade_no: tradeNo })).status).toBe(200)
  await until(
    async () => (await mall.control('faults')).body,
    (left) => Array.isArray(left) && left.length === 0,
    'the notice is dropped',
  )
}

const trades = async (mall: TestApp, { orderNo }: Order) =>
  (await mall.books()).filter((trade) => trade.out_trade_no?.startsWith(orderNo))

const stripeOf = (mall: TestApp): PaymentProvider =>
  createStripe({ ...ACCOUNTS.stripe, baseUrl: mall.sandbox.url })

describe('the comparison', () => {
  const now = new Date('2026-11-23T03:30:00+08:00')
  const noon = new Date('2026-11-22T12:00:00+08:00')
  const tradeNo = 'PM20261122120000ABCDEFGHJKMN-1'
  const line: BilledMoney = { kind: 'payment', outTradeNo: tradeNo, amountFen: 990n, at: noon }
  const payment = {
    outTradeNo: tradeNo,
    orderNo: tradeNo.slice(0, -2),
    amountFen: 990n,
    state: 'paid',
    paidAt: noon,
  }
  const refund = {
    refundNo: `${tradeNo}-R1`,
    outTradeNo: tradeNo,
    amountFen: 990n,
    state: 'done',
    at: noon,
  }
  const back: BilledMoney = { ...line, kind: 'refund', refundNo: refund.refundNo }
  const ours = (state: string, refunds: Counted['refunds'] = []): Counted => ({
    payments: [{ ...payment, state }],
    refunds,
  })
  const kinds = (bill: readonly BilledMoney[], counted: Counted) =>
    compareBill(bill, counted, now).map(({ kind }) => kind)

  test.each(['paid', 'refunding', 'refunded'])('accepts a payment that we count as %s', (state) => {
    expect(kinds([line], ours(state))).toEqual([])
  })

  test.each(['unpaid', 'closing', 'closed'])('reports a payment that we have as %s', (state) => {
    const [finding] = compareBill([line], ours(state), now)
    expect(finding).toMatchObject({
      kind: 'payment_not_counted',
      subject: named(tradeNo),
      ours: moneySide(state, '9.90'),
      theirs: moneySide('paid', '9.90'),
      orderNo: payment.orderNo,
      tell: { outTradeNo: tradeNo, amountFen: 990n },
    })
  })

  test('ignores what is younger than the margin, to the millisecond', () => {
    const at = (ms: number) => [{ ...line, at: new Date(now.getTime() - MARGIN_MS + ms) }]
    expect(kinds(at(1), ours('unpaid'))).toEqual([])
    expect(kinds(at(0), ours('unpaid'))).toEqual(['payment_not_counted'])
    expect(lackingIn([], ours('paid'), '2026-11-22', noon).payments).toEqual([])
    const soon = new Date(noon.getTime() + MARGIN_MS)
    expect(lackingIn([], ours('paid'), '2026-11-22', soon).payments).toHaveLength(1)
  })

  test('reports another amount at any age', () => {
    expect(kinds([{ ...line, amountFen: 1n, at: now }], ours('paid'))).toEqual(['payment_amount'])
    expect(kinds([line, { ...back, amountFen: 1n, at: now }], ours('refunded', [refund]))).toEqual([
      'refund_amount',
    ])
  })

  test('accepts a refund once it is done; it re-checks a pending one, and not a failed one', () => {
    expect(kinds([line, back], ours('refunded', [refund]))).toEqual([])
    const [waits] = compareBill([back], ours('refunding', [{ ...refund, state: 'pending' }]), now)
    expect(waits).toMatchObject({ kind: 'refund_not_counted', tell: { outTradeNo: tradeNo } })
    const [failed] = compareBill([back], ours('refunding', [{ ...refund, state: 'failed' }]), now)
    expect(failed).toMatchObject({ kind: 'refund_not_counted', ours: moneySide('failed', '9.90') })
    expect(failed).not.toHaveProperty('tell')
  })

  test('reports a refund under the number of another payment as unknown', () => {
    const other = { ...refund, outTradeNo: tradeNo.replace('-1', '-2') }
    expect(kinds([back], ours('paid', [other]))).toEqual(['refund_unknown'])
  })

  test('covers a day of Shanghai, and expects nothing from other days in its bill', () => {
    expect(dayInShanghai('2026-11-22')).toEqual({
      from: new Date('2026-11-21T16:00:00Z'),
      to: new Date('2026-11-22T16:00:00Z'),
    })
    expect(dateInShanghai(Date.parse('2026-11-22T15:59:59.999Z'))).toBe('2026-11-22')
    expect(dateInShanghai(Date.parse('2026-11-22T16:00:00Z'))).toBe('2026-11-23')
    expect(yesterdayInShanghai(Date.parse('2026-12-31T16:00:00Z'))).toBe('2026-12-31')
    const at = (time: string) =>
      lackingIn([], { payments: [{ ...payment, paidAt: new Date(time) }], refunds: [] }, '2026-11-22', now)
        .payments.length
    expect(at('2026-11-21T15:59:59.999Z')).toBe(0)
    expect(at('2026-11-21T16:00:00Z')).toBe(1)
    expect(at('2026-11-22T15:59:59.999Z')).toBe(1)
    expect(at('2026-11-22T16:00:00Z')).toBe(0)
  })
})

describe('a clean day', () => {
  let mall: TestApp
  beforeAll(async () => {
    mall = await openTestApp()
    for (const method of ['bank_card', 'alipay', 'wechat']) {
      const o = await order(mall, method)
      await mall.cashier(o.payUrl, 'pay')
      await mall.reach(o.owner, o.orderNo, 'order_paid')
      const gone = await order(mall, method)
      await mall.cashier(gone.payUrl, 'pay')
      await mall.reach(gone.owner, gone.orderNo, 'order_paid')
      await mall.act(gone.owner, gone.orderNo, 'cancel')
      await settled(mall, gone, 'refunded')
    }
    const declined = await order(mall)
    await mall.cashier(declined.payUrl, 'decline')
    await canceled(mall)
    const late = await canceled(mall)
    await mall.control('force-pay', { out_trade_no: late.tradeNo })
    await settled(mall, late, 'refunded')
    await order(mall, 'wallet')
    await order(mall)
    const finished = await paid(mall)
    await mall.operate(finished.orderNo, 'accept')
    await mall.operate(finished.orderNo, 'finish')
    await ended(mall, finished.orderNo)
  })
  afterAll(() => mall.close())

  test('has no findings during and after the day, and its totals equal the bills’', async () => {
    expect((await reconcile(mall, dateInShanghai(Date.now()))).findings).toEqual([])
    await moveToYesterday(mall)
    const { findings, totals } = await reconcile(mall)
    expect(findings).toEqual([])
    expect(totals).toMatchObject({
      'stripe payments': '4: 39.60 CNY',
      'stripe refunds': '2: 19.80 CNY',
      'alipay payments': '2: 19.80 CNY',
      'alipay refunds': '1: 9.90 CNY',
      'wechat payments': '2: 19.80 CNY',
      'wechat refunds': '1: 9.90 CNY',
      order_canceled: expect.stringMatching(/^5: /),
    })
  })

  test('gives exit code 0 and only totals by command, also for an empty day', async () => {
    const [stdout, code] = await command(mall, ['--day', YESTERDAY])
    expect([stdout.split('\n').slice(-2), code]).toEqual([['no errors', ''], 0])
    expect(stdout).toContain('stripe payments          4: 39.60 CNY')
    expect(stdout).not.toContain('WRONG')
    expect((await command(mall, ['--day', '2026-01-01']))[1]).toBe(0)
    expect((await command(mall, []))[1]).toBe(0)
    for (const day of ['2026-02-30', 'yesterday', '2999-01-01']) {
      expect((await command(mall, ['--day', day]))[1]).toBe(1)
    }
  })

  test('cannot be compared before it begins, if it is older than any statement or does not exist, or by a customer', async () => {
    for (const day of ['2999-01-01', '0001-01-01', '2019-12-31', '2026-02-30', 'today', 7]) {
      expect((await mall.call('POST', BASE, { ...operator, body: { day } })).status).toBe(422)
    }
    const customer = { as: 'eve', role: 'customer' } as const
    expect((await mall.call('POST', BASE, { ...customer, body: { day: YESTERDAY } })).status).toBe(403)
    expect((await mall.call('GET', BASE, customer)).status).toBe(403)
    expect((await mall.call('GET', `${BASE}/999999`, operator)).status).toBe(404)
    const { meta } = (await mall.call('GET', `${BASE}?per_page=1`, operator)).body
    expect(meta).toMatchObject({ current_page: 1, per_page: 1 })
    expect(meta.total).toBeGreaterThan(1)
  })

  test('is compared automatically every night', async () => {
    await Promise.all([1, 2, 3].map(() => ensureReconciliationSchedule(mall.temporal)))
    const { spec, info } = await mall.temporal.client.schedule.getHandle(NIGHTLY_ID).describe()
    expect(spec.timezone).toBe('Asia/Shanghai')
    expect(info.nextActionTimes[0]?.toISOString()).toMatch(/T19:30:00.000Z$/)
    const runs = async () => (await mall.call('GET', BASE, operator)).body.meta.total as number
    const before = await runs()
    await mall.temporal.client.workflow.execute(NIGHTLY_WORKFLOW, {
      workflowId: `${NIGHTLY_ID}/test`,
      taskQueue: TASK_QUEUE,
      args: [RECONCILIATION],
    })
    expect(await runs()).toBe(before + 1)
    expect(await workflowState(mall, reconciliationId(YESTERDAY))).toBe('COMPLETED')
    const [run] = (await mall.call('GET', BASE, operator)).body.data
    expect(run).toMatchObject({ day: YESTERDAY, open_findings: 0, healed_findings: 0 })
  })
})

/** Runs `npm run reconcile` for this mall. @returns what it prints, and its exit code */
async function command(mall: TestApp, args: readonly string[]): Promise<[string, number]> {
  const key = `t1:${Buffer.alloc(32, 'key of the tests').toString('base64')}`
  const env = {
    ...process.env,
    // The keys of the tests are not random.
    DEMO: '1',
    DATA_DIR: mall.dataDir,
    DATABASE_URL: mall.databaseUrl,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: mall.name,
    LEDGER_KEYS: key,
    PAYLOAD_KEYS: key,
    AUTH_JWT_SECRET: 'a secret of the tests, long enough to sign with',
    STRIPE_SECRET_KEY: ACCOUNTS.stripe.secretKey,
    STRIPE_WEBHOOK_SECRET: ACCOUNTS.stripe.webhookSecret,
    STRIPE_BASE_URL: mall.sandbox.url.replace('127.0.0.1', 'localhost'),
  }
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['cli/reconcile.ts', ...args], { env })
    return [stdout, 0]
  } catch (error) {
    const { stdout, stderr, code } = error as { stdout: string; stderr: string; code: number }
    return [`${stdout}${stderr}`, code]
  }
}

interface Planted {
  readonly kind: FindingKind
  readonly subject: string | RegExp
  readonly state?: 'healed'
}

/** A way to damage one of the books, each with an order of its own. */
interface Plant {
  readonly name: string
  readonly plant: (mall: TestApp) => Promise<Planted>
}

const update = async (mall: TestApp, statement: ReturnType<typeof sql>) => {
  const { numAffectedRows } = await statement.execute(mall.db)
  expect(numAffectedRows).toBeGreaterThan(0n)
}

const PLANTS: readonly Plant[] = [
  {
    name: 'a payment under a number that we never assigned',
    async plant(mall) {
      const subject = 'PM20260101000000ABCDEFGHJKMN-1'
      const { payUrl } = await stripeOf(mall).create({
        outTradeNo: subject,
        amountFen: 500n,
        subject: '?',
        expiresAt: new Date(Date.now() + 1_800_000),
        returnUrl: mall.url,
        client: 'h5',
      })
      await mall.cashier(payUrl ?? '', 'pay')
      return { kind: 'payment_unknown', subject }
    },
  },
  {
    name: 'a paid attempt of an unknown order',
    async plant(mall) {
      const subject = 'PM20260101000000NMKJHGFEDCBA'
      await update(
        mall,
        sql`insert into payments (order_no, attempt_no, out_trade_no, method, amount, state)
          values (${subject}, 1, ${`${subject}-1`}, 'bank_card', 1, 'paid')`,
      )
      return { kind: 'payment_against_order', subject: `payment without order ${subject}-1` }
    },
  },
  {
    name: 'a missed notification of an unpaid order',
    async plant(mall) {
      const o = await order(mall)
      await payUnnoticed(mall, o)
      return { kind: 'payment_not_counted', subject: o.tradeNo, state: 'healed' }
    },
  },
  {
    name: 'a missed notification of a late payment',
    async plant(mall) {
      const o = await canceled(mall)
      await payUnnoticed(mall, o)
      return { kind: 'payment_not_counted', subject: o.tradeNo, state: 'healed' }
    },
  },
  {
    name: 'a payment that the provider does not have',
    async plant(mall) {
      const { tradeNo } = await paid(mall)
      inSandbox(mall, "UPDATE trades SET state = 'unpaid', paid_at = NULL WHERE out_trade_no = ?", tradeNo)
      return { kind: 'payment_missing', subject: tradeNo }
    },
  },
  {
    name: 'a payment of another amount',
    async plant(mall) {
      const { tradeNo } = await paid(mall)
      inSandbox(mall, 'UPDATE trades SET amount_fen = 989 WHERE out_trade_no = ?', tradeNo)
      return { kind: 'payment_amount', subject: tradeNo }
    },
  },
  {
    name: 'an attempt that was paid twice',
    async plant(mall) {
      const { tradeNo } = await paid(mall)
      inSandbox(
        mall,
        `INSERT INTO trades (ref, method, out_trade_no, payment_ref, amount_fen, subject, state, attempts, return_url,
           expires_at, created_at, paid_at, wire)
         SELECT ref || '2', method, out_trade_no, payment_ref || '2', amount_fen, subject, state, attempts, return_url,
           expires_at, created_at, paid_at, wire FROM trades WHERE out_trade_no = ?`,
        tradeNo,
      )
      return { kind: 'payment_twice', subject: tradeNo }
    },
  },
  {
    name: 'a refund under a number that we never assigned',
    async plant(mall) {
      const { tradeNo } = await paid(mall)
      const row = await mall.db
        .selectFrom('payments')
        .select(['provider_ref', 'payment_ref'])
        .where('out_trade_no', '=', tradeNo)
        .executeTakeFirstOrThrow()
      await stripeOf(mall).refund({
        outTradeNo: tradeNo,
        providerRef: row.provider_ref ?? '',
        refundNo: `${tradeNo}-R7`,
        amountFen: 100n,
        reason: '?',
      })
      return { kind: 'refund_unknown', subject: `${tradeNo}-R7` }
    },
  },
  {
    name: 'a refund made at the provider’s own pages',
    async plant(mall) {
      const { tradeNo } = await paid(mall)
      const { payment_ref } = await mall.db
        .selectFrom('payments')
        .select('payment_ref')
        .where('out_trade_no', '=', tradeNo)
        .executeTakeFirstOrThrow()
      const response = await fetch(`${mall.sandbox.url}/v1/refunds`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ACCOUNTS.stripe.secretKey}` },
        body: new URLSearchParams({ payment_intent: payment_ref ?? '', amount: '100' }),
      })
      expect(response.status).toBe(200)
      return { kind: 'refund_unknown', subject: tradeNo }
    },
  },
  {
    name: 'a refund that is done at the provider and pending here',
    async plant(mall) {
      const { tradeNo, orderNo } = await refunded(mall)
      await update(
        mall,
        sql`update payment_refunds set state = 'pending', refund_ref = null where out_trade_no = ${tradeNo}`,
      )
      await update(
        mall,
        sql`update payments set state = 'refunding', refunded_amount = 0 where out_trade_no = ${tradeNo}`,
      )
      await update(
        mall,
        sql`update points_exchange_orders set payment_status = 'refunding' where order_no = ${orderNo}`,
      )
      return { kind: 'refund_not_counted', subject: `${tradeNo}-R1`, state: 'healed' }
    },
  },
  {
    name: 'a refund that the provider does not have',
    async plant(mall) {
      const { tradeNo } = await refunded(mall)
      const of = '(SELECT ref FROM trades WHERE out_trade_no = ?)'
      inSandbox(mall, `UPDATE refunds SET state = 'failed' WHERE trade_ref IN ${of}`, tradeNo)
      inSandbox(mall, "UPDATE trades SET state = 'paid' WHERE out_trade_no = ?", tradeNo)
      return { kind: 'refund_missing', subject: `${tradeNo}-R1` }
    },
  },
  {
    name: 'a refund of another amount',
    async plant(mall) {
      const { tradeNo } = await refunded(mall)
      const of = '(SELECT ref FROM trades WHERE out_trade_no = ?)'
      inSandbox(mall, `UPDATE refunds SET amount_fen = 989 WHERE trade_ref IN ${of}`, tradeNo)
      return { kind: 'refund_amount', subject: `${tradeNo}-R1` }
    },
  },
  {
    name: 'a refund that was paid out twice',
    async plant(mall) {
      const { tradeNo } = await refunded(mall)
      inSandbox(
        mall,
        `INSERT INTO refunds (ref, trade_ref, amount_fen, state, created_at, wire)
         SELECT ref || '2', trade_ref, amount_fen, state, created_at, wire FROM refunds
         WHERE trade_ref IN (SELECT ref FROM trades WHERE out_trade_no = ?)`,
        tradeNo,
      )
      return { kind: 'refund_twice', subject: `${tradeNo}-R1` }
    },
  },
  {
    name: 'an order that costs more than was paid',
    async plant(mall) {
      const { orderNo } = await paid(mall)
      await update(mall, sql`update points_exchange_orders set total_money = 10 where order_no = ${orderNo}`)
      return { kind: 'payment_against_order', subject: `payment for ${orderNo}` }
    },
  },
  {
    name: 'stock still reserved for a paid order',
    async plant(mall) {
      const { orderNo } = await paid(mall)
      await update(mall, sql`update stock_reservations set state = 'held' where order_no = ${orderNo}`)
      return { kind: 'order_against_books', subject: `stock of ${orderNo}` }
    },
  },
  {
    name: 'a reservation of another number of pieces',
    async plant(mall) {
      const { orderNo } = await paid(mall)
      await update(mall, sql`update stock_reservations set quantity = 2 where order_no = ${orderNo}`)
      return { kind: 'order_against_books', subject: `order without stock ${orderNo}` }
    },
  },
  {
    name: 'a standard order in another status than its exchange order',
    async plant(mall) {
      const { orderNo } = await paid(mall)
      await update(mall, sql`update orders set status = 'order_accepted' where order_no = ${orderNo}`)
      return { kind: 'order_against_books', subject: `standard order ${orderNo}` }
    },
  },
  {
    name: 'an order that costs fewer points than were taken',
    async plant(mall) {
      const { orderNo } = await paid(mall)
      await update(mall, sql`update points_exchange_orders set total_points = 99 where order_no = ${orderNo}`)
      return { kind: 'amount_against_ledger', subject: `ZJF of ${orderNo}` }
    },
  },
  {
    name: 'a wallet that differs from its entries',
    async plant(mall) {
      await mall.points(VICTIM, 7)
      await update(mall, sql`update wallet_accounts set next_expiry = now() where owner_id = ${VICTIM}`)
      return { kind: 'ledger', subject: /victim/ }
    },
  },
  {
    name: 'an earning of more points than the mall wrote',
    async plant(mall) {
      const earned = await mall.call('POST', '/api/admin/points-mall/earnings', {
        ...operator,
        role: 'admin',
        body: { owner_id: 'earner', source: 'order', external_id: 'E1', points: 5 },
      })
      expect(earned.status).toBe(201)
      await update(mall, sql`update earnings set points = 6 where id = ${earned.body.data.id}`)
      return { kind: 'earning_against_ledger', subject: /^earning \d+ \(earn\/order\/E1\)/ }
    },
  },
  {
    name: 'an open order without a workflow',
    async plant(mall) {
      const { orderNo } = await paid(mall)
      await mall.temporal.client.workflow.getHandle(`exchange/${orderNo}`).terminate('planted')
      return { kind: 'workflow_missing', subject: orderNo, state: 'healed' }
    },
  },
  {
    name: 'a final order with a running workflow',
    async plant(mall) {
      const { orderNo } = await paid(mall)
      for (const status of ['order_accepted', 'order_finished']) {
        for (const table of ['orders', 'points_exchange_orders']) {
          await update(
            mall,
            sql`update ${sql.table(table)} set status = ${status} where order_no = ${orderNo}`,
          )
        }
      }
      return { kind: 'workflow_left_running', subject: orderNo }
    },
  },
  {
    name: 'an attempt that was never started',
    async plant(mall) {
      const orderNo = 'PM20260102000000ABCDEFGHJKMN'
      await update(
        mall,
        sql`insert into exchange_attempts (order_no, owner_id, product_id, quantity, level, request)
          values (${orderNo}, 'nobody', 1, 1, 1, ''::bytea)`,
      )
      return { kind: 'attempt_stuck', subject: orderNo }
    },
  },
  {
    name: 'a payment that was not closed at its deadline',
    async plant(mall) {
      const { orderNo, tradeNo } = await order(mall)
      await update(
        mall,
        sql`update points_exchange_orders set pay_by = now() - interval '1 hour' where order_no = ${orderNo}`,
      )
      return { kind: 'payment_stuck', subject: tradeNo }
    },
  },
  {
    name: 'a notification that was not delivered',
    async plant(mall) {
      await update(
        mall,
        sql`insert into webhook_inbox (source, event_id, kind, event, next_delivery_at)
          values ('stripe', 'evt_left', 'declined', '{}', now() + interval '1 day')`,
      )
      return { kind: 'notice_undelivered', subject: 'stripe/evt_left' }
    },
  },
  {
    name: 'a refund that the provider does not finish',
    async plant(mall) {
      const o = await paid(mall)
      await mall.control('faults', { fault: 'refund_stuck', method: 'bank_card' })
      expect((await mall.act(o.owner, o.orderNo, 'cancel')).status).toBe(200)
      await until(
        async () => (await mall.control('faults')).body,
        (left) => Array.isArray(left) && left.length === 0,
        'the refund is stuck',
      )
      await update(
        mall,
        sql`update payment_refunds set created_at = now() - interval '2 days' where out_trade_no = ${o.tradeNo}`,
      )
      return { kind: 'refund_stuck', subject: `${o.tradeNo}-R1` }
    },
  },
]

describe('planted discrepancies', () => {
  let mall: TestApp
  let findings: ShownFinding[]
  let first: string
  let planted: (Planted & { readonly name: string })[]

  beforeAll(async () => {
    mall = await openTestApp()
    await paid(mall)
    await refunded(mall)
    planted = []
    for (const { name, plant } of PLANTS) planted.push({ name, ...(await plant(mall)) })
    await moveToYesterday(mall)
    const run = await reconcile(mall)
    findings = run.findings
    first = run.id
  })
  afterAll(() => mall.close())

  const matches = (finding: ShownFinding, { kind, subject }: Planted) =>
    finding.kind === kind &&
    (typeof subject === 'string' ? finding.subject === subject : subject.test(finding.subject))

  test('are at least twenty, all different', () => {
    expect(new Set(planted.map(({ kind, subject }) => `${kind} ${subject}`)).size).toBe(PLANTS.length)
    expect(PLANTS.length).toBeGreaterThanOrEqual(20)
  })

  test.each(PLANTS.map(({ name }) => name))('%s', (name) => {
    const one = planted.find((candidate) => candidate.name === name) as Planted
    expect(findings.map(short)).toContainEqual(
      typeof one.subject === 'string'
        ? `${one.kind} ${one.subject} ${one.state ?? 'open'}`
        : expect.stringMatching(
            new RegExp(`^${one.kind} .*${one.subject.source.replace(/^\^/, '')}.* open$`),
          ),
    )
    const found = findings.find((finding) => matches(finding, one))
    const { order_no } = found as ShownFinding
    expect(found?.order_url).toBe(order_no && `/api/admin/points-mall/orders/${order_no}`)
  })

  test('are given as codes and as text, and a name is never parsed as a side', () => {
    const hurt = findings.find(({ kind }) => kind === 'ledger')
    expect(hurt).toMatchObject({
      subject: expect.stringContaining(`(user/${VICTIM}/ZJF)`),
      ours: 'not in the form the mall writes',
      theirs: null,
      order_no: null,
      codes: {
        subject: { code: 'account', data: { ref: `user/${VICTIM}/ZJF` } },
        ours: { code: 'malformed', data: {} },
        theirs: null,
      },
    })
    const [twice, left] = ['refund_twice', 'workflow_left_running'].map((kind) =>
      findings.find((finding) => finding.kind === kind),
    )
    expect(twice?.codes.theirs).toEqual(moneySide('refunded', '9.90', '9.90'))
    expect(twice?.theirs).toBe('refunded 9.90 and 9.90')
    expect(left?.codes).toMatchObject({ ours: stateSide('order_finished'), theirs: { code: 'running' } })
  })

  test('are shown in the language of the request', async () => {
    const { body } = await mall.call('GET', `${BASE}/${first}`, operator)
    const stock = (body.data.findings as ShownFinding[]).find(({ codes }) => codes.subject.code === 'stock')
    expect(stock?.subject).toMatch(/^库存 PM\w+$/)
    expect(body.data.sums.bills.stripe).toMatchObject({ payments: { count: expect.any(Number) } })
    expect(body.data.sums.orders.order_paid).toMatchObject({ money: { currency: 'CNY' } })
  })

  test('affect no other order', () => {
    const numbers = planted.flatMap(({ subject }) => /PM\w{26}/.exec(String(subject))?.[0] ?? [])
    const others = findings.filter(
      (finding) =>
        !planted.some((one) => matches(finding, one)) &&
        !(finding.order_no && numbers.includes(finding.order_no)),
    )
    expect(others.map(short)).toEqual([])
  })

  test('are found again without further changes; healed ones are gone', async () => {
    const books = await mall.books()
    const { findings: again } = await reconcile(mall)
    expect(again.filter(({ state }) => state === 'healed')).toEqual([])
    const open = (all: readonly ShownFinding[]) =>
      all
        .filter(({ state }) => state === 'open')
        .map(short)
        .sort()
    expect(open(again)).toEqual(open(findings))
    expect(await mall.books()).toEqual(books)
  })

  test('are exported as a table without formulas', async () => {
    await sql`insert into reconciliation_findings (reconciliation_id, kind, subject, ours)
      values (${first}, 'payment_unknown', ${JSON.stringify(named('=HYPERLINK("http://a.test")'))},
        ${JSON.stringify(stateSide('-1,5'))})`.execute(mall.db)
    const answer = await mall.call('GET', `${BASE}/${first}/findings.csv`, operator)
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    const lines = (answer.body as string).trimEnd().split('\r\n')
    expect(lines[0]).toContain('类型,对象,我方,对方')
    expect(lines).toHaveLength(findings.length + 2)
    expect(lines.at(-1)).toContain(`,"'=HYPERLINK(""http://a.test"")","'-1,5",`)
    expect((await mall.call('GET', `${BASE}/${first}/findings.csv`, english)).body).toContain(
      'Type,Subject,Ours',
    )
  })

  test('give exit code 1 by command, one line each, after the totals', async () => {
    const [stdout, code] = await command(mall, ['--day', YESTERDAY])
    expect(code).toBe(1)
    const wrong = stdout.split('\n').filter((line) => line.startsWith('WRONG '))
    expect(stdout).toContain(`${wrong.length} errors`)
    expect(stdout.indexOf('stripe payments')).toBeLessThan(stdout.indexOf('WRONG '))
    for (const { kind, subject, state } of planted) {
      if (state === 'healed' || typeof subject !== 'string') continue
      expect(wrong.some((line) => line.startsWith(`WRONG ${kind} ${subject}`))).toBe(true)
    }
  })
})

describe('healing', () => {
  let mall: TestApp
  beforeAll(async () => {
    mall = await openTestApp()
  })
  afterAll(() => mall.close())

  test('pays the order of a lost notification and refunds a late payment once; a repeat changes nothing', async () => {
    const waiting = await order(mall)
    const late = await canceled(mall)
    for (const o of [waiting, late]) await payUnnoticed(mall, o)
    expect(await mall.order(waiting.owner, waiting.orderNo)).toMatchObject({ status: 'order_created' })

    // Today it may still be under way.
    expect((await reconcile(mall, dateInShanghai(Date.now()))).findings).toEqual([])
    await moveToYesterday(mall)
    const { findings } = await reconcile(mall)
    expect(findings.map(short).sort()).toEqual(
      [waiting, late].map(({ tradeNo }) => `payment_not_counted ${tradeNo} healed`).sort(),
    )
    await mall.reach(waiting.owner, waiting.orderNo, 'order_paid')
    await settled(mall, late, 'refunded')
    expect(await trades(mall, waiting)).toMatchObject([{ state: 'paid', refunded: '0.00' }])
    expect(await trades(mall, late)).toMatchObject([{ state: 'refunded', refunded: '9.90' }])

    await moveToYesterday(mall)
    const before = await mall.books()
    expect((await reconcile(mall)).findings).toEqual([])
    expect(await mall.books()).toEqual(before)
    // The notification itself, a day late.
    for (const { tradeNo } of [waiting, late]) await mall.control('resend', { out_trade_no: tradeNo })
    await until(
      async () =>
        (await mall.db.selectFrom('webhook_inbox').selectAll().where('delivered_at', 'is', null).execute())
          .length,
      (left) => left === 0,
      'all notices are delivered',
    )
    const refunds = await mall.db.selectFrom('payment_refunds').select('refund_no').execute()
    expect(refunds).toEqual([{ refund_no: `${late.tradeNo}-R1` }])
    expect(await mall.brokenLaws()).toEqual([])
    const kept = await compareBooks(mall.db, (await mall.books()) as unknown as Trade[])
    for (const { due, kept: at } of kept) expect(at).toBe(due)
  })

  test('does not settle a payment that the provider has refunded, with or without a bill', async () => {
    const o = await order(mall)
    await payUnnoticed(mall, o)
    const payment = await mall.db
      .selectFrom('payments')
      .select('provider_ref')
      .where('out_trade_no', '=', o.tradeNo)
      .executeTakeFirstOrThrow()
    const stripe = stripeOf(mall)
    const providerRef = payment.provider_ref ?? ''
    const desk = { outTradeNo: o.tradeNo, providerRef, refundNo: 'desk-1', amountFen: 990n, reason: 'desk' }
    expect(await stripe.refund(desk)).toMatchObject({ state: 'done' })
    await moveToYesterday(mall)

    const steps = createReconciliationActivities({
      db: mall.db,
      vault: mall.deps.vault,
      providers: [createProviderWithoutBill(stripe)],
      engine: createEngine(mall.deps),
    })
    const { id } = await steps.beginReconciliation({ day: YESTERDAY, runKey: randomUUID() })
    await steps.reconcileProvider({ id, day: YESTERDAY, provider: 'stripe' })
    const asked = (await listFindings(mall.db, id)).map(shortKept)
    expect(asked).not.toContain(`payment_not_counted ${o.tradeNo} open`)

    const { findings } = await reconcile(mall)
    expect(findings.map(short)).toEqual(
      expect.arrayContaining([`payment_not_counted ${o.tradeNo} open`, 'refund_unknown desk-1 open']),
    )
    const told = await mall.db
      .selectFrom('webhook_inbox')
      .select('event_id')
      .where('order_no', '=', o.orderNo)
      .where('kind', '=', 'paid')
      .execute()
    expect(told).toEqual([])
    expect((await mall.act(o.owner, o.orderNo, 'cancel')).body.data).toMatchObject({
      status: 'order_canceled',
      payment_status: 'closed',
    })
    await ended(mall, o.orderNo)
    expect(await mall.brokenLaws()).toEqual([])
    const kept = await compareBooks(mall.db, (await mall.books()) as unknown as Trade[])
    for (const { due, kept: at } of kept) expect(at).toBe(due)
  })
})

describe('a source that cannot be read', () => {
  let mall: TestApp
  beforeAll(async () => {
    mall = await openTestApp()
  })
  afterAll(() => mall.close())

  /** The steps on this mall's database, with other providers or another Temporal. */
  function stepsWith(providers: readonly PaymentProvider[], engine = createEngine(mall.deps)) {
    return createReconciliationActivities({ db: mall.db, vault: mall.deps.vault, providers, engine })
  }
  const begin = async (steps: ReturnType<typeof stepsWith>, day = YESTERDAY) =>
    (await steps.beginReconciliation({ day, runKey: randomUUID() })).id
  const found = async (id: string) => (await listFindings(mall.db, id)).map(shortKept)

  test('is a finding until the provider answers', async () => {
    const dead = createStripe({ ...ACCOUNTS.stripe, baseUrl: `http://127.0.0.1:${await freePort()}` })
    const id = await begin(stepsWith([dead]))
    const input = { id, day: YESTERDAY, provider: 'stripe' }
    expect(await stepsWith([dead]).reconcileProvider(input)).toBe('later')
    expect(await found(id)).toEqual(['provider_unreachable stripe open'])
    expect(await stepsWith([stripeOf(mall)]).reconcileProvider(input)).toBe('compared')
    expect(await found(id)).toEqual(['provider_unreachable stripe healed'])
  })

  test('is reported for a wrong key, without showing the key', async () => {
    const wrong = createStripe({
      ...ACCOUNTS.stripe,
      baseUrl: mall.sandbox.url,
      secretKey: 'sk_test_wrong_key',
    })
    const id = await begin(stepsWith([wrong]))
    await stepsWith([wrong]).reconcileProvider({ id, day: YESTERDAY, provider: 'stripe' })
    const [finding] = await listFindings(mall.db, id)
    expect(finding).toMatchObject({
      kind: 'provider_unreachable',
      theirs: { code: 'said', data: { said: expect.stringContaining('401') } },
    })
    expect(JSON.stringify(finding)).not.toContain('wrong_key')
  })

  test('is awaited if the bill is late; missed notifications are still queried', async () => {
    const o = await order(mall)
    await payUnnoticed(mall, o)
    const before = createProviderWithoutBill(stripeOf(mall))
    // A payment that is counted on a day means that a bill will come.
    await paid(mall)
    const today = dateInShanghai(Date.now())
    const current = await begin(stepsWith([before]), today)
    const input = { day: today, provider: 'stripe' }
    expect(await stepsWith([before]).reconcileProvider({ id: current, ...input })).toBe('compared')
    expect(await found(current)).toEqual([])

    await moveToYesterday(mall)
    const id = await begin(stepsWith([before]))
    expect(await stepsWith([before]).reconcileProvider({ id, day: YESTERDAY, provider: 'stripe' })).toBe(
      'later',
    )
    expect(await found(id)).toEqual([`payment_not_counted ${o.tradeNo} open`, 'bill_missing stripe open'])
    await mall.reach(o.owner, o.orderNo, 'order_paid')
    await stepsWith([stripeOf(mall)]).reconcileProvider({ id, day: YESTERDAY, provider: 'stripe' })
    expect(await stepsWith([]).finishReconciliation(id)).toEqual({ open: 0, healed: 2 })

    const idle = await begin(stepsWith([before]), '2026-01-01')
    const quiet = { id: idle, day: '2026-01-01', provider: 'stripe' }
    expect(await stepsWith([before]).reconcileProvider(quiet)).toBe('compared')
    expect(await found(idle)).toEqual([])
  })

  test('is a finding when Temporal is unavailable, and the rest is compared', async () => {
    const away = connectTemporal(
      { address: `127.0.0.1:${await freePort()}` },
      mall.name,
      createEncryptor([{ id: 't1', key: Buffer.alloc(32, 'key of the tests') }]),
    )
    const steps = stepsWith([], createEngine({ ...mall.deps, temporal: away }))
    const id = await begin(steps)
    await sql`insert into webhook_inbox (source, event_id, kind, event, received_at, next_delivery_at)
      values ('stripe', 'evt_left', 'declined', '{}', now() - interval '1 hour', now() + interval '1 day')`.execute(
      mall.db,
    )
    await steps.reconcileWorkflows(id)
    expect(await found(id)).toEqual([
      'notice_undelivered stripe/evt_left open',
      'engine_unreachable workflows open',
    ])
    await away.client.connection.close()
  })

  test('an invariant that is broken only for a moment causes no finding', async () => {
    const { orderNo } = await paid(mall)
    const set = (state: 'held' | 'committed') =>
      mall.db.updateTable('stock_reservations').set({ state }).where('order_no', '=', orderNo).execute()
    const { vault } = mall.deps
    let mended: Promise<unknown> | undefined
    // The ledger is read after the orders.
    const mending: typeof vault = {
      ...vault,
      open: (...args) => {
        mended ??= set('committed')
        return vault.open(...args)
      },
    }
    await set('held')
    const steps = createReconciliationActivities({
      db: mall.db,
      vault: mending,
      providers: [],
      engine: createEngine(mall.deps),
    })
    const id = await begin(steps)
    await steps.reconcileBooks(id)
    expect(mended).toBeDefined()
    await mended
    expect(await found(id)).toEqual([])

    await set('held')
    await stepsWith([]).reconcileBooks(id)
    expect(await found(id)).toEqual([`order_against_books stock of ${orderNo} open`])
    await set('committed')
  })
})

/** A provider whose bill is not ready yet. */
function createProviderWithoutBill(provider: PaymentProvider): PaymentProvider {
  return { ...provider, downloadBill: async () => undefined }
}
