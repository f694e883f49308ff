import { type Kysely, sql } from 'kysely'

/** Pictures of a product that follow its main one: their addresses and texts, in their order. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table points_products add column images jsonb not null default '[]'
    check (jsonb_typeof(images) = 'array' and jsonb_array_length(images) <= 9)`.execute(db)
}
