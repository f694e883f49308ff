import { sql } from 'kysely'
import { fenOf } from '../../domain/money.ts'
import {
  AFTER_SALE_STATES,
  isOpenAfterSale,
  REFUNDED_AFTER_SALE_STATES,
} from '../../domain/orders/after-sale.ts'
import { PAID_STATUSES } from '../../domain/orders/status.ts'
import {
  type Disagreement,
  named,
  type Side,
  type Subject,
  stateSide,
} from '../../domain/reconciliation/findings.ts'
import type { Db } from '../client.ts'
import type { Currency } from '../schema/wallet-accounts.ts'
import type { EntryKind } from '../schema/wallet-transfers.ts'
import { clawbackKey, type Earning, grantKey, isAuthentic } from '../wallet/earnings.ts'
import { type LedgerCipher, TamperedError } from '../wallet/ledger-cipher.ts'
import { openEntry, refOf } from '../wallet/sealed-rows.ts'
import { tamperedSide } from '../wallet/verification.ts'

/** Invariants of settled data, each as a query for its violations. */

export { findLedgerViolations as findBrokenLedger } from '../wallet/verification.ts'

/** `code` is the violated invariant; the two states disagree. */
interface BrokenRow {
  code: NumberedCode
  no: string
  order_no: string | null
  ours: string | null
  theirs: string | null
}

type NumberedCode = {
  [Code in Subject['code']]: Extract<Subject, { code: Code }>['data'] extends { no: string; currency?: never }
    ? Code
    : never
}[Subject['code']]

const side = (state: string | null): Side | null => (state === null ? null : stateSide(state))

function disagreementOf({ code, no, order_no, ours, theirs }: BrokenRow): Disagreement {
  const subject = { code, data: { no } } as Subject
  return { subject, ours: side(ours), theirs: side(theirs), orderNo: order_no }
}

/**
 * Kinds and numbers of transfers are not encrypted; the chain covers them. Partial refunds leave `captured`.
 */
const BOOKED = `booked as (
  select t.order_no, a.currency, a.owner_id, case
      when bool_or(t.operation_key = t.order_no || '/' || a.currency || '/reverse') then 'reversed'
      when bool_or(t.kind = 'release') then 'released'
      when bool_or(t.kind = 'capture') then 'captured'
      else 'held' end as state
  from wallet_transfers t join wallet_entries e on e.operation_key = t.operation_key
    join wallet_accounts a on a.id = e.account_id
  where t.order_no is not null group by 1, 2, 3)`

/**
 * Held while an order is unpaid, captured once it is paid, returned once canceled; nothing without an order.
 */
export async function findOrderViolations(db: Db): Promise<Disagreement[]> {
  const { rows } = await sql<BrokenRow>`
    with ${sql.raw(BOOKED)}
    select 'stock' as code, r.order_no as no, r.order_no, r.state::text as ours, o.status::text as theirs
      from stock_reservations r join points_exchange_orders o on o.order_no = r.order_no
      where r.state <> case when o.status = 'order_canceled' then 'released'
        when o.status in ('exchanged', 'order_created') then 'held' else 'committed' end
    union all
    select 'points', h.order_no, h.order_no, h.state, o.status from booked h
      join points_exchange_orders o on o.order_no = h.order_no
      where h.currency = 'ZJF' and not (h.state = any(case when o.status = 'order_canceled' then array['released','reversed']
        when o.status in ('exchanged', 'order_created') then array['held'] else array['captured'] end))
    union all
    select 'order_without_points', o.order_no, o.order_no, null, null from points_exchange_orders o
      where o.total_points > 0 and o.status <> 'order_canceled' and not exists (
        select from booked h where h.order_no = o.order_no and h.currency = 'ZJF' and h.owner_id = o.owner_id)
        and not exists (select from exchange_attempts a where a.order_no = o.order_no and a.points_wallet = 'outside')
    union all
    select 'points_booked_twice', h.order_no, h.order_no, null, null from booked h
      join exchange_attempts a on a.order_no = h.order_no
      where h.currency = 'ZJF' and a.points_wallet = 'outside'
    union all
    select 'order_without_stock', o.order_no, o.order_no, null, null from points_exchange_orders o
      where o.status <> 'order_canceled' and not exists (
        select from stock_reservations r where r.order_no = o.order_no and r.quantity = o.quantity)
    union all
    select 'standard_order', o.order_no, o.order_no, null, null from points_exchange_orders o
      left join orders s on s.id = o.order_id
      where o.status <> 'exchanged' and s.status is distinct from o.status and o.order_id is not null
    union all
    select 'reservation_without_order', r.order_no, r.order_no, null, null from stock_reservations r
      where r.state <> 'released' and not exists (select from points_exchange_orders o where o.order_no = r.order_no)
    union all
    select 'stock_ledger', p.id::text, null, p.stock_quantity::text, coalesce(m.sum, 0)::text from points_products p
      left join (select product_id, sum(delta) from stock_movements group by 1) m on m.product_id = p.id
      where p.sku_count = 0 and p.stock_quantity <> coalesce(m.sum, 0)
    union all
    select 'stock_of_sku', s.id::text, null, s.stock_quantity::text, coalesce(m.sum, 0)::text from product_skus s
      left join (select product_id, coalesce(sku_id, product_id) as sku_id, sum(delta) from stock_movements group by 1, 2) m
        on m.sku_id = s.id and m.product_id = s.product_id
      where s.stock_quantity <> coalesce(m.sum, 0)
    union all
    select 'stock_of_skus', p.id::text, null, p.stock_quantity::text, coalesce(s.sum, 0)::text from points_products p
      left join (select product_id, sum(stock_quantity), count(*) from product_skus where deleted_at is null group by 1) s
        on s.product_id = p.id
      where p.sku_count <> coalesce(s.count, 0) or p.sku_count > 0 and p.stock_quantity <> s.sum
    union all
    select 'stock_of_order', r.order_no, r.order_no, r.state, coalesce(m.sum, 0)::text from stock_reservations r
      left join (select order_no, sum(delta) from stock_movements where order_no is not null group by 1) m
        on m.order_no = r.order_no
      where coalesce(m.sum, 0) <> case r.state when 'released' then 0 else r.settled - r.quantity end
    union all
    select 'hold_without_order', h.order_no, h.order_no, null, null from booked h
      where h.state in ('held', 'captured') and not exists (select from points_exchange_orders o where o.order_no = h.order_no)`.execute(
    db,
  )
  return [...rows.map(disagreementOf), ...(await findAfterSaleViolations(db))]
}

/**
 * Refunded pieces are settled in the stock and never exceed what was bought; each after-sale refunds what it says; none
 * of a canceled order waits for a decision, and receipt is not held up without one.
 */
async function findAfterSaleViolations(db: Db): Promise<Disagreement[]> {
  const refunded = sql.join(REFUNDED_AFTER_SALE_STATES.map((state) => sql.lit(state)))
  const ended = sql.join(
    AFTER_SALE_STATES.filter((state) => !isOpenAfterSale(state)).map((state) => sql.lit(state)),
  )
  const { rows } = await sql<BrokenRow>`
    with pieces as (
      select order_no, sum(quantity) filter (where state <> 'closed') as claimed,
        sum(quantity) filter (where state in (${refunded})) as refunded,
        count(*) filter (where state not in (${ended})) as open
      from after_sales group by order_no)
    select 'after_sale_pieces' as code, r.order_no as no, r.order_no, r.settled::text as ours,
        coalesce(p.refunded, 0)::text as theirs
      from stock_reservations r left join pieces p on p.order_no = r.order_no
      where r.settled <> coalesce(p.refunded, 0)
    union all
    select 'after_sale_pieces', o.order_no, o.order_no, p.claimed::text, o.quantity::text
      from pieces p join points_exchange_orders o on o.order_no = p.order_no where p.claimed > o.quantity
    union all
    select 'after_sale_refund', a.id::text, a.order_no, a.state, null from after_sales a
      left join order_refunds b on b.refund_no = a.refund_no
      where a.state in (${refunded})
        and (a.points, a.money) is distinct from (coalesce(b.points, 0), coalesce(b.money, 0))
    union all
    select 'after_sale_open', a.id::text, a.order_no, a.state, o.status from after_sales a
      join points_exchange_orders o on o.order_no = a.order_no
      where o.status = 'order_canceled' and a.state not in (${refunded}, 'closed')
    union all
    select 'after_sale_open', o.order_no, o.order_no, null, o.status from points_exchange_orders o
      left join pieces p on p.order_no = o.order_no
      where o.confirm_paused_at is not null and coalesce(p.open, 0) = 0`.execute(db)
  return rows.map(disagreementOf)
}

/**
 * A paid order has exactly one payment of its whole amount, others none; refunds do not exceed it and are
 * complete once the order is canceled.
 */
export async function findPaymentViolations(db: Db): Promise<Disagreement[]> {
  const { rows } = await sql<BrokenRow>`
    with ${sql.raw(BOOKED)}, orders_paid as (
      select o.order_no, o.status, o.total_money, o.owner_id,
        o.total_money > 0 and o.status = any(${[...PAID_STATUSES]}) as due,
        count(*) filter (where p.state = 'paid') as paid,
        count(*) filter (where p.state = 'paid' and p.amount = o.total_money) as paid_whole,
        count(*) filter (where p.state = 'paid' and p.method = 'wallet') as paid_by_wallet,
        count(*) filter (where p.state in ('unpaid', 'closing')) as open
      from points_exchange_orders o left join payments p on p.order_no = o.order_no group by o.id)
    select 'money' as code, order_no as no, order_no, paid::text as ours, status::text as theirs from orders_paid
      where paid <> due::int or paid_whole <> due::int
    union all
    select 'open_payments', order_no, order_no, open::text, status from orders_paid
      where open > (status in ('order_created', 'exchanged'))::int
    union all
    select 'cash', o.order_no, o.order_no, null, null from orders_paid o
      where o.paid_by_wallet <> (select count(*) from booked h
        where h.order_no = o.order_no and h.currency = 'CNY' and h.owner_id = o.owner_id and h.state = 'captured')
    union all
    select 'cash_held', h.order_no, h.order_no, null, o.status from booked h
      left join orders_paid o on o.order_no = h.order_no
      where h.currency = 'CNY' and (h.state = 'held' or h.state = 'captured' and o.paid_by_wallet is distinct from 1)
    union all
    select 'refund', p.out_trade_no, p.order_no, null, p.state from payments p
      left join payment_refunds r on r.out_trade_no = p.out_trade_no
      where p.method <> 'wallet' group by p.id
      having p.refunded_amount <> coalesce(sum(r.amount) filter (where r.state in ('done', 'done_by_hand')), 0)
        or coalesce(sum(r.amount) filter (where r.state <> 'failed'), 0) > p.amount
        or p.state in ('refunding', 'refunded')
          and coalesce(sum(r.amount) filter (where r.state <> 'failed'), 0) <> p.amount
        or p.state not in ('paid', 'refunding', 'refunded') and count(r.refund_no) > 0
        or p.state <> 'paid' and (p.state = 'refunding') <> (count(*) filter (where r.state = 'pending') > 0)
    union all
    select 'wallet_refund', p.out_trade_no, p.order_no, null, p.state from payments p
      where p.method = 'wallet' and p.refunded_amount <> case p.state when 'refunded' then p.amount when 'paid' then (
        select coalesce(sum(b.money), 0) from order_refunds b where b.order_no = p.order_no) else 0 end
    union all
    select 'taken_back', o.order_no, o.order_no, null, o.status from points_exchange_orders o
      join order_refunds b on b.order_no = o.order_no
      group by o.id having sum(b.points) > o.total_points or sum(b.money) > o.total_money
        or count(*) filter (where b.kind = 'rest') > (o.status = 'order_canceled')::int
        or o.status = 'order_canceled' and (sum(b.points) <> o.total_points or sum(b.money) <> o.total_money)
    union all
    select 'money', b.refund_no, o.order_no, null, null from order_refunds b join points_exchange_orders o on o.order_no = b.order_no
      left join payment_refunds r on r.order_refund = b.refund_no and r.state <> 'failed'
      group by b.refund_no, o.order_no, o.payment_method
      having coalesce(sum(r.amount), 0) <> case when o.payment_method = 'wallet' then 0 else b.money end
    union all
    select 'refund_not_replaced', r.refund_no, p.order_no, null, null
      from payment_refunds r left join payments p on p.out_trade_no = r.out_trade_no
      where r.state = 'failed' and not exists (select from payment_refunds n where n.replaces = r.refund_no)
    union all
    select 'payment_without_order', p.out_trade_no, p.order_no, null, null from payments p
      where not exists (select from points_exchange_orders o where o.order_no = p.order_no)`.execute(db)
  return rows.map((row) => {
    const { code, ours } = row
    if (code === 'money' && ours !== null) {
      return { ...disagreementOf(row), ours: { code: 'paid_times', data: { times: ours } } }
    }
    if (code === 'open_payments') {
      return { ...disagreementOf(row), ours: { code: 'open_attempts', data: { count: ours ?? '0' } } }
    }
    if (code === 'cash_held' && row.theirs === null) {
      return { ...disagreementOf(row), theirs: { code: 'no_order', data: {} } }
    }
    return disagreementOf(row)
  })
}

const BATCH = 500

interface BookedRow {
  owner_type: string
  owner_id: string
  currency: Currency
  version: string
  kid: string
  sealed: Buffer
  kind: EntryKind
  operation_key: string
  order_no: string | null
}

/** @throws TamperedError */
function amountsIn(vault: LedgerCipher, row: BookedRow): { available: bigint; held: bigint } {
  const plain = openEntry(vault, refOf(row), row)
  return { available: BigInt(plain.available), held: BigInt(plain.held) }
}

/** The amounts behind the states that the functions above check. */
export async function findAmountViolations(db: Db, vault: LedgerCipher): Promise<Disagreement[]> {
  const broken: Disagreement[] = []
  for (let after = '0'; ; ) {
    const { rows: orders } = await sql<{
      id: string
      order_no: string
      owner_id: string
      status: string
      points: string
      points_back: string
      cash: string
    }>`
      select o.id, o.order_no, o.owner_id, o.status,
        case when a.points_wallet = 'outside' then 0 else o.total_points end as points,
        (select coalesce(sum(b.points), 0) from order_refunds b where b.order_no = o.order_no) as points_back,
        (select coalesce(sum(p.amount - p.refunded_amount), 0) from payments p
          where p.order_no = o.order_no and p.method = 'wallet' and p.state = 'paid')::numeric(14,2) as cash
      from points_exchange_orders o left join exchange_attempts a on a.order_no = o.order_no
      where o.id > ${after} order by o.id limit ${BATCH}`.execute(db)
    if (orders.length === 0) return broken
    after = orders.at(-1)?.id ?? after
    const { rows } = await sql<BookedRow>`
      select a.owner_type, a.owner_id, a.currency, e.version, e.kid, e.sealed, t.kind, t.operation_key, t.order_no
      from wallet_transfers t join wallet_entries e on e.operation_key = t.operation_key
        join wallet_accounts a on a.id = e.account_id
      where t.order_no = any(${orders.map((order) => order.order_no)})`.execute(db)
    const byOrder = Map.groupBy(rows, (row) => row.order_no)
    for (const order of orders) {
      const { order_no: orderNo } = order
      const waits = order.status === 'exchanged' || order.status === 'order_created'
      const points = order.status === 'order_canceled' ? 0n : BigInt(order.points) - BigInt(order.points_back)
      const expected = {
        ZJF: { available: -points, held: waits ? points : 0n },
        CNY: { available: -fenOf(order.cash), held: 0n },
      }
      const booked = { ZJF: { available: 0n, held: 0n }, CNY: { available: 0n, held: 0n } }
      try {
        for (const row of byOrder.get(orderNo) ?? []) {
          if (row.owner_id !== order.owner_id) {
            broken.push({ subject: named(orderNo), ours: bookedFor(row), theirs: null, orderNo })
          }
          const { available, held } = amountsIn(vault, row)
          booked[row.currency].available += available
          booked[row.currency].held += held
        }
      } catch (error) {
        if (!(error instanceof TamperedError)) throw error
        const subject: Subject = { code: 'amounts', data: { no: orderNo } }
        broken.push({ subject, ours: tamperedSide(error), theirs: null, orderNo })
        continue
      }
      for (const currency of ['ZJF', 'CNY'] as const) {
        const [is, due] = [booked[currency], expected[currency]]
        if (is.available !== due.available || is.held !== due.held) {
          broken.push({
            subject: { code: 'booked', data: { no: orderNo, currency } },
            ours: { code: 'balance', data: textsOf(is) },
            theirs: { code: 'balance_due', data: textsOf(due) },
            orderNo,
          })
        }
      }
    }
  }
}

const bookedFor = ({ owner_id }: BookedRow): Side => ({ code: 'booked_for', data: { owner: owner_id } })

const textsOf = ({ available, held }: { readonly available: bigint; readonly held: bigint }) => ({
  available: `${available}`,
  held: `${held}`,
})

/**
 * Granted earnings are booked in full, reversed ones taken back except for the open shortfall, others not booked.
 */
export async function findEarningViolations(db: Db, vault: LedgerCipher): Promise<Disagreement[]> {
  const broken: Disagreement[] = []
  for (let after = '0'; ; ) {
    const earnings = await db
      .selectFrom('earnings')
      .selectAll()
      .where('id', '>', after as never)
      .orderBy('id')
      .limit(BATCH)
      .execute()
    if (earnings.length === 0) return broken
    after = earnings.at(-1)?.id ?? after
    const keys = earnings.flatMap((row) => [grantKey(row), clawbackKey(row)])
    const { rows } = await sql<BookedRow>`
      select a.owner_type, a.owner_id, a.currency, e.version, e.kid, e.sealed, t.kind, t.operation_key, t.order_no
      from wallet_transfers t join wallet_entries e on e.operation_key = t.operation_key
        join wallet_accounts a on a.id = e.account_id
      where t.operation_key = any(${keys})`.execute(db)
    const recovered = await recoveredBy(db, vault, earnings)
    const byKey = new Map(rows.map((row) => [row.operation_key, row]))
    for (const earning of earnings) {
      const subject: Subject = { code: 'earning', data: { id: earning.id, key: grantKey(earning) } }
      const report = (ours: Side, theirs: Side | null = null) =>
        broken.push({ subject, ours, theirs, orderNo: null })
      const amountOf = (key: string) => {
        const row = byKey.get(key)
        if (row && row.owner_id !== earning.owner_id) report(bookedFor(row))
        return row ? amountsIn(vault, row).available : 0n
      }
      try {
        if (!isAuthentic(vault, earning)) report({ code: 'earning_not_ours', data: {} })
        const points = earning.granted_at === null ? 0n : BigInt(earning.points)
        const isBack = earning.state === 'reversed' && earning.granted_at !== null
        const back = isBack ? points - BigInt(earning.open_shortfall) : 0n
        const granted = amountOf(grantKey(earning))
        const taken = (recovered.get(earning.id) ?? 0n) - amountOf(clawbackKey(earning))
        if (granted !== points || taken !== back) {
          report(
            { code: 'earned', data: { granted: `${granted}`, taken: `${taken}` } },
            { code: 'earned_due', data: { granted: `${points}`, taken: `${back}` } },
          )
        }
      } catch (error) {
        if (!(error instanceof TamperedError)) throw error
        report(tamperedSide(error))
      }
    }
  }
}

/** Points that returns recovered, by the earning's id. Asks only for owners of earnings that have any. */
async function recoveredBy(
  db: Db,
  vault: LedgerCipher,
  earnings: readonly Earning[],
): Promise<Map<string, bigint>> {
  const recovered = new Map<string, bigint>()
  const owners = earnings.filter((row) => row.open_shortfall !== row.shortfall).map((row) => row.owner_id)
  if (owners.length === 0) return recovered
  const { rows } = await sql<BookedRow>`
    select a.owner_type, a.owner_id, a.currency, e.version, e.kid, e.sealed, t.kind, t.operation_key, t.order_no
    from wallet_accounts a join wallet_entries e on e.account_id = a.id
      join wallet_transfers t on t.operation_key = e.operation_key
    where a.owner_type = 'user' and a.owner_id = any(${[...new Set(owners)]}) and t.kind = 'adjust'
      and starts_with(t.operation_key, 'recover/')`.execute(db)
  for (const row of rows) {
    const id = row.operation_key.split('/')[1] ?? ''
    recovered.set(id, (recovered.get(id) ?? 0n) + pointsTaken(vault, row))
  }
  return recovered
}

/** @returns 0 for a row that does not open, which the ledger's own check reports */
function pointsTaken(vault: LedgerCipher, row: BookedRow): bigint {
  try {
    return -amountsIn(vault, row).available
  } catch (error) {
    if (!(error instanceof TamperedError)) throw error
    return 0n
  }
}
