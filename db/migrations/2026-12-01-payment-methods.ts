import { type Kysely, sql } from 'kysely'

/** The form of a payment method's name instead of a list of names: a new method needs no migration. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const [table, column] of COLUMNS) {
    const constraint = `${table}_${column}_check`
    await sql
      .raw(
        `alter table ${table}
          drop constraint ${constraint},
          add constraint ${constraint} check (${column} ~ '^[a-z][a-z_]{0,31}$')`,
      )
      .execute(db)
  }
}

const COLUMNS = [
  ['points_exchange_orders', 'payment_method'],
  ['payments', 'method'],
  ['exchange_attempts', 'payment_method'],
] as const
