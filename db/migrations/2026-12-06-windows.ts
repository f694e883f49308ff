import { type Kysely, sql } from 'kysely'

/** When a product is visible and when it can be redeemed; null: without a bound. And rules of the shop, as text. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `alter table points_products
    add column visible_from timestamptz, add column visible_until timestamptz,
    add column on_sale_from timestamptz, add column on_sale_until timestamptz,
    add column rules text,
    add constraint visible_in_order check (visible_until > visible_from),
    add constraint on_sale_in_order check (on_sale_until > on_sale_from)`,
]
