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
    select 'stock of ' || r.order_no || ': ' || r.state || ' while ' || o.status from stock_reservations r
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
