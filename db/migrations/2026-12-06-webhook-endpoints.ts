import { type Kysely, sql } from 'kysely'

/** Where events are sent, and one delivery per endpoint and event. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table webhook_endpoints (
    id bigint generated always as identity primary key,
    url text not null,
    events text[] not null,
    description varchar(200),
    sealed bytea not null,
    state varchar(16) not null default 'enabled' check (state in ('enabled', 'disabled', 'gone', 'failing')),
    state_since timestamptz not null default now(),
    failing_since timestamptz,
    paused_until timestamptz,
    operation_key text not null unique,
    rotation_key text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
  )`,
  `create table webhook_deliveries (
    id bigint generated always as identity primary key,
    endpoint_id bigint not null references webhook_endpoints,
    event_id bigint not null references outbox,
    lane varchar(80) not null,
    sequence bigint not null,
    state varchar(16) not null default 'pending' check (state in ('pending', 'delivered', 'given_up')),
    tries int not null default 0,
    failures int not null default 0,
    next_try_at timestamptz,
    leased_until timestamptz,
    status int,
    outcome varchar(32),
    attempts jsonb not null default '[]',
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    unique (endpoint_id, event_id),
    check ((state = 'pending') = (ended_at is null))
  )`,
  `create index webhook_deliveries_due on webhook_deliveries (endpoint_id, next_try_at) where state = 'pending'`,
  `create index webhook_deliveries_lane on webhook_deliveries (endpoint_id, lane, sequence) where state = 'pending'`,
  `create index webhook_deliveries_list on webhook_deliveries (endpoint_id, id)`,
  `create index webhook_deliveries_event on webhook_deliveries (event_id)`,
  `create index webhook_deliveries_ended on webhook_deliveries (ended_at) where state <> 'pending'`,
]
