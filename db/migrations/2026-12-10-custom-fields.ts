import { type Kysely, sql } from 'kysely'

/** What customers fill in for a product, as a JSON Schema; null: nothing. Their answers are in the sealed notes of the order. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `alter table points_products add column custom_fields jsonb
        check (custom_fields is null or jsonb_typeof(custom_fields) = 'object')`,
    )
    .execute(db)
}
