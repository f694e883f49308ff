import { type Kysely, sql } from 'kysely'

/** What bounds the unpaid orders of one customer: attempts that count as such, and the indexes to count by. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `alter table exchange_attempts add column counts_unpaid boolean not null default false`,
  // Small, whatever the tables hold: a customer has few unpaid orders, and most orders are none any more.
  `create index exchange_attempts_unpaid on exchange_attempts (owner_id) include (product_id, quantity)
    where state = 'pending' and counts_unpaid`,
  `create index points_exchange_orders_unpaid on points_exchange_orders (owner_id) include (product_id, quantity)
    where status in ('exchanged', 'order_created') and pay_by is not null`,
  // The pieces of a product that are reserved are summed up without reading their rows.
  `drop index stock_reservations_product`,
  `create index stock_reservations_product on stock_reservations (product_id) include (quantity) where state = 'held'`,
]
