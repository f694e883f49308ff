import { type Kysely, sql } from 'kysely'

/** Customers name the number that their provider shows them: operators find the order by it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const column of ['payment_ref', 'provider_ref']) {
    await sql
      .raw(`create index payments_${column} on payments (${column}) where ${column} is not null`)
      .execute(db)
  }
}
