import { sql } from 'kysely'
import type { Db } from './client.ts'

/**
 * The laws that hold at rest, whatever has happened before, each as a query for what breaks it.
 */

/**
 * The wallet's books: a balance is the sum of its entries, available is what the lots hold, held is what open
 * holds hold, and an entry's balance follows from the one before it.
 * @returns what is broken, named, first account first
 */
export async function findBrokenLedger(db: Db): Promise<string[]> {
  const { rows } = await sql<{ broken: string }>`
    select 'balance of account ' || a.id as broken from wallet_accounts a
      where a.available <> coalesce((select sum(amount) from wallet_entries e where e.account_id = a.id), 0)
         or a.available <> coalesce((select sum(remaining) from wallet_lots l where l.account_id = a.id), 0)
         or a.held <> coalesce((select sum(amount) from wallet_holds h where h.account_id = a.id and h.state = 'held'), 0)
         or a.version <> (select count(*) from wallet_entries e where e.account_id = a.id)
    union all
    select 'entry ' || e.id from wallet_entries e
      left join wallet_entries p on p.account_id = e.account_id and p.version = e.version - 1
      where e.balance_after <> coalesce(p.balance_after, 0) + e.amount`.execute(db)
  return rows.map((row) => row.broken)
}

/**
 * Orders against stock, points and the order domain: pieces and points are held while an order waits to be
 * paid, taken once it is paid, and given back once it is canceled; nothing is held for an order that is not.
 * @returns what is broken, named
 */
export async function findBrokenOrders(db: Db): Promise<string[]> {
  const { rows } = await sql<{ broken: string }>`
    select 'stock of ' || r.order_no || ': ' || r.state || ' while ' || o.status as broken from stock_reservations r
      join points_exchange_orders o on o.order_no = r.order_no
      where r.state <> case when o.status = 'order_canceled' then 'released'
        when o.status in ('exchanged', 'order_created') then 'held' else 'committed' end
    union all
    select 'points of ' || h.order_no || ': ' || h.state || ' while ' || o.status from wallet_holds h
      join wallet_accounts a on a.id = h.account_id
      join points_exchange_orders o on o.order_no = h.order_no
      where a.currency = 'ZJF' and not (h.state = any(case when o.status = 'order_canceled' then array['released','reversed']
        when o.status in ('exchanged', 'order_created') then array['held'] else array['captured'] end))
    union all
    select 'order without points ' || o.order_no from points_exchange_orders o
      where o.total_points > 0 and o.status <> 'order_canceled' and not exists (
        select from wallet_holds h join wallet_accounts a on a.id = h.account_id
        where h.order_no = o.order_no and a.currency = 'ZJF' and h.amount = o.total_points)
    union all
    select 'order without stock ' || o.order_no from points_exchange_orders o
      where o.status <> 'order_canceled' and not exists (
        select from stock_reservations r where r.order_no = o.order_no and r.quantity = o.quantity)
    union all
    select 'standard order of ' || o.order_no from points_exchange_orders o
      left join orders s on s.id = o.order_id
      where o.status <> 'exchanged' and s.status is distinct from o.status and o.order_id is not null
    union all
    select 'reservation without order ' || r.order_no from stock_reservations r
      where r.state <> 'released' and not exists (select from points_exchange_orders o where o.order_no = r.order_no)
    union all
    select 'hold without order ' || h.order_no from wallet_holds h
      where h.state in ('held', 'captured') and not exists (select from points_exchange_orders o where o.order_no = h.order_no)`.execute(
    db,
  )
  return rows.map((row) => row.broken)
}

/**
 * Payments against orders and the cash wallet: a live order that costs cash is paid by exactly one attempt of
 * its whole amount, any other order by none; money that is given back is given back whole, once.
 * @returns what is broken, named
 */
export async function findBrokenPayments(db: Db): Promise<string[]> {
  const { rows } = await sql<{ broken: string }>`
    with orders_paid as (
      select o.order_no, o.status, o.total_money, o.owner_id,
        o.total_money > 0 and o.status in ('order_paid', 'order_accepted', 'order_shipped', 'order_finished') as due,
        count(*) filter (where p.state = 'paid') as paid,
        count(*) filter (where p.state = 'paid' and p.amount = o.total_money) as paid_whole,
        count(*) filter (where p.state = 'paid' and p.method = 'wallet') as paid_by_wallet,
        count(*) filter (where p.state in ('unpaid', 'closing')) as open
      from points_exchange_orders o left join payments p on p.order_no = o.order_no group by o.id)
    select 'money of ' || order_no || ': paid ' || paid || ' times while ' || status as broken from orders_paid
      where paid <> due::int or paid_whole <> due::int
    union all
    select 'open payments of ' || order_no || ': ' || open || ' while ' || status from orders_paid
      where open > (status in ('order_created', 'exchanged'))::int
    union all
    select 'cash of ' || o.order_no from orders_paid o
      where o.paid_by_wallet <> (select count(*) from wallet_holds h join wallet_accounts a on a.id = h.account_id
        where h.order_no = o.order_no and a.currency = 'CNY' and a.owner_id = o.owner_id and h.state = 'captured'
          and h.amount = o.total_money * 100)
    union all
    select 'cash held for ' || h.order_no || ' while ' || coalesce(o.status, 'there is no order') from wallet_holds h
      join wallet_accounts a on a.id = h.account_id left join orders_paid o on o.order_no = h.order_no
      where a.currency = 'CNY' and (h.state = 'held' or h.state = 'captured' and o.paid_by_wallet is distinct from 1)
    union all
    select 'refund of ' || p.out_trade_no || ' while ' || p.state from payments p
      left join payment_refunds r on r.out_trade_no = p.out_trade_no
      group by p.id
      having count(*) filter (where r.state = 'pending' and r.amount = p.amount) <> (p.state = 'refunding')::int
        or coalesce(sum(r.amount) filter (where r.state = 'done'), 0)
          <> case when p.state = 'refunded' and p.method <> 'wallet' then p.amount else 0 end
        or p.refunded_amount <> case when p.state = 'refunded' then p.amount else 0 end
    union all
    select 'payment without order ' || p.out_trade_no from payments p
      where not exists (select from points_exchange_orders o where o.order_no = p.order_no)`.execute(db)
  return rows.map((row) => row.broken)
}
