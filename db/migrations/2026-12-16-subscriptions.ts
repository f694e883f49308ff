import { type Kysely, sql } from 'kysely'

/** Parcels are subscribed at the services that follow them; each call is a row. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  // When the parcel is to be subscribed; null: nothing is to be done.
  `alter table shipments add column subscribe_at timestamptz`,
  `create index shipments_to_subscribe on shipments (subscribe_at) where subscribe_at is not null`,
  `update shipments set subscribe_at = now()
    where tracking_no is not null and state not in ('signed', 'returned')
      and shipped_at > now() - interval '30 days'`,
  // A call is noted before it is made; without an outcome it was interrupted, or is under way.
  `create table shipment_subscriptions (
    id bigint generated always as identity primary key,
    shipment_id bigint not null references shipments (id),
    tracking_no varchar(64) not null,
    carrier varchar(16) not null,
    provider varchar(16) not null,
    made_at timestamptz not null default now(),
    outcome varchar(16) check (outcome in ('accepted', 'refused', 'unreachable', 'unknown')),
    code varchar(32),
    ended varchar(16) check (ended in ('aborted', 'shut_down')),
    ended_at timestamptz,
    constraint ended_at_a_time check ((ended is null) = (ended_at is null))
  )`,
  `create index shipment_subscriptions_number on shipment_subscriptions (provider, tracking_no, made_at)`,
  `create index shipment_subscriptions_shipment on shipment_subscriptions (shipment_id)`,
]
