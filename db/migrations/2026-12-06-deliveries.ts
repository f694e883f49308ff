import { type Kysely, sql } from 'kysely'

/** How the orders of a product are fulfilled, and how long they can be returned; each order keeps both. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const DELIVERY = `delivery varchar(16) check (delivery in ('shipment','pickup','codes','voucher','charge','manual'))`
const RETURNABLE = `returnable jsonb not null default '"before_shipping"' check (
  returnable in ('"none"', '"before_shipping"') or coalesce((returnable ->> 'days')::int between 1 and 365, false))`

const STATEMENTS = [
  // A delivery of null is the one that the shipping type has by default.
  `alter table points_products add column ${DELIVERY}, add column ${RETURNABLE}, add column voucher jsonb check (
    coalesce((voucher ->> 'uses')::int >= 1 and (voucher ->> 'valid_days')::int >= 1, voucher is null))`,
  `alter table points_exchange_orders add column ${DELIVERY}, add column ${RETURNABLE}`,
]
