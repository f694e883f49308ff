import { type Kysely, sql } from 'kysely'

/** Since when the stock of a linked product is the mall's again. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table external_products add column own_since bigint check (own_since >= 0)`.execute(db)
  await sql`drop index external_products_troubled`.execute(db)
  await sql`create index external_products_troubled on external_products (product_id)
    where state = 'gone' or (short > 0 and own_since is null) or tries >= 3 or problems <> '[]'`.execute(db)
}
