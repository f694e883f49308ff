import { type Kysely, sql } from 'kysely'

/** Pictures that are there were kept as they came; each is encoded when it is first served. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table pictures add column state varchar(16) not null default 'unchecked'
    check (state in ('unchecked', 'encoded', 'refused'))`.execute(db)
}
