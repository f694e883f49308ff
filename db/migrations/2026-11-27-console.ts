import { type Kysely, sql } from 'kysely'

/** What the operators' pages look for, so that no page of theirs reads a whole large table. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create index points_exchange_orders_time on points_exchange_orders (exchange_time)`,
  `create index points_exchange_orders_payment_status on points_exchange_orders (payment_status, id desc)`,
  `create index points_exchange_orders_attention on points_exchange_orders (id) where needs_attention is not null`,
  `create index order_refunds_time on order_refunds using brin (created_at)`,
  `create index payment_refunds_pending on payment_refunds (created_at) where state = 'pending'`,
  `create index webhook_inbox_order on webhook_inbox (order_no)`,

  // An index over the stock itself would cost every redemption its cheap update in place (HOT). This column
  // changes only when the stock passes the mark, which is LOW_STOCK of domain/catalogue/product.ts.
  `alter table points_products add column low_stock boolean not null generated always as (stock_quantity <= 10) stored`,
  `create index points_products_low_stock on points_products (status, id) where low_stock and deleted_at is null`,
]
