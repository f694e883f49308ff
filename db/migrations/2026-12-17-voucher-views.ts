import { type Kysely, sql } from 'kysely'

/** Who saw the code of a voucher, and when: evidence in a dispute, as for other codes. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table voucher_views (
    id bigint generated always as identity primary key,
    voucher_id bigint not null references vouchers (id),
    viewer_id varchar(64) not null,
    at timestamptz not null default now()
  )`,
  'create index voucher_views_voucher on voucher_views (voucher_id)',
  `create trigger append_only before update or delete or truncate on voucher_views
    for each statement execute function refuse_change()`,
  'revoke update, delete, truncate on voucher_views from points_mall_app',
]
