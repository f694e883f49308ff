import { type Kysely, sql } from 'kysely'

/** How often a thing was edited, and the operation that did it last: two people who edit at once notice it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const table of ['points_products', 'categories']) {
    await sql
      .raw(
        `alter table ${table}
          add column revision integer not null default 1,
          add column revision_key text`,
      )
      .execute(db)
  }
}
