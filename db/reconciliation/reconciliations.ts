import { type Selectable, sql } from 'kysely'
import { fenOf } from '../../domain/money.ts'
import type { OrderStatus, PaymentStatus } from '../../domain/orders/status.ts'
import type { PaymentMethod } from '../../domain/payments/method.ts'
import type {
  Counted,
  CountedPayment,
  Finding,
  FindingKind,
  Totals,
} from '../../domain/reconciliation/comparison.ts'
import { moneySide, named, type Side, type Subject, stateSide } from '../../domain/reconciliation/findings.ts'
import type { Db } from '../client.ts'
import type { ReconciliationFindingsTable } from '../schema/reconciliation-findings.ts'

export interface Reconciliation {
  readonly id: string
  readonly day: string
  readonly totals: Totals
  readonly started_at: Date
  readonly finished_at: Date | null
  readonly open: number
  readonly healed: number
}

/** @param runKey the same key resumes the same run */
export async function beginRun(db: Db, day: string, runKey: string): Promise<string> {
  const row = await db
    .insertInto('reconciliations')
    .values({ day, run_key: runKey, finished_at: null })
    .onConflict((conflict) => conflict.column('run_key').doUpdateSet({ run_key: runKey }))
    .returning('id')
    .executeTakeFirstOrThrow()
  return row.id
}

/** Replaces totals of the same name. */
export async function keepTotals(db: Db, id: string, totals: Totals): Promise<void> {
  await sql`
    update reconciliations set totals = totals || (
      select jsonb_object_agg(part, coalesce(totals -> part, '{}') || sums)
      from jsonb_each(${JSON.stringify(totals)}::jsonb) as given (part, sums))
    where id = ${id}`.execute(db)
}

export async function keepFindings(db: Db, id: string, findings: readonly Finding[]): Promise<void> {
  if (findings.length === 0) return
  const rows = findings.map(({ kind, subject, ours, theirs, orderNo: order_no }) => ({
    kind,
    subject,
    ours,
    theirs,
    order_no,
  }))
  await sql`
    insert into reconciliation_findings (reconciliation_id, kind, subject, ours, theirs, order_no)
    select ${id}, kind, subject, ours, theirs, order_no
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as f (kind text, subject jsonb, ours jsonb, theirs jsonb, order_no text)
    on conflict do nothing`.execute(db)
}

export async function markRead(
  db: Db,
  id: string,
  subject: Subject,
  kinds: readonly FindingKind[],
): Promise<void> {
  await db
    .updateTable('reconciliation_findings')
    .set({ state: 'healed' })
    .where('reconciliation_id', '=', id)
    .where('subject', '=', sql<Subject>`${JSON.stringify(subject)}::jsonb`)
    .where('kind', 'in', [...kinds])
    .execute()
}

/** @returns the open findings of kinds that can heal */
export async function markHealed(db: Db, id: string): Promise<number> {
  await sql`
    update reconciliation_findings f set state = 'healed'
    where reconciliation_id = ${id} and f.state = 'open' and (
      kind = 'payment_not_counted' and exists (select from payments p
        where p.out_trade_no = f.subject #>> '{data,no}' and p.state in ('paid', 'refunding', 'refunded'))
      or kind = 'refund_not_counted' and exists (select from payment_refunds r
        where r.refund_no = f.subject #>> '{data,no}' and r.state = 'done'))`.execute(db)
  const { left } = await db
    .selectFrom('reconciliation_findings')
    .select((eb) => eb.fn.countAll<string>().as('left'))
    .where('reconciliation_id', '=', id)
    .where('kind', 'in', ['payment_not_counted', 'refund_not_counted'])
    .where('state', '=', 'open')
    .executeTakeFirstOrThrow()
  return Number(left)
}

export async function finishRun(db: Db, id: string): Promise<void> {
  await db
    .updateTable('reconciliations')
    .set({ finished_at: new Date() })
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .execute()
}

const RUN = sql<Reconciliation>`
  select id, day::text, totals, started_at, finished_at,
    (select count(*)::int from reconciliation_findings f where f.reconciliation_id = r.id and state = 'open') as open,
    (select count(*)::int from reconciliation_findings f where f.reconciliation_id = r.id and state = 'healed') as healed
  from reconciliations r`

/** Newest first. */
export async function listRuns(
  db: Db,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ runs: Reconciliation[]; total: number }> {
  const [{ rows: runs }, count] = await Promise.all([
    sql<Reconciliation>`${RUN} order by id desc limit ${page.limit} offset ${page.offset}`.execute(db),
    db
      .selectFrom('reconciliations')
      .select((eb) => eb.fn.countAll<string>().as('total'))
      .executeTakeFirstOrThrow(),
  ])
  return { runs, total: Number(count.total) }
}

export async function findRun(db: Db, id: string): Promise<Reconciliation | undefined> {
  const { rows } = await sql<Reconciliation>`${RUN} where id = ${id}`.execute(db)
  return rows[0]
}

export type KeptFinding = Pick<
  Selectable<ReconciliationFindingsTable>,
  'id' | 'kind' | 'subject' | 'ours' | 'theirs' | 'order_no' | 'state' | 'found_at'
>

export async function listFindings(db: Db, id: string): Promise<KeptFinding[]> {
  return db
    .selectFrom('reconciliation_findings')
    .select(['id', 'kind', 'subject', 'ours', 'theirs', 'order_no', 'state', 'found_at'])
    .where('reconciliation_id', '=', id)
    .orderBy('id')
    .execute()
}

/** @param named the bill's numbers, of any day @param day also includes what was counted then */
export async function readCounted(
  db: Db,
  method: PaymentMethod,
  named: { readonly tradeNos: readonly string[]; readonly refundNos: readonly string[] },
  day: { readonly from: Date; readonly to: Date },
): Promise<Counted> {
  const { rows: payments } = await sql<{
    out_trade_no: string
    order_no: string
    amount: string
    state: string
    paid_at: Date | null
  }>`
    select out_trade_no, order_no, amount, state, paid_at from payments
    where out_trade_no = any(${named.tradeNos})
      or method = ${method} and paid_at >= ${day.from} and paid_at < ${day.to}`.execute(db)
  const { rows: refunds } = await sql<{
    refund_no: string
    out_trade_no: string
    amount: string
    state: string
    updated_at: Date
  }>`
    select r.refund_no, r.out_trade_no, r.amount, r.state, r.updated_at
    from payment_refunds r join payments p on p.out_trade_no = r.out_trade_no
    where r.refund_no = any(${named.refundNos})
      or p.method = ${method} and r.state = 'done' and r.updated_at >= ${day.from} and r.updated_at < ${day.to}`.execute(
    db,
  )
  return {
    payments: payments.map((row) => ({
      outTradeNo: row.out_trade_no,
      orderNo: row.order_no,
      amountFen: fenOf(row.amount),
      state: row.state,
      paidAt: row.paid_at,
    })),
    refunds: refunds.map((row) => ({
      refundNo: row.refund_no,
      outTradeNo: row.out_trade_no,
      amountFen: fenOf(row.amount),
      state: row.state,
      at: row.updated_at,
    })),
  }
}

export interface Reference {
  readonly providerRef: string | undefined
  readonly expiresAt: Date
}

export async function readReference(db: Db, { outTradeNo }: CountedPayment): Promise<Reference> {
  const { rows } = await sql<{ provider_ref: string | null; expires_at: Date }>`
    select p.provider_ref, coalesce(o.pay_by, p.created_at) as expires_at
    from payments p left join points_exchange_orders o on o.order_no = p.order_no
    where p.out_trade_no = ${outTradeNo}`.execute(db)
  const [row] = rows
  if (!row) throw new Error(`no payment ${outTradeNo}`)
  return { providerRef: row.provider_ref ?? undefined, expiresAt: row.expires_at }
}

export async function readRefundRef(db: Db, refundNo: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('payment_refunds')
    .select('refund_ref')
    .where('refund_no', '=', refundNo)
    .executeTakeFirst()
  return row?.refund_ref ?? undefined
}

const OPEN_MAX = 500

/** Attempts without a recorded payment, created from `from` until before `before`. */
export async function listUnpaid(
  db: Db,
  method: PaymentMethod,
  from: Date,
  before: Date,
): Promise<CountedPayment[]> {
  const rows = await db
    .selectFrom('payments')
    .select(['out_trade_no', 'order_no', 'amount', 'state'])
    .where('method', '=', method)
    .where('state', 'in', ['unpaid', 'closing', 'closed'])
    .where('created_at', '>=', from)
    .where('created_at', '<', before)
    .orderBy('id', 'desc')
    .limit(OPEN_MAX)
    .execute()
  return rows.map((row) => ({
    outTradeNo: row.out_trade_no,
    orderNo: row.order_no,
    amountFen: fenOf(row.amount),
    state: row.state,
    paidAt: null,
  }))
}

export async function readTotals(db: Db): Promise<Totals> {
  const { rows: orders } = await sql<{ status: OrderStatus; count: number; points: string; money: string }>`
    select status, count(*)::int as count, sum(total_points) as points, sum(total_money) as money
    from points_exchange_orders group by 1`.execute(db)
  const { rows: payments } = await sql<{ state: PaymentStatus; count: number; money: string }>`
    select state, count(*)::int as count, sum(amount) as money from payments group by 1`.execute(db)
  return {
    orders: Object.fromEntries(
      orders.map(({ status, count, points, money }) => [status, { count, points: Number(points), money }]),
    ),
    payments: Object.fromEntries(payments.map(({ state, ...sum }) => [state, sum])),
  }
}

export async function listOpenOrders(
  db: Db,
  before: Date,
  orderNo?: string,
): Promise<{ order_no: string; status: string }[]> {
  return db
    .selectFrom('points_exchange_orders')
    .select(['order_no', 'status'])
    .where((eb) =>
      eb.or([
        eb('status', 'not in', ['order_finished', 'order_canceled']),
        eb(
          'order_no',
          'in',
          eb.selectFrom('payments').select('payments.order_no').where('state', 'in', ['unpaid', 'closing']),
        ),
      ]),
    )
    .where('updated_at', '<', before)
    .$if(orderNo !== undefined, (query) => query.where('order_no', '=', orderNo as string))
    .orderBy('id')
    .execute()
}

/** Settled since `before`, without pending refunds. @returns null for orders that do not exist */
export async function listAtRest(
  db: Db,
  orderNos: readonly string[],
  before: Date,
): Promise<{ order_no: string; status: string | null }[]> {
  const { rows } = await sql<{ order_no: string; status: string | null }>`
    select n.order_no, o.status from unnest(${orderNos}::text[]) as n (order_no)
      left join points_exchange_orders o on o.order_no = n.order_no
      left join exchange_attempts a on a.order_no = n.order_no
    where o.order_no is null and (a.order_no is null or a.state <> 'pending' and a.created_at < ${before})
      or o.status in ('order_finished', 'order_canceled') and o.updated_at < ${before}
        and o.payment_status <> 'refunding' and o.needs_attention is null`.execute(db)
  return rows
}

/** Automatic work that is overdue since `before`, or `refundBefore` for refunds. */
export async function findStuck(db: Db, before: Date, refundBefore: Date): Promise<Finding[]> {
  const { rows } = await sql<{
    kind: FindingKind
    no: string
    state: string
    amount: string | null
    order_no: string | null
  }>`
    select 'attempt_stuck' as kind, order_no as no, 'pending' as state, null::numeric as amount, order_no,
      created_at as since
    from exchange_attempts where state = 'pending' and created_at < ${before}
    union all
    select 'payment_stuck', p.out_trade_no, p.state, p.amount, p.order_no, o.pay_by
    from payments p join points_exchange_orders o on o.order_no = p.order_no
    where p.state in ('unpaid', 'closing') and o.pay_by < ${before}
    union all
    select 'notice_undelivered', source || '/' || event_id, kind, null, order_no, received_at
    from webhook_inbox where delivered_at is null and coalesce(told_again_at, received_at) < ${before}
    union all
    select 'refund_stuck', r.refund_no, r.state, r.amount, p.order_no, r.created_at
    from payment_refunds r join payments p on p.out_trade_no = r.out_trade_no
    where r.state = 'pending' and r.created_at < ${refundBefore}
    order by since limit 10000`.execute(db)
  return rows.map(({ kind, no, state, amount, order_no }) => {
    const ours: Side = amount === null ? stateSide(state) : moneySide(state, amount)
    return { kind, subject: named(no), ours, theirs: null, orderNo: order_no }
  })
}
