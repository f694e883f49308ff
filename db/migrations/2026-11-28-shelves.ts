import { type Kysely, sql } from 'kysely'

/** What lists, sums and searches go by, so that a page costs the same however many there are. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

// Orders before products, as a redemption locks them; and the products' new column before their new indexes, since it
// writes the table anew.
const STATEMENTS = [
  // What a customer reads out: the end of the order's number, and the number on the parcel.
  `create index points_exchange_orders_ending on points_exchange_orders (right(order_no, 6))`,
  `create index points_exchange_orders_tracking on points_exchange_orders (upper(shipping_info ->> 'tracking_no'))
    where shipping_info is not null`,
  `create index points_exchange_orders_payment_mode on points_exchange_orders (payment_mode, id desc)`,
  // The first page of the console sums up a day.
  `drop index order_refunds_time`,
  `create index order_refunds_time on order_refunds (created_at)`,

  // A search for one letter, such as 书, is a whole word in Chinese; the index of pairs does not know it.
  `create function letters(value text) returns text[] language sql immutable strict parallel safe as $$
    select array_agg(distinct letter) from regexp_split_to_table(lower(value), '') as letter
  $$`,
  `alter table points_products add column search_letters text[]
    generated always as (letters(title || ' ' || coalesce(description, ''))) stored`,
  `create index points_products_letters on points_products using gin (search_letters)`,

  // Each in the order of its list, of which the other direction is the exact reverse.
  `create index points_products_shelf on points_products (status, sort, id desc) where deleted_at is null`,
  `create index points_products_sort on points_products (sort, id desc) where deleted_at is null`,
  `create index points_products_point on points_products (point, id desc) where deleted_at is null`,
  `create index points_products_price on points_products (price_amount, id desc) where deleted_at is null`,
  `create index points_products_type on points_products (product_type, sort, id desc) where deleted_at is null`,
  `create index points_products_category_sort on points_products (category_id, sort, id desc) where deleted_at is null`,
  `drop index points_products_status_sort`,
  `drop index points_products_category`,
]
