import { type Kysely, sql } from 'kysely'

/**
 * Every change of a product's stock is a movement, and all of them add up to it. Earlier movements were those of
 * operators only: reservations are added, and what is still missing is the stock that a product began with.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `alter table stock_movements
    add column kind varchar(16) not null default 'adjusted'
      check (kind in ('initial','reserved','committed','released','adjusted','returned')),
    add column order_no varchar(64)`,
  `update stock_movements set kind = 'initial' where operation_key like '%/stock'`,
  // Movements are listed in the order of their ids.
  `insert into stock_movements (product_id, delta, kind, order_no, operation_key, created_at)
    select product_id, delta, kind, order_no, order_no || '/' || kind, at from (
      select product_id, -quantity as delta, 'reserved' as kind, order_no, created_at as at, 1 as step
        from stock_reservations
      union all
      select product_id, 0, 'committed', order_no, coalesce(resolved_at, created_at), 2 from stock_reservations
        where state = 'committed'
      union all
      select product_id, quantity, 'released', order_no, coalesce(resolved_at, created_at), 3 from stock_reservations
        where state = 'released') as moved
    order by at, step`,
  `insert into stock_movements (product_id, delta, kind, operation_key, created_at)
    select p.id, p.stock_quantity - m.sum, 'initial', 'initial/' || p.id, p.created_at from points_products p
      cross join lateral (select coalesce(sum(delta), 0) as sum from stock_movements where product_id = p.id) as m
    where p.stock_quantity <> m.sum`,
  'create index stock_movements_product on stock_movements (product_id, id desc)',
  'create index stock_movements_order on stock_movements (order_no) where order_no is not null',
  'revoke update, delete, truncate on stock_movements from points_mall_app',
]
