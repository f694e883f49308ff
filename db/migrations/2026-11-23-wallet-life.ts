import { type Kysely, sql } from 'kysely'

/** What is earned, and what others are to be told. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  // What was asked is kept beside what came of it, so that a repeat is known when the rules have changed.
  `create table earnings (
    id bigint generated always as identity primary key,
    owner_id varchar(64) not null,
    source varchar(32) not null check (source ~ '^[a-z][a-z0-9_]*$'),
    external_id varchar(128) not null,
    amount numeric(14,2) check (amount >= 0),
    asked_points bigint check (asked_points > 0),
    points bigint not null check (points >= 0),
    capped bigint not null check (capped >= 0),
    state varchar(16) not null check (state in ('pending','granted','reversed')),
    occurred_at timestamptz not null,
    mature_at timestamptz not null,
    expires_at timestamptz,
    kid varchar(32) not null,
    mac bytea not null check (length(mac) = 32),
    granted_at timestamptz,
    reversed_at timestamptz,
    reverse_reason text,
    shortfall bigint not null default 0 check (shortfall between 0 and points),
    operator_id varchar(64) not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (source, external_id),
    check ((amount is null) <> (asked_points is null)),
    check ((state = 'reversed') = (reversed_at is not null)),
    check (state <> 'granted' or granted_at is not null)
  )`,
  `create index earnings_owner on earnings (owner_id, id)`,
  `create index earnings_day on earnings (owner_id, occurred_at)`,
  `create index earnings_pending on earnings (mature_at) where state = 'pending'`,

  // A row with a key stands for good: what was told once is not told again.
  `create table outbox (
    id bigint generated always as identity primary key,
    kind varchar(64) not null,
    key text not null unique,
    owner_id varchar(64) not null,
    payload jsonb not null,
    created_at timestamptz not null default now(),
    delivered_at timestamptz
  )`,
  `create index outbox_undelivered on outbox (id) where delivered_at is null`,
]
