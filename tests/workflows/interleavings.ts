import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Attention } from '../../domain/orders/attention.ts'
import { orderNoOf } from '../../domain/orders/number.ts'
import { compareBooks, type Trade } from '../support/provider-books.ts'
import { createRandom } from '../support/random.ts'
import type { TestApp } from '../support/test-app.ts'
import { until } from '../support/test-app.ts'

/**
 * Plays payments, notifications, deadlines, cancellations and changes of method in any order, concurrently,
 * on a real mall and a sandbox with occasional faults. At rest both books agree and no invariant is broken.
 */

export type Method = 'bank_card' | 'alipay' | 'wechat'

const EVENTS = [
  'pay',
  'pay the first',
  'decline',
  'notify',
  'notify again',
  'late money',
  'deadline',
  'cancel',
  'close answer lost',
  'method changed',
] as const
type Event = (typeof EVENTS)[number]

/** Faults of the next call or notification, and how often; 'close answer lost' is above. */
const FAULTS = [
  { fault: 'delay', delay_ms: 150 },
  { fault: 'drop' },
  { fault: 'duplicate', count: 2 },
  { fault: 'reorder' },
  { fault: 'wrong_amount' },
  { fault: 'answer_lost' },
  { fault: 'error_before' },
  { fault: 'error_after' },
  { fault: 'pay_during_close' },
  { fault: 'refund_stuck' },
  { fault: 'refund_failed' },
] as const
const FAULT_CHANCE = 0.12
const LENGTH_MAX = 5
const IN_FLIGHT = 15
/** So many are brought to rest and checked together. */
const BATCH = 60
/** The payment deadline: soon if the sequence contains it, else after the whole sequence. */
const SOON_MS = 1_200
const LATER_MS = 10_000
const REST_MS = 240_000
/** The longest pause between two acts of a customer. */
const PAUSE_MS = 120

export interface Interleavings {
  readonly method: Method
  readonly seed: number
  readonly sequences: number
  readonly seconds: number
  /** How often each event and fault occurred. */
  readonly happened: Readonly<Record<string, number>>
  /** How many orders reached which end, and how money was refunded. */
  readonly ends: Readonly<Record<string, number>>
}

interface Player {
  readonly owner: string
  readonly events: Event[]
  orderNo: string
}

/**
 * Plays seeded sequences on a mall of their own.
 * @param options how many; or `until` when (ms since the epoch), and at least one batch
 * @throws at the first broken invariant, with the seed and the history of the orders it names
 */
export async function proveInterleavings(
  mall: TestApp,
  options: { readonly method: Method; readonly seed: number } & (
    | { readonly sequences: number }
    | { readonly until: number }
  ),
): Promise<Interleavings> {
  const { method, seed } = options
  const began = performance.now()
  const random = createRandom(seed)
  const happened: Record<string, number> = {}
  const product_id = await mall.product({ payment_mode: 'mixed', stock: 1_000_000 })
  let sequences = 0
  const isOver = () => ('until' in options ? Date.now() >= options.until : sequences >= options.sequences)
  do {
    const size = 'until' in options ? BATCH : Math.min(BATCH, options.sequences - sequences)
    const batch: Player[] = []
    for (let n = 0; n < size; n += 1) {
      const length = 1 + Math.floor(random() * LENGTH_MAX)
      const events = Array.from({ length }, () => pick(random, EVENTS))
      batch.push({ owner: `${method}-${seed}-${sequences + n}`, events, orderNo: '' })
    }
    const waiting = [...batch]
    const lane = async () => {
      for (let player = waiting.shift(); player; player = waiting.shift()) {
        await play(mall, { method, random, product_id, happened }, player)
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
    await comeToRest(mall, random, batch)
    const broken = await findBroken(mall)
    if (broken.length > 0) throw new Error(told(seed, broken, batch))
    sequences += size
  } while (!isOver())
  const seconds = Math.round((performance.now() - began) / 100) / 10
  return { method, seed, sequences, seconds, happened, ends: await countEnds(mall, method) }
}

const pick = <T>(random: () => number, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T

interface Stage {
  readonly method: Method
  readonly random: () => number
  readonly product_id: string
  readonly happened: Record<string, number>
}

async function play(mall: TestApp, stage: Stage, player: Player): Promise<void> {
  const { method, random, product_id, happened } = stage
  const { owner } = player
  await mall.points(owner, 100)
  // Some can change to the wallet, and some cannot.
  if (random() < 0.7) await mall.cash(owner, 990)
  // Concurrent starts may get each other's setting.
  mall.configure({ paymentTimeoutMs: player.events.includes('deadline') ? SOON_MS : LATER_MS })
  // When the mall is busy, the customer repeats the request under the same key.
  const answer = await until(
    () => mall.exchange(owner, { product_id, payment_method: method }, { key: owner }),
    ({ status }) => status !== 503,
    `${owner} is served`,
  )
  if (answer.status !== 201 && answer.status !== 202) {
    throw new Error(`${owner} was answered ${answer.status} ${JSON.stringify(answer.body)}`)
  }
  player.orderNo = answer.body.data.order_no
  for (const event of player.events) {
    await pause(random() * PAUSE_MS)
    if (random() < FAULT_CHANCE) await injectFault(mall, stage, pick(random, FAULTS))
    happened[event] = (happened[event] ?? 0) + 1
    await happen(mall, stage, player, event)
  }
}

async function injectFault(
  mall: TestApp,
  { method, happened }: Stage,
  fault: { fault: string },
): Promise<void> {
  happened[fault.fault] = (happened[fault.fault] ?? 0) + 1
  const { status, body } = await mall.control('faults', { method, ...fault })
  if (status !== 200) throw new Error(`the sandbox takes no ${fault.fault}: ${JSON.stringify(body)}`)
}

async function happen(mall: TestApp, stage: Stage, { owner, orderNo }: Player, event: Event): Promise<void> {
  const { random } = stage
  const attempts = await mall.db
    .selectFrom('payments')
    .select(['out_trade_no', 'pay_url'])
    .where('order_no', '=', orderNo)
    .orderBy('attempt_no')
    .execute()
  const [first, last] = [attempts[0], attempts.at(-1)]
  const about = async (path: string, attempt: typeof last) => {
    if (attempt) await mall.control(path, { out_trade_no: attempt.out_trade_no })
  }
  const button = async (attempt: typeof last, action: 'pay' | 'decline') => {
    if (attempt?.pay_url) await mall.cashier(attempt.pay_url, action)
  }
  switch (event) {
    case 'pay':
      return button(last, 'pay')
    case 'pay the first':
      return button(first, 'pay')
    case 'decline':
      return button(last, 'decline')
    case 'notify':
      return about('resend', last)
    case 'notify again':
      await about('resend', first)
      return about('resend', first)
    case 'late money':
      return about('force-pay', pick(random, attempts))
    case 'deadline': {
      const order = await mall.db
        .selectFrom('points_exchange_orders')
        .select('pay_by')
        .where('order_no', '=', orderNo)
        .executeTakeFirst()
      return pause(Math.max(0, (order?.pay_by?.getTime() ?? 0) - Date.now()))
    }
    case 'cancel':
      return expectNoFailure(await mall.act(owner, orderNo, 'cancel'))
    case 'close answer lost':
      return injectFault(mall, stage, { fault: pick(random, ['answer_lost', 'error_after', 'error_before']) })
    case 'method changed':
      return expectNoFailure(
        await mall.act(owner, orderNo, 'pay', pick(random, alternativesOf(stage.method))),
      )
  }
}

/** The same method for another client, the wallet, and the same again. */
const alternativesOf = (method: Method) => [
  { payment_method: method, client: 'desktop' },
  { payment_method: method, client: 'h5' },
  { payment_method: method === 'bank_card' ? 'wallet' : 'bank_card' },
  { payment_method: 'wallet' },
  {},
]

/** The answer may be a refusal or take long, but never an error. */
function expectNoFailure({ status, body }: { readonly status: number; readonly body: unknown }): void {
  if (status >= 500 && status !== 503) throw new Error(`answered ${status} ${JSON.stringify(body)}`)
}

/**
 * Ends the faults, delivers every notification, settles stuck refunds, resolves orders, and lets the
 * deadlines pass.
 */
async function comeToRest(mall: TestApp, random: () => number, batch: readonly Player[]): Promise<void> {
  const numbers = batch.map(({ orderNo }) => orderNo)
  const mine = new Set(numbers)
  // Slow retries would use up the faults one by one.
  await mall.control('clear-faults', {})
  await resend(mall, (orderNo) => mine.has(orderNo))
  await until(
    async () => {
      await mall.sweep()
      const { rows } = await sql<{ order_no: string; stuck: Attention | null; at_provider: string[] | null }>`
        select o.order_no, o.needs_attention as stuck, (
            select array_agg(distinct r.out_trade_no) from payment_refunds r
            where r.out_trade_no like o.order_no || '-%' and r.state = 'pending') as at_provider
        from points_exchange_orders o where o.order_no = any(${numbers}) and (
          o.status in ('exchanged', 'order_created') or o.needs_attention is not null
          or exists (select from payments p where p.order_no = o.order_no and p.state in ('unpaid', 'closing', 'refunding'))
          or exists (select from webhook_inbox i where i.order_no = o.order_no and i.delivered_at is null))`.execute(
        mall.db,
      )
      for (const { order_no, stuck, at_provider } of rows) {
        for (const out_trade_no of at_provider ?? []) await mall.control('settle-refunds', { out_trade_no })
        if (stuck === null) continue
        const action = stuck.code === 'refund' && random() < 0.5 ? 'settle' : 'retry'
        expectNoFailure(await mall.operate(order_no, 'resolve', { action, reason: 'seen to' }))
      }
      if (rows.length > 0)
        return rows.map(({ order_no, stuck }) => `${order_no} ${stuck?.code ?? 'is on its way'}`)
      // Payments whose notification was dropped.
      const found = await disagreements(mall)
      await resend(mall, (orderNo) => found.some((what) => what.includes(orderNo)))
      return found
    },
    (restless) => restless.length === 0,
    `${numbers.length} orders come to rest`,
    REST_MS,
  )
}

async function resend(mall: TestApp, isMeant: (orderNo: string) => boolean): Promise<void> {
  for (const { out_trade_no = '' } of await mall.books()) {
    if (isMeant(orderNoOf(out_trade_no) ?? '')) await mall.control('resend', { out_trade_no })
  }
}

/** Money in the wrong place, and orders released while they could still be paid. */
async function disagreements(mall: TestApp): Promise<string[]> {
  const trades = (await mall.books()) as unknown as Trade[]
  const books = await compareBooks(mall.db, trades)
  const canceled = new Set(
    books.filter(({ status }) => status === 'order_canceled').map(({ orderNo }) => orderNo),
  )
  return [
    ...books
      .filter(({ due, kept }) => due !== kept)
      .map(
        ({ orderNo, status, due, kept }) =>
          `the provider keeps ${kept} of ${orderNo}, ${status}: ${due} is due`,
      ),
    ...trades
      .filter(({ state }) => state === 'unpaid' || state === 'declined')
      .filter(({ out_trade_no }) => canceled.has(orderNoOf(out_trade_no) ?? ''))
      .map(({ out_trade_no }) => `${out_trade_no} can be paid, and its order is canceled`),
  ]
}

async function findBroken(mall: TestApp): Promise<string[]> {
  return [...(await mall.brokenLaws()), ...(await disagreements(mall))]
}

function told(seed: number, broken: readonly string[], batch: readonly Player[]): string {
  const about = batch.filter(({ orderNo }) => broken.some((what) => what.includes(orderNo)))
  return [
    `seed ${seed}: ${broken.slice(0, 5).join('; ')}`,
    ...about.slice(0, 5).map(({ orderNo, events }) => `${orderNo}: ${events.join(', ')}`),
  ].join('\n')
}

async function countEnds(mall: TestApp, method: Method): Promise<Record<string, number>> {
  const { rows } = await sql<{ name: string; count: string }>`
    select o.status || case when p.method is null then '' when p.method = 'wallet' then ' by wallet' else '' end as name,
        count(*) as count
      from points_exchange_orders o left join payments p on p.order_no = o.order_no and p.state = 'paid'
      where o.owner_id like ${`${method}-%`} group by 1
    union all
    select 'money ' || r.state, count(*) from payment_refunds r join payments p on p.out_trade_no = r.out_trade_no
      join points_exchange_orders o on o.order_no = p.order_no
      where o.owner_id like ${`${method}-%`} group by 1
    order by 1`.execute(mall.db)
  return Object.fromEntries(rows.map(({ name, count }) => [name, Number(count)]))
}
