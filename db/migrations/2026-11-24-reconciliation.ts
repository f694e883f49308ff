import { type Kysely, sql } from 'kysely'

/** What the comparisons of the books found. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  // A run that is begun again after a crash goes on under its key.
  `create table reconciliations (
    id bigint generated always as identity primary key,
    day date not null,
    run_key varchar(128) not null unique,
    totals jsonb not null default '{}',
    started_at timestamptz not null default now(),
    finished_at timestamptz
  )`,
  `create table reconciliation_findings (
    id bigint generated always as identity primary key,
    reconciliation_id bigint not null references reconciliations (id),
    kind varchar(32) not null,
    subject text not null,
    ours text,
    theirs text,
    order_no varchar(64),
    state varchar(16) not null default 'open' check (state in ('open','healed')),
    found_at timestamptz not null default now()
  )`,
  // A hash, since a subject may be longer than an index takes.
  `create unique index reconciliation_findings_once on reconciliation_findings
    (reconciliation_id, kind, md5(subject))`,

  // A bill is compared with what was counted on its day.
  `create index payments_paid on payments (method, paid_at)`,
  `create index payments_opened on payments using brin (created_at)`,
  `create index payment_refunds_done on payment_refunds (updated_at) where state = 'done'`,
]
