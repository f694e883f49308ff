import { type Kysely, sql } from 'kysely'

/** What carriers say of parcels. Texts are encrypted: they name couriers. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table shipment_events (
    id bigint generated always as identity primary key,
    shipment_id bigint not null references shipments (id),
    tracking_no varchar(64) not null,
    digest bytea not null,
    at timestamptz not null,
    state varchar(24) not null,
    said bytea not null,
    created_at timestamptz not null default now(),
    unique (shipment_id, digest)
  )`,
  // Null: the carrier is asked as soon as there is somebody to ask.
  `alter table shipments add column asked_at timestamptz`,
  `create index shipments_to_ask on shipments (asked_at nulls first)
    where tracking_no is not null and state not in ('signed', 'returned')`,
]
